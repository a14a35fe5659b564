"""What the hospital told, as lines of the stay's timeline, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import orjson
import pytest

from discharge.policy import Role
from discharge.stay import NoticeKind
from tests.factories import OTHER_WARD
from tests.services.course import Course
from tests.services.installation import code_of, notification
from tests.services.pages_house import Pages, words_of

K = NoticeKind
PLACE = "Sund Sygehus, Medicinsk M1"
ROW = re.compile(r'<tr><th scope="row">.*?</th><td>(.*?)</td><td>(.*?)</td><td>(.*?)</td></tr>')
STRUCK = "~~"
NO_EFFECT = {
    "da": "Den passer ikke med forløbet, så intet er ændret. Ring til afdelingen, hvis du er i tvivl",
    "en": "It does not fit the stay, so nothing was changed. Call the ward if in doubt",
}


@pytest.fixture
def course(pages: Pages) -> Course:
    return Course(pages.house)


async def address(pages: Pages) -> str:
    return f"/stays/{await pages.house.scalar('SELECT id::text FROM stay')}"


async def hospital_lines(pages: Pages, code: str = "da") -> list[tuple[str, str]]:
    """What the table says of the hospital's lane, its own duties left out; what is struck out stands between tildes."""
    shown = await pages.get(Role.HOME_NURSE, f"{await address(pages)}?view=table&lang={code}")
    assert shown.status_code == 200
    marked = shown.text.replace("<s>", STRUCK).replace("</s>", STRUCK)
    told = [tuple(re.sub(r"<[^>]+>", "", cell).strip() for cell in row) for row in ROW.findall(marked)]
    return [
        (title, detail)
        for lane, title, detail in told
        if lane in {"Sygehus", "Hospital"} and "Send " not in title and "Frist" not in title
    ]


@pytest.mark.parametrize(
    ("kinds", "danish", "english"),
    [
        (
            [K.STIN, K.STOR, K.SLOR],
            [("Indlagt", PLACE), ("På orlov", ""), ("Tilbage fra orlov", "")],
            [("Admitted", PLACE), ("On leave", ""), ("Back from leave", "")],
        ),
        (
            [K.STIN, K.STOR, K.AN_STOR],
            [("Indlagt", PLACE), ("~~På orlov~~", "Annulleret"), ("Orloven er annulleret", "")],
            [("Admitted", PLACE), ("~~On leave~~", "Cancelled"), ("The leave was cancelled", "")],
        ),
        (
            [K.STIN, K.MORS],
            [("Indlagt", PLACE), ("Død", "Alle opgaver er lukket")],
            [("Admitted", PLACE), ("Died", "All tasks are closed")],
        ),
        (
            [K.STIN, K.MORS, K.AN_MORS],
            [("Indlagt", PLACE), ("~~Død~~", "Annulleret"), ("Meldingen om død er trukket tilbage", "")],
            [("Admitted", PLACE), ("~~Died~~", "Cancelled"), ("The notice of death was withdrawn", "")],
        ),
        (
            [K.STIN, K.SLHJ, K.AN_SLHJ],
            [("Indlagt", PLACE), ("~~Udskrevet~~", "Annulleret"), ("Udskrivelsen er annulleret", "")],
            [("Admitted", PLACE), ("~~Discharged~~", "Cancelled"), ("The discharge was cancelled", "")],
        ),
        (
            [K.STIN, K.AN_STIN],
            [("~~Indlagt~~", f"Annulleret · {PLACE}"), ("Indlæggelsen er annulleret", "")],
            [("~~Admitted~~", f"Cancelled · {PLACE}"), ("The admission was cancelled", "")],
        ),
        (
            [K.STAA, K.STIN],
            [("Akut ambulant", PLACE), ("Indlagt", PLACE)],
            [("Acute outpatient", PLACE), ("Admitted", PLACE)],
        ),
        (
            [K.STIN, K.MORS, K.SLHJ],
            [("Indlagt", PLACE), ("Død", "Alle opgaver er lukket"), ("Uventet melding: udskrevet", NO_EFFECT["da"])],
            [("Admitted", PLACE), ("Died", "All tasks are closed"), ("Unexpected notice: discharged", NO_EFFECT["en"])],
        ),
    ],
    ids=[
        "leave-and-return",
        "leave-cancelled",
        "death",
        "death-withdrawn",
        "discharge-cancelled",
        "admission-cancelled",
        "acute-then-admitted",
        "discharge-after-death",
    ],
)
async def test_what_the_hospital_told_stands_in_its_lane(
    pages: Pages,
    course: Course,
    kinds: list[NoticeKind],
    danish: list[tuple[str, str]],
    english: list[tuple[str, str]],
) -> None:
    for kind in kinds:
        await course.tell(kind)

    assert await hospital_lines(pages) == danish
    assert await hospital_lines(pages, "en") == english


