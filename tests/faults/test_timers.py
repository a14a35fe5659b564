"""Two workers, killed and stopped while deadlines strike and the clock jumps: each rung is climbed exactly once."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import psycopg
import pytest

from discharge.handlers import move_task, receive_notice
from discharge.identifiers import BundleId, MessageId, TaskId
from discharge.policy import Caller, Role
from discharge.stay import NoticeKind
from discharge.task import Move
from services.bootstrap import database_for
from services.demo.home import environment_of, settings_of
from services.persistence.audit import AuditContext
from services.persistence.database import Database
from services.persistence.demo_clock import advance_clock
from services.persistence.master import put_agreement, put_organizations
from services.persistence.people import put_patient
from tests import engines, factories
from tests.faults.checker import check
from tests.faults.found import Found, look
from tests.faults.history import History, MessageSent, MoveAsked
from tests.faults.processes import spawn
from tests.faults.settling import settle
from tests.services.persistence.store import cpr
from tests.waiting import until

pytestmark = pytest.mark.fault

STAYS = 120
AT_ONCE = 8
SETTLE_SECONDS = 90.0
WORKERS = 2
UNITS = frozenset({factories.NORTH, factories.SOUTH})
STEPS = (
    (timedelta(minutes=16), True),
    (timedelta(minutes=15), False),
    (timedelta(minutes=40), True),
    (timedelta(hours=16), True),
    (timedelta(days=2), False),
    (timedelta(days=3), True),
)
"""How far the clock goes between kills, past every span of the shipped agreement; True: it jumps there."""


@dataclass(slots=True)
class Clockwork:
    """One store, its history, and what a worker is started with."""

    database: Database
    admin_url: str
    variables: dict[str, str]
    folder: Path
    history: History = field(default_factory=History)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    """Those that nobody has killed yet."""
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    async def receive(self, number: int, episode: str, kind: NoticeKind) -> None:
        """A message about one of the citizens, answered."""
        message_id = str(uuid.uuid4())
        sent = factories.envelope(message_id=MessageId(message_id), bundle_id=BundleId(str(uuid.uuid4())))
        notice = factories.notice(kind, cpr=cpr(number), episodes=(factories.episode(episode),), report_requested=True)
        command = factories.receive(notice, sent=sent)
        receipt = await self.database.run(_audit(command.caller, "send-message"), receive_notice, command)
        self.history.messages[message_id] = MessageSent(
            message_id=message_id,
            sender=sent.sender,
            episode=episode,
            kind=kind,
            report_requested=kind is not NoticeKind.SLHJ,
            answers=[receipt.code.value],
        )

    async def accept(self, task_id: str) -> None:
        """A nurse takes a task on while its deadlines strike."""
        nurse = factories.caller(Role.HOME_NURSE, factories.MUNICIPALITY)
        command = factories.move(nurse, factories.task(id=TaskId(task_id)), Move.ACCEPT, expected_version=1)
        task = await self.database.run(_audit(nurse, "move-task"), move_task, command)
        self.history.moves.append(
            MoveAsked(
                task=task_id, wanted="accepted", decided_on=1, person=nurse.name, status=200, version=task.version
            )
        )

    def start_worker(self) -> None:
        """One more `stafet worker`."""
        worker = spawn("worker", self.variables, self.folder / "worker.log")
        self.workers.append(worker)
        self.started.append(worker)

    def kill_worker(self, number: int) -> None:
        """End one without a warning, and start another in its place."""
        self.workers.pop(number).kill()
        self.start_worker()

    async def until_some_fired(self, due_by: datetime) -> None:
        """Wait until the workers have begun on what is due by then."""
        before = await asyncio.to_thread(self._unfired, due_by)

        async def have_begun() -> bool:
            return await asyncio.to_thread(self._unfired, due_by) < max(before, 1)

        await until(have_begun, within=SETTLE_SECONDS)

    def _unfired(self, due_by: datetime) -> int:
        with psycopg.connect(self.admin_url) as connection:
            row = connection.execute(
                "SELECT count(*) FROM timer WHERE fired_at IS NULL AND due_at <= %s", (due_by,)
            ).fetchone()
        assert row is not None
        return int(row[0])


def _audit(caller: Caller, action: str) -> AuditContext:
    return AuditContext(caller=caller, request_id="request", action=action, route="/test")


@pytest.fixture
async def clockwork(database: engines.Database, redis_url: str, tmp_path: Path) -> AsyncIterator[Clockwork]:
    """A store full of stays whose ladders have not begun to strike."""
    variables = environment_of(
        tmp_path, database=(database.app_url, database.owner_url), redis_url=redis_url, host="127.0.0.1", port=1
    )
    store = database_for(settings_of(tmp_path))
    variables["STAFET_POLL_TIMERS_SECONDS"] = "0.05"
    made = Clockwork(store, database.admin_url, variables, tmp_path)
    async with store.writing() as connection:
        await put_organizations(connection, factories.directory().organizations.values())
        await put_agreement(connection, factories.small_document())
        for number in range(STAYS):
            known = factories.patient(cpr=cpr(number), district="nord" if number % 2 else "syd")
            await put_patient(connection, store.vault, known)
    await store.move_clock(factories.NOW)
    turns = asyncio.Semaphore(AT_ONCE)

    async def course(number: int) -> None:
        async with turns:
            episode = str(uuid.uuid4())
            await made.receive(number, episode, NoticeKind.STIN)
            if number % 3:
                await made.receive(number, episode, NoticeKind.SLHJ)

    await asyncio.gather(*(course(number) for number in range(STAYS)))
    try:
        yield made
    finally:
        for worker in made.started:
            worker.kill()
            worker.wait()
        await store.engine.dispose()


async def test_each_rung_is_climbed_once_while_workers_die_and_the_clock_jumps(clockwork: Clockwork, seed: int) -> None:
    chance = Random(f"{seed} timers")
    waiting = [task.id for task in look(clockwork.admin_url).tasks.values() if task.owner in UNITS]
    for _ in range(WORKERS):
        clockwork.start_worker()
    for step, jumps in STEPS:
        target = await clockwork.database.now() + step
        if jumps:
            # The workers find all of it due at once.
            await clockwork.database.move_clock(target)
            await clockwork.until_some_fired(target)
            await asyncio.sleep(chance.uniform(0.0, 0.1))
            clockwork.kill_worker(chance.randrange(WORKERS))
        else:
            # Whoever moves the clock fires too, and dates each rung at its own instant.
            moving = asyncio.create_task(advance_clock(clockwork.database, target))
            stopped = clockwork.workers[chance.randrange(WORKERS)]
            stopped.send_signal(signal.SIGSTOP)
            await asyncio.sleep(chance.uniform(0.0, 0.5))
            clockwork.workers.remove(stopped)
            stopped.kill()
            clockwork.start_worker()
            await moving
        for _ in range(3):
            await clockwork.accept(waiting.pop(chance.randrange(len(waiting))))
    now = await clockwork.database.now()
    await settle(clockwork.admin_url, [], due_until=now, within=SETTLE_SECONDS)
    found = look(clockwork.admin_url, due_until=now)
    print(_summary(seed, found, len(clockwork.started) - WORKERS))  # noqa: T201 - a seed that fails must replay

    assert check(clockwork.history, found) == []
    assert len(found.alarms) > STAYS


def _summary(seed: int, found: Found, kills: int) -> str:
    fired = sum(timer.fired_at is not None for timer in found.timers)
    return f"seed {seed}: {kills} workers killed, {fired} rungs fired, {len(found.alarms)} told"
