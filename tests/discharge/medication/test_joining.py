"""Lines of different lists that are the same medicine; nothing is ever lost on the way."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from discharge.medication.joining import JoinedBy, JoinedLine, join
from discharge.medication.lines import MedicationLine
from discharge.medication.lists import Column, MedicationList
from tests.discharge.medication.lines import dose, medicine, stated, tables

BEFORE, AFTER, NOW = Column.BEFORE, Column.AT_DISCHARGE, Column.NOW
ORDER = frozenset({("urn:order", "1")})
PRODUCT = frozenset({("urn:vnr", "12")})


def joined(before: MedicationLine, after: MedicationLine) -> JoinedBy | None:
    """What joins the two; None when nothing does."""
    found = join([stated(BEFORE, before), stated(AFTER, after)])
    return found[0].by if len(found) == 1 else None


def test_each_key_joins_and_only_substance_and_name_are_guesses() -> None:
    assert joined(medicine("A", None, orders=ORDER), medicine("B", None, orders=ORDER)) is JoinedBy.ORDER
    assert joined(medicine("A", None, products=PRODUCT), medicine("B", None, products=PRODUCT)) is JoinedBy.PRODUCT
    assert joined(medicine("A"), medicine("B", form="TABLET")) is JoinedBy.EXACT
    assert joined(medicine("A"), medicine("B", strength="100 mg")) is JoinedBy.SUBSTANCE
    assert joined(medicine("Pinex 500 mg", None), medicine("pinex", None)) is JoinedBy.NAME
    assert joined(medicine("A", None), medicine("B", None)) is None
    assert [by for by in JoinedBy if by.is_guess] == [JoinedBy.SUBSTANCE, JoinedBy.NAME]


def test_no_guess_joins_across_routes_and_an_order_does() -> None:
    assert joined(medicine(), medicine(route="rectal")) is None
    assert joined(medicine(orders=ORDER), medicine(route="rectal", orders=ORDER)) is JoinedBy.ORDER
    assert joined(medicine(route=None), medicine()) is JoinedBy.SUBSTANCE


def test_two_strengths_of_one_substance_are_two_lines() -> None:
    found = join([stated(BEFORE, medicine(), medicine(strength="100 mg")), stated(AFTER, medicine())])

    assert [each.by for each in found] == [JoinedBy.EXACT, JoinedBy.ALONE]
    assert all(each.has_rivals for each in found)


def test_the_same_strength_twice_a_day_is_joined_by_its_dosage() -> None:
    morning, evening = dose("1", text="morgen"), dose("2", text="aften")
    before = stated(BEFORE, medicine(dosage=(morning,)), medicine(dosage=(evening,)))

    found = join([before, stated(AFTER, medicine(dosage=(evening,)), medicine(dosage=(morning,)))])

    assert [each.by for each in found] == [JoinedBy.EXACT] * 2
    assert all(each.line(BEFORE).dosage == each.line(AFTER).dosage for each in found)  # type: ignore[union-attr] # both are there


def test_a_choice_is_nobodys_to_make() -> None:
    found = join([stated(BEFORE, medicine(), medicine(strength="100 mg")), stated(AFTER, medicine(strength="75 mg"))])

    assert [each.by for each in found] == [JoinedBy.ALONE] * 3
    assert all(each.has_rivals for each in found)


def test_the_same_line_twice_is_one_with_both() -> None:
    (found,) = join([stated(BEFORE, medicine(), medicine()), stated(AFTER, medicine())])

    assert found.is_double
    assert [len(found.cells[column]) for column in (BEFORE, AFTER)] == [2, 1]
    assert found.line(NOW) is None


def test_lines_without_a_product_are_never_joined() -> None:
    assert joined(medicine(None, None), medicine(None, None)) is None


def test_the_weakest_link_tells_what_holds_three_lists_together() -> None:
    before, after, now = medicine(orders=ORDER), medicine(orders=ORDER), medicine(strength=None)

    (found,) = join([stated(BEFORE, before), stated(AFTER, after), stated(NOW, now)])

    assert found.by is JoinedBy.SUBSTANCE
    assert found.all_lines == (before, after, now)


def test_what_a_person_says_goes_before_every_guess() -> None:
    one, other = medicine("Pinex", None, strength=None), medicine("Panodil", None, strength=None)
    tables = [stated(BEFORE, one), stated(AFTER, other)]
    pair = frozenset({one.mark, other.mark})

    assert [each.by for each in join(tables, together=[pair])] == [JoinedBy.CONFIRMED]
    assert len(join(tables, together=[frozenset({one.mark, "somebody else's"})])) == 2
    assert len(join([stated(BEFORE, one, other)], together=[pair])) == 2


def test_what_a_person_took_apart_no_guess_joins() -> None:
    one, other = medicine(), medicine(strength="100 mg")
    pair = frozenset({one.mark, other.mark})

    assert len(join([stated(BEFORE, one), stated(AFTER, other)], apart=[pair])) == 2


@given(tables())
def test_no_line_ever_disappears_and_none_is_shown_twice(stated_lists: list[MedicationList]) -> None:
    given_lines = Counter(line.id for each in stated_lists for line in each.all_lines)

    found = join(stated_lists)

    assert Counter(line.id for each in found for line in each.all_lines) == given_lines
    for each in stated_lists:
        mine = {line.id for line in each.all_lines}
        assert mine <= {line.id for group in found for line in group.cells.get(each.column, ())}


@given(tables(), st.randoms(use_true_random=False))
def test_the_order_of_lines_makes_no_difference(stated_lists: list[MedicationList], chance: random.Random) -> None:
    shuffled = [_shuffled(each, chance) for each in stated_lists]
    chance.shuffle(shuffled)

    assert _partition(join(stated_lists)) == _partition(join(shuffled))


def _shuffled(table: MedicationList, chance: random.Random) -> MedicationList:
    lines = list(table.lines)
    chance.shuffle(lines)
    return replace(table, lines=tuple(lines))


def _partition(found: tuple[JoinedLine, ...]) -> set[tuple[frozenset[str], JoinedBy, bool]]:
    return {(frozenset(line.id for line in each.all_lines), each.by, each.has_rivals) for each in found}


@given(tables())
def test_a_guess_never_crosses_routes(stated_lists: list[MedicationList]) -> None:
    for each in join(stated_lists):
        if each.by.is_guess and not any(line.orders or line.products for line in each.all_lines):
            assert len({line.route for line in each.all_lines if line.route}) <= 1


def test_what_was_given_there_takes_no_guess_apart() -> None:
    before, after = medicine(strength="40 mg"), medicine(strength="20 mg")
    infusion = medicine(strength="10 mg/ml", form="injektionsvæske", route="intravenous")

    found = join([stated(BEFORE, before), stated(AFTER, after), stated(Column.IN_HOSPITAL, infusion)])

    assert [(each.by, len(each.all_lines)) for each in found] == [(JoinedBy.SUBSTANCE, 2), (JoinedBy.ALONE, 1)]


def test_words_for_one_route_are_one_route() -> None:
    lines = [
        medicine(strength=strength, route=route) for strength, route in (("1", "oral"), ("2", "p.o."), ("3", None))
    ]

    (found,) = join([stated(column, line) for column, line in zip((BEFORE, AFTER, NOW), lines, strict=True)])

    assert found.by is JoinedBy.SUBSTANCE


def test_across_routes_each_is_joined_by_itself_and_what_names_none_could_be_any() -> None:
    oral, rectal = medicine(strength="1"), medicine(strength="2", route="rectal")
    nowhere = medicine(strength="4", route=None)

    found = join([stated(BEFORE, oral), stated(AFTER, rectal), stated(NOW, nowhere, medicine(strength="3"))])

    assert sorted(len(each.all_lines) for each in found) == [1, 1, 2]
    assert all(each.has_rivals for each in found)


def test_a_number_on_every_line_of_a_list_makes_no_rivals_of_other_substances() -> None:
    lines = medicine(orders=ORDER), medicine("Digoxin", "C01AA05", orders=ORDER)

    found = join([stated(BEFORE, medicine(orders=ORDER)), stated(AFTER, *lines)])

    assert not any(each.has_rivals for each in found)
