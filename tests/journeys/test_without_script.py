"""Reading and acting by plain links and forms: a browser that runs no script loses nothing but the counting."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from discharge.policy import Role
from services.web.people import demo_person
from tests.journeys.country import Corner, Course
from tests.journeys.office import Office, row_of, stay_in
from tests.running import RunningDemo

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PAUSE = "Sæt besøg, mad og dosispakning på pause"
RESUME = "Start ydelserne igen"


def plain(office: Office, role: Role, place: str) -> Page:
    """Somebody signed in without script."""
    return office.sits(role, place, context=office.context(script=False))


def test_a_nurse_signs_in_reads_opens_takes_and_completes(demo: RunningDemo, office: Office, corner: Corner) -> None:
    citizen = corner.citizen(0)
    Course(demo, corner, citizen).admit()
    name = demo_person(Role.HOME_NURSE, corner.unit).name
    page = office.context(script=False).new_page()

    page.goto("/")
    page.get_by_role("region", name="Kommune").locator("summary").click()
    page.get_by_role("button", name=name).filter(has_text=f"{corner.name} Øst").click()
    expect(page.get_by_role("heading", name="Opgaver", level=1)).to_be_visible()
    card = page.locator(".card").filter(has_text=citizen.name).filter(has_text=PAUSE)
    card.get_by_role("link", name=PAUSE).click()
    expect(page.locator(".proofs li").nth(1)).to_contain_text("dig")
    page.get_by_role("button", name="Tag opgave").click()
    expect(page.get_by_role("heading", name="Du har den")).to_be_visible()
    page.get_by_role("link", name="Til listen").click()
    mine = page.locator(".card").filter(has_text=citizen.name).filter(has_text=PAUSE)
    expect(mine).to_contain_text("Du har den")
    mine.get_by_role("button", name="Udført").click()
    page.get_by_role("link", name="udført i dag").click()
    expect(page.locator(".card").filter(has_text=citizen.name).filter(has_text=PAUSE)).to_contain_text("Udført")
    page.locator("summary.me").click()
    page.get_by_role("button", name="Log ud").click()
    expect(page.get_by_role("heading", name="Hvem er du i dag?")).to_be_visible()


def test_a_ward_begins_plans_discharges_and_undoes(demo: RunningDemo, office: Office, corner: Corner) -> None:
    citizen = corner.citizen(1)
    page = plain(office, Role.WARD, corner.ward)
    office.expected.add("422")

    page.get_by_role("link", name="Begynd ophold").first.click()
    page.get_by_role("button", name="Begynd ophold").click()
    expect(page.get_by_role("alert")).to_contain_text("Ikke gemt. Ret 2 felter")
    page.get_by_label("CPR-nummer").fill(f"{citizen.cpr[:6]}-{citizen.cpr[6:]}")
    page.get_by_label("Fornavn").fill(citizen.given)
    page.get_by_label("Efternavn").fill(citizen.family)
    page.get_by_label("Kommune", exact=True).select_option(label=f"{corner.name} Kommune")
    page.get_by_label("Seng").fill("21")
    page.get_by_role("button", name="Begynd ophold").click()
    expect(page.get_by_role("heading", name=citizen.name, level=1)).to_be_visible()

    page.get_by_label("Hjem den").fill("20.11.2026")
    page.get_by_label("Afgang kl.").fill("kvart i tre")
    page.get_by_role("button", name="Send plan").click()
    expect(page.get_by_role("alert")).to_contain_text("Afgang kl.")
    expect(page.get_by_label("Afgang kl.")).to_have_value("kvart i tre")
    page.get_by_label("Afgang kl.").fill("14.45")
    page.get_by_text("Sandsynlig", exact=True).click()
    page.get_by_label("Hjemmesygepleje").check()
    page.get_by_label("Telefon til afsnittet").fill("70 00 00 42")
    page.get_by_label("Medicin med hjem til og med").fill("21.11.2026")
    page.get_by_role("button", name="Send plan").click()
    expect(page.get_by_role("heading", name="Plan 1")).to_be_visible()

    page.get_by_role("button", name="Meld færdigbehandlet").click()
    expect(page.locator("main")).to_contain_text("Meldt færdigbehandlet")
    page.get_by_role("radio", name="Nu", exact=True).check()
    page.get_by_label("Skriv hvorfor").fill("Resten ringes ind")
    page.get_by_role("button", name="Markér udskrevet").click()
    expect(page.get_by_role("heading", name="Udskrevet")).to_be_visible()
    doctor = plain(office, Role.GP, corner.practice)
    nurse = plain(office, Role.HOME_NURSE, corner.unit)
    expect(nurse.locator(".card").filter(has_text=citizen.name).filter(has_text=RESUME)).to_be_visible()

    page.get_by_role("button", name="Fortryd udskrivelse").click()
    expect(page.get_by_role("button", name="Markér udskrevet")).to_be_visible()
    nurse.reload()
    expect(nurse.locator(".card").filter(has_text=citizen.name).filter(has_text=RESUME)).to_have_count(0)
    expect(doctor.get_by_role("heading", name="Indbakke", level=1)).to_be_visible()


def test_a_ward_writes_with_a_file_and_the_nurse_reads_and_answers(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    citizen = corner.citizen(4)
    Course(demo, corner, citizen).admit()
    ward, nurse = plain(office, Role.WARD, corner.ward), plain(office, Role.HOME_NURSE, corner.unit)
    stay = stay_in(row_of(ward, citizen.name))

    ward.goto(f"/stays/{stay}")
    ward.get_by_role("link", name="Skriv besked").click()
    ward.get_by_label("Til", exact=True).select_option(label=f"{corner.name} Kommune")
    ward.get_by_label("Kategori").select_option(label="Hjælpemidler")
    ward.get_by_label("Besked", exact=True).fill("Kan I nå en seng til i morgen?")
    ward.get_by_label("Dit telefonnummer").fill("70 00 00 42")
    ward.get_by_label("Filer").set_input_files(
        {"name": "Funktionsevne.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 example"}
    )
    ward.get_by_role("button", name="Send besked").click()
    expect(ward.locator(".turn")).to_contain_text("Kan I nå en seng til i morgen?")

    nurse.goto("/conversations")
    nurse.get_by_role("link", name=citizen.family).first.click()
    expect(nurse.locator(".turn")).to_contain_text("Funktionsevne")
    with nurse.expect_download() as saved:
        nurse.get_by_role("link", name="Funktionsevne").click()
    assert saved.value.suggested_filename == "Funktionsevne.pdf"
    nurse.get_by_label("Besked", exact=True).fill("Den kommer kl. 14.")
    nurse.get_by_label("Dit telefonnummer").fill("20 30 40 50")
    nurse.get_by_role("button", name="Send svar").click()
    expect(nurse.locator(".turn")).to_have_count(2)
    ward.reload()
    expect(ward.locator(".turn").nth(1)).to_contain_text("Den kommer kl. 14.")


def test_the_board_is_searched_and_filtered_by_forms_and_links(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    for number in (2, 3):
        Course(demo, corner, corner.citizen(number)).admit()
    page = plain(office, Role.WARD, corner.ward)
    wanted, other = corner.citizen(2), corner.citizen(3)

    page.get_by_label("Find patient på seng eller navn").fill(wanted.family)
    page.keyboard.press("Enter")
    expect(row_of(page, wanted.name)).to_be_visible()
    expect(row_of(page, other.name)).to_have_count(0)
    assert wanted.family not in page.url
    page.goto("/ward?show=missing")
    expect(row_of(page, other.name)).to_be_visible()
    stay = stay_in(row_of(page, wanted.name))
    page.goto(f"/stays/{stay}?view=table")
    expect(page.get_by_role("table", name="Forløb som tabel")).to_contain_text("Indlagt")
