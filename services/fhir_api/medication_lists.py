"""A list of medicine from a record system: ``POST /fhir/Bundle`` with ``type`` ``collection``.

Whoever sends says what is taken now; a hospital says what was taken before, or what it sends the citizen home with.
Meant is the stay that it names; else the only one that it can be about, of those that the sender's place reads.
"""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from discharge.clock import local
from discharge.commands import Issue, StateMedication
from discharge.directory import Directory, OrganizationKind
from discharge.errors import MedicationError, NotFoundError
from discharge.handlers import state_medication
from discharge.handlers.resolving import RECONCILE
from discharge.identifiers import CprNumber, StayId
from discharge.medication.lists import Column, ListOrigin, MedicationList
from discharge.medication.placing import NamedStay, stays_meant
from discharge.medication.record import MedicationReconciliation
from discharge.policy import Caller, Role
from discharge.ports import UnitOfWork
from discharge.stay import Stay
from discharge.task import CLOSED, Person, TaskStatus
from fhir_mappings.elements import Json, JsonObject
from fhir_mappings.errors import MedicineListError, finding
from fhir_mappings.medicine.collection import ListRead, read_collection
from fhir_mappings.medicine.statement import statement_resource
from fhir_mappings.outcomes import operation_outcome
from services.fhir_api.resources import base_url_of
from services.persistence import fhir_reads
from services.persistence.medication_reads import stay_of_list
from services.persistence.reading import ReadSession
from services.persistence.task_query import TaskQuery
from services.web.outcome import FhirResponse
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller

__all__ = ["take_list"]

_HOSPITAL: Final = frozenset({OrganizationKind.HOSPITAL, OrganizationKind.WARD})
_ACTION: Final = "state-medication"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    read: ListRead
    column: Column
    as_of: datetime | None
    put_to: str | None
    """The stay in the address, as for documents."""
    window: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class _Take:
    caller: Caller
    stay: Stay
    read: ListRead
    column: Column
    as_of: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    record: MedicationReconciliation
    stated: MedicationList
    is_repeat: bool


async def take_list(request: Request, content: JsonObject) -> Response:
    """Take a list in. 201 with its lines as they stand among the others, 200 when the same Bundle came before.

    Raises:
        TooCostlyError: more lines than are taken in at a time.
        ResourceShapeError: an entry that is not what FHIR R4 says.
        MedicineListError: it is open whose list it is, of which stay, which, or whether it is one; or not this
            sender's to state.
        NotFoundError: no such stay of that citizen for this caller, whether or not anybody knows the citizen.
        MedicationError: another list came under the same Bundle.identifier.
    """
    runtime, caller = runtime_of(request), await current_caller(request)
    audit = audit_of(request, _ACTION)
    # Beside the loop: hundreds of lines take a while.
    read = await asyncio.to_thread(read_collection, content, most_lines=runtime.settings.medicine.most_lines)
    async with runtime.database.reading(audit) as session:
        column = _column(read, caller, session.directory)
        is_early = read.as_of is not None and read.as_of > session.now
        as_of = None if is_early else read.as_of
        asked = _Asked(
            read=read,
            column=column,
            as_of=as_of,
            put_to=request.query_params.get("stay"),
            window=timedelta(days=runtime.settings.retention.access_days_after_end),
        )
        stay = await _stay(session, asked)
        meant = _meant(stay, session.directory)
    command = _Take(caller=caller, stay=stay, read=read, column=column, as_of=as_of)
    taken = await runtime.database.run(audit, _take, command)
    issues = (*_understood(taken, is_early=is_early), meant, *read.findings)
    return _answer(request, taken, stay, issues)


def _column(read: ListRead, caller: Caller, directory: Directory) -> Column:
    """Which list it is; the hospital's are its own to state, and it states no other."""
    place = directory.get(caller.acting)
    is_hospital = place is not None and place.kind in _HOSPITAL
    column = read.column or (Column.AT_DISCHARGE if is_hospital else Column.NOW)
    if is_hospital is (column is Column.NOW):
        text = "A hospital states before, at-discharge and in-hospital; a practice or a municipality states now."
        raise MedicineListError(finding("stafet-list-column", "forbidden", text, expression=read.column_place))
    return column


async def _stay(session: ReadSession, asked: _Asked) -> Stay:
    """The stay that the list is about, of those of the citizen that the caller reads."""
    read, column, named, citizen = asked.read, asked.column, asked.read.stay, asked.read.citizen
    patient_id = await fhir_reads.patient_by_cpr(session, citizen) if isinstance(citizen, CprNumber) else citizen
    stays = () if patient_id is None else await fhir_reads.stays_of(session, patient_id)
    if asked.put_to is not None:
        put_to = StayId(asked.put_to)
        stays = tuple(each for each in stays if each.id == put_to)
        named = named or NamedStay(stay_id=put_to)
    repeated = await _repeated(session, read, column, stays)
    if repeated is not None:
        return repeated
    # What was taken before a stay may well hold for a time before it.
    holds_at = None if column is Column.BEFORE else asked.as_of
    alive = await _alive(session, stays, asked.window)
    found = stays_meant(stays, named=named, holds_at=holds_at, alive=alive)
    if len(found) == 1:
        return found[0]
    if not stays or (named is not None and not found):
        raise NotFoundError(kind="Stay")
    many = "It can be about several stays." if found else "It is about no stay that is open, or ended lately."
    text = f"{many} Name the Encounter in context or encounter: our Encounter/{{id}}, or the id of the episode of care."
    raise MedicineListError(finding("stafet-list-stay", "business-rule", text, expression=read.stay_place))


