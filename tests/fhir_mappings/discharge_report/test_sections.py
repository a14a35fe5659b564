"""Sections are routed by code, shown in their own words, and none is left out."""

from typing import Any

import pytest

from discharge.documents.report import SectionKind
from tests.fhir_mappings.discharge_report.reading import found_in, read
from tests.reports import Json, composition, concept, report, section

HEADER = "Bundle.entry[0].resource"


def kinds(*sections: Json, **entries: Any) -> list[tuple[SectionKind, str]]:
    made = read(report(header=composition(*sections), **entries)).report
    return [(each.kind, each.title) for each in made.all_sections]


def words(entry: Json) -> str:
    """What a resource says in its section."""
    header = composition(section("30954-2", "Svar", "<p>x</p>", "entry"))
    (statement,) = read(report(header=header, entry=entry)).report.sections[0].statements
    return statement.words


def test_code_decides_and_never_the_title() -> None:
    inner = section("42346-7", "Terapia all'ingresso", "<p>x</p>")
    local = section("infection-contact", "Kontakter", "<p>x</p>") | {"code": concept("a", None, "urn:local")}

    assert kinds(
        section("10183-2", "Whatever", "<p>x</p>", section=[inner]), section("48768-6", "Payer", "<p>x</p>"), local
    ) == [
        (SectionKind.MEDICINE_AT_DISCHARGE, "Whatever"),
        (SectionKind.MEDICINE_BEFORE, "Terapia all'ingresso"),
        (SectionKind.OTHER, "Payer"),
        (SectionKind.OTHER, "Kontakter"),
    ]


def test_first_known_of_several_codes_counts() -> None:
    both = {"coding": [{"system": "http://loinc.org", "code": code} for code in ("1-1", "18776-5")]}

    assert kinds(section("x", "Plan", "<p>x</p>") | {"code": both}) == [(SectionKind.PLAN, "Plan")]


def test_section_without_title_or_code_is_shown_and_named() -> None:
    bare: Json = {"text": section("x", "x", "<p>ord</p>")["text"]}
    untitled = section("48765-2", "", "<p>x</p>")
    del untitled["title"]
    worded = section("x", "", "<p>x</p>") | {"code": {"text": "Særligt"}}
    del worded["title"]
    made = report(header=composition(bare, untitled, worded, section("8648-8", "Forløb", "<p>x</p>")))

    assert [(each.kind, each.title) for each in read(made).report.sections] == [
        (SectionKind.OTHER, ""),
        (SectionKind.ALLERGIES, "48765-2"),
        (SectionKind.OTHER, "Særligt"),
        (SectionKind.COURSE, "Forløb"),
    ]
    assert found_in(made)["stafet-document-section"] == f"{HEADER}.section[0].code"


def test_script_is_told_and_its_words_are_left_out() -> None:
    made = report(header=composition(section("8648-8", "Forløb", "<p>ord</p><script>x</script>")))

    assert found_in(made) == {"stafet-document-narrative": f"{HEADER}.section[0].text.div"}
    assert read(made).report.sections[0].lines == ("ord",)


def test_additional_text_and_reasons_for_being_empty_are_kept() -> None:
    more = section("8648-8", "Forløb", "<p>x</p>")
    more["text"]["status"] = "additional"
    empty = section("48765-2", "Allergier", emptyReason={"coding": [{"system": "x"}], "text": "ukendt"})

    made = read(report(header=composition(more, empty))).report.sections

    assert [(each.says_more, each.empty_reason) for each in made] == [(True, None), (False, "ukendt")]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            {"resourceType": "Observation", "code": concept("1", "Vægt"), "valueQuantity": {"value": 80, "unit": "kg"}},
            "Vægt · 80 kg",
        ),
        (
            {"resourceType": "Observation", "code": concept("1", "Hb"), "valueQuantity": {"value": 7.3, "code": "mM"}},
            "Hb · 7.3 mM",
        ),
        ({"resourceType": "Observation", "code": concept("1"), "valueQuantity": {"value": 3}}, "1 · 3"),
        ({"resourceType": "Observation", "code": concept("1", "Gå"), "valueString": "selv"}, "Gå · selv"),
        ({"resourceType": "Observation", "code": concept("1", "Antal"), "valueInteger": 0}, "Antal · 0"),
        ({"resourceType": "Observation", "code": concept("1", "Fald"), "valueBoolean": False}, "Fald · False"),
        (
            {"resourceType": "Observation", "code": concept("1", "Blod"), "valueCodeableConcept": concept("o", "O")},
            "Blod · O",
        ),
        (
            {
                "resourceType": "Observation",
                "code": concept("1", "BT"),
                "component": [
                    {"code": concept("2", "systolisk"), "valueQuantity": {"value": 120, "unit": "mmHg"}},
                    {"code": concept("3", "diastolisk")},
                ],
            },
            "BT · systolisk: 120 mmHg · diastolisk",
        ),
        (
            {
                "resourceType": "Condition",
                "code": {"coding": [{"display": "Fald"}]},
                "note": [{"text": "to gange"}, {}],
                "onsetDateTime": "2026",
            },
            "Fald · to gange · 2026",
        ),
        ({"resourceType": "Flag", "category": [concept("x", "Diæt")], "text": {"div": "<div>se her</div>"}},
         "Diæt · se her"),
        (
            {"resourceType": "DeviceUseStatement", "device": {"display": "Pacemaker"}},
            "Pacemaker",
        ),
        (
            {"resourceType": "CarePlan", "title": "Plan", "activity": [{"detail": {"code": concept("x", "Bad")}}]},
            "Plan · Bad",
        ),
    ],
)  # fmt: skip
def test_resource_is_told_in_words(entry: Json, said: str) -> None:
    assert words(entry) == said


def test_product_of_a_line_is_named_by_what_it_points_at() -> None:
    header = composition(section("30954-2", "Svar", "<p>x</p>", "entry"))
    entry = {"resourceType": "DeviceUseStatement", "device": {"reference": "Device/d"}}
    device = {"resourceType": "Device", "id": "d", "type": concept("x", "Kateter")}

    made = read(report(header=header, entry=entry, device=device)).report

    assert made.sections[0].statements[0].words == "Kateter"


def test_what_did_not_come_along_is_a_statement_of_no_kind_and_twice_is_once() -> None:
    lost = section("30954-2", "Svar", "<p>x</p>", "gone", "gone", "patient", "patient")
    lost["entry"].append({"reference": "Observation/x", "display": "Hb"})
    lost["entry"].append({"display": "Kun ord"})

    made = read(report(header=composition(lost))).report.sections[0]

    assert [(each.kind, each.words) for each in made.statements] == [
        ("", ""), ("Patient", "Patient"), ("", "Hb"), ("", "Kun ord")
    ]  # fmt: skip
