"""What has become of each medicine, how we know, and what nobody can tell."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given

from discharge.medication.lines import Change, LineStatus, MedicationLine
from discharge.medication.lists import Column, ListOrigin, MedicationList, Saying, standing
from discharge.medication.reconciling import Basis, Doubt, reconcile
from tests.discharge.medication.lines import AT, dose, medicine, only, stated, tables

BEFORE, AFTER, NOW, HOSPITAL_ONLY = Column.BEFORE, Column.AT_DISCHARGE, Column.NOW, Column.IN_HOSPITAL
ORDER = frozenset({("urn:order", "1")})


def judged(before: MedicationLine | None, after: MedicationLine | None) -> tuple[Change, Basis, Doubt | None]:
    line = only(
        stated(BEFORE, *([] if before is None else [before])), stated(AFTER, *([] if after is None else [after]))
    )
    return line.change, line.basis, line.doubt


def test_lists_side_by_side_tell_new_changed_and_unchanged() -> None:
    assert judged(medicine(), medicine()) == (Change.UNCHANGED, Basis.COMPARISON, None)
    assert judged(medicine(), medicine(dosage=(dose("2"),))) == (Change.CHANGED, Basis.COMPARISON, None)
    assert judged(None, medicine()) == (Change.NEW, Basis.COMPARISON, None)


@pytest.mark.parametrize(
    ("status", "change", "doubt"),
    [
        (LineStatus.STOPPED, Change.STOPPED, None),
        (LineStatus.NOT_TAKEN, Change.STOPPED, None),
        (LineStatus.PAUSED, Change.PAUSED, None),
        (LineStatus.ENDED, Change.UNCLEAR, Doubt.COURSE_ENDED),
        (LineStatus.UNKNOWN, Change.UNCLEAR, Doubt.STATUS_UNKNOWN),
    ],
)
def test_a_status_tells_stopped_and_paused(status: LineStatus, change: Change, doubt: Doubt | None) -> None:
    assert judged(medicine(), medicine(status=status)) == (change, Basis.STATUS, doubt)


@pytest.mark.parametrize("code", [Change.NEW, Change.CHANGED, Change.STOPPED, Change.PAUSED])
def test_a_code_decides_before_the_comparison(code: Change) -> None:
    status = LineStatus.UNKNOWN if code in {Change.STOPPED, Change.PAUSED} else LineStatus.ACTIVE
    before = None if code is Change.NEW else medicine()

    assert judged(before, medicine(change=code, status=status, dosage=(dose("2"),))) == (code, Basis.CODE, None)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (medicine(), medicine(change=Change.UNCHANGED, dosage=(dose("2"),))),
        (medicine(), medicine(change=Change.UNCHANGED, status=LineStatus.STOPPED)),
        (medicine(), medicine(change=Change.NEW)),
        (None, medicine(change=Change.NEW, status=LineStatus.STOPPED)),
        (medicine(), medicine(change=Change.STOPPED)),
        (medicine(), medicine(change=Change.PAUSED)),
        (medicine(), medicine(change=Change.CHANGED)),
        (medicine(), medicine(change=Change.CHANGED, status=LineStatus.STOPPED)),
        (medicine(), medicine(change=Change.STOPPED, status=LineStatus.PAUSED)),
        (medicine(), medicine(change=Change.PAUSED, status=LineStatus.STOPPED)),
    ],
)
def test_a_code_that_the_rest_contradicts_is_unclear(before: MedicationLine | None, after: MedicationLine) -> None:
    assert judged(before, after) == (Change.UNCLEAR, Basis.CODE, Doubt.CONTRADICTION)


def test_a_code_of_unchanged_stands_only_beside_what_it_can_be_held_against() -> None:
    flagged = medicine(change=Change.UNCHANGED)
    worded = medicine(dosage=(), dosage_text="3 daglig", change=Change.UNCHANGED)

    assert judged(medicine(), flagged) == (Change.UNCHANGED, Basis.CODE, None)
    assert judged(None, flagged) == (Change.UNCLEAR, Basis.CODE, Doubt.CONTRADICTION)
    assert judged(medicine(dosage=(), dosage_text="1 daglig"), worded) == (
        Change.UNCLEAR,
        Basis.CODE,
        Doubt.DOSE_UNCLEAR,
    )
    assert only(stated(AFTER, flagged)).doubt is Doubt.NO_LIST_BEFORE
    assert judged(None, medicine(change=Change.UNCLEAR)) == (Change.UNCLEAR, Basis.CODE, Doubt.STATUS_UNKNOWN)


def test_what_was_stopped_before_and_is_taken_now_is_a_change() -> None:
    assert judged(medicine(status=LineStatus.STOPPED), medicine()) == (Change.CHANGED, Basis.COMPARISON, None)


@pytest.mark.parametrize("now", [[medicine(status=LineStatus.NOT_TAKEN)], []])
def test_what_is_not_taken_at_home_is_not_accepted_with_the_rest(now: list[MedicationLine]) -> None:
    line = only(stated(BEFORE, medicine()), stated(AFTER, medicine()), stated(NOW, *now))

    assert line.change is Change.UNCHANGED
    assert line.is_missing_now is not bool(now)
    assert not line.is_settled


def test_who_knows_nothing_takes_nothing_away() -> None:
    known = stated(BEFORE, medicine())
    silent = stated(BEFORE, saying=Saying.NOT_KNOWN, received_at=AT + timedelta(hours=1))

    assert standing([known, silent], BEFORE) == (known,)
    assert standing([silent], BEFORE) == (silent,)


def test_no_number_makes_one_medicine_of_two_substances() -> None:
    warfarin, amoxicillin = (
        medicine("Warfarin", "B01AA03", orders=ORDER),
        medicine("Amoxicillin", "J01CA04", orders=ORDER),
    )

    assert len(reconcile([stated(BEFORE, warfarin), stated(AFTER, amoxicillin)]).lines) == 2


def test_what_the_discharge_does_not_mention_is_a_question_and_never_stopped() -> None:
    assert judged(medicine(), None) == (Change.UNCLEAR, Basis.COMPARISON, Doubt.NOT_MENTIONED)


def test_usual_medicine_unchanged_in_words_makes_no_line_unchanged() -> None:
    found = reconcile(
        [stated(BEFORE, medicine()), stated(AFTER, saying=Saying.UNCHANGED, text="Usual medicine unchanged")]
    )

    line, words = found.lines
    assert words.doubt is Doubt.IN_WORDS
    assert (line.change, line.basis, line.doubt) == (Change.UNCLEAR, Basis.TEXT, Doubt.ASSERTED_UNCHANGED)


@pytest.mark.parametrize("saying", [Saying.NOT_KNOWN, Saying.NOT_REPORTED])
def test_nothing_known_is_told_apart_from_no_medicine(saying: Saying) -> None:
    assert only(stated(BEFORE, saying=Saying.NONE_KNOWN), stated(AFTER, medicine())).change is Change.NEW
    assert only(stated(BEFORE, saying=saying), stated(AFTER, medicine())).doubt is Doubt.NO_LIST_BEFORE
    taken, silence = reconcile([stated(BEFORE, medicine()), stated(AFTER, saying=saying)]).lines
    assert taken.doubt is silence.doubt is Doubt.NO_LIST_AT_DISCHARGE
    assert only(stated(BEFORE, medicine()), stated(AFTER, saying=Saying.NONE_KNOWN)).doubt is Doubt.NOT_MENTIONED


def test_without_a_list_nothing_is_new_and_nothing_is_stopped() -> None:
    assert only(stated(AFTER, medicine())).doubt is Doubt.NO_LIST_BEFORE
    assert only(stated(BEFORE, medicine())).doubt is Doubt.NO_LIST_AT_DISCHARGE
    assert only(stated(NOW, medicine())).doubt is Doubt.ONLY_NOW


def test_several_lines_of_a_substance_are_a_question() -> None:
    before = stated(BEFORE, medicine(), medicine(strength="100 mg"))

    found = reconcile([before, stated(AFTER, medicine(strength="75 mg"))])

    assert [line.doubt for line in found.lines] == [Doubt.RIVALS] * 3
    assert [line.pairs for line in found.lines] == [(1, 2), (0, 2), (0, 1)]


def test_a_line_without_product_is_kept_and_a_question() -> None:
    assert judged(None, medicine(None, None)) == (Change.UNCLEAR, Basis.COMPARISON, Doubt.PRODUCT_MISSING)


def test_words_that_differ_are_a_question() -> None:
    before, after = (medicine(dosage=(), dosage_text=text) for text in ("1 morgen", "1 aften"))

    assert judged(before, after) == (Change.UNCLEAR, Basis.COMPARISON, Doubt.DOSE_UNCLEAR)


def test_a_guess_stays_marked_and_is_not_accepted_with_the_rest() -> None:
    guessed = only(stated(BEFORE, medicine(strength=None)), stated(AFTER, medicine()))
    sure = only(stated(BEFORE, medicine()), stated(AFTER, medicine()))

    assert (guessed.is_guess, guessed.is_settled) == (True, False)
    assert (sure.is_guess, sure.is_settled) == (False, True)


def test_what_is_taken_now_is_held_against_the_discharge() -> None:
    line = only(stated(BEFORE, medicine()), stated(AFTER, medicine()), stated(NOW, medicine(dosage=(dose("2"),))))

    assert line.change is Change.UNCHANGED
    assert line.since_discharge is not None
    assert not line.is_settled


def test_the_same_line_twice_is_not_accepted_with_the_rest() -> None:
    assert not only(stated(BEFORE, medicine()), stated(AFTER, medicine(), medicine())).is_settled


def test_what_is_given_in_hospital_alone_is_no_line_to_decide() -> None:
    given_there = medicine("Cefuroxim", "J01DC02")

    found = reconcile([stated(AFTER, medicine()), stated(HOSPITAL_ONLY, given_there, medicine())])

    assert [each.all_lines for each in found.in_hospital] == [(given_there,)]
    assert len(found.lines) == 1


def test_the_instruction_is_that_of_the_discharge_then_of_now_then_of_before() -> None:
    before, after, now, there = (medicine(orders=ORDER) for _ in range(4))

    assert only(stated(BEFORE, before), stated(NOW, now), stated(AFTER, after)).instruction_line is after
    assert only(stated(BEFORE, before), stated(NOW, now)).instruction_line is now
    assert only(stated(BEFORE, before), stated(HOSPITAL_ONLY, there)).instruction_line is before


def test_the_reason_is_the_discharges() -> None:
    assert only(stated(BEFORE, medicine()), stated(AFTER, medicine(change_reason="lavt BT"))).reason == "lavt BT"
    assert only(stated(BEFORE, medicine(change_reason="andet"))).reason is None


def test_a_list_that_repeats_itself_changes_no_fingerprint() -> None:
    first = only(stated(BEFORE, medicine()), stated(AFTER, medicine()))
    again = only(stated(BEFORE, medicine()), stated(AFTER, medicine()))
    other = only(stated(BEFORE, medicine()), stated(AFTER, medicine(dosage=(dose("2"),))))

    assert first.fingerprint == again.fingerprint != other.fingerprint


def test_of_two_lists_the_later_statement_holds_whichever_came_first() -> None:
    older = stated(AFTER, medicine(), as_of=AT, received_at=AT + timedelta(hours=1))
    newer = stated(AFTER, as_of=AT + timedelta(minutes=1), received_at=AT)

    assert standing([newer, older], AFTER) == (newer,)
    assert standing([older, newer], AFTER) == (newer,)
    assert standing([], AFTER) == ()


def test_a_list_that_replaces_another_holds_even_when_it_came_first() -> None:
    first = stated(AFTER, medicine(), received_at=AT + timedelta(hours=2))
    second = stated(AFTER, replaces=first.id, received_at=AT)

    assert reconcile([second, first]).told(AFTER) is second
    assert reconcile([second]).told(BEFORE) is None


def _is_succeeded(older: MedicationList, stated_lists: list[MedicationList]) -> bool:
    """True when the same source itself says something newer in the list's place."""
    return any(
        (newer.column, newer.source, newer.origin) == (older.column, older.source, older.origin)
        and newer.stated_at >= older.stated_at
        and newer is not older
        and newer.origin is not ListOrigin.DOCUMENT
        and (newer.is_told or not older.is_told)
        for newer in stated_lists
    )


@given(tables())
def test_no_line_of_any_list_disappears_unless_its_own_source_says_something_newer(
    stated_lists: list[MedicationList],
) -> None:
    found = reconcile(stated_lists)

    shown = Counter(line.id for each in found.lines for line in each.joined.all_lines)
    shown += Counter(line.id for each in found.in_hospital for line in each.all_lines)
    assert shown == Counter(line.id for each in found.lists for line in each.all_lines)
    for each in stated_lists:
        says_something = bool(each.lines or each.text)
        assert each in found.lists or not says_something or _is_succeeded(each, stated_lists)
        assert not each.is_in_words or each not in found.lists or f"{each.id}:words" in shown
    assert {each.column for each in found.lists} == {each.column for each in stated_lists}


@given(tables())
def test_a_guess_is_never_a_fact(stated_lists: list[MedicationList]) -> None:
    for line in reconcile(stated_lists).lines:
        assert (line.change is Change.UNCLEAR) == (line.doubt is not None)
        if line.is_settled:
            assert not line.is_guess
            assert line.joined.line(AFTER) is not None
        if line.change is Change.STOPPED:
            assert line.basis in {Basis.CODE, Basis.STATUS}
