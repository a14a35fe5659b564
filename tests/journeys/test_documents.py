"""Reports come in, one of two is settled by the ward before everybody's eyes, and a withdrawn one says what it left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from discharge.policy import Role
from tests import reports
from tests.journeys.country import Citizen, Corner, Course, now_in
from tests.journeys.office import Office, await_live, is_same_page, mark_page, row_of, stay_in
from tests.journeys.test_access import NARROW, THEMES, WIDE, faults_of
from tests.running import RunningDemo

pytestmark = [pytest.mark.browser, pytest.mark.journey]

DISPOSITION = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
IN_WORDS = reports.composition(
    reports.section("8648-8", "Forløb", "<p>Indlagt efter fald i hjemmet. Ingen brud.</p>"),
    reports.section("75311-1", "Medicin", "<p>Furix 40 mg, 1 tablet morgen. Pinex efter behov.</p>"),
)


class Post:
    """The record system of a corner's ward sends reports about one citizen who has gone home."""

    def __init__(self, demo: RunningDemo, corner: Corner, citizen: Citizen) -> None:
        self._demo, self._corner, self._citizen = demo, corner, citizen
        course = Course(demo, corner, citizen)
        course.admit()
        course.discharge()

    def about(self, **more: str) -> dict[str, Any]:
        """Whose report it is, for the makers of reports."""
        return {"cpr": self._citizen.cpr, "hospital": self._corner.ward} | more

    def send(self, bundle: reports.Json) -> str:
        """The id of the report that was filed."""
        now = now_in(self._demo)
        encounter = reports.resource_of(bundle, "Encounter")
        encounter["period"] = {"start": (now - timedelta(minutes=3)).isoformat(), "end": now.isoformat()}
        answer = httpx.post(
            f"{self._demo.url}/fhir/Bundle",
            content=reports.body(bundle),
            headers=self._demo.bearer(Role.SYSTEM, self._corner.ward) | {"content-type": "application/fhir+json"},
            timeout=60,
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])


def goes_home(bundle: reports.Json) -> None:
    """The report says in a code where the patient goes."""
    hospitalization = {"dischargeDisposition": reports.concept("home", "Hjem", DISPOSITION)}
    reports.resource_of(bundle, "Encounter")["hospitalization"] = hospitalization


def sound(page: Page, where: str) -> None:
    """Nothing is wrong with the page for assistive technology, and nothing is cut off."""
    assert not faults_of(page, where, (WIDE, NARROW), THEMES)
    page.set_viewport_size({"width": WIDE, "height": 900})


def test_of_two_reports_the_ward_settles_which_counts_and_everybody_sees_it(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    citizen = corner.citizen(0)
    post = Post(demo, corner, citizen)
    first = post.send(reports.whole(**post.about()))
    second = post.send(reports.report(header=IN_WORDS, **post.about(identifier="urn:uuid:in-words")))
    ward = office.sits(Role.WARD, corner.ward)
    stay = stay_in(row_of(ward, citizen.name))
    nurse = office.sits(Role.HOME_NURSE, corner.unit, path=f"/stays/{stay}/documents/{first}")
    expect(nurse.locator("main")).to_contain_text("Afdelingen afklarer det")
    await_live(nurse)
    mark_page(nurse)

    ward.goto(f"/stays/{stay}/documents/{second}")
    expect(ward.get_by_role("heading", name="Hvilken rapport gælder?")).to_be_visible()
    sound(ward, "a report in question")
    office.expected.add("422")
    ward.get_by_label("Rapporten her er ikke vores").check()
    ward.get_by_role("button", name="Gem afklaringen").click()
    expect(ward.locator("main")).to_contain_text("Skriv, hvorfor rapporten ikke er jeres.")
    sound(ward, "a word that lacks its reason")
    ward.get_by_label("Rapporten her er den nyeste").check()
    ward.get_by_label("Hvorfor?").fill("Lægen har skrevet den om")
    ward.get_by_role("button", name="Gem afklaringen").click()

    expect(ward.get_by_role("heading", name="Hvilken rapport gælder?")).to_have_count(0)
    expect(ward.locator("main")).to_contain_text("Lægen har skrevet den om")
    sound(ward, "a report that was settled")
    expect(nurse.locator("main")).to_contain_text("Erstattet af en nyere udgave")
    assert is_same_page(nurse)

    ward.get_by_role("button", name="Fortryd").click()
    expect(ward.locator("main")).to_contain_text("fortrudt af")
    expect(nurse.locator("main")).to_contain_text("Afdelingen afklarer det")


def test_what_a_report_filled_is_confirmed_or_goes_with_it(demo: RunningDemo, office: Office, corner: Corner) -> None:
    citizen = corner.citizen(1)
    post = Post(demo, corner, citizen)
    report = post.send(reports.whole(goes_home, **post.about()))
    ward = office.sits(Role.WARD, corner.ward)
    stay = stay_in(row_of(ward, citizen.name))
    ward.goto(f"/stays/{stay}/documents/{report}")
    expect(ward.locator("main")).to_contain_text("Feltet var tomt og er udfyldt fra rapporten")
    expect(ward.get_by_role("button", name="Det passer: Eget hjem")).to_be_visible()
    sound(ward, "a whole report")

    error = reports.whole_header(
        identifier=reports.IDENTIFIER, status="entered-in-error", date=now_in(demo).isoformat(timespec="seconds")
    )
    post.send(reports.whole(header=error, **post.about(identifier="urn:uuid:error")))

    ward.reload()
    expect(ward.locator("main")).to_contain_text("Trukket tilbage")
    expect(ward.locator("main")).to_contain_text("er taget ud af planen igen")
    expect(ward.get_by_role("button", name="Overtag i planen")).to_have_count(0)
    sound(ward, "a withdrawn report")
    ward.goto(f"/ward/stays/{stay}")
    expect(ward.locator("main")).to_contain_text("taget ud, for udskrivningsrapporten gælder ikke mere")


def test_report_in_words_alone_is_sound_for_the_nurse(demo: RunningDemo, office: Office, corner: Corner) -> None:
    citizen = corner.citizen(2)
    post = Post(demo, corner, citizen)
    report = post.send(reports.report(header=IN_WORDS, **post.about()))
    ward = office.sits(Role.WARD, corner.ward)
    stay = stay_in(row_of(ward, citizen.name))

    nurse = office.sits(Role.HOME_NURSE, corner.unit, path=f"/stays/{stay}/documents/{report}")

    expect(nurse.locator("main")).to_contain_text("Furix 40 mg, 1 tablet morgen")
    expect(nurse.locator("main")).to_contain_text("står kun som tekst")
    sound(nurse, "a report in words")
