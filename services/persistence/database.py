"""PostgreSQL as requests use it: who may read what is set inside every transaction, by role.

``stafet_reader`` and ``stafet_writer`` are taken on with ``set_config(…, true)``, so nothing of one
request is left on the connection for the next.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

import uuid_utils
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from discharge.directory import Directory
from discharge.identifiers import FeedId
from discharge.policy import Caller
from services.persistence.audit import AuditContext, audit_row
from services.persistence.clock import set_ahead, wall_now
from services.persistence.master import MASTER_VERSION, Master, read_master
from services.persistence.pipeline import Batch, Conversation
from services.persistence.reading import ReadSession
from services.persistence.tables import AuditRow
from services.persistence.unit_of_work import Arrival, Repositories, SqlUnitOfWork
from services.persistence.vault import Vault

__all__ = ["Database", "Wake", "engine_for", "new_id", "watching_engine_for"]

_READER: Final = "stafet_reader"
_WRITER: Final = "stafet_writer"
_NEVER_BY_ITSELF: Final = 2**31 - 1
_LOST_RACES: Final = frozenset({"40001", "40P01"})
"""Serialization failure and deadlock: PostgreSQL asks to try again."""
_ENTER: Final = """
    SELECT facts.master, facts.ahead,
           set_config('role', %(role)s, true), set_config('stafet.organizations', %(organizations)s, true),
           set_config('stafet.classes', %(classes)s, true), set_config('stafet.leads', %(leads)s, true),
           set_config('stafet.caller_role', %(caller_role)s, true),
           set_config('stafet.now', (%(wall)s::timestamptz + facts.ahead)::text, true)
    FROM (SELECT (SELECT value FROM meta WHERE key = %(master)s) AS master,
                 CASE WHEN %(demo)s THEN (SELECT ahead FROM demo_clock WHERE id = 1) END AS known) AS read,
         LATERAL (SELECT read.master, coalesce(read.known, '0') AS ahead) AS facts
    """

_Command = TypeVar("_Command")
_Result = TypeVar("_Result")


class Wake(Protocol):
    """Told after a commit which feeds have grown; must return at once and never fail."""

    def __call__(self, heads: Mapping[FeedId, int], /) -> None:
        """Tell every process."""


def watching_engine_for(url: str, *, timeout: float = 5.0) -> AsyncEngine:
    """An engine whose sessions are the writer's from their start, each statement a transaction of its own."""
    return engine_for(url, pool_size=1, overflow=3, timeout=timeout, role=_WRITER, autocommit=True)


def new_id() -> str:
    """A fresh time-ordered id (UUID version 7): rows of one time lie together."""
    return str(uuid_utils.uuid7())


def engine_for(
    url: str,
    *,
    pool_size: int = 10,
    overflow: int = 10,
    timeout: float = 5.0,
    role: str | None = None,
    autocommit: bool = False,
) -> AsyncEngine:
    """An engine on psycopg 3 for ``postgresql://…``; every session speaks UTC."""
    driver = "postgresql+psycopg://" + url.split("://", 1)[1]
    return create_async_engine(
        driver,
        pool_size=pool_size,
        max_overflow=overflow,
        pool_timeout=timeout,
        pool_pre_ping=False,
        # Statements may carry what describes a citizen: an error must not repeat it into a log.
        hide_parameters=True,
        pool_recycle=1800,
        connect_args={
            "options": f"-c timezone=UTC -c application_name=stafet{'' if role is None else f' -c role={role}'}",
            # Only what asks for it: a plan that outlives a migration of the table under it may fail.
            "prepare_threshold": _NEVER_BY_ITSELF,
            "autocommit": autocommit,
        },
        **({"isolation_level": "AUTOCOMMIT"} if autocommit else {}),
    )


