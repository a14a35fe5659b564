"""Journey A: an older citizen with dose dispensing, in on Monday, home on Friday afternoon, handed over on Monday."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from discharge.policy import Role
from tests.journeys.country import Corner, Course, populate, set_clock
from tests.journeys.office import Office, card_of, row_of, stay_in
from tests.running import RunningDemo, running_demo

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PHONE = "70 00 00 42"


@pytest.fixture
def demo() -> Iterator[RunningDemo]:
    """A demo of this journey's own: its clock walks from Monday to Monday."""
    with running_demo("--empty", "--now", "2026-11-16T09:00:00+01:00") as running:
        populate(running)
        yield running


@pytest.fixture
def office(demo: RunningDemo, browser: Browser) -> Iterator[Office]:
    """Browsers for it."""
    opened = Office(demo, browser)
    yield opened
    opened.close()


def reopened(page: Page, path: str) -> Page:
    """The page as it is now."""
    page.goto(path)
    return page


def open_task(page: Page, stay: str, title: str) -> None:
    card_of(page, stay, title).get_by_role("link", name=title).first.click()
    expect(page.get_by_role("heading", level=2).first).to_be_visible()


def plans(page: Page, stay: str, day: str, clock: str, *needs: str) -> None:
    """The ward says when the patient is expected home, and what is needed there."""
    page.goto(f"/ward/stays/{stay}")
    page.get_by_label("Hjem den").fill(day)
    page.get_by_label("Afgang kl.").fill(clock)
    page.get_by_role("radio", name=re.compile("Sikker$")).check()
    for need in needs:
        page.get_by_label(need).check()
    page.get_by_label("Telefon til afsnittet").fill(PHONE)
    page.get_by_role("button", name="Send plan").click()
    expect(page.locator("main")).to_contain_text("tidligere planer")
    expect(page.get_by_label("Afgang kl.")).to_have_value(f"{clock[:2]}.{clock[2:]}")


def take_and_do(page: Page, path: str, stay: str, title: str) -> None:
    """Somebody takes a task on and carries it out."""
    reopened(page, path)
    card = card_of(page, stay, title)
    card.get_by_role("button", name="Tag opgave").click()
    expect(card).to_contain_text("Du har den")
    card.get_by_role("button", name="Udført").click()
    expect(card.get_by_role("button", name="Udført")).to_have_count(0)


def test_from_admission_on_monday_to_the_gp_who_takes_over_the_monday_after(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    citizen = corner.citizen(0)
    Course(demo, corner, citizen).admit()
    board = office.sits(Role.WARD, corner.ward)
    nurse = office.sits(Role.HOME_NURSE, corner.unit)
    visitator = office.sits(Role.VISITATOR, corner.unit)
    reopened(board, "/ward")
    stay = stay_in(row_of(board, citizen.name))

    # Monday: the municipality is asked at once, by district; the ward's doctor must pause the dose packs.
    for title in ("Send indlæggelsesrapport", "Sæt besøg, mad og dosispakning på pause", "Tjek, at journalen passer"):
        expect(card_of(nurse, stay, title)).to_be_visible()
    take_and_do(nurse, "/municipality", stay, "Sæt besøg, mad og dosispakning på pause")
    expect(reopened(board, f"/ward/stays/{stay}").locator("main")).to_contain_text("Sæt dosisdispenseringen på pause")

    # Tuesday noon: nobody checked the record within 24 hours.
    set_clock(demo, "2026-11-17T12:00:00+01:00")
    expect(card_of(reopened(nurse, "/municipality"), stay, "Tjek, at journalen passer")).to_contain_text("Over tid")

    # Wednesday: the plan; it moves, and the yes that was given to it no longer holds.
    set_clock(demo, "2026-11-18T10:00:00+01:00")
    plans(board, stay, "20.11.2026", "1300", "Hjemmesygepleje", "Dosispakket medicin")
    reading = "Læs plejeforløbsplanen"
    take_and_do(visitator, "/municipality", stay, reading)
    plans(board, stay, "23.11.2026", "1000")
    reopened(visitator, "/municipality")
    again = card_of(visitator, stay, reading).filter(has=visitator.get_by_role("button", name="Tag opgave"))
    expect(again).to_be_visible()

    # Friday 11:40: home today after all. The telephone comes first, and it says until when.
    set_clock(demo, "2026-11-20T11:40:00+01:00")
    plans(board, stay, "20.11.2026", "1500")
    expect(row_of(reopened(board, "/ward"), citizen.name)).to_contain_text("Ring i dag")
    board.goto(f"/ward/stays/{stay}")
    board.get_by_label("Aftalt på telefon med").fill("Visitator Karen kl. 11.45")
    board.get_by_role("button", name="Send plan").click()
    expect(board.locator("main")).to_contain_text("Visitator Karen")
    expect(row_of(reopened(board, "/ward"), citizen.name)).not_to_contain_text("Ring i dag")

    # 15:00: things are missing, so the ward says why.
    set_clock(demo, "2026-11-20T15:00:00+01:00")
    board.goto(f"/ward/stays/{stay}")
    board.get_by_label("Skriv hvorfor").fill("Medicinen følger med taxa")
    board.get_by_role("button", name="Markér udskrevet").click()
    expect(board.get_by_role("heading", name="Udskrevet")).to_be_visible()

    # 18:00, at the door: who answers? The ward, until Monday, and then the practice.
    set_clock(demo, "2026-11-20T18:00:00+01:00")
    reopened(nurse, "/municipality")
    expect(card_of(nurse, stay, "Tag imod den dosispakkede medicin igen")).to_be_visible()
    open_task(nurse, stay, "Start ydelserne igen")
    answers = nurse.locator(".answers")
    expect(answers).to_contain_text(f"Sengeafsnit {corner.name}")
    expect(answers.get_by_role("link", name=PHONE)).to_be_visible()
    expect(answers).to_contain_text(f"til ma 23.11. 15.00, derefter Lægehuset {corner.name}")

    # Monday 15:00: the practice takes over, by name.
    doctor = office.sits(Role.GP, corner.practice)
    set_clock(demo, "2026-11-23T14:30:00+01:00")
    take_and_do(doctor, "/gp", stay, "Overtag behandlingsansvaret")
    reopened(nurse, f"/stays/{stay}")
    expect(nurse.locator(".answers")).to_contain_text(f"Lægehuset {corner.name}")
    expect(nurse.locator(".answers")).not_to_contain_text("Sengeafsnit")
