"""What a nurse finds at home comes back to the practice line by line: what differs is open again, and nothing else."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from discharge.policy import Role
from tests.journeys.country import Corner, Course
from tests.journeys.office import Office, await_live, card_of, is_same_page, mark_page, row_of, stay_in
from tests.journeys.test_medication import FUROSEMID, METFORMIN, TITLE, line, write_line
from tests.running import RunningDemo

pytestmark = [pytest.mark.browser, pytest.mark.journey]


def test_what_is_taken_at_home_opens_the_line_that_differs_and_no_other(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    citizen = corner.citizen(5)
    course = Course(demo, corner, citizen)
    course.admit()
    doctor = office.sits(Role.DOCTOR, corner.ward)
    stay = stay_in(row_of(doctor, citizen.name))
    doctor.goto(f"/stays/{stay}/medicine/lists/at-discharge")
    for texts in (FUROSEMID, METFORMIN):
        write_line(doctor, texts)
    course.discharge()

    gp = office.sits(Role.GP, corner.practice)
    card_of(gp, stay, TITLE).get_by_role("link", name=TITLE).click()
    line(gp, "Metformin").get_by_role("button", name="Enig").click()
    expect(line(gp, "Metformin")).to_contain_text("Enig ·")
    # Enter sends what is chosen and written, and never the first button that stands there.
    line(gp, "Furosemid").get_by_text("Ændr", exact=True).click()
    line(gp, "Furosemid").get_by_label("Hvad skal ændres").fill("Halv dosis i stedet")
    line(gp, "Furosemid").get_by_role("radio", name="Ændr").press("Enter")
    expect(line(gp, "Furosemid")).to_contain_text("Halv dosis i stedet")
    expect(line(gp, "Furosemid")).not_to_contain_text("Enig ·")
    await_live(gp)
    mark_page(gp)

    nurse = office.sits(Role.HOME_NURSE, corner.unit, path=f"/stays/{stay}/medicine")
    nurse.get_by_role("link", name="Skriv, hvad der tages hjemme").click()
    expect(nurse.locator("#lines")).to_contain_text("0 linjer")
    nurse.get_by_role("button", name="Begynd med listen „ved udskrivelse“").click()
    expect(line(gp, "Metformin")).to_contain_text("Enig ·")
    expect(gp.locator("main")).to_contain_text("set i hjemmet")
    expect(gp.locator(".closebar")).to_contain_text("2 af 2 besvaret.")

    nurse.locator("#lines li").filter(has_text="Furosemid").get_by_role("link", name="Ret").click()
    nurse.locator("#line-form").get_by_label("Hvor meget", exact=True).fill("2")
    nurse.locator("#line-form").get_by_role("button", name="Gem linjen").click()
    expect(line(gp, "Furosemid")).to_contain_text("passer ikke")
    expect(gp.locator(".closebar")).to_contain_text("1 af 2 besvaret.")
    expect(line(gp, "Metformin")).to_contain_text("Enig ·")
    assert is_same_page(gp)
