"""Workers die between firing, mailing and noting: those on call are mailed all the same, repeats bear one id."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator

import pytest

from tests import factories
from tests.engines import Database
from tests.faults.calling import call
from tests.faults.test_sending import ROOT
from tests.services.mail_server import mail_server
from tests.services.persistence.store import Store, store_on
from tests.services.test_calls import fire, mails, on_call, states
from tests.waiting import until

pytestmark = pytest.mark.fault


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    async with store_on(database, patients=[factories.patient()]) as made:
        await made.admit()
        await on_call(made)
        yield made


async def test_worker_killed_after_the_server_has_the_mail_costs_one_repeat_with_the_same_id(store: Store) -> None:
    await fire(store, limit=1)
    while not mails(store):
        await fire(store, limit=1)
    with mail_server() as server:
        arguments = ("-m", "tests.faults.calling", store.urls.app_url, str(server.port))
        first = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT)
        # The server's own thread: nothing has been answered when the worker is gone.
        server.taken = lambda: first.send_signal(signal.SIGKILL)
        await first.wait()
        server.taken = None
        assert states(store) == ["waiting"]

        stopping = asyncio.Event()
        second = asyncio.create_task(call(store.urls.app_url, server.port, stopping))
        await until(lambda: states(store) == ["sent"])
        stopping.set()
        await second

    assert len(server.mails) == 2
    assert len({mail["Message-ID"] for mail in server.mails}) == 1


async def test_what_fired_before_its_worker_died_is_mailed_by_the_next_once(store: Store) -> None:
    await fire(store)
    waiting = len(mails(store))

    with mail_server() as server:
        stopping = asyncio.Event()
        next_worker = asyncio.create_task(call(store.urls.app_url, server.port, stopping))
        await until(lambda: set(states(store)) == {"sent"})
        stopping.set()
        await next_worker

    assert len(server.mails) == waiting
