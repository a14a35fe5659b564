"""What the plan takes from a report: by itself only what is coded and empty, and only as long as the report holds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.documents.filling import TAKEN, followed, is_confirmable, is_in_plan, revision_of
from discharge.documents.report import DischargeReport, DocumentStatus, RelationCode, Suggestion
from discharge.documents.standing import in_force
from discharge.plan import DischargePlan, Need, PlanCause, PlanRevision
from tests.discharge.documents.made import filed, naming, report, version


def suggestion(element: str, value: str | None) -> Suggestion:
    return Suggestion(element=element, value=value, words="words", place="x")


HOME, HOSPICE = suggestion("destination", "home"), suggestion("destination", "hospice")


def after(*reports: DischargeReport, plan: DischargePlan | None = None) -> DischargePlan:
    """The plan when the reports have come one after another."""
    made, came = plan or DischargePlan(), filed(*reports)
    for number in range(1, len(came) + 1):
        held = {each.id for each in in_force(came[: number - 1])}
        fresh = {each.id for each in in_force(came[:number])} - held
        made = followed(made, came[:number], (), fresh)
    return made


def test_only_an_empty_destination_is_filled_by_itself() -> None:
    coded, words = report(suggestions=(suggestion("need", "meals"), HOME)), suggestion("destination", None)

    filled = after(coded)

    assert (filled.destination, filled.filled_from, filled.needs) == ("home", coded.id, None)
    assert after(coded, plan=DischargePlan(destination="hospice")) == DischargePlan(destination="hospice")
    assert after(report(suggestions=(words,))) == DischargePlan()
    assert after(report(status=DocumentStatus.PRELIMINARY, suggestions=(HOME,))) == DischargePlan()


def test_what_a_person_took_out_no_report_fills_again() -> None:
    first, newer = version(0, suggestions=(HOME,)), version(1, suggestions=(HOSPICE,))
    emptied = after(first).revised(PlanRevision(destination=None))

    assert followed(emptied, filed(first, newer), (), {newer.id}) is emptied


def test_what_a_person_said_after_a_report_is_not_turned_by_a_newer_one() -> None:
    first, newer = version(0, suggestions=(HOME,)), version(1, suggestions=(HOSPICE,))
    said = after(first).revised(PlanRevision(destination="home"))

    assert followed(said, filed(first, newer), (), {newer.id}) is said


def test_what_only_a_report_said_is_taken_from_the_newer_one() -> None:
    newer = version(1, suggestions=(HOSPICE,))

    plan = after(version(0, suggestions=(HOME,)), newer)

    assert (plan.destination, plan.filled_from, plan.cause) == ("hospice", newer.id, PlanCause.REPORT_NEWER)


@pytest.mark.parametrize("status", [DocumentStatus.FINAL, DocumentStatus.ENTERED_IN_ERROR])
def test_what_no_report_says_any_more_is_taken_back(status: DocumentStatus) -> None:
    plan = after(version(0, suggestions=(HOME,)), version(1, status=status))

    assert (plan.destination, plan.filled_from, plan.cause) == (None, None, PlanCause.REPORT_GONE)
    assert plan.version == 2


def test_version_before_fills_again_when_the_newer_one_is_withdrawn() -> None:
    first = report(suggestions=(HOME,))
    second = naming(RelationCode.REPLACES, first, suggestions=(HOSPICE,))
    error = naming(RelationCode.REPLACES, second, status=DocumentStatus.ENTERED_IN_ERROR)

    plan = after(first, second, error)

    assert (plan.destination, plan.filled_from) == ("home", first.id)


@pytest.mark.parametrize("said", ["hospice", None])
def test_what_a_person_wrote_or_emptied_since_is_left_alone(said: str | None) -> None:
    typed = after(version(0, suggestions=(HOME,))).revised(PlanRevision(destination=said))

    came = filed(version(0, suggestions=(HOME,)), version(1, suggestions=()))

    assert followed(typed, came, (), {came[1].id}) is typed


def test_what_a_person_stands_by_stays_when_the_report_is_withdrawn() -> None:
    first = version(0, suggestions=(HOME,))
    confirmed = after(first).confirmed()

    came = filed(first, version(1, status=DocumentStatus.ENTERED_IN_ERROR))

    assert followed(confirmed, came, (), ()) is confirmed


@given(st.permutations(range(4)))
def test_order_of_arrival_decides_nothing_about_what_is_filled(order: list[int]) -> None:
    first = report(suggestions=(HOME,))
    second = naming(RelationCode.REPLACES, first, suggestions=(HOSPICE,))
    third = naming(RelationCode.REPLACES, second)
    error = naming(RelationCode.REPLACES, third, status=DocumentStatus.ENTERED_IN_ERROR)
    reports = (first, second, third, error)

    plan = after(*(reports[number] for number in order))

    assert (plan.destination, plan.filled_from) == ("hospice", second.id)


def test_only_what_a_report_filled_is_to_be_confirmed() -> None:
    plan = after(report(suggestions=(HOME,)))

    assert is_confirmable(HOME, plan)
    assert not is_confirmable(HOSPICE, plan)
    assert not is_confirmable(suggestion("need", "meals"), plan)
    assert not is_confirmable(HOME, plan.confirmed())


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

    taken = plan.revised(revision_of(made, plan))

    assert is_in_plan(made, taken)
    assert Need.AIDS in (taken.needs or ())
    assert made.element in TAKEN


def test_need_is_added_where_nobody_has_said_any() -> None:
    taken = DischargePlan().revised(revision_of(suggestion("need", "meals"), DischargePlan()))

    assert taken.needs == frozenset({Need.MEALS})


def test_words_alone_stand_in_no_plan() -> None:
    assert not is_in_plan(suggestion("functional-level", None), DischargePlan())
    assert not is_in_plan(suggestion("need", None), DischargePlan(needs=frozenset({Need.MEALS})))
