"""A web process with the live feed alone, on real PostgreSQL, Redis, uvicorn and sockets."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from pydantic import SecretStr
from typing_extensions import override
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus
from websockets.typing import Origin

from discharge.directory import Directory
from discharge.identifiers import PersonId, SorCode
from discharge.policy import Caller, Role
from notifications.budget import ShiftPlan
from notifications.entry import Addressed
from notifications.fanout import Hub
from notifications.interruptions import AlertBudgets
from notifications.ports import Carrier
from notifications.protocol import Limits
from notifications.redis_carrier import RedisCarrier
from notifications.tally import Tally
from notifications.wakeup import CarriedWakeups
from services.observability import Metrics
from services.persistence.audit import AuditContext
from services.persistence.browser_sessions import SqlSessionStore
from services.persistence.clock import wall_now
from services.persistence.database import Database, engine_for
from services.persistence.feeds import PostgresFeeds
from services.persistence.interruptions import SqlInterruptions
from services.persistence.master import put_organizations
from services.persistence.notices import PostgresCarrier
from services.persistence.tickets import Tickets
from services.persistence.unit_of_work import Arrival, SqlUnitOfWork
from services.persistence.vault import Vault
from services.settings import HttpSettings, Mode, SessionSettings, Settings, TokenSettings
from services.web.app import create_app
from services.web.live import LiveDesk, live_router
from services.web.rates import ClientRates
from services.web.runtime import Health, Runtime
from services.web.server import DrainingServer, server_for
from services.web.sessions import NewSession, Sessions
from services.web.tokens import Tokens, issue_demo_token, new_demo_key
from tests.engines import Database as TestDatabase
from tests.fakes_notifications import MUNICIPALITY, NORTH, addressed, small_denmark
from tests.waiting import PATIENCE, until

KEY = new_demo_key()
_Command = TypeVar("_Command")
_Result = TypeVar("_Result")


class NotingDatabase(Database):
    """The real store, which also remembers what it was asked to do."""

    commands: list[object]

    @override
    async def run(
        self,
        audit: AuditContext | None,
        handler: Callable[[_Command, SqlUnitOfWork], Awaitable[_Result]],
        command: _Command,
        *,
        arriving: Arrival | None = None,
    ) -> _Result:
        self.commands.append(command)
        return await super().run(audit, handler, command, arriving=arriving)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The running process, and what a test does to it."""

    settings: Settings
    server: DrainingServer
    database: NotingDatabase
    hub: Hub
    feeds: PostgresFeeds
    wakeups: CarriedWakeups
    tally: Tally
    sessions: Sessions
    carriers: Sequence[Callable[[], Carrier]]

    @property
    def origin(self) -> str:
        return self.settings.http.public_url

    def token(self, role: Role, organization: SorCode, unit: SorCode | None = None, *, seconds: float = 600) -> str:
        return issue_demo_token(
            self.settings.token,
            role=role,
            organization=organization,
            unit=unit,
            ttl=timedelta(seconds=seconds),
            now=wall_now(),
        )

    def address(self, query: str = "") -> str:
        return f"{self.origin.replace('http', 'ws')}/live{query}"

    def open(self, token: str | None = None, **more: Any) -> connect:
        """A socket of a system."""
        token = token or self.token(Role.HOME_NURSE, MUNICIPALITY, NORTH)
        return connect(
            self.address(), additional_headers={"authorization": f"Bearer {token}"}, compression=None, **more
        )

    def open_page(self, cookie: str, *, ticket: str | None, origin: str | None) -> connect:
        """A socket of a browser."""
        query = "" if ticket is None else f"?ticket={ticket}"
        headers = {"cookie": f"stafet={cookie}"}
        return connect(
            self.address(query),
            additional_headers=headers,
            origin=None if origin is None else Origin(origin),
            compression=None,
        )

    async def sign_in(self) -> NewSession:
        person = PersonId(f"nurse-{secrets.token_hex(4)}")
        caller = Caller(
            person_id=person, name="Mette Krog", role=Role.HOME_NURSE, organization=MUNICIPALITY, unit=NORTH
        )
        return await self.sessions.begin(caller)

    async def append(self, *feeds: str, wake: bool = True) -> None:
        """Commit entries in this process."""
        await self.write([addressed(feed) for feed in feeds or (NORTH,)], wake=wake)

    async def write(self, entries: Sequence[Addressed], *, wake: bool = True) -> None:
        heads = await self.feeds.append(entries)
        if wake:
            self.wakeups.publish(heads)

    @asynccontextmanager
    async def another_process(self) -> AsyncIterator[CarriedWakeups]:
        """The wake-ups of a process that has no sockets, such as the worker."""
        wakeups = CarriedWakeups([make() for make in self.carriers], tally=Tally())
        yield wakeups
        await wakeups.close()


