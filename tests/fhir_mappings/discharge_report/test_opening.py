"""A document is opened: what is refused by element, and what is taken with a warning."""

import pytest

from discharge.documents.report import DocumentStatus
from tests.fhir_mappings.discharge_report.reading import found_in, read, refusals
from tests.reports import Json, composition, report, resource_of, section, url, whole

HEADER = "Bundle.entry[0].resource"


def change(bundle: Json, kind: str, **changes: object) -> Json:
    """The bundle with elements of one resource set, or taken out where they are None."""
    found = resource_of(bundle, kind)
    found.update(changes)
    for name in [name for name, value in changes.items() if value is None]:
        del found[name]
    return bundle


def test_whole_report_has_neither_error_nor_warning() -> None:
    assert found_in(whole()) == {}


@pytest.mark.parametrize(
    ("bundle", "rule", "where"),
    [
        (report() | {"type": "message"}, "stafet-document-type", "Bundle.type"),
        (report() | {"identifier": {"system": "x"}}, "bdl-9", "Bundle.identifier.value"),
        (report() | {"timestamp": "2026-11-20"}, "bdl-10", "Bundle.timestamp"),
        (report() | {"entry": "none"}, "stafet-document-empty", "Bundle.entry"),
        (
            report(lambda b: b["entry"].append({"fullUrl": "urn:x"})),
            "stafet-document-entry",
            "Bundle.entry[5].resource",
        ),
        (report(lambda b: b["entry"][2].update(fullUrl=url("patient"))), "bdl-7", "Bundle.entry[1].fullUrl"),
        (report(lambda b: b["entry"].reverse()), "bdl-11", "Bundle.entry[0].resource"),
        (report(lambda b: b["entry"].append({"resource": composition()})), "bdl-hdr-1", "Bundle.entry[5].resource"),
        (change(report(), "Composition", status="registered"), "stafet-document-status", f"{HEADER}.status"),
        (change(report(), "Composition", date=None), "fhir-r4", f"{HEADER}.date"),
        (change(report(), "Composition", identifier=[{"value": "r5"}]), "fhir-r4", f"{HEADER}.identifier"),
        (
            change(report(), "Composition", type={"coding": [{"system": "http://loinc.org", "code": "11506-3"}]}),
            "stafet-document-kind",
            f"{HEADER}.type",
        ),
        (change(report(), "Composition", section=None), "stafet-document-sections", f"{HEADER}.section"),
        (
            report(header=composition(section("8648-8", "Forløb", section=[section("8716-3", "Tom")]))),
            "cmp-1",
            f"{HEADER}.section[0].section[0]",
        ),
        (
            change(report(), "Composition", subject={"reference": "Patient/none"}),
            "stafet-document-reference",
            f"{HEADER}.subject",
        ),
        (
            change(report(), "Composition", encounter={"reference": url("patient")}),
            "stafet-document-reference",
            f"{HEADER}.encounter",
        ),
        (change(report(), "Encounter", **{"class": None}), "fhir-r4", "Bundle.entry[2].resource.class"),
        (change(report(), "Patient", birthDate="i går"), "fhir-r4", "Bundle.entry[1].resource.birthDate"),
    ],
)
def test_what_cannot_be_read_is_refused_by_element(bundle: Json, rule: str, where: str) -> None:
    found = refusals(bundle)

    assert found[rule].startswith(where)


def test_every_fault_is_named_at_once() -> None:
    broken = report() | {"identifier": {}, "timestamp": ""}

    assert set(refusals(broken)) == {"bdl-9", "bdl-10"}


def test_foreign_and_broken_resources_cost_a_warning_and_nothing_else() -> None:
    strange: Json = {"resourceType": "Starship", "id": "x"}
    r5: Json = {"resourceType": "MedicationStatement", "medication": {"concept": {"text": "Pinex"}}}
    bundle = report(strange=strange, r5=r5)

    assert found_in(bundle)["fhir-r4"] == "Bundle.entry[5].resource.resourceType"
    assert read(bundle).report.status is DocumentStatus.FINAL


def test_status_of_r5_is_read_and_nonsense_is_named() -> None:
    completed, nonsense = change(report(), "Encounter", status="completed"), change(report(), "Encounter", status="x")

    assert read(completed).report.encounter.status == "finished"
    assert found_in(completed) == found_in(nonsense) == {"stafet-encounter-status": "Bundle.entry[2].resource.status"}


def test_report_without_course_and_with_a_signature_is_taken() -> None:
    signed = report(header=composition(section("18776-5", "Plan", "<p>x</p>"))) | {"signature": {"who": "x"}}

    assert set(found_in(signed)) == {"cmp-dr-2", "stafet-document-signature"}


def test_references_are_found_by_full_url_then_type_and_id_then_identifier() -> None:
    named = {"resourceType": "Practitioner", "id": "p", "identifier": [{"system": "s", "value": "1"}], "name": []}
    named["name"] = [{"text": "Bo Læge"}]
    ways: list[Json] = [
        {"reference": url("named")},
        {"reference": "Practitioner/p"},
        {"reference": "Practitioner/p/_history/2"},
        {"identifier": {"system": "s", "value": "1"}},
        {"reference": "Practitioner/gone", "identifier": {"system": "s", "value": "1"}},
        {"reference": "#in"},
    ]
    inside = [{"resourceType": "Practitioner", "id": "in", "name": [{"text": "Bo Læge"}]}]
    for way in ways:
        header = composition(section("8648-8", "Forløb", "<p>x</p>"), author=[way], contained=inside)

        made = read(report(header=header, named=named))

        assert made.report.authors == ("Bo Læge",), way
        assert [each.rule for each in made.findings if each.severity == "warning"] == []


@pytest.mark.parametrize("way", [{"reference": "Practitioner/gone"}, {"reference": "#gone"}])
def test_dangling_reference_is_a_warning(way: Json) -> None:
    header = composition(section("8648-8", "Forløb", "<p>x</p>"), author=[way | {"display": "Bo Læge"}])

    assert found_in(report(header=header)) == {"stafet-document-reference": f"{HEADER}.author[0]"}
    assert read(report(header=header)).report.authors == ("Bo Læge",)


def test_reference_by_words_alone_is_no_dangling_one() -> None:
    header = composition(section("8648-8", "Forløb", "<p>x</p>"), author=[{"display": "Bo Læge"}])

    assert found_in(report(header=header)) == {}


def test_findings_are_as_many_as_anybody_reads() -> None:
    lost = [{"reference": f"Practitioner/{number}"} for number in range(150)]
    header = composition(section("8648-8", "Forløb", "<p>x</p>"), author=lost)

    found = read(report(header=header)).findings

    assert len([each for each in found if each.severity == "warning"]) == 100
    assert any(each.rule == "stafet-document-findings" for each in found)


def test_digest_is_that_of_the_content_whatever_a_server_wrote_round_it() -> None:
    first = read(report()).report

    assert read(report() | {"id": "a", "meta": {"versionId": "2"}}).report.digest == first.digest
    assert read(report(identifier="urn:uuid:other")).report.digest != first.digest
