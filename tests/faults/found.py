"""What the database holds at the end, asked as superuser and past our own code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

__all__ = ["Alarm", "EntryFound", "Found", "MessageFound", "StayFound", "TaskFound", "TimerFound", "look"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFound:
    """A row of the intake."""

    message_id: str
    receipt: str | None
    stay: str | None
    has_body: bool = True
    repeats: int = 0
    """How often it came again after it had been committed."""
    differing_repeats: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StayFound:
    """A stay and what must stand beside it."""

    id: str
    patient: str | None
    episodes: frozenset[str]
    encounters: int
    parties: frozenset[str]
    ward: str
    began: int
    """How often it is told that the stay began."""
    audits: int
    """How many audit rows of messages name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFound:
    """A task and what must stand beside it."""

    id: str
    stay: str
    rule: str
    code: str
    owner: str
    status: str
    version: int
    replaces: str | None
    due: bool = True
    """Whether it has a deadline."""
    versions: Mapping[int, str] = field(default_factory=dict)
    """The status of each version that is kept."""
    requested: int = 1
    """How often it is told that the task was requested."""
    delivered: int = 0
    """How often it is told that a device has it."""
    rungs: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFound:
    """A line of a feed."""

    feed: str
    number: int
    event: str
    task: str | None
    stay: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFound:
    """A rung."""

    task: str
    kind: str
    organization: str
    due_at: datetime | None
    fired_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A reminder, an escalation or a deadline that passed, as it was told."""

    task: str
    kind: str
    organization: str
    at: datetime


@dataclass(slots=True, kw_only=True)
class Found:
    """The end state."""

    messages: dict[str, MessageFound] = field(default_factory=dict)
    stays: dict[str, StayFound] = field(default_factory=dict)
    tasks: dict[str, TaskFound] = field(default_factory=dict)
    heads: dict[str, int] = field(default_factory=dict)
    entries: list[EntryFound] = field(default_factory=list)
    timers: list[TimerFound] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    due_until: datetime | None = None
    """Rungs due by then must have fired."""


_MESSAGES = """
    SELECT message_id, receipt, stay_id::text AS stay, body IS NOT NULL AS has_body, repeats,
      differing_repeats FROM message
    """
_STAYS = """
    SELECT s.id::text AS id, s.ward, p.id::text AS patient,
      array(SELECT value FROM episode WHERE stay_id = s.id) AS episodes,
      (SELECT count(*) FROM encounter WHERE stay_id = s.id) AS encounters,
      array(SELECT organization FROM party WHERE stay_id = s.id) AS parties,
      (SELECT count(*) FROM event WHERE stay_id = s.id AND kind = 'stay-began') AS began,
      coalesce(a.audits, 0) AS audits
    FROM stay s LEFT JOIN patient p ON p.id = s.patient_id
    LEFT JOIN (SELECT stay, count(*) AS audits FROM audit, unnest(stays) AS stay
               WHERE action = 'send-message' AND outcome = 200 GROUP BY stay) a ON a.stay = s.id::text
    """
_TASKS = """
    SELECT t.id::text AS id, t.stay_id::text AS stay, t.rule, t.code, t.owner, t.status, t.version,
      t.replaces::text AS replaces, t.due_at IS NOT NULL AS due,
      (SELECT jsonb_object_agg(version, snapshot ->> 'status') FROM task_version WHERE task_id = t.id) AS versions,
      coalesce(e.requested, 0) AS requested, coalesce(e.delivered, 0) AS delivered, coalesce(r.rungs, 0) AS rungs
    FROM task t
    LEFT JOIN (SELECT task_id, count(*) FILTER (WHERE kind = 'task-requested') AS requested,
                      count(*) FILTER (WHERE kind = 'task-delivered') AS delivered
               FROM event GROUP BY task_id) e ON e.task_id = t.id
    LEFT JOIN (SELECT task_id, count(*) AS rungs FROM timer GROUP BY task_id) r ON r.task_id = t.id
    """
_ENTRIES = """
    SELECT feed_id AS feed, number, event, task_id::text AS task, stay_id::text AS stay FROM feed_entry
    ORDER BY feed_id, number
    """
_TIMERS = "SELECT task_id::text AS task, kind, organization, due_at, fired_at FROM timer"
_ALARMS = """
    SELECT task_id::text AS task, kind, detail ->> 'organization' AS organization, at FROM event
    WHERE kind IN ('task-reminded', 'task-escalated', 'task-overdue')
    """


def look(admin_url: str, *, due_until: datetime | None = None) -> Found:
    """Everything that the checker asks of the database, in one snapshot."""
    with psycopg.connect(admin_url, row_factory=dict_row) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ

        def rows(query: str) -> list[dict[str, Any]]:
            return connection.execute(query.encode()).fetchall()

        return Found(
            messages={row["message_id"]: MessageFound(**row) for row in rows(_MESSAGES)},
            stays={row["id"]: _stay(row) for row in rows(_STAYS)},
            tasks={row["id"]: _task(row) for row in rows(_TASKS)},
            heads={row["id"]: row["head"] for row in rows("SELECT id, head FROM feed")},
            entries=[EntryFound(**row) for row in rows(_ENTRIES)],
            timers=[TimerFound(**row) for row in rows(_TIMERS)],
            alarms=[Alarm(**row) for row in rows(_ALARMS)],
            due_until=due_until,
        )


def _stay(row: dict[str, Any]) -> StayFound:
    return StayFound(**row | {"episodes": frozenset(row["episodes"]), "parties": frozenset(row["parties"])})


def _task(row: dict[str, Any]) -> TaskFound:
    versions = {int(version): status for version, status in (row["versions"] or {}).items()}
    return TaskFound(**row | {"versions": versions})
