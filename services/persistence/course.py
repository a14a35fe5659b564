"""Stays and tasks in the store: loaded under their locks, written once at the commit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from discharge.errors import NotFoundError
from discharge.identifiers import FeedId, PatientId, StayId, TaskId
from discharge.plan import DischargePlan
from discharge.stay import Stay
from discharge.task import HandoverTask, Person
from services.persistence.notice_rows import notice_row
from services.persistence.people import SqlPatients
from services.persistence.pipeline import Batch, Conversation, as_json
from services.persistence.rows import plan_from, plan_sealed, stay_from, task_from, task_row
from services.persistence.tables import (
    Base,
    EncounterRow,
    EpisodeRow,
    NoticeRow,
    PartyRow,
    PlanVersionRow,
    StayRow,
    TaskRow,
    TaskVersionRow,
)
from services.persistence.vault import DataKey

__all__ = ["SqlStays", "SqlTasks", "read_stays", "snapshot_of"]

_COURSE: Final = (
    "SELECT * FROM stay WHERE id = ANY(%(ids)s)",
    "SELECT * FROM encounter WHERE stay_id = ANY(%(ids)s) ORDER BY position",
    "SELECT * FROM episode WHERE stay_id = ANY(%(ids)s) ORDER BY position",
    "SELECT * FROM notice WHERE stay_id = ANY(%(ids)s) ORDER BY position",
    "SELECT * FROM party WHERE stay_id = ANY(%(ids)s) ORDER BY position",
    "SELECT DISTINCT ON (stay_id) * FROM plan_version WHERE stay_id = ANY(%(ids)s) ORDER BY stay_id, version DESC",
)
# NO KEY UPDATE: our own rows that point here check that it exists, and must not wait for us to end.
_LOCK_STAY: Final = "SELECT id FROM stay WHERE id = %(id)s FOR NO KEY UPDATE"
_LOCK_STAYS: Final = "SELECT id FROM stay WHERE patient_id = %(patient)s ORDER BY began_at DESC, id FOR NO KEY UPDATE"
_LOCK_STAYS_BY_INDEX: Final = (
    "SELECT id FROM stay WHERE patient_id = (SELECT p.id FROM patient p WHERE p.cpr_index = %(index)s)"
    " ORDER BY began_at DESC, id FOR NO KEY UPDATE"
)
_ANOTHER_OPEN: Final = (
    "SELECT EXISTS (SELECT FROM stay WHERE patient_id = %(patient)s AND id <> %(id)s"
    " AND state IN ('acute-ambulant', 'admitted', 'on-leave')) AS found"
)
_STAY_OF: Final = "SELECT stay_id FROM task WHERE id = %(id)s"
_OF_STAY: Final = "SELECT * FROM task WHERE stay_id = %(stay)s ORDER BY id FOR NO KEY UPDATE"
_BESIDE: Final = (
    "SELECT * FROM task WHERE stay_id = (SELECT t.stay_id FROM task t WHERE t.id = %(id)s)"
    " ORDER BY id FOR NO KEY UPDATE"
)
_BY_IDS: Final = "SELECT * FROM task WHERE id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE"
_UNDELIVERED: Final = (
    "SELECT * FROM task WHERE owner = %(feed)s AND delivered_at IS NULL"
    " AND EXISTS (SELECT FROM feed_entry e WHERE e.feed_id = %(feed)s AND e.number <= %(offset)s"
    # An entry of an earlier round proves nothing of this one.
    " AND e.task_id = task.id AND e.event IN ('task-requested', 'task-changed') AND e.at >= task.sent_at)"
    " ORDER BY id FOR NO KEY UPDATE"
)
_TELL: Final = (
    "UPDATE task t SET escalated_to = r.escalated_to"
    " FROM jsonb_populate_recordset(NULL::task, %(rows)s::jsonb) r WHERE t.id = r.id"
)


async def read_stays(talk: Conversation, patients: SqlPatients, stay_ids: Sequence[UUID]) -> list[Stay]:
    """The stays with these ids that this role may read, in the order given."""
    if not stay_ids:
        return []
    ids = {"ids": list(stay_ids)}
    found = await talk.ask_all([(statement, ids) for statement in _COURSE])
    stays = {row["id"]: row for row in found[0]}
    encounters, episodes, notices, parties = (_by_stay(rows) for rows in found[1:5])
    plans = {row["stay_id"]: row for row in found[5]}
    await patients.load_keys([PatientId(str(stays[stay_id]["patient_id"])) for stay_id in plans if stay_id in stays])
    read = []
    for stay_id in stay_ids:
        if stay_id not in stays:
            continue
        row = stays[stay_id]
        plan = DischargePlan()
        if stay_id in plans:
            key = await patients.key_of(PatientId(str(row["patient_id"])))
            plan = plan_from(plans[stay_id]["plan"], StayId(str(stay_id)), plans[stay_id]["version"], key)
        read.append(
            stay_from(
                row,
                encounters=encounters.get(stay_id, ()),
                episodes=episodes.get(stay_id, ()),
                notices=notices.get(stay_id, ()),
                parties=parties.get(stay_id, ()),
                plan=plan,
            )
        )
    return read


def _by_stay(rows: Sequence[Mapping[str, Any]]) -> dict[UUID, list[Mapping[str, Any]]]:
    grouped: dict[UUID, list[Mapping[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(row["stay_id"], []).append(row)
    return grouped


class SqlStays:
    """Implements ``discharge.ports.Stays``; what is saved is written by ``flush``."""

    def __init__(self, talk: Conversation, patients: SqlPatients, fresh: set[str]) -> None:
        self._talk = talk
        self._patients = patients
        self._fresh = fresh
        self._loaded: dict[StayId, Stay] = {}
        self._saved: dict[StayId, Stay] = {}

    async def get(self, stay_id: StayId) -> Stay:
        """Return the stay and hold its lock.

        Raises:
            NotFoundError: there is none.
        """
        known = self._saved.get(stay_id) or self._loaded.get(stay_id)
        if known is not None:
            return known
        found = await self._locked(_LOCK_STAY, {"id": _uuid(stay_id, "Stay")})
        if not found:
            raise NotFoundError(kind="Stay")
        return found[0]

    async def of_patient(self, patient_id: PatientId) -> Sequence[Stay]:
        """The citizen's stays, the latest first, each held by its lock."""
        if patient_id in self._fresh:
            return ()
        index = self._patients.index_of(patient_id)
        if index is not None:
            return await self._locked(_LOCK_STAYS_BY_INDEX, {"index": index})
        return await self._locked(_LOCK_STAYS, {"patient": UUID(patient_id)})

    def foresee(self, index: bytes) -> None:
        """Have ``of_patient`` answered with the next question, for the citizen with this blind index."""
        self._talk.foresee(_LOCK_STAYS_BY_INDEX, {"index": index})

    async def is_another_open(self, stay: Stay) -> bool:
        """Tell whether the citizen has another stay that has not ended."""
        which = {"patient": UUID(stay.patient_id), "id": UUID(stay.id)}
        return bool((await self._talk.ask(_ANOTHER_OPEN, which))[0]["found"])

    async def _locked(self, statement: str, which: Mapping[str, Any]) -> list[Stay]:
        locked = await self._talk.ask(statement, which)
        stays = await read_stays(self._talk, self._patients, [row["id"] for row in locked])
        self._loaded.update({stay.id: stay for stay in stays})
        return stays

    async def save(self, stay: Stay) -> None:
        """Keep a new or changed stay."""
        self._saved[stay.id] = stay

    @property
    def touched(self) -> frozenset[StayId]:
        """The stays that this transaction has read or changes."""
        return frozenset((*self._loaded, *self._saved))

    async def flush(self, batch: Batch, at: datetime, by: Person | None) -> None:
        """Hand over what was saved and differs from what was loaded."""
        changed = [(stay, before) for stay in self._saved.values() if stay != (before := self._loaded.get(stay.id))]
        for row_class, rows_of in _PARTS:
            rows = []
            for stay, before in changed:
                known = [] if before is None else rows_of(before)
                rows += [row for row in rows_of(stay) if row not in known]
            batch.upsert(row_class, rows)
        plans = []
        for stay, before in changed:
            if stay.plan.version > (0 if before is None else before.plan.version):
                key = await self._patients.key_of(stay.patient_id)
                plans.append(
                    {
                        "stay_id": UUID(stay.id),
                        "version": stay.plan.version,
                        "at": at,
                        "by_id": None if by is None else by.id,
                        "by_name": None if by is None else by.name,
                        "plan": plan_sealed(stay.plan, stay.id, key),
                    }
                )
        batch.insert(PlanVersionRow, plans)


