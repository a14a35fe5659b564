import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import psycopg
import pytest

from discharge.policy import Role
from services.persistence.clock import wall_now
from tests.engines import Database
from tests.factories import CPR, HOSPITAL, MUNICIPALITY, NEIGHBOUR, NORTH, OTHER_WARD, PRACTICE, SOUTH, WARD
from tests.services.installation import Installation, citizen, load, notification

SOR = "urn:oid:1.2.208.176.1.1"


def issue(answer: httpx.Response) -> dict[str, Any]:
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome", outcome
    first: dict[str, Any] = outcome["issue"][0]
    return first


@pytest.fixture
async def task(house: Installation) -> dict[str, Any]:
    """A duty of the northern unit after a discharge."""
    await house.home()
    return next(found for found in await house.tasks(house.nurse) if found["owner"]["identifier"]["value"] == NORTH)


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


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (f"?owner={NORTH}", True),
        (f"?owner=Organization/{NORTH}", True),
        (f"?owner=Organization/{MUNICIPALITY}", True),
        (f"?owner:identifier={SOR}|{MUNICIPALITY}", True),
        (f"?owner:identifier={SOR}%7C{NORTH}", True),
        (f"?owner.identifier={SOR}|{NORTH}", True),
        (f"?owner:Organization={NORTH}", True),
        (f"?owner:identifier=urn:oid:9|{NORTH}", False),
        (f"?owner=Practitioner/{NORTH}", False),
        (f"?owner={SOUTH}", False),
        (f"?owner={PRACTICE},{NORTH}", True),
        (f"?owner={NORTH}&owner={SOUTH}", False),
        ("?owner=nonsense", False),
        (f"?requester=Organization/{HOSPITAL}", True),
        (f"?requester={MUNICIPALITY}", False),
        ("?status=requested", True),
        ("?status=requested,received", True),
        ("?status=http://hl7.org/fhir/task-status|requested", True),
        ("?status=urn:other|requested", False),
        ("?status=draft", False),
        ("?status:not=completed", True),
        ("?status:not=requested", False),
        ("?status=completed", False),
        ("?code=nothing", False),
        ("?priority=routine,urgent,asap,stat", True),
        ("?due=ge2020", True),
        ("?due=lt2020-01", False),
        ("?due=gt2099-12-31T23:59:59Z", False),
        ("?_lastUpdated=ge2020-01-01", True),
        ("?_lastUpdated=2020-01-01T10:00", False),
        ("?_lastUpdated=ne2020-01-01T10:00:00.5Z", True),
        ("?period=ge2020", False),
        ("?patient=Patient/nobody", False),
        ("?_sort=-due,_lastUpdated&_count=5", True),
        ("?_format=json", True),
    ],
)
async def test_search_understands(house: Installation, task: dict[str, Any], query: str, found: bool) -> None:  # noqa: FBT001 - a parameter of the cases
    ids = [each["id"] for each in await house.tasks(house.nurse, query)]

    assert (task["id"] in ids) is found


async def test_search_by_what_the_task_says_of_itself(house: Installation, task: dict[str, Any]) -> None:
    code = task["code"]["coding"][0]
    await house.put(task, house.nurse, status="accepted")
    queries = (
        f"?_id={task['id']}",
        f"?code={code['code']}",
        f"?code={code['system']}|{code['code']}",
        f"?patient={task['for']['reference']}",
        f"?patient={task['for']['reference'].removeprefix('Patient/')}",
        f"?focus={task['focus']['reference']}",
        f"?priority={task['priority']}",
        "?period=ge2020&period=gt2020",
    )
    for query in queries:
        assert task["id"] in [each["id"] for each in await house.tasks(house.nurse, query)], query


@pytest.mark.parametrize(
    "query",
    [
        "?due=soon",
        "?due=2026-02-30",
        "?due=2026-13",
        "?due=ge2026,le2027",
        "?due=9999",
        "?_count=many",
        "?_count=1&_count=2",
        "?_sort=colour",
        "?_total=perhaps",
        "?_cursor=00",
        "?_cursor=zz",
        "?_cursor=5b2278225d",
        "?_sort=status&_cursor=5b225c7530303030222c2230303030303030302d303030302d343030302d383030302d303030303030303030303031225d",
        "?code:in=x",
        "?_id:missing=true",
        "?_id=%FF",
        "?status=%00",
        "?" + "&".join(f"a{number}=1" for number in range(300)),
    ],
)
async def test_unreadable_search_is_refused(house: Installation, query: str) -> None:
    answer = await house.client.get(f"/fhir/Task{query}", headers=house.nurse)

    assert answer.status_code == 400, answer.text
    assert issue(answer)["code"] in {"value", "invalid", "not-supported"}


async def test_unknown_parameter_is_left_out_and_said_so(house: Installation, task: dict[str, Any]) -> None:
    answer = await house.client.get("/fhir/Task?colour=red&_id=" + task["id"], headers=house.nurse)

    entries = answer.json()["entry"]
    assert [entry["search"]["mode"] for entry in entries] == ["match", "outcome"]
    assert entries[1]["resource"]["issue"][0]["code"] == "not-supported"
    assert "colour" not in answer.json()["link"][0]["url"]


async def test_strict_client_is_told_of_unknown_parameters(house: Installation) -> None:
    answer = await house.client.get("/fhir/Task?colour=red", headers=house.nurse | {"prefer": "handling=strict"})

    assert (answer.status_code, issue(answer)["code"]) == (400, "not-supported")


