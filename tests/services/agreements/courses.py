"""A citizen's course followed under a shipped agreement, with Danish dates and times."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from typing import Any, Final

from discharge.agreement import HealthAgreement, Trigger
from discharge.agreement_format import parse_agreement
from discharge.clock import COPENHAGEN, local
from discharge.context import PlanningContext
from discharge.plan import DischargePlan, Need
from discharge.planning import PlannedTask, plan
from discharge.stay import Stay
from services.agreements.shipped import profile
from services.persistence.calendars import closed_days_around
from tests.factories import PRACTICE, directory, ended_stay, patient, stay

__all__ = [
    "FRIDAY",
    "MONDAY",
    "NURSING",
    "SATURDAY",
    "SUNDAY",
    "WEDNESDAY",
    "agreement",
    "at",
    "context",
    "due",
    "home",
    "in_hospital",
    "planned",
]

MONDAY, WEDNESDAY, FRIDAY, SATURDAY, SUNDAY = (date(2026, 11, day) for day in (16, 18, 20, 21, 22))
NURSING: Final = frozenset({Need.HOME_NURSING})


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A Danish time of day."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=COPENHAGEN).astimezone(UTC)


@cache
def agreement(name: str = "dk-midtjylland") -> HealthAgreement:
    """A shipped agreement."""
    return parse_agreement(profile(name))


def context(of: Stay, now: datetime, **changes: Any) -> PlanningContext:
    """What is known of a citizen with home nursing, at ``now``."""
    made = PlanningContext(
        stay=of,
        patient=patient(),
        directory=directory(),
        gp=PRACTICE,
        municipality_is_party=True,
        report_requested=True,
        received_at=now,
        closed_days=closed_days_around(local(now).date(), also=("06-05", "12-24", "12-31")),
    )
    return replace(made, **changes)


def planned(trigger: Trigger, where: PlanningContext, name: str = "dk-midtjylland") -> Mapping[str, PlannedTask]:
    """The tasks that an event makes, by their codes."""
    return {task.rule.code: task for task in plan(agreement(name), trigger, where)}


def due(task: PlannedTask) -> str:
    """When it falls due, on a Danish clock."""
    return local(task.due_at).strftime("%a %H:%M")


def in_hospital(expected: datetime | None = None, since: datetime | None = None, **said: object) -> Stay:
    """A stay since Monday at ten."""
    written = DischargePlan(version=1, expected_discharge_at=expected, **said)  # type: ignore[arg-type] # as above
    return stay(began_at=since or at(MONDAY, 10), plan=written)


def home(left: datetime, since: datetime | None = None, **said: object) -> Stay:
    """The same stay, over."""
    written = DischargePlan(version=1, **said)  # type: ignore[arg-type] # as above
    return replace(ended_stay(left, received_at=left), began_at=since or at(MONDAY, 10), plan=written)
