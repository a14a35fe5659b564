from datetime import timedelta

import pytest

from discharge.proofs import Proof, Proofs
from tests.factories import NOW, person

LATER = NOW + timedelta(minutes=5)
ANE, BENTE = person("Ane"), person("Bente")


@pytest.mark.parametrize(
    ("proofs", "highest"),
    [
        (Proofs(sent_at=NOW), Proof.SENT),
        (Proofs(sent_at=NOW, delivered_at=NOW), Proof.DELIVERED),
        (Proofs(sent_at=NOW).seen(NOW, ANE), Proof.SEEN),
        (Proofs(sent_at=NOW).accepted(NOW, ANE), Proof.ACCEPTED),
        (Proofs(sent_at=NOW).accepted(NOW, ANE).done(NOW, ANE), Proof.DONE),
        (Proofs(sent_at=NOW).accepted(NOW, ANE).released(), Proof.SEEN),
    ],
)
def test_the_furthest_proof_counts(proofs: Proofs, highest: Proof) -> None:
    assert proofs.highest is highest


def test_what_a_person_opened_a_device_had() -> None:
    assert Proofs(sent_at=NOW).seen(LATER, ANE).delivered_at == LATER


def test_the_first_to_see_it_stays_the_one() -> None:
    seen = Proofs(sent_at=NOW, delivered_at=NOW).seen(NOW, ANE)

    again = seen.seen(LATER, BENTE)

    assert again == seen


def test_who_takes_it_on_has_seen_it() -> None:
    accepted = Proofs(sent_at=NOW).accepted(LATER, ANE)

    assert (accepted.seen_at, accepted.seen_by) == (LATER, ANE)
    assert (accepted.accepted_at, accepted.accepted_by) == (LATER, ANE)
