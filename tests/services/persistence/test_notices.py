from __future__ import annotations

import asyncio
from contextlib import aclosing

import psycopg
import pytest

from notifications.errors import CarrierError
from services.persistence.notices import PostgresCarrier
from tests.engines import TestEngines


def end_connections(engines: TestEngines) -> None:
    with psycopg.connect(engines.admin_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'stafet wake-ups'"
        )


async def test_listener_that_lost_its_connection_says_so(engines: TestEngines) -> None:
    carrier = PostgresCarrier(engines.app_url)

    async with asyncio.timeout(10), aclosing(carrier.listen()) as payloads:
        assert await anext(payloads) is None
        await asyncio.to_thread(end_connections, engines)
        with pytest.raises(CarrierError):
            await anext(payloads)


async def test_publisher_connects_again_after_it_was_cut(engines: TestEngines) -> None:
    carrier = PostgresCarrier(engines.app_url)
    await carrier.publish("{}")
    await asyncio.to_thread(end_connections, engines)

    with pytest.raises(CarrierError):
        await carrier.publish("{}")

    assert await carrier.publish("{}")
    await carrier.close()
    await carrier.close()


async def test_question_given_up_in_the_middle_leaves_no_connection_behind(engines: TestEngines) -> None:
    carrier = PostgresCarrier(engines.app_url)
    await carrier.publish("{}")
    task = asyncio.create_task(carrier.publish("{}"))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await carrier.publish("{}")
    await carrier.close()
