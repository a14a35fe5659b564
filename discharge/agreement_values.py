"""Single values of an agreement document, each checked, each complaint with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from enum import StrEnum
from typing import Final, TypeVar

from discharge.clock import END_OF_DAY, OpeningHours, parse_duration
from discharge.errors import AgreementError
from discharge.task import Title

__all__ = [
    "Document",
    "as_day",
    "as_hours",
    "as_mapping",
    "as_one",
    "as_sequence",
    "as_set",
    "as_span",
    "as_text",
    "as_texts",
    "as_time",
    "as_title",
    "as_whole",
    "as_yearly_day",
]

Document = Mapping[str, object]
_E = TypeVar("_E", bound=StrEnum)
_WORKING_DAYS: Final = " working-days"
_YEARLY: Final = re.compile(r"(\d{4}-)?\d{2}-\d{2}", re.ASCII)


def as_mapping(item: object, path: str, keys: frozenset[str] | None = None) -> Document:
    """The mapping at ``path``, which has no key but ``keys``.

    Raises:
        AgreementError: it is another thing, or has another key.
    """
    if not isinstance(item, Mapping):
        raise AgreementError(path=path, problem="a mapping is needed here")
    for key in item:
        if not isinstance(key, str) or (keys is not None and key not in keys):
            known = "texts" if keys is None else ", ".join(sorted(keys))
            raise AgreementError(path=f"{path}.{key}", problem=f"unknown; known are {known}")
    return item


def as_sequence(item: object, path: str) -> Sequence[object]:
    """The list at ``path``.

    Raises:
        AgreementError: it is another thing.
    """
    if isinstance(item, str) or not isinstance(item, Sequence):
        raise AgreementError(path=path, problem="a list is needed here")
    return item


def as_text(row: Document, key: str, path: str) -> str:
    """The text under ``key``.

    Raises:
        AgreementError: there is none.
    """
    value = row.get(key)
    if not isinstance(value, str) or not value.strip():
        raise AgreementError(path=f"{path}.{key}", problem="a text is needed here")
    return value.strip()


def as_texts(item: object, path: str) -> tuple[str, ...]:
    """The texts at ``path``.

    Raises:
        AgreementError: it is no list, or not of texts.
    """
    values = as_sequence(item, path)
    if not all(isinstance(value, str) for value in values):
        raise AgreementError(path=path, problem="a list of texts is needed here")
    return tuple(str(value) for value in values)


def as_title(item: object, path: str) -> Title:
    """A sentence in Danish and English.

    Raises:
        AgreementError: one of the two is missing.
    """
    row = as_mapping(item, path, frozenset({"da", "en"}))
    return Title(as_text(row, "da", path), as_text(row, "en", path))


def as_one(kind: type[_E], value: object, path: str) -> _E:
    """One of the words of ``kind``.

    Raises:
        AgreementError: another word.
    """
    try:
        return kind(str(value))
    except ValueError:
        raise AgreementError(path=path, problem=f"unknown; known are {', '.join(kind)}") from None


def as_set(kind: type[_E], item: object, path: str) -> frozenset[_E]:
    """Words of ``kind``; a single one may stand alone.

    Raises:
        AgreementError: another word.
    """
    values = [item] if isinstance(item, str) else as_sequence(item, path)
    return frozenset(as_one(kind, value, path) for value in values)


def as_whole(row: Document, key: str, path: str, *, least: int = 0) -> int:
    """The whole number under ``key``; 0 when it is left out.

    Raises:
        AgreementError: it is no whole number, or less than ``least``.
    """
    value = row.get(key, 0)
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise AgreementError(path=f"{path}.{key}", problem=f"a whole number, {least} or more")
    return value


def as_span(value: object, path: str) -> timedelta:
    """An ISO 8601 duration.

    Raises:
        AgreementError: another form.
    """
    try:
        return parse_duration(str(value))
    except ValueError as problem:
        raise AgreementError(path=path, problem=str(problem)) from None


def as_day(value: object, path: str) -> date:
    """A date.

    Raises:
        AgreementError: another form.
    """
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise AgreementError(path=path, problem="a date such as 2026-01-01 is needed here") from None


def as_yearly_day(value: object, path: str) -> str:
    """A date, or the month and day of every year.

    Raises:
        AgreementError: another form, or a day that no calendar has.
    """
    text = str(value)
    if _YEARLY.fullmatch(text) is None:
        raise AgreementError(path=path, problem="a day such as 2026-06-05, or 06-05 for every year, is needed here")
    as_day(text if text.count("-") > 1 else f"2024-{text}", path)  # a leap year: 02-29 may be closed too
    return text


def as_time(value: object, path: str) -> time:
    """A local time of day; 24:00 is the end of it.

    Raises:
        AgreementError: another form.
    """
    if value == "24:00":
        return END_OF_DAY
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        raise AgreementError(path=path, problem='a time such as "12:00", in quotes, is needed here') from None


def as_hours(value: object, path: str) -> OpeningHours:
    """Opening hours of every day, or of working days.

    Raises:
        AgreementError: another form, or nothing is open between them.
    """
    text = str(value)
    opens, dash, closes = text.removesuffix(_WORKING_DAYS).partition("-")
    try:
        hours = OpeningHours(
            time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip()), text.endswith(_WORKING_DAYS)
        )
    except ValueError:
        dash = ""
    if not dash or hours.opens >= hours.closes:
        problem = 'hours such as "08:00-15:00" or "08:00-16:00 working-days" are needed here'
        raise AgreementError(path=path, problem=problem)
    return hours
