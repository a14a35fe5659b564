"""The values that conditions read, found when somebody asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from discharge.conditions import FactType
from discharge.context import PlanningContext
from discharge.facts import FIELDS, facts_of
from discharge.plan import DischargePlan, Need
from tests.factories import NOW, PRACTICE, directory, ended_stay, patient, stay

_PYTHON = {
    FactType.TRUTH: bool,
    FactType.NUMBER: int,
    FactType.TEXT: str,
    FactType.TEXTS: Sequence,
    FactType.INSTANT: datetime,
}


def _context(plan: DischargePlan, *, ended: bool = False, **changes: object) -> PlanningContext:
    given: dict[str, object] = {
        "stay": ended_stay(NOW, received_at=NOW) if ended else stay(plan=plan),
        "patient": patient(),
        "directory": directory(),
        "gp": PRACTICE,
        "municipality_is_party": True,
        "report_requested": True,
        "received_at": NOW,
    }
    return PlanningContext(**(given | changes))  # type: ignore[arg-type] # the test says which


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("ended", [False, True])
def test_every_field_has_a_value_of_its_type_or_none(name: str, *, ended: bool) -> None:
    bare = facts_of(_context(DischargePlan(), ended=ended))
    known = facts_of(
        _context(DischargePlan(needs=frozenset({Need.MEALS}), expected_discharge_at=NOW + timedelta(hours=3)))
    )

    for facts in (bare, known):
        assert facts[name] is None or isinstance(facts[name], _PYTHON[FIELDS[name]])


def test_what_is_expected_counts_as_leaving_until_the_patient_has_left() -> None:
    saturday = NOW + timedelta(days=1)
    planned = facts_of(_context(DischargePlan(expected_discharge_at=saturday)))
    gone = facts_of(_context(DischargePlan(), ended=True))

    assert (planned["leaving.at"], planned["leaving.time"], planned["leaving.weekday"]) == (saturday, "11:40", 6)
    assert (planned["plan.expected_today"], planned["plan.expected_closed_day"]) == (False, True)
    assert (gone["leaving.at"], gone["leaving.closed_day"]) == (NOW, False)


def test_an_ended_stay_is_judged_on_the_day_it_ended_and_every_other_on_that_of_the_event() -> None:
    two_days_later = NOW + timedelta(days=2)
    ended = facts_of(_context(DischargePlan(), ended=True, received_at=two_days_later))
    lasting = facts_of(_context(DischargePlan(), received_at=two_days_later))

    assert (ended["event.day"], ended["event.weekday"], ended["event.closed_day"]) == ("2026-11-20", 5, False)
    assert (lasting["event.day"], lasting["event.weekday"], lasting["event.closed_day"]) == ("2026-11-22", 7, True)
