"""What one web process works with; bootstrap builds it, requests read it.

A value object of protocols: no part is looked up by type, and tests hand in fakes.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from fastapi import FastAPI
from starlette.requests import HTTPConnection

from services.observability import Metrics
from services.persistence.audit import AuditContext
from services.persistence.reading import ReadSession
from services.persistence.unit_of_work import Arrival, SqlUnitOfWork
from services.settings import Settings
from services.web.sessions import Sessions
from services.web.tokens import Tokens

__all__ = ["Database", "DomainClock", "Health", "Hub", "Rates", "Runtime", "runtime_of"]

_Command = TypeVar("_Command")
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What works right now."""

    postgres: bool
    migrated: bool
    redis: bool | None = None
    """None: this installation has no Redis. False: it has, and it is away; everything still works, more slowly."""

    @property
    def ready(self) -> bool:
        """True when requests can be served. Redis only degrades."""
        return self.postgres and self.migrated


class Database(Protocol):
    """The store, as requests use it."""

    async def run(
        self,
        audit: AuditContext,
        handler: Callable[[_Command, SqlUnitOfWork], Awaitable[_Result]],
        command: _Command,
        *,
        arriving: Arrival | None = None,
    ) -> _Result:
        """Run ``handler`` in one transaction as the writer; once more when it lost a race. Wakes feeds after COMMIT.

        What ``arriving`` tells of a message is asked in the same round trip that begins the transaction.
        """

    def reckoned(self) -> datetime:
        """Domain time as this process last knew it; a transaction's own ``now`` is what counts."""

    def reading(self, audit: AuditContext) -> AbstractAsyncContextManager[ReadSession]:
        """One repeatable-read transaction as the reader, under row-level security, audited as it ends."""

    async def audit_refusal(self, audit: AuditContext, status: int) -> None:
        """Note a refusal in a transaction of its own."""


class Hub(Protocol):
    """The live feed's fan-out in this process."""

    async def start(self) -> None:
        """Begin to listen for wake-ups."""

    async def stop(self) -> None:
        """Close every socket with 1012 and stop listening."""


class Rates(Protocol):
    """The limit on how often one client may ask."""

    async def count(self, client: str) -> None:
        """Count one request of ``client``.

        Raises:
            ThrottledError: it has made as many as it may for now.
        """


class DomainClock(Protocol):
    """Domain time: the real one, or in a demo the one that can be set."""

    async def now(self) -> datetime:
        """The present instant."""


async def _nothing() -> None:
    """There is nothing to let go of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """One web process."""

    settings: Settings
    clock: DomainClock
    database: Database
    hub: Hub
    tokens: Tokens
    sessions: Sessions
    rates: Rates
    metrics: Metrics
    health: Callable[[], Awaitable[Health]]
    """Asks the engines how they are; never raises."""
    wall: Callable[[], datetime]
    """The real clock."""
    advance_clock: Callable[[datetime], Awaitable[datetime]] | None = None
    """Demo mode only: set domain time, fire what falls due on the way, return the new time."""
    close: Callable[[], Awaitable[None]] = _nothing
    """Let go of every connection, once the hub has stopped."""


def runtime_of(connection: HTTPConnection) -> Runtime:
    """The runtime behind a request or socket."""
    app: FastAPI = connection.app
    runtime = app.state.runtime
    assert isinstance(runtime, Runtime)
    return runtime
