"""A Friday before noon: admitted by message, planned and discharged by the ward, taken on at home, seen by the ward."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from discharge.policy import Role
from tests.journeys.country import Citizen, Corner, Course
from tests.journeys.office import (
    Office,
    await_live,
    card_of,
    is_same_page,
    mark_page,
    proof_on,
    row_of,
    show_new,
    stay_in,
    task_in,
)
from tests.running import RunningDemo

pytestmark = [pytest.mark.browser, pytest.mark.journey]

PAUSE = "Sæt besøg, mad og dosispakning på pause"
RESUME = "Start ydelserne igen"
PUBLISHED = Path(__file__).resolve().parents[2].parent / "shared" / "medcom" / "examples"


def admitted(demo: RunningDemo, corner: Corner, citizen: Citizen, board: Page) -> str:
    """Admit somebody by message, and return the stay as the ward's board shows it after a reload."""
    Course(demo, corner, citizen).admit()
    board.goto("/ward")
    return stay_in(row_of(board, citizen.name))


def discharge(board: Page, stay: str, reason: str = "Plads mangler, resten ringes ind") -> None:
    """Mark a patient as gone although things are missing."""
    board.goto(f"/ward/stays/{stay}")
    board.get_by_label("Skriv hvorfor").fill(reason)
    board.get_by_role("button", name="Markér udskrevet").click()
    expect(board.get_by_role("heading", name="Udskrevet")).to_be_visible()


def plan_for_today(plan: Page) -> None:
    """What the ward knows before noon."""
    plan.get_by_label("Hjem den").fill("20.11.2026")
    plan.get_by_label("Afgang kl.").fill("1500")
    plan.get_by_role("radio", name="Sikker", exact=True).check()
    plan.get_by_label("Hjemmesygepleje").check()
    plan.get_by_role("button", name="Send plan").click()
    expect(plan.get_by_role("heading", name="Plan 1")).to_be_visible()


def discharge_at_once(plan: Page, reason: str) -> None:
    """Press first, and be asked why."""
    plan.get_by_role("button", name="Markér udskrevet").click()
    expect(plan.get_by_role("alert").first).to_contain_text("Ikke gemt")
    plan.get_by_label("Skriv hvorfor").fill(reason)
    plan.get_by_role("radio", name="Nu", exact=True).check()
    plan.get_by_role("button", name="Markér udskrevet").click()
    expect(plan.get_by_role("heading", name="Udskrevet")).to_be_visible()
    expect(plan.locator("main")).to_contain_text(reason)


