"""What tests of planning share: instants, and the context of a citizen who has just gone home."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from discharge.context import PlanningContext
from discharge.stay import Stay
from tests.factories import NOW, PRACTICE, directory, ended_stay, patient

__all__ = ["DAY", "HOUR", "MIDNIGHT", "MINUTE", "context_of"]

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 20, 23, tzinfo=UTC)
"""24:00 on a Danish clock of the day that NOW falls on."""


def context_of(of: Stay | None = None, **changes: Any) -> PlanningContext:
    """The citizen has gone home now, or is in ``of``; the test says what is otherwise."""
    context = PlanningContext(
        stay=of or ended_stay(NOW, received_at=NOW),
        patient=patient(),
        directory=directory(),
        gp=PRACTICE,
        municipality_is_party=True,
        report_requested=True,
        received_at=NOW,
    )
    if "district" in changes:
        changes["patient"] = patient(district=changes.pop("district"))
    return replace(context, **changes)
