"""Several statements in one round trip, on the driver under SQLAlchemy's connection.

A transaction of ours is short in work and long in statements; each of them waited for would cost more
than all of them do. So what a command is known to need is asked ahead, together with the transaction's
first question, and everything that it decides is written at the end: one statement for the new rows of
all tables. Rows are sent as one JSON parameter per table, so that a statement's text never depends on
how many there are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.tables import Base

__all__ = ["Batch", "Conversation", "Query", "Rows", "as_json", "ask", "ask_all"]

Query = tuple[str, Mapping[str, Any]]
"""A statement of ours with its parameters by name."""
Rows = list[DictRow]


async def ask(connection: AsyncConnection, statement: str, parameters: Mapping[str, Any]) -> Rows:
    """The rows of one statement."""
    return (await ask_all(connection, [(statement, parameters)]))[0]


async def ask_all(connection: AsyncConnection, queries: Sequence[Query]) -> list[Rows]:
    """The rows of each statement, run in their order; one that returns none has an empty list.

    Raises:
        sqlalchemy.exc.DBAPIError: one of them failed, and with it the transaction.
    """
    async with _driver_of(connection) as driver:
        return await _sent(driver, queries, commit=False)


class Conversation:
    """The questions of one transaction, some of them asked before anybody needs the answer."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self._foreseen: list[Query] = []
        self._remembered: list[tuple[Query, Rows]] = []

    def foresee(self, statement: str, parameters: Mapping[str, Any]) -> None:
        """Send this question right behind the next one, in the same round trip; who asks it later has the answer."""
        self._foreseen.append((statement, parameters))

    async def ask(self, statement: str, parameters: Mapping[str, Any]) -> Rows:
        """The rows of one statement; a remembered answer is given once.

        Raises:
            sqlalchemy.exc.DBAPIError: it failed, or one that was sent along; the transaction is lost.
        """
        query = (statement, parameters)
        for place, (known, rows) in enumerate(self._remembered):
            if known == query:
                del self._remembered[place]
                return rows
        foreseen, self._foreseen = self._foreseen, []
        first, *others = await ask_all(self.connection, [query, *foreseen])
        self._remembered += zip(foreseen, others, strict=True)
        return first

    async def ask_all(self, queries: Sequence[Query]) -> list[Rows]:
        """The rows of each statement, run in their order."""
        return await ask_all(self.connection, queries)

    def forget(self) -> None:
        """Drop the remembered answers: somebody else has written meanwhile what they were about."""
        self._remembered.clear()


@dataclass(frozen=True, slots=True)
class _Writing:
    """New rows of one table, to be written together with those of others."""

    table: Table
    columns: tuple[str, ...]
    replacing: bool
    rows: str


