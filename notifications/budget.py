"""How often people are interrupted: counted per place, role and shift, and held against a budget. Pure.

An entry interrupts when it asks a person to act now: a reminder, an escalation or a missed deadline, a new duty
that is as soon as possible or at once, a message that is urgent. Everything else is news that waits on the page.
What stands in a place's feed rings at everybody who follows it in that role, so the count of a place and role is
the count of each person who was there for the whole shift; who was there for less was interrupted less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from discharge.clock import at_local, local
from discharge.identifiers import FeedId
from discharge.policy import Role
from discharge.task import Priority
from notifications.entry import EntryEvent
from notifications.outside import LOUD

__all__ = ["ALWAYS", "LOUD_ONLY", "URGENT_ONLY", "Rings", "Shift", "ShiftPlan", "Spent", "interrupts", "spent"]

ALWAYS: Final = frozenset({EntryEvent.TASK_REMINDER, EntryEvent.TASK_ESCALATED, EntryEvent.TASK_OVERDUE})
"""Interrupts at any priority: a person has been waited for."""
LOUD_ONLY: Final = frozenset({EntryEvent.TASK_REQUESTED})
"""Interrupts when it is loud."""
URGENT_ONLY: Final = frozenset({EntryEvent.MESSAGE})
"""Interrupts unless it is routine."""


def interrupts(event: EntryEvent, priority: Priority) -> bool:
    """Tell whether an entry asks people to act now."""
    if event in ALWAYS:
        return True
    if event in LOUD_ONLY:
        return priority in LOUD
    return event in URGENT_ONLY and priority is not Priority.ROUTINE


@dataclass(frozen=True, slots=True)
class Shift:
    """A span of work; ``day`` is the local day on which it begins."""

    day: date
    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class ShiftPlan:
    """When shifts begin: hours of the day, local time, rising."""

    starts: tuple[int, ...] = (7, 15, 23)

    def at(self, instant: datetime) -> Shift:
        """The shift in which ``instant`` lies: an hour longer or shorter in the nights when the clock changes."""
        here = local(instant)
        began = [hour for hour in self.starts if hour <= here.hour]
        day = here.date() if began else here.date() - timedelta(days=1)
        hour = began[-1] if began else self.starts[-1]
        later = [start for start in self.starts if start > hour]
        end_day = day if later else day + timedelta(days=1)
        return Shift(day, at_local(day, time(hour)), at_local(end_day, time(later[0] if later else self.starts[0])))


@dataclass(frozen=True, slots=True)
class Rings:
    """How often a place's role was interrupted in the hour that begins at ``hour``."""

    feed: FeedId
    role: Role
    hour: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What one shift cost one role of a place."""

    feed: FeedId
    role: Role
    shift: Shift
    count: int


def spent(rings: Iterable[Rings], plan: ShiftPlan) -> tuple[Spent, ...]:
    """The interruptions of each place, role and shift; those without any are absent. Latest shift first."""
    counts: Counter[tuple[FeedId, Role, Shift]] = Counter()
    for ring in rings:
        counts[ring.feed, ring.role, plan.at(ring.hour)] += ring.count
    found = [Spent(feed, role, shift, count) for (feed, role, shift), count in counts.items()]
    return tuple(sorted(found, key=lambda each: (-each.shift.begins.timestamp(), each.feed, each.role)))
