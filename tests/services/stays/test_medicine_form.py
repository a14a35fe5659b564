"""The form of a line: what nobody touches stays as it was, and what no field holds stands among the words."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from starlette.datastructures import FormData

from discharge.medication.lines import Change, DoseRow, LineStatus, Maximum, MedicationLine, Quantity
from discharge.medication.lists import Column
from services.stays.medicine.form import line_of, sent_form, shown_line
from services.stays.medicine.words import dose_words
from services.web.forms import Form
from services.web.language import language
from tests.discharge.medication.lines import dose, medicine, medicines

DANISH = language("da")
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)
FOUR_GRAMS = Maximum(Quantity(Decimal(4), "g"), Quantity(Decimal(1), "d"))
WEEKLY = medicine("Methotrexat", "L04AX03", dosage=(dose("4", days="7"),))
NEEDED = medicine(
    "Pinex",
    "N02BE01",
    dosage=(
        DoseRow(dose=Quantity(Decimal(2), "tablet"), as_needed=True, as_needed_for="smerter", maxima=(FOUR_GRAMS,)),
    ),
)
THREE_DAYS = medicine("Penicillin", "J01CE02", dosage=(dose("1", times="3", length="3 d", beside=("ved måltid",)),))


def edited(line: MedicationLine, **sent: str) -> tuple[MedicationLine, Form]:
    """The line after its form was sent back with other texts."""
    form = Form.of(FormData(asdict(shown_line(line, DANISH)) | sent), DANISH, NOW)
    made = line_of(sent_form(form), form, Column.AT_DISCHARGE, None, line_id="new", old=line)
    return replace(made, id=line.id), form


@pytest.mark.parametrize(
    "line",
    [
        WEEKLY,
        NEEDED,
        THREE_DAYS,
        replace(NEEDED, dosage=(replace(NEEDED.dosage[0], text="2 tabletter efter behov"),)),
        medicine(dosage=(dose("1"), dose("2", sequence=2))),
        medicine(dosage=(dose("1000000", "IE"),)),
        medicine(dosage_text="1 tablet\nmorgen", change_reason="lavt\nblodtryk"),
        medicine(note="Pause før tandlæge", begins=date(2026, 1, 2), section="Medicin"),
        medicine(route="Ocular use", dosage=(dose("1", "{drop}"),)),
        medicine(change=Change.CHANGED),
        *(medicine(status=status) for status in LineStatus),
        medicine(status=LineStatus.UNKNOWN, change=Change.STOPPED),
        medicine(status=LineStatus.PAUSED, ends=date(2026, 12, 1)),
    ],
)
def test_what_is_taken_home_alters_nothing_else(line: MedicationLine) -> None:
    made, form = edited(line, supply="4 tabletter")

    assert not form.errors
    assert made == replace(line, supply="4 tabletter")


@given(medicines())
def test_form_that_nobody_touched_leaves_any_line_as_it_was(line: MedicationLine) -> None:
    made, _ = edited(replace(line, name=line.name or "Pinex"))

    assert made == replace(line, name=line.name or "Pinex")


@pytest.mark.parametrize(
    ("line", "sent", "said"),
    [
        (WEEKLY, {"amount": "3"}, "3 tabletter hver 7. dag"),
        (WEEKLY, {"words": "hver 7. dag, mandag"}, "4 tabletter, hver 7. dag, mandag"),
        (WEEKLY, {"words": ""}, "4 tabletter"),
        (WEEKLY, {"times": "1"}, "4 tabletter 1 gang dagligt, hver 7. dag"),
        (WEEKLY, {"times": "1", "words": ""}, "4 tabletter 1 gang dagligt"),
        (NEEDED, {"amount": "1"}, "1 tablet efter behov mod smerter, højst 4 g i døgnet"),
        (NEEDED, {"words": "mod smerter"}, "2 tabletter efter behov mod smerter"),
        (NEEDED, {"words": "højst 4 g i døgnet"}, "2 tabletter efter behov, højst 4 g i døgnet"),
        (NEEDED, {"needed": ""}, "2 tabletter, mod smerter, højst 4 g i døgnet"),
        (NEEDED, {"unit": "ml"}, "2 ml efter behov mod smerter, højst 4 g i døgnet"),
        (NEEDED, {"unit": "", "amount": "1"}, "1 tablet efter behov mod smerter, højst 4 g i døgnet"),
        (NEEDED, {"amount": "", "needed": "", "words": ""}, ""),
        (medicine(dosage_text="1 tablet morgen"), {"amount": "2"}, "2 tabletter 1 gang dagligt, 1 tablet morgen"),
        (medicine(dosage_text="1 tablet 1 gang dagligt"), {"amount": "2"}, "2 tabletter 1 gang dagligt"),
        (medicine(dosage=(dose("1"), dose("2"))), {"words": "se skema"}, "se skema"),
        (medicine(dosage=()), {"amount": "1", "times": "2"}, "1 tablet 2 gange dagligt"),
    ],
)
def test_dose_that_is_changed_keeps_what_its_words_still_say(
    line: MedicationLine, sent: dict[str, str], said: str
) -> None:
    made, _ = edited(line, **sent)

    assert dose_words(made, DANISH) == said


def test_words_that_are_taken_out_take_along_what_they_said() -> None:
    (row,) = edited(THREE_DAYS, words="ved måltid")[0].dosage
    assert (row.length, row.beside) == (None, ("ved måltid",))
    (row,) = edited(THREE_DAYS, words="i 3 dage")[0].dosage
    assert (row.length, row.beside) == ("3 d", ())
    (row,) = edited(WEEKLY, words="hver 17. dag")[0].dosage
    assert (row.times, row.days) == (None, None)
    assert shown_line(medicine(dosage=(dose("1", length="2 wk"),)), DANISH).words == "i 2 wk"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"reason": "for lavt blodtryk"}, Change.UNCHANGED),
        ({"indication": "blodtryk"}, Change.UNCHANGED),
        ({"amount": "2"}, None),
        ({"status": "stopped"}, None),
        ({"ends": "1.12.2026"}, None),
        ({"name": "Pinex"}, None),
    ],
)
def test_what_the_list_says_has_become_of_a_line_holds_for_the_medicine_as_it_was(
    sent: dict[str, str], kept: Change | None
) -> None:
    assert edited(medicine(change=Change.UNCHANGED), **sent)[0].change is kept


def test_status_that_nobody_offers_is_that_it_is_taken() -> None:
    assert edited(medicine(status=LineStatus.ENDED), status="")[0].status is LineStatus.ACTIVE
    assert edited(medicine(), status="not-taken")[0].status is LineStatus.ACTIVE


def test_line_with_another_name_has_the_old_codes_no_more() -> None:
    assert edited(medicine(), name="Pinex")[0].codes == ()
