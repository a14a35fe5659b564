"""A task is changed by those who may, on the version they read."""

import asyncio
from datetime import timedelta
from typing import Any

import psycopg

from discharge.policy import Role
from services.persistence.clock import wall_now
from tests.engines import Database
from tests.factories import HOSPITAL, MUNICIPALITY, NORTH
from tests.services.fhir_api.tasks.outcomes import issue
from tests.services.installation import Installation


async def test_accepting_names_the_person_and_raises_the_version(house: Installation, task: dict[str, Any]) -> None:
    answer = await house.put(task, house.nurse, status="accepted")

    accepted = answer.json()
    assert (answer.status_code, accepted["status"]) == (200, "accepted")
    assert int(accepted["meta"]["versionId"]) == int(task["meta"]["versionId"]) + 1
    assert answer.headers["etag"] == f'W/"{accepted["meta"]["versionId"]}"'
    assert accepted["businessStatus"]["coding"][0]["code"] == "accepted"


async def test_change_without_version_is_refused(house: Installation, task: dict[str, Any]) -> None:
    for named in ({}, {"if-match": "*"}):
        answer = await house.client.put(
            f"/fhir/Task/{task['id']}", json=task | {"status": "accepted"}, headers=house.nurse | named
        )

        assert (answer.status_code, issue(answer)["code"]) == (428, "conflict")


async def test_unreadable_version_is_refused(house: Installation, task: dict[str, Any]) -> None:
    answer = await house.client.put(
        f"/fhir/Task/{task['id']}", json=task, headers=house.nurse | {"if-match": "yesterday"}
    )

    assert answer.status_code == 400


async def test_stale_version_is_a_conflict(house: Installation, task: dict[str, Any]) -> None:
    assert (await house.put(task, house.nurse, status="received")).status_code == 200
    await house.put((await house.tasks(house.nurse, f"?_id={task['id']}"))[0], house.nurse, status="accepted")

    answer = await house.put(task, house.nurse, status="in-progress")

    assert (answer.status_code, issue(answer)["code"]) == (412, "conflict")


async def test_repeat_with_an_old_version_is_a_conflict_and_with_the_new_one_changes_nothing(
    house: Installation, task: dict[str, Any]
) -> None:
    accepted = await house.put(task, house.nurse, status="accepted")

    with_the_old = await house.put(task, house.nurse, status="accepted")
    with_the_new = await house.put(accepted.json(), house.nurse, status="accepted")

    assert (with_the_old.status_code, issue(with_the_old)["code"]) == (412, "conflict")
    assert (with_the_new.status_code, with_the_new.headers["etag"]) == (200, accepted.headers["etag"])


async def test_second_nurse_is_told_who_has_it_even_with_an_old_version(
    house: Installation, task: dict[str, Any]
) -> None:
    await house.put(task, house.nurse, status="accepted")
    colleague = house.token(Role.HOME_NURSE, MUNICIPALITY)

    answer = await house.put(task, colleague, status="accepted")

    assert (answer.status_code, issue(answer)["code"]) == (409, "conflict")
    assert "has had the task since" in issue(answer)["details"]["text"]


async def test_refused_change_is_audited_with_the_stay_it_was_about(
    house: Installation, task: dict[str, Any], database: Database
) -> None:
    await house.put(task, house.nurse, status="accepted")

    await house.put(task, house.token(Role.HOME_NURSE, MUNICIPALITY), status="accepted")

    stay = task["groupIdentifier"]["value"]
    with psycopg.connect(database.admin_url) as connection:
        rows = connection.execute("SELECT stays FROM audit WHERE outcome = 409").fetchall()
    assert rows == [([stay],)]


async def test_two_nurses_at_once_make_one_holder(house: Installation, task: dict[str, Any]) -> None:
    colleague = house.token(Role.HOME_NURSE, MUNICIPALITY)

    answers = await asyncio.gather(
        house.put(task, house.nurse, status="accepted"), house.put(task, colleague, status="accepted")
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_rejection_needs_a_reason(house: Installation, task: dict[str, Any]) -> None:
    answer = await house.put(task, house.nurse, status="rejected")

    assert answer.status_code == 422
    assert issue(answer)["expression"] == ["Task.statusReason"]


async def test_rejected_duty_has_an_owner_again(house: Installation, task: dict[str, Any]) -> None:
    answer = await house.put(task, house.nurse, status="rejected", statusReason={"text": "Ikke vores borger"})

    assert answer.status_code == 200
    replacements = [t for t in await house.tasks(house.token(Role.SYSTEM, HOSPITAL)) if t.get("partOf")]
    assert [t["partOf"][0]["reference"] for t in replacements] == [f"Task/{task['id']}"]


async def test_move_that_the_state_machine_lacks_is_unprocessable(house: Installation, task: dict[str, Any]) -> None:
    answer = await house.put(task, house.nurse, status="on-hold")

    assert (answer.status_code, issue(answer)["code"]) == (422, "business-rule")


async def test_deadline_is_not_the_clients_to_change(house: Installation, task: dict[str, Any]) -> None:
    answer = await house.put(
        task, house.nurse, status="accepted", restriction={"period": {"end": "2030-01-01T00:00:00Z"}}
    )

    assert answer.status_code == 422
    assert issue(answer)["expression"] == ["Task.restriction"]


async def test_another_time_is_proposed(house: Installation, task: dict[str, Any]) -> None:
    proposed = (wall_now() + timedelta(hours=5)).isoformat(timespec="seconds")
    extension = [*task["extension"], {"url": "urn:stafet:proposed-time", "valueDateTime": proposed}]

    answer = await house.put(task, house.nurse, status="received", extension=extension)

    assert answer.status_code == 200, answer.text
    assert any(e["url"] == "urn:stafet:proposed-time" for e in answer.json()["extension"])


async def test_record_system_names_the_practitioner(house: Installation, task: dict[str, Any]) -> None:
    system = house.token(Role.SYSTEM, MUNICIPALITY, NORTH)
    person = {"identifier": {"system": "urn:stafet:person", "value": "n7"}, "display": "Birgit Bech"}
    extension = [*task["extension"], {"url": "urn:stafet:assignee", "valueReference": person}]

    answer = await house.put(task, system, status="accepted", extension=extension)

    assert answer.status_code == 200, answer.text
    assignee = next(e for e in answer.json()["extension"] if e["url"] == "urn:stafet:assignee")
    assert assignee["valueReference"]["display"] == "Birgit Bech"


async def test_history_tells_every_version_newest_first(house: Installation, task: dict[str, Any]) -> None:
    accepted = (await house.put(task, house.nurse, status="accepted")).json()
    done = (await house.put(accepted, house.nurse, status="completed")).json()

    answer = await house.client.get(f"/fhir/Task/{task['id']}/_history", headers=house.nurse)

    bundle = answer.json()
    assert (bundle["type"], bundle["total"]) == ("history", 3)
    assert [entry["resource"]["status"] for entry in bundle["entry"]] == ["completed", "accepted", "requested"]
    assert bundle["entry"][0]["resource"] == done
