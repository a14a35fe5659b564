"""Days on which working-day deadlines do not count."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

__all__ = ["closed_days_around", "knows_holidays"]

_EVERY_YEAR = len("06-05")


def closed_days_around(day: date, *, country: str = "DK", also: tuple[str, ...] = ()) -> frozenset[date]:
    """Closed days of the years around ``day``: no deadline counts further than that.

    Args:
        day: the day of the event.
        country: ISO 3166-1 code, whose public holidays close.
        also: further closed days, ``2026-06-05``, or ``06-05`` for every year.
    """
    return _closed_in(day.year, country, also)


def knows_holidays(country: str) -> bool:
    """Tell whether the public holidays of ``country``, an ISO 3166-1 code, are known."""
    import holidays  # noqa: PLC0415 - as below

    return country in holidays.list_supported_countries(include_aliases=False)


@lru_cache(maxsize=64)
def _closed_in(year: int, country: str, also: tuple[str, ...]) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - its calendars load slowly, and most processes never ask

    years = range(year - 1, year + 2)
    yearly = (f"{each}-{text}" for each in years for text in also if len(text) == _EVERY_YEAR)
    named = (text for text in also if len(text) > _EVERY_YEAR)
    public = holidays.country_holidays(country, years=years)
    return frozenset(public) | {_day(text) for text in (*yearly, *named)}


def _day(text: str) -> date:
    """The day; 29 February of a year without one is the day after the 28th."""
    year, month, day = (int(part) for part in text.split("-"))
    return date(year, month, 1) + timedelta(days=day - 1)
