"""What people write in fields: read kindly, and when it cannot be read, said where, what and how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from starlette.datastructures import FormData

from discharge.clock import COPENHAGEN, local
from fhir_mappings.instants import is_plausible
from services.web.language import Language

__all__ = ["FieldError", "Form", "instant_at", "parse_date", "parse_time"]

_TIME: Final = re.compile(r"(\d{1,2})[.: ]?(\d{2})|(\d{1,2})", re.ASCII)
_DATE: Final = re.compile(r"(\d{1,2})[.\-/ ]+(\d{1,2})(?:[.\-/ ]+(\d{4}|\d{2}))?\.?", re.ASCII)
_ISO: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_LONGEST: Final = 4000
_MONTHS_EN: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DATE_EN: Final = re.compile(r"(\d{1,2}) ([a-z]{3})[a-z]*(?: (\d{4}))?", re.ASCII)
_WEEKDAY: Final = re.compile(r"^(ma|ti|on|to|fr|lø|sø|mon|tue|wed|thu|fri|sat|sun)[a-zæøå]*\.?\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """What is wrong with one field. ``field`` is its name, ``label`` what it is called on the page."""

    field: str
    label: str
    words: str


def parse_time(text: str) -> time | None:
    """The time in ``15.00``, ``15:00``, ``1500``, ``9.30`` or ``15``; None when it is none of the day."""
    match = _TIME.fullmatch(text.strip().lower().removeprefix("kl.").removeprefix("kl").strip())
    if match is None:
        return None
    hour, minute = (match[1], match[2]) if match[1] else (match[3], "0")
    try:
        return time(int(hour), int(minute))
    except ValueError:
        return None


def parse_date(text: str, today: date) -> date | None:
    """The date in ``20.11.2026``, ``20/11``, ``20 Nov 2026``, ``2026-11-20``, ``i dag`` or ``i morgen``.

    Without a year it is the next such day. A year that no patient of today can mean is no date.
    """
    try:
        found = _read_date(text, today)
    except ValueError:
        return None
    return found if found is not None and is_plausible(found) else None


def _read_date(text: str, today: date) -> date | None:
    said = _WEEKDAY.sub("", text.strip().lower())
    near = {"i dag": 0, "idag": 0, "today": 0, "i morgen": 1, "imorgen": 1, "tomorrow": 1}
    if said in near:
        return today + timedelta(days=near[said])
    if _ISO.fullmatch(said):
        return date.fromisoformat(said)
    english = _DATE_EN.fullmatch(said)
    if english is not None and english[2] in _MONTHS_EN:
        return _dated(int(english[1]), _MONTHS_EN.index(english[2]) + 1, english[3], today)
    match = _DATE.fullmatch(said)
    return None if match is None else _dated(int(match[1]), int(match[2]), match[3], today)


def _dated(day: int, month: int, year: str | None, today: date) -> date:
    if year is not None:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)  # noqa: PLR2004 - a short year
    found = date(today.year, month, day)
    return found if found >= today - timedelta(days=7) else found.replace(year=today.year + 1)


def instant_at(day: date, clock: time) -> datetime:
    """The instant of a Danish wall-clock time, in UTC."""
    return datetime.combine(day, clock, tzinfo=COPENHAGEN).astimezone(UTC)


@dataclass(slots=True)
class Form:
    """A sent form: its texts, and what was wrong with them so far."""

    texts: Mapping[str, str]
    lang: Language
    now: datetime
    errors: dict[str, FieldError] = field(default_factory=dict)

    @classmethod
    def of(cls, data: FormData, lang: Language, now: datetime) -> Form:
        """The texts of ``data``; the last value of a repeated field."""
        return cls({name: value.strip() for name, value in data.items() if isinstance(value, str)}, lang, now)

    def text(self, name: str) -> str:
        """What was written, without the space round it; at most 4,000 characters."""
        return self.texts.get(name, "")[:_LONGEST].replace("\x00", "")

    def number(self, name: str) -> int | None:
        """A version number out of a hidden field; None when there is none."""
        text = self.text(name)
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004 - no version is longer

    def refuse(self, name: str, label: str, words: str) -> None:
        """Note what is wrong with a field; the first word counts."""
        self.errors.setdefault(name, FieldError(field=name, label=label, words=words))

    def date(self, name: str, label: str) -> date | None:
        """The date in a field, None when it is empty or cannot be read."""
        text = self.text(name)
        found = parse_date(text, local(self.now).date()) if text else None
        if text and found is None:
            words = self.lang.text("Skriv en dato, for eksempel 20.11.2026. Du skrev „{text}“.")
            self.refuse(name, label, words.format(text=text[:40]))
        return found

    def time(self, name: str, label: str) -> time | None:
        """The time in a field, None when it is empty or cannot be read."""
        text = self.text(name)
        found = parse_time(text) if text else None
        if text and found is None:
            words = self.lang.text("Skriv et klokkeslæt, for eksempel 15.00. Du skrev „{text}“.")
            self.refuse(name, label, words.format(text=text[:40]))
        return found

    def required(self, name: str, label: str, words: str) -> str:
        """What was written; an error when nothing was."""
        text = self.text(name)
        if not text:
            self.refuse(name, label, words)
        return text
