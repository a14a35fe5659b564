"""Lists of several places side by side, and lists in words alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from discharge.identifiers import SorCode
from discharge.medication.comparing import Aspect
from discharge.medication.joining import JoinedBy
from discharge.medication.lines import Change, LineStatus, MedicationLine
from discharge.medication.lists import Column, ListOrigin, Saying, standing
from discharge.medication.reconciling import Basis, Doubt, reconcile
from tests.discharge.medication.lines import AT, PRACTICE, dose, medicine, only, stated

ORDER = frozenset({("urn:order", "1")})
BEFORE, AFTER, NOW, HOSPITAL_ONLY = Column.BEFORE, Column.AT_DISCHARGE, Column.NOW, Column.IN_HOSPITAL


@pytest.mark.parametrize(
    ("now", "news"),
    [
        ([medicine()], ""),
        ([medicine(indication="blodtryk")], ""),
        ([medicine(note="glemmer den tit")], "news"),
        ([medicine(dosage=(dose("2"),))], "news"),
        ([medicine(status=LineStatus.NOT_TAKEN)], "news"),
        ([], "news"),
    ],
)
def test_who_finds_it_taken_as_it_was_to_be_tells_no_news(now: list[MedicationLine], news: str) -> None:
    lists = stated(BEFORE, medicine()), stated(AFTER, medicine())

    line = only(*lists, stated(NOW, *now))

    assert (line.fingerprint != only(*lists).fingerprint) is bool(news)


def test_several_say_what_is_taken_now_and_none_takes_the_others_place() -> None:
    plan = medicine()
    practice = stated(NOW, medicine(), source=PRACTICE)
    home = stated(NOW, medicine(dosage=(dose("2"),)), origin=ListOrigin.HOME, received_at=AT + timedelta(hours=1))
    silent = stated(NOW, source=SorCode("95000000000"), saying=Saying.NOT_KNOWN)

    found = reconcile([stated(BEFORE, medicine()), stated(AFTER, plan), home, practice, silent])

    (line,) = found.lines
    assert [each.id for each in found.standing(NOW)] == [home.id, silent.id, practice.id]
    assert found.told(NOW) is home
    assert line.joined.cells[NOW] == (*home.lines, *practice.lines)
    assert line.since_discharge is not None
    assert line.since_discharge.differs == (Aspect.DOSE,)
    assert not line.joined.is_double
    assert not line.is_missing_now


def test_what_one_of_those_who_see_the_citizen_does_not_find_is_missing() -> None:
    practice = stated(NOW, medicine(), source=PRACTICE)
    home = stated(NOW, medicine("Pinex", "N02BE01"), origin=ListOrigin.HOME)

    found = reconcile([stated(BEFORE, medicine()), stated(AFTER, medicine()), practice, home])

    metoprolol = found.lines[0]
    assert metoprolol.is_missing_now
    assert not metoprolol.is_settled


@pytest.mark.parametrize(
    ("typed", "reported", "doubt"),
    [
        (medicine(), medicine(), None),
        (medicine(dosage=()), medicine(dosage=()), Doubt.DOSE_UNCLEAR),
        (medicine(), medicine(dosage=(dose("2"),)), Doubt.LISTS_DISAGREE),
        (medicine(), medicine(status=LineStatus.STOPPED), Doubt.LISTS_DISAGREE),
        (medicine(), medicine(change=Change.UNCHANGED), Doubt.LISTS_DISAGREE),
        (medicine(), medicine(dosage=(), dosage_text="1 om dagen"), Doubt.DOSE_UNCLEAR),
    ],
)
def test_two_lists_of_the_discharge_that_contradict_each_other_are_a_question(
    typed: MedicationLine, reported: MedicationLine, doubt: Doubt | None
) -> None:
    by_hand = stated(AFTER, typed)
    report = stated(AFTER, reported, origin=ListOrigin.DOCUMENT)

    line = only(stated(BEFORE, typed), by_hand, report)

    assert line.doubt is doubt
    assert len(line.joined.cells[AFTER]) == 2


def test_what_only_one_list_of_the_discharge_names_is_a_question() -> None:
    by_hand = stated(AFTER, medicine(), medicine("Pinex", "N02BE01"))
    report = stated(AFTER, medicine(), origin=ListOrigin.DOCUMENT)

    both, one = reconcile([stated(BEFORE, medicine()), by_hand, report]).lines

    assert both.change is Change.UNCHANGED
    assert (one.change, one.doubt) == (Change.UNCLEAR, Doubt.LISTS_DISAGREE)


@pytest.mark.parametrize("saying", [Saying.NOT_KNOWN, Saying.NOT_REPORTED, Saying.UNCHANGED])
def test_words_alone_are_a_line_that_somebody_has_to_read(saying: Saying) -> None:
    words = stated(AFTER, saying=saying, text="Metoprolol 50 mg x 1, Pinex ved behov")

    (line,) = reconcile([words]).lines

    assert (line.change, line.basis, line.doubt) == (Change.UNCLEAR, Basis.TEXT, Doubt.IN_WORDS)
    assert line.instruction_line.instruction == words.text
    assert not line.is_settled
    assert not line.is_guess
    assert line.fingerprint != only(replace(words, text="Se brevet")).fingerprint


def test_words_of_all_lists_are_read_side_by_side_and_never_joined_to_a_medicine() -> None:
    nameless = medicine(None, None)

    words, other = reconcile(
        [
            stated(BEFORE, saying=Saying.NOT_KNOWN, text="Vanlig medicin"),
            stated(AFTER, nameless),
            stated(NOW, saying=Saying.NOT_KNOWN, text="Som altid"),
        ]
    ).lines

    assert set(words.joined.cells) == {BEFORE, NOW}
    assert words.joined.by is JoinedBy.WORDS
    assert (words.since_discharge, words.is_missing_now) == (None, False)
    assert other.joined.all_lines == (nameless,)


def test_words_take_no_line_away_and_later_ones_stand_beside_the_list() -> None:
    listed = stated(AFTER, medicine(), text="Skrevet af")
    later = stated(AFTER, saying=Saying.UNCHANGED, text="Uændret", received_at=AT + timedelta(hours=1))
    earlier = replace(later, id="earlier", received_at=AT - timedelta(hours=1))

    assert standing([listed, later], AFTER) == (later, listed)
    assert reconcile([listed, later]).told(AFTER) is listed
    assert standing([earlier, listed], AFTER) == (listed,)
    assert standing([stated(AFTER, saying=Saying.NOT_REPORTED), earlier], AFTER) == (earlier,)
    assert stated(AFTER, saying=Saying.NONE_KNOWN, text="Ingen medicin").all_lines == ()


def test_words_on_the_stay_have_to_be_read_where_nobody_says_what_the_patient_goes_home_with() -> None:
    given_there = stated(HOSPITAL_ONLY, saying=Saying.NOT_KNOWN, text="Hjem med Marevan 1 tablet")

    (alone,) = reconcile([given_there]).lines
    beside = reconcile([given_there, stated(AFTER, medicine())])

    assert alone.doubt is Doubt.IN_WORDS
    assert [len(beside.lines), len(beside.in_hospital)] == [1, 1]


@pytest.mark.parametrize("saying", [Saying.NOT_KNOWN, Saying.NOT_REPORTED])
def test_a_hospital_that_says_nothing_has_to_be_noticed(saying: Saying) -> None:
    (silence,) = reconcile([stated(AFTER, saying=saying)]).lines

    assert (silence.doubt, silence.instruction_line.instruction) == (Doubt.NO_LIST_AT_DISCHARGE, None)
    assert stated(NOW, saying=saying).all_lines == ()


def test_words_beside_none_are_read_unless_somebody_typed_the_none() -> None:
    none = stated(AFTER, saying=Saying.NONE_KNOWN, text="Ingen fast medicin. Insulin efter skema")

    assert none.all_lines == ()
    assert only(replace(none, origin=ListOrigin.SYSTEM)).doubt is Doubt.IN_WORDS


def test_what_is_said_beside_the_same_numbers_is_looked_at_one_by_one() -> None:
    worded = medicine(dosage=(dose("1", text="1 tablet daglig i 3 dage, derefter stop"),))

    for after in (worded, medicine(note="Seponeres fredag"), medicine(strength=None)):
        line = only(stated(BEFORE, medicine(orders=ORDER)), stated(AFTER, replace(after, orders=ORDER)))
        assert (line.change, line.is_settled) == (Change.UNCHANGED, False)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (("morgen",), ("ved sengetid",), Change.UNCLEAR),
        (("ved sengetid",), (), Change.UNCHANGED),
        ((), ("ved sengetid",), Change.UNCHANGED),
    ],
)
def test_another_time_of_the_day_is_never_taken_for_the_same(
    before: tuple[str, ...], after: tuple[str, ...], change: Change
) -> None:
    line = only(
        stated(BEFORE, medicine(dosage=(dose("1", beside=before),))),
        stated(AFTER, medicine(dosage=(dose("1", beside=after),))),
    )

    assert (line.change, line.is_settled) == (change, False)


def test_what_one_list_of_before_does_not_have_is_looked_at() -> None:
    by_hand, sent = stated(BEFORE), stated(BEFORE, medicine(), origin=ListOrigin.SYSTEM)

    line = only(by_hand, sent, stated(AFTER, medicine()))

    assert (line.change, line.is_missing_before, line.is_settled) == (Change.UNCHANGED, True, False)


def test_neither_order_nor_spelling_of_numbers_is_news_and_a_line_that_comes_twice_is() -> None:
    soon = AT + timedelta(hours=1)
    two, remarked = medicine(dosage=(dose("2"),)), medicine(note="ja")
    plan = stated(AFTER, medicine())

    first = only(plan, stated(NOW, two, received_at=soon), stated(NOW, remarked, source=PRACTICE))
    second = only(plan, stated(NOW, two), stated(NOW, remarked, source=PRACTICE, received_at=soon))
    spelt = only(stated(AFTER, medicine(dosage=(dose("1.0"),))))
    twice = only(stated(AFTER, medicine(), medicine()))

    assert first.fingerprint == second.fingerprint
    assert only(plan).fingerprint == spelt.fingerprint != twice.fingerprint


@pytest.mark.parametrize("status", [LineStatus.NOT_TAKEN, LineStatus.ACTIVE])
def test_what_is_taken_otherwise_than_it_was_to_be_drifts(status: LineStatus) -> None:
    line = only(stated(AFTER, medicine()), stated(NOW, medicine(status=status)))

    assert line.drifts is (status is LineStatus.NOT_TAKEN)
    assert not only(stated(NOW, medicine())).drifts
