"""The practice and the medicine: signed with a gap, decided line by line, asked about, answered, closed. All see it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from playwright.sync_api import Locator, Page, expect

from discharge.policy import Role
from tests.journeys.country import Corner, Course
from tests.journeys.office import Office, await_live, card_of, is_same_page, mark_page, row_of, show_new, stay_in
from tests.journeys.test_access import NARROW, WIDE, faults_of
from tests.running import RunningDemo

pytestmark = [pytest.mark.browser, pytest.mark.journey]

TITLE = "Gennemgå medicin"
A4 = b"/MediaBox [0 0 595.91998 842.88]"
FUROSEMID = {"Lægemiddel": "Furosemid", "Styrke": "40 mg", "Form": "tablet", "Hvor meget": "1"}
METFORMIN = {"Lægemiddel": "Metformin", "Styrke": "500 mg", "Form": "tablet", "Hvor meget": "1"}
PANTOPRAZOL = {"Lægemiddel": "Pantoprazol", "Styrke": "40 mg", "Form": "tablet", "Hvor meget": "1"}


def write_line(page: Page, texts: Mapping[str, str], times: str = "1") -> None:
    """One line of a list, by hand."""
    form = page.locator("#line-form")
    for label, text in {**texts, "Hvor mange gange om dagen": times}.items():
        form.get_by_label(label, exact=True).fill(text)
    form.get_by_role("button", name="Gem linjen").click()
    expect(page.locator("#lines")).to_contain_text(texts["Lægemiddel"])


def edit_line(page: Page, name: str) -> Locator:
    """The form of a line that is there."""
    page.locator("#lines li").filter(has_text=name).get_by_role("link", name="Ret").click()
    form = page.locator("#line-form")
    expect(form.get_by_label("Lægemiddel", exact=True)).to_have_value(name)
    return form


def line(page: Page, name: str) -> Locator:
    """A row of the table."""
    return page.locator("table.med tr[id^='line-']").filter(has=page.locator("th b", has_text=name))


def write_lists(doctor: Page, stay: str) -> None:
    """What was taken before, and what the patient goes home with: one dose up, one stopped without a reason."""
    doctor.goto(f"/ward/stays/{stay}/medicine")
    expect(doctor.locator("main")).to_contain_text("Ingen har skrevet en medicinliste")
    doctor.get_by_role("link", name="Skriv listen før").click()
    doctor.get_by_label("Navn eller ATC-kode").fill("furo")
    doctor.get_by_role("button", name="Søg").click()
    doctor.get_by_role("link", name="Furosemid 40 mg tablet").click()
    expect(doctor.get_by_label("Lægemiddel", exact=True)).to_have_value("Furosemid")
    for texts in (FUROSEMID, METFORMIN, PANTOPRAZOL):
        write_line(doctor, texts)
    doctor.get_by_role("link", name="Til medicinen").click()
    doctor.get_by_role("link", name="Skriv listen ved udskrivelse").click()
    doctor.get_by_role("button", name="Begynd med listen „før“").click()
    form = edit_line(doctor, "Furosemid")
    form.get_by_label("Hvor meget", exact=True).fill("2")
    form.get_by_label("Hvorfor er den ny").fill("Vand i lungerne")
    form.get_by_label("Med hjem").fill("20 tabletter")
    form.get_by_role("button", name="Gem linjen").click()
    form = edit_line(doctor, "Metformin")
    form.get_by_label("Status").select_option("stopped")
    form.get_by_role("button", name="Gem linjen").click()
    expect(doctor.locator("#lines")).to_contain_text("Stoppet")
    doctor.get_by_role("link", name="Til medicinen").click()


def sign(office: Office, doctor: Page) -> None:
    """Press first, be asked why, and say it."""
    expect(doctor.locator("#h-sign")).to_contain_text("1 ting mangler, før patienten går hjem")
    expect(doctor.locator("main")).to_contain_text("Ændret uden grund")
    office.expected.add("422")
    doctor.get_by_role("button", name="Godkend medicinlisten").click()
    expect(doctor.locator("main")).to_contain_text("Skriv, hvorfor du godkender, selv om noget mangler.")
    doctor.get_by_label("Skriv hvorfor").fill("Nyretallet mangler endnu")
    doctor.get_by_role("button", name="Godkend medicinlisten").click()
    expect(doctor.locator("main")).to_contain_text("Godkendt, selv om noget manglede: Nyretallet mangler endnu")


def agree_and_ask(gp: Page, board: Page, nurse: Page) -> None:
    """One line is agreed to, one is asked about: ward and nurse see both, and closing has to wait."""
    line(gp, "Furosemid").get_by_role("button", name="Enig").click()
    expect(line(gp, "Furosemid")).to_contain_text("Enig ·")
    expect(line(nurse, "Furosemid")).to_contain_text("Enig ·")
    line(gp, "Metformin").get_by_text("Spørg", exact=True).click()
    line(gp, "Metformin").get_by_label("Hvad skal ændres").fill("Hvorfor er den stoppet?")
    line(gp, "Metformin").get_by_role("button", name="Send svar").click()
    expect(line(gp, "Metformin")).to_contain_text("Spurgt afdelingen")
    expect(line(board, "Metformin")).to_contain_text("Hvorfor er den stoppet?")
    expect(nurse.locator("main")).to_contain_text("1 af dem venter på afdelingen.")
    gp.get_by_role("button", name="Afslut afstemning").focus()
    gp.keyboard.press("Enter")
    expect(gp.get_by_role("alert")).to_contain_text("Der er linjer uden svar")
    await_live(gp)
    mark_page(gp)


def answer_and_close(gp: Page, board: Page, nurse: Page) -> None:
    """The ward's answer stands on the practice's line; it decides what is left, and closes."""
    line(board, "Metformin").get_by_label("Svar til egen læge").fill("eGFR 28 den 19.11.")
    line(board, "Metformin").get_by_role("button", name="Send svar").click()
    expect(line(gp, "Metformin")).to_contain_text("eGFR 28 den 19.11.")
    assert is_same_page(gp)
    line(gp, "Metformin").get_by_role("button", name="Enig").click()
    expect(line(gp, "Metformin")).to_contain_text("Enig ·")
    gp.get_by_role("button", name="Enig i den uændrede").click()
    expect(gp.locator(".closebar")).to_contain_text("3 af 3 besvaret.")
    gp.get_by_role("button", name="Afslut afstemning").click()
    expect(gp.get_by_role("heading", name="Udført")).to_be_visible()
    expect(nurse.locator("main")).to_contain_text("Egen læge har taget stilling til alle linjer.")


def test_the_medicine_goes_round_and_comes_back_before_their_eyes(
    demo: RunningDemo, office: Office, corner: Corner
) -> None:
    citizen = corner.citizen(0)
    course = Course(demo, corner, citizen)
    course.admit()
    board = office.sits(Role.WARD, corner.ward)
    stay = stay_in(row_of(board, citizen.name))
    doctor = office.sits(Role.DOCTOR, corner.ward)
    write_lists(doctor, stay)
    sign(office, doctor)
    course.discharge()

    # The practice has its task; ward and nurse have the medicine open.
    gp = office.sits(Role.GP, corner.practice)
    await_live(gp)
    show_new(gp, card_of(gp, stay, TITLE))
    board.goto(f"/ward/stays/{stay}/medicine")
    nurse = office.sits(Role.HOME_NURSE, corner.unit, path=f"/stays/{stay}/medicine")
    await_live(board, nurse)
    expect(nurse.locator("main")).to_contain_text("3 linjer venter på egen læge.")
    mark_page(board, nurse)
    card_of(gp, stay, TITLE).get_by_role("link", name=TITLE).click()
    expect(gp.locator(".pbar")).to_contain_text("Svarer for behandlingen")
    expect(line(gp, "Furosemid")).to_contain_text("Dosis op")
    expect(line(gp, "Metformin")).to_contain_text("Ingen grund skrevet")
    expect(gp.locator("main")).to_contain_text("Godkendt, selv om noget manglede: Nyretallet mangler endnu")

    agree_and_ask(gp, board, nurse)
    assert is_same_page(board)
    # The question is a duty of the ward's, and the answer is that duty done.
    doctor.goto(f"/stays/{stay}")
    expect(doctor.locator("main")).to_contain_text("Svar på spørgsmålet om medicinen")
    answer_and_close(gp, board, nurse)
    doctor.reload()
    expect(doctor.locator("main")).to_contain_text("Udført: Svar på spørgsmålet om medicinen")
    assert is_same_page(nurse)

    # The nurse sees something else at home: the line is open again, and the ward sees it too.
    await_live(board)
    mark_page(board)
    line(nurse, "Furosemid").get_by_text("Passer ikke i hjemmet").click()
    line(nurse, "Furosemid").get_by_label("Hvad ser du i hjemmet?").fill("Tager kun en")
    line(nurse, "Furosemid").get_by_role("button", name="Send til egen læge").click()
    expect(line(board, "Furosemid")).to_contain_text("Tager kun en")
    assert is_same_page(board)


def goes_home_with_a_list(
    demo: RunningDemo, office: Office, corner: Corner, number: int, *, script: bool
) -> tuple[Page, Page, str]:
    """The ward's page, the practice's inbox and the stay of a citizen who went home with one medicine."""
    citizen = corner.citizen(number)
    course = Course(demo, corner, citizen)
    course.admit()
    ward = office.sits(Role.WARD, corner.ward, context=office.context(script=script))
    stay = stay_in(row_of(ward, citizen.name))
    ward.goto(f"/stays/{stay}/medicine/lists/at-discharge")
    write_line(ward, FUROSEMID)
    course.discharge()
    return ward, office.sits(Role.GP, corner.practice, context=office.context(script=script)), stay


def ask_about_furosemid(gp: Page, stay: str) -> None:
    """The practice opens the medicine from its inbox, and asks about the line."""
    card_of(gp, stay, TITLE).get_by_role("link", name=TITLE).click()
    line(gp, "Furosemid").get_by_text("Spørg", exact=True).click()
    line(gp, "Furosemid").get_by_label("Hvad skal ændres").fill("Hvad fik hun før?")
    line(gp, "Furosemid").get_by_role("button", name="Send svar").click()
    expect(line(gp, "Furosemid")).to_contain_text("Spurgt afdelingen")


def test_the_wards_board_says_at_once_that_the_practice_asks(demo: RunningDemo, office: Office, corner: Corner) -> None:
    board, gp, stay = goes_home_with_a_list(demo, office, corner, 2, script=True)
    board.goto("/ward")
    await_live(board)
    row = board.locator(f"#stay-{stay}")
    expect(row).not_to_contain_text("Egen læge spørger")
    mark_page(board)

    ask_about_furosemid(gp, stay)

    expect(row.get_by_role("link", name="Egen læge spørger om medicin")).to_be_visible()
    assert is_same_page(board)
    assert not faults_of(board, "a board with a question", (WIDE, NARROW), ("light", "dark"))
    row.get_by_role("link", name="Egen læge spørger om medicin").click()
    expect(line(board, "Furosemid")).to_contain_text("Hvad fik hun før?")


def test_without_script_the_practice_answers_all_the_same(demo: RunningDemo, office: Office, corner: Corner) -> None:
    ward, gp, stay = goes_home_with_a_list(demo, office, corner, 1, script=False)

    ask_about_furosemid(gp, stay)
    ward.goto(f"/ward/stays/{stay}/medicine")
    line(ward, "Furosemid").get_by_label("Svar til egen læge").fill("Det vides ikke")
    line(ward, "Furosemid").get_by_role("button", name="Send svar").click()
    gp.reload()

    line(gp, "Furosemid").get_by_role("button", name="Enig").click()
    gp.get_by_role("button", name="Afslut afstemning").click()
    expect(gp.get_by_role("heading", name="Udført")).to_be_visible()


def test_the_citizens_list_is_printed_on_a4_without_the_frame_of_the_page(office: Office) -> None:
    doctor = office.sits(Role.DOCTOR, "999000000001001")
    stay = stay_in(row_of(doctor, "Gerda Modelgaard"))
    doctor.goto(f"/stays/{stay}/medicine/print")
    expect(doctor.get_by_role("button", name="Udskriv")).to_be_visible()

    paper = doctor.pdf(format="A4")
    doctor.emulate_media(media="print")

    assert A4 in paper
    for hidden in (".top", ".foot", "[data-print]", ".printfoot"):
        expect(doctor.locator(hidden)).not_to_be_visible()
    for said in ("Udskrevet på papir 20.11.2026", "Hvorfor: Muskelsmerter", "Det skal du ikke tage mere.", "ring 112"):
        expect(doctor.locator("main")).to_contain_text(said)


def test_the_medicines_pages_have_no_fault_that_axe_can_find(office: Office) -> None:
    practice, ward, home = "999000000003001", "999000000001001", "999000000002000"
    gp = office.sits(Role.GP, practice)
    faults = []
    office.expected.add("422")
    for name in ("Gerda Modelgaard", "Ellen Øvelund", "Svend Attrap"):
        gp.goto("/gp")
        mine = gp.locator(".card").filter(has_text=name).filter(has=gp.locator("h3", has_text=TITLE))
        mine.locator("h3 a").first.click()
        expect(gp.locator(".pagetitle").first).to_have_text("Medicinafstemning")
        faults += faults_of(gp, f"the practice's table, {name}", (WIDE, NARROW), ("light", "dark"))
        gp.set_viewport_size({"width": WIDE, "height": 900})
    gp.goto("/gp")
    mine = gp.locator(".card").filter(has_text="Ellen Øvelund").filter(has=gp.locator("h3", has_text=TITLE))
    mine.locator("h3 a").first.click()
    line(gp, "Empagliflozin").get_by_text("Spørg", exact=True).click()
    line(gp, "Empagliflozin").get_by_role("button", name="Send svar").click()
    expect(gp.locator("main")).to_contain_text("Skriv, hvad du spørger om.")
    faults += faults_of(gp, "a question without words", (WIDE, NARROW), ("light", "dark"))
    stay = gp.locator("main").get_attribute("data-watch")
    nurse = office.sits(Role.HOME_NURSE, home, path=f"/stays/{stay}/medicine?rest=show")
    faults += faults_of(nurse, "the nurse's table", (WIDE, NARROW), ("light", "dark"))
    doctor = office.sits(Role.DOCTOR, ward)
    planned = stay_in(row_of(doctor, "Agnete Prøvesen"))
    for path in (
        f"/ward/stays/{planned}/medicine",
        f"/ward/stays/{stay}/medicine",
        f"/stays/{planned}/medicine/lists/at-discharge?q=furo",
        f"/stays/{planned}/medicine/print",
    ):
        doctor.set_viewport_size({"width": WIDE, "height": 900})
        doctor.goto(path)
        faults += faults_of(doctor, path, (WIDE, NARROW), ("light", "dark"))
    assert not faults, "\n".join(faults)
