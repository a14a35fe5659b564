"""A practice's system decides line by line; all of it or nothing."""

from typing import Any

import pytest

from discharge.policy import Role
from tests.engines import Database
from tests.factories import HOSPITAL, MUNICIPALITY, NEIGHBOUR, NORTH, PRACTICE, WARD
from tests.services.fhir_api.medication.course import Course, bundle, metoprolol, pinex
from tests.services.fhir_api.tasks.outcomes import issue

DOCTOR = {
    "name": "practitioner",
    "valueReference": {"identifier": {"system": "urn:stafet:person", "value": "gp-7"}, "display": "Gerda Prøve"},
}


async def ids(course: Course) -> list[str]:
    return [line["id"] for line in await course.lines()]


def states(lines: list[dict[str, Any]]) -> list[str]:
    found = []
    for line in lines:
        (how,) = [each for each in line["extension"] if each["url"] == "urn:stafet:medication-reconciliation"]
        (state,) = [part["valueCode"] for part in how["extension"] if part["url"] == "state"]
        found.append(state)
    return found


async def test_every_line_decided_lets_the_duty_be_done(listed: Course) -> None:
    task = await listed.task()
    goes_on, new = await ids(listed)

    answer = await listed.decide(task, (goes_on, "agree"), (f"MedicationStatement/{new}", "change", "Højst 4 gram"))

    assert answer.status_code == 200, answer.text
    decided = answer.json()
    assert (decided["resourceType"], decided["status"]) == ("Task", "accepted")
    assert answer.headers["etag"] == f'W/"{decided["meta"]["versionId"]}"'
    assert decided["input"] == task["input"]
    assert states(await listed.lines()) == ["decided", "decided"]
    assert (await listed.house.put(decided, listed.house.gp, status="completed")).status_code == 200


async def test_open_lines_keep_the_duty_from_being_done(listed: Course) -> None:
    task = await listed.task()
    goes_on, new = await ids(listed)
    decided = (await listed.decide(task, (goes_on, "agree"), (new, "ask", "Hvor længe?"))).json()

    answer = await listed.house.put(decided, listed.house.gp, status="completed")

    assert answer.status_code == 422
    assert "1 lines are not decided yet" in answer.text
    assert issue(answer)["expression"] == ["Task.status"]


async def test_the_same_decisions_again_are_answered_alike_and_change_nothing(listed: Course) -> None:
    task = await listed.task()
    goes_on, new = await ids(listed)
    decisions = ((goes_on, "agree"), (new, "ask", "Hvor længe?"))

    first = await listed.decide(task, *decisions)
    before = await listed.lines()
    again = await listed.decide(task, *decisions)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert await listed.lines() == before


async def test_one_bad_decision_leaves_everything_as_it_was(listed: Course) -> None:
    task = await listed.task()
    goes_on, new = await ids(listed)
    unknown = "00000000-0000-0000-0000-000000000000"

    answers = {
        "line": await listed.decide(task, (goes_on, "agree"), (unknown, "agree")),
        "twice": await listed.decide(task, (goes_on, "agree"), (goes_on, "change", "x")),
        "reason": await listed.decide(task, (goes_on, "agree"), (new, "change")),
        "code": await listed.decide(task, (goes_on, "agree"), (new, "maybe")),
    }

    assert [each.status_code for each in answers.values()] == [422] * 4
    assert issue(answers["line"])["expression"] == [
        "Parameters.parameter.where(name='decision').part.where(name='line')"
    ]
    assert issue(answers["reason"])["expression"] == [
        "Parameters.parameter.where(name='decision').part.where(name='reason')"
    ]
    assert states(await listed.lines()) == ["open", "open"]
    assert (await listed.task())["status"] == "requested"


async def test_what_is_no_parameters_is_refused(listed: Course) -> None:
    task = await listed.task()
    address = f"/fhir/Task/{task['id']}/$decide"
    headers = listed.gp_system

    empty = await listed.house.client.post(address, json={"resourceType": "Parameters"}, headers=headers)
    other = await listed.house.client.post(address, json={"resourceType": "Task"}, headers=headers)

    assert (empty.status_code, other.status_code) == (400, 400)


async def test_a_closed_round_takes_no_more(listed: Course) -> None:
    task = await listed.task()
    goes_on, new = await ids(listed)
    decided = (await listed.decide(task, (goes_on, "agree"), (new, "agree"))).json()
    assert (await listed.house.put(decided, listed.house.gp, status="completed")).status_code == 200

    answer = await listed.decide(task, (new, "change", "Alligevel ikke"))

    assert answer.status_code == 409
    assert "completed" in answer.text


