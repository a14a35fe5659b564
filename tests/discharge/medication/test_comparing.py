"""What differs between two lines: for sure, perhaps, or not at all."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from discharge.medication.comparing import Aspect, compare
from discharge.medication.lines import DoseRow, LineStatus, Maximum, MedicationLine, Quantity
from tests.discharge.medication.lines import dose, medicine


def differs(before: MedicationLine, after: MedicationLine) -> tuple[Aspect, ...]:
    compared = compare(before, after)
    assert not compared.unclear
    return compared.differs


def test_the_same_twice_is_the_same() -> None:
    assert compare(medicine(), medicine()).is_same


@pytest.mark.parametrize(
    ("change", "aspects"),
    [
        ({"dosage": (dose("2"),)}, (Aspect.DOSE,)),
        ({"dosage": (dose("0.5", times="2"),)}, (Aspect.FREQUENCY,)),
        ({"strength": "100 mg", "dosage": (dose("0.5"),)}, (Aspect.STRENGTH,)),
        ({"strength": "100 mg"}, (Aspect.DOSE, Aspect.STRENGTH)),
        ({"form": "depottablet"}, (Aspect.FORM,)),
        ({"route": "rectal"}, (Aspect.ROUTE,)),
        ({"ends": date(2026, 11, 30)}, (Aspect.END,)),
        ({"form": " TABLET "}, ()),
        ({"form": None, "route": None}, ()),
        ({"name": "Seloken", "note": "generic"}, ()),
    ],
)
def test_each_aspect_is_held_against_the_other(change: dict[str, Any], aspects: tuple[Aspect, ...]) -> None:
    assert differs(medicine(), medicine(**change)) == aspects


def test_an_end_that_is_taken_back_differs() -> None:
    assert differs(medicine(ends=date(2026, 11, 30)), medicine()) == (Aspect.END,)
    assert differs(medicine(), medicine(dosage=(dose("1", length="5 d"),))) == (Aspect.END,)


@pytest.mark.parametrize("status", [LineStatus.STOPPED, LineStatus.PAUSED, LineStatus.NOT_TAKEN, LineStatus.ENDED])
def test_what_is_taken_and_what_is_not_differ(status: LineStatus) -> None:
    assert differs(medicine(status=status), medicine()) == (Aspect.TAKEN,)
    assert differs(medicine(), medicine(status=status)) == (Aspect.TAKEN,)
    assert differs(medicine(status=LineStatus.UNKNOWN), medicine(status=status)) == ()


def test_equal_amounts_with_other_words_are_a_question() -> None:
    one, three = (
        medicine(dosage=(DoseRow(dose=dose("1").dose, text=text),)) for text in ("1 gang dagligt", "3 gange dagligt")
    )
    needed = [medicine(dosage=(dose("1", as_needed=True, text=text),)) for text in ("højst 4", "højst 8")]

    assert compare(one, three).unclear == (Aspect.DOSE,)
    assert compare(*needed).unclear == (Aspect.DOSE,)


def test_a_mass_and_pieces_of_a_strength_are_compared() -> None:
    assert differs(medicine(dosage=(dose("50", "mg"),)), medicine()) == ()
    assert differs(medicine(dosage=(dose("75", "mg"),)), medicine()) == (Aspect.DOSE,)


def test_as_needed_against_regularly_differs() -> None:
    compared = compare(medicine(), medicine(dosage=(dose("1", as_needed=True),)))

    assert Aspect.AS_NEEDED in compared.differs
    assert compared.unclear == (Aspect.DOSE,)


def test_a_dosage_that_is_missing_is_a_question() -> None:
    assert compare(medicine(), medicine(dosage=())).unclear == (Aspect.DOSE,)
    assert compare(medicine(dosage=()), medicine(dosage=())).unclear == (Aspect.DOSE,)


def test_words_are_the_same_only_when_they_are_equal() -> None:
    one = medicine(dosage_text="1 tablet  Morgen", dosage=())

    assert compare(one, medicine(dosage_text="1 tablet morgen", dosage=())).is_same
    assert compare(one, medicine(dosage_text="1 tabl. om morgenen", dosage=())).unclear == (Aspect.DOSE,)


def test_rows_that_cannot_be_added_are_the_same_when_each_is() -> None:
    taper = (dose("2", text="to"), dose("1", sequence=2, text="en"))
    needed = (dose("1", as_needed=True, text="ved smerter"),)

    assert compare(medicine(dosage=taper), medicine(dosage=(dose("2"), dose("1", sequence=2)))).is_same
    assert compare(medicine(dosage=needed), medicine(dosage=(dose("1", as_needed=True),))).is_same
    assert compare(medicine(dosage=taper), medicine(dosage=taper[::-1])).unclear == (Aspect.DOSE,)
    assert compare(medicine(dosage=(DoseRow(),)), medicine(dosage=(DoseRow(),))).unclear == (Aspect.DOSE,)


def test_pieces_of_an_unknown_strength_are_not_weighed_against_known_ones() -> None:
    compared = compare(
        medicine(strength=None, dosage=(dose("1", text="en"),)), medicine(dosage=(dose("2", text="to"),))
    )

    assert compared.unclear == (Aspect.DOSE,)


def most(amount: str, per: str | None = None) -> Maximum:
    """``4 g``, in ``1 d``."""
    return Maximum(quantity(amount), None if per is None else quantity(per))


def quantity(text: str) -> Quantity:
    value, unit = text.split()
    return Quantity(Decimal(value), unit)


def needed(*maxima: Maximum, text: str | None = None) -> MedicationLine:
    """One tablet as needed, and no more than that."""
    return medicine(dosage=(dose("1", as_needed=True, maxima=maxima, text=text),))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((most("4 g", "1 d"),), (most("3 g", "1 d"),)),
        ((most("4 g", "1 d"),), (most("4 g", "8 h"),)),
        ((most("2 tablet"),), (most("1 tablet"),)),
        ((most("1 tablet"), most("4 tablet", "1 d")), (most("1 tablet"), most("8 tablet", "1 d"))),
        ((most("4 g", "1 mo"),), (most("3 g", "1 mo"),)),
    ],
)
def test_a_changed_maximum_is_a_change(before: tuple[Maximum, ...], after: tuple[Maximum, ...]) -> None:
    assert differs(needed(*before), needed(*after)) == (Aspect.MAXIMUM,)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ((most("4 g", "1 d"),), (most("4000 mg", "24 h"),)),
        ((most("1 tablet"), most("8 tablet", "1 wk")), (most("8 tablet", "7 d"), most("1 tablet"))),
    ],
)
def test_the_same_maximum_in_other_units_is_the_same(before: tuple[Maximum, ...], after: tuple[Maximum, ...]) -> None:
    assert compare(needed(*before), needed(*after)).is_same


def test_a_maximum_that_only_one_says_or_that_cannot_be_compared_is_a_question() -> None:
    limited = most("4 g", "1 d")

    assert compare(needed(), needed(limited)).unclear == (Aspect.MAXIMUM,)
    assert compare(needed(limited), needed()).unclear == (Aspect.MAXIMUM,)
    assert compare(needed(limited), needed(most("8 tablet", "1 d"))).unclear == (Aspect.MAXIMUM,)
    assert compare(needed(limited, text="højst 4 g"), needed(text="Højst 4 g")).is_same
