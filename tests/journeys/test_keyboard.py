"""The keyboard does everything, and keeps its place while others work."""

from __future__ import annotations

import re
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from discharge.policy import Role
from services.demo.courses import WARD
from tests.journeys.country import Corner, Course
from tests.journeys.office import Office, await_live, card_of, row_of, stay_in, task_in
from tests.running import RunningDemo

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PAUSE: Final = "Sæt besøg, mad og dosispakning på pause"
RESUME: Final = "Start ydelserne igen"
GONE: Final = "Gerda Modelgaard"


def active(page: Page) -> str:
    """Which card, row or field has the focus, and what is focused in it."""
    said: str = page.evaluate(
        "() => { const at = document.activeElement, item = at.closest('.card, tr.row');"
        " return `${item?.id ?? ''} ${at.tagName} ${at.textContent.trim().slice(0, 40)}`; }"
    )
    return said


def test_a_nurse_works_without_a_mouse(demo: RunningDemo, office: Office, corner: Corner) -> None:
    citizen = corner.citizen(0)
    course = Course(demo, corner, citizen)
    course.admit()
    page = office.sits(Role.HOME_NURSE, corner.unit)
    await_live(page)
    cards = page.locator(".card")
    stay = stay_in(cards.first)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Gå til indhold")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()

    page.keyboard.press("j")
    expect(cards.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(cards.nth(0)).to_be_focused()

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Genveje")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Genveje")).to_be_hidden()
    expect(cards.nth(0)).to_be_focused()

    task = task_in(cards.nth(0))
    card = page.locator(f"#task-{task}")
    page.keyboard.press("a")
    expect(card).to_contain_text("Taget")
    expect(card.get_by_role("button", name="Fortryd")).to_be_visible()
    expect(card).to_be_focused()
    page.keyboard.press("u")
    expect(card.get_by_role("button", name="Tag opgave")).to_be_visible()
    expect(card).to_be_focused()

    course.discharge()
    expect(page.locator("#newpill")).to_contain_text("1 ny")
    expect(card).to_be_focused()
    page.keyboard.press("n")
    expect(card_of(page, stay, RESUME)).to_be_focused()

    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=RESUME)).to_be_visible()
    await_live(page)
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Du har den")).to_be_visible()
    await_live(page)
    page.keyboard.press("a")
    expect(page.get_by_role("heading", name="Udført", exact=True)).to_be_visible()


def test_the_board_is_found_through_and_walked_by_keys(demo: RunningDemo, office: Office) -> None:
    page = office.sits(Role.WARD, WARD)
    await_live(page)
    rows = page.locator("tr.row")

    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("modelg")
    expect(rows.and_(page.locator(":visible"))).to_have_count(1)
    expect(row_of(page, GONE)).to_be_visible()
    for _ in "modelg":
        page.keyboard.press("Backspace")
    expect(rows.and_(page.locator(":visible"))).to_have_count(rows.count())
    page.locator("#main").focus()
    page.keyboard.press("j")
    expect(rows.first.locator(".who a")).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1).locator(".who a")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("Klar til at gå hjem|Udskrevet"))).to_be_visible()


def test_shortcuts_can_be_switched_off(demo: RunningDemo, office: Office, corner: Corner) -> None:
    page = office.sits(Role.WARD, corner.ward)
    page.locator("summary.me").click()
    page.get_by_role("button", name="Slå genveje fra").click()
    await_live(page)

    page.keyboard.press("/")
    page.keyboard.press("?")
    expect(page.locator("#q")).not_to_be_focused()
    expect(page.get_by_role("dialog", name="Genveje")).to_be_hidden()


def test_the_focus_outlives_what_others_do(demo: RunningDemo, office: Office, corner: Corner) -> None:
    citizen = corner.citizen(1)
    Course(demo, corner, citizen).admit()
    page = office.sits(Role.HOME_NURSE, corner.unit)
    board = office.sits(Role.WARD, corner.ward)
    colleague = office.sits(Role.VISITATOR, corner.municipality)
    await_live(page, board, colleague)
    card = page.locator(".card").filter(has_text=citizen.name).filter(has_text=PAUSE)
    task = task_in(card)
    card.get_by_role("button", name="Tag opgave").focus()
    row = row_of(board, citizen.name)
    row.locator(".who a").focus()
    before = active(page), active(board)

    colleague.goto(f"/tasks/{task}")

    expect(page.locator(f"#task-{task}")).to_contain_text("Set")
    expect(row).to_contain_text("Set")
    assert (active(page), active(board)) == before
