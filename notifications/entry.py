"""A feed's entry and its wire form: ids, states and a nameless title, never clinical text or a CPR number.

The wire form is version 1. A socket may ask for it by name (subprotocol ``stafet.live.1``) and gets it when it
asks for nothing. Within a version fields are only added; anything else is a new version beside the old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

import orjson

from discharge.identifiers import FeedId, StayId, TaskId
from discharge.policy import Role
from discharge.task import Priority

__all__ = [
    "SUBPROTOCOL",
    "WIRE_VERSION",
    "Addressed",
    "Alert",
    "EntryEvent",
    "FeedEntry",
    "Frame",
    "encode",
    "entry_frame",
    "instant",
]

WIRE_VERSION: Final = 1
SUBPROTOCOL: Final = f"stafet.live.{WIRE_VERSION}"


class EntryEvent(StrEnum):
    """What an entry is about."""

    TASK_REQUESTED = "task-requested"
    TASK_CHANGED = "task-changed"
    TASK_WITHDRAWN = "task-withdrawn"
    TASK_REMINDER = "task-reminder"
    TASK_ESCALATED = "task-escalated"
    TASK_OVERDUE = "task-overdue"
    STAY_CHANGED = "stay-changed"
    PLAN_CHANGED = "plan-changed"
    MEDICATION_CHANGED = "medication-changed"
    DOCUMENT_FILED = "document-filed"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """What will stand in ``feed``; its number is given when it is written."""

    feed: FeedId
    at: datetime
    event: EntryEvent
    task_id: TaskId | None = None
    stay_id: StayId | None = None
    priority: Priority = Priority.ROUTINE
    due_at: datetime | None = None
    title: str
    audience: frozenset[Role]
    """The roles it rings at; everybody who follows the feed gets it, or the numbers would have holes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedEntry:
    """One entry of a feed; ``offset`` is 1, 2, 3 … without holes."""

    feed: FeedId
    offset: int
    at: datetime
    event: EntryEvent
    task_id: TaskId | None
    stay_id: StayId | None
    priority: Priority
    due_at: datetime | None
    title: str
    audience: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What an entry that asks people to act now means for their alert budget."""

    at: datetime
    audience: frozenset[Role]
    is_urgent: bool
    """It rings whatever the budget says."""
    quiet: bytes
    """Its form for somebody whose budget is spent; empty when it is urgent."""


@dataclass(frozen=True, slots=True)
class Frame:
    """An entry as it goes on the wire, encoded once for all sockets."""

    offset: int
    payload: bytes
    alert: Alert | None = None


def instant(at: datetime) -> str:
    """``at`` in UTC to the millisecond, ending in ``Z``."""
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def encode(entry: FeedEntry, *, rings: bool = True) -> bytes:
    """The ``entry`` frame of the live feed, as JSON in UTF-8. Only one that must not ring says anything of it."""
    return orjson.dumps(
        {
            "type": "entry",
            "feed": entry.feed,
            "offset": entry.offset,
            "at": instant(entry.at),
            "event": entry.event,
            "task": entry.task_id,
            "stay": entry.stay_id,
            "priority": entry.priority,
            "due": None if entry.due_at is None else instant(entry.due_at),
            "title": entry.title,
            "audience": sorted(entry.audience),
            **({} if rings else {"rings": False}),
        }
    )


def entry_frame(entry: FeedEntry, alert: Alert | None = None) -> Frame:
    """The entry with its encoded form."""
    return Frame(entry.offset, encode(entry), alert)
