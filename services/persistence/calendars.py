"""Days on which working-day deadlines do not count."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Final

__all__ = ["closed_days_around"]

_ALSO_CLOSED: Final = ((6, 5), (12, 24), (12, 31))
"""Constitution Day, 24 and 31 December: no public holidays by law, closed in practice [prop]."""


@lru_cache(maxsize=16)
def _closed_in(year: int) -> frozenset[date]:
    import holidays  # noqa: PLC0415 - its calendars load slowly, and most processes never ask

    public = holidays.country_holidays("DK", years=year)
    return frozenset(public) | {date(year, month, day) for month, day in _ALSO_CLOSED}


def closed_days_around(day: date) -> frozenset[date]:
    """Danish public holidays and customary closed days of the year of ``day`` and the next."""
    return _closed_in(day.year) | _closed_in(day.year + 1)
