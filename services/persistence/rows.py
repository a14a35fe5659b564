"""Rows to domain objects and back. A property test proves the round trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from sqlalchemy import RowMapping

from discharge.agreement import StepKind
from discharge.directory import Organization, OrganizationKind
from discharge.identifiers import (
    ConversationId,
    CprNumber,
    EncounterId,
    EpisodeOfCareId,
    MessageId,
    PatientId,
    PersonId,
    RuleId,
    SorCode,
    StayId,
    TaskId,
    TimerId,
)
from discharge.notices import EncounterClass, StayState
from discharge.patient import Patient
from discharge.plan import Certainty, DischargePlan, Need, PlanCause
from discharge.policy import ContentClass, Role
from discharge.ports import ArmedStep
from discharge.stay import Encounter, Party, PartyBasis, Stay
from discharge.task import AgreementRef, HandoverTask, PastRound, Person, Priority, Proofs, TaskStatus, Title, Wait
from services.persistence.notice_rows import notice_from
from services.persistence.vault import DataKey

__all__ = [
    "organization_from",
    "organization_row",
    "patient_from",
    "patient_row",
    "plan_from",
    "plan_sealed",
    "stay_from",
    "step_from",
    "task_from",
    "task_row",
]

Row = Mapping[str, Any] | RowMapping


def organization_row(organization: Organization) -> dict[str, Any]:
    """The columns of an organisation."""
    return {
        "sor": organization.sor,
        "name": organization.name,
        "kind": organization.kind.value,
        "gln": organization.gln,
        "part_of": organization.part_of,
        "region": organization.region,
        "districts": sorted(organization.districts),
        "uses_stafet": organization.uses_stafet,
    }


def organization_from(row: Row) -> Organization:
    """The organisation in ``row``."""
    return Organization(
        sor=SorCode(row["sor"]),
        name=row["name"],
        kind=OrganizationKind(row["kind"]),
        gln=row["gln"],
        part_of=None if row["part_of"] is None else SorCode(row["part_of"]),
        region=row["region"],
        districts=frozenset(row["districts"]),
        uses_stafet=row["uses_stafet"],
    )


def patient_row(patient: Patient, key: DataKey) -> dict[str, Any]:
    """The columns of a citizen, but for the blind index and the wrapped key."""
    identity = {
        "cpr": patient.cpr.digits,
        "family": patient.family,
        "given": patient.given,
        "relatives": patient.relatives,
    }
    return {
        "id": UUID(patient.id),
        "identity": key.seal(orjson.dumps(identity), f"identity:{patient.id}"),
        "municipality": patient.municipality,
        "district": patient.district,
        "services": sorted(patient.services),
        "gp": patient.gp,
        "protected": patient.protected,
        "blocks": list(patient.blocks),
    }


def patient_from(row: Row, key: DataKey) -> Patient:
    """The citizen in ``row``."""
    identity = orjson.loads(key.open(row["identity"], f"identity:{row['id']}"))
    return Patient(
        id=PatientId(str(row["id"])),
        cpr=CprNumber(identity["cpr"]),
        family=identity["family"],
        given=tuple(identity["given"]),
        relatives=tuple(identity["relatives"]),
        municipality=None if row["municipality"] is None else SorCode(row["municipality"]),
        district=row["district"],
        services=frozenset(row["services"]),
        gp=None if row["gp"] is None else SorCode(row["gp"]),
        protected=row["protected"],
        blocks=tuple(row["blocks"]),
    )


_LATER_FIELDS: Final = ("without_72_hours", "filled_from", "is_left_empty", "cause")
"""Fields of a plan that earlier programs do not have."""


def plan_sealed(plan: DischargePlan, stay_id: StayId, key: DataKey) -> bytes:
    """The plan as ciphertext, bound to its stay and version."""
    clear = {f.name: _plain(getattr(plan, f.name)) for f in fields(DischargePlan)}
    for name in _LATER_FIELDS:
        # What an earlier program does not know it cannot read: it is written where it says something.
        if clear[name] is None or clear[name] is False:
            del clear[name]
    return key.seal(orjson.dumps(clear), f"plan:{stay_id}:{plan.version}")


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value


def plan_from(sealed: bytes, stay_id: StayId, version: int, key: DataKey) -> DischargePlan:
    """The plan in the ciphertext."""
    clear = orjson.loads(key.open(sealed, f"plan:{stay_id}:{version}"))
    for name in ("expected_discharge_at", "treatment_finished_at", "first_visit_at"):
        clear[name] = None if clear[name] is None else datetime.fromisoformat(clear[name])
    clear["medicine_until"] = None if clear["medicine_until"] is None else date.fromisoformat(clear["medicine_until"])
    clear["needs"] = None if clear["needs"] is None else frozenset(Need(need) for need in clear["needs"])
    clear["certainty"] = Certainty(clear["certainty"])
    cause = clear.pop("cause", None)
    return DischargePlan(**clear, cause=None if cause is None else PlanCause(cause))


def stay_from(
    row: Row,
    *,
    encounters: Sequence[Row],
    episodes: Sequence[Row],
    notices: Sequence[Row],
    parties: Sequence[Row],
    plan: DischargePlan,
) -> Stay:
    """The stay in its rows, each sequence in the order of its positions."""
    return Stay(
        id=StayId(str(row["id"])),
        patient_id=PatientId(str(row["patient_id"])),
        receiver=None if row["receiver"] is None else SorCode(row["receiver"]),
        hospital=SorCode(row["hospital"]),
        ward=SorCode(row["ward"]),
        state=StayState(row["state"]),
        began_at=row["began_at"],
        ended_at=row["ended_at"],
        end_received_at=row["end_received_at"],
        died_at=row["died_at"],
        leave_started_at=row["leave_started_at"],
        medicine_listed_at=row["medicine_listed_at"],
        medicine_signed_at=row["medicine_signed_at"],
        encounters=tuple(
            Encounter(
                id=EncounterId(str(encounter["id"])),
                encounter_class=EncounterClass(encounter["encounter_class"]),
                ward=SorCode(encounter["ward"]),
                started_at=encounter["started_at"],
                ended_at=encounter["ended_at"],
                source=None if encounter["source"] is None else MessageId(encounter["source"]),
                is_cancelled=encounter["is_cancelled"],
            )
            for encounter in encounters
        ),
        episodes=tuple(EpisodeOfCareId(episode["system"], episode["value"]) for episode in episodes),
        notices=tuple(notice_from(told) for told in notices),
        parties=tuple(
            Party(
                organization=SorCode(party["organization"]),
                basis=PartyBasis(party["basis"]),
                since=party["since"],
                until=party["until"],
            )
            for party in parties
        ),
        plan=plan,
    )


def task_row(task: HandoverTask, key: DataKey) -> dict[str, Any]:
    """The columns of a duty."""
    words = {"reason": task.status_reason, "note": task.note}
    if task.note_en is not None:
        words["note_en"] = task.note_en
    proofs = task.proofs
    return {
        "id": UUID(task.id),
        "stay_id": UUID(task.stay_id),
        "patient_id": UUID(task.patient_id),
        "version": task.version,
        "rule": task.rule,
        "agreement_id": None if task.agreement is None else task.agreement.id,
        "agreement_version": None if task.agreement is None else task.agreement.version,
        "cause": task.cause,
        "code": task.code,
        "title_da": task.title.da,
        "title_en": task.title.en,
        "content_class": task.content_class.value,
        "priority": task.priority.value,
        "requester": task.requester,
        "owner": task.owner,
        "audience": sorted(role.value for role in task.audience),
        "chain": list(task.chain),
        "status": task.status.value,
        "words": key.seal(orjson.dumps(words), f"task:{task.id}") if any(words.values()) else None,
        "assignee_id": _id(task.assignee),
        "assignee_name": _name(task.assignee),
        "created_at": task.created_at,
        "changed_at": task.changed_at,
        "due_at": task.due_at,
        "proposed_time": task.proposed_time,
        "sent_at": proofs.sent_at,
        "delivered_at": proofs.delivered_at,
        "seen_at": proofs.seen_at,
        "seen_by_id": _id(proofs.seen_by),
        "seen_by_name": _name(proofs.seen_by),
        "accepted_at": proofs.accepted_at,
        "accepted_by_id": _id(proofs.accepted_by),
        "accepted_by_name": _name(proofs.accepted_by),
        "done_at": proofs.done_at,
        "done_by_id": _id(proofs.done_by),
        "done_by_name": _name(proofs.done_by),
        "rounds": [_round_plain(past) for past in task.rounds],
        "escalated_to": sorted(task.escalated_to),
        "replaces": None if task.replaces is None else UUID(task.replaces),
        "conversation_id": None if task.conversation_id is None else UUID(task.conversation_id),
        "waits_for": None if task.wait is None else task.wait.code,
        "waits_since": None if task.wait is None else task.wait.since,
        "released_at": None if task.wait is None else task.wait.released_at,
    }


def task_from(row: Row, key: DataKey) -> HandoverTask:
    """The duty in ``row``."""
    words = {"reason": None, "note": None}
    if row["words"] is not None:
        words = orjson.loads(key.open(row["words"], f"task:{row['id']}"))
    agreement = None
    if row["agreement_id"] is not None:
        agreement = AgreementRef(row["agreement_id"], row["agreement_version"])
    return HandoverTask(
        id=TaskId(str(row["id"])),
        stay_id=StayId(str(row["stay_id"])),
        patient_id=PatientId(str(row["patient_id"])),
        version=row["version"],
        rule=None if row["rule"] is None else RuleId(row["rule"]),
        agreement=agreement,
        cause=row["cause"],
        code=row["code"],
        title=Title(row["title_da"], row["title_en"]),
        content_class=ContentClass(row["content_class"]),
        priority=Priority(row["priority"]),
        requester=SorCode(row["requester"]),
        owner=SorCode(row["owner"]),
        audience=frozenset(Role(role) for role in row["audience"]),
        chain=tuple(SorCode(sor) for sor in row["chain"]),
        status=TaskStatus(row["status"]),
        status_reason=words["reason"],
        note=words["note"],
        note_en=words.get("note_en"),
        assignee=_person(row["assignee_id"], row["assignee_name"]),
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        due_at=row["due_at"],
        proposed_time=row["proposed_time"],
        proofs=Proofs(
            sent_at=row["sent_at"],
            delivered_at=row["delivered_at"],
            seen_at=row["seen_at"],
            seen_by=_person(row["seen_by_id"], row["seen_by_name"]),
            accepted_at=row["accepted_at"],
            accepted_by=_person(row["accepted_by_id"], row["accepted_by_name"]),
            done_at=row["done_at"],
            done_by=_person(row["done_by_id"], row["done_by_name"]),
        ),
        rounds=tuple(_round_from(past) for past in row["rounds"]),
        escalated_to=frozenset(row["escalated_to"]),
        replaces=None if row["replaces"] is None else TaskId(str(row["replaces"])),
        conversation_id=None if row["conversation_id"] is None else ConversationId(str(row["conversation_id"])),
        wait=_wait_from(row),
    )


def _wait_from(row: Row) -> Wait | None:
    # Versions that were kept before there was such a thing do not speak of it.
    code = row.get("waits_for")
    return None if code is None else Wait(code=code, since=row["waits_since"], released_at=row["released_at"])


def step_from(row: Row) -> ArmedStep:
    """The rung in ``row``."""
    return ArmedStep(
        id=TimerId(str(row["id"])),
        task_id=TaskId(str(row["task_id"])),
        kind=StepKind(row["kind"]),
        due_at=row["due_at"],
        organization=SorCode(row["organization"]),
        roles=frozenset(Role(role) for role in row["roles"]),
        while_unanswered=row["while_unanswered"],
        after_code=row["after_code"],
        span=timedelta(seconds=row["span_seconds"]),
        working_days=row["working_days"],
    )


def _round_plain(past: PastRound) -> dict[str, Any]:
    proofs = past.proofs
    instants = {
        name: None if (at := getattr(proofs, name)) is None else at.isoformat()
        for name in ("sent_at", "delivered_at", "seen_at", "accepted_at", "done_at")
    }
    people = {
        name: None if (person := getattr(proofs, name)) is None else [person.id, person.name]
        for name in ("seen_by", "accepted_by", "done_by")
    }
    return {
        "status": past.status.value,
        "owner": past.owner,
        "closed_at": past.closed_at.isoformat(),
        **instants,
        **people,
    }


def _round_from(plain: Mapping[str, Any]) -> PastRound:
    def instant(name: str) -> datetime | None:
        return None if plain[name] is None else datetime.fromisoformat(plain[name])

    def person(name: str) -> Person | None:
        return None if plain[name] is None else Person(PersonId(plain[name][0]), plain[name][1])

    return PastRound(
        status=TaskStatus(plain["status"]),
        owner=SorCode(plain["owner"]),
        closed_at=datetime.fromisoformat(plain["closed_at"]),
        proofs=Proofs(
            sent_at=datetime.fromisoformat(plain["sent_at"]),
            delivered_at=instant("delivered_at"),
            seen_at=instant("seen_at"),
            seen_by=person("seen_by"),
            accepted_at=instant("accepted_at"),
            accepted_by=person("accepted_by"),
            done_at=instant("done_at"),
            done_by=person("done_by"),
        ),
    )


def _id(person: Person | None) -> str | None:
    return None if person is None else person.id


def _name(person: Person | None) -> str | None:
    return None if person is None else person.name


def _person(person_id: str | None, name: str | None) -> Person | None:
    return None if person_id is None else Person(PersonId(person_id), name or "")
