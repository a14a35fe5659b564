"""The pharmacist reads the medicine of the ward's patients and comments; nurse and practice see it at once."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from discharge.policy import Role
from services.demo.courses import WARD
from tests.journeys.office import Office, await_live, is_same_page, mark_page
from tests.journeys.test_access import NARROW, NORTH, PRACTICE, THEMES, WIDE, faults_of

pytestmark = [pytest.mark.browser, pytest.mark.journey]

CITIZEN, REMARK = "Gerda Modelgaard", "Vej dagligt de første to uger."


def line(page: Page, name: str) -> Locator:
    """A row of the table."""
    return page.locator("table.med tr[id^='line-']").filter(has=page.locator("th b", has_text=name))


def begin_remark(page: Page, name: str) -> Locator:
    """The form under a line, opened."""
    row = line(page, name)
    row.get_by_text("Skriv en bemærkning").click()
    expect(row.get_by_role("button", name="Gem bemærkningen")).to_be_visible()
    return row


def test_a_comment_reaches_nurse_and_practice_while_they_look(office: Office) -> None:
    pharmacist = office.sits(Role.PHARMACIST, WARD)
    await_live(pharmacist)
    expect(pharmacist.get_by_role("link", name="Samtaler")).to_have_count(0)
    pharmacist.get_by_role("link", name=CITIZEN).click()
    pharmacist.wait_for_url("**/medicine")
    path = pharmacist.evaluate("location.pathname")
    nurse = office.sits(Role.HOME_NURSE, NORTH, path=path)
    gp = office.sits(Role.GP, PRACTICE, path=path)
    await_live(pharmacist, nurse, gp)
    mark_page(nurse, gp)
    before = line(gp, "Furosemid").locator(".decide").inner_text()

    row = begin_remark(pharmacist, "Furosemid")
    row.get_by_label("Bemærkning om Furosemid").fill(REMARK)
    row.get_by_role("button", name="Gem bemærkningen").click()

    for page in (pharmacist, nurse, gp):
        expect(line(page, "Furosemid")).to_contain_text(f"„{REMARK}“")
        expect(line(page, "Furosemid")).to_contain_text("Farmaceut")
    assert is_same_page(nurse)
    assert is_same_page(gp)
    assert "Venter på egen læge" in before
    expect(line(gp, "Furosemid")).to_contain_text("Venter på egen læge")


def test_what_is_being_written_is_not_thrown_away_by_news(office: Office) -> None:
    pharmacist = office.sits(Role.PHARMACIST, WARD)
    pharmacist.get_by_role("link", name=CITIZEN).click()
    pharmacist.wait_for_url("**/medicine")
    nurse = office.sits(Role.HOME_NURSE, NORTH, path=pharmacist.evaluate("location.pathname"))
    await_live(pharmacist, nurse)
    mine = begin_remark(pharmacist, "Metoprolol").get_by_label("Bemærkning om Metoprolol")
    mine.fill("Puls under 50?")

    other = begin_remark(nurse, "Losartan")
    other.get_by_label("Bemærkning om Losartan").fill("Blodtryk målt 105/60.")
    other.get_by_role("button", name="Gem bemærkningen").click()

    expect(pharmacist.locator("#bars")).to_contain_text("Hent igen")
    expect(mine).to_have_value("Puls under 50?")


def test_the_pharmacists_pages_have_no_fault_that_axe_can_find(office: Office) -> None:
    office.expected.add("422")
    pharmacist = office.sits(Role.PHARMACIST, WARD)
    expect(pharmacist.get_by_role("heading", name="Medicin", exact=True)).to_be_visible()
    faults = faults_of(pharmacist, "whose medicine", (WIDE, NARROW), THEMES)
    pharmacist.get_by_role("link", name=CITIZEN).click()
    pharmacist.wait_for_url("**/medicine")
    begin_remark(pharmacist, "Furosemid")
    faults += faults_of(pharmacist, "a form under a line", (WIDE, NARROW), THEMES)
    line(pharmacist, "Furosemid").get_by_role("button", name="Gem bemærkningen").click()
    expect(pharmacist.get_by_role("alert")).to_be_visible()
    expect(pharmacist.locator("main")).to_contain_text("Skriv din bemærkning.")
    faults += faults_of(pharmacist, "a comment without words", (WIDE, NARROW), THEMES)
    assert not faults, "\n".join(faults)