async def test_other_formats_are_not_made(house: Installation) -> None:
    assert (await house.client.get("/fhir/Task?_format=xml", headers=house.nurse)).status_code == 406


@pytest.mark.parametrize(
    "query",
    [
        f"patient:identifier=urn:oid:1.2.208.176.1.2|{CPR.digits}",
        f"patient.identifier={CPR.digits}",
        f"patient={CPR.digits[:6]}-{CPR.digits[6:]}",
        f"identifier={CPR.digits}",
        f"{CPR.digits}=1",
    ],
)
async def test_number_in_an_address_is_refused(house: Installation, query: str) -> None:
    for resource in ("Task", "Patient"):
        answer = await house.client.get(f"/fhir/{resource}?{query}", headers=house.nurse)

        assert (answer.status_code, issue(answer)["code"]) == (400, "security")
        assert "_search" in answer.text
        assert CPR.digits not in answer.text


async def test_number_in_a_body_finds_but_never_reaches_an_address(house: Installation, task: dict[str, Any]) -> None:
    answer = await house.client.post(
        "/fhir/Task/_search",
        data={"patient:identifier": f"urn:oid:1.2.208.176.1.2|{CPR.digits}", "_count": "1", "_total": "accurate"},
        headers=house.nurse,
    )

    bundle = answer.json()
    assert task["for"]["reference"] == bundle["entry"][0]["resource"]["for"]["reference"]
    assert CPR.digits not in answer.text
    assert f"patient={task['for']['reference'].replace('/', '%2F')}" in bundle["link"][0]["url"]


async def test_number_of_nobody_finds_nothing(house: Installation, task: dict[str, Any]) -> None:
    answer = await house.client.post(
        "/fhir/Task/_search", data={"patient:identifier": "urn:oid:1.2.208.176.1.2|0101501234"}, headers=house.nurse
    )

    assert "entry" not in answer.json()


async def test_pages_follow_each_other_without_gap_or_repeat(house: Installation) -> None:
    people = [citizen(number) for number in range(2, 6)]
    await load(house.database, *people)
    for person in (citizen(), *people):
        encounter_id = notification(cpr=person.cpr.digits)
        await house.send(encounter_id)
    everything = [each["id"] for each in await house.tasks(house.token(Role.SYSTEM, HOSPITAL), "?_sort=-_lastUpdated")]
    assert len(everything) >= 2
    for sort in ("", "&_sort=due", "&_sort=-due", "&_sort=priority,-_lastUpdated", "&_sort=status", "&_sort=-_id"):
        paged: list[str] = []
        address: str | None = f"/fhir/Task?_count=1&_total=accurate{sort}"
        while address is not None:
            bundle = (await house.client.get(address, headers=house.token(Role.SYSTEM, HOSPITAL))).json()
            assert bundle["total"] == len(everything)
            paged += [entry["resource"]["id"] for entry in bundle["entry"]]
            links = {link["relation"]: link["url"] for link in bundle["link"]}
            address = links.get("next")
            assert "_count" in dict(parse_qsl(urlsplit(links["self"]).query))

        assert sorted(paged) == sorted(everything), sort


async def test_count_of_zero_only_counts(house: Installation, task: dict[str, Any]) -> None:
    answer = (await house.client.get("/fhir/Task?_count=0&_total=accurate", headers=house.nurse)).json()

    assert answer["total"] >= 1
    assert "entry" not in answer


async def test_snapshot_says_where_the_feed_stands(house: Installation, task: dict[str, Any]) -> None:
    own = await house.client.get("/fhir/Task", headers=house.nurse)
    single = await house.client.get(f"/fhir/Task?owner={NORTH}", headers=house.token(Role.HOME_NURSE, MUNICIPALITY))
    foreign = await house.client.get(f"/fhir/Task?owner={PRACTICE}", headers=house.nurse)

    feed, epoch, offset = own.headers["x-stafet-feed"].split(" ")
    assert (feed, int(offset)) == (NORTH, await house.scalar("SELECT head FROM feed WHERE id = :id", id=NORTH))
    assert epoch
    assert single.headers["x-stafet-feed"].split(" ")[0] == NORTH
    assert foreign.headers["x-stafet-feed"].split(" ")[0] == NORTH


async def test_visitator_does_not_find_medicine(house: Installation, task: dict[str, Any]) -> None:
    codes = {each["code"]["coding"][0]["code"] for each in await house.tasks(house.token(Role.VISITATOR, MUNICIPALITY))}
    all_codes = {
        each["code"]["coding"][0]["code"] for each in await house.tasks(house.token(Role.HOME_NURSE, MUNICIPALITY))
    }

    hidden = await house.scalar("SELECT count(*) FROM task WHERE content_class IN ('medicine', 'document')")
    assert (hidden > 0) is (codes != all_codes)


async def test_every_read_is_audited_with_its_stay(house: Installation, task: dict[str, Any], database: Any) -> None:
    await house.client.get(f"/fhir/Task/{task['id']}", headers=house.nurse)
    await house.client.get("/fhir/Task/nothing", headers=house.nurse)

    rows = await house.audited(database.admin_url)

    assert rows[-2:] == [
        ("read-task", "GET /fhir/Task/{task_id}", 200, 1),
        ("read-task", "GET /fhir/Task/{task_id}", 404, 0),
    ]
    assert not [row for row in rows if task["id"] in row[1]]


async def test_ward_of_the_stay_sees_what_it_asked_for(house: Installation, task: dict[str, Any]) -> None:
    seen = await house.tasks(house.token(Role.WARD, HOSPITAL, WARD))

    assert task["id"] in [each["id"] for each in seen]
