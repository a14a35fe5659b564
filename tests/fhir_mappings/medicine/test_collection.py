"""A list of medicine as a record system sends it: kept line by line, or refused by rule and element."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from discharge.identifiers import CprNumber
from discharge.medication.lists import Column, Saying
from fhir_mappings.errors import MappingError, MedicineListError, ResourceShapeError, TooCostlyError
from fhir_mappings.medicine.collection import ListRead, read_collection
from tests.factories import CPR

Resource = dict[str, Any]
SYSTEM = "urn:oid:1.2.208.176.1.2"
ABSENT = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
PATIENT: Resource = {
    "fullUrl": "urn:uuid:p",
    "resource": {
        "resourceType": "Patient",
        "id": "p",
        "identifier": [{"system": "urn:other", "value": "1"}, {"system": SYSTEM, "value": CPR.digits}],
    },
}
BY_NUMBER: Resource = {"identifier": {"system": SYSTEM, "value": CPR.digits}}


def entry(kind: str = "MedicationStatement", **elements: Any) -> Resource:
    made = {
        "resourceType": kind,
        "status": "active",
        "medicationCodeableConcept": {"text": "Pinex 500 mg"},
        "subject": {"reference": "urn:uuid:p"},
        "dosage": [{"text": "2 tabletter 3 gange daglig"}],
    }
    return {"resource": {name: value for name, value in (made | elements).items() if value is not None}}


def listing(**elements: Any) -> Resource:
    made = {"resourceType": "List", "status": "current", "mode": "snapshot", "subject": BY_NUMBER}
    return {"resource": made | elements}


def request(**elements: Any) -> Resource:
    return entry("MedicationRequest", intent="order", dosage=None, **elements)


def category(code: str) -> Resource:
    return {"coding": [{"system": "urn:x", "code": "y"}, {"system": "urn:stafet:medication-list", "code": code}]}


def saying(code: str) -> Resource:
    return entry(medicationCodeableConcept={"coding": [{"system": ABSENT, "code": code}]}, dosage=None)


def bundle(*entries: Resource, **elements: Any) -> Resource:
    return copy.deepcopy({"resourceType": "Bundle", "type": "collection", "entry": [PATIENT, *entries]} | elements)


def read(*entries: Resource, **elements: Any) -> ListRead:
    return read_collection(bundle(*entries, **elements), most_lines=10)


def refused(content: Resource, kind: type[MappingError] = MedicineListError) -> tuple[str, str | None]:
    with pytest.raises(kind) as caught:
        read_collection(content, most_lines=10)
    assert CPR.digits not in repr(caught.value.issues)
    return caught.value.issue.rule, caught.value.issue.expression


def test_a_plain_list_is_read_line_by_line() -> None:
    found = read(
        entry(),
        request(dosageInstruction=[{"text": "1-0-1"}], medicationCodeableConcept={"coding": [{"code": "7"}]}),
        timestamp="2026-11-20T11:00:00+01:00",
        identifier={"system": "urn:x", "value": "42"},
    )

    assert (found.citizen, found.column, found.saying) == (CPR, None, Saying.LISTED)
    assert found.as_of == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert found.identifier == "urn:x|42"
    assert [(line.id, line.name, line.instruction) for line in found.lines] == [
        ("1", "Pinex 500 mg", "2 tabletter 3 gange daglig"),
        ("2", None, "1-0-1"),
    ]
    assert {issue.rule for issue in found.findings} == {"stafet-line-dose"}


def test_the_same_line_twice_is_two_lines() -> None:
    assert [line.id for line in read(entry(), entry()).lines] == ["1", "2"]


def test_a_product_may_stand_in_an_entry_of_its_own_or_inside_the_line() -> None:
    product = {"resourceType": "Medication", "id": "m", "code": {"text": "Thyrax"}}
    own, inside = (
        entry(medicationCodeableConcept=None, medicationReference={"reference": reference}, contained=within)
        for reference, within in (("Medication/m", None), ("#m", [product]))
    )

    assert [line.name for line in read({"resource": product}, own, inside).lines] == ["Thyrax", "Thyrax"]


def test_a_line_that_names_nothing_or_no_dose_is_kept_and_said() -> None:
    nameless = entry(medicationCodeableConcept=None, medicationReference={"reference": "Medication/gone"}, dosage=None)
    as_needed = entry(dosage=[{"asNeededBoolean": True}])

    found = read(nameless, as_needed)

    assert len(found.lines) == 2
    assert [(issue.rule, issue.expression) for issue in found.findings] == [
        ("stafet-line-product", "Bundle.entry[1].resource"),
        ("stafet-line-dosage", "Bundle.entry[1].resource"),
    ]


def test_what_is_no_part_of_a_list_is_named_as_unused() -> None:
    found = read(entry(), {"resource": {"resourceType": "Nonsense", "x": 1}})

    (unused, _) = found.findings
    assert (unused.rule, unused.expression) == ("stafet-list-not-used", "Bundle.entry[2].resource")


def test_findings_are_so_many_as_anybody_reads() -> None:
    found = read_collection(bundle(*[entry()] * 120), most_lines=120)

    assert (len(found.lines), len(found.findings)) == (120, 101)
    assert "20 more" in found.findings[-1].text


@pytest.mark.parametrize(
    "lines",
    [
        [entry(category=category("before"))],
        [entry(), request(category=[category("before")])],
        [entry(), listing(code=category("before"))],
    ],
)
def test_which_list_it_is_stands_on_a_line_or_on_the_list(lines: list[Resource]) -> None:
    assert read(*lines, entry=[PATIENT, *lines]).column is Column.BEFORE


def test_two_lists_at_once_and_lists_that_are_none_are_refused() -> None:
    two = bundle(entry(category=category("before")), entry(category=category("at-discharge")))
    none = bundle(entry(category=category("tomorrow")))

    assert refused(two) == ("stafet-list-column", "Bundle.entry[2].resource.category.coding[1]")
    assert refused(none) == ("stafet-list-column", "Bundle.entry[1].resource.category.coding[1]")


@pytest.mark.parametrize(
    ("entries", "said", "why"),
    [
        ([saying("no-known-medications")], Saying.NONE_KNOWN, None),
        ([saying("no-medication-info")], Saying.NOT_KNOWN, None),
        ([listing(emptyReason={"coding": [{"code": "nilknown"}]})], Saying.NONE_KNOWN, None),
        ([listing(emptyReason={"coding": [{"code": "notasked"}]})], Saying.NOT_KNOWN, "notasked"),
        ([listing(emptyReason={"text": "Ikke spurgt"})], Saying.NOT_KNOWN, "Ikke spurgt"),
    ],
)
def test_an_empty_list_says_whether_none_is_taken_or_nothing_known(
    entries: list[Resource], said: Saying, why: str | None
) -> None:
    found = read(*entries)

    assert (found.saying, found.why_empty, found.lines) == (said, why, ())


@pytest.mark.parametrize(
    ("entries", "rule", "place"),
    [
        ([], "stafet-list-empty", "Bundle.entry"),
        ([listing()], "stafet-list-empty", "Bundle.entry"),
        ([entry(), saying("no-known-medications")], "stafet-list-contradiction", "Bundle.entry[1].resource"),
        ([entry(), listing(emptyReason={"text": "x"})], "stafet-list-contradiction", "Bundle.entry[1].resource"),
        ([saying("no-known-medications"), saying("no-medication-info")], "stafet-list-contradiction", "Bundle.entry"),
    ],
)
def test_silence_and_contradiction_are_refused(entries: list[Resource], rule: str, place: str) -> None:
    assert refused(bundle(*entries)) == (rule, place)


@pytest.mark.parametrize(
    ("subject", "citizen"),
    [
        ({"reference": "Patient/p"}, CPR),
        (BY_NUMBER, CPR),
        ({"reference": "Patient/0190-our"}, "0190-our"),
        ({"reference": "https://stafet.example/fhir/Patient/0190-our"}, "0190-our"),
    ],
)
def test_the_citizen_is_named_in_any_of_three_ways(subject: Resource, citizen: CprNumber | str) -> None:
    assert read(entry(subject=subject), entry(subject=subject)).citizen == citizen


def _no_number(content: Resource) -> None:
    del content["entry"][0]["resource"]["identifier"][1]


def _no_cpr(content: Resource) -> None:
    content["entry"][0]["resource"]["identifier"][1]["value"] = "123"


def _nobody(content: Resource) -> None:
    content["entry"][1]["resource"]["subject"] = {"reference": "Group/1"}


def _two(content: Resource) -> None:
    content["entry"][2]["resource"]["subject"] = {"reference": "Patient/other"}


def _no_subject(content: Resource) -> None:
    content["entry"][1:] = [listing(emptyReason={"text": "x"}, subject=None)]
    del content["entry"][1]["resource"]["subject"]


@pytest.mark.parametrize(
    ("edit", "place"),
    [
        (_no_number, "Bundle.entry[0].resource.identifier"),
        (_no_cpr, "Bundle.entry[0].resource.identifier[1].value"),
        (_nobody, "Bundle.entry[1].resource.subject"),
        (_two, "Bundle.entry[2].resource.subject"),
        (_no_subject, "Bundle.entry[1].resource.subject"),
    ],
)
def test_a_list_of_nobody_or_of_two_is_refused(edit: Callable[[Resource], None], place: str) -> None:
    content = bundle(entry(), entry())
    edit(content)

    assert refused(content) == ("stafet-list-subject", place)


@pytest.mark.parametrize(
    ("elements", "as_of"),
    [
        ({}, None),
        ({"timestamp": "2026-11-20T10:00:00Z"}, datetime(2026, 11, 20, 10, tzinfo=UTC)),
    ],
)
def test_the_time_that_it_holds_for_is_as_it_says(elements: Resource, as_of: datetime | None) -> None:
    assert read(entry(), **elements).as_of == as_of
    assert read(entry(), listing(date="2026-11-20T10:00:00Z")).as_of == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert read(entry(), listing(date="2026-11-20")).as_of is None


def test_a_time_that_nobody_can_mean_is_refused() -> None:
    assert refused(bundle(entry(), timestamp="1200-01-01T00:00:00Z")) == ("stafet-list-time", "Bundle.timestamp")


def test_what_is_no_fhir_is_refused_by_element() -> None:
    broken = bundle(entry(dosage=[{"doseAndRate": [{"doseQuantity": {"value": "1,5"}}]}]), {"fullUrl": "urn:uuid:x"})

    with pytest.raises(ResourceShapeError) as caught:
        read_collection(broken, most_lines=10)

    assert [issue.expression for issue in caught.value.issues] == [
        "Bundle.entry[1].resource.dosage[0].doseAndRate[0].doseQuantity.value",
        "Bundle.entry[2]",
    ]


@pytest.mark.parametrize("entries", [[entry()] * 11, [PATIENT] * 41])
def test_more_than_anybody_needs_is_refused(entries: list[Resource]) -> None:
    assert refused(bundle(*entries), TooCostlyError) == ("stafet-list-size", "Bundle.entry")