def _stay_rows(stay: Stay) -> list[dict[str, Any]]:
    return [
        {
            "id": UUID(stay.id),
            "patient_id": UUID(stay.patient_id),
            "receiver": stay.receiver,
            "hospital": stay.hospital,
            "ward": stay.ward,
            "state": stay.state.value,
            "began_at": stay.began_at,
            "ended_at": stay.ended_at,
            "end_received_at": stay.end_received_at,
            "died_at": stay.died_at,
            "leave_started_at": stay.leave_started_at,
            "medicine_listed_at": stay.medicine_listed_at,
            "medicine_signed_at": stay.medicine_signed_at,
        }
    ]


def _encounter_rows(stay: Stay) -> list[dict[str, Any]]:
    return [
        {
            "id": UUID(encounter.id),
            "stay_id": UUID(stay.id),
            "position": position,
            "encounter_class": encounter.encounter_class.value,
            "ward": encounter.ward,
            "started_at": encounter.started_at,
            "ended_at": encounter.ended_at,
            "source": encounter.source,
            "is_cancelled": encounter.is_cancelled,
        }
        for position, encounter in enumerate(stay.encounters)
    ]


def _notice_rows(stay: Stay) -> list[dict[str, Any]]:
    return [notice_row(notice, stay.id, position) for position, notice in enumerate(stay.notices)]


