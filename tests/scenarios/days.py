"""Danish dates as people say them: ``fredag 20.11.2026 11.40``, ``mandag 12.00``, ``24.00``."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Final

from discharge.clock import END_OF_DAY, at_local, local

__all__ = ["instant", "minute", "said"]

_WEEKDAYS: Final = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
_NAMED: Final = {"skærtorsdag": "torsdag", "langfredag": "fredag", "påskedag": "søndag"}
_SAID: Final = re.compile(
    r"(?:(?P<name>[a-zæøå]+) ?)?(?:(?P<day>\d+)\.(?P<month>\d+)\.(?P<year>\d{4}) ?)?"
    r"(?:(?P<hour>\d\d)\.(?P<minute>\d\d))?(?P<second> for anden gang)?"
)


def instant(words: str, now: datetime) -> datetime:
    """The instant that ``words`` name, looking ahead from ``now`` where they say no date.

    A weekday alone is the next such day, today included; no day at all is today. Of an hour that
    comes twice the first one is meant, unless they say "for anden gang".
    """
    found = _SAID.fullmatch(words)
    assert found is not None, f"no such day: {words}"
    day = _day(found, local(now).date())
    if found["hour"] is None:
        return now
    clock = END_OF_DAY if found["hour"] == "24" else time(int(found["hour"]), int(found["minute"]))
    at = at_local(day, clock)
    return at + timedelta(hours=1) if found["second"] else at


def _day(found: re.Match[str], today: date) -> date:
    name = found["name"] and _NAMED.get(found["name"], found["name"])
    if found["year"] is not None:
        day = date(int(found["year"]), int(found["month"]), int(found["day"]))
        assert name is None or _WEEKDAYS[day.weekday()] == name, f"{day} is a {_WEEKDAYS[day.weekday()]}"
        return day
    return today if name is None else today + timedelta(days=(_WEEKDAYS.index(name) - today.weekday()) % 7)


def minute(at: datetime) -> datetime:
    """What a clock without a second hand shows: the story's clock runs on while the test acts."""
    return at.replace(second=0, microsecond=0)


def said(at: datetime) -> str:
    """``at`` as a Danish clock shows it, for messages of failing tests."""
    there = local(at)
    return f"{_WEEKDAYS[there.weekday()]} {there:%-d.%-m.%Y %H.%M %Z}"
