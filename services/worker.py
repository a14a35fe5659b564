"""What runs beside the web processes: deadlines, messages that leave, audit seals, retention.

Any number of workers may run.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta

from fhir_mappings.errors import MappingError
from fhir_mappings.medcom.intake import ReceiptRead, read_message
from notifications.budget import Shift, ShiftPlan, spent
from notifications.errors import DeliveryError, RefusedError
from notifications.outbound import Heard, deliver
from notifications.outside import OutsideChannel
from notifications.ports import Gateway
from services.observability import Metrics, get_logger
from services.persistence.alert_reads import rings_of
from services.persistence.call_book import SqlCalls
from services.persistence.clock import wall_now
from services.persistence.database import Database
from services.persistence.deliveries import SqlBook
from services.persistence.firing import fire_batch, is_of_the_store
from services.persistence.interruptions import KEPT, drop_old_interruptions
from services.persistence.jobs import Attempt, Attempts, JobLimits, run_jobs
from services.persistence.retention import drop_old_bodies
from services.persistence.sealing import seal_audit
from services.persistence.shifts import claim_shift
from services.settings import Settings

__all__ = ["Worker", "calling", "fire_due", "heard_in", "posting"]

_SEAL_SECONDS = 2.0
_RETENTION_SECONDS = 3600.0
_RESTART_SECONDS = 1.0
_FAILURES = 4
"""How often an attempt may fail for reasons of our own before people must look: the fifth is the last."""


class Worker:
    """The loops of one worker process; each survives what PostgreSQL does to it.

    Args:
        database: the store.
        settings: of this installation.
        metrics: what this process counts.
        post: makes one attempt at a message of ours; None: this worker sends none.
        call: makes one try of a mail to those on call; None: this worker mails nobody.
    """

    def __init__(
        self,
        database: Database,
        settings: Settings,
        metrics: Metrics,
        post: Attempt | None = None,
        call: Attempt | None = None,
    ) -> None:
        self._database = database
        self._settings = settings
        self._metrics = metrics
        self._attempts = Attempts(deliver=post, call=call)
        self._stopping = asyncio.Event()
        self._shifts = ShiftPlan(settings.alerts.shift_starts)
        self._shift: Shift | None = None
        """The one that ran when it was last looked."""

    def stop(self) -> None:
        """Begin no further round."""
        self._stopping.set()

    async def run(self) -> None:
        """Run until SIGTERM, SIGINT or ``stop``; a round that has begun is finished."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        try:
            await self._run()
        finally:
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._every(self._settings.poll.timers_seconds, "timers", self._fire))
            if self._attempts.queues:
                group.create_task(self._every(_RESTART_SECONDS, "jobs", self._send))
            group.create_task(self._every(_SEAL_SECONDS, "seals", lambda: seal_audit(self._database.engine)))
            group.create_task(self._every(self._settings.poll.timers_seconds, "shifts", self._count_shift))
            group.create_task(self._every(_RETENTION_SECONDS, "retention", self._drop_old))

    async def _fire(self) -> int:
        total = 0
        while not self._stopping.is_set() and (fired := await fire_due(self._database)):
            self._metrics.timers_fired.inc(fired)
            total += fired
        return total

    async def _count_shift(self) -> int:
        """Once a shift has ended: how often each role of each place was interrupted in it; one worker counts it."""
        # As the loop of timers, which asks as often, has just learnt it.
        running = self._shifts.at(self._database.reckoned())
        ended, self._shift = self._shift, running
        if ended is None or ended == running:
            return 0
        async with self._database.writing() as connection:
            if not await claim_shift(connection, ended.ends):
                return 0
            rings = await rings_of(connection, since=ended.begins, until=ended.ends)
        for each in spent(rings, self._shifts):
            self._metrics.alerts_per_shift.observe(each.count)
        return len(rings)

    async def _drop_old(self) -> int:
        """What is kept only so long: the bodies of messages, and what rang at whom."""
        retention = timedelta(days=self._settings.retention.message_days)
        bodies = await drop_old_bodies(self._database, wall_now() - retention)
        async with self._database.writing() as connection:
            return bodies + await drop_old_interruptions(connection, self._database.reckoned() - KEPT)

    async def _send(self) -> int:
        """Send what is due until told to stop, or until the store goes away."""
        limits = JobLimits(poll_seconds=self._settings.poll.jobs_seconds)
        await run_jobs(self._settings.database.app_url(), self._attempts, self._stopping, limits)
        return 0

    async def _every(self, seconds: float, name: str, work: Callable[[], Awaitable[int]]) -> None:
        while not self._stopping.is_set():
            try:
                done = await work()
            except Exception as error:  # noqa: BLE001 - a loop that ended would let deadlines pass in silence
                get_logger().warning("worker-round-failed", loop=name, error=type(error).__name__)
            else:
                if done:
                    get_logger().info("worker-round", loop=name, done=done)
            try:
                await asyncio.wait_for(self._stopping.wait(), seconds)
            except TimeoutError:
                continue


async def fire_due(database: Database, limit: int = 250) -> int:
    """Fire at most ``limit`` rungs that are due now and return how many were taken."""
    return await fire_batch(database, until=await database.now(), limit=limit)


def posting(book: SqlBook, gateway: Gateway, metrics: Metrics) -> Attempt:
    """One attempt at a message of ours, as the jobs make it."""

    async def attempt(delivery_id: str, turn: int, failures: int) -> None:
        try:
            outcome = await deliver(book, gateway, heard_in, delivery_id, turn)
        except Exception as error:
            get_logger().error("delivery-failed", delivery=delivery_id, failures=failures, error=type(error).__name__)
            if is_of_the_store(error) or failures < _FAILURES:
                raise
            metrics.outbound_messages.labels(result="fault").inc()
            await book.give_up(delivery_id, turn, f"fault-{type(error).__name__}")
            return
        if outcome is not None:
            metrics.outbound_messages.labels(result=outcome.kind.value).inc()
            get_logger().info("delivery", delivery=delivery_id, result=outcome.kind.value, reason=outcome.reason)

    return attempt


def calling(calls: SqlCalls, channel: OutsideChannel, metrics: Metrics) -> Attempt:
    """One try of a mail to those on call, as the jobs make it."""

    async def attempt(mail_id: str, turn: int, failures: int) -> None:
        problem: str | None = None
        final = False
        try:
            alert = await calls.begin(mail_id, turn)
            if alert is None:
                return
            await channel.send(alert)
        except DeliveryError as error:
            problem, final = getattr(error, "problem", type(error).__name__), isinstance(error, RefusedError)
        except Exception as error:
            get_logger().error("call-failed", mail=mail_id, failures=failures, error=type(error).__name__)
            if is_of_the_store(error) or failures < _FAILURES:
                raise
            problem, final = f"fault-{type(error).__name__}", True
        state = await calls.settle(mail_id, turn, problem, is_final=final)
        if state is not None:
            metrics.alert_mails.labels(result=state).inc()
            get_logger().info("call", mail=mail_id, result=state, reason=problem)

    return attempt


def heard_in(body: bytes) -> Heard | None:
    """The receipt that an answer holds; None when it holds none that can be read."""
    try:
        read = read_message(body, now=wall_now())
    except MappingError:
        return None
    if not isinstance(read, ReceiptRead):
        return None
    return Heard(
        receipt_id=read.envelope.message_id,
        sender=read.envelope.sender,
        receiver=read.envelope.receiver,
        answers=read.answers,
        code=read.code,
        issues=read.issues,
    )