def test_from_a_message_to_a_nurse_who_has_taken_it_on(demo: RunningDemo, office: Office, corner: Corner) -> None:
    citizen = corner.citizen(0)
    board = office.sits(Role.WARD, corner.ward)
    nurse = office.sits(Role.HOME_NURSE, corner.unit)
    colleague = office.sits(Role.HOME_NURSE, corner.municipality)
    doctor = office.sits(Role.GP, corner.practice)
    everybody = (board, nurse, colleague, doctor)
    await_live(*everybody)
    mark_page(*everybody)

    # STIN by message: the ward has a patient, the municipality two tasks, in two browsers, without a reload.
    Course(demo, corner, citizen).admit()
    expect(board.locator("#newpill")).to_contain_text("1 ny")
    row = row_of(board, citizen.name)
    show_new(board, row)
    expect(row).to_contain_text("Ikke sat")
    stay = stay_in(row)
    for page in (nurse, colleague):
        show_new(page, card_of(page, stay, PAUSE), card_of(page, stay, "Send indlæggelsesrapport"))
        expect(card_of(page, stay, PAUSE)).to_contain_text(citizen.name)

    # The ward plans, and marks the patient as gone: telephone and medicine are missing, so it says why.
    office.expected.add("422")
    plan = office.sits(Role.WARD, corner.ward, path=f"/ward/stays/{stay}")
    plan_for_today(plan)
    expect(row).to_contain_text("15.00")
    discharge_at_once(plan, "Datteren henter medicinen i dag")

    # Delivered: both nurses and the doctor have it on their pages.
    for page in (nurse, colleague):
        show_new(page, card_of(page, stay, RESUME))
        expect(card_of(page, stay, RESUME)).to_contain_text("Hjemmesygepleje")
        assert is_same_page(page)
    task = task_in(card_of(nurse, stay, RESUME))
    expect(proof_on(board, task)).to_contain_text("Leveret")
    show_new(doctor, card_of(doctor, stay, "Læs epikrisen"), card_of(doctor, stay, "Gennemgå medicinen"))

    # Seen, by opening it; the reason stands there.
    card_of(nurse, stay, RESUME).get_by_role("link", name=RESUME).click()
    expect(nurse.locator("main")).to_contain_text("Datteren henter medicinen i dag")
    expect(proof_on(board, task)).to_contain_text("Set")

    # Taken.
    nurse.get_by_role("button", name="Tag opgave").click()
    expect(nurse.get_by_role("heading", name="Du har den")).to_be_visible()
    expect(proof_on(board, task)).to_contain_text("Taget")
    expect(card_of(colleague, stay, RESUME)).to_contain_text("har den")

    # Done.
    nurse.get_by_role("button", name="Markér udført").click()
    expect(nurse.get_by_role("heading", name="Udført")).to_be_visible()
    expect(proof_on(board, task)).to_contain_text("Udført")
    expect(card_of(colleague, stay, RESUME)).to_contain_text("Udført")
    assert is_same_page(board)
    assert is_same_page(colleague)
    assert is_same_page(doctor)


