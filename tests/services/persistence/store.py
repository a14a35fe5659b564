"""A real store with the little Denmark of tests.factories in it, and the questions tests ask it past our own code."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from discharge.commands import Envelope, Issue, Receipt, ReceiveNotice, RefuseMessage
from discharge.handlers import begin_stay, move_task, receive_notice, refuse_message, revise_plan
from discharge.identifiers import CprNumber, FeedId
from discharge.patient import Patient
from discharge.policy import Caller, Role
from discharge.stay import NoticeKind
from discharge.task import HandoverTask, Move
from services.persistence.audit import AuditContext
from services.persistence.clock import wall_now
from services.persistence.database import Database, engine_for, watching_engine_for
from services.persistence.master import put_agreement, put_organizations
from services.persistence.people import put_patient
from services.persistence.reading import ReadSession
from services.persistence.unit_of_work import Arrival
from services.persistence.vault import Vault
from tests import engines, factories

_Command = TypeVar("_Command")
_Result = TypeVar("_Result")

HOUR: Final = timedelta(hours=1)
VAULT: Final = Vault(b"m" * 32, b"i" * 32)
OPERATOR: Final = factories.caller(Role.OPERATOR, factories.MUNICIPALITY)


def audit(caller: Caller, *, action: str = "test") -> AuditContext:
    """Who asks, through a door of the tests."""
    return AuditContext(caller=caller, request_id="request", action=action, route="/test")


def cpr(number: int) -> CprNumber:
    """One of many citizens' numbers."""
    return CprNumber.parse(f"0101{50 + number // 1000:02d}{number % 1000:04d}")


@dataclass
class Store:
    """One process's ``Database`` on a database of the tests."""

    urls: engines.Database
    database: Database
    woken: list[Mapping[FeedId, int]] = field(default_factory=list)

    async def run(
        self,
        handler: Callable[[_Command, Any], Awaitable[_Result]],
        command: _Command,
        *,
        caller: Caller | None = None,
    ) -> _Result:
        """Run a handler as the command's own caller, or as ``caller``."""
        who = caller or getattr(command, "caller", None)
        return await self.database.run(None if who is None else audit(who), handler, command)

    @asynccontextmanager
    async def reading(self, caller: Caller) -> AsyncIterator[ReadSession]:
        """One read as ``caller``."""
        async with self.database.reading(audit(caller)) as session:
            yield session

    def rows(self, query: str, **parameters: object) -> list[dict[str, Any]]:
        """What a superuser sees, past every wall."""
        with psycopg.connect(self.urls.admin_url, row_factory=dict_row, autocommit=True) as connection:
            cursor = connection.execute(query.encode(), parameters)
            return [] if cursor.description is None else cursor.fetchall()

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        names = [row["relname"] for row in self.rows("SELECT relname FROM pg_stat_user_tables ORDER BY relname")]
        with psycopg.connect(self.urls.admin_url) as connection:
            found = {}
            for name in names:
                row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchone()
                assert row is not None
                found[name] = int(row[0])
            return found

    async def receive(self, command: ReceiveNotice) -> Receipt:
        """A message comes in, announced to the store as the inbox does it."""
        arrival = Arrival(envelope=command.envelope, cpr=command.notice.cpr)
        return await self.database.run(audit(command.caller), receive_notice, command, arriving=arrival)

    async def refuse(self, cpr: CprNumber | None, sent: Envelope, *, client: Caller | None = None) -> Receipt:
        """A message comes in that breaks a rule."""
        issue = Issue(severity="error", code="invalid", rule="rule", text="It breaks a rule.")
        command = RefuseMessage(caller=client or factories.record_system(), envelope=sent, issues=(issue,), cpr=cpr)
        return await self.database.run(
            audit(command.caller), refuse_message, command, arriving=Arrival(envelope=sent, cpr=cpr)
        )

    async def admit(self, **changes: object) -> None:
        """A STIN about the citizen, asking for a report."""
        await self.receive(factories.receive(factories.notice(**{"report_requested": True, **changes})))  # type: ignore[arg-type] # the test says which

    async def send_home(self, **changes: object) -> None:
        """An SLHJ about the citizen."""
        await self.receive(factories.receive(factories.notice(NoticeKind.SLHJ, **changes)))

    async def task(self, caller: Caller, code: str) -> HandoverTask:
        """The task with ``code`` as ``caller`` reads it."""
        from services.persistence.fhir_reads import tasks  # noqa: PLC0415 - only who asks needs it
        from services.persistence.task_query import TaskQuery  # noqa: PLC0415 - as above

        async with self.reading(caller) as session:
            found = await tasks(session, TaskQuery(codes=frozenset({code})))
        (one,) = found.found
        return one.task

    async def move(self, caller: Caller, task: HandoverTask, what: Move, **changes: object) -> HandoverTask:
        """``caller`` does something to ``task``."""
        return await self.run(move_task, factories.move(caller, task, what, **changes))

    async def begin(self, **changes: object) -> Any:
        """The ward begins a stay by hand."""
        return await self.run(begin_stay, factories.begin_by_hand(**changes))

    async def revise(self, stay_id: Any, **changes: object) -> Any:
        """The ward says something."""
        return await self.run(revise_plan, factories.revise(stay_id, **changes))


@asynccontextmanager
async def store_on(
    urls: engines.Database, *, patients: Iterable[Patient] = (), demo: bool = True, vault: Vault = VAULT
) -> AsyncIterator[Store]:
    """A process on ``urls``, seeded when nobody has done so; its clock stands at ``factories.NOW`` in demo mode."""
    engine, watching = engine_for(urls.app_url), watching_engine_for(urls.app_url)
    store = Store(urls, Database(engine, vault, access_days=30, demo=demo, watching=watching))
    store.database.wakes(store.woken.append)
    try:
        if not (await store.database.master()).directory.organizations:
            async with store.database.writing() as connection:
                await put_organizations(connection, factories.directory().organizations.values())
                await put_agreement(connection, factories.small_document())
                for patient in patients:
                    await put_patient(connection, vault, patient)
            if demo:
                await store.database.move_clock(factories.NOW)
        yield store
    finally:
        await store.database.close()


def real_time() -> Any:
    """The machine's own clock."""
    return wall_now()
