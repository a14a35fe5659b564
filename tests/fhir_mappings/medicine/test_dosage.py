"""What a dosage says beside its numbers: it is shown, not reckoned with, and given back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from discharge.medication.comparing import compare
from discharge.medication.lines import DoseRow, MedicationLine, Quantity
from discharge.medication.lists import Column
from fhir_mappings import r4
from fhir_mappings.elements import Element
from fhir_mappings.medicine.dosage import read_dosage
from fhir_mappings.medicine.statement import statement_resource
from tests.discharge.medication.lines import medicine, stated
from tests.fhir_mappings.medicine.test_statement import CONTACT, read, record

Fields = dict[str, Any]
DAILY: Fields = {"frequency": 1, "period": 1, "periodUnit": "d"}
TABLET: Fields = {"value": 1, "unit": "tablet"}
ONE: Fields = {"doseAndRate": [{"doseQuantity": TABLET}]}


def rows(*dosages: Fields, kind: str = "MedicationStatement") -> tuple[DoseRow, ...]:
    return read_dosage(Element(kind, {"dosage": list(dosages)}))[1]


def row(**fields: Any) -> DoseRow:
    (found,) = rows(fields)
    return found


def timed(**repeat: Any) -> DoseRow:
    return row(timing={"repeat": repeat}, **ONE)


def ranged(low: Fields | None, high: Fields | None) -> Fields:
    return {"doseAndRate": [{"doseRange": {"low": low, "high": high}}]}


def amount(value: float, unit: str = "tablet") -> Fields:
    return {"value": value, "unit": unit}


WHEN: list[tuple[Fields, tuple[str, ...]]] = [
    ({"when": ["MORN", "HS"]}, ("morgen, ved sengetid",)),
    ({"when": ["WAKE"], "offset": 0}, ("ved opvågning",)),
    ({"when": ["ACM"], "offset": 30}, ("30 minutter før morgenmad",)),
    ({"when": ["HS"], "offset": 30}, ("ved sengetid (forskudt 30 minutter)",)),
    ({"offset": 30}, ("(forskudt 30 minutter)",)),
    ({"when": ["Tea", 7]}, ("Tea",)),
    ({"duration": 30, "durationMax": 60, "durationUnit": "min"}, ("varighed 30-60 minutter",)),
    ({"durationMax": 2, "durationUnit": "moon"}, ("varighed højst 2 moon",)),
]
MUCH: list[tuple[Fields, tuple[str, ...]]] = [
    ({"frequencyMax": 3}, ("1-3 gange dagligt",)),
    ({"period": 4, "periodMax": 6, "periodUnit": "h"}, ("1 gang pr. 4-6 timer",)),
    ({"periodUnit": "mo"}, ("1 gang om måneden",)),
    ({"periodUnit": "wk", "dayOfWeek": ["mon", "x"]}, ("1 gang om ugen", "mandag, x")),
    ({"timeOfDay": ["08:00:00", "20:30"]}, ("1 gang dagligt", "kl. 08:00, 20:30")),
    ({"count": 1}, ("1 gang dagligt", "i alt 1 gang")),
    ({"countMax": 5}, ("1 gang dagligt", "i alt højst 5 gange")),
    ({"boundsRange": {"low": amount(3, "d"), "high": amount(5, "d")}}, ("1 gang dagligt", "varer 3-5 d")),
    ({"period": None, "periodUnit": None}, ("1 gang",)),
    ({"frequency": None}, ("dagligt",)),
]


@pytest.mark.parametrize(("repeat", "beside"), WHEN)
def test_when_it_is_taken_stands_beside_the_amount_a_day(repeat: Fields, beside: tuple[str, ...]) -> None:
    said = timed(**(DAILY | repeat))

    assert said.beside == beside
    assert said.daily == Quantity(Decimal(1), "tablet")


@pytest.mark.parametrize(("repeat", "beside"), MUCH)
def test_what_changes_the_amount_is_said_and_not_reckoned_with(repeat: Fields, beside: tuple[str, ...]) -> None:
    said = timed(**(DAILY | repeat))

    assert said.beside == beside
    assert said.daily is None


def test_days_on_which_it_is_given_are_no_amount_a_day() -> None:
    said = row(timing={"event": ["2026-11-30", "2026-12-01T08:00:00+01:00"], "repeat": DAILY}, **ONE)

    assert said.beside == ("1 gang dagligt", "den 2026-11-30", "den 2026-12-01 kl. 08:00")
    assert said.daily is None


@pytest.mark.parametrize("place", ["row", "timing"])
def test_what_nobody_can_read_is_named_and_stops_the_reckoning(place: str) -> None:
    reserve = {"modifierExtension": [{"url": "urn:other", "valueBoolean": True}]}
    inside, outside = (reserve, {}) if place == "timing" else ({}, reserve)
    said = row(timing={"repeat": DAILY} | inside, **ONE, **outside)

    assert said.beside == ("1 gang dagligt", "forbehold: urn:other")
    assert said.daily is None


@pytest.mark.parametrize(
    ("fields", "beside"),
    [
        (ranged(amount(1), amount(2)), "dosis 1-2 tablet"),
        (ranged(amount(0.5, "1"), amount(1, "1")), "dosis 0,5-1"),
        (ranged(amount(500, "mg"), amount(1, "g")), "dosis 500 mg-1 g"),
        (ranged(amount(1), None), "dosis mindst 1 tablet"),
        (ranged(None, amount(2)), "dosis højst 2 tablet"),
        ({"doseAndRate": [{"doseQuantity": TABLET | {"comparator": "<"}}]}, "dosis <1 tablet"),
        ({"dose": {"value": 5, "code": "mg", "comparator": ">="}}, "dosis >=5 mg"),
        (ONE | {"doseAndRate": [{"doseQuantity": amount(1e12)}]}, "dosis 1000000000000 tablet"),
    ],
)
def test_an_amount_that_is_not_one_is_said_and_not_reckoned_with(fields: Fields, beside: str) -> None:
    said = row(timing={"repeat": DAILY}, **fields)

    assert said.beside == (beside,)
    assert (said.dose, said.daily) == (None, None)


def test_of_two_amounts_each_is_said_with_what_it_is() -> None:
    ordered = {"type": {"text": "ordineret"}, "doseQuantity": amount(5, "mg/kg")}

    assert row(doseAndRate=[ordered, {"doseQuantity": amount(300, "mg")}]).beside == (
        "dosis 5 mg/kg (ordineret)",
        "dosis 300 mg",
    )
    assert row(text="x", doseAndRate=[{"type": {"text": "ordineret"}}]).beside == ()


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        ({"rateRatio": {"numerator": amount(10, "mL"), "denominator": amount(1, "h")}}, "hastighed 10 mL pr. 1 h"),
        ({"rateRatio": {"numerator": amount(10, "mL")}}, "hastighed 10 mL"),
        ({"rateQuantity": amount(2, "L/min")}, "hastighed 2 L/min"),
        ({"rateRange": {"low": amount(1, "L/min"), "high": amount(2, "L/min")}}, "hastighed 1-2 L/min"),
    ],
)
def test_how_fast_it_is_given_is_said(rate: Fields, words: str) -> None:
    assert row(doseAndRate=[{"doseQuantity": TABLET} | rate]).beside == (words,)
    assert row(text="x", **rate).beside == (words,)


def test_what_to_do_and_where_is_said_once() -> None:
    said = row(
        timing={"code": {"text": "efter skema"}},
        site={"text": "venstre arm"},
        method={"coding": [{"code": "1", "display": "Synk"}]},
        maxDosePerLifetime=amount(450.5, "mg"),
        patientInstruction="Stop ved diarré",
        additionalInstruction=[{"text": "kun mandag"}, {"text": "Stop ved diarré"}, {}],
    )

    assert said.beside == (
        "efter skema", "sted: venstre arm", "metode: Synk", "højst i alt: 450,5 mg", "Stop ved diarré", "kun mandag",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"maxDosePerPeriod": {"numerator": amount(4, "g")}}, ("højst: 4 g",)),
        ({"maxDosePerPeriod": {"denominator": amount(1, "d")}}, ()),
        ({"maxDosePerAdministration": amount(2) | {"comparator": "<"}}, ("højst ad gangen: <2 tablet",)),
        ({"timing": {"repeat": {"boundsDuration": amount(3, "d") | {"comparator": "<"}}}}, ("varer <3 d",)),
        ({"timing": {"repeat": {"boundsPeriod": {}}}}, ()),
    ],
)
def test_a_bound_that_is_no_number_is_said_in_words(fields: Fields, words: tuple[str, ...]) -> None:
    said = row(text="x", **fields)

    assert (said.beside, said.maxima, said.length) == (words, (), None)


def test_another_route_than_the_lines_is_said_of_its_row() -> None:
    route, (first, second, third) = read_dosage(
        Element("MedicationRequest", {"dosageInstruction": [
            {"text": "a", "route": {"text": "i munden"}}, {"text": "b", "route": {"text": "i øret"}}, {"text": "c"},
        ]})
    )  # fmt: skip

    assert route == "i munden"
    assert (first.beside, second.beside, third.beside) == ((), ("adm.vej: i øret",), ())


def lined(fields: Fields) -> MedicationLine:
    return medicine(dosage=rows(fields))


SAID: list[Fields] = [
    *({"timing": {"repeat": DAILY | repeat}, **ONE} for repeat, _ in (*WHEN, *MUCH)),
    {"timing": {"repeat": DAILY}, **ranged(amount(1), amount(2))},
    {"timing": {"repeat": DAILY, "event": ["2026-11-30"]}, **ONE},
    {"timing": {"repeat": DAILY | {"boundsPeriod": {"start": "2026-11-20", "end": "2026-11-30"}}}, **ONE},
    {"timing": {"repeat": DAILY | {"boundsPeriod": {"end": "2026-11-30T08:00:00.000+01:00"}}}, **ONE},
    {"timing": {"repeat": DAILY | {"boundsDuration": amount(3, "hele uger")}}, **ONE},
    {"timing": {"repeat": DAILY}, **ONE, "patientInstruction": "Stop ved diarré", "additionalInstruction": []},
]


@pytest.mark.parametrize("fields", SAID)
def test_nothing_of_it_is_lost_on_the_way_to_a_reader(fields: Fields) -> None:
    line = lined(fields)
    made = record(stated(Column.AT_DISCHARGE, line))
    (line_id,) = made.lines
    resource: Any = statement_resource(made, line_id, encounter_id=CONTACT)

    r4.require_shape(resource)
    assert read(resource).dosage == line.dosage
    assert all(words in (line.instruction or "") for each in line.dosage for words in each.beside)


def test_a_length_that_fhir_has_no_number_for_is_given_back_in_words() -> None:
    made = record(stated(Column.AT_DISCHARGE, medicine(dosage=(DoseRow(text="x", length="fra..til"),))))
    (line_id,) = made.lines
    resource: Any = statement_resource(made, line_id, encounter_id=CONTACT)

    assert resource["dosage"][0]["additionalInstruction"] == [{"text": "fra..til"}]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"timing": {"repeat": {"when": ["MORN"]}}, **ONE}, {"timing": {"repeat": {"when": ["HS"]}}, **ONE}),
        (ranged(amount(1), amount(2)), ranged(amount(1), amount(4))),
        (
            {"timing": {"repeat": DAILY | {"dayOfWeek": ["mon"]}}, **ONE},
            {"timing": {"repeat": DAILY | {"dayOfWeek": ["mon"]}}, "doseAndRate": [{"doseQuantity": amount(2)}]},
        ),
        ({"timing": {"repeat": DAILY}, **ONE}, {"timing": {"repeat": DAILY | {"count": 3}}, **ONE}),
    ],
)
def test_lines_that_differ_in_it_are_never_taken_for_the_same(before: Fields, after: Fields) -> None:
    one, other = lined(before), lined(after)

    assert not compare(one, other).is_same
    assert one.instruction != other.instruction
    assert compare(other, replace(other, id="again")).is_same


def test_a_day_at_a_time_is_an_amount_in_days() -> None:
    assert timed(when=["MORN", "NIGHT"], period=1, periodUnit="d").daily is not None
    assert timed(frequency=1, period=8, periodUnit="h").times == Decimal(3)
