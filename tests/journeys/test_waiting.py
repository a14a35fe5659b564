"""Journey C: ready to leave on Thursday, worse and better again, waiting over the weekend, home on Monday."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from discharge.policy import Role
from tests.journeys.country import Corner, Course, populate, set_clock
from tests.journeys.office import Office, card_of, row_of, stay_in
from tests.journeys.test_week import plans, reopened, take_and_do
from tests.running import RunningDemo, running_demo

pytestmark = [pytest.mark.browser, pytest.mark.journey]

TAKE_HOME = "Tag borgeren hjem, eller giv en plads"
AIDS = "Bestil hjælpemidlerne"


@pytest.fixture
def demo() -> Iterator[RunningDemo]:
    """A demo of this journey's own: its clock walks from Thursday to Monday."""
    with running_demo("--empty", "--now", "2026-11-19T08:00:00+01:00") as running:
        populate(running)
        yield running


@pytest.fixture
def office(demo: RunningDemo, browser: Browser) -> Iterator[Office]:
    """Browsers for it."""
    opened = Office(demo, browser)
    yield opened
    opened.close()


def test_from_ready_on_thursday_to_a_place_on_monday(demo: RunningDemo, office: Office, corner: Corner) -> None:
    citizen = corner.citizen(0)
    Course(demo, corner, citizen).admit()
    board = office.sits(Role.WARD, corner.ward)
    visitator = office.sits(Role.VISITATOR, corner.unit)
    stay = stay_in(row_of(reopened(board, "/ward"), citizen.name))
    plans(board, stay, "23.11.2026", "1300", "Hjemmesygepleje", "Hjælpemidler")

    # Thursday: ready. The clock runs where both see it; the aids have an owner, and a payer.
    set_clock(demo, "2026-11-19T13:00:00+01:00")
    board.goto(f"/ward/stays/{stay}")
    board.get_by_role("button", name="Meld færdigbehandlet").click()
    expect(board.locator("main")).to_contain_text("Meldt færdigbehandlet")
    expect(card_of(reopened(visitator, "/municipality"), stay, TAKE_HOME)).to_be_visible()
    card_of(visitator, stay, AIDS).get_by_role("link", name=AIDS).click()
    expect(visitator.locator("main")).to_contain_text("Kommunen betaler")

    # Worse: the mark is taken back, and the municipality's clock stops before its eyes.
    board.get_by_role("button", name="Træk færdigmelding tilbage").click()
    expect(board.get_by_role("button", name="Meld færdigbehandlet")).to_be_visible()
    expect(card_of(reopened(visitator, "/municipality"), stay, TAKE_HOME)).to_have_count(0)
    expect(reopened(visitator, f"/stays/{stay}").locator("main")).to_contain_text("Færdigmeldingen er taget tilbage")

    # Better on Friday: it runs again, and both leaders hear of it before the step.
    set_clock(demo, "2026-11-20T09:00:00+01:00")
    board.goto(f"/ward/stays/{stay}")
    board.get_by_role("button", name="Meld færdigbehandlet").click()
    expect(card_of(reopened(visitator, "/municipality"), stay, TAKE_HOME)).to_be_visible()
    leader = office.sits(Role.LEADER, corner.municipality)
    set_clock(demo, "2026-11-21T12:30:00+01:00")
    expect(card_of(reopened(leader, "/municipality"), stay, TAKE_HOME)).to_be_visible()
    expect(leader.locator("main")).not_to_contain_text(citizen.name)

    # Monday: a place is found and the aids are there; home, and nobody is asked to take home any more.
    set_clock(demo, "2026-11-23T09:00:00+01:00")
    take_and_do(visitator, "/municipality", stay, AIDS)
    board.goto(f"/ward/stays/{stay}")
    board.get_by_label("Skriv hvorfor").fill("Resten ringes ind")
    board.get_by_role("button", name="Markér udskrevet").click()
    expect(board.get_by_role("heading", name="Udskrevet")).to_be_visible()
    open_cards = card_of(reopened(visitator, "/municipality"), stay, TAKE_HOME)
    expect(open_cards.filter(has=visitator.get_by_role("button", name="Tag opgave"))).to_have_count(0)