@asynccontextmanager
async def live_house(
    database: TestDatabase,
    redis_url: str | None,
    *,
    limits: Limits | None = None,
    poll_seconds: float = 1.0,
    ticket_seconds: float = 30.0,
    register: Callable[[], Awaitable[Directory]] | None = None,
) -> AsyncIterator[House]:
    """The process, started and stopped."""
    settings = Settings(
        mode=Mode.DEMO,
        http=HttpSettings.model_validate({"public_url": f"http://127.0.0.1:{(port := free_port())}", "port": port}),
        token=TokenSettings(jwks=SecretStr(KEY.public), signing_key=SecretStr(KEY.private)),
        session=SessionSettings(),
    )
    store = NotingDatabase(
        engine_for(database.app_url), Vault(secrets.token_bytes(32), secrets.token_bytes(32)), access_days=30, demo=True
    )
    store.commands = []
    async with store.writing() as connection:
        await put_organizations(connection, small_denmark().organizations.values())
    carriers: list[Callable[[], Carrier]] = [lambda: PostgresCarrier(database.app_url)]
    if redis_url is not None:
        carriers.insert(0, lambda: RedisCarrier(redis_url))
    tally = Tally()
    wakeups = CarriedWakeups([make() for make in carriers], tally=tally, poll_seconds=poll_seconds)
    store.wakes(wakeups.publish)
    feeds = PostgresFeeds(store.writing)
    hub = Hub(feeds=feeds, wakeups=wakeups, limits=limits or Limits(), tally=tally, sweep_seconds=0.2)
    sessions = Sessions(SqlSessionStore(store.writing), settings.session, wall_now)

    async def healthy() -> Health:
        return Health(postgres=True, migrated=True)

    runtime = Runtime(
        settings=settings,
        clock=store,
        database=store,
        hub=hub,
        tokens=Tokens(settings.token, wall_now),
        sessions=sessions,
        rates=ClientRates(settings.rate, wall_now),
        metrics=Metrics.create(),
        health=healthy,
        wall=wall_now,
    )

    async def directory() -> Directory:
        if register is not None:
            return await register()
        return (await store.master()).directory

    tickets = Tickets(store.writing, wall=wall_now, life=timedelta(seconds=ticket_seconds))
    budgets = AlertBudgets(
        limit=settings.alerts.most_per_shift,
        plan=ShiftPlan(settings.alerts.shift_starts),
        store=SqlInterruptions(store.writing),
        now=store.reckoned,
    )
    desk = LiveDesk(hub=hub, tickets=tickets, directory=directory, budgets=budgets)
    app = create_app(runtime, [live_router(desk)])
    server = server_for(app, runtime)
    serving = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        yield House(
            settings=settings,
            server=server,
            database=store,
            hub=hub,
            feeds=feeds,
            wakeups=wakeups,
            tally=tally,
            sessions=sessions,
            carriers=carriers,
        )
    finally:
        server.should_exit = True
        await serving
        await wakeups.close()
        await store.engine.dispose()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


async def say(client: ClientConnection, **frame: object) -> None:
    await client.send(json.dumps(frame))


async def next_frame(client: ClientConnection, *, within: float = PATIENCE) -> dict[str, Any]:
    async with asyncio.timeout(within):
        frame: dict[str, Any] = json.loads(await client.recv())
        return frame


async def next_entry(client: ClientConnection, *, within: float = PATIENCE) -> int:
    while True:
        frame = await next_frame(client, within=within)
        if frame["type"] == "entry":
            offset: int = frame["offset"]
            return offset


async def follow(client: ClientConnection, **fields: object) -> dict[str, Any]:
    await say(client, type="follow", feed="default", **fields)
    return await next_frame(client)


async def closing(client: ClientConnection, *, within: float = PATIENCE) -> tuple[int | None, str | None]:
    """The code and reason that the server closes with."""
    async with asyncio.timeout(within):
        await client.wait_closed()
    return client.close_code, client.close_reason


async def refused(opening: connect) -> int:
    """The status with which the opening is refused."""
    with pytest.raises(InvalidStatus) as caught:
        await opening
    return caught.value.response.status_code
