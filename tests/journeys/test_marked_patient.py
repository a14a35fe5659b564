"""A patient with marks nobody could mistake goes through everything; no trace of them is left where none may be."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import httpx
import pytest
import redis
from playwright.sync_api import Page, expect

from discharge.policy import Role
from tests.journeys.country import Citizen, Corner, Course
from tests.journeys.office import Office, await_live, card_of, row_of, show_new, stay_in
from tests.running import RunningDemo

pytestmark = [pytest.mark.browser, pytest.mark.journey]

RESUME = "Start ydelserne igen"
PAUSE = "Sæt besøg, mad og dosispakning på pause"
TEXT = "Zebramaerke"


@pytest.fixture
def citizen(corner: Corner) -> Citizen:
    """The marked one: the family name and the number stand nowhere else."""
    return corner.citizen(0)


def marks_of(citizen: Citizen) -> list[str]:
    """Every form of what must not leave the pages."""
    cpr = citizen.cpr
    return [
        cpr,
        f"{cpr[:6]}-{cpr[6:]}",
        f"{cpr[:6]} {cpr[6:]}",
        f"{cpr[:6]}%2D{cpr[6:]}",
        citizen.family,
        citizen.family.encode().decode("latin-1"),
        citizen.family.lower(),
        citizen.name.replace(" ", "+"),
        TEXT,
        TEXT.lower(),
    ]


def walk(demo: RunningDemo, office: Office, corner: Corner, citizen: Citizen) -> None:
    """Everything that people and systems do with a patient, rightly and wrongly."""
    board, nurse = office.sits(Role.WARD, corner.ward), office.sits(Role.HOME_NURSE, corner.unit)
    doctor = office.sits(Role.GP, corner.practice)
    await_live(board, nurse, doctor)
    course = Course(demo, corner, citizen)
    course.admit()
    show_new(board, row_of(board, citizen.name))
    stay = stay_in(row_of(board, citizen.name))
    board.get_by_label("Find patient på seng eller navn").fill(citizen.family)
    _plan(office.sits(Role.WARD, corner.ward, path=f"/ward/stays/{stay}"))
    show_new(nurse, card_of(nurse, stay, RESUME))
    show_new(doctor, card_of(doctor, stay, "Læs epikrisen"))
    card_of(nurse, stay, RESUME).get_by_role("link", name=RESUME).click()
    expect(nurse.locator("main")).to_contain_text(TEXT)
    nurse.get_by_role("button", name="Tag opgave").click()
    nurse.get_by_role("button", name="Markér udført").click()
    expect(nurse.get_by_role("heading", name="Udført", exact=True)).to_be_visible()
    nurse.goto("/municipality")
    card_of(nurse, stay, PAUSE).get_by_role("link", name="Afvis").click()
    nurse.locator('form[action$="/reject"]').get_by_label("Hvorfor?").fill(f"{TEXT} {citizen.name} {citizen.cpr}")
    nurse.get_by_role("button", name="Afvis opgaven").click()
    expect(nurse.get_by_role("heading", name="Afvist")).to_be_visible()
    nurse.goto(f"/stays/{stay}")
    expect(nurse.get_by_role("heading", name=citizen.name)).to_be_visible()
    _search_without_script(office, corner, citizen)
    _wrongly(demo, office, corner, citizen)


def _plan(plan: Page) -> None:
    plan.get_by_label("Hjem den").fill("20.11.2026")
    plan.get_by_label("Afgang kl.").fill("15.00")
    plan.get_by_label("Hjemmesygepleje").check()
    plan.get_by_label("De første 24 timer").fill(f"{TEXT} gives hver morgen")
    plan.get_by_label("Aftalt på telefon med").fill(f"{TEXT} hos kommunen")
    plan.get_by_role("button", name="Send plan").click()
    expect(plan.get_by_role("heading", name="Plan 1")).to_be_visible()
    plan.get_by_label("Skriv hvorfor").fill(f"{TEXT} mangler")
    plan.get_by_role("radio", name="Nu", exact=True).check()
    plan.get_by_role("button", name="Markér udskrevet").click()
    expect(plan.get_by_role("heading", name="Udskrevet")).to_be_visible()


def _search_without_script(office: Office, corner: Corner, citizen: Citizen) -> None:
    page = office.sits(Role.WARD, corner.ward, context=office.context(script=False))
    page.get_by_label("Find patient på seng eller navn").fill(citizen.family)
    page.keyboard.press("Enter")
    expect(row_of(page, citizen.name)).to_be_visible()


def _wrongly(demo: RunningDemo, office: Office, corner: Corner, citizen: Citizen) -> None:
    office.expected.add("422")
    page = office.sits(Role.WARD, corner.ward, path="/ward/begin")
    page.get_by_label("CPR-nummer").fill(f"{citizen.cpr}9")
    page.get_by_label("Efternavn").fill(citizen.family)
    page.get_by_label("Indlagt kl.").fill(TEXT)
    page.get_by_role("button", name="Begynd ophold").click()
    expect(page.get_by_role("alert").first).to_contain_text("Ikke gemt")
    expect(page.locator("main")).not_to_contain_text(citizen.cpr)
    headers = demo.bearer(Role.SYSTEM, corner.ward)
    wrong = {
        "resourceType": "Bundle",
        "type": "message",
        "id": str(uuid.uuid4()),
        "entry": [{"resource": {"resourceType": "Patient", "name": [{"family": citizen.family}], "x": citizen.cpr}}],
        TEXT: citizen.cpr,
    }
    httpx.post(f"{demo.url}/fhir/$process-message", json=wrong, headers=headers, timeout=30)
    httpx.post(
        f"{demo.url}/fhir/Patient/_search", data={"identifier": citizen.cpr, TEXT: TEXT}, headers=headers, timeout=30
    )


def everything_in_redis(demo: RunningDemo) -> Iterator[str]:
    """Every key and value that Redis keeps."""
    address = demo.settings.redis.address()
    assert address is not None, "the demo brings its own Redis"
    with redis.Redis.from_url(address) as client:
        for key in client.scan_iter():
            yield repr(key)
            match client.type(key):
                case b"string":
                    yield repr(client.get(key))
                case b"hash":
                    yield repr(client.hgetall(key))
                case b"list":
                    yield repr(client.lrange(key, 0, -1))
                case b"set":
                    yield repr(client.smembers(key))
                case b"zset":
                    yield repr(client.zrange(key, 0, -1))
                case b"stream":
                    yield repr(client.xrange(key))
                case other:
                    yield repr(other)


def test_no_mark_of_a_patient_is_found_where_none_may_be(
    demo: RunningDemo, office: Office, corner: Corner, citizen: Citizen
) -> None:
    address = demo.settings.redis.address()
    assert address is not None
    with redis.Redis.from_url(address) as client, client.pubsub() as told:
        told.psubscribe("*")
        walk(demo, office, corner, citizen)
        wakes = []
        while (message := told.get_message(timeout=0.2)) is not None:
            wakes.append(repr(message))
    kept = {
        "addresses": office.heard.urls,
        "frames": office.heard.frames,
        "titles": [page.title() for page in office.pages()],
        "Redis": list(everything_in_redis(demo)),
        "wake-ups": wakes,
        "metrics": [httpx.get(f"{demo.url}/metrics", timeout=30).raise_for_status().text],
        **{file.name: [file.read_text("utf-8", errors="replace")] for file in (demo.home / "logs").iterdir()},
    }

    found = [
        f"{mark} in {place}: …{text[max(0, text.find(mark) - 60) : text.find(mark) + 60]}…"
        for place, texts in kept.items()
        for text in texts
        for mark in marks_of(citizen)
        if mark in text
    ]
    assert not found, "\n".join(found)
    # What was looked through was really there.
    assert any('"event":"task-requested"' in frame for frame in office.heard.frames), office.heard.frames[:3]
    assert any("/live?ticket=" in url for url in office.heard.urls)
    assert len(wakes) > 1
    assert {"serve.log", "worker.log", "postgres.log", "redis.log"} <= kept.keys()
    assert all(office.heard.urls)
