"""A task is read by those whom it concerns."""

from typing import Any

import pytest

from discharge.policy import Role
from tests.factories import HOSPITAL, MUNICIPALITY, NEIGHBOUR, OTHER_WARD, SOUTH
from tests.services.fhir_api.tasks.outcomes import issue
from tests.services.installation import Installation


async def test_nurse_finds_what_her_unit_owes(house: Installation, task: dict[str, Any]) -> None:
    assert task["status"] == "requested"
    assert task["identifier"] == [{"system": "urn:stafet:task", "value": task["id"]}]
    assert task["restriction"]["period"]["end"]
    assert task["businessStatus"]["coding"][0]["code"] == "sent"


async def test_read_carries_the_version(house: Installation, task: dict[str, Any]) -> None:
    answer = await house.client.get(f"/fhir/Task/{task['id']}", headers=house.nurse)

    assert answer.json() == task
    assert answer.headers["etag"] == f'W/"{task["meta"]["versionId"]}"'
    assert answer.headers["last-modified"].endswith("GMT")


async def test_client_that_has_the_version_gets_nothing_new(house: Installation, task: dict[str, Any]) -> None:
    etag = f'W/"{task["meta"]["versionId"]}"'

    same = await house.client.get(f"/fhir/Task/{task['id']}", headers=house.nurse | {"if-none-match": etag})
    other = await house.client.get(f"/fhir/Task/{task['id']}", headers=house.nurse | {"if-none-match": 'W/"99"'})

    assert (same.status_code, same.content) == (304, b"")
    assert other.status_code == 200


async def test_reading_marks_nothing_as_seen(house: Installation, task: dict[str, Any]) -> None:
    await house.client.get(f"/fhir/Task/{task['id']}", headers=house.nurse)

    assert (await house.tasks(house.nurse, f"?_id={task['id']}"))[0]["status"] == "requested"


async def test_other_organizations_do_not_learn_that_a_task_exists(house: Installation, task: dict[str, Any]) -> None:
    strangers = (
        house.token(Role.HOME_NURSE, NEIGHBOUR),
        house.token(Role.WARD, HOSPITAL, OTHER_WARD),
        house.token(Role.HOME_NURSE, MUNICIPALITY, SOUTH),
    )
    for stranger in strangers:
        read = await house.client.get(f"/fhir/Task/{task['id']}", headers=stranger)
        past = await house.client.get(f"/fhir/Task/{task['id']}/_history", headers=stranger)
        put = await house.put(task, stranger, status="accepted")
        broken = await house.put(task, stranger, status="nonsense")

        assert [read.status_code, past.status_code, put.status_code, broken.status_code] == [404] * 4
        assert await house.tasks(stranger) == []
    assert issue(put)["code"] == "not-found"


@pytest.mark.parametrize("name", ["nothing", "00000000-0000-0000-0000-000000000000", "%00", "a" * 200])
async def test_unknown_ids_are_not_found(house: Installation, name: str) -> None:
    for path in (
        f"/fhir/Task/{name}",
        f"/fhir/Task/{name}/_history",
        f"/fhir/Patient/{name}",
        f"/fhir/Encounter/{name}",
    ):
        assert (await house.client.get(path, headers=house.token(Role.SYSTEM, HOSPITAL))).status_code == 404
