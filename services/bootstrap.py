"""The composition root: settings to engine, feeds, wake-ups, app. The only place that chooses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from fastapi import APIRouter, FastAPI

from discharge.directory import Directory
from notifications.budget import ShiftPlan
from notifications.fanout import Hub
from notifications.interruptions import AlertBudgets
from notifications.outbound import ResendRules
from notifications.ports import Carrier
from notifications.tally import Tally
from notifications.wakeup import CarriedWakeups
from services import fhir_api
from services.agreements import pages as agreements
from services.agreements import score_pages as score
from services.agreements.try_pages import TrialDesk, trying_router
from services.gp import pages as gp
from services.hospital import begin, inbox
from services.hospital import pages as hospital
from services.memory import collect_seldom
from services.municipality import pages as municipality
from services.observability import Metrics
from services.operator import alert_pages, message_pages
from services.operator import pages as operator
from services.operator.judging import judging_router
from services.persistence.browser_sessions import SqlSessionStore
from services.persistence.checks import refuse_unsafe
from services.persistence.clock import wall_now
from services.persistence.database import Database, engine_for, watching_engine_for
from services.persistence.deliveries import SqlBook
from services.persistence.demo_clock import advance_clock
from services.persistence.feeds import PostgresFeeds
from services.persistence.interruptions import SqlInterruptions
from services.persistence.notices import PostgresCarrier
from services.persistence.system_clients import SqlSystemClients
from services.persistence.tickets import Tickets
from services.persistence.vault import Vault
from services.settings import Settings
from services.stays import conversation_pages as conversations
from services.stays import decide_pages, medicine_lists, medicine_pages, medicine_stays
from services.stays import document_pages as documents
from services.stays import pages as stays
from services.stays.medicine.catalogue import catalogue_of
from services.web.app import create_app as web_app
from services.web.health import Checkup
from services.web.live import LiveDesk, limits_from, live_router
from services.web.runtime import Runtime
from services.web.sessions import Sessions
from services.web.signin import signin_router
from services.web.token_endpoint import token_router
from services.web.tokens import Tokens

if TYPE_CHECKING:
    from services.persistence.jobs import Attempt
    from services.web.rates import ClientRates

__all__ = [
    "Installation",
    "create_app",
    "database_for",
    "migrate",
    "run_worker",
    "runtime_for",
]


def database_for(settings: Settings) -> Database:
    """The store that ``settings`` describe; nobody is woken yet."""
    pool = settings.database
    engine = engine_for(
        pool.app_url(), pool_size=pool.pool_size, overflow=pool.pool_overflow, timeout=pool.pool_timeout_seconds
    )
    vault = Vault(settings.keys.master_bytes(), settings.keys.index_bytes())
    return Database(
        engine,
        vault,
        access_days=settings.retention.access_days_after_end,
        demo=settings.is_demo,
        watching=watching_engine_for(pool.app_url(), timeout=pool.pool_timeout_seconds),
        base_url=f"{settings.http.public_url.rstrip('/')}/fhir",
    )


@dataclass(frozen=True, slots=True)
class Installation:
    """One process's parts, and how to let go of them."""

    database: Database
    wakeups: CarriedWakeups
    metrics: Metrics
    tally: Tally
    ping: Callable[[], Awaitable[object]] | None = None
    """Asks Redis whether it answers; None: this installation has none."""

    @classmethod
    def of(cls, settings: Settings) -> Installation:
        """The parts that ``settings`` describe; commits of this process wake all others."""
        metrics = Metrics.create()
        tally = Tally(metrics.count_live)
        redis = settings.redis.address()
        carriers: list[Carrier] = [PostgresCarrier(settings.database.app_url())]
        ping: Callable[[], Awaitable[object]] | None = None
        if redis is not None:
            from notifications.redis_carrier import RedisCarrier  # noqa: PLC0415 - only who has Redis pays for its client

            carrier = RedisCarrier(redis)
            carriers.insert(0, carrier)
            ping = carrier.ping
        wakeups = CarriedWakeups(carriers, tally=tally, poll_seconds=settings.poll.feeds_seconds)
        database = database_for(settings)
        database.wakes(wakeups.publish)
        database.times(metrics.time_command)
        return cls(database, wakeups, metrics, tally, ping)

    async def close(self) -> None:
        """Let go of every connection."""
        await self.wakeups.close()
        await self.database.close()


def runtime_for(settings: Settings, parts: Installation, hub: Hub) -> Runtime:
    """What the requests of a web process work with."""
    database = parts.database
    rates = _rates_for(settings)

    async def close() -> None:
        await rates.close()
        await parts.close()

    return Runtime(
        settings=settings,
        clock=database,
        database=database,
        hub=hub,
        tokens=Tokens(settings.token, wall_now),
        sessions=Sessions(SqlSessionStore(database.writing), settings.session, wall_now),
        rates=rates,
        metrics=parts.metrics,
        health=Checkup(database.engine, parts.ping),
        wall=wall_now,
        close=close,
        advance_clock=(lambda target: advance_clock(database, target)) if settings.is_demo else None,
    )


