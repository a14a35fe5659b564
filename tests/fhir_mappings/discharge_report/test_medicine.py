"""Medicine in a report: which list, what an empty one says, and what was handed over."""

from typing import Any

import pytest

from discharge.medication.lists import Column, Saying
from fhir_mappings.discharge_report.report import read_report
from fhir_mappings.errors import TooCostlyError
from tests.fhir_mappings.discharge_report.reading import NUMBER, found_in, medicine_of, read
from tests.reports import EMPTY, Json, composition, concept, report, section, statement, url, whole

AT_DISCHARGE = Column.AT_DISCHARGE
ABSENT = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"


def of_section(made: Json, **entries: Any) -> Json:
    return report(header=composition(made), **entries)


@pytest.mark.parametrize(
    ("code", "column"),
    [
        ("75311-1", AT_DISCHARGE),
        ("10183-2", AT_DISCHARGE),
        ("10160-0", Column.BEFORE),
        ("8677-7", Column.BEFORE),
        ("42346-7", Column.BEFORE),
        ("87232-5", Column.IN_HOSPITAL),
    ],
)
def test_code_of_the_section_says_which_list_it_is(code: str, column: Column) -> None:
    made = of_section(section(code, "Farmaci", "<p>Pinex</p>", "line"), line=statement("Pinex"))

    (told,) = read(made).report.medicine
    assert (told.column, told.saying, [line.name for line in told.lines]) == (column, Saying.LISTED, ["Pinex"])


def test_section_without_a_code_belongs_to_the_list_above_it_and_another_section_does_not() -> None:
    inner = section("x", "Dagligt", "<p>Pinex</p>", "line") | {"code": concept("daily", None, "urn:local")}
    vitals = section("8716-3", "Målinger", "<p>80 kg</p>", "other")
    made = of_section(
        section("75311-1", "Medicin", None, section=[inner, vitals]), line=statement("Pinex"), other=statement("Furix")
    )

    assert [line.name for line in medicine_of(made, AT_DISCHARGE).lines] == ["Pinex"]


def test_no_section_is_no_list_at_all() -> None:
    assert read(report()).report.medicine == ()


@pytest.mark.parametrize(
    ("made", "saying", "why"),
    [
        (section("75311-1", "M", emptyReason=concept("nilknown", None, EMPTY)), Saying.NONE_KNOWN, "nilknown"),
        (section("75311-1", "M", emptyReason=concept("unavailable", None, EMPTY)), Saying.NOT_KNOWN, "unavailable"),
        (section("75311-1", "M", emptyReason={"text": "ukendt"}), Saying.NOT_KNOWN, "ukendt"),
        (section("75311-1", "M", "<p>Pinex 1 g</p>"), Saying.NOT_KNOWN, "text-only"),
        (section("75311-1", "M", "<p>Usual home medication unchanged.</p>"), Saying.UNCHANGED, None),
        (section("75311-1", "M", "<p>Vanlig medicin uændret</p>"), Saying.UNCHANGED, None),
        (section("75311-1", "M", "<p>Fortsætter uændret fast medicin</p>"), Saying.UNCHANGED, None),
        (section("75311-1", "M", None, "none"), Saying.NONE_KNOWN, None),
        (section("75311-1", "M", None, "unknown"), Saying.NOT_KNOWN, None),
        (section("75311-1", "M", None, "none", "unknown"), Saying.NOT_KNOWN, "contradiction"),
        (section("75311-1", "M", None, "patient"), Saying.NOT_REPORTED, None),
    ],
)
def test_saying_nothing_is_told_apart(made: Json, saying: Saying, why: str | None) -> None:
    none = statement("", medicationCodeableConcept=concept("no-known-medications", None, ABSENT))
    unknown = statement("", medicationCodeableConcept=concept("no-medication-info", None, ABSENT))

    told = medicine_of(of_section(made, none=none, unknown=unknown), AT_DISCHARGE)

    assert (told.saying, told.why_empty, told.lines) == (saying, why, ())


def test_words_are_kept_beside_the_lines() -> None:
    told = medicine_of(whole(), AT_DISCHARGE)

    assert told.text == "Pinex, Furix"
    assert [line.supply for line in told.lines] == [None, "3 tablet · 2026-11-20"]


