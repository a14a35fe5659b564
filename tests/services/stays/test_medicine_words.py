"""How a dose is said on pages, with the most that may be taken."""

from __future__ import annotations

from decimal import Decimal

import pytest

from discharge.medication.comparing import Aspect
from discharge.medication.lines import DoseRow, Maximum, MedicationLine, Quantity
from discharge.medication.lists import Column
from discharge.medication.reconciling import reconcile
from services.stays.medicine.form import shown_line
from services.stays.medicine.words import differs_words, dose_words
from services.web.language import language
from tests.discharge.medication.lines import medicine, stated

DANISH, ENGLISH = language("da"), language("en")
TABLET = Quantity(Decimal(1), "tablet")


def quantity(text: str) -> Quantity:
    value, unit = text.split()
    return Quantity(Decimal(value), unit)


def needed(amount: str, per: str | None, **changes: object) -> MedicationLine:
    """One tablet as needed, and so much at most."""
    most = Maximum(quantity(amount), None if per is None else quantity(per))
    fields: dict[str, object] = {"dose": TABLET, "as_needed": True, "maxima": (most,)}
    return medicine(dosage=(DoseRow(**(fields | changes)),))  # type: ignore[arg-type] # the test says which


@pytest.mark.parametrize(
    ("amount", "per", "danish", "english"),
    [
        ("4 g", "1 d", "højst 4 g i døgnet", "at most 4 g in 24 hours"),
        ("8 tablet", "24 h", "højst 8 tabletter i døgnet", "at most 8 tablets in 24 hours"),
        ("2 tablet", None, "højst 2 tabletter ad gangen", "at most 2 tablets at a time"),
        ("1 tablet", "6 h", "højst 1 tablet på 6 timer", "at most 1 tablet in 6 hours"),
        ("15 mg", "1 wk", "højst 15 mg på 7 dage", "at most 15 mg in 7 days"),
        ("1.5 mg", "1 mo", "højst 1,5 mg på 1 mo", "at most 1.5 mg in 1 mo"),
    ],
)
def test_a_maximum_is_said_with_the_dose(amount: str, per: str | None, danish: str, english: str) -> None:
    line = needed(amount, per)

    assert dose_words(line, DANISH) == f"1 tablet efter behov, {danish}"
    assert dose_words(line, ENGLISH) == f"1 tablet as needed, {english}"


def test_a_maximum_stands_beside_the_lists_own_words_unless_they_say_it() -> None:
    silent = needed("4 g", "1 d", text="ved smerter")
    spoken = needed("4 g", "1 d", text="Ved smerter, HØJST 4 g i døgnet")
    whole = MedicationLine(id="x", name=None, dosage=silent.dosage, dosage_text="ved behov")

    assert dose_words(silent, DANISH) == "ved smerter, højst 4 g i døgnet"
    assert dose_words(spoken, DANISH) == "Ved smerter, HØJST 4 g i døgnet"
    assert dose_words(whole, DANISH) == "ved behov, højst 4 g i døgnet"


def test_a_changed_maximum_is_named_as_what_changed() -> None:
    (line,) = reconcile(
        [stated(Column.BEFORE, needed("4 g", "1 d")), stated(Column.AT_DISCHARGE, needed("3 g", "1 d"))]
    ).lines

    assert line.since_before is not None
    assert line.since_before.differs == (Aspect.MAXIMUM,)
    assert differs_words(line, DANISH) == "Ændret: hvor meget højst"
    assert differs_words(line, ENGLISH).endswith("how much at most")


def test_a_maximum_is_not_lost_when_a_line_is_written_anew_by_hand() -> None:
    assert shown_line(needed("4 g", "1 d"), DANISH).words == "højst 4 g i døgnet"


@pytest.mark.parametrize(
    ("length", "danish", "english"),
    [
        ("3 d", "i 3 dage", "for 3 days"),
        ("1 d", "i 1 dag", "for 1 day"),
        ("2 uger", "i 2 uger", "for 2 uger"),
        (
            "2026-11-20..2026-11-30",
            "fra 20.11.2026 til og med 30.11.2026",
            "from 20 Nov 2026 until 30 Nov 2026 inclusive",
        ),
        ("..2026-11-30T08:00:00Z", "til og med 30.11.2026 08:00", "until 30 Nov 2026 08:00 inclusive"),
        ("2026-11..", "fra 2026-11", "from 2026-11"),
    ],
)
def test_how_long_it_is_taken_is_said_with_the_dose(length: str, danish: str, english: str) -> None:
    line = medicine(dosage=(DoseRow(dose=TABLET, length=length),))

    assert dose_words(line, DANISH) == f"1 tablet, {danish}"
    assert dose_words(line, ENGLISH) == f"1 tablet, {english}"


def test_what_stands_beside_the_numbers_is_said_unless_the_words_say_it() -> None:
    daily = DoseRow(dose=TABLET, times=Decimal(1), days=Decimal(1), beside=("middag", "kun mandag"))
    spoken = DoseRow(text="1 tablet sen formiddag", beside=("middag", "sen formiddag"))

    assert dose_words(medicine(dosage=(daily,)), DANISH) == "1 tablet 1 gang dagligt, middag, kun mandag"
    assert dose_words(medicine(dosage=(spoken,)), DANISH) == "1 tablet sen formiddag, middag"
    assert dose_words(medicine(dosage=(daily, spoken), dosage_text="Kun mandag"), DANISH) == (
        "Kun mandag, middag, sen formiddag"
    )
