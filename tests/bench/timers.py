"""Deadlines that all strike in one minute, climbed by two workers, beside the same rows written raw."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta
from typing import Final

import psycopg

from services.bootstrap import database_for
from tests.bench.figures import Figure
from tests.bench.place import HOSPITAL, MUNICIPALITY, UNITS, WARDS
from tests.faults.processes import spawn
from tests.running import RunningDemo

__all__ = ["measure_timers"]

_TIMERS: Final = 100_000
_WORKERS: Final = 2
_TASKS_PER_STAY: Final = 4
_RAW_BATCH: Final = 1_000
_LONGEST_SECONDS: Final = 240.0
_STAYS: Final = """
    INSERT INTO stay (id, patient_id, receiver, hospital, ward, state, began_at)
    SELECT gen_random_uuid(), p.id, u.sor, %(hospital)s, (%(wards)s::text[])[1 + n %% 16], 'admitted', %(due)s
    FROM generate_series(0, %(stays)s - 1) n
    JOIN (SELECT id, row_number() OVER () - 1 AS place, count(*) OVER () AS all_of_them FROM patient) p
      ON p.place = n %% p.all_of_them
    JOIN unnest(%(units)s::text[]) WITH ORDINALITY u (sor, place) ON u.place = 1 + n %% 10
    """
_TASKS: Final = """
    INSERT INTO task (id, stay_id, patient_id, version, rule, agreement_id, agreement_version, code, title_da, title_en,
      content_class, priority, requester, owner, audience, chain, status, created_at, changed_at, due_at, sent_at,
      rounds, escalated_to)
    SELECT gen_random_uuid(), s.id, s.patient_id, 1, 'R03', 'dk-bench', '1', 'timed', 'Stands ydelser',
      'Pause services', 'notice', 'urgent', s.ward, s.receiver, '{home-nurse}', '{}', 'requested', s.began_at,
      s.began_at, %(due)s, s.began_at, '[]', '{}'
    FROM stay s, generate_series(1, %(each)s) WHERE s.began_at = %(due)s
    """
_TIMERS_OF: Final = """
    INSERT INTO timer (id, task_id, stay_id, kind, due_at, organization, roles, while_unanswered, span_seconds,
      working_days)
    SELECT gen_random_uuid(), t.id, t.stay_id,
      (ARRAY['remind', 'escalate', 'escalate', 'overdue'])[1 + n %% 4], %(due)s + (n %% 60) * interval '1 second',
      CASE n %% 4 WHEN 2 THEN %(municipality)s ELSE t.owner END,
      CASE n %% 4 WHEN 2 THEN '{leader}' ELSE '{home-nurse}' END::text[], true, 0, 0
    FROM (SELECT id, stay_id, owner, row_number() OVER () AS n FROM task WHERE code = 'timed') t
    """
_WORKING: Final = "SELECT count(*) >= %(workers)s FROM procrastinate_workers"
# From the end, where the last ones are: asking costs next to nothing until they are taken.
_NONE_LEFT: Final = """
    SELECT NOT EXISTS (
      SELECT FROM timer WHERE fired_at IS NULL AND due_at BETWEEN %(due)s AND %(until)s
      ORDER BY due_at DESC, id DESC LIMIT 1
    )
    """
_RAW: Final = """
    WITH due AS (
      SELECT id FROM timer WHERE fired_at IS NULL AND due_at BETWEEN %(due)s AND %(until)s
      ORDER BY due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), fired AS (
      UPDATE timer t SET fired_at = now() FROM due WHERE t.id = due.id
      RETURNING t.task_id, t.stay_id, t.due_at, t.organization, t.roles, t.kind
    ), told AS (
      INSERT INTO event (stay_id, task_id, at, kind, content_class, detail)
      SELECT stay_id, task_id, due_at, 'timer-raw', 'notice', '{}' FROM fired
    ), named AS (
      SELECT f.*, u.feed, row_number() OVER (PARTITION BY u.feed) AS place
      FROM fired f CROSS JOIN LATERAL (VALUES (f.organization || '-raw'), ('all-raw')) u (feed)
    ), taken AS (
      INSERT INTO feed AS h (id, head) SELECT feed, count(*) FROM named GROUP BY feed ORDER BY feed
      ON CONFLICT (id) DO UPDATE SET head = h.head + EXCLUDED.head RETURNING id, head
    ), written AS (
      INSERT INTO feed_entry (feed_id, number, at, event, task_id, stay_id, priority, due_at, title, audience)
      SELECT n.feed, t.head + 1 - n.place, n.due_at, n.kind, n.task_id, n.stay_id, 'urgent', n.due_at, 'x', n.roles
      FROM named n JOIN taken t ON t.id = n.feed
    )
    SELECT count(*) FROM fired
    """


async def measure_timers(demo: RunningDemo, count: int = _TIMERS) -> list[Figure]:
    """How long ``count`` deadlines of one minute take two workers, from the minute's end to the last commit."""
    ours = await _climbed(demo, count)
    raw = await _raw(demo, count)
    return [
        Figure(
            name=f"{count:,} timers of one minute fired, two workers",
            value=ours,
            unit="s",
            limit_name="raw psycopg, the same rows by the thousand, two at a time",
            limit=raw,
            goal="<= 60 s",
        )
    ]


