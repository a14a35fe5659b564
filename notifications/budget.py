"""How often people are interrupted: counted per person and shift, and per place, role and shift. Pure.

An entry interrupts when it asks a person to act now: a reminder, an escalation or a missed deadline, a new duty
that is as soon as possible or at once, an urgent message or question about medicine. Everything else is news that
waits on the page. What stands in a place's feed rings at everybody who follows it in that role, so the count of a
place and role is what a person would meet who was there for the whole shift without a budget. What a person did meet
is counted as it is put on that person's page (``notifications.interruptions``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from discharge.clock import at_local, local
from discharge.identifiers import FeedId, PersonId, SorCode
from discharge.policy import Role
from discharge.task import Priority
from notifications.entry import EntryEvent
from notifications.outside import LOUD

__all__ = [
    "ALWAYS",
    "LOUD_ONLY",
    "URGENT_ONLY",
    "PersonShift",
    "Rings",
    "Shift",
    "ShiftPlan",
    "Spent",
    "Told",
    "interrupts",
    "person_shifts",
    "spent",
]

ALWAYS: Final = frozenset({EntryEvent.TASK_REMINDER, EntryEvent.TASK_ESCALATED, EntryEvent.TASK_OVERDUE})
"""Interrupts at any priority: a person has been waited for."""
LOUD_ONLY: Final = frozenset({EntryEvent.TASK_REQUESTED})
"""Interrupts when it is loud."""
URGENT_ONLY: Final = frozenset({EntryEvent.MESSAGE, EntryEvent.MEDICATION_CHANGED})
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was put on a person's page in the hour that begins at ``hour`` and asked to act now."""

    person: PersonId
    name: str
    role: Role
    place: SorCode
    hour: datetime
    rang: int
    grouped: int
    """What came silently, because the budget of the shift was spent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonShift:
    """What one shift was for one person in one role at one place."""

    person: PersonId
    name: str
    role: Role
    place: SorCode
    shift: Shift
    rang: int
    grouped: int


def person_shifts(told: Iterable[Told], plan: ShiftPlan) -> tuple[PersonShift, ...]:
    """The interruptions of each person and shift; shifts without any are absent. Latest shift first, most first."""
    rang: Counter[tuple[PersonId, Role, SorCode, Shift]] = Counter()
    grouped: Counter[tuple[PersonId, Role, SorCode, Shift]] = Counter()
    names: dict[PersonId, str] = {}
    for each in told:
        key = (each.person, each.role, each.place, plan.at(each.hour))
        rang[key] += each.rang
        grouped[key] += each.grouped
        names[each.person] = each.name
    found = [
        PersonShift(
            person=key[0], name=names[key[0]], role=key[1], place=key[2], shift=key[3], rang=count, grouped=grouped[key]
        )
        for key, count in rang.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.shift.begins.timestamp(), -each.rang, each.name, each.role)))
