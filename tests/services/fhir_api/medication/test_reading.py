"""Lines of medicine as MedicationStatement: found by citizen or duty, by those who read medicine."""

from typing import Any

import pytest

from discharge.policy import Role
from fhir_mappings import r4
from tests.engines import Database
from tests.factories import CPR, HOSPITAL, MUNICIPALITY, NEIGHBOUR, NORTH, OTHER_WARD, PRACTICE, WARD
from tests.services.fhir_api.medication.course import NUMBER, Course, bundle, pinex, statement

SOMEBODY = "urn:oid:1.2.208.176.1.2|0101509999"


async def found(course: Course, query: str = "", **fields: str) -> dict[str, Any]:
    """What the practice finds: by GET, or by POST where fields are given."""
    address, client = "/fhir/MedicationStatement", course.house.client
    if fields:
        answer = await client.post(f"{address}/_search", data=fields, headers=course.house.gp)
    else:
        answer = await client.get(f"{address}{query}", headers=course.house.gp)
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    r4.require_shape(made)
    return made


def ids(searched: dict[str, Any]) -> list[str]:
    return [each["resource"]["id"] for each in searched.get("entry", []) if each["search"]["mode"] == "match"]


async def test_a_line_is_read_with_every_list_inside(listed: Course) -> None:
    goes_on, new = await listed.lines()

    answer = await listed.house.client.get(f"/fhir/MedicationStatement/{goes_on['id']}", headers=listed.house.gp)

    assert answer.json() == goes_on
    assert answer.headers["etag"] == f'W/"{goes_on["meta"]["versionId"]}"'
    assert [each["id"] for each in goes_on["contained"]] == ["before-1", "at-discharge-1"]
    assert goes_on["context"]["reference"] == (await listed.task())["encounter"]["reference"]
    assert f"Task/{(await listed.task())['id']}" in str(goes_on["extension"])
    for each in (goes_on, new):
        r4.require_shape(each)


async def test_client_that_has_the_version_gets_nothing_new(listed: Course) -> None:
    (line, _) = await listed.lines()
    etag = {"if-none-match": f'W/"{line["meta"]["versionId"]}"'}

    answer = await listed.house.client.get(f"/fhir/MedicationStatement/{line['id']}", headers=listed.house.gp | etag)

    assert (answer.status_code, answer.content) == (304, b"")


async def test_a_line_that_no_list_mentions_any_more_is_gone(listed: Course) -> None:
    (_, new) = await listed.lines()

    await listed.send(listed.hospital_system, bundle(statement("Furix"), column="at-discharge"))

    answer = await listed.house.client.get(f"/fhir/MedicationStatement/{new['id']}", headers=listed.house.gp)
    assert answer.status_code == 404
    assert new["id"] not in str(await listed.task())
    assert len((await listed.task())["input"]) == len(await listed.lines()) == 2


async def test_lines_are_found_by_citizen_and_by_duty(listed: Course) -> None:
    lines = [line["id"] for line in await listed.lines()]
    task = await listed.task()
    patient, duty = task["for"]["reference"], f"Task/{task['id']}"

    assert ids(await found(listed, f"?patient={patient}")) == lines
    assert ids(await found(listed, f"?subject={patient}&part-of={duty}")) == lines
    assert ids(await found(listed, f"?_id={lines[1]}")) == lines[1:]
    assert ids(await found(listed, **{"patient:identifier": NUMBER})) == lines
    assert ids(await found(listed, **{"subject.identifier": NUMBER, "part-of": duty})) == lines


async def test_nobody_asks_for_everybody(listed: Course) -> None:
    others = next(
        each
        for each in await listed.house.tasks(listed.house.token(Role.SYSTEM, MUNICIPALITY))
        if each["code"]["coding"][0]["code"] != "reconcile-medication"
    )

    for query in (
        "",
        "?_count=5",
        "?_id=nothing",
        "?patient=Patient/none",
        "?part-of=Task/none",
        f"?part-of=Task/{others['id']}",
        "?part-of=Encounter/1",
    ):
        assert ids(await found(listed, query)) == [], query
    assert ids(await found(listed, **{"patient:identifier": SOMEBODY})) == []


async def test_a_number_of_a_person_stays_out_of_addresses(listed: Course) -> None:
    address = f"/fhir/MedicationStatement?patient:identifier={NUMBER}"

    answer = await listed.house.client.get(address, headers=listed.house.gp)
    searched = await found(listed, **{"patient:identifier": NUMBER, "_count": "1"})

    assert answer.status_code == 400
    assert CPR.digits not in answer.text
    assert CPR.digits not in str(searched["link"])


