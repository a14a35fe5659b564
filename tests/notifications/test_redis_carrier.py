from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from notifications.errors import CarrierError
from notifications.redis_carrier import RedisCarrier
from services.demo.redis_server import RedisServer, redis_program
from tests.waiting import until


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    program = redis_program()
    assert program is not None
    home = Path(tempfile.mkdtemp(prefix="stafet-own-redis-"))
    server = RedisServer(home, program)
    server.start()
    yield server
    server.stop()
    shutil.rmtree(home)


def signalled(server: RedisServer, number: signal.Signals) -> None:
    assert server.child.pid is not None
    os.kill(server.child.pid, number)


async def test_silence_is_asked_about_and_survived(redis_url: str) -> None:
    carrier = RedisCarrier(redis_url, silence_seconds=0.02)

    async with asyncio.timeout(5), aclosing(carrier.listen()) as payloads:
        assert await anext(payloads) is None
        heard = asyncio.ensure_future(anext(payloads))
        await asyncio.sleep(0.3)
        assert not heard.done()
        assert await carrier.publish("after all")

        assert await heard == "after all"
    await carrier.close()


@pytest.mark.fault
async def test_redis_that_stopped_answering_is_given_up(own_redis: RedisServer) -> None:
    carrier = RedisCarrier(own_redis.url, silence_seconds=0.2, connect_seconds=0.3)

    async with asyncio.timeout(10), aclosing(carrier.listen()) as payloads:
        assert await anext(payloads) is None
        await carrier.publish("connects")
        assert await anext(payloads) == "connects"
        signalled(own_redis, signal.SIGSTOP)
        try:
            with pytest.raises(CarrierError):
                await anext(payloads)
            with pytest.raises(CarrierError):
                await carrier.publish("to nobody")
        finally:
            signalled(own_redis, signal.SIGCONT)
    await carrier.close()


@pytest.mark.fault
async def test_redis_says_whether_it_answers(own_redis: RedisServer) -> None:
    carrier = RedisCarrier(own_redis.url)
    await carrier.ping()

    own_redis.stop()

    with pytest.raises(CarrierError):
        await carrier.ping()
    await carrier.close()


async def test_redis_that_died_is_noticed_at_once_and_found_again(own_redis: RedisServer) -> None:
    carrier = RedisCarrier(own_redis.url)

    async with asyncio.timeout(10), aclosing(carrier.listen()) as payloads:
        assert await anext(payloads) is None
        signalled(own_redis, signal.SIGKILL)
        await until(lambda: not own_redis.child.alive())
        with pytest.raises(CarrierError):
            await anext(payloads)

    await asyncio.to_thread(own_redis.start)
    async with asyncio.timeout(10), aclosing(carrier.listen()) as payloads:
        assert await anext(payloads) is None
        assert await carrier.publish("again")
        assert await anext(payloads) == "again"
    await carrier.close()
