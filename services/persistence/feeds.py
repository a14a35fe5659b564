"""Every addressee's gapless log in PostgreSQL.

An offset is given under the row lock of its feed, in the transaction of the fact behind it, so numbers have no holes
and nobody reads 8 before 7 is committed. ``append`` must be the last statement of its transaction: from there to
the commit everybody else who writes to the same feed waits.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.identifiers import FeedId, StayId, TaskId
from discharge.policy import Role
from discharge.task import Priority
from notifications.entry import Addressed, EntryEvent, FeedEntry
from notifications.ports import Head, Standing
from services.persistence.pipeline import Query, Rows, as_json, ask

__all__ = [
    "PostgresFeeds",
    "append",
    "appending",
    "epoch",
    "heads",
    "heads_from",
    "read_after",
    "read_gaps",
    "standing",
]

# Rows are locked in the order of the SELECT, so two transactions never wait for each other in a circle.
_APPEND: Final = """
    WITH given AS (
      SELECT e.*, row_number() OVER (PARTITION BY e.feed_id ORDER BY e.number DESC) - 1 AS before_last
      FROM jsonb_populate_recordset(NULL::feed_entry, %(rows)s::jsonb) AS e
    ), taken AS (
      INSERT INTO feed AS f (id, head) SELECT feed_id, count(*) FROM given GROUP BY feed_id ORDER BY feed_id
      ON CONFLICT (id) DO UPDATE SET head = f.head + EXCLUDED.head
      RETURNING id, head
    ), written AS (
      INSERT INTO feed_entry (feed_id, number, at, event, task_id, stay_id, priority, due_at, title, audience)
      SELECT g.feed_id, t.head - g.before_last, g.at, g.event, g.task_id, g.stay_id, g.priority, g.due_at, g.title,
             g.audience
      FROM given AS g JOIN taken AS t ON t.id = g.feed_id
    )
    SELECT id, head FROM taken
    """
_COLUMNS: Final = "feed_id, number, at, event, task_id, stay_id, priority, due_at, title, audience"
_READ_AFTER: Final = (
    f"SELECT {_COLUMNS} FROM feed_entry"  # noqa: S608 - our own columns
    " WHERE feed_id = %(feed)s AND number > %(offset)s ORDER BY number LIMIT %(limit)s"
)
_READ_GAPS: Final = f"""
    SELECT {_COLUMNS} FROM unnest(%(feeds)s::text[], %(offsets)s::bigint[]) AS gap (feed, position)
    CROSS JOIN LATERAL (
      SELECT {_COLUMNS} FROM feed_entry
      WHERE feed_id = gap.feed AND number > gap.position ORDER BY number LIMIT %(limit)s
    ) AS entry
    ORDER BY feed_id, number
    """  # noqa: S608 - our own columns
# The timeline is the first eight hexadecimal digits of the name of the segment that is being written.
# Source: PostgreSQL 15, 9.27.5 (pg_control_system) and 9.27.3 (pg_walfile_name); see docs/spec-gaps.md, "Epoch".
_EPOCH: Final = """
    concat_ws('-',
      (SELECT system_identifier FROM pg_control_system()),
      ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::bigint,
      coalesce((SELECT value FROM meta WHERE key = 'restore_counter'), '0'))