async def _repeated(session: ReadSession, read: ListRead, column: Column, stays: Sequence[Stay]) -> Stay | None:
    """The stay that the same Bundle was taken in for before, whatever has begun or ended since."""
    if read.identifier is None or read.stay is not None:
        return None
    ids = [_list_id(each, session.caller, column, read.identifier) for each in stays]
    known = await stay_of_list(session, ids)
    return next((each for each in stays if each.id == known), None)


async def _alive(session: ReadSession, stays: Sequence[Stay], window: timedelta) -> frozenset[StayId]:
    """The ended stays whose medicine is still gone through: lately ended, or a duty to do so is still open."""
    lately = {each.id for each in stays if each.ended_at is not None and session.now < each.ended_at + window}
    query = TaskQuery(
        patients=frozenset(each.patient_id for each in stays),
        codes=frozenset({RECONCILE}),
        statuses=frozenset(TaskStatus) - CLOSED,
    )
    return frozenset({*lately, *(each.task.stay_id for each in (await fhir_reads.tasks(session, query)).found)})


def _meant(stay: Stay, directory: Directory) -> Issue:
    hospital = directory.get(stay.hospital)
    begun, contact = local(stay.began_at).date().isoformat(), f"Encounter/{stay.encounter.id}"
    where = "" if hospital is None else f" at {hospital.name}"
    return _information("stafet-list-stay", f"About the stay{where} that began on {begun}, {contact}.")


async def _take(command: _Take, uow: UnitOfWork) -> _Taken:
    stay = await uow.stays.get(command.stay.id)
    record = await uow.medications.of_stay(stay)
    stated = _stated(command, uow)
    known = next((each for each in record.lists if each.id == stated.id), None)
    if known is None:
        asked = StateMedication(caller=command.caller, stay_id=stay.id, stated=stated)
        return _Taken(record=await state_medication(asked, uow), stated=stated, is_repeat=False)
    if replace(stated, received_at=known.received_at, as_of=known.as_of) != known:
        raise MedicationError(element="identifier", problem="another list came under the same identifier")
    await uow.commit()
    return _Taken(record=record, stated=known, is_repeat=True)


def _stated(command: _Take, uow: UnitOfWork) -> MedicationList:
    caller, read = command.caller, command.read
    if read.identifier is None:
        list_id = uow.new_id()
    else:
        list_id = _list_id(command.stay, caller, command.column, read.identifier)
    return MedicationList(
        id=list_id,
        column=command.column,
        origin=ListOrigin.SYSTEM,
        source=caller.acting,
        received_at=uow.now,
        as_of=command.as_of,
        by=None if caller.role is Role.SYSTEM else Person(caller.person_id, caller.name),
        saying=read.saying,
        why_empty=read.why_empty,
        lines=tuple(replace(line, id=f"{list_id}.{line.id}") for line in read.lines),
    )


def _list_id(stay: Stay, caller: Caller, column: Column, identifier: str) -> str:
    """The same for the same Bundle again, which so is found to be there already."""
    return str(uuid.uuid5(uuid.UUID(stay.id), f"{caller.acting}|{column}|{identifier}"))


def _understood(taken: _Taken, *, is_early: bool) -> tuple[Issue, ...]:
    stated, lines = taken.stated, len(taken.stated.lines)
    found = [_information("stafet-list-taken", f"Taken in as {stated.column}: {stated.saying}, {lines} lines.")]
    if taken.is_repeat:
        found.append(_information("stafet-list-repeated", "The same list came before. Nothing was changed."))
    if all(each.id != stated.id for each in taken.record.table.standing(stated.column)):
        found.append(_information("stafet-list-older", "A list of a later time stands in its place; this one is kept."))
    if is_early:
        text = "The time that it is said to hold for has not come yet: it counts from when it came."
        found.append(finding("stafet-list-time", "value", text, severity="warning"))
    return tuple(found)


def _information(rule: str, text: str) -> Issue:
    return finding(rule, "informational", text, severity="information")


def _answer(request: Request, taken: _Taken, stay: Stay, issues: tuple[Issue, ...]) -> Response:
    record, base_url = taken.record, base_url_of(request)
    own = {line.id for line in taken.stated.lines}
    named = (each for each, line in record.lines.items() if any(part.id in own for part in line.joined.all_lines))
    entries: list[Json] = [
        {
            "fullUrl": f"{base_url}/MedicationStatement/{each}",
            "resource": statement_resource(record, each, encounter_id=stay.encounter.id),
        }
        for each in named
    ]
    entries.append({"fullUrl": f"urn:uuid:{uuid.uuid4()}", "resource": operation_outcome(issues)})
    bundle: JsonObject = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return FhirResponse(bundle, 200 if taken.is_repeat else 201)
