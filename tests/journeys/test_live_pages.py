"""Pages that stay true while they are open: new things wait, changes keep their place, the age of the page is told."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from discharge.policy import Role
from tests.journeys.country import Corner, Course, set_forward
from tests.journeys.office import (
    Office,
    await_live,
    card_of,
    is_same_page,
    mark_page,
    row_of,
    show_new,
    stay_in,
    task_in,
)
from tests.running import RunningDemo

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PAUSE = "Sæt besøg, mad og dosispakning på pause"
RESUME = "Start ydelserne igen"
REPORT = "Send indlæggelsesrapport"
OFFLINE = "Ingen forbindelse siden kl."
BACK = "Forbundet igen kl."


@contextmanager
def stopped(demo: RunningDemo, name: str) -> Iterator[None]:
    """Hold a process still: it keeps its sockets and answers nobody."""
    pid = demo.pid(name)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def places_of(page: Page) -> dict[str, float]:
    """Where each card of the page stands, from the top of the list."""
    found: dict[str, float] = page.evaluate(
        "() => Object.fromEntries([...document.querySelectorAll('.card')].map(card => [card.id, card.offsetTop]))"
    )
    return found


def bar_of(page: Page) -> Locator:
    """The sign that says how far the page can be trusted."""
    return page.locator("#bars")


def test_new_tasks_wait_behind_a_pill_and_move_nothing(demo: RunningDemo, office: Office, corner: Corner) -> None:
    Course(demo, corner, corner.citizen(0)).admit()
    nurse = office.sits(Role.HOME_NURSE, corner.unit)
    await_live(nurse)
    expect(nurse.locator(".card").first).to_be_visible()
    before = places_of(nurse)

    course = Course(demo, corner, corner.citizen(1))
    course.admit()
    pill = nurse.locator("#newpill")
    expect(pill).to_contain_text("3 nye")
    expect(pill).to_contain_text("2 haster")
    course.discharge()
    expect(pill).to_contain_text("3 nye")
    expect(pill).to_contain_text("1 straks")
    assert places_of(nurse) == before

    pill.click()
    expect(nurse.locator(".card")).to_have_count(len(before) + 3)
    expect(pill).to_be_hidden()
    focused = nurse.locator(".card:focus")
    expect(focused).to_contain_text(RESUME)
    expect(focused).to_contain_text("Straks")


def test_new_tasks_go_in_by_themselves_when_nobody_touches_the_page(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    context = office.context()
    context.clock.install()
    nurse = office.sits(Role.HOME_NURSE, corner.unit, context=context)
    await_live(nurse)
    Course(demo, corner, corner.citizen(2)).admit()
    expect(nurse.locator("#newpill")).to_contain_text("3 nye")
    expect(nurse.locator(".card").filter(has_text=corner.citizen(2).name)).to_have_count(0)

    nurse.clock.fast_forward(31_000)

    expect(nurse.locator(".card").filter(has_text=corner.citizen(2).name)).to_have_count(3)
    expect(nurse.locator("#newpill")).to_be_hidden()


def test_a_task_that_a_colleague_takes_stays_in_its_place(demo: RunningDemo, office: Office, corner: Corner) -> None:
    citizen = corner.citizen(3)
    Course(demo, corner, citizen).admit()
    nurse = office.sits(Role.HOME_NURSE, corner.unit)
    colleague = office.sits(Role.VISITATOR, corner.municipality)
    await_live(nurse, colleague)
    card = nurse.locator(".card").filter(has_text=citizen.name).filter(has_text=PAUSE)
    task, stay = task_in(card), stay_in(card)
    card.focus()
    before = places_of(nurse)

    card_of(colleague, stay, PAUSE).get_by_role("button", name="Tag opgave").click()

    taken = nurse.locator(f"#task-{task}")
    expect(taken).to_contain_text("har den")
    assert places_of(nurse) == before
    expect(taken).to_be_focused()


def test_a_silent_server_is_told_at_once_and_nothing_is_missing_afterwards(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    Course(demo, corner, corner.citizen(4)).admit()
    context = office.context()
    context.clock.install()
    nurse = office.sits(Role.HOME_NURSE, corner.unit, context=context)
    await_live(nurse)
    mark_page(nurse)
    office.expected.update(("ERR_", "WebSocket connection"))

    with stopped(demo, "serve"):
        nurse.clock.fast_forward(26_000)
        expect(bar_of(nurse)).to_contain_text("Forbindelsen er ustabil")
        nurse.clock.fast_forward(16_000)
        expect(bar_of(nurse)).to_contain_text(OFFLINE)
        expect(nurse.locator("#live-word strong")).to_have_text("Ikke live")
        expect(nurse.locator(".card").first).to_have_class(re.compile("is-stale"))
        nurse.get_by_role("button", name="Tag opgave").first.click()
        expect(bar_of(nurse)).to_contain_text(re.compile(f"Ikke sendt|{OFFLINE}"))
        nurse.clock.fast_forward(60_000)
        expect(bar_of(nurse).get_by_role("alert")).to_contain_text("Stol ikke på den")

    expect(bar_of(nurse)).to_contain_text(BACK)
    expect(bar_of(nurse)).to_contain_text("ntet mangler")
    await_live(nurse)
    expect(nurse.locator(".card.is-stale")).to_have_count(0)
    assert is_same_page(nurse)


def test_what_happened_during_a_cut_is_there_afterwards(demo: RunningDemo, office: Office, corner: Corner) -> None:
    citizen, later = corner.citizen(5), corner.citizen(6)
    course = Course(demo, corner, citizen)
    course.admit()
    context = office.context()
    nurse = office.sits(Role.HOME_NURSE, corner.unit, context=context)
    board = office.sits(Role.WARD, corner.ward)
    await_live(nurse, board)
    mark_page(nurse)
    stay = stay_in(row_of(board, citizen.name))
    office.expected.update(("ERR_", "WebSocket connection"))

    context.set_offline(offline=True)
    expect(bar_of(nurse)).to_contain_text(OFFLINE)
    course.discharge()
    Course(demo, corner, later).admit()
    context.set_offline(offline=False)

    expect(bar_of(nurse)).to_contain_text(BACK)
    expect(bar_of(nurse)).to_contain_text("ændringer hentet, intet mangler")
    show_new(nurse, card_of(nurse, stay, RESUME), nurse.locator(".card").filter(has_text=later.name).nth(1))
    assert is_same_page(nurse)


def test_a_server_that_is_killed_comes_back_and_the_page_with_it(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    nurse = office.sits(Role.HOME_NURSE, corner.unit)
    await_live(nurse)
    mark_page(nurse)
    office.expected.update(("ERR_", "WebSocket connection"))

    demo.kill("serve")
    expect(nurse.locator("#live-word strong")).to_have_text("Ikke live")
    demo.await_ready()
    await_live(nurse)
    Course(demo, corner, corner.citizen(7)).admit()

    show_new(nurse, nurse.locator(".card").filter(has_text=corner.citizen(7).name).nth(1))
    assert is_same_page(nurse)


def test_the_clock_of_an_open_page_follows_the_demo_and_late_becomes_late(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    citizen = corner.citizen(8)
    Course(demo, corner, citizen).admit()
    nurse = office.sits(Role.HOME_NURSE, corner.unit)
    await_live(nurse)
    mark_page(nurse)
    report = nurse.locator(".card").filter(has_text=citizen.name).filter(has_text=REPORT)
    expect(report).to_contain_text("Haster")

    at = set_forward(demo, "PT17M")

    expect(report).to_contain_text("over tid")
    expect(report).to_contain_text("Over tid")
    # The page counts on from what it was told last, so it may show a later minute by the time we look.
    minutes = [at + timedelta(minutes=later) for later in range(5)]
    shown = "|".join(f"{(minute.hour + 1) % 24:02}[.]{minute.minute:02}" for minute in minutes)
    expect(nurse.locator("#clock")).to_have_text(re.compile(f"^({shown})$"))
    assert is_same_page(nurse)
