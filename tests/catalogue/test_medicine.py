"""The catalogue's rows about medicine and discharge reports: what came is kept or refused by name, never bent.

The id of a case begins with its row. What other tests show already stands in `docs/bad-input.md` alone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from discharge.policy import Role
from services.persistence.clock import wall_now
from tests import reports
from tests.catalogue.answers import issues_of, no_number_in
from tests.catalogue.ledger import nothing_is_written
from tests.engines import Database
from tests.factories import PAPER_HOSPITAL
from tests.services.fhir_api.medication.course import Course, bundle, metoprolol, pinex, statement
from tests.services.installation import FHIR, Installation

ABSENT = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
CHANGE = "urn:stafet:medication-change-type"
FLAGS = "urn:oid:1.2.36.1.2001.1001.101.104.16592"
RECONCILIATION = "urn:stafet:medication-reconciliation"
NONE = statement(
    "x", dose=None, medicationCodeableConcept={"coding": [{"system": ABSENT, "code": "no-known-medications"}]}
)
TWO_DAYS_AGO = timedelta(days=2)


@pytest.fixture
async def course(house: Installation) -> Course:
    """A citizen has gone home; nobody has stated any medicine."""
    await house.home()
    return Course(house)


def of_now(made: reports.Json) -> None:
    """The report is about a stay of today."""
    now = wall_now().replace(microsecond=0)
    period = {"start": (now - timedelta(hours=1)).isoformat(), "end": now.isoformat()}
    reports.resource_of(made, "Encounter")["period"] = period


async def filed(course: Course, made: reports.Json, who: dict[str, str] | None = None) -> httpx.Response:
    """A report goes in; the findings come back."""
    headers = (who or course.hospital_system) | {"prefer": "return=OperationOutcome"}
    return await course.house.client.post("/fhir/Bundle", content=reports.body(made), headers=headers)


def report_of(*names: str, identifier: str = reports.WHOLE, **lines: Any) -> reports.Json:
    """A report that sends the citizen home with these lines."""
    section = reports.section("75311-1", "Medicin", "<p>Se listen</p>", *(names or lines))
    return reports.report(
        of_now, header=reports.composition(section, identifier=reports.IDENTIFIER), identifier=identifier, **lines
    )


def rules(answer: httpx.Response) -> list[str]:
    no_number_in(answer)
    return [each["diagnostics"] for each in issues_of(answer)]


def how(line: dict[str, Any]) -> dict[str, Any]:
    """What is said of how a line was reconciled."""
    (found,) = [each for each in line["extension"] if each["url"] == RECONCILIATION]
    return {part["url"]: part.get("valueCode", part.get("valueBoolean")) for part in found["extension"]}


def names(lines: list[dict[str, Any]]) -> list[str]:
    return [line["medicationCodeableConcept"]["text"] for line in lines]


async def test_row_49_list_that_contradicts_itself_is_refused(course: Course, database: Database) -> None:
    async with nothing_is_written(database.admin_url):
        answer = await course.send(course.gp_system, bundle(metoprolol(), NONE))

    assert answer.status_code == 422
    assert rules(answer) == ["stafet-list-contradiction"]


async def test_row_49_two_lists_of_now_that_contradict_stand_side_by_side(course: Course) -> None:
    await course.two_lists()

    practice = await course.send(course.gp_system, bundle(NONE))
    municipality = await course.send(course.municipal_system, bundle(metoprolol(2)))

    assert (practice.status_code, municipality.status_code) == (201, 201)
    goes_on, new = await course.lines()
    assert names([goes_on, new]) == ["Metoprolol 50 mg", "Pinex 500 mg"]
    assert [each["id"] for each in goes_on["contained"]] == ["before-1", "at-discharge-1", "now-1"]
    assert (how(goes_on)["change"], how(new)["change"]) == ("unchanged", "new")
    assert how(goes_on)["state"] == how(new)["state"] == "open"


async def test_row_49_flag_that_the_doses_contradict_is_unclear(course: Course) -> None:
    goes_on = {"url": CHANGE, "valueCodeableConcept": {"coding": [{"system": FLAGS, "code": "01"}]}}
    await course.send(course.hospital_system, bundle(metoprolol(), column="before"))

    await course.send(course.hospital_system, bundle(metoprolol(2, extension=[goes_on]), column="at-discharge"))

    (line,) = await course.lines()
    assert (how(line)["change"], how(line)["doubt"]) == ("unclear", "contradiction")


async def test_row_50_same_line_twice_in_a_report_is_one_line_that_says_so(course: Course) -> None:
    twice = reports.statement("Furix 40 mg", "C03CA01")

    answer = await filed(course, report_of(one=twice, other=twice))

    assert answer.status_code == 201, answer.text
    (line,) = await course.lines()
    assert [each["id"] for each in line["contained"]] == ["at-discharge-1", "at-discharge-2"]


async def test_row_50_same_medicine_twice_with_two_doses_stays_two_lines(course: Course) -> None:
    answer = await course.send(course.gp_system, bundle(pinex(), pinex(dosage=[{"text": "2 tabletter daglig"}])))

    assert answer.status_code == 201
    assert names(await course.lines()) == ["Pinex 500 mg", "Pinex 500 mg"]


async def test_row_51_dose_in_words_is_kept_word_by_word_and_not_reckoned(course: Course) -> None:
    words = "1+0+½ efter aftale, se skema"

    answer = await course.send(course.gp_system, bundle(pinex(dosage=[{"text": words}])))

    (line,) = await course.lines()
    assert (answer.status_code, "stafet-line-dose" in rules(answer)) == (201, True)
    assert line["dosage"] == [{"sequence": 1, "text": words}]


async def test_row_51_dose_of_the_wrong_type_is_refused_in_a_list_and_named_in_a_report(
    course: Course, database: Database
) -> None:
    broken = [{"text": "1½ tablet", "doseAndRate": [{"doseQuantity": {"value": "1,5", "unit": "tablet"}}]}]
    async with nothing_is_written(database.admin_url):
        listed = await course.send(course.gp_system, bundle(pinex(dosage=broken)))
    assert await course.lines() == []

    report = await filed(course, report_of(one=reports.statement("Furix 40 mg") | {"dosage": broken}))

    assert (listed.status_code, report.status_code) == (400, 201)
    assert issues_of(listed)[0]["expression"] == [
        "Bundle.entry[0].resource.dosage[0].doseAndRate[0].doseQuantity.value"
    ]
    assert "fhir-r4" in rules(report)
    (line,) = await course.lines()
    assert line["dosage"] == [{"sequence": 1, "text": "1½ tablet"}]


async def test_row_52_code_of_an_unknown_system_is_kept_and_joins_nothing(course: Course) -> None:
    def local(name: str) -> dict[str, Any]:
        return statement(name, medicationCodeableConcept={"text": name, "coding": [{"system": "urn:x", "code": "7"}]})

    await course.send(course.hospital_system, bundle(local("Naturmedicin"), column="before"))
    answer = await course.send(course.hospital_system, bundle(local("Urtete"), column="at-discharge"))

    assert answer.status_code == 201
    lines = await course.lines()
    assert [line["medicationCodeableConcept"]["coding"] for line in lines] == [[{"system": "urn:x", "code": "7"}]] * 2
    assert {how(line)["change"] for line in lines} <= {"unclear", "new"}


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(reports.whole(), id="row-53-another-time"),
        pytest.param(reports.whole(of_now, episode="00000000-0000-4000-8000-000000000000", cpr="0101901234"),
                     id="row-53-another-citizen"),
    ],
)  # fmt: skip
async def test_report_of_an_unknown_stay_is_refused_by_element(course: Course, made: reports.Json) -> None:
    two_days_ago(made)

    answer = await filed(course, made)

    assert answer.status_code == 422
    assert rules(answer) == ["Document: element=Bundle.entry[2].resource.identifier, problem=" + NOBODYS]
    assert await course.house.scalar("SELECT count(*) FROM document") == 0
    assert await course.house.scalar("SELECT count(*) FROM message WHERE event_code = 'document'") == 1


NOBODYS = "No stay of this hospital is known for this citizen under that identifier or in that period. Nothing is kept"


def two_days_ago(made: reports.Json) -> None:
    """Nobody was in hospital then."""
    past = (wall_now() - TWO_DAYS_AGO).isoformat(timespec="seconds")
    reports.resource_of(made, "Encounter")["period"] = {"start": past, "end": past}


async def test_row_54_report_on_a_patient_of_another_hospital_is_refused_as_one_on_nobody(course: Course) -> None:
    who = course.house.token(Role.SYSTEM, PAPER_HOSPITAL) | {"content-type": FHIR}
    known = await filed(course, reports.whole(of_now, hospital=PAPER_HOSPITAL), who)
    unknown = await filed(course, reports.whole(of_now, hospital=PAPER_HOSPITAL, cpr="0101901234"), who)

    assert known.status_code == unknown.status_code == 422
    assert issues_of(known) == issues_of(unknown)
    assert await course.lines() == []


async def test_row_55_every_line_of_five_hundred_and_one_is_found_page_by_page(course: Course) -> None:
    answer = await course.send(course.gp_system, bundle(*(statement(f"Middel {number}") for number in range(501))))
    assert answer.status_code == 201

    task, seen, pages = await course.task(), [], 0
    address: str | None = f"/fhir/MedicationStatement?part-of=Task/{task['id']}"
    while address is not None:
        page = (await course.house.client.get(address, headers=course.house.gp)).json()
        seen += [each["resource"]["id"] for each in page["entry"]]
        following = (each["url"] for each in page["link"] if each["relation"] == "next")
        address, pages = next((f"/fhir{url.partition('/fhir')[2]}" for url in following), None), pages + 1

    assert pages == 2
    assert [f"MedicationStatement/{each}" for each in seen] == [
        each["valueReference"]["reference"] for each in task["input"]
    ]
    assert len(set(seen)) == 501


async def test_row_56_pdf_that_is_html_is_named_and_stays_in_the_original(course: Course) -> None:
    html = b"<html><script>alert(1)</script></html>"
    entry = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": reports.attachment(html)}],
    }
    sent = reports.whole(of_now, file=entry)

    answer = await filed(course, sent)

    assert answer.status_code == 201
    (found,) = [each for each in issues_of(answer) if "HTML or XML" in each["details"]["text"]]
    assert found["expression"][0].endswith("content[0].attachment.contentType")
    original = await course.house.client.get(answer.headers["location"], headers=course.house.gp)
    assert original.content == reports.body(sent)
    assert original.headers["content-type"].startswith("application/fhir+json")


async def test_row_57_report_that_comes_after_its_replacement_states_nothing(course: Course) -> None:
    first = report_of(one=reports.statement("Furix 40 mg", "C03CA01"))
    second = report_of(one=reports.statement("Pinex 500 mg", "N02BE01"), identifier="urn:uuid:" + "1" * 8)
    reports.resource_of(second, "Composition")["relatesTo"] = [
        {"code": "replaces", "targetIdentifier": {"system": "urn:ietf:rfc:3986", "value": reports.WHOLE}}
    ]

    newer = await filed(course, second)
    late = await filed(course, first)

    assert (newer.status_code, late.status_code) == (201, 201)
    assert "stafet-document-in-force" in rules(newer)
    assert "stafet-document-replaced" in rules(late)
    assert names(await course.lines()) == ["Pinex 500 mg"]
    kept = await course.house.client.get(late.headers["location"], headers=course.house.gp)
    assert kept.content == reports.body(first)
