"""Writing where the connection may go: nothing that was written is lost, and whom it is about stays in sight."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from discharge.policy import Role
from tests.journeys.country import Corner, Course
from tests.journeys.office import Office, await_live, row_of, stay_in
from tests.running import RunningDemo

pytestmark = [pytest.mark.browser, pytest.mark.journey]

WORDS = "Har borgeren sin rollator med hjem?"
NOT_SENT = "Ikke sendt: der er ingen forbindelse. Det, du har skrevet, står her endnu."


def lies_under_the_patient(page: Page) -> bool:
    """Whether the bar about the connection leaves the patient's name free."""
    patient, bar = page.locator(".pbar").bounding_box(), page.locator("#bars .bar").bounding_box()
    assert patient is not None
    assert bar is not None
    return bar["y"] >= patient["y"] + patient["height"] - 1


@pytest.mark.parametrize("width", [1280, 390])
def test_a_message_sent_without_connection_stands_there_until_it_is_sent(
    demo: RunningDemo, office: Office, corner: Corner, width: int
) -> None:
    citizen = corner.citizen(11 if width == 390 else 9)
    Course(demo, corner, citizen).admit()
    board = office.sits(Role.WARD, corner.ward)
    await_live(board)
    stay = stay_in(row_of(board, citizen.name))
    context = office.context(width=width)
    nurse = office.sits(Role.HOME_NURSE, corner.unit, context=context, path=f"/stays/{stay}/conversations/new")
    nurse.locator("#f-recipient").select_option(index=1)
    nurse.locator("#f-category").select_option("discharge")
    nurse.locator("#f-text").fill(WORDS)
    nurse.locator("#f-phone").fill("70 00 01 01")

    context.set_offline(offline=True)
    nurse.locator("main button.go").click()
    expect(nurse.locator("#bars")).to_contain_text(NOT_SENT)
    expect(nurse.locator("#f-text")).to_have_value(WORDS)
    assert lies_under_the_patient(nurse)

    context.set_offline(offline=False)
    expect(nurse.locator("#bars .bar")).to_have_count(0)
    nurse.locator("main button.go").click()
    expect(nurse.locator(".turn .said")).to_have_text(WORDS)


def test_a_lost_connection_is_told_under_the_patients_name(demo: RunningDemo, office: Office, corner: Corner) -> None:
    citizen = corner.citizen(10)
    Course(demo, corner, citizen).admit()
    board = office.sits(Role.WARD, corner.ward)
    await_live(board)
    stay = stay_in(row_of(board, citizen.name))
    context = office.context(width=390)
    page = office.sits(Role.WARD, corner.ward, context=context, path=f"/stays/{stay}")
    await_live(page)
    office.expected.update(("ERR_", "WebSocket connection"))

    context.set_offline(offline=True)
    expect(page.locator("#bars")).to_contain_text("Ingen forbindelse siden kl.")

    assert lies_under_the_patient(page)
    context.set_offline(offline=False)
