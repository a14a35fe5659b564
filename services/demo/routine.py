"""What people do every day without being asked twice: the agreement's ordinary duties, taken on and done in time.

The demo shows what is out of the ordinary; everything else has been done by whoever owes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from discharge.policy import Role
from discharge.task import Move
from services.demo.courses import Act, Course

__all__ = ["with_routine"]

_UNANSWERED: Final = frozenset({"Demodal", "Prøvegaard"})
"""Stays that nobody has answered yet."""
_LATE: Final = frozenset({"Attrap"})
"""Gone, and the doctor has not been through the medicine."""
_AT_ADMISSION: Final = (
    ("check-record", timedelta(hours=2), None),
    ("pause-dose-dispensing", timedelta(hours=3), Role.DOCTOR),
)
_AFTER_PLAN: Final = (
    ("read-care-plan", timedelta(minutes=35), Role.VISITATOR),
    ("order-aids", timedelta(minutes=50), Role.VISITATOR),
    ("order-treatment-devices", timedelta(minutes=55), None),
)
_BEFORE_LEAVING: Final = (("reconcile-at-discharge", timedelta(minutes=-20), Role.DOCTOR),)
_TAKEN: Final = (("answer-for-72-hours", timedelta(minutes=6), None),)


def with_routine(course: Course, now: datetime) -> Course:
    """``course`` with the ordinary duties done, as far as their time has come by ``now``."""
    if course.family in _UNANSWERED:
        return course
    acts = (act for act in _acts(course) if act.at < now)
    return replace(course, acts=tuple(sorted((*course.acts, *acts), key=lambda act: act.at)))


def _acts(course: Course) -> Iterator[Act]:
    began = course.begins[-1][0]
    for code, after, role in _AT_ADMISSION:
        yield from _done(code, began + after, role)
    for at, _ in course.plans:
        for code, after, role in _AFTER_PLAN:
            yield from _done(code, at + after, role)
    if course.left_at is None:
        return
    if course.family not in _LATE:
        for code, after, role in _BEFORE_LEAVING:
            yield from _done(code, course.left_at + after, role)
    for code, after, role in _TAKEN:
        yield Act(course.left_at + after, code, Move.ACCEPT, role)


def _done(code: str, at: datetime, role: Role | None) -> Iterator[Act]:
    yield Act(at, code, Move.ACCEPT, role)
    yield Act(at + timedelta(minutes=4), code, Move.COMPLETE, role)
