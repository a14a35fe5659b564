"""Who answers for the treatment right now, after the patient has left.

Source: extended treatment responsibility of 72 hours, Region Hovedstaden v2.0 (12/2022), Region Syddanmark
(1 November 2023): for whom it holds is the agreement's (rules R22, R22x, R23); here is what its duties mean.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from discharge.identifiers import SorCode
from discharge.stay import Stay, StayState
from discharge.task import HandoverTask, TaskStatus

__all__ = ["ANSWERS", "TAKES_OVER", "Responsibility", "who_answers"]

ANSWERS: Final = "answer-for-72-hours"
"""Code of the ward's duty to answer."""
TAKES_OVER: Final = "take-over-responsibility"
"""Code of the practice's duty to take over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Responsibility:
    """Who answers, and until when."""

    organization: SorCode | None
    """None: the citizen's practice, which nobody has on record."""
    phone: str | None = None
    """Round the clock, as the ward wrote it."""
    until: datetime | None = None
    """None: until further notice."""
    then: SorCode | None = None
    """Who takes over at ``until``."""
    is_extended: bool = False
    """True while the ward answers although the patient has left."""


def who_answers(stay: Stay, tasks: Iterable[HandoverTask], gp: SorCode | None, now: datetime) -> Responsibility:
    """The ward while it has the patient or the extended responsibility, then the practice.

    The ward answers until its hours are over, or until a person at the practice has taken over before that.
    """
    if stay.is_open:
        return Responsibility(organization=stay.ward, phone=stay.plan.contact_phone)
    ended = {TaskStatus.CANCELLED, TaskStatus.REJECTED}
    # What a discharge that was taken back had made is no answer to the one that holds.
    made = [task for task in tasks if task.status not in ended and task.cause is not None]
    answering = (task for task in made if task.code == ANSWERS)
    extended = max(answering, key=lambda task: task.created_at, default=None)
    taken_over = any(task.code == TAKES_OVER and task.status is TaskStatus.COMPLETED for task in made)
    if stay.state is not StayState.ENDED or extended is None or extended.due_at is None:
        return Responsibility(organization=gp)
    if taken_over or now >= extended.due_at:
        return Responsibility(organization=gp)
    return Responsibility(
        organization=extended.owner, phone=stay.plan.contact_phone, until=extended.due_at, then=gp, is_extended=True
    )
