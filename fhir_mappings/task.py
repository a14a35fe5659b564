"""HandoverTask -> FHIR Task.

Not carried: the chain of who is asked next, whom the task escalated to, the audience, the content class,
and who saw and finished it (audit and timeline have the names).
Source: FHIR R4, Task; design.md 6.2 and 6.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from discharge.identifiers import EncounterId
from discharge.medication.record import LineId
from discharge.task import HandoverTask, PastRound, Person, Proofs, Wait
from fhir_mappings.elements import Json, JsonObject, codeable
from fhir_mappings.encounter import STAY_SYSTEM, organization_reference
from fhir_mappings.instants import write_instant
from fhir_mappings.outcomes import narrative

__all__ = [
    "ASSIGNEE",
    "CODE_SYSTEM",
    "INPUT_SYSTEM",
    "PERSON_SYSTEM",
    "PROOFS",
    "PROOF_SYSTEM",
    "PROPOSED_TIME",
    "ROLE_SYSTEM",
    "TASK_SYSTEM",
    "WAITS_FOR",
    "past_rounds",
    "task_resource",
]

TASK_SYSTEM: Final = "urn:stafet:task"
CODE_SYSTEM: Final = "urn:stafet:task-code"
PROOF_SYSTEM: Final = "urn:stafet:proof"
INPUT_SYSTEM: Final = "urn:stafet:task-input"
PERSON_SYSTEM: Final = "urn:stafet:person"
ROLE_SYSTEM: Final = "urn:stafet:role"
PROOFS: Final = "urn:stafet:proofs"
PROPOSED_TIME: Final = "urn:stafet:proposed-time"
ASSIGNEE: Final = "urn:stafet:assignee"
WAITS_FOR: Final = "urn:stafet:waits-for"
_TRANSLATION: Final = "http://hl7.org/fhir/StructureDefinition/translation"


def task_resource(task: HandoverTask, *, encounter_id: EncounterId, lines: Sequence[LineId] = ()) -> JsonObject:
    """The task as it stands.

    Args:
        task: the duty.
        encounter_id: the hospital contact it is about: the latest of its stay.
        lines: the lines of medicine to be gone through, for a duty to do so.
    """
    changed = write_instant(task.changed_at)
    resource: JsonObject = {
        "resourceType": "Task",
        "id": task.id,
        "meta": {"versionId": str(task.version), "lastUpdated": changed},
        "text": narrative(task.title.da, task.title.en),
        "extension": _extensions(task),
        "identifier": [{"system": TASK_SYSTEM, "value": task.id}],
        "groupIdentifier": {"system": STAY_SYSTEM, "value": task.stay_id},
        "status": task.status.value,
        "businessStatus": codeable(PROOF_SYSTEM, task.proofs.highest.value),
        "intent": "order",
        "priority": task.priority.value,
        "code": codeable(CODE_SYSTEM, task.code),
        "description": task.title.da,
        "_description": {"extension": [_translation(task.title.en)]},
        "focus": {"reference": f"Encounter/{encounter_id}"},
        "for": {"reference": f"Patient/{task.patient_id}"},
        "encounter": {"reference": f"Encounter/{encounter_id}"},
        "authoredOn": write_instant(task.created_at),
        "lastModified": changed,
        "requester": organization_reference(task.requester),
        "performerType": [codeable(ROLE_SYSTEM, role.value) for role in sorted(task.audience)],
        "owner": organization_reference(task.owner),
    }
    if lines:
        resource["input"] = [_line(each) for each in lines]
    return resource | _rule(task) | _optional(task)


def past_rounds(task: HandoverTask, *, encounter_id: EncounterId) -> tuple[JsonObject, ...]:
    """The task as it stood when each earlier round of proofs was closed, newest first."""
    return tuple(_past(task, each, encounter_id) for each in reversed(task.rounds))


def _past(task: HandoverTask, past: PastRound, encounter_id: EncounterId) -> JsonObject:
    closed = write_instant(past.closed_at)
    return task_resource(task, encounter_id=encounter_id) | {
        # A closed round has no version of its own: versions count changes, rounds count beginnings.
        "meta": {"lastUpdated": closed},
        "extension": [_proofs(past.proofs)],
        "status": past.status.value,
        "businessStatus": codeable(PROOF_SYSTEM, past.proofs.highest.value),
        "lastModified": closed,
        "owner": organization_reference(past.owner),
    }


def _extensions(task: HandoverTask) -> list[Json]:
    extensions: list[Json] = [_proofs(task.proofs)]
    if task.proposed_time is not None:
        extensions.append({"url": PROPOSED_TIME, "valueDateTime": write_instant(task.proposed_time)})
    if task.assignee is not None:
        extensions.append({"url": ASSIGNEE, "valueReference": _person(task.assignee)})
    if task.wait is not None:
        extensions.append(_wait(task.wait))
    return extensions


def _wait(wait: Wait) -> JsonObject:
    """What it waits for; without ``since`` there was nothing to wait for, with ``released`` there is no more."""
    instants = {"since": wait.since, "released": wait.released_at}
    parts: list[Json] = [{"url": "code", "valueCode": wait.code}]
    parts += [{"url": name, "valueInstant": write_instant(at)} for name, at in instants.items() if at is not None]
    return {"url": WAITS_FOR, "extension": parts}


def _line(line_id: LineId) -> JsonObject:
    return {
        "type": codeable(INPUT_SYSTEM, "medication-line", "Medicinlinje"),
        "valueReference": {"reference": f"MedicationStatement/{line_id}"},
    }


def _person(person: Person) -> JsonObject:
    return {"identifier": {"system": PERSON_SYSTEM, "value": person.id}, "display": person.name}


def _proofs(proofs: Proofs) -> JsonObject:
    instants = {
        "sent": proofs.sent_at,
        "delivered": proofs.delivered_at,
        "seen": proofs.seen_at,
        "accepted": proofs.accepted_at,
        "done": proofs.done_at,
    }
    proven: list[Json] = [
        {"url": name, "valueInstant": write_instant(at)} for name, at in instants.items() if at is not None
    ]
    return {"url": PROOFS, "extension": proven}


def _translation(english: str) -> JsonObject:
    parts: list[Json] = [{"url": "lang", "valueCode": "en"}, {"url": "content", "valueString": english}]
    return {"url": _TRANSLATION, "extension": parts}


def _rule(task: HandoverTask) -> JsonObject:
    if task.rule is None:
        return {}
    named: JsonObject = {"instantiatesUri": f"urn:stafet:rule:{task.rule}"}
    if task.agreement is not None:
        canonical = f"urn:stafet:agreement:{task.agreement.id}:rule:{task.rule}|{task.agreement.version}"
        named["instantiatesCanonical"] = canonical
    return named


def _optional(task: HandoverTask) -> JsonObject:
    found: JsonObject = {}
    if task.status_reason is not None:
        found["statusReason"] = {"text": task.status_reason}
    if task.due_at is not None:
        found["restriction"] = {"period": {"end": write_instant(task.due_at)}}
    if task.proofs.accepted_at is not None:
        period: JsonObject = {"start": write_instant(task.proofs.accepted_at)}
        if task.proofs.done_at is not None:
            period["end"] = write_instant(task.proofs.done_at)
        found["executionPeriod"] = period
    if task.note is not None:
        found["note"] = [{"text": task.note}]
    if task.replaces is not None:
        found["partOf"] = [{"reference": f"Task/{task.replaces}"}]
    return found
