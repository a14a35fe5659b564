"""Stands-in for the parts of a web process, and a client for its app."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import httpx
from fastapi import APIRouter, FastAPI
from pydantic import SecretStr

from discharge.identifiers import PersonId, SorCode
from discharge.policy import Caller, Role
from services.observability import Metrics
from services.persistence.audit import AuditContext
from services.persistence.browser_sessions import SessionRow
from services.persistence.reading import ReadSession
from services.persistence.unit_of_work import Arrival, SqlUnitOfWork
from services.settings import HttpSettings, Mode, SessionSettings, Settings, TokenSettings
from services.web.app import create_app
from services.web.rates import ClientRates
from services.web.runtime import Health, Runtime
from services.web.sessions import Sessions
from services.web.tokens import Tokens, issue_demo_token, new_demo_key

HOSPITAL = SorCode("265161000016000")
WARD = SorCode("265161000016001")
ODENSE = SorCode("329341000016003")

KEY = new_demo_key()
_Command = TypeVar("_Command")
_Result = TypeVar("_Result")


@dataclass
class SettableClock:
    """A real clock or a domain clock that a test moves."""

    instant: datetime = datetime(2026, 11, 20, 10, 40, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.instant

    async def now(self) -> datetime:
        return self.instant

    def pass_(self, span: timedelta) -> None:
        self.instant += span


@dataclass
class MemorySessionStore:
    """Sessions in a dict."""

    rows: dict[bytes, SessionRow] = field(default_factory=dict)

    async def add(self, row: SessionRow) -> None:
        self.rows[row.id_hash] = row

    async def find(self, id_hash: bytes) -> SessionRow | None:
        return self.rows.get(id_hash)

    async def touch(self, id_hash: bytes, at: datetime) -> None:
        self.rows[id_hash] = replace(self.rows[id_hash], last_seen_at=at)

    async def remove(self, id_hash: bytes) -> None:
        self.rows.pop(id_hash, None)

    async def remove_ended(self, *, before: datetime, idle_since: datetime) -> None:
        for row in list(self.rows.values()):
            if row.expires_at <= before or row.last_seen_at <= idle_since:
                del self.rows[row.id_hash]


@dataclass
class FakeDatabase:
    """Answers as it was told and remembers refusals."""

    refusals: list[tuple[AuditContext, int]] = field(default_factory=list)
    failure: Exception | None = None
    sessions: list[ReadSession] = field(default_factory=list)

    async def run(
        self,
        audit: AuditContext,
        handler: Callable[[_Command, SqlUnitOfWork], Awaitable[_Result]],
        command: _Command,
        *,
        arriving: Arrival | None = None,
    ) -> _Result:
        raise self.failure or AssertionError(audit, handler, command, arriving)

    def reckoned(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - what it says decides nothing here

    @asynccontextmanager
    async def reading(self, audit: AuditContext) -> AsyncIterator[ReadSession]:
        if self.failure is not None:
            raise self.failure
        for session in self.sessions:
            yield session
            return
        raise AssertionError(audit)

    async def audit_refusal(self, audit: AuditContext, status: int) -> None:
        self.refusals.append((audit, status))


@dataclass
class FakeHub:
    """Notes that it was started and stopped."""

    calls: list[str] = field(default_factory=list)

    async def start(self) -> None:
        self.calls.append("start")

    async def stop(self) -> None:
        self.calls.append("stop")


def settings_for(mode: Mode = Mode.DEMO, **http: object) -> Settings:
    return Settings(
        mode=mode,
        http=HttpSettings.model_validate({"public_url": "http://localhost:8000", **http}),
        token=TokenSettings(jwks=SecretStr(KEY.public), signing_key=SecretStr(KEY.private)),
        session=SessionSettings(),
    )


@dataclass
class Stage:
    """A runtime of doubles, and what they saw."""

    settings: Settings = field(default_factory=settings_for)
    wall: SettableClock = field(default_factory=SettableClock)
    clock: SettableClock = field(default_factory=SettableClock)
    database: FakeDatabase = field(default_factory=FakeDatabase)
    hub: FakeHub = field(default_factory=FakeHub)
    store: MemorySessionStore = field(default_factory=MemorySessionStore)
    advanced: list[datetime] = field(default_factory=list)
    state: Health = field(default_factory=lambda: Health(postgres=True, migrated=True, redis=True))

    @property
    def sessions(self) -> Sessions:
        return Sessions(self.store, self.settings.session, self.wall)

    def runtime(self) -> Runtime:
        return Runtime(
            settings=self.settings,
            clock=self.clock,
            database=self.database,
            hub=self.hub,
            tokens=Tokens(self.settings.token, self.wall),
            sessions=self.sessions,
            rates=ClientRates(self.settings.rate, self.wall),
            metrics=Metrics.create(),
            health=self._health,
            wall=self.wall,
            advance_clock=self._advance,
        )

    async def _advance(self, target: datetime) -> datetime:
        self.advanced.append(target)
        self.clock.instant = target
        return target

    async def _health(self) -> Health:
        return self.state

    def app(self, *routers: APIRouter) -> FastAPI:
        return create_app(self.runtime(), routers)

    def token(self, role: Role, organization: SorCode, unit: SorCode | None = None, **ttl: float) -> str:
        return issue_demo_token(
            self.settings.token,
            role=role,
            organization=organization,
            unit=unit,
            ttl=timedelta(**ttl) if ttl else timedelta(hours=1),
            now=self.wall(),
        )

    def bearer(self, role: Role, organization: SorCode, unit: SorCode | None = None) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(role, organization, unit)}"}


def client_of(app: FastAPI, base_url: str = "http://localhost:8000") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base_url)


def caller(role: Role = Role.HOME_NURSE, organization: SorCode = ODENSE) -> Caller:
    return Caller(person_id=PersonId("p1"), name="Mette Krog", role=role, organization=organization)
