"""Jobs of the worker, kept by procrastinate beside our own tables and set in the transaction of the fact behind them.

A job only says which message is due; whether anything is to be done is decided by the message's own row. A job
whose worker died is taken up by another: nothing that was set is ever forgotten.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, Protocol

import procrastinate
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from psycopg import AsyncConnection as Driver
from sqlalchemy.ext.asyncio import AsyncConnection
from typing_extensions import override

__all__ = ["Attempt", "Attempts", "JobLimits", "defer_call", "defer_delivery", "run_jobs"]

_DELIVER: Final = "deliver"
_QUEUE: Final = "outbound"
_CALL: Final = "call"
_CALLS: Final = "calls"
"""A queue of its own: a worker of an older version must not take what it does not know."""
_AT_ONCE: Final = 4
"""Deliveries of one worker at a time; one that hangs keeps nobody else waiting."""
_LONGEST_PAUSE_SECONDS: Final = 300
_DRAIN_SECONDS: Final = 20.0


class Attempt(Protocol):
    """What a job does. ``failures`` counts the times it has failed before."""

    def __call__(self, row_id: str, turn: int, failures: int, /) -> Awaitable[None]:
        """Make one attempt at what the row says."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """What a worker can do; the jobs of what it cannot are left for others."""

    deliver: Attempt | None = None
    call: Attempt | None = None

    @property
    def queues(self) -> list[str]:
        """The queues that it takes jobs from."""
        return [queue for queue, attempt in ((_QUEUE, self.deliver), (_CALLS, self.call)) if attempt is not None]


class JobLimits:
    """How soon a worker that says nothing counts as dead, and how often is looked."""

    def __init__(self, *, poll_seconds: float = 1.0, beat_seconds: float = 10.0, silent_seconds: float = 30.0) -> None:
        self.poll_seconds = poll_seconds
        self.beat_seconds = beat_seconds
        self.silent_seconds = silent_seconds


class _Backoff(BaseRetryStrategy):
    """After a failure of our own, or of the store: again, later each time, for as long as it takes."""

    @override
    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        return RetryDecision(retry_in={"seconds": min(2 ** min(job.attempts, 16), _LONGEST_PAUSE_SECONDS)})


@cache
def _deferring() -> procrastinate.App:
    """Writes jobs on connections of ours; it has none of its own."""
    return procrastinate.App(connector=procrastinate.PsycopgConnector())


async def defer_delivery(connection: AsyncConnection, delivery_id: str, turn: int, at: datetime | None) -> None:
    """Set the next attempt at a delivery, in the transaction of ``connection``; None: at once."""
    job = _deferring().configure_task(
        _DELIVER,
        queue=_QUEUE,
        lock=f"outbound:{delivery_id}",
        schedule_at=at,
        connection=await _driver_of(connection),
    )
    await job.defer_async(delivery_id=delivery_id, turn=turn)


async def defer_call(connection: AsyncConnection, mail_id: str, turn: int, at: datetime | None) -> None:
    """Set the next try of a mail to those on call, in the transaction of ``connection``; None: at once."""
    job = _deferring().configure_task(
        _CALL, queue=_CALLS, lock=f"call:{mail_id}", schedule_at=at, connection=await _driver_of(connection)
    )
    await job.defer_async(mail_id=mail_id, turn=turn)


async def _driver_of(connection: AsyncConnection) -> Driver[Any]:
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, Driver)
    return driver


async def run_jobs(url: str, attempts: Attempts, stopping: asyncio.Event, limits: JobLimits | None = None) -> None:
    """Make the attempts that are due until ``stopping`` is set; those under way are finished, within 20 s.

    Raises:
        Exception: the store is away; to be called again.
    """
    limits = limits or JobLimits()
    app = _performing(url, attempts)
    async with app.open_async():
        worker = asyncio.create_task(
            app.run_worker_async(
                queues=attempts.queues,
                concurrency=_AT_ONCE,
                # No NOTIFY is sent in the transaction of a fact (see notices.py): the worker looks by itself.
                listen_notify=False,
                fetch_job_polling_interval=limits.poll_seconds,
                delete_jobs="successful",
                install_signal_handlers=False,
                shutdown_graceful_timeout=_DRAIN_SECONDS,
                update_heartbeat_interval=limits.beat_seconds,
                stalled_worker_timeout=limits.silent_seconds,
            )
        )
        rescue = asyncio.create_task(_rescue(app, attempts.queues, limits))
        told = asyncio.create_task(stopping.wait())
        running = (worker, rescue, told)
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in running:
                task.cancel()
            ended = await asyncio.gather(*running, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, Exception):
            raise outcome


def _performing(url: str, attempts: Attempts) -> procrastinate.App:
    connector = procrastinate.PsycopgConnector(
        conninfo=url,
        min_size=1,
        max_size=_AT_ONCE + 2,
        kwargs={
            # The writer's rights, as every transaction of ours takes them.
            "options": "-c role=stafet_writer -c timezone=UTC",
            "application_name": "stafet jobs",
            "prepare_threshold": None,
        },
    )
    app = procrastinate.App(connector=connector)

    if (deliver := attempts.deliver) is not None:

        @app.task(name=_DELIVER, queue=_QUEUE, retry=_Backoff(), pass_context=True)
        async def perform(context: procrastinate.JobContext, *, delivery_id: str, turn: int) -> None:
            await deliver(delivery_id, turn, context.job.attempts)

    if (call := attempts.call) is not None:

        @app.task(name=_CALL, queue=_CALLS, retry=_Backoff(), pass_context=True)
        async def ring(context: procrastinate.JobContext, *, mail_id: str, turn: int) -> None:
            await call(mail_id, turn, context.job.attempts)

    return app


async def _rescue(app: procrastinate.App, queues: list[str], limits: JobLimits) -> None:
    """Give the jobs of dead workers to the living."""
    while True:
        stalled = [
            job
            for queue in queues
            for job in await app.job_manager.get_stalled_jobs(
                queue=queue, seconds_since_heartbeat=limits.silent_seconds
            )
        ]
        for job in stalled:
            # Another worker may have been quicker, or the job has ended after all.
            with contextlib.suppress(ConnectorException):
                await app.job_manager.retry_job(job)
        await app.job_manager.prune_stalled_workers(limits.silent_seconds)
        await asyncio.sleep(limits.beat_seconds)
