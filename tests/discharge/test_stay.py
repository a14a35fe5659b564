from datetime import timedelta

from discharge.stay import Party, PartyBasis
from tests.factories import ADMITTED_AT, MUNICIPALITY, NEIGHBOUR, NOW, WARD, stay

LATER = NOW + timedelta(hours=3)


def test_an_organisation_is_party_once() -> None:
    before = stay()

    assert before.with_party(MUNICIPALITY, PartyBasis.OWES, NOW) is before
    assert before.is_party(MUNICIPALITY)
    assert not before.is_party(NEIGHBOUR)
    assert before.with_party(NEIGHBOUR, PartyBasis.OWES, NOW).is_party(NEIGHBOUR)


def test_a_party_whose_access_ended_comes_back() -> None:
    gone = stay(parties=(Party(organization=WARD, basis=PartyBasis.TREATS, since=ADMITTED_AT, until=NOW),))

    back = gone.with_party(WARD, PartyBasis.TREATS, LATER)

    assert back.parties == (Party(organization=WARD, basis=PartyBasis.TREATS, since=ADMITTED_AT),)


def test_access_lasts_until_just_before_its_end() -> None:
    limited = stay(parties=(Party(organization=WARD, basis=PartyBasis.TREATS, since=ADMITTED_AT, until=LATER),))

    assert limited.is_read_by(WARD, NOW)
    assert not limited.is_read_by(WARD, LATER)
    assert not limited.is_read_by(MUNICIPALITY, NOW)
    assert stay().is_read_by(WARD, LATER)
