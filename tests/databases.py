"""Migrated databases that are lent to one test at a time, and emptied when they come back.

A copy of a database is some three hundred files, for which a busy disk needs half a second; to take out the rows
that a test left takes a fiftieth of that.
"""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final, LiteralString

import psycopg
from psycopg import sql
from psycopg.rows import tuple_row

from tests.engines import Database, TestEngines, create_database, drop_database

__all__ = ["Databases", "empty"]

_FIRST_OF_OURS: Final = 2200
"""The number of the schema ``public``; below it is what no test changes."""
_CATALOGUES: Final[dict[LiteralString, LiteralString]] = {
    "pg_attrdef": "oid",
    "pg_attribute": "attrelid",
    "pg_class": "oid",
    "pg_constraint": "oid",
    "pg_index": "indexrelid",
    "pg_namespace": "oid",
    "pg_policy": "oid",
    "pg_proc": "oid",
    "pg_trigger": "oid",
    "pg_type": "oid",
}
_TABLES: Final[LiteralString] = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_SEQUENCES: Final[LiteralString] = "SELECT sequencename, start_value FROM pg_sequences WHERE schemaname = 'public'"
_OTHERS: Final[LiteralString] = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


class Databases:
    """Lends copies of what the migrations make; ``close`` drops them all."""

    def __init__(self, engines: TestEngines, name: str) -> None:
        from services.persistence.migrate import upgrade  # noqa: PLC0415 - most tests need no schema, and no Alembic

        self._engines = engines
        self._numbers = itertools.count(1)
        self._free: list[Database] = []
        self._template = create_database(engines, name)
        upgrade(self._template.owner_url)
        with psycopg.connect(self._template.admin_url, autocommit=True) as connection:
            tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
            self._kept = {name: rows for name in tables if (rows := _rows(connection, name))}
            self._emptied = [name for name in tables if name not in self._kept]
            self._sequences = connection.execute(_SEQUENCES).fetchall()
            self._schema = _schema(connection)

    @contextmanager
    def lent(self) -> Iterator[Database]:
        """A migrated database without a row, for the length of a block."""
        database = self._free.pop() if self._free else self._another()
        try:
            yield database
        finally:
            if self._is_as_new(database):
                self._free.append(database)
            else:
                drop_database(self._engines, database.name)

    def close(self) -> None:
        """Drop the template and every copy that is not lent."""
        for database in (*self._free, self._template):
            drop_database(self._engines, database.name)

    def _another(self) -> Database:
        return create_database(
            self._engines, f"{self._template.name}_{next(self._numbers)}", template=self._template.name
        )

    def _is_as_new(self, database: Database) -> bool:
        """Ends who is still connected and empties the tables; False when the test changed more than rows."""
        with suppress(psycopg.Error), psycopg.connect(database.admin_url, autocommit=True) as connection:
            connection.execute(_OTHERS)
            if _schema(connection) != self._schema:
                return False
            if any(_rows(connection, name) != rows for name, rows in self._kept.items()):
                return False
            empty(connection, self._emptied)
            for name, start in self._sequences:
                connection.execute("SELECT setval(%s::text::regclass, %s, false)", (name, start))
            return True
        return False


def empty(connection: psycopg.Connection[object], tables: Sequence[str]) -> None:
    """Take the rows out of ``tables``, as a superuser: what is empty costs nothing, where TRUNCATE makes files anew."""
    which = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(name, sql.Identifier(name)) for name in tables
    )
    used = [sql.Identifier(name) for (name,) in connection.cursor(row_factory=tuple_row).execute(which).fetchall()]
    if used:
        deletes = sql.SQL("; ").join(sql.SQL("DELETE FROM {}").format(name) for name in used)
        # No trigger, no foreign key: whatever the tables forbid, a superuser who tidies up may do.
        connection.execute(
            sql.SQL("SET session_replication_role = replica; {}; RESET session_replication_role").format(deletes)
        )
        # Takes the files back to nothing, so that rows lie in the order of their coming, as in a new database.
        connection.execute(sql.SQL("VACUUM (ANALYZE FALSE) {}").format(sql.SQL(", ").join(used)))


def _schema(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    """What any change of tables, rights, policies, triggers or functions changes: how many, and the last to write."""
    looks = (
        sql.SQL("SELECT {}, count(*), max(xmin::text::bigint) FROM {} WHERE {} >= {}").format(
            catalogue, sql.Identifier(catalogue), sql.Identifier(key), _FIRST_OF_OURS
        )
        for catalogue, key in _CATALOGUES.items()
    )
    return connection.execute(sql.SQL(" UNION ALL ").join(looks)).fetchall()


def _rows(connection: psycopg.Connection, table: str) -> list[tuple[object, ...]]:
    return connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall()