def _rates_for(settings: Settings) -> ClientRates:
    from services.web.rates import ClientRates, SharedCounts  # noqa: PLC0415 - what it counts with is slow to import

    shared: SharedCounts | None = None
    redis = settings.redis.address()
    if redis is not None:
        from services.web.redis_rates import RedisCounts  # noqa: PLC0415 - only who has Redis pays for its client

        shared = RedisCounts(redis)
    return ClientRates(settings.rate, wall_now, shared)


def create_app(settings: Settings) -> FastAPI:
    """One web process's app, with every door.

    Raises:
        UnsafeDatabaseError: in production, the store could lose what it has confirmed.
        SettingsError: the catalogue of medicine cannot be read.
    """
    _require_safe(settings)
    catalogue_of(settings.medicine.catalogue)
    parts = Installation.of(settings)
    database = parts.database
    hub = Hub(
        feeds=PostgresFeeds(database.writing, database.watching),
        wakeups=parts.wakeups,
        limits=limits_from(settings.live),
        tally=parts.tally,
    )
    runtime = runtime_for(settings, parts, hub)
    desk = LiveDesk(
        hub=hub,
        tickets=Tickets(database.writing, wall=wall_now, life=timedelta(seconds=settings.live.ticket_seconds)),
        directory=lambda: _directory(database),
        budgets=AlertBudgets(
            limit=settings.alerts.most_per_shift,
            plan=ShiftPlan(settings.alerts.shift_starts),
            store=SqlInterruptions(database.writing),
            now=database.reckoned,
        ),
    )
    doors = [*_doors(desk, TrialDesk(database))]
    if settings.own_token_url is not None:
        doors.append(token_router(SqlSystemClients(database.writing)))
    return web_app(runtime, doors)


def _doors(desk: LiveDesk, trials: TrialDesk) -> Sequence[APIRouter]:
    """Every door of the house."""
    return (
        inbox.router,
        fhir_api.router,
        live_router(desk),
        signin_router(desk.directory),
        hospital.router,
        begin.router,
        municipality.router,
        gp.router,
        conversations.router,
        documents.router,
        decide_pages.router,
        medicine_lists.router,
        medicine_pages.router,
        medicine_stays.router,
        stays.router,
        agreements.router,
        score.router,
        trying_router(trials),
        operator.router,
        message_pages.router,
        alert_pages.router,
        judging_router(inbox.judge_again),
    )


async def _directory(database: Database) -> Directory:
    return (await database.master()).directory


def run_worker(settings: Settings) -> None:
    """Run one worker until it is told to stop.

    Raises:
        UnsafeDatabaseError: in production, the store could lose what it has confirmed.
    """
    _require_safe(settings)
    asyncio.run(_work(settings))


def _require_safe(settings: Settings) -> None:
    """No yes is given on a store that may forget it. A demo's store may: its data are invented."""
    if not settings.is_demo:
        asyncio.run(_refuse_unsafe(settings))


async def _refuse_unsafe(settings: Settings) -> None:
    engine = engine_for(settings.database.app_url())
    try:
        async with engine.connect() as connection:
            await refuse_unsafe(connection)
    finally:
        await engine.dispose()


async def _work(settings: Settings) -> None:
    from services.gateway import HttpGateway  # noqa: PLC0415 - a web process sends nothing outside
    from services.worker import Worker, posting  # noqa: PLC0415 - nor does it work jobs

    parts = Installation.of(settings)
    collect_seldom()
    gateway = settings.gateway
    rules = ResendRules(wait=timedelta(minutes=gateway.resend_minutes), most=gateway.max_resends)
    try:
        async with HttpGateway(gateway) as outside:
            post = posting(SqlBook(parts.database, rules), outside, parts.metrics)
            await Worker(parts.database, settings, parts.metrics, post, _calling(settings, parts)).run()
    finally:
        await parts.close()


def _calling(settings: Settings, parts: Installation) -> Attempt | None:
    if settings.smtp.host is None:
        return None
    from services.mail import SmtpChannel  # noqa: PLC0415 - only who mails pays for its client
    from services.persistence.call_book import SqlCalls  # noqa: PLC0415 - as above
    from services.worker import calling  # noqa: PLC0415 - a web process works no jobs

    return calling(SqlCalls(parts.database, settings.http.public_url), SmtpChannel(settings.smtp), parts.metrics)


def migrate(settings: Settings) -> None:
    """Bring the schema up to date; old processes may go on meanwhile."""
    from services.persistence.migrate import upgrade  # noqa: PLC0415 - slow to import, and web processes never migrate

    upgrade(settings.database.migration_url())
