from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from discharge.identifiers import TaskId
from discharge.medication.record import LineId
from discharge.task import Move, TaskStatus, Wait
from fhir_mappings import r4
from fhir_mappings.task import WAITS_FOR, past_rounds, task_resource
from tests.fhir_mappings.tasks import AT, ENCOUNTER, OTHER_UNIT, UNIT, moved, standing, task


def test_a_requested_task_reads_as_the_contract_says() -> None:
    resource: Any = task_resource(task(), encounter_id=ENCOUNTER)

    assert {name: value for name, value in resource.items() if name != "text"} == {
        "resourceType": "Task",
        "id": "task-1",
        "meta": {"versionId": "1", "lastUpdated": "2026-11-20T10:40:00Z"},
        "extension": [
            {"url": "urn:stafet:proofs", "extension": [{"url": "sent", "valueInstant": "2026-11-20T10:40:00Z"}]}
        ],
        "identifier": [{"system": "urn:stafet:task", "value": "task-1"}],
        "groupIdentifier": {"system": "urn:stafet:stay", "value": "stay-1"},
        "instantiatesUri": "urn:stafet:rule:R17",
        "instantiatesCanonical": "urn:stafet:agreement:midtjylland:rule:R17|2026.1",
        "status": "requested",
        "businessStatus": {"coding": [{"system": "urn:stafet:proof", "code": "sent"}]},
        "intent": "order",
        "priority": "urgent",
        "code": {"coding": [{"system": "urn:stafet:task-code", "code": "first-visit"}]},
        "description": "Aflæg første besøg",
        "_description": {
            "extension": [
                {
                    "url": "http://hl7.org/fhir/StructureDefinition/translation",
                    "extension": [
                        {"url": "lang", "valueCode": "en"},
                        {"url": "content", "valueString": "Make the first visit"},
                    ],
                }
            ]
        },
        "focus": {"reference": "Encounter/encounter-1"},
        "for": {"reference": "Patient/patient-1"},
        "encounter": {"reference": "Encounter/encounter-1"},
        "authoredOn": "2026-11-20T10:40:00Z",
        "lastModified": "2026-11-20T10:40:00Z",
        "requester": {
            "reference": "Organization/200000000000012",
            "identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": "200000000000012"},
        },
        "owner": {
            "reference": "Organization/200000000000022",
            "identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": "200000000000022"},
        },
        "performerType": [{"coding": [{"system": "urn:stafet:role", "code": "home-nurse"}]}],
        "restriction": {"period": {"end": "2026-11-20T22:40:00Z"}},
    }


def test_lines_to_be_gone_through_are_its_input() -> None:
    resource: Any = task_resource(task(), encounter_id=ENCOUNTER, lines=(LineId("line-1"), LineId("line-2")))

    assert [each["valueReference"]["reference"] for each in resource["input"]] == [
        "MedicationStatement/line-1",
        "MedicationStatement/line-2",
    ]
    assert resource["input"][0]["type"] == {
        "coding": [{"system": "urn:stafet:task-input", "code": "medication-line"}],
        "text": "Medicinlinje",
    }
    r4.require_shape(resource)


def test_all_proofs_of_a_finished_task_stand_in_order() -> None:
    done = moved(task().delivered(AT + timedelta(seconds=1)), Move.SEE, Move.ACCEPT, Move.COMPLETE)

    resource: Any = task_resource(replace(done, note="Key at the neighbour"), encounter_id=ENCOUNTER)

    proofs, assignee = resource["extension"]
    assert [each["url"] for each in proofs["extension"]] == ["sent", "delivered", "seen", "accepted", "done"]
    assert assignee == {
        "url": "urn:stafet:assignee",
        "valueReference": {
            "identifier": {"system": "urn:stafet:person", "value": "nurse-1"},
            "display": "Birthe Holm",
        },
    }
    assert resource["businessStatus"] == {"coding": [{"system": "urn:stafet:proof", "code": "done"}]}
    assert resource["executionPeriod"] == {"start": "2026-11-20T10:43:00Z", "end": "2026-11-20T10:46:00Z"}
    assert resource["note"] == [{"text": "Key at the neighbour"}]


def test_a_proposed_time_and_a_reason_are_shown() -> None:
    proposed: Any = task_resource(moved(task(), Move.PROPOSE_TIME), encounter_id=ENCOUNTER)
    rejected = task_resource(standing(TaskStatus.REJECTED), encounter_id=ENCOUNTER)

    assert {"url": "urn:stafet:proposed-time", "valueDateTime": "2026-11-21T10:40:00Z"} in proposed["extension"]
    assert rejected["statusReason"] == {"text": "No evening team"}


@pytest.mark.parametrize(
    ("wait", "parts"),
    [
        (Wait(code="reconcile-medication"), {}),
        (Wait(code="reconcile-medication", since=AT), {"since": "2026-11-20T10:40:00Z"}),
        (
            Wait(code="reconcile-medication", since=AT, released_at=AT + timedelta(hours=1)),
            {"since": "2026-11-20T10:40:00Z", "released": "2026-11-20T11:40:00Z"},
        ),
    ],
)
def test_what_a_task_waits_for_is_shown(wait: Wait, parts: dict[str, str]) -> None:
    resource: Any = task_resource(replace(task(), wait=wait), encounter_id=ENCOUNTER)

    shown = resource["extension"][-1]
    assert (shown["url"], shown["extension"][0]) == (WAITS_FOR, {"url": "code", "valueCode": wait.code})
    assert {part["url"]: part["valueInstant"] for part in shown["extension"][1:]} == parts
    r4.require_shape(resource)


def test_a_task_that_no_rule_made_names_none() -> None:
    by_hand = replace(task(), rule=None, agreement=None, due_at=None, replaces=TaskId("task-0"))
    without_agreement = replace(task(), agreement=None)

    resource: Any = task_resource(by_hand, encounter_id=ENCOUNTER)

    assert not resource.keys() & {"instantiatesUri", "instantiatesCanonical", "restriction"}
    assert resource["partOf"] == [{"reference": "Task/task-0"}]
    assert "instantiatesCanonical" not in task_resource(without_agreement, encounter_id=ENCOUNTER)


def test_earlier_rounds_of_proofs_are_kept_newest_first() -> None:
    first = moved(task(), Move.ACCEPT)
    second = moved(first.renewed(AT + timedelta(hours=1)), Move.SEE)
    third = second.renewed(AT + timedelta(hours=2), owner=OTHER_UNIT)

    newer, older = past_rounds(third, encounter_id=ENCOUNTER)

    assert (older["status"], newer["status"]) == ("accepted", "received")
    assert newer["owner"] == task_resource(replace(task(), owner=UNIT), encounter_id=ENCOUNTER)["owner"]
    assert older["meta"] == {"lastUpdated": "2026-11-20T11:40:00Z"}
    for each in (newer, older):
        r4.require_shape(each)


@pytest.mark.parametrize("status", TaskStatus)
def test_a_task_in_every_state_is_a_fhir_task(status: TaskStatus) -> None:
    resource: Any = task_resource(standing(status), encounter_id=ENCOUNTER)

    assert r4.Task.model_validate(resource).status == status
