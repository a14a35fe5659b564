"""Every page in English as in Danish: by a switch that stays, with the language named and nothing left behind."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final

import orjson
import pytest
from babel.messages.pofile import read_po
from playwright.sync_api import Page, expect

from discharge.policy import Role
from services.demo.people import TOP
from services.demo.seed import master_file
from tests.journeys.country import Corner, Course
from tests.journeys.office import Office, await_live, row_of, stay_in
from tests.running import RunningDemo

pytestmark = [pytest.mark.browser, pytest.mark.journey]

# Little words that no English sentence and no name in this file's corner has.
DANISH: Final = re.compile(
    r"\b(og|ikke|til|fra|med|eller|efter|har|skal|kan|er|det|der|den|som|på|af|ingen|ny|nye|om|siden)\b",
    re.IGNORECASE,
)


def danish_sentences() -> frozenset[str]:
    """Every Danish text of the pages that has another English one."""
    source = files("services.web") / "locale" / "en" / "LC_MESSAGES" / "stafet.po"
    with source.open("rb") as file:
        catalogue = read_po(file, locale="en")
    return frozenset(
        message.id for message in catalogue if isinstance(message.id, str) and message.id != message.string
    )


def names_of_places() -> re.Pattern[str]:
    """The demo's organisations, which are called the same in every language."""
    names = sorted((place["name"] for place in orjson.loads(master_file("organizations.json"))), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, names)))


def texts_of(page: Page) -> list[str]:
    """All texts and names of a page, but for the other language's own name and for people and places."""
    found: list[str] = page.evaluate(
        """() => {
          const texts = [document.title];
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
          while (walker.nextNode()) {
            if (!walker.currentNode.parentElement.closest('[lang="da"], .person')) {
              texts.push(walker.currentNode.textContent.trim());
            }
          }
          for (const named of document.querySelectorAll('[aria-label], [placeholder], [title]')) {
            for (const name of ['aria-label', 'placeholder', 'title']) {
              if (named.hasAttribute(name)) texts.push(named.getAttribute(name).trim());
            }
          }
          return texts.filter(text => text);
        }"""
    )
    return found


def left_behind(page: Page) -> list[str]:
    """Danish on an English page."""
    known, places = danish_sentences(), names_of_places()
    return [text for text in texts_of(page) if text in known or DANISH.search(places.sub("", text)) is not None]


def hold_english(page: Page, *paths: str) -> None:
    """The page as it stands, then each path, is English."""
    for path in (None, *paths):
        if path is not None:
            page.goto(path)
        expect(page.locator("html")).to_have_attribute("lang", "en")
        assert left_behind(page) == [], page.url


def test_the_switch_on_the_first_page_is_kept(demo: RunningDemo, office: Office, corner: Corner) -> None:
    context = office.context()
    page = context.new_page()
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "da")
    assert left_behind(page), "the search finds Danish on a Danish page"

    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Who are you today?")
    hold_english(page)
    hold_english(office.sits(Role.WARD, corner.ward, context=context))


def test_the_ward_works_in_english(demo: RunningDemo, office: Office, corner: Corner) -> None:
    citizen = corner.citizen(0)
    course = Course(demo, corner, citizen)
    course.admit()
    board = office.sits(Role.WARD, corner.ward, context=office.context(lang="en"))
    stay = stay_in(row_of(board, citizen.name))
    hold_english(board, "/ward?show=late", "/ward/begin", f"/ward/stays/{stay}")

    board.get_by_label("Home on").fill("20 Nov 2026")
    board.get_by_label("Leaves at").fill("15:00")
    board.get_by_role("button", name="Send plan").click()
    expect(board.get_by_role("heading", name="Plan 1")).to_be_visible()
    hold_english(board)
    course.discharge()
    hold_english(board, f"/ward/stays/{stay}", f"/stays/{stay}", f"/stays/{stay}?view=table", "/ward")


def test_a_nurse_works_in_english(demo: RunningDemo, office: Office, corner: Corner) -> None:
    course = Course(demo, corner, corner.citizen(1))
    course.admit()
    course.discharge()
    nurse = office.sits(Role.HOME_NURSE, corner.unit, context=office.context(lang="en"))
    await_live(nurse)
    Course(demo, corner, corner.citizen(2)).admit()
    expect(nurse.locator("#newpill")).to_contain_text("3 new")
    hold_english(nurse)

    task = nurse.locator(".card").filter(has_text=corner.citizen(1).name).get_by_role("link", name="Resume services")
    task.click()
    expect(nurse.get_by_role("button", name="Take task")).to_be_visible()
    hold_english(nurse)
    nurse.get_by_role("button", name="Take task").click()
    expect(nurse.get_by_role("heading", name="You have it")).to_be_visible()
    hold_english(nurse, "/municipality")


def test_doctor_and_operator_work_in_english(demo: RunningDemo, office: Office, corner: Corner) -> None:
    office.expected.update(("403", "404"))
    doctor = office.sits(Role.GP, corner.practice, context=office.context(lang="en"))
    hold_english(doctor, "/gp?show=mine", "/operator", "/tasks/00000000-0000-7000-8000-000000000000")
    operator = office.sits(Role.OPERATOR, TOP, context=office.context(lang="en"))
    hold_english(operator)
