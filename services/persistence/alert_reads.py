"""How often people are interrupted, whom a place has on call, and what became of the mails to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.identifiers import FeedId, SorCode
from discharge.policy import Role
from discharge.task import Priority
from notifications.budget import ALWAYS, LOUD_ONLY, URGENT_ONLY, Rings, Told
from notifications.outside import LOUD, OnCall
from services.persistence.interruptions import told_to
from services.persistence.on_call import on_call_entries
from services.persistence.pipeline import ask
from services.persistence.reading import ReadSession

__all__ = ["AlertsPage", "Mail", "alerts_page", "rings_of"]

_DAYS: Final = timedelta(days=7)
_MAILS_SHOWN: Final = 50
# The last entries of each feed only: what a busy place has got in a week is far less, and no year is walked through.
_RINGS: Final = """
    SELECT e.feed_id, r.role, date_trunc('hour', e.at) AS hour, count(*) AS number
    FROM feed f
    CROSS JOIN LATERAL (
      SELECT x.feed_id, x.at, x.audience FROM feed_entry x
      WHERE x.feed_id = f.id AND x.number > f.head - 20000 AND x.at >= %(since)s AND x.at < %(until)s
        AND (x.event = ANY(%(always)s) OR (x.event = ANY(%(loud_only)s) AND x.priority = ANY(%(loud)s))
             OR (x.event = ANY(%(urgent_only)s) AND x.priority <> %(routine)s))
    ) e
    CROSS JOIN LATERAL unnest(e.audience) AS r (role)
    WHERE r.role <> %(system)s
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    """
_MAILS: Final = (
    "SELECT m.created_at, m.changed_at, m.due_at, m.organization, o.address, m.state, m.tries, m.reason,"
    " cardinality(m.tasks) AS tasks FROM alert_mail m JOIN on_call o ON o.id = m.on_call"
    " ORDER BY m.created_at DESC, m.id DESC LIMIT %(limit)s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail to somebody on call."""

    at: datetime
    due_at: datetime
    place: SorCode
    address: str
    state: str
    tries: int
    reason: str | None
    tasks: int
    """How many duties it is about; none: it is a test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPage:
    """What ``/alerts`` shows: the places that the reader leads or operates."""

    now: datetime
    entries: tuple[OnCall, ...]
    mails: tuple[Mail, ...]
    told: tuple[Told, ...]
    rings: tuple[Rings, ...]


async def alerts_page(session: ReadSession) -> AlertsPage:
    """The address book, its mails, and a week of interruptions."""
    mails = await ask(session.connection, _MAILS, {"limit": _MAILS_SHOWN})
    since = session.now - _DAYS
    return AlertsPage(
        now=session.now,
        entries=tuple(await on_call_entries(session)),
        mails=tuple(_mail(row) for row in mails),
        told=tuple(await told_to(session.connection, since=since, until=session.now)),
        rings=tuple(await rings_of(session.connection, since=since, until=session.now)),
    )


async def rings_of(connection: AsyncConnection, *, since: datetime, until: datetime) -> Sequence[Rings]:
    """How often each place's people were interrupted in each hour, by role, of the feeds that this connection reads."""
    which = {
        "since": since,
        "until": until,
        "always": sorted(ALWAYS),
        "loud_only": sorted(LOUD_ONLY),
        "loud": sorted(LOUD),
        "urgent_only": sorted(URGENT_ONLY),
        "routine": Priority.ROUTINE.value,
        "system": Role.SYSTEM.value,
    }
    found = await ask(connection, _RINGS, which)
    return [Rings(FeedId(row["feed_id"]), Role(row["role"]), row["hour"], row["number"]) for row in found]


def _mail(row: Mapping[str, Any]) -> Mail:
    return Mail(
        at=row["created_at"],
        due_at=row["due_at"],
        place=SorCode(row["organization"]),
        address=row["address"],
        state=row["state"],
        tries=row["tries"],
        reason=row["reason"],
        tasks=row["tasks"],
    )
