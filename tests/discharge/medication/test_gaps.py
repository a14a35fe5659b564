"""What the doctor is shown before the patient leaves."""

from __future__ import annotations

from datetime import date

from discharge.medication.gaps import Gap, GapKind, gaps
from discharge.medication.lines import LineStatus
from discharge.medication.lists import Column, MedicationList, Saying
from tests.discharge.medication.lines import dose, medicine, stated
from tests.discharge.medication.test_record import record

BEFORE, AFTER = Column.BEFORE, Column.AT_DISCHARGE
MONDAY = date(2026, 11, 23)


def found(*lists: MedicationList, paused: bool = False, until: date | None = MONDAY) -> list[GapKind]:
    return [
        each.kind
        for each in gaps(record(*lists), dispensing_paused=paused, medicine_until=until, next_pharmacy_day=MONDAY)
    ]


def test_a_list_that_goes_on_has_no_gap() -> None:
    assert found(stated(BEFORE, medicine()), stated(AFTER, medicine())) == []


def test_no_list_is_a_gap_and_no_medicine_is_none() -> None:
    assert found() == [GapKind.NO_LIST]
    assert found(stated(AFTER, saying=Saying.NOT_REPORTED)) == [GapKind.NO_LIST]
    assert found(stated(AFTER, saying=Saying.NONE_KNOWN)) == []


def test_a_change_without_a_reason_is_a_gap() -> None:
    before, changed = stated(BEFORE, medicine()), medicine(dosage=(dose("2"),))

    assert found(before, stated(AFTER, changed)) == [GapKind.NO_REASON]
    assert found(before, stated(AFTER, medicine(dosage=(dose("2"),), change_reason="lavt BT"))) == []
    told_for = medicine(dosage=(dose("2"),), indication="hypertension")
    assert found(before, stated(AFTER, told_for)) == [GapKind.NO_REASON], "what it is for is no reason for a change"
    assert found(before, stated(AFTER, medicine(status=LineStatus.STOPPED))) == [GapKind.NO_REASON]


def test_what_is_new_must_last_until_a_pharmacy_is_open() -> None:
    lists = stated(BEFORE), stated(AFTER, medicine(indication="hypertension"))
    given_along = stated(AFTER, medicine(indication="hypertension", supply="3 tabletter"))

    assert found(*lists, until=None) == [GapKind.NO_SUPPLY]
    assert found(*lists, until=date(2026, 11, 22)) == [GapKind.NO_SUPPLY]
    assert found(*lists) == []
    assert found(stated(BEFORE), given_along, until=None) == []


def test_unclear_and_guessed_lines_are_gaps() -> None:
    assert found(stated(BEFORE, medicine()), stated(AFTER)) == [GapKind.UNCLEAR]
    assert found(stated(BEFORE, medicine(strength=None)), stated(AFTER, medicine())) == [GapKind.GUESSED]


def test_dose_dispensing_that_is_still_paused_is_a_gap() -> None:
    assert found(stated(AFTER, saying=Saying.NONE_KNOWN), paused=True) == [GapKind.DISPENSING_PAUSED]


def test_a_gap_names_its_line() -> None:
    made = record(stated(BEFORE, medicine()), stated(AFTER))
    (line,) = made.lines

    assert gaps(made, dispensing_paused=False, medicine_until=None, next_pharmacy_day=MONDAY) == (
        Gap(kind=GapKind.UNCLEAR, line_id=line),
    )
