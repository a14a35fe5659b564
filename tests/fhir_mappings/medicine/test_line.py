"""Lines of lists as senders write them: what is said is read, what is missing stays missing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from discharge.medication.lines import ATC, Change, Coding, DoseRow, LineStatus, Maximum, MedicationLine, Quantity
from discharge.medication.lists import Saying
from fhir_mappings.elements import Element
from fhir_mappings.medicine.line import RENDERED, read_line, saying_of
from fhir_mappings.references import NOWHERE

Resource = dict[str, Any]
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
ADHERENCE = "http://hl7.org/fhir/5.0/StructureDefinition/extension-MedicationStatement.adherence"
CLASSIFICATION = "https://profiles.ihe.net/PHARM/MPD/StructureDefinition/ihe-ext-medication-classification"
FLAGS = "urn:oid:1.2.36.1.2001.1001.101.104.16592"
ENALAPRIL: Resource = {
    "coding": [{"system": ATC, "code": "C09AA02", "display": "Enalapril"}],
    "text": "Enalapril 20 mg",
}
PRODUCTS: dict[str, Resource] = {
    "Medication/1": {
        "resourceType": "Medication",
        "identifier": [{"system": "urn:vnr", "value": "123456"}, {"value": "nobody's"}],
        "extension": [
            {
                "url": CLASSIFICATION,
                "valueCodeableConcept": {"coding": [{"code": "1"}, {"system": ATC, "code": "J01DC02"}]},
            }
        ],
        "code": {"coding": [{"system": "urn:local", "code": "7", "display": "Cefuroxim"}]},
        "form": {"coding": [{"system": "http://standardterms.edqm.eu", "code": "50053500"}]},
        "ingredient": [
            {"strength": {"numerator": quantity, "denominator": {"value": 1, "unit": "stk"}}}
            for quantity in ({"value": 1500, "unit": "mg"}, {"value": 12.5, "unit": "mg"}, {"unit": "mg"})
        ],
    },
    "MedicationRequest/9": {"resourceType": "MedicationRequest", "identifier": [{"system": "urn:order", "value": "9"}]},
    "Condition/1": {"resourceType": "Condition", "code": {"text": "Forhøjet blodtryk"}},
}


def found(reference: Element) -> Element:
    named = PRODUCTS.get(reference.text("reference") or "")
    return NOWHERE if named is None else Element(str(named["resourceType"]), named)


def line(kind: str = "MedicationStatement", **elements: Any) -> MedicationLine:
    return read_line(Element(kind, {"resourceType": kind, **elements}), line_id="x", resolve=found)


def row(**elements: Any) -> DoseRow:
    (read,) = line(dosage=[elements]).dosage
    return read


def strength(numerator: Resource | None, denominator: Resource | None) -> str | None:
    ratio = {"numerator": numerator, "denominator": denominator}
    PRODUCTS["Medication/2"] = {"resourceType": "Medication", "ingredient": [{"strength": ratio}]}
    return line(medicationReference={"reference": "Medication/2"}).strength


def test_a_statement_is_read_whole() -> None:
    read = read_line(
        Element(
            "MedicationStatement",
            {
                "identifier": [{"system": "urn:order", "value": "1"}],
                "basedOn": [{"reference": "MedicationRequest/9"}],
                "status": "active",
                "medicationCodeableConcept": ENALAPRIL,
                "effectivePeriod": {"start": "2026-11-01", "end": "2026-12-01T00:30:00+01:00"},
                "reasonCode": [{"text": "Blodtryk"}],
                "statusReason": [{"coding": [{"code": "x", "display": "Svimmel"}]}],
                "note": [{"text": "Må deles"}, {"text": "Ikke med mælk"}],
                "dosage": [
                    {
                        "text": "1 tablet hver morgen",
                        "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
                        "route": {"coding": [{"system": SNOMED, "code": "26643006"}]},
                        "doseAndRate": [
                            {"doseQuantity": {"value": 20, "system": UCUM, "code": "mg", "unit": "millig."}}
                        ],
                    }
                ],
            },
        ),
        line_id="a-1",
        resolve=found,
        section="75311-1",
    )

    assert read == MedicationLine(
        id="a-1",
        name="Enalapril 20 mg",
        codes=(Coding(ATC, "C09AA02", "Enalapril"),),
        orders=frozenset({("urn:order", "1"), ("urn:order", "9")}),
        route="oral",
        dosage=(
            DoseRow(text="1 tablet hver morgen", dose=Quantity(Decimal(20), "mg"), times=Decimal(1), days=Decimal(1)),
        ),
        status=LineStatus.ACTIVE,
        begins=date(2026, 11, 1),
        ends=date(2026, 12, 1),
        indication="Blodtryk",
        change_reason="Svimmel",
        section="75311-1",
        note="Må deles; Ikke med mælk",
    )


def test_a_product_is_read_where_it_stands() -> None:
    read = line(medicationReference={"reference": "Medication/1", "display": "Cefuroxim pulver"})

    assert read.name == "Cefuroxim pulver"
    assert read.codes == (Coding("urn:local", "7", "Cefuroxim"), Coding(ATC, "J01DC02"))
    assert (read.atc, read.products) == ("J01DC02", frozenset({("urn:vnr", "123456")}))
    assert (read.strength, read.form) == ("1500 mg + 12.5 mg", "50053500")


@pytest.mark.parametrize(
    ("elements", "name"),
    [
        ({"medicationReference": {"reference": "Medication/gone", "display": "Thyrax"}}, "Thyrax"),
        ({"medicationReference": {"reference": "Medication/1"}}, "Cefuroxim"),
        ({"medicationReference": {"reference": "Medication/gone"}}, None),
        ({"medicationCodeableConcept": {"coding": [{"display": "Panodil"}]}}, "Panodil"),
        ({"medicationCodeableConcept": {"coding": [{"system": ATC, "code": "N02BE01"}]}}, None),
        ({}, None),
    ],
)
def test_a_name_is_what_the_list_shows_and_nothing_made_up(elements: Resource, name: str | None) -> None:
    read = line(**elements)

    assert read.name == name
    assert read.is_nameless == (name is None and not read.codes)


@pytest.mark.parametrize(
    ("numerator", "denominator", "text"),
    [
        ({"value": 50, "unit": "mg"}, {"value": 1, "unit": "tablet"}, "50 mg"),
        ({"value": 50.0, "unit": "mg"}, None, "50 mg"),
        ({"value": 250, "unit": "mg"}, {"value": 5, "unit": "mL"}, "250 mg/5 mL"),
        ({"value": 20, "unit": "mg"}, {"value": 1, "unit": "mL"}, "20 mg/mL"),
        ({"value": 5, "unit": "mg"}, {"value": 2, "unit": "tablet"}, "5 mg/2 tablet"),
        ({"value": 9500}, {"value": 1, "system": UCUM, "code": "mL"}, "9500 1/mL"),
        (None, {"value": 1, "unit": "mL"}, None),
        ({"value": True}, None, None),
    ],
)
def test_a_strength_is_written_as_people_write_it(
    numerator: Resource | None, denominator: Resource | None, text: str | None
) -> None:
    assert strength(numerator, denominator) == text


@pytest.mark.parametrize(
    ("repeat", "times", "days"),
    [
        ({"frequency": 2, "period": 1, "periodUnit": "d"}, 2, 1),
        ({"frequency": 1, "period": 8, "periodUnit": "h"}, 3, 1),
        ({"frequency": 1, "period": 36, "periodUnit": "h"}, 2, 3),
        ({"frequency": 3, "period": 1, "periodUnit": "wk"}, 3, 7),
        ({"when": ["MORN", "NIGHT"], "period": 1, "periodUnit": "d"}, 2, 1),
        ({"frequency": 1, "period": 1, "periodUnit": "mo"}, None, None),
        ({"frequency": 1, "frequencyMax": 2, "period": 1, "periodUnit": "d"}, None, None),
        ({"frequency": 1, "period": 4, "periodMax": 6, "periodUnit": "h"}, None, None),
        ({"frequency": 1, "periodUnit": "d"}, None, None),
        ({"frequency": 1, "period": 0, "periodUnit": "h"}, None, None),
        ({"period": 1, "periodUnit": "d"}, None, None),
        ({"frequency": 1, "period": True, "periodUnit": "d"}, None, None),
    ],
)
def test_how_often_is_read_only_where_it_is_one_number(repeat: Resource, times: int | None, days: int | None) -> None:
    read = row(text="x", timing={"repeat": repeat})

    assert (read.times, read.days) == (times, days)


def test_rows_say_how_long_when_and_in_what_order() -> None:
    read = row(
        sequence=2,
        timing={"repeat": {"boundsDuration": {"value": 3, "system": UCUM, "code": "d"}}},
        asNeededCodeableConcept={"coding": [{"code": "422587007"}]},
    )

    assert read == DoseRow(sequence=2, length="3 d", as_needed=True, as_needed_for="422587007")
    assert row(asNeededBoolean=True).as_needed
    assert row(text="x", sequence=True).sequence == 1


def test_two_amounts_are_none_that_can_be_reckoned() -> None:
    one, other = ({"doseQuantity": {"value": number, "unit": "mg"}} for number in (1, 2))

    assert row(text="1 til 2", doseAndRate=[one, other]).dose is None
    assert row(text="1 til 2", doseAndRate=[{"doseRange": {"low": {"value": 1}}}]).dose is None


def test_shorthand_is_kept_as_text() -> None:
    read = line("MedicationRequest", dosageInstruction=[{"text": "1-0-1"}])

    assert read.dosage == (DoseRow(text="1-0-1"),)
    assert (read.instruction, read.daily) == ("1-0-1", None)


def test_a_row_with_a_route_alone_is_no_dosage() -> None:
    read = line(dosage=[{"sequence": 3, "route": {"text": "i øret"}}])

    assert (read.route, read.dosage, read.instruction) == ("i øret", (), None)


def test_an_administration_has_one_dosage() -> None:
    read = line("MedicationAdministration", dosage={"text": "500 mg", "dose": {"value": 500, "unit": "mg"}})

    assert read.dosage == (DoseRow(text="500 mg", dose=Quantity(Decimal(500), "mg")),)


@pytest.mark.parametrize("kind", ["MedicationStatement", "MedicationRequest"])
def test_the_whole_instruction_in_words_stands_beside_the_rows(kind: str) -> None:
    rendered = {"url": RENDERED.format(kind), "valueMarkdown": "1 tablet 2 gange daglig"}

    assert line(kind, extension=[rendered]).instruction == "1 tablet 2 gange daglig"


@pytest.mark.parametrize(
    ("elements", "status"),
    [
        ({"status": "active"}, LineStatus.ACTIVE),
        ({"status": "in-progress"}, LineStatus.ACTIVE),
        ({"status": "completed"}, LineStatus.ENDED),
        ({"status": "cancelled"}, LineStatus.STOPPED),
        ({"status": "on-hold"}, LineStatus.PAUSED),
        ({"status": "not-taken"}, LineStatus.NOT_TAKEN),
        ({"status": "entered-in-error"}, LineStatus.UNKNOWN),
        ({}, LineStatus.UNKNOWN),
        ({"status": "active", "doNotPerform": True}, LineStatus.STOPPED),
    ],
)
def test_a_status_says_whether_it_is_taken(elements: Resource, status: LineStatus) -> None:
    assert line(**elements).status is status


@pytest.mark.parametrize(
    ("code", "status"),
    [("not-taking", LineStatus.NOT_TAKEN), ("on-hold", LineStatus.PAUSED), ("strange", LineStatus.ACTIVE)],
)
def test_adherence_tells_more_than_the_status(code: str, status: LineStatus) -> None:
    parts = [
        {"url": "reason", "valueCodeableConcept": {"text": "Kvalme"}},
        {"url": "code", "valueCodeableConcept": {"coding": [{"code": code}]}},
    ]
    read = line(status="active", extension=[{"url": ADHERENCE, "extension": parts}])

    assert (read.status, read.change_reason) == (status, "Kvalme")


@pytest.mark.parametrize(
    ("status", "code", "read"),
    [
        ("stopped", "taking", LineStatus.UNKNOWN),
        ("on-hold", "taking", LineStatus.UNKNOWN),
        ("entered-in-error", "taking", LineStatus.UNKNOWN),
        ("unknown", "taking", LineStatus.ACTIVE),
        ("stopped", "on-hold", LineStatus.PAUSED),
    ],
)
def test_what_one_says_is_stopped_is_never_read_as_taken(status: str, code: str, read: LineStatus) -> None:
    parts = [{"url": "code", "valueCodeableConcept": {"coding": [{"code": code}]}}]

    assert line(status=status, extension=[{"url": ADHERENCE, "extension": parts}]).status is read


def test_the_number_of_a_care_plan_is_no_order() -> None:
    plan = {"reference": "CarePlan/1", "identifier": {"system": "urn:cp", "value": "77"}}

    assert line(basedOn=[plan]).orders == frozenset()


@pytest.mark.parametrize("part", ["dayOfWeek", "timeOfDay", "boundsRange"])
def test_a_timing_that_cannot_be_reckoned_gives_no_amount_a_day(part: str) -> None:
    said = {"dayOfWeek": ["mon"], "timeOfDay": ["08:00:00"], "boundsRange": {"low": {"value": 3}}}
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d", part: said[part]}
    amount = [{"doseQuantity": {"value": 1, "unit": "tablet"}}]

    assert line(dosage=[{"timing": {"repeat": repeat}, "doseAndRate": amount}]).daily is None


def test_a_course_between_two_days_keeps_its_bounds() -> None:
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": {"start": "2026-11-20"}}
    (row,) = line(dosage=[{"timing": {"repeat": repeat}}]).dosage

    assert row.length == "2026-11-20.."


@pytest.mark.parametrize(
    ("code", "change"),
    [("01", Change.UNCHANGED), ("03", Change.STOPPED), ("05", Change.STOPPED), ("06", Change.PAUSED), ("99", None)],
)
def test_a_flag_says_what_has_become_of_it(code: str, change: Change | None) -> None:
    other = {"url": "urn:other", "valueCodeableConcept": {"coding": [{"system": "urn:x", "code": "02"}]}}
    flag = {"url": "urn:any", "valueCodeableConcept": {"coding": [{"system": FLAGS, "code": code}]}}

    assert line(extension=[other, flag]).change is change
    assert line(extension=[other]).change is None


@pytest.mark.parametrize(
    ("elements", "begins"),
    [
        ({"effectiveDateTime": "2026-11-20T23:30:00-05:00"}, date(2026, 11, 20)),
        ({"authoredOn": "2026-11-20"}, date(2026, 11, 20)),
        ({"effectivePeriod": {"start": "2026-11"}}, None),
        ({"effectivePeriod": {"start": "2026-13-45"}}, None),
    ],
)
def test_a_partial_date_is_no_day(elements: Resource, begins: date | None) -> None:
    assert line(**elements).begins == begins


def test_why_it_is_taken_may_stand_in_a_condition() -> None:
    gone = {"reference": "Condition/gone"}

    assert line(reasonReference=[gone, {"reference": "Condition/1"}]).indication == "Forhøjet blodtryk"


@pytest.mark.parametrize(
    ("code", "saying"),
    [
        ("no-known-medications", Saying.NONE_KNOWN),
        ("no-medication-info", Saying.NOT_KNOWN),
        ("no-known-allergies", None),
    ],
)
def test_a_line_may_say_that_there_is_none(code: str, saying: Saying | None) -> None:
    system = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
    concept: Any = {"coding": [{"system": ATC, "code": code}, {"system": system, "code": code}]}

    assert saying_of(Element("MedicationStatement", {"medicationCodeableConcept": concept})) is saying
    assert saying_of(Element("MedicationStatement", {})) is None


def test_the_most_that_may_be_taken_is_kept() -> None:
    day = {"value": 1, "unit": "døgn", "system": UCUM, "code": "d"}
    most = {"numerator": {"value": 4, "unit": "g"}, "denominator": day}

    found = row(asNeededBoolean=True, maxDosePerPeriod=most, maxDosePerAdministration={"value": 2, "unit": "tablet"})

    assert found.maxima == (
        Maximum(Quantity(Decimal(2), "tablet")),
        Maximum(Quantity(Decimal(4), "g"), Quantity(Decimal(1), "d")),
    )


@pytest.mark.parametrize(
    "ratio", [{"numerator": {"value": 4, "unit": "g"}}, {"denominator": {"value": 1, "unit": "d"}}]
)
def test_half_a_maximum_is_none(ratio: Resource) -> None:
    assert row(text="x", maxDosePerPeriod=ratio).maxima == ()
