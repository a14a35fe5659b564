"""What rang at whom, in the store: written by web processes, read by leaders, kept for a month."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.identifiers import FeedId, PersonId, SorCode
from discharge.policy import Caller, Role
from notifications.budget import Told
from notifications.interruptions import Interruption
from services.persistence.pipeline import as_json, ask

__all__ = ["KEPT", "SqlInterruptions", "drop_old_interruptions", "told_to"]

KEPT: Final = timedelta(days=30)
"""How long it is known who was interrupted by what."""

_SINCE: Final = (
    "SELECT feed_id, number, at, rang FROM interruption"
    " WHERE person_id = %(person)s AND role = %(role)s AND at >= %(begins)s"
)
# Two processes that serve one person may tell of the same entry: the first to write it counts.
_KEEP: Final = """
    INSERT INTO interruption (person_id, role, feed_id, number, organization, person_name, at, rang)
    SELECT %(person)s, %(role)s, told.feed_id, told.number, %(organization)s, %(name)s, told.at, told.rang
    FROM jsonb_populate_recordset(NULL::interruption, %(told)s::jsonb) AS told
    ON CONFLICT DO NOTHING
    """
_DROP: Final = (
    "WITH dropped AS (DELETE FROM interruption WHERE at < %(before)s RETURNING 1) SELECT count(*) FROM dropped"
)
_TOLD: Final = """
    SELECT person_id, max(person_name) AS name, role, organization, date_trunc('hour', at) AS hour,
           count(*) FILTER (WHERE rang) AS rang, count(*) FILTER (WHERE NOT rang) AS grouped
    FROM interruption WHERE at >= %(since)s AND at < %(until)s GROUP BY 1, 3, 4, 5 ORDER BY 1, 3, 4, 5
    """


class SqlInterruptions:
    """Implements ``notifications.interruptions.Interruptions``, each question in a transaction of its own."""

    def __init__(self, connect: Callable[[], AbstractAsyncContextManager[AsyncConnection]]) -> None:
        """Use ``connect`` for connections with an open transaction that commits at its end, as ``stafet_writer``."""
        self._connect = connect

    async def since(self, caller: Caller, begins: datetime) -> Sequence[Interruption]:
        """Those of ``caller`` from ``begins`` on."""
        which = {"person": caller.person_id, "role": caller.role.value, "begins": begins}
        async with self._connect() as connection:
            found = await ask(connection, _SINCE, which)
        return [
            Interruption(feed=FeedId(row["feed_id"]), offset=row["number"], at=row["at"], rang=row["rang"])
            for row in found
        ]

    async def keep(self, caller: Caller, told: Sequence[Interruption]) -> None:
        """Add those that are not there yet."""
        rows = [{"feed_id": each.feed, "number": each.offset, "at": each.at, "rang": each.rang} for each in told]
        values = {
            "person": caller.person_id,
            "role": caller.role.value,
            "organization": caller.acting,
            "name": caller.name,
            "told": as_json(rows),
        }
        async with self._connect() as connection:
            await ask(connection, _KEEP, values)


async def told_to(connection: AsyncConnection, *, since: datetime, until: datetime) -> Sequence[Told]:
    """What each person was told in each hour, of those whom this connection reads."""
    return [
        Told(
            person=PersonId(row["person_id"]),
            name=row["name"],
            role=Role(row["role"]),
            place=SorCode(row["organization"]),
            hour=row["hour"],
            rang=row["rang"],
            grouped=row["grouped"],
        )
        for row in await ask(connection, _TOLD, {"since": since, "until": until})
    ]


async def drop_old_interruptions(connection: AsyncConnection, before: datetime) -> int:
    """Forget what was told before ``before``; return how much that was."""
    return int((await ask(connection, _DROP, {"before": before}))[0]["count"])
