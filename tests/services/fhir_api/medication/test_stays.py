"""A list goes to the stay that it names, else to the only one that it can be about; nobody guesses among several."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from discharge.policy import Role
from discharge.stay import NoticeKind
from services.demo.messages import Notification
from services.persistence.clock import wall_now
from tests.factories import MUNICIPALITY, PAPER_HOSPITAL, PAPER_WARD, directory
from tests.services.fhir_api.medication.course import CPR_SYSTEM, Course, bundle, findings, pinex
from tests.services.fhir_api.tasks.outcomes import issue
from tests.services.installation import Installation, citizen, code_of, load, notification

DAY = timedelta(days=1)
ELSEWHERE = {"value": "an-episode-nobody-knows"}


@dataclass(frozen=True)
class Admission:
    """A stay as its notices tell it."""

    house: Installation
    first: Notification

    @property
    def episode(self) -> dict[str, Any]:
        """The identifier that all its notices bear."""
        return {"identifier": {"system": "urn:any", "value": self.first.episode.upper()}}

    async def tell(self, kind: NoticeKind, at: datetime, *history: Notification) -> Notification:
        """The hospital tells what happened next."""
        ended = at if kind is NoticeKind.SLHJ else None
        told = replace(
            notification(kind, episode=self.first.episode),
            sender=self.first.sender,
            provider=self.first.provider,
            started_at=self.first.started_at,
            ended_at=ended,
            occurred_at=at,
            history=tuple(each.sent for each in (self.first, *history)),
        )
        assert code_of(await self.house.send(told, **self.sender)) == "ok"
        return told

    @property
    def sender(self) -> dict[str, str]:
        """Whose record system tells."""
        return self.house.token(Role.SYSTEM, self.first.sender.sor)

    async def encounter(self) -> str:
        """Our id of its hospital contact."""
        found = "SELECT e.id::text FROM encounter e JOIN episode p ON p.stay_id = e.stay_id WHERE p.value = :episode"
        return str(await self.house.scalar(found, episode=self.first.episode))


async def admitted(house: Installation, at: datetime, **changes: Any) -> Admission:
    """The citizen comes to hospital."""
    first = replace(notification(), started_at=at, occurred_at=at, **changes)
    told = Admission(house, first)
    assert code_of(await house.send(first, **told.sender)) == "ok"
    return told


async def at_two_hospitals(house: Installation) -> tuple[Admission, Admission]:
    """The citizen was said to have gone home, came to another hospital, and then had never gone home."""
    places, now = directory(), wall_now().replace(microsecond=0)
    here = await admitted(house, now - 4 * DAY)
    home = await here.tell(NoticeKind.SLHJ, now - 2 * DAY)
    other = replace(places[PAPER_HOSPITAL], gln="5790009900030")
    there = await admitted(house, now - DAY, sender=other, provider=places[PAPER_WARD])
    await here.tell(NoticeKind.AN_SLHJ, now - timedelta(hours=1), home)
    assert await house.scalar("SELECT count(*) FROM stay WHERE state = 'admitted'") == 2
    return here, there


def said(answer: httpx.Response) -> str:
    """Which stay was meant, in words."""
    (found,) = [each for each in findings(answer) if each["diagnostics"] == "stafet-list-stay"]
    assert found["severity"] == "information"
    text: str = found["details"]["text"]
    return text


async def test_an_open_stay_is_meant_and_said(house: Installation) -> None:
    course = Course(house)
    now = wall_now().replace(microsecond=0)
    before = await admitted(house, now - 9 * DAY)
    await before.tell(NoticeKind.SLHJ, now - 8 * DAY)
    running = await admitted(house, now - DAY)

    answer = await course.send(course.municipal_system, bundle(pinex()))

    begun = (now - DAY).astimezone().date().isoformat()
    assert f"Encounter/{await running.encounter()}" in said(answer)
    assert "Sund Sygehus" in said(answer)
    assert begun in said(answer)
    assert answer.json()["entry"][0]["resource"]["context"]["reference"] == f"Encounter/{await running.encounter()}"


async def test_of_two_open_stays_nobody_guesses_one(house: Installation) -> None:
    course = Course(house)
    here, there = await at_two_hospitals(house)

    unnamed = await course.send(course.municipal_system, bundle(pinex()))
    ours = await course.send(
        course.municipal_system, bundle(pinex(context={"reference": f"Encounter/{await here.encounter()}"}))
    )
    episode = await course.send(course.municipal_system, bundle(pinex(context=there.episode)))

    assert unnamed.status_code == 422
    assert issue(unnamed)["diagnostics"] == "stafet-list-stay"
    assert issue(unnamed)["expression"] == ["Bundle.entry[0].resource.context"]
    assert "Name the Encounter" in issue(unnamed)["details"]["text"]
    assert "Sund Sygehus" in said(ours)
    assert "Bakke Sygehus" in said(episode)
    assert await house.scalar("SELECT count(DISTINCT stay_id) FROM medication_list") == 2


async def test_a_hospital_means_its_own_stay(house: Installation) -> None:
    course = Course(house)
    here, there = await at_two_hospitals(house)
    foreign = pinex(context={"reference": f"Encounter/{await there.encounter()}"})

    own = await course.send(course.hospital_system, bundle(pinex(), column="at-discharge"))
    others = await course.send(course.hospital_system, bundle(foreign, column="at-discharge"))

    assert await here.encounter() in said(own)
    assert others.status_code == 404
    assert "Bakke" not in others.text


async def test_an_old_list_is_never_about_a_stay_that_began_later(house: Installation) -> None:
    course = Course(house)
    now = wall_now().replace(microsecond=0)
    first = await admitted(house, now - 9 * DAY)
    await first.tell(NoticeKind.SLHJ, now - 8 * DAY)
    await admitted(house, now - DAY)

    between = await course.send(course.municipal_system, bundle(pinex(), timestamp=(now - 2 * DAY).isoformat()))
    older = await course.send(course.municipal_system, bundle(pinex(), timestamp=(now - 20 * DAY).isoformat()))
    before = await course.send(
        course.hospital_system, bundle(pinex(), column="before", timestamp=(now - 20 * DAY).isoformat())
    )

    assert await first.encounter() in said(between)
    assert (older.status_code, issue(older)["diagnostics"]) == (422, "stafet-list-stay")
    assert before.status_code == 201, before.text


async def test_what_is_over_is_meant_when_it_is_named(house: Installation) -> None:
    course = Course(house)
    now = wall_now().replace(microsecond=0)
    first = await admitted(house, now - 9 * DAY)
    await first.tell(NoticeKind.SLHJ, now - 8 * DAY)
    await admitted(house, now - DAY)
    named = {"type": "Encounter", "identifier": {"system": "urn:stafet:stay", "value": await stay_of(first)}}

    for each in (first.episode, named, {"reference": f"https://x.example/fhir/Encounter/{await first.encounter()}"}):
        answer = await course.send(course.municipal_system, bundle(pinex(context=each)))
        assert await first.encounter() in said(answer), each


async def test_a_stay_may_stand_in_the_address(house: Installation) -> None:
    course = Course(house)
    here, there = await at_two_hospitals(house)
    address = f"/fhir/Bundle?stay={await stay_of(there)}"

    async def sent(**elements: Any) -> httpx.Response:
        return await house.client.post(address, json=bundle(pinex(**elements)), headers=course.municipal_system)

    assert await there.encounter() in said(await sent())
    assert await there.encounter() in said(await sent(context=there.episode))
    assert (await sent(context=here.episode)).status_code == 404
    unknown = await house.client.post("/fhir/Bundle?stay=none", json=bundle(pinex()), headers=course.municipal_system)
    assert unknown.status_code == 404


async def stay_of(told: Admission) -> str:
    """Our id of the stay."""
    found = "SELECT stay_id::text FROM episode WHERE value = :episode"
    return str(await told.house.scalar(found, episode=told.first.episode))


async def test_the_practices_round_keeps_a_stay_alive_and_without_one_it_has_to_be_named(house: Installation) -> None:
    course = Course(house)
    now = wall_now().replace(microsecond=0)
    long_ago = await admitted(house, now - 90 * DAY)
    await long_ago.tell(NoticeKind.SLHJ, now - 60 * DAY)

    alive = await course.send(course.gp_system, bundle(pinex()))
    async with house.database.writing() as connection:
        await connection.exec_driver_sql("UPDATE task SET status = 'completed' WHERE code = 'reconcile-medication'")
    over = await course.send(course.gp_system, bundle(pinex()))

    assert await long_ago.encounter() in said(alive)
    assert (over.status_code, issue(over)["diagnostics"]) == (422, "stafet-list-stay")


@pytest.mark.parametrize(
    "context",
    [
        {"reference": "Encounter/nothing"},
        {"reference": "Encounter/00000000-0000-0000-0000-000000000000"},
        {"identifier": ELSEWHERE},
        {"identifier": {"system": "urn:stafet:stay", "value": "00000000-0000-0000-0000-000000000000"}},
    ],
)
async def test_an_unknown_stay_is_not_found(course: Course, context: dict[str, Any]) -> None:
    answer = await course.send(course.gp_system, bundle(pinex(context=context)))

    assert answer.status_code == 404
    assert await course.house.scalar("SELECT count(*) FROM medication_list") == 0


async def test_another_citizens_stay_is_not_found(course: Course) -> None:
    other = citizen(2)
    await load(course.house.database, other)
    assert code_of(await course.house.send(notification(cpr=other.cpr.digits, family="Andersen"))) == "ok"
    theirs = "SELECT id::text FROM encounter ORDER BY started_at DESC, id DESC LIMIT 1"
    subject = {"identifier": {"system": CPR_SYSTEM, "value": other.cpr.digits}}
    context = {"reference": f"Encounter/{(await course.house.encounter())['id']}"}
    assert await course.house.scalar(theirs)

    answer = await course.send(course.municipal_system, bundle(pinex(subject=subject, context=context)))

    assert answer.status_code == 404


async def test_the_same_bundle_again_is_found_where_it_was_though_another_stay_began(house: Installation) -> None:
    course = Course(house)
    now = wall_now().replace(microsecond=0)
    first = await admitted(house, now - 9 * DAY)
    await first.tell(NoticeKind.SLHJ, now - 8 * DAY)
    content = bundle(pinex(), identifier={"system": "urn:x", "value": "42"})
    assert (await course.send(course.municipal_system, content)).status_code == 201
    await admitted(house, now - DAY)

    again = await course.send(course.municipal_system, content)

    assert again.status_code == 200
    assert await first.encounter() in said(again)
    assert await house.scalar("SELECT count(*) FROM medication_list") == 1


async def test_a_stay_of_a_stranger_is_not_found(house: Installation) -> None:
    course = Course(house)
    running = await admitted(house, wall_now().replace(microsecond=0) - DAY)
    named = bundle(pinex(context={"reference": f"Encounter/{await running.encounter()}"}))

    practice = await course.send(course.gp_system, named)
    municipality = await course.send(house.token(Role.SYSTEM, MUNICIPALITY) | course.municipal_system, named)

    assert (practice.status_code, municipality.status_code) == (404, 201)