"""
_READ_EPOCH: Final = text(f"SELECT {_EPOCH}")
_HEADS: Final = text(
    f"""
    SELECT given.id, coalesce(f.head, 0) AS head, life.epoch
    FROM unnest(CAST(:feeds AS text[])) AS given (id)
    LEFT JOIN feed AS f ON f.id = given.id
    CROSS JOIN (SELECT {_EPOCH} AS epoch) AS life
    """  # noqa: S608 - our own text
)
_STANDING: Final = text(
    f"""
    SELECT coalesce((SELECT head FROM feed WHERE id = :feed), 0) AS head,
           (SELECT min(number) - 1 FROM feed_entry WHERE feed_id = :feed) AS floor,
           {_EPOCH} AS epoch
    """  # noqa: S608 - our own text
)


async def append(connection: AsyncConnection, entries: Sequence[Addressed]) -> dict[FeedId, int]:
    """Write ``entries`` in their order, and return the new head of each feed touched.

    The last thing a transaction does: it holds the locks of all these feeds until it ends.
    """
    return heads_from(await ask(connection, *appending(entries))) if entries else {}


def appending(entries: Sequence[Addressed]) -> Query:
    """The one statement that takes the numbers and writes ``entries``; ``heads_from`` reads its answer."""
    rows = [_row(entry, place) for place, entry in enumerate(entries)]
    return _APPEND, {"rows": as_json(rows)}


def heads_from(rows: Rows) -> dict[FeedId, int]:
    """Where the feeds stand that were written to."""
    return {FeedId(row["id"]): row["head"] for row in rows}


async def read_after(connection: AsyncConnection, feed: FeedId, offset: int, limit: int) -> list[FeedEntry]:
    """The first ``limit`` entries of ``feed`` after ``offset``, in order."""
    found = await ask(connection, _READ_AFTER, {"feed": feed, "offset": offset, "limit": limit})
    return [_entry(row) for row in found]


async def read_gaps(
    connection: AsyncConnection, positions: Mapping[FeedId, int], limit: int
) -> dict[FeedId, list[FeedEntry]]:
    """For each feed the first ``limit`` entries after its position; feeds without any are absent."""
    gaps: dict[FeedId, list[FeedEntry]] = {}
    asked = {"feeds": list(positions), "offsets": list(positions.values()), "limit": limit}
    for row in await ask(connection, _READ_GAPS, asked):
        gaps.setdefault(FeedId(row["feed_id"]), []).append(_entry(row))
    return gaps


async def heads(connection: AsyncConnection, feeds: Collection[FeedId]) -> dict[FeedId, Head]:
    """The head of each of ``feeds``; one that nobody wrote to yet stands at 0."""
    found = await connection.execute(_HEADS, {"feeds": list(feeds)})
    return {FeedId(row.id): Head(row.epoch, int(row.head)) for row in found}


async def standing(connection: AsyncConnection, feed: FeedId) -> Standing:
    """The head of ``feed`` and its floor: the number from which on everything is still there."""
    row = (await connection.execute(_STANDING, {"feed": feed})).one()
    head = int(row.head)
    return Standing(Head(row.epoch, head), head if row.floor is None else int(row.floor))


async def epoch(connection: AsyncConnection) -> str:
    """The life of the store: another one after a failover, and after a restore."""
    return str((await connection.execute(_READ_EPOCH)).scalar_one())


class PostgresFeeds:
    """The feeds as fan-out reads them: each question in a short transaction of its own.

    Args:
        connect: gives connections with an open transaction that commits at its end, as ``stafet_writer``.
        watch: gives connections without one, for the question that follows every commit; None: ``connect``.
    """

    def __init__(
        self,
        connect: Callable[[], AbstractAsyncContextManager[AsyncConnection]],
        watch: Callable[[], AbstractAsyncContextManager[AsyncConnection]] | None = None,
    ) -> None:
        self._connect = connect
        self._watch = watch or connect

    async def append(self, entries: Sequence[Addressed]) -> Mapping[FeedId, int]:
        """Write ``entries`` in order, in a transaction of their own."""
        async with self._connect() as connection:
            return await append(connection, entries)

    async def read_after(self, feed: FeedId, offset: int, limit: int) -> Sequence[FeedEntry]:
        """The first ``limit`` entries after ``offset``, in order."""
        async with self._connect() as connection:
            return await read_after(connection, feed, offset, limit)

    async def read_gaps(self, positions: Mapping[FeedId, int], limit: int) -> Mapping[FeedId, Sequence[FeedEntry]]:
        """For each feed the first ``limit`` entries after its position."""
        async with self._watch() as connection:
            return await read_gaps(connection, positions, limit)

    async def heads(self, feeds: Collection[FeedId]) -> Mapping[FeedId, Head]:
        """The head of each of ``feeds``."""
        async with self._connect() as connection:
            return await heads(connection, feeds)

    async def standing(self, feed: FeedId) -> Standing:
        """The head and the retention floor of ``feed``."""
        async with self._connect() as connection:
            return await standing(connection, feed)


def _row(entry: Addressed, place: int) -> dict[str, object]:
    return {
        "feed_id": entry.feed,
        "number": place,
        "at": entry.at,
        "event": entry.event.value,
        "task_id": entry.task_id,
        "stay_id": entry.stay_id,
        "priority": entry.priority.value,
        "due_at": entry.due_at,
        "title": entry.title,
        "audience": sorted(role.value for role in entry.audience),
    }


def _entry(row: Mapping[str, Any]) -> FeedEntry:
    return FeedEntry(
        feed=FeedId(row["feed_id"]),
        offset=row["number"],
        at=row["at"],
        event=EntryEvent(row["event"]),
        task_id=None if row["task_id"] is None else TaskId(str(row["task_id"])),
        stay_id=None if row["stay_id"] is None else StayId(str(row["stay_id"])),
        priority=Priority(row["priority"] or Priority.ROUTINE),
        due_at=row["due_at"],
        title=row["title"],
        audience=frozenset(Role(role) for role in row["audience"]),
    )