def test_undoing_a_discharge_takes_the_tasks_back_before_their_eyes(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    board = office.sits(Role.WARD, corner.ward)
    stay = admitted(demo, corner, corner.citizen(1), board)
    nurse, doctor = office.sits(Role.HOME_NURSE, corner.unit), office.sits(Role.GP, corner.practice)
    await_live(nurse, doctor)
    mark_page(nurse, doctor)
    discharge(board, stay)
    show_new(nurse, card_of(nurse, stay, RESUME))
    show_new(doctor, card_of(doctor, stay, "Læs epikrisen"))

    board.get_by_role("button", name="Fortryd udskrivelse").click()

    expect(card_of(nurse, stay, RESUME)).to_contain_text("Trukket tilbage")
    expect(card_of(nurse, stay, RESUME).locator("h3 del")).to_be_visible()
    expect(card_of(doctor, stay, "Læs epikrisen")).to_contain_text("Trukket tilbage")
    expect(board.get_by_role("button", name="Markér udskrevet")).to_be_visible()
    assert is_same_page(nurse)
    assert is_same_page(doctor)


def test_a_rejected_task_stands_at_the_next_party(demo: RunningDemo, office: Office, corner: Corner) -> None:
    board = office.sits(Role.WARD, corner.ward)
    stay = admitted(demo, corner, corner.citizen(2), board)
    nurse, duty = office.sits(Role.HOME_NURSE, corner.unit), office.sits(Role.HOME_NURSE, corner.municipality)
    await_live(nurse, duty, board)
    mark_page(duty, board)
    first = task_in(card_of(nurse, stay, PAUSE))

    card_of(nurse, stay, PAUSE).get_by_role("link", name="Afvis").click()
    rejection = nurse.locator('form[action$="/reject"]')
    rejection.get_by_label("Hvorfor?").fill("Flyttet til distrikt Vest")
    rejection.get_by_role("button", name="Afvis opgaven").click()

    expect(nurse.get_by_role("heading", name="Afvist")).to_be_visible()
    expect(duty.locator(f"#task-{first}")).to_contain_text("Afvist")
    waiting = card_of(duty, stay, PAUSE).filter(has=duty.get_by_role("button", name="Tag opgave"))
    show_new(duty, waiting)
    second = task_in(waiting)
    assert second != first
    expect(proof_on(board, second)).to_contain_text("Leveret")
    expect(proof_on(board, first)).to_contain_text("Afvist")
    board.goto(f"/ward/stays/{stay}")
    expect(board.locator("main")).to_contain_text("Flyttet til distrikt Vest")


def test_of_two_who_press_at_once_one_wins_and_the_other_sees_who(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    board = office.sits(Role.WARD, corner.ward)
    stay = admitted(demo, corner, corner.citizen(3), board)
    both = office.sits(Role.HOME_NURSE, corner.unit), office.sits(Role.VISITATOR, corner.municipality)
    await_live(*both)
    names = [page.locator(".menu-box b").first.text_content() or "" for page in both]
    task = task_in(card_of(both[0], stay, PAUSE))
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    for page in both:
        page.route("**/tasks/*/accept", hold)
        page.locator(f"#task-{task}").get_by_role("button", name="Tag opgave").click()
        expect(page.locator(f"#task-{task}")).to_contain_text("Du har den · gemmer …")
    office.expected.add("409")

    for route in held:
        route.continue_()

    lost = "tog den først, kl."
    for page in both:
        expect(page.locator(f"#task-{task}")).not_to_have_class(re.compile("busy"))
    losers = [page for page in both if page.locator(f"#task-{task}").get_by_text(lost).count()]
    assert len(losers) == 1
    loser = both.index(losers[0])
    card = losers[0].locator(f"#task-{task}")
    winner = names[1 - loser].split()[0]
    expect(card).to_contain_text(f"{winner}")
    expect(card).to_contain_text("Intet er gemt fra dig")
    expect(card.get_by_role("button", name="Næste opgave")).to_be_visible()


def test_another_time_is_proposed_by_the_nurse_and_agreed_by_the_ward(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    board = office.sits(Role.WARD, corner.ward)
    stay = admitted(demo, corner, corner.citizen(4), board)
    discharge(board, stay)
    nurse = office.sits(Role.HOME_NURSE, corner.unit)
    await_live(nurse)
    task = task_in(card_of(nurse, stay, RESUME))
    board.goto(f"/tasks/{task}")
    await_live(board)
    mark_page(board)

    nurse.goto(f"/tasks/{task}")
    proposal = nurse.locator('form[action$="/propose-time"]')
    proposal.get_by_label("Klokkeslæt").fill("18.30")
    proposal.get_by_role("button", name="Send forslag").click()
    expect(nurse.locator("main")).to_contain_text("Afventer nyt tidspunkt")
    await_live(nurse)
    mark_page(nurse)

    expect(board.locator("main")).to_contain_text("Afventer nyt tidspunkt")
    assert is_same_page(board)
    board.get_by_role("button", name="Godkend tidspunktet").click()
    expect(nurse.locator("main")).not_to_contain_text("Afventer nyt tidspunkt")
    assert is_same_page(nurse)
    nurse.get_by_role("button", name="Tag opgave").click()
    expect(nurse.locator("aside").first).to_contain_text("kl.\N{NO-BREAK SPACE}18.30")


def test_messages_are_sent_from_the_command_line_and_print_ok(
    demo: RunningDemo, office: Office, corner: Corner, tmp_path: Path
) -> None:
    own = Course(demo, corner, corner.citizen(5)).written(tmp_path)
    published = [
        PUBLISHED / f"hn-3.0.2-{name}.json"
        for name in ("STIN-admit-inpatient-reportOfAdmission", "SLHJ-discharge-inpatient-home")
    ]
    files = [*own, *(file for file in published if file.exists())]

    done = demo.run("send", *files, "--home", demo.home)

    assert done.returncode == 0, done.stdout + done.stderr
    assert [line.rpartition(": ")[2] for line in done.stdout.splitlines()] == ["ok"] * len(files)
    nurse = office.sits(Role.HOME_NURSE, corner.unit)
    expect(nurse.locator(".card h3").filter(has_text=RESUME).first).to_be_visible()
