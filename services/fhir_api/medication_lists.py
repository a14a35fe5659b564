"""A list of medicine from a record system: ``POST /fhir/Bundle`` with ``type`` ``collection``.

Whoever sends says what is taken now; a hospital says what was taken before, or what it sends the citizen home with.
Meant is the citizen's latest stay that the sender's place reads.
"""

import asyncio
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from discharge.commands import Issue, StateMedication
from discharge.directory import Directory, OrganizationKind
from discharge.errors import MedicationError, NotFoundError
from discharge.handlers import state_medication
from discharge.identifiers import CprNumber, StayId
from discharge.medication.lists import Column, ListOrigin, MedicationList
from discharge.medication.record import MedicationReconciliation
from discharge.policy import Caller, Role
from discharge.ports import UnitOfWork
from discharge.task import Person
from fhir_mappings.elements import Json, JsonObject
from fhir_mappings.errors import MedicineListError, finding
from fhir_mappings.medicine.collection import ListRead, read_collection
from fhir_mappings.medicine.statement import statement_resource
from fhir_mappings.outcomes import operation_outcome
from services.fhir_api.resources import base_url_of
from services.persistence import fhir_reads
from services.persistence.fhir_reads import EncounterQuery, FoundEncounter
from services.persistence.reading import ReadSession
from services.web.outcome import FhirResponse
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller

__all__ = ["take_list"]

_HOSPITAL: Final = frozenset({OrganizationKind.HOSPITAL, OrganizationKind.WARD})
_ACTION: Final = "state-medication"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Take:
    caller: Caller
    stay_id: StayId
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
        MedicineListError: it is open whose list it is, which, or whether it is one; or not this sender's to state.
        NotFoundError: no stay of that citizen for this caller, whether or not anybody knows the citizen.
        MedicationError: another list came under the same Bundle.identifier.
    """
    runtime, caller = runtime_of(request), await current_caller(request)
    audit = audit_of(request, _ACTION)
    # Beside the loop: hundreds of lines take a while.
    read = await asyncio.to_thread(read_collection, content, most_lines=runtime.settings.medicine.most_lines)
    async with runtime.database.reading(audit) as session:
        column = _column(read, caller, session.directory)
        found = await _contact(session, read)
        now = session.now
    is_early = read.as_of is not None and read.as_of > now
    command = _Take(
        caller=caller, stay_id=found.stay.id, read=read, column=column, as_of=None if is_early else read.as_of
    )
    taken = await runtime.database.run(audit, _take, command)
    issues = (*_understood(taken, is_early=is_early), *read.findings)
    return _answer(request, taken, found, issues)


def _column(read: ListRead, caller: Caller, directory: Directory) -> Column:
    """Which list it is; the hospital's are its own to state, and it states no other."""
    place = directory.get(caller.acting)
    is_hospital = place is not None and place.kind in _HOSPITAL
    column = read.column or (Column.AT_DISCHARGE if is_hospital else Column.NOW)
    if is_hospital is (column is Column.NOW):
        text = "A hospital states before, at-discharge and in-hospital; a practice or a municipality states now."
        raise MedicineListError(finding("stafet-list-column", "forbidden", text, expression=read.column_place))
    return column


async def _contact(session: ReadSession, read: ListRead) -> FoundEncounter:
    """The latest hospital contact of the citizen whose stay the caller reads."""
    named = read.citizen
    patient_id = await fhir_reads.patient_by_cpr(session, named) if isinstance(named, CprNumber) else named
    query = EncounterQuery(patients=frozenset() if patient_id is None else frozenset({patient_id}))
    found = [each for each in await fhir_reads.encounters(session, query) if not each.encounter.is_cancelled]
    if not found:
        raise NotFoundError(kind="Stay")
    return found[-1]


async def _take(command: _Take, uow: UnitOfWork) -> _Taken:
    stay = await uow.stays.get(command.stay_id)
    record = await uow.medications.of_stay(stay)
    stated = _stated(command, uow)
    known = next((each for each in record.lists if each.id == stated.id), None)
    if known is None:
        asked = StateMedication(caller=command.caller, stay_id=command.stay_id, stated=stated)
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
        # The same Bundle again has the same id, and so is found to be there already.
        list_id = str(uuid.uuid5(uuid.UUID(command.stay_id), f"{caller.acting}|{command.column}|{read.identifier}"))
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


def _understood(taken: _Taken, *, is_early: bool) -> tuple[Issue, ...]:
    stated, lines = taken.stated, len(taken.stated.lines)
    found = [_information("stafet-list-taken", f"Taken in as {stated.column}: {stated.saying}, {lines} lines.")]
    if taken.is_repeat:
        found.append(_information("stafet-list-repeated", "The same list came before. Nothing was changed."))
    holding = taken.record.table.told(stated.column)
    if holding is None or holding.id != stated.id:
        found.append(_information("stafet-list-older", "A list of a later time stands in its place; this one is kept."))
    if is_early:
        text = "The time that it is said to hold for has not come yet: it counts from when it came."
        found.append(finding("stafet-list-time", "value", text, severity="warning"))
    return tuple(found)


def _information(rule: str, text: str) -> Issue:
    return finding(rule, "informational", text, severity="information")


def _answer(request: Request, taken: _Taken, found: FoundEncounter, issues: tuple[Issue, ...]) -> Response:
    record, base_url = taken.record, base_url_of(request)
    own = {line.id for line in taken.stated.lines}
    named = (each for each, line in record.lines.items() if any(part.id in own for part in line.joined.all_lines))
    entries: list[Json] = [
        {
            "fullUrl": f"{base_url}/MedicationStatement/{each}",
            "resource": statement_resource(record, each, encounter_id=found.encounter.id),
        }
        for each in named
    ]
    entries.append({"fullUrl": f"urn:uuid:{uuid.uuid4()}", "resource": operation_outcome(issues)})
    bundle: JsonObject = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return FhirResponse(bundle, 200 if taken.is_repeat else 201)
