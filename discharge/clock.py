"""Time as agreements speak of it: instants, local days, opening hours, working days.

Every instant is aware and in UTC; every rule says in which of these ways it counts. Nothing here
asks what time it is: the domain gets its clock as an argument.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

__all__ = ["COPENHAGEN", "OpeningHours", "add_working_days", "end_of_day", "local", "parse_duration", "require_aware"]

COPENHAGEN = ZoneInfo("Europe/Copenhagen")

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


def end_of_day(instant: datetime, *, days: int = 0) -> datetime:
    """24:00 local time, ``days`` after the local day of ``instant``, in UTC.

    Wall-clock: across a change to or from summer time the span is 23 or 25 hours.
    """
    midnight = datetime.combine(local(instant).date() + timedelta(days=days + 1), time(), tzinfo=COPENHAGEN)
    return midnight.astimezone(UTC)


def add_working_days(instant: datetime, days: int, *, closed: frozenset[date]) -> datetime:
    """The same local time of day, ``days`` working days later; weekends and ``closed`` do not count."""
    day = local(instant).date()
    left = days
    while left > 0:
        day += timedelta(days=1)
        if day.isoweekday() <= 5 and day not in closed:  # noqa: PLR2004 - Friday is the fifth ISO weekday
            left -= 1
    return datetime.combine(day, local(instant).time(), tzinfo=COPENHAGEN).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """A span of every local day, from ``opens`` until just before ``closes``."""

    opens: time
    closes: time

    def covers(self, instant: datetime) -> bool:
        """Tell whether the local time of ``instant`` lies inside."""
        return self.opens <= local(instant).time() < self.closes
