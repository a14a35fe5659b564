"""FHIR dateTime and instant: read with their zone, written in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Final

__all__ = ["EARLIEST", "LATEST", "is_plausible", "read_date", "read_instant", "write_instant"]

EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)

_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def read_instant(text: str) -> datetime:
    """The instant that ``text`` names, in UTC.

    Raises:
        ValueError: it is no point in time with seconds and zone.

    Source: FHIR R4, data types dateTime and instant; MedCom Messaging 2.1.0 (a zone SHALL be given).
    """
    if _INSTANT.fullmatch(text) is None:
        msg = "not a time with date, seconds and zone"
        raise ValueError(msg)
    instant = datetime.fromisoformat(text)
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        # The first or last hours that Python can count: no sender means them, and no rule accepts them.
        return instant.replace(tzinfo=UTC)


def read_date(text: str) -> date:
    """The day that ``text`` names.

    Raises:
        ValueError: it is no full date of the calendar.
    """
    if _DATE.fullmatch(text) is None:
        msg = "not a full date"
        raise ValueError(msg)
    return date.fromisoformat(text)


def is_plausible(moment: datetime | date) -> bool:
    """Tell whether ``moment`` can concern a living patient: from 1900 to before 2200."""
    return EARLIEST.year <= moment.year < LATEST.year


def write_instant(instant: datetime) -> str:
    """The instant in UTC with ``Z``, with milliseconds only when it has any."""
    utc = instant.astimezone(UTC)
    precision = "milliseconds" if utc.microsecond >= 1000 else "seconds"  # noqa: PLR2004 - one millisecond
    return utc.isoformat(timespec=precision).removesuffix("+00:00") + "Z"
