"""Odd bodies and odd callers at ``$decide``: a clear answer each, and nothing is decided."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from discharge.policy import Role
from tests.catalogue.answers import no_number_in
from tests.catalogue.ledger import nothing_is_written
from tests.engines import Database
from tests.factories import CPR, PRACTICE
from tests.services.fhir_api.medication.course import Course, bundle, metoprolol, statement
from tests.services.fhir_api.tasks.outcomes import issue
from tests.services.installation import FHIR, citizen, code_of, load, notification

AGREE = {"name": "code", "valueCode": "agree"}
GERDA = {"identifier": {"system": "urn:stafet:person", "value": "gp-7"}, "display": "Gerda Prøve"}


async def post(course: Course, body: Any, task: str | None = None, **headers: str) -> httpx.Response:
    address = f"/fhir/Task/{task or (await course.task())['id']}/$decide"
    return await course.house.client.post(
        address, json=body, headers=course.house.gp | {"content-type": FHIR} | headers
    )


def parameters(*given: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(given)}


def decision(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"name": "decision", "part": list(parts)}


@pytest.mark.parametrize(
    ("parts", "status"),
    [
        ([{"name": "line", "valueInteger": 1}, AGREE], 400),
        ([{"name": "line", "valueBoolean": True}, AGREE], 400),
        ([{"name": "line", "valueReference": {"display": "Pinex"}}, AGREE], 400),
        ([{"name": "line", "valueReference": {"reference": "Task/1"}}, AGREE], 422),
        ([{"name": "line", "valueString": CPR.digits}, AGREE], 422),
        ([{"name": "line", "valueString": "x", "valueUri": "y"}, AGREE], 400),
        ([{"name": "line", "valueString": "x", "part": [AGREE]}, AGREE], 400),
        ([{"name": "line", "valueString": ""}, AGREE], 400),
        ([{"name": "line", "valueString": "x"}, {"name": "code", "valueCode": ["agree"]}], 400),
        ([{"name": "line", "valueString": "x"}, {"name": "code", "valueCode": "AGREE"}], 422),
        ([{"name": "line", "valueString": "x"}, AGREE, AGREE], 400),
        ([{"name": "line", "valueString": "x"}, AGREE, {"name": "reason", "valueString": "\u0000"}], 400),
        ([{"name": "line", "valueString": "x"}, AGREE, {"name": "reason", "valueMarkdown": "y"}], 400),
        ([{"name": "line", "valueString": "x"}, AGREE, {"name": "shown", "valueString": "y"}], 400),
        ([], 400),
    ],
)
async def test_odd_parts_are_refused(
    listed: Course, database: Database, parts: list[dict[str, Any]], status: int
) -> None:
    task = (await listed.task())["id"]
    async with nothing_is_written(database.admin_url):
        answer = await post(listed, parameters(decision(*parts)), task)

    assert answer.status_code == status, answer.text
    no_number_in(answer)
    assert issue(answer)["severity"] == "error"


@pytest.mark.parametrize(
    "body",
    [
        [],
        None,
        "agree",
        {},
        {"resourceType": "Parameters", "parameter": {}},
        {"resourceType": "Parameters", "parameter": [[]]},
        {"resourceType": "Parameters", "parameter": [{"name": "decision", "resource": {"resourceType": "Task"}}]},
        {"resourceType": "Parameters", "parameter": [{"part": [AGREE]}]},
        {"resourceType": "Parameters", "decision": []},
    ],
)
async def test_odd_bodies_are_refused(listed: Course, body: Any) -> None:
    assert (await post(listed, body)).status_code == 400


@pytest.mark.parametrize(
    "given",
    [
        {"name": "practitioner", "valueString": "Gerda"},
        {"name": "practitioner", "valueReference": {"display": "Gerda"}},
        {"name": "practitioner", "valueReference": GERDA | {"display": "x" * 300}},
        {"name": "practitioner", "valueReference": {"identifier": {"value": "x" * 300}, "display": "Gerda"}},
        {"name": "practitioner", "valueReference": {"identifier": {"value": CPR.digits}, "display": "Gerda"}},
        {"name": "practitioner", "valueReference": GERDA | {"display": f"Gerda {CPR.digits}"}},
    ],
)
async def test_practitioner_that_is_none_is_refused(listed: Course, database: Database, given: dict[str, Any]) -> None:
    task, line = (await listed.task())["id"], (await listed.lines())[0]["id"]
    body = parameters(decision({"name": "line", "valueString": line}, AGREE), given)
    async with nothing_is_written(database.admin_url):
        answer = await post(listed, body, task, **listed.gp_system)

    assert answer.status_code == 400, answer.text
    no_number_in(answer)


async def test_line_of_another_stay_is_an_unknown_line(listed: Course) -> None:
    other = citizen(2, gp=PRACTICE)
    await load(listed.house.database, other)
    assert code_of(await listed.house.send(notification(cpr=other.cpr.digits, family="Andersen"))) == "ok"
    subject = {"identifier": {"system": "urn:oid:1.2.208.176.1.2", "value": other.cpr.digits}}
    theirs = await listed.send(listed.hospital_system, bundle(statement("Furix", subject=subject), column="before"))
    (foreign,) = [each["resource"]["id"] for each in theirs.json()["entry"][:-1]]
    own = (await listed.lines())[0]["id"]

    answer = await listed.decide(await listed.task(), (own, "agree"), (foreign, "agree"))

    assert answer.status_code == 422
    assert "no line of this stay has that id" in answer.text


async def test_withdrawn_round_takes_nothing(listed: Course) -> None:
    task, line = await listed.task(), (await listed.lines())[0]["id"]
    encounter = await listed.house.encounter()
    undone = await listed.house.plan(encounter, {"name": "undo-discharged", "valueBoolean": True})
    assert undone.status_code == 200, undone.text

    answer = await listed.decide(task, (line, "agree"))

    assert (answer.status_code, issue(answer)["code"]) == (409, "conflict")


async def test_colleague_who_has_the_task_is_named(listed: Course) -> None:
    task, line = await listed.task(), (await listed.lines())[0]["id"]
    assert (await listed.house.put(task, listed.house.gp, status="accepted")).status_code == 200
    body = parameters(
        decision({"name": "line", "valueString": line}, AGREE), {"name": "practitioner", "valueReference": GERDA}
    )

    answer = await post(listed, body, task["id"], **listed.gp_system)

    assert answer.status_code == 409
    assert "has had the task since" in issue(answer)["details"]["text"]


async def test_system_decides_for_who_has_the_task_without_naming_them(listed: Course) -> None:
    task, line = await listed.task(), (await listed.lines())[0]["id"]
    assert (await listed.house.put(task, listed.house.gp, status="accepted")).status_code == 200

    answer = await listed.decide(task, (line, "agree"), headers=listed.gp_system)

    assert answer.status_code == 200, answer.text


async def test_precondition_on_the_task_is_kept(listed: Course) -> None:
    task, line = await listed.task(), (await listed.lines())[0]["id"]
    body = parameters(decision({"name": "line", "valueString": line}, AGREE))
    version = task["meta"]["versionId"]

    stale = await post(listed, body, **{"if-match": 'W/"77"'})
    unreadable = await post(listed, body, **{"if-match": "yesterday"})
    fresh = await post(listed, body, **{"if-match": f'W/"{version}"'})

    assert [each.status_code for each in (stale, unreadable, fresh)] == [412, 400, 200]


async def test_number_in_the_path_is_not_repeated(listed: Course) -> None:
    body = parameters(decision({"name": "line", "valueString": "x"}, AGREE))

    answer = await post(listed, body, CPR.digits)

    assert answer.status_code == 404
    no_number_in(answer)


async def test_other_roles_of_the_practice_do_not_decide(listed: Course) -> None:
    task, line = await listed.task(), (await listed.lines())[0]["id"]

    for role in (Role.LEADER, Role.OPERATOR):
        answer = await listed.decide(task, (line, "agree"), headers=listed.house.token(role, PRACTICE))
        assert answer.status_code == 403, role


async def test_five_hundred_lines_are_decided_at_one_go(course: Course) -> None:
    sent = await course.send(course.gp_system, bundle(metoprolol(), *(statement(f"M {n}") for n in range(499))))
    assert sent.status_code == 201
    task = await course.task()
    lines = [each["valueReference"]["reference"] for each in task["input"]]

    answer = await course.decide(task, *((line, "agree") for line in lines))

    assert (len(lines), answer.status_code) == (500, 200), answer.text
    assert (await course.house.put(answer.json(), course.house.gp, status="completed")).status_code == 200
