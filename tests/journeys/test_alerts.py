"""The alert budget, as the one who is interrupted and the one who leads meet it."""

from __future__ import annotations

import re
from typing import Any, Final

import orjson
import pytest
from playwright.sync_api import WebSocketRoute, expect

from discharge.policy import Role
from tests.journeys.country import Corner, Course
from tests.journeys.office import Office, await_live
from tests.journeys.test_access import violations
from tests.running import RunningDemo

pytestmark = [pytest.mark.browser, pytest.mark.journey]

GROUPED: Final = "samlet uden varsel: vagtens varsler er brugt"
CALLED: Final = "En opgave kalder på svar"
BIRKELUND: Final = "999000000002000"


def as_reminders(route: WebSocketRoute, *, silent: set[int]) -> None:
    """Let each entry come as the reminder of a task; those at ``silent`` places beyond the budget of the shift."""
    server = route.connect_to_server()
    seen = 0

    def passed(message: str | bytes) -> None:
        nonlocal seen
        frame: dict[str, Any] = orjson.loads(message)
        if frame["type"] == "entry":
            frame["event"] = "task-reminder"
            if seen in silent:
                frame["rings"] = False
            seen += 1
        route.send(orjson.dumps(frame).decode())

    server.on_message(passed)


def test_what_is_beyond_the_budget_is_counted_beside_the_pill_and_not_said(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    context = office.context()
    context.route_web_socket(re.compile("/live"), lambda route: as_reminders(route, silent={0, 1, 2}))
    nurse = office.sits(Role.HOME_NURSE, corner.unit, context=context)
    await_live(nurse)
    course = Course(demo, corner, corner.citizen(0))

    course.admit()

    expect(nurse.locator("#grouped")).to_have_text(f"3 {GROUPED}")
    expect(nurse.locator("#newpill")).to_contain_text("3 nye")
    assert CALLED not in nurse.locator("#announce").inner_text()
    assert "nye" not in nurse.locator("#announce").inner_text()

    course.discharge()

    expect(nurse.locator("#announce")).to_contain_text(CALLED)
    expect(nurse.locator("#announce")).to_contain_text(GROUPED)


def test_a_leader_sees_who_was_interrupted_and_whom_a_place_has_on_call(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    nurse = office.sits(Role.HOME_NURSE, corner.unit)
    await_live(nurse)
    course = Course(demo, corner, corner.citizen(1))
    course.admit()
    course.discharge()
    expect(nurse.locator("#newpill")).to_contain_text("straks")
    leader = office.sits(Role.LEADER, corner.municipality, path="/alerts")
    row = leader.locator("section[aria-labelledby=h-people] tbody tr")
    for _ in range(20):
        if row.count():
            break
        leader.wait_for_timeout(250)
        leader.reload()

    expect(row).to_have_count(1)
    expect(row).to_contain_text("Hjemmesygeplejerske")
    assert int(row.locator("td b").first.inner_text()) >= 1
    expect(leader.locator("#h-people + p")).to_have_text("Ingen har fået over 12 på en vagt de sidste 7 dage")
    leader.set_viewport_size({"width": 390, "height": 844})
    expect(row.get_by_role("cell", name="Denne vagt")).to_be_visible()
    assert leader.evaluate("() => document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("lang", ["da", "en"])
def test_the_demos_alerts_are_sound_at_every_width(office: Office, width: int, lang: str) -> None:
    context = office.context(width=width, lang=lang)

    page = office.sits(Role.LEADER, BIRKELUND, context=context, path="/alerts")

    book = page.locator("section[aria-labelledby=h-book]")
    expect(book).to_contain_text("ledervagt.birkelund@demo.example")
    expect(book.locator(".note")).to_contain_text("mail")
    assert violations(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
