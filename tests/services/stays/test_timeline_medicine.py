"""What was said of the medicine, as lines of the stay's timeline, for who reads medicine."""

from __future__ import annotations

import re

import pytest

from discharge.policy import Role
from tests.services.pages_house import Pages
from tests.services.stays.medicine import line_on, reconcile_task, state_lines, written
from tests.services.stays.test_timeline import ROW

NOT_OF_MEDICINE = re.compile(r"^(Frist|Over tid|Overdue|Deadline|Taget|Taken|Gennemgå|Go through|Svar på|Answer the)")


@pytest.fixture
async def stay(pages: Pages) -> str:
    """A discharged citizen with medicine: asked about, answered, decided, opened."""
    stay = await pages.stay()
    await written(pages, stay)
    signed = await pages.post(Role.DOCTOR, f"/ward/stays/{stay}/medicine/sign-off", {"override": "Datteren henter"})
    assert signed.status_code in {303, 422}
    await pages.house.home()
    at = f"/tasks/{await reconcile_task(pages)}"
    line = await line_on(pages, at, "Furosemid")
    await pages.post(Role.GP, f"{at}/medicine/{line}", {"verdict": "ask", "text": "Mål for vægten?"})
    await pages.post(Role.WARD, f"/stays/{stay}/medicine/answer/{line}", {"text": "68 kg"})
    await pages.post(Role.GP, f"{at}/medicine/{line}", {"agree": "yes"})
    await pages.post(Role.HOME_NURSE, f"/stays/{stay}/medicine/open/{line}", {"text": "Tager kun en"})
    return stay


async def told(pages: Pages, stay: str, role: Role, code: str = "da") -> list[tuple[str, str, str]]:
    """What the timeline says of medicine: lane, title, detail."""
    shown = await pages.get(role, f"/stays/{stay}?view=table&lang={code}")
    assert shown.status_code == 200
    rows = [tuple(re.sub(r"<[^>]+>", "", cell).strip() for cell in row) for row in ROW.findall(shown.text)]
    return [
        (lane, title, detail)
        for lane, title, detail in rows
        if re.search("edicin|faktisk tages", title) and not NOT_OF_MEDICINE.search(title)
    ]


async def test_who_said_what_of_the_medicine_stands_in_the_lane_of_their_place(pages: Pages, stay: str) -> None:
    lines = await told(pages, stay, Role.HOME_NURSE)

    titles = [title for _, title, _ in lines]
    assert titles.count("En medicinliste er ændret") == 2, "a list that was written line by line is told of once"
    assert [(lane, title, detail.partition(" · ")[0]) for lane, title, detail in lines if "ist" not in title] == [
        ("Egen læge", "Egen læge spørger om medicinen", "Furosemid"),
        ("Sygehus", "Afdelingen har svaret om medicinen", "Furosemid"),
        ("Egen læge", "Egen læge har taget stilling til medicinen", "Furosemid"),
        ("Kommune", "En medicinlinje skal ses på igen", "Furosemid"),
    ]
    assert ("Sygehus", "Lægen har godkendt medicinlisten") in [(lane, title) for lane, title, _ in lines]
    assert all(" · " in detail for _, _, detail in lines), "each says who"


async def test_english_readers_have_it_in_english(pages: Pages, stay: str) -> None:
    lines = await told(pages, stay, Role.HOME_NURSE, "en")

    assert "The GP asks about the medicine" in [title for _, title, _ in lines]
    assert not [title for _, title, _ in lines if re.search("[æøå]", title)]


async def test_words_of_a_question_and_an_opening_do_not_stand_on_the_timeline(pages: Pages, stay: str) -> None:
    shown = (await pages.get(Role.HOME_NURSE, f"/stays/{stay}")).text

    assert "Mål for vægten?" not in shown
    assert "68 kg" not in shown
    assert "Tager kun en" not in shown


async def test_who_reads_no_medicine_has_none_on_the_timeline(pages: Pages, stay: str) -> None:
    shown = (await pages.get(Role.VISITATOR, f"/stays/{stay}")).text

    assert "Furosemid" not in shown
    assert await told(pages, stay, Role.VISITATOR) == []


async def test_what_is_seen_at_home_and_what_is_joined_are_told_with_their_place(pages: Pages, stay: str) -> None:
    home = {"name": "Paracetamol", "strength": "500 mg", "form": "tablet", "amount": "2", "times": "3"}
    await state_lines(pages, stay, "now", home, role=Role.HOME_NURSE)
    one, other = [await line_on(pages, f"/stays/{stay}/medicine", name) for name in ("Spironolacton", "Ibuprofen")]
    pair: dict[str, str | list[str]] = {"line": one, "other": other, "same": "yes"}
    joined = await pages.post(Role.GP, f"/stays/{stay}/medicine/pair", pair)
    assert joined.status_code == 303

    found = await told(pages, stay, Role.GP)

    assert ("Kommune", "Nu") in [(lane, detail.partition(" · ")[0]) for lane, _, detail in found]
    assert [lane for lane, title, _ in found if title == "Medicin er koblet sammen eller skilt ad"] == ["Egen læge"]
