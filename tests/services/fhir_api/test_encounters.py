from datetime import timedelta
from typing import Any

import pytest

from discharge.policy import Role
from services.persistence.clock import wall_now
from tests.factories import CPR, HOSPITAL, MUNICIPALITY, NEIGHBOUR, OTHER_WARD, WARD
from tests.services.installation import FHIR, Installation, notification

NUMBER = f"urn:oid:1.2.208.176.1.2|{CPR.digits}"


async def search(house: Installation, headers: dict[str, str], **fields: str) -> list[dict[str, Any]]:
    answer = await house.client.post(
        "/fhir/Encounter/_search",
        data={name.replace("__", ":"): value for name, value in fields.items()},
        headers=headers,
    )
    assert answer.status_code == 200, answer.text
    entries = answer.json().get("entry", [])
    return [entry["resource"] for entry in entries if entry["search"]["mode"] == "match"]


async def test_encounter_is_read_with_the_plans_version(house: Installation) -> None:
    encounter = await house.admitted()

    answer = await house.client.get(
        f"/fhir/Encounter/{encounter['id']}", headers=house.token(Role.WARD, HOSPITAL, WARD)
    )

    assert answer.json() == encounter
    assert answer.headers["etag"] == 'W/"0"'
    assert encounter["serviceProvider"]["identifier"]["value"] == WARD


async def test_strangers_do_not_learn_that_an_encounter_exists(house: Installation) -> None:
    encounter = await house.admitted()
    for stranger in (house.token(Role.HOME_NURSE, NEIGHBOUR), house.token(Role.WARD, HOSPITAL, OTHER_WARD), house.gp):
        assert (await house.client.get(f"/fhir/Encounter/{encounter['id']}", headers=stranger)).status_code == 404
        assert await search(house, stranger, patient__identifier=NUMBER) == []


async def test_encounters_are_found_in_every_offered_way(house: Installation) -> None:
    encounter = await house.admitted()
    system = house.token(Role.SYSTEM, HOSPITAL)
    episode = encounter["episodeOfCare"][0]["identifier"]["value"]
    ways: tuple[dict[str, str], ...] = (
        {"_id": encounter["id"]},
        {"patient": encounter["subject"]["reference"]},
        {"subject": encounter["subject"]["reference"]},
        {"identifier": f"urn:stafet:stay|{encounter['identifier'][0]['value']}"},
        {"episode-of-care": episode.upper()},
        {"status": "in-progress"},
        {"status": "in-progress,finished", "_count": "10"},
        {},
    )
    for way in ways:
        assert [found["id"] for found in await search(house, system, **way)] == [encounter["id"]], way
    for way in ({"status": "finished"}, {"status": "planned"}, {"patient": "Patient/nobody"}, {"_id": "nothing"}):
        assert await search(house, system, **way) == [], way


async def test_encounters_come_oldest_first(house: Installation) -> None:
    first = notification()
    await house.send(first)
    later = notification(
        started_at=first.started_at + timedelta(minutes=30), sender=first.sender, episode=first.episode
    )
    await house.send(later)

    found = await search(house, house.token(Role.SYSTEM, HOSPITAL), patient__identifier=NUMBER)

    starts = [encounter["period"]["start"] for encounter in found]
    assert starts == sorted(starts)


async def test_plan_by_machine_raises_its_version(house: Installation) -> None:
    encounter = await house.admitted()

    answer = await house.plan(
        encounter,
        {"name": "expected-discharge", "valueDateTime": (wall_now() + timedelta(days=1)).isoformat(timespec="seconds")},
        {"name": "need", "valueCode": "home-nursing"},
        {"name": "need", "valueCode": "meals"},
    )

    assert (answer.status_code, answer.headers["etag"]) == (200, 'W/"1"')
    assert answer.json()["id"] == encounter["id"]


async def test_plan_decided_on_an_old_version_is_refused(house: Installation) -> None:
    encounter = await house.admitted()
    await house.plan(encounter, {"name": "need", "valueCode": "none"})

    stale = await house.plan(encounter, {"name": "need", "valueCode": "meals"}, **{"if-match": 'W/"0"'})
    current = await house.plan(encounter, {"name": "need", "valueCode": "meals"}, **{"if-match": 'W/"1"'})

    assert (stale.status_code, current.status_code) == (412, 200)


@pytest.mark.parametrize(
    ("parameter", "status"),
    [
        ({"name": "colour", "valueString": "red"}, 400),
        ({"name": "need", "valueCode": "holiday"}, 422),
        ({"name": "frail", "valueString": "yes"}, 400),
        ({"name": "contact-phone", "valueString": "call me"}, 422),
        ({"name": "discharged", "valueDateTime": "2030-01-01T00:00:00Z"}, 422),
        ({"name": "undo-discharged", "valueBoolean": True}, 422),
    ],
)
async def test_plan_that_cannot_be_is_refused_by_name(
    house: Installation, parameter: dict[str, Any], status: int
) -> None:
    encounter = await house.admitted()

    answer = await house.plan(encounter, parameter)

    assert answer.status_code == status, answer.text
    assert answer.json()["issue"][0]["diagnostics"]


async def test_reason_for_leaving_all_the_same_is_kept(house: Installation) -> None:
    encounter = await house.admitted()

    answer = await house.plan(
        encounter,
        {"name": "discharged", "valueDateTime": wall_now().isoformat(timespec="seconds")},
        {"name": "override-reason", "valueString": "Datteren henter nu"},
    )

    assert answer.status_code == 200
    assert answer.json()["status"] == "finished"


async def test_plan_belongs_to_the_ward(house: Installation) -> None:
    encounter = await house.admitted()
    body = {"resourceType": "Parameters", "parameter": [{"name": "frail", "valueBoolean": True}]}
    address = f"/fhir/Encounter/{encounter['id']}/$plan"

    nurse = await house.client.post(address, json=body, headers=house.token(Role.HOME_NURSE, MUNICIPALITY))
    other = await house.client.post(address, json=body, headers=house.token(Role.WARD, HOSPITAL, OTHER_WARD))
    municipal = await house.client.post(
        address, json=body, headers=house.token(Role.SYSTEM, MUNICIPALITY) | {"content-type": FHIR}
    )

    assert (nurse.status_code, other.status_code) == (403, 404)
    assert municipal.status_code in {403, 404}


async def test_same_plan_again_is_no_new_version(house: Installation) -> None:
    encounter = await house.admitted()
    first = await house.plan(encounter, {"name": "frail", "valueBoolean": True})

    again = await house.plan(encounter, {"name": "frail", "valueBoolean": True})

    assert again.headers["etag"] == first.headers["etag"]
