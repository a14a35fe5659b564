"""Calls outside the page: set in the transaction of the rung that makes them.

The row of a mail says where it stands and which turn is due; a job says only "look at this row, turn n"
(docs/adr/0013). ``services.persistence.call_book`` is what the jobs do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.clock import local
from discharge.events import Event, TaskEscalated
from discharge.identifiers import SorCode, TaskId
from discharge.policy import Role
from notifications.outside import OnCall, QuietHours
from services.persistence.clock import wall_now
from services.persistence.pipeline import Batch, Conversation
from services.persistence.tables import AlertMailRow

__all__ = ["call_out", "entry_from", "set_trial"]

_BOOK: Final = "SELECT * FROM on_call WHERE organization = ANY(%(places)s) ORDER BY id"


def entry_from(row: Mapping[str, Any]) -> OnCall:
    """The entry of the address book in ``row``."""
    return OnCall(
        id=str(row["id"]),
        organization=SorCode(row["organization"]),
        roles=frozenset(Role(role) for role in row["roles"]),
        address=row["address"],
        quiet=None if row["quiet_from"] is None else QuietHours(row["quiet_from"], row["quiet_to"]),
        valid_from=row["valid_from"],
        valid_to=row["valid_to"],
    )


async def call_out(
    events: Sequence[Event], talk: Conversation, batch: Batch, *, now: datetime, new_id: Callable[[], str]
) -> None:
    """Have those on call mailed about every duty of ``events`` that escalates while nobody has taken it on.

    One mail per address and commit, however many duties climb at once; what quiet hours hold back is another.
    """
    climbed = [event for event in events if isinstance(event, TaskEscalated) and event.task.is_unanswered]
    if not climbed:
        return
    found = await talk.ask(_BOOK, {"places": sorted({event.organization for event in climbed})})
    today = local(now).date()
    book = [entry for entry in map(entry_from, found) if entry.holds_on(today)]
    mails: dict[tuple[str, timedelta], tuple[OnCall, dict[TaskId, None]]] = {}
    for event in climbed:
        for entry in book:
            if entry.organization == event.organization and entry.is_for(event.roles):
                wait = entry.wait(event.task.priority, now)
                mails.setdefault((entry.id, wait), (entry, {}))[1][event.task.id] = None
    for (_, wait), (entry, tasks) in mails.items():
        await _set(talk.connection, batch, _mail(new_id(), entry.id, entry.organization, list(tasks), wait))


async def set_trial(connection: AsyncConnection, batch: Batch, mail_id: str, entry_id: str, place: SorCode) -> None:
    """Have an entry's address mailed to see that it works."""
    await _set(connection, batch, _mail(mail_id, entry_id, place, [], timedelta()))


def _mail(mail_id: str, entry_id: str, place: SorCode, tasks: list[TaskId], wait: timedelta) -> dict[str, Any]:
    # The demo's clock may be ahead: what it says of the hour decides, and real time does the waiting.
    wall = wall_now()
    return {
        "id": UUID(mail_id),
        "on_call": UUID(entry_id),
        "organization": place,
        "tasks": tasks,
        "state": "waiting",
        "tries": 0,
        "created_at": wall,
        "changed_at": wall,
        "due_at": wall + wait,
    }


async def _set(connection: AsyncConnection, batch: Batch, row: dict[str, Any]) -> None:
    from services.persistence.jobs import defer_call  # noqa: PLC0415 - only who calls somebody pays

    batch.insert(AlertMailRow, [row])
    await defer_call(connection, str(row["id"]), 0, row["due_at"])
