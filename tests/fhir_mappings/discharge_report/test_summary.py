"""A patient summary says what was taken before the stay: it is no discharge report, and need not name a stay."""

import pytest

from discharge.documents.report import Gap
from discharge.medication.lists import Column
from tests.fhir_mappings.discharge_report.reading import found_in, read, refusals
from tests.reports import Json, composition, concept, report, resource_of, section, statement

SUMMARY = concept("60591-5")


def summary(*sections: Json, **more: object) -> Json:
    """A patient summary with one medicine, and whatever sections it has beside it."""
    header = composition(
        section("10160-0", "Medicin", "<p>Pinex</p>", "before"), *sections, **({"type": SUMMARY} | more)
    )
    return report(header=header, before=statement("Pinex 500 mg", "N02BE01"))


def without_encounter(bundle: Json) -> Json:
    """The same, of no stay."""
    del resource_of(bundle, "Composition")["encounter"]
    bundle["entry"] = [each for each in bundle["entry"] if each["resource"]["resourceType"] != "Encounter"]
    return bundle


@pytest.mark.parametrize("names_a_stay", [True, False])
def test_it_states_what_was_taken_before(names_a_stay: bool) -> None:  # noqa: FBT001 - an example
    made = read(summary() if names_a_stay else without_encounter(summary()))

    assert made.report.is_summary
    (stated,) = made.report.stated
    assert (stated.column, [line.name for line in stated.lines]) == (Column.BEFORE, ["Pinex 500 mg"])
    assert (made.subject.began_at is None) is not names_a_stay


def test_medicine_at_discharge_in_it_is_shown_and_stated_by_nobody() -> None:
    made = read(summary(section("75311-1", "Ved udskrivelse", "<p>Furix</p>"))).report

    assert [each.column for each in made.stated] == [Column.BEFORE]
    assert "Furix" in [line for each in made.all_sections for line in each.lines]


def test_it_offers_the_plan_nothing() -> None:
    made = summary(section("8650-4", "Udskrivelse", "<p>Nøgle hos naboen</p>"))
    disposition = concept("home", "Hjem", "http://terminology.hl7.org/CodeSystem/discharge-disposition")
    resource_of(made, "Encounter")["hospitalization"] = {"dischargeDisposition": disposition}

    assert read(made).report.suggestions == ()


def test_only_what_a_summary_should_have_is_missed() -> None:
    gaps = set(read(without_encounter(summary())).report.gaps)

    assert gaps == {Gap.EPISODE, Gap.ALLERGIES, Gap.DOCUMENT_IDENTIFIER, Gap.ATTESTER, Gap.LANGUAGE}
    assert found_in(without_encounter(summary())) == {}


def test_encounter_that_it_names_must_be_there() -> None:
    made = summary(encounter={"reference": "Encounter/none"})

    assert refusals(made)["stafet-document-reference"] == "Bundle.entry[0].resource.encounter"


def test_report_that_is_called_a_summary_too_is_a_report() -> None:
    both = {"coding": [*SUMMARY["coding"], *concept("34105-7")["coding"]]}

    made = read(summary(type=both)).report

    assert (made.type_code, made.is_summary) == ("34105-7", False)
