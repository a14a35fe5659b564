"""Dates and times as Danes say them, on a Danish clock, in two languages."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final

from discharge.clock import local
from services.web.language import Language

__all__ = [
    "NBSP",
    "at_time",
    "brief",
    "clock_seconds",
    "clock_time",
    "day_and_time",
    "day_name",
    "day_short",
    "due_day",
    "due_moment",
    "full_date",
    "long_date",
    "moment",
]

NBSP: Final = "\N{NO-BREAK SPACE}"
_DAY: Final = timedelta(days=1)
_WEEKDAYS: Final = {
    "da": ("ma", "ti", "on", "to", "fr", "lø", "sø"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
_LONG_WEEKDAYS: Final = {
    "da": ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
_MONTHS: Final = {
    "da": (
        "januar", "februar", "marts", "april", "maj", "juni",
        "juli", "august", "september", "oktober", "november", "december",
    ),
    "en": (
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ),
}  # fmt: skip


def clock_time(instant: datetime, lang: Language) -> str:
    """``14.30`` or ``14:30``, on a Danish clock."""
    return local(instant).strftime("%H.%M" if lang.is_danish else "%H:%M")


def clock_seconds(instant: datetime, lang: Language) -> str:
    """``11.49.58``, where two presses must be told apart."""
    return local(instant).strftime("%H.%M.%S" if lang.is_danish else "%H:%M:%S")


def day_short(day: date, lang: Language, *, today: date | None = None) -> str:
    """``ma 23.11.`` or ``Mon 23 Nov``, with the year when it is not this one."""
    year = f"{day.year}" if today is not None and day.year != today.year else ""
    weekday = _WEEKDAYS[lang.code][day.weekday()]
    if lang.is_danish:
        return f"{weekday}{NBSP}{day.day:02}.{day.month:02}.{year}"
    return f"{weekday} {day.day} {_MONTHS['en'][day.month - 1][:3]} {year}".rstrip().replace(" ", NBSP)


def day_name(day: date, today: date, lang: Language) -> str:
    """``i dag``, ``i morgen``, ``i går``, else the short day."""
    t = lang.text
    near = {-1: t("i går"), 0: t("i dag"), 1: t("i morgen")}
    return near.get((day - today).days) or day_short(day, lang, today=today)


def full_date(day: date, lang: Language) -> str:
    """``20.11.2026`` or ``20 Nov 2026``."""
    if lang.is_danish:
        return f"{day.day:02}.{day.month:02}.{day.year}"
    return f"{day.day} {_MONTHS['en'][day.month - 1][:3]} {day.year}"


def day_and_time(instant: datetime, lang: Language) -> str:
    """``20.11.2026 kl. 14.05``."""
    return f"{full_date(local(instant).date(), lang)} {at_time(clock_time(instant, lang), lang)}"


def long_date(instant: datetime, lang: Language) -> str:
    """``Fredag 20. november 2026, uge 47``."""
    day = local(instant).date()
    weekday, month = _LONG_WEEKDAYS[lang.code][day.weekday()], _MONTHS[lang.code][day.month - 1]
    week = day.isocalendar().week
    if lang.is_danish:
        return f"{weekday.capitalize()} {day.day}. {month} {day.year}, uge {week}"
    return f"{weekday} {day.day} {month} {day.year}, week {week}"


def moment(instant: datetime, now: datetime, lang: Language) -> str:
    """When something happened: the time today, else the day before it."""
    day, today = local(instant).date(), local(now).date()
    at = clock_time(instant, lang)
    return at if day == today else f"{day_name(day, today, lang)} {at}"


def brief(instant: datetime, now: datetime, lang: Language) -> str:
    """When something happened, where room is short: the time today, else the day alone."""
    day, today = local(instant).date(), local(now).date()
    return clock_time(instant, lang) if day == today else day_name(day, today, lang)


def due_day(instant: datetime, lang: Language) -> tuple[date, str]:
    """Day and time of a deadline; midnight belongs to the day that it ends."""
    there = local(instant)
    if (there.hour, there.minute, there.second) == (0, 0, 0):
        return there.date() - _DAY, "24.00" if lang.is_danish else "24:00"
    return there.date(), clock_time(instant, lang)


def due_moment(instant: datetime, now: datetime, lang: Language) -> str:
    """``i dag kl. 15.00``: day and time of something to come."""
    day, at = due_day(instant, lang)
    return f"{day_name(day, local(now).date(), lang)} {at_time(at, lang)}"


def at_time(at: str, lang: Language) -> str:
    """``kl. 14.30``, never parted; in English the bare time."""
    return f"kl.{NBSP}{at}" if lang.is_danish else at
