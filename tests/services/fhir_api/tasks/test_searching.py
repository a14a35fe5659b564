"""Tasks are found by what FHIR clients ask."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from discharge.policy import Role
from tests.factories import CPR, HOSPITAL, MUNICIPALITY, NORTH, PRACTICE, SOUTH, WARD
from tests.services.fhir_api.tasks.outcomes import SOR, issue
from tests.services.installation import Installation, citizen, load, notification


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
        f"patient=Patient/{CPR.digits}",
        f"_id=https://x.example/fhir/Task/{CPR.digits[:6]}-{CPR.digits[6:]}",
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
    for field in ("patient", "_id"):
        odd = await house.client.post("/fhir/Task/_search", data={field: f"Patient/{CPR.digits}"}, headers=house.nurse)
        assert odd.status_code == 200, odd.text
        assert CPR.digits not in odd.text


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