@pytest.mark.parametrize(
    ("kinds", "danish", "english"),
    [
        ([K.STIN, K.STOR, K.RE_STOR], "Orloven er rettet", "The leave was corrected"),
        ([K.STIN, K.STOR, K.SLOR, K.RE_SLOR], "Tilbagekomsten er rettet", "The return was corrected"),
        ([K.STIN, K.SLHJ, K.RE_SLHJ], "Udskrivelsen er rettet", "The discharge was corrected"),
        ([K.STIN, K.MORS, K.RE_MORS], "Meldingen om død er rettet", "The notice of death was corrected"),
    ],
    ids=["leave", "return", "discharge", "death"],
)
async def test_a_correction_says_what_it_changed(
    pages: Pages, course: Course, kinds: list[NoticeKind], danish: str, english: str
) -> None:
    for kind in kinds:
        await course.tell(kind)

    assert re.fullmatch(r"Før .+, nu .+", dict(await hospital_lines(pages))[danish])
    assert re.fullmatch(r"Was .+, now .+", dict(await hospital_lines(pages, "en"))[english])


async def test_a_leave_that_was_corrected_says_so_where_it_stood(pages: Pages, course: Course) -> None:
    for kind in (K.STIN, K.STOR, K.RE_STOR):
        await course.tell(kind)

    assert ("På orlov", "Rettet senere") in await hospital_lines(pages)


async def test_a_corrected_ward_is_named_before_and_after(pages: Pages, course: Course) -> None:
    told = await course.tell(K.STIN)
    assert told.provider is not None
    await course.tell(K.RE_STIN, provider=replace(told.provider, sor=OTHER_WARD))

    lines = dict(await hospital_lines(pages))
    assert lines["Indlæggelsen er rettet"] == f"Før {PLACE}, nu Sund Sygehus, Kirurgisk K2"


async def test_a_hospital_that_says_in_each_message_that_the_patient_lives_withdraws_no_death(pages: Pages) -> None:
    body: dict[str, Any] = orjson.loads(notification().body())
    patient = next(e["resource"] for e in body["entry"] if e["resource"]["resourceType"] == "Patient")
    patient["deceasedBoolean"] = False
    answer = await pages.house.client.post(
        "/fhir/$process-message", content=orjson.dumps(body), headers=pages.house.hospital
    )

    assert code_of(answer) == "ok"
    assert await hospital_lines(pages) == [("Indlagt", PLACE)]


async def test_a_withdrawn_death_leaves_no_second_contact(pages: Pages, course: Course) -> None:
    for kind in (K.STIN, K.MORS, K.AN_MORS):
        await course.tell(kind)

    assert await pages.house.scalar("SELECT count(*) FROM encounter") == 1


async def test_what_was_taken_back_is_struck_out_in_the_lanes_too(pages: Pages, course: Course) -> None:
    for kind in (K.STIN, K.SLHJ, K.AN_SLHJ):
        await course.tell(kind)

    lanes = await pages.get(Role.WARD, await address(pages))

    assert "<s>Udskrevet</s>" in lanes.text
    assert "har stafetten" in words_of(lanes)


async def test_a_ward_that_takes_its_discharge_back_is_named(pages: Pages) -> None:
    stay = await pages.stay()
    home = {"version": "0", "leaves": "now", "reason": "Sengen skal bruges"}
    assert (await pages.post(Role.WARD, f"/ward/stays/{stay}/discharge", home)).status_code == 303
    undone = await pages.post(Role.WARD, f"/ward/stays/{stay}/undo")

    assert undone.status_code == 303, words_of(undone)
    lines, who = dict(await hospital_lines(pages)), "SELECT by_name FROM notice WHERE kind = 'AN_SLHJ'"
    assert lines["~~Udskrevet~~"] == "Annulleret"
    assert lines["Udskrivelsen er annulleret"] == await pages.house.scalar(who)


async def test_after_a_death_nobody_has_the_baton_and_nothing_is_left_to_do(pages: Pages, course: Course) -> None:
    for kind in (K.STIN, K.MORS):
        await course.tell(kind)

    shown = await pages.get(Role.HOME_NURSE, await address(pages))
    words = words_of(shown)

    assert "Stafetten er hos" not in words
    assert "Ingen åbne opgaver" in words
    assert re.search(r"<s>Sæt besøg[^<]*</s><small>(Aldrig leveret|Leveret [^<]*\. Aldrig set)</small>", shown.text)


async def test_while_the_hospital_has_the_patient_the_ward_has_the_baton(pages: Pages, course: Course) -> None:
    await course.tell(K.STIN)

    assert "Stafetten er hos Medicinsk M1" in words_of(await pages.get(Role.HOME_NURSE, await address(pages)))
