"""Lines that a work on the medicine has opened: for no other is anybody asked again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from discharge.context import MedicineFacts
from discharge.identifiers import SorCode
from discharge.medication.lists import MedicationList
from discharge.medication.record import MedicationReconciliation, MedicationWork, Opened, Verdict
from discharge.medication.rounds import newly_open
from tests.discharge.medication.lines import AT, GP, PRACTICE, dose, medicine, stated, tables
from tests.discharge.medication.test_record import AFTER, BEFORE, HOUR, agreed, decision, new_id, record, two_lines


def _pair(made: MedicationReconciliation) -> frozenset[str]:
    return frozenset(each.mark for line in made.table.lines for each in line.joined.all_lines)


def _guessed() -> MedicationReconciliation:
    """One medicine on two lists that only its name holds together."""
    return record(stated(BEFORE, medicine(atc=None)), stated(AFTER, medicine(atc=None, strength="100 mg")))


def test_lines_that_came_new_are_newly_open() -> None:
    made = two_lines()

    assert newly_open(record(), made) == tuple(made.lines)


def test_a_list_that_says_an_open_line_once_more_opens_nothing() -> None:
    made = two_lines()

    later = made.with_list(
        stated(AFTER, medicine(dosage=(dose("2"),)), medicine("Pinex", "N02BE01"), received_at=AT + HOUR), new_id
    )

    assert newly_open(made, later) == ()


def test_a_list_that_changes_a_decided_line_opens_that_line_alone() -> None:
    made = agreed(two_lines())
    goes_on, _ = made.lines

    later = made.with_list(
        stated(AFTER, medicine(dosage=(dose("2"),)), medicine("Pinex", "N02BE01"), received_at=AT + HOUR), new_id
    )

    assert newly_open(made, later) == (goes_on,)


def test_a_line_that_waits_for_its_answer_is_the_practices_again_when_it_does_not_hold() -> None:
    made = two_lines()
    line, other = made.lines
    asked = made.decided([decision(made, each, Verdict.ASK, reason="Hvorfor?") for each in (line, other)])
    opening = Opened(line_id=line, by=GP, organization=PRACTICE, at=AT + 2 * HOUR, note="Tages ikke")

    assert newly_open(made, asked) == ()
    assert newly_open(asked, asked.opened(opening)) == (line,)


def test_an_open_line_that_is_opened_was_open_and_a_decided_one_was_not() -> None:
    made = two_lines()
    goes_on, new = made.lines
    half = made.decided([decision(made, goes_on, Verdict.AGREE)])
    found = {
        line: half.opened(Opened(line_id=line, by=GP, organization=PRACTICE, at=AT + 2 * HOUR, note="Tages ikke"))
        for line in (goes_on, new)
    }

    assert newly_open(half, found[goes_on]) == (goes_on,)
    assert newly_open(half, found[new]) == ()


def test_a_decided_pair_that_is_taken_apart_is_two_lines_that_are_newly_open() -> None:
    made = agreed(_guessed())

    apart = made.separated(_pair(made), new_id)

    assert len(apart.lines) == 2
    assert newly_open(made, apart) == tuple(apart.lines)


def test_an_open_pair_that_is_taken_apart_was_open_already() -> None:
    made = _guessed()

    assert newly_open(made, made.separated(_pair(made), new_id)) == ()


@pytest.mark.parametrize("number", [0, 1])
def test_a_decided_line_that_is_put_to_an_open_one_is_newly_open_with_it(number: int) -> None:
    apart = _guessed().separated(_pair(_guessed()), new_id)
    half = apart.decided([decision(apart, list(apart.lines)[number], Verdict.AGREE)])

    together = half.confirmed(_pair(half), new_id)

    assert len(together.lines) == 1
    assert newly_open(half, together) == tuple(together.lines)


@given(tables())
def test_nothing_that_was_done_opens_nothing(lists: list[MedicationList]) -> None:
    made = record(*lists)

    assert newly_open(made, made) == newly_open(made, agreed(made)) == ()
    assert set(newly_open(agreed(made), replace(made, decisions=()))) == set(made.lines)


@pytest.mark.parametrize(
    ("counts", "asker", "comes"),
    [((3, 1), None, True), ((3, 3), None, False), ((3, 0), None, False), ((3, 1), PRACTICE, False)],
)
def test_work_comes_to_others_when_it_opens_some_of_the_open_lines(
    counts: tuple[int, int], asker: SorCode | None, *, comes: bool
) -> None:
    unresolved, opened = counts

    facts = MedicineFacts(work=MedicationWork.LISTED, unresolved=unresolved, newly_open=opened, asker=asker)

    assert facts.comes_to_others is comes
