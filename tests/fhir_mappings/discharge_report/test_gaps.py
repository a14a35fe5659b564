"""What is missing is named, each with the place where it would stand."""

from discharge.documents.report import Gap
from tests.fhir_mappings.discharge_report.reading import found_in, read
from tests.reports import EMPTY, composition, concept, report, section, statement, whole

HEADER = "Bundle.entry[0].resource"


def test_whole_report_lacks_only_what_this_one_leaves_out() -> None:
    assert read(whole(episode="0d0c0000-0000-4000-8000-000000000001")).report.gaps == (Gap.ATTESTER,)


def test_small_report_names_everything_that_it_lacks() -> None:
    made = report()

    gaps = set(read(made).report.gaps)
    assert gaps == set(Gap) - {
        Gap.DEPARTURE_TIME, Gap.COURSE, Gap.MEDICINE_LINES, Gap.DOSAGE, Gap.PRODUCT, Gap.FUNCTION_VALUES
    }  # fmt: skip
    assert found_in(made, "information")["stafet-gap-episode"] == "Bundle.entry[2].resource.identifier"


def test_gaps_inside_a_section_name_that_section() -> None:
    made = report(
        header=composition(
            section("47420-5", "Funktionsevne", "<p>Går selv</p>"),
            section("75311-1", "Medicin", "<p>Pinex</p>"),
            section("10160-0", "Før", "<p>Pinex</p>", "nameless", "without"),
            section("87232-5", "Givet", "<p>Intet</p>", emptyReason=concept("nilknown", None, EMPTY)),
        ),
        nameless=statement("x", medicationCodeableConcept={}),
        without=statement("Pinex", dosage=None),
    )

    found = found_in(made, "information")
    assert {
        name: found[f"stafet-gap-{name}"] for name in ("function-values", "medicine-lines", "product", "dosage")
    } == {
        "function-values": f"{HEADER}.section[0]",
        "medicine-lines": f"{HEADER}.section[1]",
        "product": f"{HEADER}.section[2]",
        "dosage": f"{HEADER}.section[2]",
    }


def test_departure_that_is_not_told_is_a_gap() -> None:
    def without_end(bundle: object) -> None:
        assert isinstance(bundle, dict)
        del bundle["entry"][2]["resource"]["period"]["end"]

    assert Gap.DEPARTURE_TIME in read(report(without_end)).report.gaps
