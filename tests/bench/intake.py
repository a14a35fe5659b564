"""Messages per second: ours through HTTP with everything, beside the same rows in one raw statement."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import Awaitable, Callable

import aiohttp
import psycopg

from discharge.policy import Role
from tests.bench.figures import Figure, percentile
from tests.bench.place import MESSAGES, UNITS, WARDS, Citizen, admission
from tests.running import RunningDemo

__all__ = ["measure_intake"]

_IN_FLIGHT = 16
_SECONDS = 8.0
_BODY_BYTES = 7000
_ROWS = """
WITH m AS (
  INSERT INTO message (id, sender, message_id, bundle_id, bundle_reused, receiver, event_code, fingerprint, received_at,
    receipt, issues, stay_id, patient_id, body, repeats, differing_repeats)
  VALUES (%(m)s, %(ward)s, %(m)s::text, %(m)s::text, false, %(unit)s, 'x', %(hash)s, now(), 'ok', '[]', %(s)s, %(p)s,
    %(body)s, 0, 0)
), s AS (
  INSERT INTO stay (id, patient_id, receiver, hospital, ward, state, began_at)
  VALUES (%(s)s, %(p)s, %(unit)s, %(ward)s, %(ward)s, 'admitted', now())
), e AS (
  INSERT INTO encounter (id, stay_id, position, encounter_class, ward, started_at)
  VALUES (%(m)s, %(s)s, 0, 'IMP', %(ward)s, now())
), ep AS (
  INSERT INTO episode (stay_id, key, position, system, value) VALUES (%(s)s, %(m)s::text, 0, 'x', %(m)s::text)
), pa AS (
  INSERT INTO party (stay_id, organization, position, basis, since)
  SELECT %(s)s, 'o' || n, n, 'serves', now() FROM generate_series(1, 4) n
), t AS (
  INSERT INTO task (id, stay_id, patient_id, version, code, title_da, title_en, content_class, priority, requester,
    owner, audience, chain, status, created_at, changed_at, due_at, sent_at, rounds, escalated_to)
  SELECT gen_random_uuid(), %(s)s, %(p)s, 1, 'x', 'x', 'x', 'notice', 'urgent', %(ward)s, %(unit)s, '{{}}', '{{}}',
    'requested', now(), now(), now(), now(), '[]', '{{}}' FROM generate_series(1, 2)
  RETURNING id
), tv AS (
  INSERT INTO task_version (task_id, version, snapshot) SELECT id, 1, '{{}}' FROM t
), ti AS (
  INSERT INTO timer (id, task_id, stay_id, kind, due_at, organization, roles, while_unanswered, span_seconds,
    working_days)
  SELECT gen_random_uuid(), t.id, %(s)s, 'escalate', now() + interval '1 day', 'o', '{{}}', true, 0, 0
  FROM t, generate_series(1, 3)
), ev AS (
  INSERT INTO event (stay_id, at, kind, content_class, detail)
  SELECT %(s)s, now(), 'x', 'notice', '{{}}' FROM generate_series(1, 3)
), au AS (
  INSERT INTO audit (id, at, request_id, action, route, outcome, stays)
  VALUES (%(m)s, now(), 'x', 'x', 'x', 200, ARRAY[%(s)s::text])
), f AS (
  INSERT INTO feed (id, head) VALUES (%(ward)s || '-raw', 2), (%(unit)s || '-raw', 2)
  ON CONFLICT (id) DO UPDATE SET head = feed.head + excluded.head RETURNING id, head
)
INSERT INTO feed_entry (feed_id, number, at, event, title, audience)
SELECT f.id, f.head - n, now(), 'x', 'x', '{{}}' FROM f, generate_series(0, 1) n
""".replace("{{}}", "{}")


async def measure_intake(demo: RunningDemo, people: list[Citizen]) -> list[Figure]:
    """Sixteen in flight for some seconds, ours and raw, one after the other."""
    ours, latencies = await _through_http(demo, people)
    raw, _ = await _raw(demo)
    return [
        Figure(
            name="intake through HTTP, 16 in flight",
            value=ours,
            unit="msg/s",
            limit_name="raw psycopg, one statement, same rows, 16 in flight",
            limit=raw,
            goal=">= 0.10 x",
        ),
        Figure(name="intake p50", value=percentile(latencies, 0.5) * 1000, unit="ms"),
        Figure(name="intake p99", value=percentile(latencies, 0.99) * 1000, unit="ms"),
    ]


async def _through_http(demo: RunningDemo, people: list[Citizen]) -> tuple[float, list[float]]:
    headers = {ward: {**demo.bearer(Role.SYSTEM, ward), "Content-Type": "application/fhir+json"} for ward in WARDS}
    # Written beforehand: client and server share the cores, and it is the server that is measured.
    bodies = {lane: [admission(one, WARDS[lane]) for one in people[lane::_IN_FLIGHT]] for lane in range(_IN_FLIGHT)}
    async with aiohttp.ClientSession(demo.url, raise_for_status=True) as client:

        async def post(lane: int) -> None:
            answer = await client.post(MESSAGES, data=bodies[lane].pop(), headers=headers[WARDS[lane]])
            content = await answer.read()
            if b'"code":"ok"' not in content:
                raise RuntimeError(content.decode())

        return await _rate(post)


async def _raw(demo: RunningDemo) -> tuple[float, list[float]]:
    connections = []
    for _ in range(_IN_FLIGHT):
        connection = await psycopg.AsyncConnection.connect(demo.settings.database.app_url(), autocommit=True)
        await connection.execute("SET ROLE stafet_writer")
        connections.append(connection)
    found = await (await connections[0].execute("SELECT id FROM patient LIMIT 1")).fetchone()
    assert found is not None
    body, digest = os.urandom(_BODY_BYTES), os.urandom(32)

    async def write(lane: int) -> None:
        row = {
            "m": uuid.uuid4(),
            "s": uuid.uuid4(),
            "p": found[0],
            "ward": WARDS[lane % len(WARDS)],
            "unit": UNITS[lane % len(UNITS)],
            "hash": digest,
            "body": body,
        }
        await connections[lane].execute(_ROWS, row)

    try:
        return await _rate(write)
    finally:
        for connection in connections:
            await connection.close()


async def _rate(work: Callable[[int], Awaitable[None]]) -> tuple[float, list[float]]:
    """How often ``work`` is done per second, and how long each took, in seconds."""
    latencies: list[float] = []
    begun = time.perf_counter()

    async def lane(number: int) -> None:
        while time.perf_counter() - begun < _SECONDS:
            started = time.perf_counter()
            await work(number)
            latencies.append(time.perf_counter() - started)

    await asyncio.gather(*(lane(number) for number in range(_IN_FLIGHT)))
    return len(latencies) / (time.perf_counter() - begun), latencies
