"""Searching lines of medicine with odd parameters: nothing is passed over, and no number of a person comes back."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.catalogue.answers import no_number_in
from tests.factories import CPR
from tests.services.fhir_api.medication.course import Course, bundle, pinex, statement
from tests.services.fhir_api.tasks.outcomes import issue

ADDRESS = "/fhir/MedicationStatement"
DASHED = f"{CPR.digits[:6]}-{CPR.digits[6:]}"


async def get(course: Course, query: str, **headers: str) -> httpx.Response:
    return await course.house.client.get(f"{ADDRESS}?{query}", headers=course.house.gp | headers)


async def post(course: Course, **fields: str) -> httpx.Response:
    return await course.house.client.post(f"{ADDRESS}/_search", data=fields, headers=course.house.gp)


def ids(searched: dict[str, Any]) -> list[str]:
    return [each["resource"]["id"] for each in searched.get("entry", []) if each["search"]["mode"] == "match"]


@pytest.mark.parametrize(
    "query",
    [
        f"patient={CPR.digits}",
        f"patient=Patient/{CPR.digits}",
        f"patient=Patient/{DASHED}",
        f"subject=https://x.example/fhir/Patient/{CPR.digits}",
        f"subject:Patient={CPR.digits}",
        f"_id={CPR.digits}",
        f"part-of=Task/{CPR.digits}",
        f"patient:identifier=urn:x%7C{DASHED}",
        f"{CPR.digits}=1",
    ],
)
async def test_number_of_a_person_in_the_address_is_a_matter_of_security(listed: Course, query: str) -> None:
    answer = await get(listed, query)

    assert (answer.status_code, issue(answer)["code"]) == (400, "security")
    no_number_in(answer)


@pytest.mark.parametrize(
    "field", ["patient", "subject", "_id", "part-of", "patient:identifier", "subject:Patient", "nothing"]
)
async def test_number_of_a_person_in_the_body_never_comes_back(listed: Course, field: str) -> None:
    for value in (CPR.digits, f"Patient/{DASHED}", f"Patient/x,Patient/{CPR.digits}"):
        answer = await post(listed, **{field: value})
        assert answer.status_code == 200, answer.text
        no_number_in(answer)


@pytest.mark.parametrize("query", ["effective=2026", "_include=MedicationStatement:subject", "_sort=status"])
async def test_unknown_parameters_are_left_out_or_refused(listed: Course, query: str) -> None:
    patient = (await listed.task())["for"]["reference"]

    lenient = await get(listed, f"patient={patient}&{query}")
    strict = await get(listed, f"patient={patient}&{query}", prefer="handling=strict")

    assert len(ids(lenient.json())) == 2
    assert query.partition("=")[0] in str(lenient.json()["entry"][-1]["resource"])
    assert (strict.status_code, issue(strict)["code"]) == (400, "not-supported")


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("_count=x", 400),
        ("_count=-1", 400),
        ("_count=1&_count=2", 400),
        ("_format=xml", 406),
        ("patient:missing=true", 400),
        ("_id:not=1", 400),
        ("part-of:Encounter=1", 400),
        ("_cursor=5", 400),
        ("_cursor=5-", 400),
        ("_cursor=-abc", 400),
        ("patient=%00", 400),
        ("patient=%ff", 400),
        ("patient=" + "x," * 201, 400),
        ("patient=&part-of=", 200),
        ("part-of=Task", 200),
        ("part-of=,", 200),
    ],
)
async def test_odd_parameters_are_refused_or_find_nothing(listed: Course, query: str, status: int) -> None:
    answer = await get(listed, query)

    assert answer.status_code == status, answer.text
    assert status != 200 or ids(answer.json()) == []


async def test_more_than_a_page_holds_is_cut_to_a_page(course: Course) -> None:
    await course.send(course.gp_system, bundle(*(statement(f"Middel {number}") for number in range(501))))
    duty = f"part-of=Task/{(await course.task())['id']}"

    full = (await get(course, f"{duty}&_count=9999")).json()
    counted = (await get(course, f"{duty}&_count=0")).json()

    assert (len(ids(full)), full["total"]) == (500, 501)
    assert (ids(counted), counted["total"]) == ([], 501)
    assert "next" not in {each["relation"] for each in counted["link"]}


async def test_between_two_pages_no_line_is_passed_over(listed: Course) -> None:
    first = (await get(listed, f"part-of=Task/{(await listed.task())['id']}&_count=1")).json()
    (following,) = [each["url"] for each in first["link"] if each["relation"] == "next"]
    gone = bundle(pinex(), column="at-discharge"), bundle(pinex(), column="before")
    for each in gone:
        assert (await listed.send(listed.hospital_system, each)).status_code == 201

    answer = await get(listed, following.partition("?")[2])

    assert (answer.status_code, issue(answer)["code"]) == (400, "conflict")
    assert "search again" in issue(answer)["details"]["text"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
async def test_lines_are_read_and_not_written(listed: Course, method: str) -> None:
    line = (await listed.lines())[0]["id"]

    answer = await listed.house.client.request(method, f"{ADDRESS}/{line}", headers=listed.house.gp)

    assert answer.status_code == 405
