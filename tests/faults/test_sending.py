"""The worker is killed after the other side got the message and before anybody wrote that down."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from notifications.outbound import ResendRules
from tests import factories
from tests.engines import Database
from tests.faults.sending import send
from tests.services.faulty_system import faulty_system
from tests.services.own_postgres import own_postgres
from tests.services.persistence.store import Store, store_on
from tests.services.test_deliveries import kept, post, sending
from tests.waiting import until

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    async with store_on(database, patients=[factories.patient()]) as made:
        await made.admit()
        yield made


@pytest.mark.fault
async def test_killed_worker_leaves_a_message_that_the_next_one_sends_again(store: Store) -> None:
    await post(store)
    async with faulty_system(["hang", "ok"]) as outside:
        arguments = ("-m", "tests.faults.sending", store.urls.app_url, outside.url)
        first = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT)
        await until(lambda: len(outside.got) == 1)
        first.send_signal(signal.SIGKILL)
        await first.wait()
        assert kept(store)["state"] == "sent"

        stopping = asyncio.Event()
        second = asyncio.create_task(send(store.urls.app_url, outside.url, stopping))
        await until(lambda: kept(store)["state"] == "acknowledged")
        stopping.set()
        await second

    assert len(outside.got) == 2
    assert len(set(outside.header_ids)) == 1
    assert len({each["id"] for each in outside.got}) == 2
    assert kept(store)["sendings"] == 2


@pytest.mark.fault
async def test_worker_goes_on_sending_after_a_restart_of_postgresql() -> None:
    with own_postgres() as (engines, urls):
        async with (
            store_on(urls, patients=[factories.patient()]) as store,
            faulty_system() as outside,
            sending(store, outside, ResendRules()),
        ):
            await store.admit()
            with capture_logs() as logs:
                await asyncio.to_thread(engines.postgres.stop)
                # The worker has tried, and told that it failed.
                await until(lambda: bool(logs))
            await asyncio.to_thread(engines.postgres.start)
            await store.database.engine.dispose()
            await post(store)

            await until(lambda: kept(store)["state"] == "acknowledged")
        assert len(outside.got) == 1
