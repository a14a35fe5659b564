"""What the simulated country reads off a Task."""

from __future__ import annotations

from dataclasses import replace

import pytest

from discharge.task import Proof, TaskStatus, Wait
from fhir_mappings.elements import Element
from fhir_mappings.task import task_resource
from services.demo.task_words import is_waiting, proof_of, status_of, stay_of
from tests.fhir_mappings.tasks import AT, ENCOUNTER, task

SINCE = Wait(code="reconcile-medication", since=AT)


@pytest.mark.parametrize(
    ("wait", "waits"),
    [
        (None, False),
        (replace(SINCE, since=None), False),
        (SINCE, True),
        (replace(SINCE, released_at=AT), False),
    ],
)
def test_a_task_waits_from_since_until_it_is_released(wait: Wait | None, *, waits: bool) -> None:
    assert is_waiting(task_resource(replace(task(), wait=wait), encounter_id=ENCOUNTER)) is waits


def test_a_task_tells_its_stay_its_state_and_its_highest_proof() -> None:
    resource = task_resource(task(), encounter_id=ENCOUNTER)

    assert (stay_of(resource), status_of(resource)) == ("stay-1", TaskStatus.REQUESTED)
    assert proof_of(Element("Task", resource)) is Proof.SENT
    assert proof_of(Element("Task", {})) is Proof.SENT
