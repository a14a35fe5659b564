"""Several statements in one round trip, on the driver under SQLAlchemy's connection.

A transaction of ours is short in work and long in statements; each of them waited for would cost more
than all of them do. Rows are sent as one JSON parameter per table, so that a statement's text never
depends on how many there are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

import orjson
import psycopg
from psycopg.rows import DictRow, dict_row
from sqlalchemy import Table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.tables import Base

__all__ = ["Batch", "Query", "Rows", "as_json", "ask", "ask_all"]

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


class Batch:
    """Rows and statements gathered during a transaction, sent with its COMMIT."""

    def __init__(self) -> None:
        self._queries: list[Query] = []

    def insert(self, row_class: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
        """Add ``rows``, all of the same columns."""
        self._add(row_class, rows, replacing=False)

    def upsert(self, row_class: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
        """Add ``rows``, or replace those that bear the same primary key."""
        self._add(row_class, rows, replacing=True)

    def add(self, statement: str, parameters: Mapping[str, Any]) -> None:
        """Add a statement of its own."""
        self._queries.append((statement, parameters))

    def extend(self, other: Batch) -> None:
        """Add everything of ``other``, in its order."""
        self._queries.extend(other._queries)

    def _add(self, row_class: type[Base], rows: Sequence[Mapping[str, Any]], *, replacing: bool) -> None:
        if rows:
            table = row_class.__table__
            assert isinstance(table, Table)
            self.add(_writing(table, tuple(rows[0]), replacing=replacing), {"rows": as_json(rows)})

    async def commit(self, connection: AsyncConnection) -> Rows:
        """Send everything and COMMIT in one round trip; return the rows of the last statement.

        Raises:
            sqlalchemy.exc.DBAPIError: something failed; nothing of the transaction is kept.
        """
        async with _driver_of(connection) as driver:
            results = await _sent(driver, self._queries, commit=True)
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


@lru_cache(maxsize=128)
def _writing(table: Table, columns: tuple[str, ...], *, replacing: bool) -> str:
    names = ", ".join(f'"{name}"' for name in columns)
    statement = (
        f'INSERT INTO "{table.name}" ({names}) SELECT {names}'  # noqa: S608 - names of our own tables
        f' FROM jsonb_populate_recordset(NULL::"{table.name}", %(rows)s::jsonb)'
    )
    if not replacing:
        return statement
    keys = [column.name for column in table.primary_key]
    replaced = ", ".join(f'"{name}" = EXCLUDED."{name}"' for name in columns if name not in keys)
    return f"{statement} ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {replaced}"


async def _sent(driver: psycopg.AsyncConnection[Any], queries: Sequence[Query], *, commit: bool) -> list[Rows]:
    cursors = []
    async with driver.pipeline():
        for statement, parameters in queries:
            cursor = driver.cursor(row_factory=dict_row)
            # Statements are our own constants; what comes from outside is a parameter.
            await cursor.execute(statement.encode(), parameters)
            cursors.append(cursor)
        if commit:
            await driver.commit()
    return [[] if cursor.description is None else await cursor.fetchall() for cursor in cursors]


@asynccontextmanager
async def _driver_of(connection: AsyncConnection) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """The driver's connection; what goes wrong on it is told as SQLAlchemy tells it."""
    driver = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driver, psycopg.AsyncConnection)
    if not connection.in_transaction():
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
