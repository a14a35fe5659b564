"""What reaches the sockets, what they confirm, and how they end."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from discharge.commands import ConfirmDelivered
from discharge.identifiers import FeedId
from discharge.policy import Role
from notifications.protocol import Limits
from services.demo.redis_server import RedisServer, redis_program
from services.settings import LiveSettings
from services.web.live import limits_from
from tests.engines import Database
from tests.fakes_notifications import MUNICIPALITY, NORTH, TEAM, addressed
from tests.services.web.live_house import House, closing, follow, live_house, next_entry, next_frame, refused, say
from tests.waiting import PATIENCE, until

NEVER = 3600.0


async def read_on(client: ClientConnection) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            await client.recv()


async def test_entry_reaches_every_socket_of_its_feed(house: House) -> None:
    async with house.open() as first, house.open(house.token(Role.VISITATOR, MUNICIPALITY)) as second:
        assert (await follow(first))["feed"] == NORTH
        assert (await follow(second))["feed"] == MUNICIPALITY

        await house.append(NORTH, MUNICIPALITY)

        frame = await next_frame(first)
        assert (frame["type"], frame["feed"], frame["offset"]) == ("entry", NORTH, 1)
        assert frame["audience"] == ["home-nurse", "visitator"]
        assert await next_entry(second) == 1


async def test_client_that_was_cut_gets_what_it_missed(house: House) -> None:
    async with house.open() as client:
        stands = await follow(client)
        await house.append()
        assert await next_entry(client) == 1
    for _ in range(3):
        await house.append()

    async with house.open() as client:
        answer = await follow(client, epoch=stands["epoch"], offset=1)
        await house.append()

        assert (answer["type"], answer["offset"]) == ("following", 1)
        assert [await next_entry(client) for _ in range(4)] == [2, 3, 4, 5]


async def test_commit_of_another_process_wakes_the_sockets_here(database: Database, redis_url: str) -> None:
    async with (
        live_house(database, redis_url, poll_seconds=NEVER) as house,
        house.open() as client,
        house.another_process() as elsewhere,
    ):
        await follow(client)
        elsewhere.publish(await house.feeds.append([addressed(NORTH)]))

        assert await next_entry(client) == 1
        assert house.tally["wakeups-heard-redis"] >= 1


async def test_notify_wakes_where_there_is_no_redis(database: Database) -> None:
    async with live_house(database, None, poll_seconds=NEVER) as house, house.open() as client:
        await follow(client)
        async with house.another_process() as elsewhere:
            elsewhere.publish(await house.feeds.append([addressed(NORTH)]))

            assert await next_entry(client) == 1
        assert house.tally["wakeups-heard-postgres"] >= 1


async def test_poll_finds_what_nobody_told(house: House) -> None:
    async with house.open() as client:
        await follow(client)
        await house.append(wake=False)

        assert await next_entry(client, within=3) == 1


@pytest.fixture
def mortal_redis() -> Iterator[RedisServer]:
    program = redis_program()
    assert program is not None
    home = Path(tempfile.mkdtemp(prefix="stafet-mortal-redis-"))
    server = RedisServer(home, program)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(home)


@pytest.mark.fault
async def test_killing_redis_loses_nothing_and_its_return_is_noticed(
    database: Database, mortal_redis: RedisServer
) -> None:
    async with (
        live_house(database, mortal_redis.url, poll_seconds=NEVER) as house,
        house.open() as client,
        house.another_process() as elsewhere,
    ):

        async def tell(number: int) -> None:
            elsewhere.publish(await house.feeds.append([addressed(NORTH)]))
            assert await next_entry(client) == number

        epoch = (await follow(client))["epoch"]
        await tell(1)
        assert mortal_redis.child.pid is not None
        os.kill(mortal_redis.child.pid, signal.SIGKILL)
        await until(lambda: not mortal_redis.child.alive())

        for number in range(2, 6):
            await tell(number)

        await asyncio.to_thread(mortal_redis.start)
        heard = house.tally["wakeups-heard-redis"]
        async with asyncio.timeout(PATIENCE):
            while house.tally["wakeups-heard-redis"] == heard:
                number += 1
                await tell(number)
        async with house.open() as second:
            assert (await follow(second))["epoch"] == epoch


async def test_heartbeats_come_while_nothing_happens(database: Database, redis_url: str) -> None:
    async with live_house(database, redis_url, limits=Limits(heartbeat_seconds=0.3)) as house, house.open() as client:
        await follow(client)
        await house.append()
        assert await next_entry(client) == 1

        assert await next_frame(client) == {"type": "heartbeat", "feed": NORTH, "offset": 1}


@pytest.mark.fault
async def test_client_that_does_not_read_is_cut_and_the_others_are_served(house: House) -> None:
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    await asyncio.get_running_loop().run_in_executor(None, narrow.connect, ("127.0.0.1", house.settings.http.port))
    narrow.setblocking(False)
    async with house.open(sock=narrow, max_queue=1, ping_interval=None) as stuck, house.open() as quick:
        await follow(stuck)
        await follow(quick)
        for _ in range(30):
            await house.write([replace(addressed(NORTH), title="x" * 40_000)] * 10)
            for _ in range(10):
                await next_entry(quick)

        await until(lambda: house.tally["sockets-cut-slow"] == 1)
        with pytest.raises(ConnectionClosed):
            await read_on(stuck)


def audited(database: Database) -> list[str]:
    with psycopg.connect(database.admin_url) as connection:
        return [row[0] for row in connection.execute("SELECT action FROM audit ORDER BY at")]


async def test_following_is_audited_each_time(database: Database, house: House) -> None:
    async with house.open() as client:
        await follow(client)
        await follow(client)

    assert audited(database) == ["live-follow", "live-follow"]


async def test_confirmations_become_commands_for_the_callers_own_feed_only(house: House) -> None:
    async with house.open() as client:
        await follow(client)
        await say(client, type="follow", feed=TEAM)
        await next_frame(client)
        await house.append(NORTH, NORTH, TEAM)
        for _ in range(3):
            await next_frame(client)

        await say(client, type="delivered", feed=TEAM, offset=1)
        await say(client, type="delivered", feed=NORTH, offset=1)
        await say(client, type="delivered", feed=NORTH, offset=2)
        await until(lambda: bool(house.database.commands))

    (command,) = house.database.commands
    assert isinstance(command, ConfirmDelivered)
    assert (command.feed, command.offset, command.caller.unit) == (FeedId(NORTH), 2, NORTH)
    assert house.tally["confirm-failed"] == 0


async def test_refusal_of_somebody_known_is_audited(house: House, database: Database) -> None:
    session = await house.sign_in()

    assert await refused(house.open_page(session.cookie, ticket="made-up", origin=house.origin)) == 403

    assert audited(database) == ["live"]


async def test_ending_the_process_closes_sockets_with_a_hint_when_to_return(house: House) -> None:
    async with house.open() as client:
        await follow(client)

        house.server.should_exit = True

        code, reason = await closing(client)
    assert code == 1012
    assert reason is not None
    assert 500 <= int(reason.removeprefix("retry-after-ms=")) < 5_000


def test_limits_come_from_the_settings() -> None:
    limits = limits_from(LiveSettings(resume_limit=7, send_queue_bytes=2_048))

    assert (limits.resume_limit, limits.pending_bytes, limits.heartbeat_seconds) == (7, 2_048, 20.0)
