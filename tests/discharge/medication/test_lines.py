"""A line says what it says: amounts a day, marks and names for comparing."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from discharge.medication.lines import ATC, Coding, DoseRow, Maximum, MedicationLine, Quantity, name_key
from tests.discharge.medication.lines import dose, medicine


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Pinex 500 mg", "pinex"),
        ("PINEX,  500mg tabletter", "pinex"),
        ("Insulin glargin", "insulin glargin"),
        ("5-ASA", "5 asa"),
        ("", ""),
    ],
)
def test_names_are_compared_up_to_their_strength(name: str, key: str) -> None:
    assert name_key(name) == key


@pytest.mark.parametrize(
    ("rows", "daily"),
    [
        ((dose("1"),), Quantity(Decimal(1), "tablet")),
        ((dose("1", times="3"), dose("2")), Quantity(Decimal(5), "tablet")),
        ((dose("7", days="7"),), Quantity(Decimal(1), "tablet")),
        ((), None),
        ((DoseRow(text="som aftalt"),), None),
        ((dose("1"), DoseRow(text="og en halv")), None),
        ((dose("1", as_needed=True),), None),
        ((dose("1", days="0"),), None),
        ((dose("1"), dose("5", "mg")), None),
        ((dose("2"), dose("1", sequence=2)), None),
        ((dose("2", length="3 d"), dose("1", length="4 d")), None),
    ],
)
def test_an_amount_a_day_is_counted_where_it_is_said(rows: tuple[DoseRow, ...], daily: Quantity | None) -> None:
    assert medicine(dosage=rows).daily == daily


@pytest.mark.parametrize(
    ("row", "strength", "milligrams"),
    [
        (dose("2"), "50 mg", Decimal(100)),
        (dose("2"), "0,1 g", Decimal(200)),
        (dose("75", "µg"), None, Decimal("0.075")),
        (dose("2"), "50 IE", None),
        (dose("2"), "50 mg/ml", None),
        (dose("2"), None, None),
        (DoseRow(), "50 mg", None),
    ],
)
def test_a_mass_a_day_is_counted_from_pieces_of_a_known_strength(
    row: DoseRow, strength: str | None, milligrams: Decimal | None
) -> None:
    assert medicine(dosage=(row,), strength=strength).daily_milligrams == milligrams


def test_only_an_atc_code_of_level_five_names_a_substance() -> None:
    assert medicine(atc=" c07ab02 ").atc == "C07AB02"
    assert medicine(atc="C07AB").atc is None
    assert medicine(codes=(Coding("urn:local", "C07AB02"),)).atc is None


def test_a_line_is_nameless_without_name_and_code() -> None:
    assert MedicationLine(id="x", name=None).is_nameless
    assert not MedicationLine(id="x", name="Pinex").is_nameless
    assert not MedicationLine(id="x", name=None, codes=(Coding(ATC, "N02BE01"),)).is_nameless


def test_the_mark_is_the_strongest_thing_that_a_line_is_known_by() -> None:
    order, product = frozenset({("urn:order", "1")}), frozenset({("urn:vnr", "12")})

    assert medicine(orders=order, products=product).mark == "urn:order|1"
    assert medicine(products=product).mark == "urn:vnr|12"
    assert medicine().mark == "c07ab02|50 mg|tablet|oral"
    assert medicine("Pinex", None, strength=None).mark == "pinex||tablet|oral"
    assert medicine(None, None, codes=(Coding("urn:local", "A7"),), strength=None, form=None).mark == "a7|||oral"
    assert medicine(None, None, id="x").mark == "line|x"
    assert medicine(None, None).name_key is None


def test_the_instruction_is_the_senders_words() -> None:
    assert medicine(dosage_text="1 morgen", dosage=(dose("1", text="andet"),)).instruction == "1 morgen"
    assert medicine(dosage=(dose("1", text="1 morgen"), dose("2", text="2 aften"))).instruction == "1 morgen; 2 aften"
    assert medicine().instruction is None


def test_what_stands_beside_the_numbers_is_part_of_the_instruction_with_them() -> None:
    evening = dose("1", beside=("aften", "kun mandag"))
    bare = DoseRow(dose=Quantity(Decimal("2.0"), "ml"), beside=("aften",))

    assert medicine(dosage=(evening,)).instruction == "1 tablet x 1 / 1 d, aften, kun mandag"
    assert medicine(dosage=(bare,)).instruction == "2 ml, aften"
    assert medicine(dosage=(DoseRow(beside=("aften",)),)).instruction == "aften"
    assert medicine(dosage=(replace(evening, text="1 Aften"), bare)).instruction == "1 Aften, kun mandag; 2 ml, aften"
    assert medicine(dosage=(evening, bare), dosage_text="kun mandag").instruction == "kun mandag, aften"
    assert medicine(dosage=(evening,)).daily == medicine(dosage=(dose("1"),)).daily


def test_as_needed_is_said_by_all_rows_or_not_at_all() -> None:
    assert medicine(dosage=(dose("1", as_needed=True),)).as_needed is True
    assert medicine().as_needed is False
    assert medicine(dosage=()).as_needed is None
    assert medicine(dosage=(dose("1"), dose("1", as_needed=True))).as_needed is None


@pytest.mark.parametrize(
    ("per", "hours"),
    [
        (Quantity(Decimal(1), "d"), Decimal(24)),
        (Quantity(Decimal(2), "wk"), Decimal(336)),
        (Quantity(Decimal(1), "mo"), None),
        (None, None),
    ],
)
def test_a_maximum_is_in_a_time_of_so_many_hours(per: Quantity | None, hours: Decimal | None) -> None:
    assert Maximum(Quantity(Decimal(4), "g"), per).hours == hours
