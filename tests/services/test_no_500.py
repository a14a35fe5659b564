"""Whatever is sent, no answer is 500, and what is refused leaves nothing half-written.

Seeded, so that a failure can be run again; the seeds stand in the parameters.
"""

import copy
import random
from typing import Any

import orjson
import pytest

from discharge.policy import Role
from discharge.stay import NoticeKind
from services.persistence.clock import wall_now
from services.persistence.database import engine_for
from tests.engines import Database
from tests.factories import HOSPITAL, PAPER_HOSPITAL
from tests.services.fhir_api.medication.course import Course, bundle, metoprolol, pinex
from tests.services.installation import FHIR, Installation, notification

JUNK: tuple[Any, ...] = (None, 1, "", [], {}, "x" * 300, True, 1e300, "2026-13-45", "æ\u202eø", ["a"], {"a": 1})
PARAMETERS = (
    *("part-of", "subject"),
    *("_id", "owner", "requester", "patient", "status", "code", "priority", "focus", "period", "due", "_lastUpdated"),
    *(
        "_count",
        "_sort",
        "_total",
        "_cursor",
        "owner:identifier",
        "patient:identifier",
        "status:not",
        "x",
        ":",
        "a:b:c",
    ),
)
VALUES = (
    *("", "1", "x|y", "|", "Organization/", "/", "ge2026", "9999-12-31", "0001", "0001-01-01T00:00Z", "ne0000", "-due"),
    *("2026-11-22T10:00:00.123456+14:00", "æ", "%", "a,b,,c", "\u202e", "accurate", "0", "99999999999"),
)
PLAN = (
    ("valueDateTime", "2026-11-22T10:00:00Z"),
    ("valueDateTime", "2026-11-22"),
    ("valueDateTime", "0001-01-01T00:00:00Z"),
    ("valueDateTime", "9999-12-31T23:59:59Z"),
    ("valueCode", "meals"),
    ("valueCode", "none"),
    ("valueString", "x"),
    ("valueBoolean", True),
    ("valueDate", "2026-11-30"),
)
PLAN_NAMES = ("need", "expected-discharge", "discharged", "frail", "contact-phone", "undo-discharged", "medicine-until")


def broken(content: Any, chance: random.Random) -> Any:
    """The content with one to three of its places changed, doubled, wrapped or gone."""
    for _ in range(chance.randint(1, 3)):
        places: list[tuple[Any, Any]] = []
        waiting = [content]
        while waiting:
            here = waiting.pop()
            keys = here.keys() if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ()
            places += [(here, key) for key in keys]
            waiting += [here[key] for key in keys]
        here, key = chance.choice(places)
        match chance.randrange(4):
            case 0:
                del here[key]
            case 1:
                here[key] = chance.choice(JUNK)
            case 2:
                here[key] = here[key][::-1] if isinstance(here[key], str) else [here[key]]
            case _:
                here[key] = {"x": here[key]}
    return content


def garbled(body: bytes, chance: random.Random) -> bytes:
    """The body with a few bytes of it changed."""
    changed = bytearray(body)
    for _ in range(chance.randint(1, 5)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


@pytest.mark.parametrize("seed", [1, 2])
async def test_broken_messages(house: Installation, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        body = notification(chance.choice(list(NoticeKind))).body()
        body = garbled(body, chance) if chance.random() < 0.3 else orjson.dumps(broken(orjson.loads(body), chance))

        answer = await house.client.post("/fhir/$process-message", content=body, headers=house.hospital)

        assert answer.status_code in {200, 400, 403, 413}, (answer.text, body)
    unanswered = await house.scalar("SELECT count(*) FROM message WHERE receipt IS NULL")
    assert unanswered == 0


async def test_broken_changes_of_tasks_and_plans(house: Installation) -> None:
    chance = random.Random(3)
    encounter = await house.home()
    system = house.token(Role.SYSTEM, HOSPITAL)
    task = (await house.tasks(system))[0]
    for _ in range(60):
        put = await house.put(
            broken(orjson.loads(orjson.dumps(task)), chance) | {"id": task["id"]}, system, version="1"
        )
        assert put.status_code in {200, 400, 403, 409, 412, 422}, put.text
    for _ in range(60):
        parameters = [
            {"name": chance.choice(PLAN_NAMES), kind: value}
            for kind, value in chance.choices(PLAN, k=chance.randint(0, 4))
        ]
        plan = await house.plan(encounter, *parameters)
        assert plan.status_code in {200, 400, 422}, (plan.text, parameters)


async def test_broken_searches(house: Installation) -> None:
    chance = random.Random(4)
    await house.home()
    system = house.token(Role.SYSTEM, HOSPITAL)
    for _ in range(80):
        asked = {chance.choice(PARAMETERS): chance.choice(VALUES) for _ in range(chance.randint(1, 3))}
        for answer in (
            await house.client.get("/fhir/Task", params=asked, headers=system),
            await house.client.get("/fhir/Patient", params=asked, headers=system),
            await house.client.get("/fhir/MedicationStatement", params=asked, headers=system),
            await house.client.post("/fhir/Encounter/_search", data=asked, headers=system),
        ):
            assert answer.status_code in {200, 400}, (asked, answer.text)


async def test_broken_lists_and_decisions(house: Installation) -> None:
    chance = random.Random(5)
    await house.home()
    course = Course(house)
    await course.two_lists()
    task, lines = await course.task(), [line["id"] for line in await course.lines()]
    decided = {
        "resourceType": "Parameters",
        "parameter": [
            {
                "name": "decision",
                "part": [{"name": "line", "valueString": line}, {"name": "code", "valueCode": "agree"}],
            }
            for line in lines
        ],
    }
    stated = bundle(metoprolol(2), pinex(), timestamp=wall_now().isoformat(timespec="seconds"))
    for _ in range(60):
        listed = await course.send(course.gp_system, broken(copy.deepcopy(stated), chance))
        assert listed.status_code in {201, 400, 404, 413, 422}, listed.text
        answer = await house.client.post(
            f"/fhir/Task/{task['id']}/$decide",
            json=broken(copy.deepcopy(decided), chance),
            headers=house.gp | {"content-type": FHIR},
        )
        assert answer.status_code in {200, 400, 422}, answer.text


async def test_store_that_is_away_is_transient_everywhere(house: Installation) -> None:
    running = house.database.engine
    house.database.engine = engine_for("postgresql://stafet_app@127.0.0.1:9/stafet", pool_size=1)

    message = await house.send(notification())
    read = await house.client.get("/fhir/Task", headers=house.nurse)
    page = await house.client.get("/nothing", headers={"cookie": "stafet=x"})

    await house.database.engine.dispose()
    house.database.engine = running
    for answer in (message, read):
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert answer.json()["issue"][0]["code"] == "transient"
    assert page.status_code == 404


async def test_sender_in_anothers_name_is_audited(house: Installation, database: Database) -> None:
    await house.client.post(
        "/fhir/$process-message",
        content=notification().body(),
        headers=house.token(Role.SYSTEM, PAPER_HOSPITAL) | {"content-type": FHIR},
    )

    assert ("send-message", "POST /fhir/$process-message", 403, 0) in await house.audited(database.admin_url)