async def test_pages_go_on_where_they_ended(listed: Course) -> None:
    patient = (await listed.task())["for"]["reference"]
    lines = [line["id"] for line in await listed.lines()]

    first = await found(listed, f"?patient={patient}&_count=1")
    links = {each["relation"]: each["url"] for each in first["link"]}
    last = await found(listed, "?" + links["next"].partition("?")[2])

    assert (ids(first), ids(last), first["total"]) == (lines[:1], lines[1:], 2)
    assert "next" not in {each["relation"] for each in last["link"]}
    assert ids(await found(listed, f"?patient={patient}&_count=0")) == []
    for cursor in ("x", "-1", "9" * 20):
        broken = await listed.house.client.get(
            f"/fhir/MedicationStatement?patient={patient}&_cursor={cursor}", headers=listed.house.gp
        )
        assert broken.status_code == 400


async def test_unknown_parameters_are_named(listed: Course) -> None:
    patient = (await listed.task())["for"]["reference"]

    searched = await found(listed, f"?patient={patient}&effective=2026")

    assert len(ids(searched)) == 2
    assert "effective" in str(searched["entry"][-1]["resource"])


@pytest.mark.parametrize(
    ("role", "place", "unit"),
    [
        (Role.WARD, HOSPITAL, WARD),
        (Role.DOCTOR, HOSPITAL, WARD),
        (Role.HOME_NURSE, MUNICIPALITY, NORTH),
        (Role.SYSTEM, PRACTICE, None),
        (Role.PHARMACIST, HOSPITAL, WARD),
        (Role.PHARMACIST, MUNICIPALITY, None),
    ],
)
async def test_all_parties_read_the_same_lines(listed: Course, role: Role, place: Any, unit: Any) -> None:
    assert await listed.lines(listed.house.token(role, place, unit)) == await listed.lines()


async def test_strangers_and_roles_without_medicine_learn_nothing(listed: Course) -> None:
    house, (line, _) = listed.house, await listed.lines()
    patient = (await listed.task())["for"]["reference"]

    async def answers(headers: dict[str, str]) -> list[int]:
        read = await house.client.get(f"/fhir/MedicationStatement/{line['id']}", headers=headers)
        searched = await house.client.get(f"/fhir/MedicationStatement?patient={patient}", headers=headers)
        return [read.status_code, searched.status_code]

    for stranger in (house.token(Role.HOME_NURSE, NEIGHBOUR), house.token(Role.WARD, HOSPITAL, OTHER_WARD)):
        assert await answers(stranger) == [404, 200]
        empty = await house.client.get(f"/fhir/MedicationStatement?patient={patient}", headers=stranger)
        assert "entry" not in empty.json()
    assert await answers(house.token(Role.VISITATOR, MUNICIPALITY)) == [403, 403]
    assert (await house.client.get("/fhir/MedicationStatement/nothing", headers=house.gp)).status_code == 404


async def test_who_read_whose_medicine_is_audited(listed: Course, database: Database) -> None:
    (line, _) = await listed.lines()

    await listed.house.client.get(f"/fhir/MedicationStatement/{line['id']}", headers=listed.house.gp)

    rows = await listed.house.audited(database.admin_url)
    assert ("read-medication-line", "GET /fhir/MedicationStatement/{line_id}", 200, 1) in rows
    assert ("search-medication-lines", "GET /fhir/MedicationStatement", 200, 1) in rows


async def test_a_duty_names_its_lines_wherever_it_is_read(listed: Course) -> None:
    house, task = listed.house, await listed.task()
    wanted = [f"MedicationStatement/{line['id']}" for line in await listed.lines()]

    def named(resource: dict[str, Any]) -> list[str]:
        return [each["valueReference"]["reference"] for each in resource["input"]]

    read = (await house.client.get(f"/fhir/Task/{task['id']}", headers=house.gp)).json()
    past = (await house.client.get(f"/fhir/Task/{task['id']}/_history", headers=house.gp)).json()
    put = await house.put(read, house.gp, status="accepted")

    assert put.status_code == 200, put.text
    assert [named(each) for each in (task, read, past["entry"][0]["resource"], put.json())] == [wanted] * 4
    r4.require_shape(read)


async def test_a_duty_that_is_sent_back_with_older_lines_is_no_other_change(listed: Course) -> None:
    task = await listed.task()
    await listed.send(listed.hospital_system, bundle(statement("Furix"), pinex(), column="at-discharge"))

    answer = await listed.house.put(task, listed.house.gp, status="accepted")

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["input"]) == 3


async def test_other_duties_of_the_stay_name_no_lines(listed: Course) -> None:
    for task in await listed.house.tasks(listed.house.token(Role.SYSTEM, MUNICIPALITY)):
        assert ("input" in task) == (task["code"]["coding"][0]["code"] == "reconcile-medication")
