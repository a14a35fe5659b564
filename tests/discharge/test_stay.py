from datetime import timedelta

import pytest

from discharge.errors import TransitionError
from discharge.identifiers import EncounterId
from discharge.stay import (
    STAY_TRANSITIONS,
    Encounter,
    EncounterClass,
    NoticeKind,
    Party,
    PartyBasis,
    Stay,
    StayState,
)
from tests.factories import ADMITTED_AT, HOSPITAL, MUNICIPALITY, NEIGHBOUR, NOW, OTHER_WARD, WARD, new_id, stay

LATER = NOW + timedelta(hours=3)


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_every_notice_may_be_the_first_one_told(kind: NoticeKind) -> None:
    assert (None, kind) in STAY_TRANSITIONS


@pytest.mark.parametrize("state", list(StayState))
@pytest.mark.parametrize("kind", list(NoticeKind))
def test_the_table_decides_what_a_notice_does(state: StayState, kind: NoticeKind) -> None:
    standing = stay(state=state)

    if (state, kind) in STAY_TRANSITIONS:
        assert standing.after(kind) is STAY_TRANSITIONS[state, kind]
    else:
        with pytest.raises(TransitionError):
            standing.after(kind)


def test_after_the_end_only_the_end_is_confirmed() -> None:
    assert {kind for (state, kind) in STAY_TRANSITIONS if state is StayState.ENDED} == {NoticeKind.SLHJ}


def test_a_stay_continues_in_another_contact_and_closes_the_one_before() -> None:
    acute = stay(state=StayState.ACUTE)
    bed = Encounter(id=EncounterId(new_id()), encounter_class=EncounterClass.INPATIENT, ward=OTHER_WARD, started_at=NOW)

    admitted = acute.continued(bed, hospital=HOSPITAL, state=StayState.ADMITTED)

    assert admitted.id == acute.id
    assert admitted.began_at == ADMITTED_AT
    assert admitted.ward == OTHER_WARD
    assert admitted.encounter == bed
    assert admitted.encounters[0].ended_at == NOW


def test_a_discharge_ends_the_stay_and_its_last_contact() -> None:
    ended = stay().discharged(NOW, received_at=LATER)

    assert not ended.is_open
    assert (ended.ended_at, ended.end_received_at, ended.encounter.ended_at) == (NOW, LATER, NOW)


def test_a_second_discharge_re_dates_the_first() -> None:
    ended = stay().discharged(NOW, received_at=NOW).discharged(LATER, received_at=LATER)

    assert ended.ended_at == LATER


@pytest.mark.parametrize(
    ("encounter_class", "state"),
    [(EncounterClass.INPATIENT, StayState.ADMITTED), (EncounterClass.EMERGENCY, StayState.ACUTE)],
)
def test_undoing_a_discharge_opens_the_last_contact_again(encounter_class: EncounterClass, state: StayState) -> None:
    before = _with_class(stay(state=state), encounter_class)

    opened = before.discharged(NOW, received_at=NOW).reopened()

    assert opened == before


def test_an_open_stay_has_no_discharge_to_undo() -> None:
    with pytest.raises(TransitionError) as refused:
        stay().reopened()

    assert refused.value.move == "undo-discharged"


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


def _with_class(admitted: Stay, encounter_class: EncounterClass) -> Stay:
    contact = Encounter(id=admitted.encounter.id, encounter_class=encounter_class, ward=WARD, started_at=ADMITTED_AT)
    return stay(
        id=admitted.id,
        patient_id=admitted.patient_id,
        state=admitted.state,
        encounters=(contact,),
        parties=admitted.parties,
    )
