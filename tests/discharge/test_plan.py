from dataclasses import fields
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.errors import PlanError
from discharge.identifiers import DocumentId
from discharge.plan import (
    UNCHANGED,
    Certainty,
    DischargePlan,
    Need,
    PlanCause,
    PlanRevision,
    Unchanged,
    difference,
)

_instants = st.none() | st.datetimes(timezones=st.just(UTC))
_texts = st.none() | st.text(max_size=8)
_phones = st.none() | st.from_regex(r"\+?[0-9]{3,8}", fullmatch=True)
_unchanged = st.just(UNCHANGED)
revisions = st.builds(
    PlanRevision,
    expected_discharge_at=_unchanged | _instants,
    certainty=_unchanged | st.sampled_from(Certainty),
    treatment_finished_at=_unchanged | _instants,
    needs=_unchanged | st.none() | st.frozensets(st.sampled_from(Need)),
    first_visit_at=_unchanged | _instants,
    destination=_unchanged | _texts,
    functional_level=_unchanged | _texts,
    frail=_unchanged | st.none() | st.booleans(),
    without_72_hours=_unchanged | _texts,
    medicine_until=_unchanged | st.none() | st.dates(),
    contact_phone=_unchanged | _phones,
    agreed_by_phone=_unchanged | _texts,
    first_24_hours=_unchanged | _texts,
    override_reason=_unchanged | _texts,
    bed=_unchanged | _texts,
)


@pytest.mark.no_cover
@given(st.lists(revisions, max_size=5))
def test_the_differences_between_two_versions_lead_from_one_to_the_other(course: list[PlanRevision]) -> None:
    before = DischargePlan()
    after = before
    for revision in course:
        after = after.revised(revision)

    again = before.revised(PlanRevision(**{change.field: change.after for change in difference(before, after)}))  # type: ignore[arg-type] # fields carry their own types

    assert difference(again, after) == ()
    assert difference(before, before) == ()


@pytest.mark.no_cover
@given(revisions, revisions)
def test_a_version_rises_exactly_when_something_differs(first: PlanRevision, second: PlanRevision) -> None:
    before = DischargePlan().revised(first)

    after = before.revised(second)

    assert after.version == before.version + bool(difference(before, after))
    assert (after is before) == (difference(before, after) == ())
    assert after.revised(second) is after


@given(revisions)
def test_what_a_revision_leaves_out_stays(revision: PlanRevision) -> None:
    untouched = {f.name for f in fields(revision) if isinstance(getattr(revision, f.name), Unchanged)}

    changed = {change.field for change in difference(DischargePlan(), DischargePlan().revised(revision))}

    assert changed.isdisjoint(untouched)


def test_a_revision_knows_every_field_of_the_plan() -> None:
    how_it_came = {"version", "filled_from", "is_left_empty", "cause"}

    assert {f.name for f in fields(PlanRevision)} == {f.name for f in fields(DischargePlan)} - how_it_came


def test_what_a_report_filled_is_told_from_what_a_person_said() -> None:
    filled = DischargePlan().filled("home", DocumentId("first"))
    newer = filled.filled("hospice", DocumentId("second"))
    gone = newer.filled(None, None)

    assert [each.cause for each in (filled, newer, gone)] == ["report-filled", "report-newer", "report-gone"]
    assert [each.version for each in (filled, newer, gone)] == [1, 2, 3]
    assert (gone.destination, gone.filled_from) == (None, None)
    assert [change.field for change in difference(DischargePlan(), filled)] == ["destination"]


def test_a_person_who_changes_another_field_leaves_it_a_reports_word() -> None:
    filled = DischargePlan().filled("home", DocumentId("first"))

    assert filled.revised(PlanRevision(bed="7")).filled_from == "first"
    changed = filled.revised(PlanRevision(destination="hospice"))
    assert (changed.filled_from, changed.cause) == (None, None)


def test_a_person_who_says_what_a_report_filled_stands_by_it() -> None:
    filled = DischargePlan().filled("home", DocumentId("first"))

    said = filled.revised(PlanRevision(destination="home"))
    with_more = filled.revised(PlanRevision(destination="home", bed="7"))

    assert said == filled.confirmed()
    assert (with_more.destination, with_more.filled_from, with_more.cause) == ("home", None, None)
    assert said.revised(PlanRevision(destination="home")) is said


def test_what_a_person_took_out_is_remembered_until_a_person_says_something() -> None:
    emptied = DischargePlan(destination="home").revised(PlanRevision(destination=None))

    assert emptied.is_left_empty
    assert emptied.revised(PlanRevision(bed="7")).is_left_empty
    assert not emptied.revised(PlanRevision(destination="hospice")).is_left_empty
    assert not DischargePlan().revised(PlanRevision(bed="7")).is_left_empty


def test_a_person_stands_by_what_a_report_filled() -> None:
    filled = DischargePlan().filled("home", DocumentId("first"))

    confirmed = filled.confirmed()

    assert (confirmed.version, confirmed.destination, confirmed.filled_from) == (2, "home", None)
    assert confirmed.cause is PlanCause.REPORT_CONFIRMED
    assert confirmed.confirmed() is confirmed


def test_needs_are_replaced_as_a_set() -> None:
    plan = DischargePlan().revised(PlanRevision(needs=frozenset({Need.MEALS, Need.AIDS})))

    assert plan.revised(PlanRevision(needs=frozenset({Need.MEALS}))).needs == frozenset({Need.MEALS})


@pytest.mark.parametrize(
    ("needs", "municipal"),
    [
        (None, False),
        (frozenset(), False),
        (frozenset({Need.FOLLOW_UP_VISIT}), False),
        (frozenset({Need.FOLLOW_UP_VISIT, Need.HOME_NURSING}), True),
    ],
)
def test_only_a_municipal_need_brings_the_municipality_in(needs: frozenset[Need] | None, *, municipal: bool) -> None:
    assert DischargePlan(needs=needs).names_municipal_need is municipal


@pytest.mark.parametrize("phone", ["1", "12 34 ab", "++4512345678", "lokal 7"])
def test_a_telephone_number_that_cannot_be_dialled_is_refused(phone: str) -> None:
    with pytest.raises(PlanError) as refused:
        DischargePlan().revised(PlanRevision(contact_phone=phone))

    assert refused.value.element == "contact-phone"


def test_a_telephone_number_may_be_taken_away() -> None:
    plan = DischargePlan().revised(PlanRevision(contact_phone="+45 12 34 56 78"))

    assert plan.revised(PlanRevision(contact_phone=None)).contact_phone is None


def test_only_the_bed_is_nobody_elses_business() -> None:
    before = DischargePlan()
    after = before.revised(PlanRevision(bed="7", medicine_until=date(2026, 12, 1)))

    concerns = {change.field: change.concerns_receivers for change in difference(before, after)}

    assert concerns == {"bed": False, "medicine_until": True}


def test_differences_keep_the_order_of_the_plan() -> None:
    after = DischargePlan(bed="7", expected_discharge_at=datetime(2026, 11, 20, tzinfo=UTC))

    assert [change.field for change in difference(DischargePlan(), after)] == ["expected_discharge_at", "bed"]


def test_unchanged_is_written_as_it_is_named() -> None:
    assert repr(UNCHANGED) == "UNCHANGED"