class Batch:
    """Rows and statements gathered during a transaction, sent with its COMMIT."""

    def __init__(self) -> None:
        self._parts: list[Query | _Writing] = []

    def insert(self, row_class: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
        """Add ``rows``, all of the same columns."""
        self._add(row_class, rows, replacing=False)

    def upsert(self, row_class: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
        """Add ``rows``, or replace those that bear the same primary key."""
        self._add(row_class, rows, replacing=True)

    def add(self, statement: str, parameters: Mapping[str, Any]) -> None:
        """Add a statement of its own."""
        self._parts.append((statement, parameters))

    def extend(self, other: Batch) -> None:
        """Add everything of ``other``, in its order."""
        self._parts.extend(other._parts)

    def _add(self, row_class: type[Base], rows: Sequence[Mapping[str, Any]], *, replacing: bool) -> None:
        if rows:
            table = row_class.__table__
            assert isinstance(table, Table)
            self._parts.append(_Writing(table, tuple(rows[0]), replacing, as_json(rows)))

    def _queries(self) -> Iterator[Query]:
        """What is sent, in order. Neighbouring writes to different tables become one statement."""
        together: list[_Writing] = []
        for part in self._parts:
            if isinstance(part, _Writing) and all(part.table is not other.table for other in together):
                together.append(part)
                continue
            if together:
                yield _written_together(together)
            together = []
            if isinstance(part, _Writing):
                together.append(part)
            else:
                yield part
        if together:
            yield _written_together(together)

    async def commit(self, connection: AsyncConnection) -> Rows:
        """Send everything and COMMIT in one round trip; return the rows of the last statement.

        Raises:
            sqlalchemy.exc.DBAPIError: something failed; nothing of the transaction is kept.
        """
        async with _driver_of(connection) as driver:
            results = await _sent(driver, list(self._queries()), commit=True)
        # The driver has committed; this lets SQLAlchemy know, and sends nothing.
        await connection.commit()
        return results[-1] if results else []


def as_json(rows: Sequence[Mapping[str, Any]]) -> str:
    """``rows`` as ``jsonb_populate_recordset`` reads them; bytes in PostgreSQL's own hexadecimal form."""
    return orjson.dumps(rows, default=_hexadecimal).decode()


def _hexadecimal(value: object) -> str:
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    raise TypeError(type(value).__name__)


def _written_together(writings: Sequence[_Writing]) -> Query:
    kinds = tuple((each.table, each.columns, each.replacing) for each in writings)
    return _writing_all(kinds), {each.table.name: each.rows for each in writings}


@lru_cache(maxsize=128)
def _writing_all(kinds: tuple[tuple[Table, tuple[str, ...], bool], ...]) -> str:
    """One statement that writes to several tables; foreign keys are looked at when it ends."""
    *before, last = (_writing(table, columns, replacing=replacing) for table, columns, replacing in kinds)
    named = ", ".join(f"w{number} AS ({statement})" for number, statement in enumerate(before))
    return f"WITH {named} {last}" if before else last


def _writing(table: Table, columns: tuple[str, ...], *, replacing: bool) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    statement = (
        f'INSERT INTO "{table.name}" ({names}) SELECT {names}'  # noqa: S608 - names of our own tables
        f' FROM jsonb_populate_recordset(NULL::"{table.name}", %({table.name})s::jsonb)'
    )
    if not replacing:
        return statement
    keys = [column.name for column in table.primary_key]
    replaced = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in columns if name not in keys)
    return f"{statement} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {replaced}"


async def _sent(driver: psycopg.AsyncConnection[Any], queries: Sequence[Query], *, commit: bool) -> list[Rows]:
    begun = driver.autocommit or driver.info.transaction_status is TransactionStatus.INTRANS
    if len(queries) == 1 and begun and not commit:
        # Alone, and BEGIN need not be sent along: a pipeline would only cost.
        return [await _fetched(await _executed(driver, *queries[0]))]
    async with driver.pipeline():
        cursors = [await _executed(driver, statement, parameters) for statement, parameters in queries]
        if commit:
            await driver.commit()
    return [await _fetched(cursor) for cursor in cursors]


async def _executed(
    driver: psycopg.AsyncConnection[Any], statement: str, parameters: Mapping[str, Any]
) -> psycopg.AsyncCursor[DictRow]:
    # A plan that gives whole rows would break with the next migration of their table; the others are made once.
    lasting = "* FROM" not in statement
    # Statements are our own constants; what comes from outside is a parameter.
    return await driver.cursor(row_factory=dict_row).execute(statement.encode(), parameters, prepare=lasting or None)


async def _fetched(cursor: psycopg.AsyncCursor[DictRow]) -> Rows:
    return [] if cursor.description is None else await cursor.fetchall()


@asynccontextmanager
async def _driver_of(connection: AsyncConnection) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """The driver's connection; what goes wrong on it is told as SQLAlchemy tells it."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)
    if not driver.autocommit and not connection.in_transaction():
        # What goes past SQLAlchemy is still its transaction to commit or roll back.
        await connection.begin()
    try:
        yield driver
    except psycopg.Error as error:
        lost = driver.closed
        if lost:
            await connection.invalidate()
        told = DBAPIError.instance(
            "a batch of statements", None, error, psycopg.Error, hide_parameters=True, connection_invalidated=lost
        )
        assert isinstance(told, DBAPIError)
        raise told from error