class Database:
    """The store. One per process."""

    def __init__(
        self,
        engine: AsyncEngine,
        vault: Vault,
        *,
        access_days: int,
        demo: bool,
        wake: Wake | None = None,
        watching: AsyncEngine | None = None,
        base_url: str = "https://stafet.invalid/fhir",
    ) -> None:
        self.engine = engine
        self._base_url = base_url
        self._watching = watching
        self.vault = vault
        self.demo = demo
        self._access_days = access_days
        self._wake = wake
        self._timed: Callable[[str, float], None] | None = None
        self._master = Master()
        self._ahead = timedelta()

    def times(self, timed: Callable[[str, float], None]) -> None:
        """Tell ``timed`` from now on which command took how many seconds from its start to its commit."""
        self._timed = timed

    def wakes(self, wake: Wake) -> None:
        """Tell ``wake`` after every commit from now on."""
        self._wake = wake

    async def run(
        self,
        audit: AuditContext | None,
        handler: Callable[[_Command, SqlUnitOfWork], Awaitable[_Result]],
        command: _Command,
        *,
        arriving: Arrival | None = None,
    ) -> _Result:
        """Run ``handler`` in one transaction as the writer; once more when it lost a race. Wakes feeds after COMMIT.

        What ``arriving`` tells of a message is asked in the same round trip that begins the transaction.
        """
        began = time.perf_counter()
        try:
            result = await self._run_once(audit, handler, command, arriving)
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", None) not in _LOST_RACES:
                raise
            result = await self._run_once(audit, handler, command, arriving)
        if self._timed is not None:
            name = handler.__name__.replace("_", "-") if audit is None else audit.action
            self._timed(name, time.perf_counter() - began)
        return result

    async def _run_once(
        self,
        audit: AuditContext | None,
        handler: Callable[[_Command, SqlUnitOfWork], Awaitable[_Result]],
        command: _Command,
        arriving: Arrival | None,
    ) -> _Result:
        async with self.unit_of_work(audit, arriving=arriving) as uow:
            result = await handler(command, uow)
        if uow.heads and self._wake is not None:
            self._wake(uow.heads)
            # The sockets first: they read while the answer is being written.
            await asyncio.sleep(0)
        return result

    @asynccontextmanager
    async def unit_of_work(
        self, audit: AuditContext | None, *, arriving: Arrival | None = None
    ) -> AsyncIterator[SqlUnitOfWork]:
        """One transaction as the writer; leaving it without ``commit`` rolls back."""
        async with self.engine.connect() as connection:
            repositories = Repositories(connection, self.vault, new_id)
            if arriving is not None:
                repositories.foresee(arriving)
            now, master = await self._enter(connection, _WRITER, None, repositories.talk)
            uow = SqlUnitOfWork(
                repositories,
                master=master,
                now=now,
                access_days=self._access_days,
                audit=audit,
                base_url=self._base_url,
            )
            try:
                yield uow
            except BaseException:  # a cancelled request has reached its stays all the same
                if audit is not None:
                    audit.reached.update(uow.reached)
                raise

    @asynccontextmanager
    async def reading(self, audit: AuditContext) -> AsyncIterator[ReadSession]:
        """One repeatable-read transaction as the reader, under row-level security, audited as it ends."""
        async with self.engine.connect() as raw:
            connection = await raw.execution_options(isolation_level="REPEATABLE READ")
            now, master = await self._enter(connection, _READER, audit.caller)
            session = ReadSession(connection, vault=self.vault, master=master, now=now, caller=audit.caller)
            yield session
            batch = Batch()
            row = audit_row(audit, outcome=200, stays=session.seen, audit_id=new_id())
            batch.insert(AuditRow, [row])
            await batch.commit(connection)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A bare transaction as the writer, for what is no citizen's: sessions, tickets, feeds; commits at the end."""
        async with self.engine.connect() as connection:
            await self._enter(connection, _WRITER, None)
            yield connection
            await connection.commit()

    @asynccontextmanager
    async def past(self) -> AsyncIterator[AsyncConnection]:
        """A bare transaction as the writer that cannot write: for what must count over everybody's stays."""
        async with self.writing() as connection:
            await connection.execute(text("SET TRANSACTION READ ONLY"))
            yield connection

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[AsyncConnection]:
        """A connection as the writer without a transaction around it: for single questions that must be quick."""
        if self._watching is None:
            async with self.writing() as connection:
                yield connection
        else:
            async with self._watching.connect() as connection:
                yield connection

    async def close(self) -> None:
        """Let go of every connection."""
        await self.engine.dispose()
        if self._watching is not None:
            await self._watching.dispose()

    async def audit_refusal(self, audit: AuditContext, status: int) -> None:
        """Note a refusal in a transaction of its own, with the stays that the request had reached."""
        async with self.writing() as connection:
            row = audit_row(audit, outcome=status, stays=sorted(audit.reached), audit_id=new_id())
            await connection.execute(insert(AuditRow), row)

    def reckoned(self) -> datetime:
        """Domain time as this process last knew it; a transaction's own ``now`` is what counts."""
        return wall_now() + self._ahead

    async def now(self) -> datetime:
        """Domain time as it stands."""
        async with self.engine.connect() as connection:
            return (await self._enter(connection, _WRITER, None))[0]

    async def move_clock(self, target: datetime) -> None:
        """Demo mode only: set domain time to ``target`` for every process."""
        async with self.writing() as connection:
            await set_ahead(connection, target - wall_now())

    async def master(self) -> Master:
        """Organisations and agreements as they stand."""
        async with self.engine.connect() as connection:
            return (await self._enter(connection, _WRITER, None))[1]

    async def _enter(
        self, connection: AsyncConnection, role: str, caller: Caller | None, talk: Conversation | None = None
    ) -> tuple[datetime, Master]:
        """Take on ``role`` for this transaction; return domain time and the master data that its rights come from."""
        # Held on to: while this transaction waits for the store, another may bring newer ones or older ones.
        master = self._master
        wall = wall_now()
        constant = {"role": role, "master": MASTER_VERSION, "demo": self.demo, "wall": wall}
        talk = talk or Conversation(connection)
        row = (await talk.ask(_ENTER, {**constant, **_rights(caller, master.directory)}))[0]
        if row["master"] != master.version:
            master = self._master = await read_master(connection, row["master"])
            await talk.ask(_ENTER, {**constant, **_rights(caller, master.directory)})
        self._ahead = row["ahead"]
        return wall + self._ahead, master


def _rights(caller: Caller | None, directory: Directory) -> dict[str, str]:
    """What row-level security is told of ``caller``."""
    if caller is None:
        return {"organizations": "", "classes": "", "leads": "", "caller_role": ""}
    return {
        "organizations": ",".join(caller.scope(directory)) if caller.acting in directory else "",
        "classes": ",".join(sorted(caller.readable_classes(directory))),
        "leads": caller.leads() or "",
        "caller_role": caller.role.value,
    }
