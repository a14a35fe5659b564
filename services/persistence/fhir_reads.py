"""What the FHIR door reads, each in one snapshot under row-level security.

The filters here are the first wall, the policies of the tables the second; each holds alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, and_, exists, false, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from discharge.errors import NotFoundError
from discharge.identifiers import CprNumber, EncounterId, PatientId, StayId, TaskId
from discharge.patient import Patient
from discharge.policy import ContentClass
from discharge.stay import Encounter, Stay
from discharge.task import HandoverTask
from services.persistence.course import read_stays
from services.persistence.reading import ReadSession
from services.persistence.rows import task_from
from services.persistence.tables import EncounterRow, EpisodeRow, PartyRow, PatientRow, StayRow, TaskRow, TaskVersionRow
from services.persistence.task_query import TaskQuery, TaskSlice, conditions, keys_of, order_of, uuids_of, values_of
from services.persistence.vault import DataKey

__all__ = [
    "EncounterQuery",
    "FoundEncounter",
    "FoundTask",
    "encounter",
    "encounters",
    "patient",
    "patient_by_cpr",
    "patients",
    "stays_of",
    "task",
    "task_history",
    "tasks",
]

_INSTANTS: Final = frozenset(
    {"created_at", "changed_at", "due_at", "proposed_time", "sent_at", "delivered_at", "seen_at", "accepted_at"}
    | {"done_at", "waits_since", "released_at"}
)
_NO_KEY: Final = DataKey(b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTask:
    """A task with the hospital contact it is about: the latest of its stay."""

    task: HandoverTask
    encounter_id: EncounterId


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEncounter:
    """A hospital contact with its stay."""

    stay: Stay
    encounter: Encounter


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterQuery:
    """Which hospital contacts are asked for; every part that is given must hold."""

    ids: frozenset[EncounterId] | None = None
    patients: frozenset[PatientId] | None = None
    stays: frozenset[StayId] | None = None
    episodes: frozenset[str] | None = None
    """Compare keys of episode-of-care ids."""
    finished: bool | None = None
    limit: int | None = 500


async def task(session: ReadSession, task_id: TaskId) -> FoundTask:
    """The task as it stands.

    Raises:
        NotFoundError: there is none, or not for this caller.
    """
    query = select(_table(TaskRow)).where(TaskRow.id == _uuid(task_id, "Task"), _may_read_task(session))
    found = await _opened(session, (await session.connection.execute(query)).mappings().all())
    if not found:
        raise NotFoundError(kind="Task")
    return found[0]


async def tasks(session: ReadSession, query: TaskQuery) -> TaskSlice[FoundTask]:
    """One page of the tasks that ``query`` asks for and the caller may read."""
    wanted = and_(_may_read_task(session), *conditions(query))
    total = None
    if query.total:
        total = (
            await session.connection.execute(select(func.count()).select_from(_table(TaskRow)).where(wanted))
        ).scalar()
    if query.count == 0:
        return TaskSlice(found=(), total=total)
    page: Select[Any] = select(_table(TaskRow), *keys_of(query)).where(wanted)
    page = order_of(page, query).limit(query.count + 1)
    rows = (await session.connection.execute(page)).mappings().all()
    shown = rows[: query.count]
    after = values_of(query, shown[-1]) if len(rows) > query.count else None
    return TaskSlice(found=tuple(await _opened(session, shown)), after=after, total=total)


async def task_history(session: ReadSession, task_id: TaskId) -> tuple[FoundTask, tuple[HandoverTask, ...]]:
    """The task as it stands, and each earlier version as it stood when it began, newest first.

    Raises:
        NotFoundError: there is none, or not for this caller.
    """
    current = await task(session, task_id)
    query = (
        select(TaskVersionRow.snapshot, TaskVersionRow.words)
        .where(TaskVersionRow.task_id == UUID(task_id), TaskVersionRow.version < current.task.version)
        .order_by(TaskVersionRow.version.desc())
    )
    rows = (await session.connection.execute(query)).mappings().all()
    key = await _key_of(session, current.task.patient_id)
    return current, tuple(_task_of(_restored(row["snapshot"], row["words"]), key) for row in rows)


async def patient(session: ReadSession, patient_id: PatientId) -> Patient:
    """The citizen.

    Raises:
        NotFoundError: there is none, or the caller is party to none of the citizen's stays.
    """
    found = await patients(session, frozenset({patient_id}))
    if not found:
        raise NotFoundError(kind="Patient")
    return found[0]


async def patients(session: ReadSession, patient_ids: frozenset[PatientId]) -> tuple[Patient, ...]:
    """Those of the citizens that the caller is party to a stay of."""
    ids = uuids_of(patient_ids)
    query = select(StayRow.id, StayRow.patient_id).where(StayRow.patient_id.in_(ids), _may_read_stay(session))
    stays = (await session.connection.execute(query)).all()
    if not stays:
        return ()
    found = await session.patients.of_ids([PatientId(str(row.patient_id)) for row in stays])
    session.saw(*(StayId(str(row.id)) for row in stays))
    return tuple(found[patient_id] for patient_id in sorted(found))


async def stays_of(session: ReadSession, patient_id: PatientId) -> tuple[Stay, ...]:
    """Every stay of the citizen that the caller may read, oldest first."""
    query = EncounterQuery(patients=frozenset({patient_id}), limit=None)
    return tuple({each.stay.id: each.stay for each in await encounters(session, query)}.values())


async def patient_by_cpr(session: ReadSession, cpr: CprNumber) -> PatientId | None:
    """The id of the citizen with this number, when the caller may read it."""
    query = select(PatientRow.id).where(
        PatientRow.cpr_index == session.vault.blind_index(cpr),
        exists().where(StayRow.patient_id == PatientRow.id, _may_read_stay(session)),
    )
    found = (await session.connection.execute(query)).scalar()
    return None if found is None else PatientId(str(found))


async def encounter(session: ReadSession, encounter_id: EncounterId) -> FoundEncounter:
    """The hospital contact with its stay.

    Raises:
        NotFoundError: there is none, or the caller is no party to its stay.
    """
    found = await encounters(session, EncounterQuery(ids=frozenset({encounter_id})))
    if not found:
        raise NotFoundError(kind="Encounter")
    return found[0]


async def encounters(session: ReadSession, query: EncounterQuery) -> tuple[FoundEncounter, ...]:
    """The hospital contacts that ``query`` asks for and the caller may read, oldest first."""
    wanted = [_may_read_stay(session), EncounterRow.stay_id == StayRow.id]
    if query.ids is not None:
        wanted.append(EncounterRow.id.in_(uuids_of(query.ids)))
    if query.patients is not None:
        wanted.append(StayRow.patient_id.in_(uuids_of(query.patients)))
    if query.stays is not None:
        wanted.append(StayRow.id.in_(uuids_of(query.stays)))
    if query.episodes is not None:
        wanted.append(exists().where(EpisodeRow.stay_id == StayRow.id, EpisodeRow.key.in_(query.episodes)))
    if query.finished is not None:
        wanted.append(EncounterRow.ended_at.is_not(None) if query.finished else EncounterRow.ended_at.is_(None))
        wanted.append(~EncounterRow.is_cancelled)
    found = await session.connection.execute(
        select(EncounterRow.id, EncounterRow.stay_id)
        .where(*wanted)
        .order_by(EncounterRow.started_at, EncounterRow.position, EncounterRow.id)
        .limit(query.limit)
    )
    rows = found.all()
    stays = {
        stay.id: stay
        for stay in await read_stays(session.talk, session.patients, list(dict.fromkeys(row.stay_id for row in rows)))
    }
    session.saw(*stays)
    return tuple(
        FoundEncounter(stay=stay, encounter=contact)
        for row in rows
        if (stay := stays.get(StayId(str(row.stay_id)))) is not None
        for contact in stay.encounters
        if contact.id == str(row.id)
    )


def _may_read_task(session: ReadSession) -> ColumnElement[bool]:
    caller, directory = session.caller, session.directory
    classes = [content.value for content in caller.readable_classes(directory)]
    readable: ColumnElement[bool] = TaskRow.content_class.in_(classes)
    leads = caller.leads()
    if leads is not None:
        readable = or_(readable, TaskRow.escalated_to.contains([leads]))
    return and_(_is_party(session, TaskRow.stay_id), readable)


def _may_read_stay(session: ReadSession) -> ColumnElement[bool]:
    if ContentClass.NOTICE not in session.caller.readable_classes(session.directory):
        return false()
    return _is_party(session, StayRow.id)


def _is_party(session: ReadSession, stay_id: Any) -> ColumnElement[bool]:
    return exists().where(
        PartyRow.stay_id == stay_id,
        PartyRow.organization.in_(session.caller.scope(session.directory)),
        or_(PartyRow.until.is_(None), PartyRow.until > session.now),
    )


async def _opened(session: ReadSession, rows: Sequence[Mapping[Any, Any]]) -> list[FoundTask]:
    if not rows:
        return []
    latest = await session.connection.execute(
        select(EncounterRow.stay_id, EncounterRow.id)
        .ext(distinct_on(EncounterRow.stay_id))
        .where(EncounterRow.stay_id.in_({row["stay_id"] for row in rows}))
        .order_by(EncounterRow.stay_id, EncounterRow.position.desc())
    )
    contacts = {row.stay_id: EncounterId(str(row.id)) for row in latest}
    worded = [PatientId(str(row["patient_id"])) for row in rows if row["words"] is not None]
    await session.patients.load_keys(worded)
    found = []
    for row in rows:
        key = None if row["words"] is None else await _key_of(session, PatientId(str(row["patient_id"])))
        found.append(FoundTask(task=_task_of(row, key), encounter_id=contacts[row["stay_id"]]))
    session.saw(*(each.task.stay_id for each in found))
    return found


async def _key_of(session: ReadSession, patient_id: PatientId) -> DataKey | None:
    try:
        return await session.patients.key_of(patient_id)
    except NotFoundError:
        return None


def _task_of(row: Mapping[Any, Any], key: DataKey | None) -> HandoverTask:
    """The duty, without its words where this caller has no key to them."""
    return task_from({**row, "words": None}, _NO_KEY) if key is None else task_from(row, key)


def _restored(snapshot: Mapping[str, Any], words: bytes | None) -> dict[str, Any]:
    row = {
        name: datetime.fromisoformat(value) if name in _INSTANTS and value is not None else value
        for name, value in snapshot.items()
    }
    return row | {"words": words}


def _table(row_class: type[TaskRow]) -> Table:
    table = row_class.__table__
    assert isinstance(table, Table)
    return table


def _uuid(text: str, kind: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFoundError(kind=kind) from None
