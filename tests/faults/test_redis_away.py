"""Redis only carries: cut off or silent, entries still cross from one web process to the other, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
import redis
from websockets.asyncio.client import ClientConnection, connect

from discharge.policy import Role
from services.demo.send import answer_of
from tests.bench.place import MUNICIPALITY, UNITS, WARDS, Citizen, admission, citizens, populate
from tests.engines import TestEngines
from tests.faults.found import look
from tests.faults.history import Began, Entry, Watch
from tests.faults.processes import second_serve
from tests.faults.proxy import Passage, Proxy, proxied
from tests.faults.settling import admin_url_of
from tests.running import RunningDemo, running_demo

pytestmark = pytest.mark.fault

CITIZENS = 400
MESSAGES = 5
ARRIVAL_SECONDS = 30.0
"""Far beyond the two seconds that are promised: the machine may be busy, and never is a second of grace a pass."""


@dataclass(slots=True)
class House:
    """A demo whose Redis stands behind a proxy, and a second web process on the same store."""

    demo: RunningDemo
    second: str
    proxy: Proxy
    people: list[Citizen] = field(default_factory=lambda: citizens(CITIZENS))


@pytest.fixture(scope="module")
def house(engines: TestEngines) -> Iterator[House]:
    """Both web processes reach Redis through the proxy only."""
    port = urlsplit(engines.redis_url).port
    assert port is not None
    with proxied(port) as proxy, pytest.MonkeyPatch.context() as patch:
        patch.setenv("STAFET_REDIS_URL", f"redis://127.0.0.1:{proxy.port}/0")
        with running_demo("--empty") as demo:
            populate(demo, CITIZENS)
            with second_serve(demo.environment(), demo.home) as second:
                yield House(demo, second, proxy)


@pytest.fixture(autouse=True)
def opened(house: House) -> Iterator[None]:
    """Every test begins and ends with Redis there."""
    yield
    house.proxy.set(Passage.OPEN)


async def _admit(house: House, count: int) -> list[float]:
    """Messages to the first web process about citizens of the first unit; when each was answered."""
    answered = []
    async with httpx.AsyncClient(base_url=house.demo.url, timeout=30) as client:
        for _ in range(count):
            citizen = next(person for person in house.people if person.unit == UNITS[0])
            house.people.remove(citizen)
            headers = {**house.demo.bearer(Role.SYSTEM, WARDS[0]), "content-type": "application/fhir+json"}
            answer = await client.post("/fhir/$process-message", content=admission(citizen, WARDS[0]), headers=headers)
            assert answer_of(answer).is_ok
            answered.append(asyncio.get_running_loop().time())
            await asyncio.sleep(0.2)
    return answered


@asynccontextmanager
async def _followed(house: House, watch: Watch) -> AsyncIterator[ClientConnection]:
    """A screen of the first unit at the second web process, from where it stands."""
    headers = house.demo.bearer(Role.HOME_NURSE, MUNICIPALITY, UNITS[0])
    url = house.second.replace("http://", "ws://") + "/live"
    async with connect(url, additional_headers=headers, compression=None) as socket:
        epoch, offset = watch.position
        await socket.send(
            orjson.dumps({"type": "follow", "feed": "default", "epoch": epoch, "offset": offset}).decode()
        )
        frame = orjson.loads(await socket.recv())
        assert frame["type"] == "following", frame
        watch.frames.append(Began(epoch=frame["epoch"], offset=frame["offset"]))
        yield socket


async def _receive(socket: ClientConnection, watch: Watch, stays: int) -> list[float]:
    """Read until ``stays`` new stays have come; when the first entry of each came."""
    seen: dict[str, float] = {}
    async with asyncio.timeout(ARRIVAL_SECONDS):
        while len(seen) < stays:
            frame = orjson.loads(await socket.recv())
            if frame["type"] != "entry":
                continue
            entry = Entry(offset=frame["offset"], event=frame["event"], task=frame["task"], stay=frame["stay"])
            watch.frames.append(entry)
            seen.setdefault(str(entry.stay), asyncio.get_running_loop().time())
    return list(seen.values())


async def _drained(socket: ClientConnection, watch: Watch, head: int) -> None:
    """Read on until the screen stands at ``head``."""
    async with asyncio.timeout(ARRIVAL_SECONDS):
        while (watch.position[1] or 0) < head:
            frame = orjson.loads(await socket.recv())
            if frame["type"] == "entry":
                watch.frames.append(
                    Entry(offset=frame["offset"], event=frame["event"], task=frame["task"], stay=frame["stay"])
                )


def _offsets(watch: Watch) -> list[int]:
    return [frame.offset for frame in watch.frames if isinstance(frame, Entry)]


@pytest.mark.parametrize("passage", [Passage.CUT, Passage.FROZEN])
async def test_entries_arrive_while_redis_is_away_and_none_is_lost_when_it_returns(
    house: House, passage: Passage
) -> None:
    watch = Watch(client="second", feed=UNITS[0])
    async with _followed(house, watch) as socket:
        start = watch.position[1] or 0
        await asyncio.gather(_admit(house, 1), _receive(socket, watch, 1))

        house.proxy.set(passage)
        sent, came = await asyncio.gather(_admit(house, MESSAGES), _receive(socket, watch, MESSAGES))
    waits = [round(there - here, 2) for there, here in zip(came, sent, strict=True)]
    print(f"{passage.name}: entries came {waits} s after the answer")  # noqa: T201 - a figure to read

    await _admit(house, 2)
    house.proxy.set(Passage.OPEN)
    await _admit(house, 2)
    head = look(admin_url_of(house.demo)).heads[UNITS[0]]
    async with _followed(house, watch) as socket:
        await _drained(socket, watch, head)

    offsets = _offsets(watch)
    assert offsets == list(range(start + 1, start + 1 + len(offsets)))
    assert offsets[-1] == head
    assert len({frame.epoch for frame in watch.frames if isinstance(frame, Began)}) == 1


async def test_an_emptied_redis_changes_no_epoch_and_holds_nothing_of_a_feed(
    house: House, engines: TestEngines
) -> None:
    watch = Watch(client="second", feed=UNITS[0])
    async with _followed(house, watch):
        pass
    with redis.Redis.from_url(engines.redis_url) as client:
        client.flushall()
        await _admit(house, 2)
        assert client.dbsize() == 0

    async with _followed(house, watch) as socket:
        await _receive(socket, watch, 2)

    assert len({frame.epoch for frame in watch.frames if isinstance(frame, Began)}) == 1


async def test_the_installation_says_that_redis_is_away_and_stays_ready(house: House) -> None:
    house.proxy.set(Passage.CUT)
    async with httpx.AsyncClient(timeout=10) as client:
        answer = await client.get(f"{house.second}/readyz")
        assert answer.status_code == httpx.codes.OK
        assert answer.json()["redis"] != "ok"
