"""Time as agreements speak of it: instants, local days, opening hours, working days.

Every instant is aware and in UTC; every rule says in which of these ways it counts. Nothing here
asks what time it is: the domain gets its clock as an argument.
"""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

__all__ = [
    "COPENHAGEN",
    "END_OF_DAY",
    "OpeningHours",
    "add_working_days",
    "at_local",
    "end_of_day",
    "is_working_day",
    "local",
    "parse_duration",
    "require_aware",
    "working_day",
]

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
END_OF_DAY: Final = time.max
"""24:00, which is the next day's midnight: ``time`` itself has no such hour."""

_FRIDAY: Final = 5
_LONGEST_SEARCH: Final = 370
"""Days after which a calendar without an open day is given up: longer than any row of closed days."""
_DURATION = re.compile(
    r"(?P<sign>-?)P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?)?",
    re.ASCII,
)


def parse_duration(text: str) -> timedelta:
    """Return the span that an ISO 8601 duration of days, hours, minutes and seconds names.

    A day is 24 hours here: an elapsed span, not a date.

    Raises:
        ValueError: another form, no part at all, or longer than Python can count.
    """
    match = _DURATION.fullmatch(text)
    if match is None or text[-1] in "PT":
        msg = "not an ISO 8601 duration such as PT30M or P1D"
        raise ValueError(msg)
    parts = {name: int(value) for name, value in match.groupdict().items() if name != "sign" and value}
    try:
        span = timedelta(**parts)
    except OverflowError:
        msg = "a duration longer than any calendar"
        raise ValueError(msg) from None
    return -span if match["sign"] else span


def require_aware(instant: datetime) -> datetime:
    """Return ``instant`` in UTC.

    Raises:
        ValueError: it carries no zone.
    """
    if instant.tzinfo is None:
        msg = "an instant needs a zone"
        raise ValueError(msg)
    return instant.astimezone(UTC)


def local(instant: datetime) -> datetime:
    """The instant on a Danish clock."""
    return instant.astimezone(COPENHAGEN)


def at_local(day: date, wall: time) -> datetime:
    """The instant at which a Danish clock shows ``wall`` on ``day``; ``END_OF_DAY`` is 24:00.

    An hour that summer time skips is the instant just as far after the change; of an hour that comes
    twice the first one counts, so that a deadline is never passed without being noticed.
    """
    if wall == END_OF_DAY:
        day, wall = day + timedelta(days=1), time()
    return datetime.combine(day, wall, tzinfo=COPENHAGEN).astimezone(UTC)


def end_of_day(instant: datetime, *, days: int = 0) -> datetime:
    """24:00 local time, ``days`` after the local day of ``instant``, in UTC.

    Wall-clock: across a change to or from summer time the span is 23 or 25 hours.
    """
    return at_local(local(instant).date() + timedelta(days=days), END_OF_DAY)


def is_working_day(day: date, closed: AbstractSet[date]) -> bool:
    """Tell whether ``day`` is Monday to Friday and not closed."""
    return day.isoweekday() <= _FRIDAY and day not in closed


def working_day(day: date, count: int, *, closed: AbstractSet[date]) -> date:
    """The day that lies ``count`` working days after ``day``; before it when ``count`` is negative."""
    step = timedelta(days=1 if count > 0 else -1)
    left = abs(count)
    while left > 0:
        day += step
        if is_working_day(day, closed):
            left -= 1
    return day


def add_working_days(instant: datetime, days: int, *, closed: AbstractSet[date]) -> datetime:
    """The same local time of day, ``days`` working days later; weekends and ``closed`` do not count."""
    there = local(instant)
    return at_local(working_day(there.date(), days, closed=closed), there.time())


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """A span of every local day, or of every working day, from ``opens`` until just before ``closes``."""

    opens: time
    closes: time
    working_days_only: bool = False

    def covers(self, instant: datetime, closed: AbstractSet[date] = frozenset()) -> bool:
        """Tell whether the local time of ``instant`` lies inside."""
        there = local(instant)
        return self.is_open_on(there.date(), closed) and self.opens <= there.time() < self.closes

    def is_open_on(self, day: date, closed: AbstractSet[date]) -> bool:
        """Tell whether there are open hours on ``day``."""
        return not self.working_days_only or is_working_day(day, closed)

    def next_open(self, instant: datetime, closed: AbstractSet[date] = frozenset()) -> datetime:
        """``instant`` itself inside the hours, else the next opening; ``instant`` where nothing opens for a year."""
        if self.covers(instant, closed):
            return instant
        first = local(instant).date()
        for days in range(_LONGEST_SEARCH):
            day = first + timedelta(days=days)
            if self.is_open_on(day, closed) and (opening := at_local(day, self.opens)) >= instant:
                return opening
        return instant