async def _climbed(demo: RunningDemo, count: int) -> float:
    database = database_for(demo.settings)
    other = None
    try:
        due = await database.now() + timedelta(hours=1)
        until = due + timedelta(seconds=59)
        async with await psycopg.AsyncConnection.connect(demo.settings.database.app_url(), autocommit=True) as store:
            await store.execute("SET ROLE stafet_writer")
            await _fill(store, count, due)
            other = spawn("worker", demo.environment(), demo.home / "bench-worker.log")
            await _until(store, _WORKING, {"workers": _WORKERS})
            await database.move_clock(until + timedelta(seconds=1))
            begun = time.perf_counter()
            await _until(store, _NONE_LEFT, {"due": due, "until": until})
            return time.perf_counter() - begun
    finally:
        if other is not None:
            other.terminate()
            other.wait(30)
        await database.close()


async def _fill(store: psycopg.AsyncConnection[object], count: int, due: datetime) -> None:
    which = {
        "due": due,
        "stays": count // _TASKS_PER_STAY,
        "each": _TASKS_PER_STAY,
        "hospital": HOSPITAL,
        "wards": list(WARDS),
        "units": list(UNITS),
        "municipality": MUNICIPALITY,
    }
    for statement in (_STAYS, _TASKS, _TIMERS_OF):
        await store.execute(statement.encode(), which)


async def _until(store: psycopg.AsyncConnection[object], fact: str, which: dict[str, object]) -> None:
    """Wait until ``fact`` is true.

    Raises:
        TimeoutError: it is not, after four minutes.
    """
    async with asyncio.timeout(_LONGEST_SECONDS):
        while await (await store.execute(fact.encode(), which)).fetchone() != (True,):  # noqa: ASYNC110 - it happens in the database
            await asyncio.sleep(0.25)


async def _raw(demo: RunningDemo, count: int) -> float:
    """The same number of rungs: marked, told and numbered, with nobody asking whether they should be."""
    async with await psycopg.AsyncConnection.connect(demo.settings.database.app_url(), autocommit=True) as store:
        await store.execute("SET ROLE stafet_writer")
        # Far ahead, where no worker looks.
        due = datetime.fromisoformat("2199-01-01T00:00:00+00:00")
        await store.execute(_TIMERS_OF.encode(), {"due": due, "municipality": MUNICIPALITY})

    async def lane() -> int:
        fired = 0
        async with await psycopg.AsyncConnection.connect(demo.settings.database.app_url(), autocommit=True) as store:
            await store.execute("SET ROLE stafet_writer")
            which = {"due": due, "until": due + timedelta(seconds=59), "limit": _RAW_BATCH}
            while (row := await (await store.execute(_RAW.encode(), which)).fetchone()) != (0,):
                assert isinstance(row, tuple)
                fired += row[0]
        return fired

    begun = time.perf_counter()
    fired = sum(await asyncio.gather(lane(), lane()))
    if fired != count:
        raise RuntimeError(f"{fired} of {count} fired")
    return time.perf_counter() - begun