async def test_strangers_learn_nothing_and_others_may_not(listed: Course) -> None:
    house, task = listed.house, await listed.task()
    (line, _) = await ids(listed)

    async def status(headers: dict[str, str]) -> int:
        return (await listed.decide(task, (line, "agree"), headers=headers)).status_code

    assert await status(house.token(Role.SYSTEM, NEIGHBOUR)) == 404
    for known in (
        house.token(Role.HOME_NURSE, MUNICIPALITY),
        house.token(Role.WARD, HOSPITAL, WARD),
        house.token(Role.SYSTEM, HOSPITAL),
        house.token(Role.LEADER, PRACTICE),
    ):
        assert await status(known) == 403
    assert (await listed.decide({"id": "nothing"}, (line, "agree"))).status_code == 404
    assert states(await listed.lines()) == ["open", "open"]


async def test_another_duty_is_not_decided_on(listed: Course) -> None:
    (line, _) = await ids(listed)
    municipality = listed.house.token(Role.SYSTEM, MUNICIPALITY)
    other = (await listed.house.tasks(municipality, f"?owner=Organization/{NORTH}"))[0]

    answer = await listed.decide(other, (line, "agree"), headers=municipality)

    assert answer.status_code == 403


async def test_a_record_system_names_the_practitioner(listed: Course) -> None:
    house, task = listed.house, await listed.task()
    (line, _) = await ids(listed)
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "decision",
                "part": [{"name": "line", "valueString": line}, {"name": "code", "valueCode": "agree"}],
            }
        ],
    }
    address = f"/fhir/Task/{task['id']}/$decide"

    nameless = await house.client.post(address, json=body, headers=listed.gp_system)
    body["parameter"] = [*body["parameter"], DOCTOR]
    named = await house.client.post(address, json=body, headers=listed.gp_system)

    assert (nameless.status_code, named.status_code) == (422, 200)
    assert issue(nameless)["expression"] == ["Parameters.parameter.where(name='practitioner')"]
    decision = (await listed.lines())[0]["extension"][1]
    assert decision["url"] == "urn:stafet:medication-decision"
    assert "Gerda Prøve" in str(decision)


async def test_a_new_list_opens_only_what_it_changes(listed: Course) -> None:
    await listed.send(listed.municipal_system, bundle(metoprolol(), pinex()))
    task = await listed.task()
    goes_on, new = await ids(listed)
    assert (await listed.decide(task, (goes_on, "agree"), (new, "agree"))).status_code == 200

    await listed.send(listed.municipal_system, bundle(metoprolol(2), pinex()))

    assert states(await listed.lines()) == ["open", "decided"]


async def test_a_version_that_was_read_says_what_was_decided_on(listed: Course) -> None:
    task = await listed.task()
    goes_on, new = (seen_in(line) for line in await listed.lines())

    answer = await listed.decide(task, (goes_on, "agree"), (new, "agree"))

    assert answer.status_code == 200, answer.text
    # What others have decided meanwhile is no other medicine.
    assert (await listed.decide(task, (new, "ask", "Hvor længe?"))).status_code == 200


async def test_nobody_agrees_to_what_they_have_not_seen(listed: Course) -> None:
    task = await listed.task()
    goes_on, new = (seen_in(line) for line in await listed.lines())
    await listed.send(listed.hospital_system, bundle(metoprolol(2), pinex(), column="at-discharge"))

    stale = await listed.decide(task, (new, "agree"), (goes_on, "agree"))
    unseen = await listed.decide(task, (new, "agree"), (f"{(await ids(listed))[0]}/_history/7", "agree"))
    seen = await listed.decide(task, (new, "agree"), (seen_in((await listed.lines())[0]), "agree"))

    for refused in (stale, unseen):
        said = issue(refused)
        assert (refused.status_code, said["code"]) == (412, "conflict")
        assert said["expression"] == ["Parameters.parameter.where(name='decision').part.where(name='line')"]
        assert f"Read it again, then decide. {goes_on.partition('/_history')[0]}." in said["details"]["text"]
    assert seen.status_code == 200, seen.text


def seen_in(line: dict[str, Any]) -> str:
    """The line in the version that was read."""
    return f"MedicationStatement/{line['id']}/_history/{line['meta']['versionId']}"


async def test_a_decision_is_audited_with_its_stay(listed: Course, database: Database) -> None:
    task = await listed.task()
    (line, _) = await ids(listed)

    await listed.decide(task, (line, "agree"))

    assert ("decide-lines", "POST /fhir/Task/{task_id}/$decide", 200, 1) in await listed.house.audited(
        database.admin_url
    )


@pytest.mark.parametrize("media", ["text/plain", "application/fhir+xml"])
async def test_only_json_is_taken(listed: Course, media: str) -> None:
    task = await listed.task()

    answer = await listed.house.client.post(
        f"/fhir/Task/{task['id']}/$decide", content=b"x", headers=listed.house.gp | {"content-type": media}
    )

    assert answer.status_code == 415
