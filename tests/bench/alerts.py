"""From POST to an entry on a socket, beside one commit and one Redis publish to receive."""

from __future__ import annotations

import asyncio
import time
from collections import deque

import aiohttp
import orjson
import psycopg
from redis.asyncio import Redis

from discharge.identifiers import SorCode
from discharge.policy import Role
from tests.bench.figures import Figure, percentile
from tests.bench.place import MESSAGES, MUNICIPALITY, UNITS, WARDS, Citizen, admission
from tests.running import RunningDemo

__all__ = ["measure_alerts"]

_SOCKETS = 500
_PER_SECOND = 50
_SECONDS = 12
_WARM = 100


async def measure_alerts(demo: RunningDemo, people: list[Citizen]) -> list[Figure]:
    """Fifty messages a second while 500 sockets follow ten feeds."""
    latencies = await _posts_to_entries(demo, people)
    limits = await _commit_and_publish(demo)
    name = "one commit + one Redis publish to receive"
    return [
        Figure(
            name=f"POST to entry on a socket, 50/s, {_SOCKETS} sockets, p50",
            value=percentile(latencies, 0.5) * 1000,
            unit="ms",
            limit_name=f"{name}, p50",
            limit=percentile(limits, 0.5) * 1000,
            goal="<= 8 x",
        ),
        Figure(
            name=f"POST to entry on a socket, 50/s, {_SOCKETS} sockets, p99",
            value=percentile(latencies, 0.99) * 1000,
            unit="ms",
            limit_name=f"{name}, p99",
            limit=percentile(limits, 0.99) * 1000,
            goal="<= 10 x",
        ),
    ]


async def _posts_to_entries(demo: RunningDemo, people: list[Citizen]) -> list[float]:
    sent: dict[SorCode, deque[float]] = {unit: deque() for unit in UNITS}
    latencies: list[float] = []

    async def listen(socket: aiohttp.ClientWebSocketResponse, unit: SorCode, *, timed: bool) -> None:
        seen: set[str] = set()
        async for frame in socket:
            if timed and (entry := orjson.loads(frame.data)).get("event") == "task-requested":
                if entry["stay"] not in seen:
                    latencies.append(time.perf_counter() - sent[unit].popleft())
                seen.add(entry["stay"])

    headers = {ward: {**demo.bearer(Role.SYSTEM, ward), "Content-Type": "application/fhir+json"} for ward in WARDS}
    posts = [
        (citizen.unit, WARDS[number % len(WARDS)], admission(citizen, WARDS[number % len(WARDS)]))
        for number, citizen in enumerate(people[: _PER_SECOND * _SECONDS])
    ]
    async with aiohttp.ClientSession(
        demo.url, connector=aiohttp.TCPConnector(limit=0), raise_for_status=True
    ) as client:
        sockets = [await _follow(client, demo, UNITS[n % len(UNITS)]) for n in range(_SOCKETS)]
        listeners = [
            asyncio.create_task(listen(socket, UNITS[n % len(UNITS)], timed=n < len(UNITS)))
            for n, socket in enumerate(sockets)
        ]

        async def post(unit: SorCode, ward: SorCode, body: bytes) -> None:
            sent[unit].append(time.perf_counter())
            await (await client.post(MESSAGES, data=body, headers=headers[ward])).read()

        begun = time.perf_counter()
        posting = []
        for number, one in enumerate(posts):
            await asyncio.sleep(max(0.0, begun + number / _PER_SECOND - time.perf_counter()))
            posting.append(asyncio.create_task(post(*one)))
        await asyncio.gather(*posting)
        await asyncio.sleep(1)
        for listener in listeners:
            listener.cancel()
        await asyncio.gather(*(socket.close() for socket in sockets))
    return latencies[_WARM:]


async def _follow(client: aiohttp.ClientSession, demo: RunningDemo, unit: SorCode) -> aiohttp.ClientWebSocketResponse:
    socket = await client.ws_connect("/live", headers=demo.bearer(Role.HOME_NURSE, MUNICIPALITY, unit))
    await socket.send_str(orjson.dumps({"type": "follow", "feed": "default", "epoch": None, "offset": None}).decode())
    await socket.receive()
    return socket


async def _commit_and_publish(demo: RunningDemo) -> list[float]:
    """The same rate, one row each: committed, published, received."""
    address = demo.settings.redis.address()
    assert address is not None, "measured with Redis"
    redis = Redis.from_url(address)
    channel = redis.pubsub()
    await channel.subscribe("bench")
    await channel.get_message(timeout=2)
    connection = await psycopg.AsyncConnection.connect(demo.settings.database.migration_url(), autocommit=True)
    await connection.execute("CREATE TABLE IF NOT EXISTS bench_limit (n bigint)")
    latencies = []
    for number in range(_PER_SECOND * 4):
        await asyncio.sleep(1 / _PER_SECOND)
        started = time.perf_counter()
        await connection.execute("INSERT INTO bench_limit VALUES (%s)", (number,))
        await redis.publish("bench", str(number))
        while await channel.get_message(ignore_subscribe_messages=True, timeout=1) is None:
            pass
        latencies.append(time.perf_counter() - started)
    await connection.close()
    await channel.aclose()  # type: ignore[no-untyped-call] # redis-py's stubs lag
    await redis.aclose()
    return latencies