@pytest.mark.parametrize(("status", "says_more"), [("generated", False), ("extensions", False), ("additional", True)])
def test_words_that_their_author_says_hold_more_than_the_lines_are_told_apart(status: str, *, says_more: bool) -> None:
    made = section("75311-1", "M", "<p>Pinex. Metotrexat startes mandag!</p>", "line")
    made["text"]["status"] = status

    told = medicine_of(of_section(made, line=statement("Pinex")), AT_DISCHARGE)

    assert told.says_more is says_more
    assert [line.name for line in told.lines] == ["Pinex"]


def test_one_section_that_says_more_is_enough_and_no_words_say_nothing_more() -> None:
    outer = section("75311-1", "M", "<p>Pinex</p>", "line")
    inner = section("75311-1", "Ændringer", "<p>Metotrexat startes mandag!</p>")
    inner["text"]["status"] = "additional"
    lone = section("75311-1", "M", "<p> </p>", "line")
    lone["text"]["status"] = "additional"

    told = medicine_of(of_section(outer | {"section": [inner]}, line=statement("Pinex")), AT_DISCHARGE)

    assert (told.says_more, told.text) == (True, "Pinex\n\nMetotrexat startes mandag!")
    assert not medicine_of(of_section(lone, line=statement("Pinex")), AT_DISCHARGE).says_more


def test_line_that_did_not_come_along_is_kept_under_the_words_beside_it_or_none() -> None:
    lost = section("75311-1", "M", "<p>x</p>", "gone")
    lost["entry"].append({"reference": "MedicationStatement/x", "display": "Pinex"})

    told = medicine_of(of_section(lost), AT_DISCHARGE)

    assert [line.name for line in told.lines] == [None, "Pinex"]
    assert len({line.id for line in told.lines}) == 2


def dispense(**more: object) -> Json:
    made: Json = {"resourceType": "MedicationDispense", "status": "completed", "daysSupply": {"value": 3, "code": "d"}}
    return made | more


LINE = {"resourceType": "MedicationRequest", "status": "active", "intent": "order", "subject": {"display": "x"}}


@pytest.mark.parametrize(
    ("handed", "line", "supply"),
    [
        (dispense(authorizingPrescription=[{"reference": url("line")}]), {}, "3 d"),
        (dispense(authorizingPrescription=[{"reference": url("patient")}]), {}, None),
        (dispense(medicationReference={"reference": url("product")}), {"reference": url("product")}, "3 d"),
        (dispense(medicationReference={"reference": "Medication/x"}), {"reference": "Medication/x"}, "3 d"),
        (dispense(medicationReference={"reference": "Medication/x"}), {"reference": "Medication/y"}, None),
        (dispense(medicationReference={"display": "Pinex"}), {"display": "Pinex"}, None),
        (dispense(medicationCodeableConcept={"text": "Pinex"}), {"display": "Pinex"}, None),
        (dispense(authorizingPrescription=[{"reference": url("line")}], daysSupply={}), {}, None),
    ],
    ids=["prescription", "another", "product", "same-words", "other-words", "name", "likeness", "says-nothing"],
)
def test_what_was_handed_over_stands_on_its_line(handed: Json, line: Json, supply: str | None) -> None:
    product: Json = {"resourceType": "Medication", "code": {"text": "Pinex"}}
    made = of_section(
        section("75311-1", "M", "<p>x</p>", "line"),
        line=LINE | {"medicationReference": line or {"display": "Pinex"}},
        product=product,
        handed=handed,
    )

    assert [each.supply for each in medicine_of(made, AT_DISCHARGE).lines] == [supply]
    is_left = supply is None and handed.get("daysSupply") != {}
    assert ("stafet-document-supply" in found_in(made)) is is_left


def test_dispense_is_never_a_line_of_its_own() -> None:
    made = of_section(section("75311-1", "M", "<p>x</p>", "line", "handed"), line=statement("Pinex"), handed=dispense())

    assert len(medicine_of(made, AT_DISCHARGE).lines) == 1


def test_more_lines_than_are_taken_are_refused() -> None:
    with pytest.raises(TooCostlyError) as refused:
        read_report(whole(), NUMBER, most_lines=2)

    assert refused.value.issue.expression == "Bundle.entry[0].resource.section[2]"
