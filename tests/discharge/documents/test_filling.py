"""What the plan takes from a report: by itself only what is coded and empty."""

import pytest

from discharge.documents.filling import TAKEN, is_in_plan, revision_of, taken_by_itself
from discharge.documents.report import Suggestion
from discharge.plan import DischargePlan, Need
from tests.discharge.documents.made import report


def suggestion(element: str, value: str | None) -> Suggestion:
    return Suggestion(element=element, value=value, words="words", place="x")


HOME = suggestion("destination", "home")


def test_only_an_empty_destination_is_filled_by_itself() -> None:
    coded, words = report(suggestions=(suggestion("need", "meals"), HOME)), suggestion("destination", None)

    assert taken_by_itself(coded, DischargePlan()) == HOME
    assert taken_by_itself(coded, DischargePlan(destination="hospice")) is None
    assert taken_by_itself(report(suggestions=(words,)), DischargePlan()) is None


@pytest.mark.parametrize(
    "made",
    [
        HOME,
        suggestion("need", "meals"),
        suggestion("first-24-hours", "Nøgle hos naboen"),
        suggestion("functional-level", "walking-aid"),
    ],
)
def test_what_is_taken_over_stands_in_the_plan_and_nothing_else_is_lost(made: Suggestion) -> None:
    plan = DischargePlan(needs=frozenset({Need.AIDS}), contact_phone="70 00 00 00")
    assert not is_in_plan(made, plan)

    after = plan.revised(revision_of(made, plan))

    assert is_in_plan(made, after)
    assert Need.AIDS in (after.needs or ())
    assert made.element in TAKEN


def test_need_is_added_where_nobody_has_said_any() -> None:
    after = DischargePlan().revised(revision_of(suggestion("need", "meals"), DischargePlan()))

    assert after.needs == frozenset({Need.MEALS})


def test_words_alone_stand_in_no_plan() -> None:
    assert not is_in_plan(suggestion("functional-level", None), DischargePlan())
    assert not is_in_plan(suggestion("need", None), DischargePlan(needs=frozenset({Need.MEALS})))
