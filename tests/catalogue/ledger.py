"""What stands in the store, so that a test can say that nothing came in half."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

__all__ = ["Ledger", "ledger_of", "nothing_is_written", "only_what_a_refusal_leaves"]

_OF_A_REFUSAL = frozenset({"audit", "message", "message_aside", "event", "feed", "feed_entry"})
"""Tables that a refused message may write to; what it writes there is looked at apart."""
_TABLES: LiteralString = (
    "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' ORDER BY 1"
)
_SOUND: LiteralString = """
    SELECT 'message without receipt: ' || message_id FROM message WHERE receipt IS NULL
    UNION ALL
    SELECT 'feed with a hole: ' || feed.id FROM feed
    WHERE head <> (SELECT count(*) FROM feed_entry WHERE feed_id = feed.id)
    UNION ALL
    SELECT 'task nobody was told of: ' || task.id FROM task
    WHERE NOT EXISTS (SELECT FROM feed_entry WHERE task_id = task.id)
"""
_ALERTS: LiteralString = """
    SELECT (SELECT count(*) FROM feed_entry
            WHERE event = 'message' AND task_id IS NULL AND stay_id IS NULL AND audience = ARRAY['operator']),
           (SELECT count(*) FROM event WHERE kind = 'message-refused' AND task_id IS NULL AND stay_id IS NULL)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """The rows of every table: how many, and a digest of what they say."""

    contents: dict[str, tuple[int, str]]
    alerts: int
    """Entries that tell an operator of a message that was not acted on."""

    def changed_since(self, before: Ledger) -> set[str]:
        """The tables that say something else than before."""
        return {table for table, found in self.contents.items() if found != before.contents[table]}

    def count(self, table: str) -> int:
        """Rows of ``table``."""
        return self.contents[table][0]


async def ledger_of(url: str) -> Ledger:
    """What stands in the store now, asked as a superuser in one snapshot; and it is sound."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        tables = [name for (name,) in await (await connection.execute(_TABLES)).fetchall()]
        contents = {}
        for table in tables:
            question = sql.SQL(
                "SELECT count(*), coalesce(md5(string_agg(each::text, '|' ORDER BY each::text)), '') FROM {} AS each"
            ).format(sql.Identifier(table))
            row = await (await connection.execute(question)).fetchone()
            assert row is not None
            contents[table] = (row[0], row[1])
        faults = [fault for (fault,) in await (await connection.execute(_SOUND)).fetchall()]
        alerts = await (await connection.execute(_ALERTS)).fetchone()
    assert faults == []
    assert alerts is not None
    assert alerts[0] == alerts[1]
    return Ledger(contents=contents, alerts=alerts[0])


@asynccontextmanager
async def nothing_is_written(url: str) -> AsyncIterator[None]:
    """What happens in the block leaves at most an audit row, and the time when a browser was last seen."""
    before = await ledger_of(url)
    yield
    after = await ledger_of(url)
    assert after.changed_since(before) <= {"audit", "web_session"}


@asynccontextmanager
async def only_what_a_refusal_leaves(url: str, *, messages: int = 1, alerts: int = 1) -> AsyncIterator[None]:
    """The block leaves ``messages`` messages with their answers, ``alerts`` entries for operators, and no fact."""
    before = await ledger_of(url)
    yield
    after = await ledger_of(url)
    assert after.changed_since(before) <= _OF_A_REFUSAL
    assert after.count("message") - before.count("message") == messages
    assert after.alerts - before.alerts == alerts
    for table in ("event", "feed_entry"):
        assert after.count(table) - before.count(table) == alerts
