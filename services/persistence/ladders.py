"""Timers in the store: rungs held against the one clock, taken with SKIP LOCKED in due order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from discharge.identifiers import SorCode, StayId, TaskId, TimerId
from discharge.planning import PlannedStep
from discharge.ports import ArmedStep
from discharge.task import HandoverTask
from services.persistence.clock import wall_now
from services.persistence.course import SqlTasks
from services.persistence.pipeline import Batch, Conversation, as_json
from services.persistence.rows import step_from
from services.persistence.tables import TimerRow

__all__ = ["SqlTimers"]

_WAITING: Final = (
    "SELECT * FROM timer WHERE stay_id = %(stay)s AND after_code = %(code)s AND due_at IS NULL AND fired_at IS NULL"
)
_IS_RIPE: Final = (
    "t.fired_at IS NULL AND t.due_at <= %(until)s"
    " AND NOT EXISTS (SELECT FROM stalled_stay x WHERE x.stay_id = t.stay_id AND x.retry_at > %(wall)s)"
    " ORDER BY t.due_at, t.id LIMIT %(limit)s"
)
_RIPE: Final = f"SELECT t.stay_id, t.due_at FROM timer t WHERE {_IS_RIPE}"  # noqa: S608 - our own text
# Looks on past the stays that others hold: what one worker has in hand keeps no other from the rest.
_DUE_STAYS: Final = (
    "SELECT s.id FROM timer t JOIN stay s ON s.id = t.stay_id"  # noqa: S608 - our own text
    f" WHERE {_IS_RIPE} FOR NO KEY UPDATE OF s SKIP LOCKED"
)
_DUE_STAY: Final = "SELECT s.id FROM stay s WHERE s.id = %(stay)s FOR NO KEY UPDATE SKIP LOCKED"
_WHOSE: Final = f"SELECT d.stay_id FROM ({_RIPE}) d GROUP BY d.stay_id ORDER BY min(d.due_at), d.stay_id"  # noqa: S608 - our own text
_POSTPONE: Final = """
    INSERT INTO stalled_stay AS x (stay_id, tries, since, retry_at)
    VALUES (%(stay)s, 1, %(wall)s, %(wall)s + interval '1 minute')
    ON CONFLICT (stay_id) DO UPDATE
    SET tries = CASE WHEN x.retry_at IS NULL THEN 1 ELSE x.tries + 1 END,
        since = CASE WHEN x.retry_at IS NULL THEN EXCLUDED.since ELSE x.since END,
        retry_at = %(wall)s + CASE WHEN x.retry_at IS NULL THEN interval '1 minute'
                                   ELSE least(interval '1 minute' * 2 ^ least(x.tries, 6), interval '1 hour') END
    RETURNING tries, (SELECT ARRAY[s.hospital, s.receiver] FROM stay s WHERE s.id = %(stay)s) AS places
    """
_RECOVERED: Final = (
    "UPDATE stalled_stay x SET retry_at = NULL FROM timer t"
    " WHERE t.id = ANY(%(timers)s::uuid[]) AND x.stay_id = t.stay_id AND x.retry_at IS NOT NULL"
)
_DUE: Final = (
    "SELECT * FROM timer WHERE stay_id = ANY(%(stays)s) AND fired_at IS NULL AND due_at <= %(until)s"
    " ORDER BY due_at, id LIMIT %(limit)s"
)
_MARK: Final = "UPDATE timer SET fired_at = %(at)s WHERE id = ANY(%(timers)s::uuid[])"
_DATE: Final = (
    "UPDATE timer t SET due_at = r.due_at FROM jsonb_populate_recordset(NULL::timer, %(rows)s::jsonb) r"
    " WHERE t.id = r.id"
)


class SqlTimers:
    """Implements ``discharge.ports.Timers``; what is armed is written by ``flush``."""

    def __init__(self, talk: Conversation, tasks: SqlTasks, fresh: set[str], new_id: Callable[[], str]) -> None:
        self._talk = talk
        self._tasks = tasks
        self._fresh = fresh
        self._new_id = new_id
        self._armed: dict[TaskId, list[dict[str, Any]]] = {}
        self._dated: list[dict[str, Any]] = []
        self._fired: dict[datetime, list[TimerId]] = {}

    async def arm(self, task: HandoverTask, steps: Iterable[PlannedStep]) -> None:
        """Replace the rungs of ``task`` that have not fired."""
        self._armed[task.id] = [
            {
                "id": UUID(self._new_id()),
                "task_id": UUID(task.id),
                "stay_id": UUID(task.stay_id),
                "kind": step.kind.value,
                "due_at": step.at,
                "organization": step.organization,
                "roles": sorted(role.value for role in step.roles),
                "while_unanswered": step.while_unanswered,
                "after_code": step.after_code,
                "span_seconds": int(step.span.total_seconds()),
                "working_days": step.working_days,
            }
            for step in steps
        ]

    async def waiting_for(self, stay_id: StayId, code: str) -> Sequence[ArmedStep]:
        """Rungs of the stay that wait until a task of ``code`` is completed."""
        rows = await self._talk.ask(_WAITING, {"stay": UUID(stay_id), "code": code})
        return [step_from(row) for row in rows]

    async def set_due(self, timer_id: TimerId, due_at: datetime) -> None:
        """Give a waiting rung its instant."""
        self._dated.append({"id": UUID(timer_id), "due_at": due_at})

    async def due(self, until: datetime, limit: int, stay_id: StayId | None = None) -> Sequence[ArmedStep]:
        """Unfired rungs due by ``until``, in due order, of stays that nobody else holds; all locked.

        The stays are locked before their tasks, as everywhere, and nobody touches a rung without
        its stay; a stay that somebody holds, or that is postponed, is left for a later round.
        """
        if stay_id is None:
            stays = await self._talk.ask(_DUE_STAYS, {"until": until, "limit": limit, "wall": wall_now()})
        else:
            stays = await self._talk.ask(_DUE_STAY, {"stay": UUID(stay_id)})
        if not stays:
            return []
        held = list({row["id"] for row in stays})
        rows = await self._talk.ask(_DUE, {"stays": held, "until": until, "limit": limit})
        await self._tasks.hold(list({row["task_id"] for row in rows}))
        return [step_from(row) for row in rows]

    async def due_stays(self, until: datetime, limit: int) -> Sequence[StayId]:
        """The stays whose rungs are due and not postponed, the one that has waited longest first; nothing is locked."""
        rows = await self._talk.ask(_WHOSE, {"until": until, "limit": limit, "wall": wall_now()})
        return [StayId(str(row["stay_id"])) for row in rows]

    async def postpone(self, stay_id: StayId) -> tuple[SorCode, ...]:
        """Pass over the stay's rungs: a minute, then twice as long each time, an hour at most; see the port."""
        row = (await self._talk.ask(_POSTPONE, {"stay": UUID(stay_id), "wall": wall_now()}))[0]
        if row["tries"] > 1:
            return ()
        return tuple(dict.fromkeys(SorCode(place) for place in row["places"] if place is not None))

    async def fired(self, timer_id: TimerId, at: datetime) -> None:
        """Mark a rung as climbed."""
        self._fired.setdefault(at, []).append(timer_id)

    def flush(self, batch: Batch) -> None:
        """Hand over what was armed, dated and fired."""
        for at, timers in self._fired.items():
            named = f"{{{','.join(timers)}}}"
            batch.add(_MARK, {"at": at, "timers": named})
            batch.add(_RECOVERED, {"timers": named})
        if self._dated:
            batch.add(_DATE, {"rows": as_json(self._dated)})
        known = [UUID(task_id) for task_id in self._armed if task_id not in self._fresh]
        if known:
            batch.add("DELETE FROM timer WHERE task_id = ANY(%(tasks)s) AND fired_at IS NULL", {"tasks": known})
        batch.insert(TimerRow, [row for steps in self._armed.values() for row in steps])