def _episode_rows(stay: Stay) -> list[dict[str, Any]]:
    return [
        {
            "stay_id": UUID(stay.id),
            "key": episode.key,
            "position": position,
            "system": episode.system,
            "value": episode.value,
        }
        for position, episode in enumerate(stay.episodes)
    ]


def _party_rows(stay: Stay) -> list[dict[str, Any]]:
    return [
        {
            "stay_id": UUID(stay.id),
            "organization": party.organization,
            "position": position,
            "basis": party.basis.value,
            "since": party.since,
            "until": party.until,
        }
        for position, party in enumerate(stay.parties)
    ]


_PARTS: Final[tuple[tuple[type[Base], Callable[[Stay], list[dict[str, Any]]]], ...]] = (
    (StayRow, _stay_rows),
    (EncounterRow, _encounter_rows),
    (NoticeRow, _notice_rows),
    (EpisodeRow, _episode_rows),
    (PartyRow, _party_rows),
)


class SqlTasks:
    """Implements ``discharge.ports.Tasks``; what is saved is written by ``flush``."""

    def __init__(self, talk: Conversation, patients: SqlPatients, fresh: set[str]) -> None:
        self._talk = talk
        self._patients = patients
        self._fresh = fresh
        self._loaded: dict[TaskId, HandoverTask] = {}
        self._held: dict[StayId, list[TaskId]] = {}
        """Stays all of whose tasks are held: nobody else can add one."""
        self._saved: dict[TaskId, HandoverTask] = {}

    async def stay_of(self, task_id: TaskId) -> StayId:
        """The stay to lock before the task.

        Raises:
            NotFoundError: there is no such task.
        """
        known = self._saved.get(task_id) or self._loaded.get(task_id)
        if known is not None:
            return known.stay_id
        found = await self._talk.ask(_STAY_OF, {"id": _uuid(task_id, "Task")})
        if not found:
            raise NotFoundError(kind="Task")
        return StayId(str(found[0]["stay_id"]))

    async def get(self, task_id: TaskId) -> HandoverTask:
        """Return the task and hold its lock, with those of the other tasks of its stay: all in one order.

        Raises:
            NotFoundError: there is none.
        """
        known = self._saved.get(task_id) or self._loaded.get(task_id)
        if known is not None:
            return known
        beside = await self._locked(_BESIDE, {"id": _uuid(task_id, "Task")})
        if not beside:
            raise NotFoundError(kind="Task")
        self._held[beside[0].stay_id] = [task.id for task in beside]
        return next(task for task in beside if task.id == task_id)

    async def of_stay(self, stay_id: StayId) -> Sequence[HandoverTask]:
        """All tasks of the stay, by id, each held by its lock."""
        if stay_id not in self._held and stay_id not in self._fresh:
            self._held[stay_id] = [task.id for task in await self._locked(_OF_STAY, {"stay": UUID(stay_id)})]
        tasks = {task_id: self._loaded[task_id] for task_id in self._held.get(stay_id, ())}
        tasks.update({task.id: task for task in self._saved.values() if task.stay_id == stay_id})
        return sorted(tasks.values(), key=lambda task: task.id)

    async def undelivered(self, feed: FeedId, offset: int) -> Sequence[HandoverTask]:
        """Tasks owned by ``feed`` whose running round it told of up to ``offset``, and no device confirmed; locked."""
        return await self._locked(_UNDELIVERED, {"feed": feed, "offset": offset})

    @property
    def touched(self) -> frozenset[StayId]:
        """The stays whose tasks this transaction has read or changes."""
        return frozenset(task.stay_id for task in (*self._loaded.values(), *self._saved.values()))

    async def hold(self, task_ids: Sequence[UUID]) -> None:
        """Load these tasks under their locks."""
        await self._locked(_BY_IDS, {"ids": list(task_ids)})

    async def _locked(self, statement: str, which: Mapping[str, Any]) -> list[HandoverTask]:
        rows = await self._talk.ask(statement, which)
        await self._patients.load_keys([PatientId(str(row["patient_id"])) for row in rows])
        tasks = []
        for row in rows:
            task = task_from(row, await self._patients.key_of(PatientId(str(row["patient_id"]))))
            self._loaded.setdefault(task.id, task)
            tasks.append(self._saved.get(task.id, task))
        return tasks

    async def save(self, task: HandoverTask) -> None:
        """Keep a new or changed task."""
        self._saved[task.id] = task

    async def flush(self, batch: Batch) -> None:
        """Hand over what was saved and differs from what was loaded, and a snapshot where the version rose."""
        saved = [task for _, task in sorted(self._saved.items()) if task != self._loaded.get(task.id)]
        told = {task.id: sorted(task.escalated_to) for task in saved if self._is_only_told(task)}
        if told:
            batch.add(_TELL, {"rows": as_json([{"id": task_id, "escalated_to": to} for task_id, to in told.items()])})
        saved = [task for task in saved if task.id not in told]
        rows = [task_row(task, await self._key(task)) for task in saved]
        batch.upsert(TaskRow, rows)
        batch.insert(
            TaskVersionRow,
            [
                {"task_id": row["id"], "version": task.version, "snapshot": snapshot_of(row), "words": row["words"]}
                for task, row in zip(saved, rows, strict=True)
                if (before := self._loaded.get(task.id)) is None or task.version != before.version
            ],
        )

    def _is_only_told(self, task: HandoverTask) -> bool:
        """True when nothing of it has changed but whom it was escalated to: an hour of deadlines changes no more."""
        before = self._loaded.get(task.id)
        return before is not None and replace(before, escalated_to=task.escalated_to) == task

    async def _key(self, task: HandoverTask) -> DataKey:
        return await self._patients.key_of(task.patient_id)


def snapshot_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A task's columns as JSON, for ``_history``."""
    return {name: _json(value) for name, value in row.items() if name != "words"}


def _json(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _uuid(text_id: str, kind: str) -> UUID:
    """The id as the store knows it; one that never was ours is simply not found."""
    try:
        return UUID(text_id)
    except ValueError:
        raise NotFoundError(kind=kind) from None
