"""The values that conditions read, found when somebody asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from discharge.conditions import FactType
from discharge.context import DocumentFacts, MedicineFacts, PartyName, PlanningContext
from discharge.facts import FIELDS, facts_of
from discharge.identifiers import SorCode
from discharge.plan import DischargePlan, Need
from tests.factories import NOW, PRACTICE, WARD, directory, ended_stay, patient, stay

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


@pytest.mark.parametrize(("asker", "kind"), [(PRACTICE, "gp"), (WARD, "ward"), (None, None), (SorCode("1"), None)])
def test_work_on_the_medicine_tells_how_many_wait_and_what_kind_of_place_asks(
    asker: SorCode | None, kind: str | None
) -> None:
    context = _context(
        DischargePlan(), medicine=MedicineFacts(work="asked", unresolved=3, newly_open=1, asked=2, asker=asker)
    )
    facts = facts_of(context)

    assert (facts["medicine.work"], facts["medicine.unresolved"], facts["medicine.asked"]) == ("asked", 3, 2)
    assert (facts["medicine.newly_open"], facts["medicine.from"]) == (1, kind)
    assert context.organization(PartyName.ASKER) == asker


def test_reports_tell_which_kinds_hold_and_which_do_not_any_more() -> None:
    told = DocumentFacts(in_force=("nursing-report",), taken_back=("discharge-letter",))
    facts, none = facts_of(_context(DischargePlan(), document=told)), facts_of(_context(DischargePlan()))

    assert (facts["document.in_force"], facts["document.taken_back"]) == (("nursing-report",), ("discharge-letter",))
    assert none["document.in_force"] is none["document.taken_back"] is none["medicine.from"] is None
