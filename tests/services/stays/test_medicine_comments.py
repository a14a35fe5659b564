"""The pharmacist's pages over a real store, and remarks on lines for everybody who reads them."""

from __future__ import annotations

import pytest

from discharge.identifiers import SorCode
from discharge.medication.record import LONGEST_COMMENT
from discharge.policy import Role
from tests.engines import Database
from tests.factories import HOSPITAL, MUNICIPALITY, NEIGHBOUR, NORTH, PRACTICE, WARD
from tests.services.pages_house import Pages, words_of
from tests.services.stays.medicine import line_on, reconcile_task, written

PHARMACIST, TEXT = Role.PHARMACIST, "Frarådes ved nedsat nyrefunktion"
WORK_PLACES = ((HOSPITAL, None), (HOSPITAL, WARD), (MUNICIPALITY, None), (MUNICIPALITY, NORTH), (PRACTICE, None))


@pytest.fixture
async def stay(pages: Pages) -> str:
    """A discharged citizen with medicine."""
    stay = await pages.stay()
    await written(pages, stay)
    await pages.house.home()
    return stay


@pytest.mark.parametrize("place", WORK_PLACES)
async def test_pharmacist_finds_the_medicine_of_the_stays_of_their_place(
    pages: Pages, stay: str, place: tuple[SorCode, SorCode | None]
) -> None:
    asker = pages.house.token(PHARMACIST, *place)

    shown = await pages.house.client.get("/medicine", headers=asker)

    assert f'href="/stays/{stay}/medicine"' in shown.text
    assert "5 linjer uden svar" in words_of(shown)
    assert "Hjemme · ikke godkendt af afdelingens læge" in words_of(shown)
    sheet = await pages.house.client.get(f"/stays/{stay}/medicine", headers=asker)
    assert sheet.status_code == 200
    assert "Furosemid tablet 40 mg Dosis op" in words_of(sheet)


async def test_list_tells_how_many_lines_wait_for_whom(pages: Pages, stay: str) -> None:
    at = f"/tasks/{await reconcile_task(pages)}"
    line = await line_on(pages, at, "Furosemid")
    await pages.post(Role.GP, f"{at}/medicine/{line}", {"verdict": "ask", "text": "Mål for vægten?"})

    assert "5 linjer uden svar heraf 1 spørgsmål til afdelingen" in words_of(await pages.get(PHARMACIST, "/medicine"))


async def test_pharmacist_of_another_place_finds_nothing(pages: Pages, stay: str) -> None:
    asker = pages.house.token(PHARMACIST, NEIGHBOUR)
    line = await line_on(pages, f"/stays/{stay}/medicine", "Furosemid")
    ask = pages.house.client

    listed = await ask.get("/medicine", headers=asker)

    assert "Ingen har skrevet en medicinliste om jeres borgere endnu." in words_of(listed)
    assert (await ask.get(f"/stays/{stay}/medicine", headers=asker)).status_code == 404
    said = await ask.post(f"/stays/{stay}/medicine/comment/{line}", data={"text": TEXT}, headers=asker)
    assert said.status_code == 404
    assert TEXT not in (await pages.get(Role.GP, f"/stays/{stay}/medicine")).text


async def test_pharmacist_reads_the_medicine_and_nothing_else(pages: Pages, stay: str) -> None:
    task = await reconcile_task(pages)
    for path in (
        f"/stays/{stay}",
        f"/tasks/{task}",
        f"/stays/{stay}/conversations/new",
        f"/stays/{stay}/medicine/lists/now",
        f"/ward/stays/{stay}/medicine",
        "/conversations",
        "/ward",
        "/gp",
        "/municipality",
        "/alerts",
    ):
        assert (await pages.get(PHARMACIST, path)).status_code == 403, path

    shown = words_of(await pages.get(PHARMACIST, f"/stays/{stay}/medicine"))

    for hidden in (
        "Enig",
        "Spørg",
        "Det er det samme",
        "Passer ikke i hjemmet",
        "Godkend",
        "Skriv listen",
        "Svarer for",
    ):
        assert hidden not in shown
    assert "Til listen" in shown
    assert "Udskriv til borgeren" in shown


async def test_pharmacist_decides_signs_opens_and_answers_nothing(pages: Pages, stay: str) -> None:
    task, at = await reconcile_task(pages), f"/stays/{stay}/medicine"
    line = await line_on(pages, at, "Furosemid", PHARMACIST)
    for path in (
        f"/tasks/{task}/medicine/{line}",
        f"/tasks/{task}/medicine",
        f"/tasks/{task}/accept",
        f"{at}/open/{line}",
        f"{at}/answer/{line}",
        f"{at}/pair",
        f"{at}/lists/now",
        f"/ward{at}/sign-off",
    ):
        answer = await pages.post(PHARMACIST, path, {"text": "x", "agree": "yes", "line": line})
        assert answer.status_code == 403, path

    assert "0 af 5 besvaret." in words_of(await pages.get(Role.GP, f"/tasks/{task}"))


async def test_comment_stands_on_the_line_for_everybody_with_name_and_role(pages: Pages, stay: str) -> None:
    task, at = await reconcile_task(pages), f"/stays/{stay}/medicine"
    line = await line_on(pages, at, "Furosemid", PHARMACIST)

    said = await pages.post(PHARMACIST, f"{at}/comment/{line}", {"text": TEXT, "back": at})

    assert (said.status_code, said.headers["location"]) == (303, f"{at}#line-{line}")
    for role, path in (
        (Role.GP, f"/tasks/{task}"),
        (Role.HOME_NURSE, at),
        (Role.DOCTOR, f"/ward{at}"),
        (Role.WARD, at),
        (PHARMACIST, at),
    ):
        shown = words_of(await pages.get(role, path))
        assert "Farmaceut · " in shown, path
        assert f"„{TEXT}“" in shown, path
    history = words_of(await pages.get(Role.GP, at)).split("Hvem har sagt hvad")[1]
    assert f"Bemærkning om medicinen · Furosemid: „{TEXT}“" in history
    assert ", farmaceut, " in history
    assert "0 af 5 besvaret." in words_of(await pages.get(Role.GP, f"/tasks/{task}"))


async def test_comment_on_a_line_that_goes_on_takes_it_out_of_the_fold(pages: Pages, stay: str) -> None:
    task, at = await reconcile_task(pages), f"/stays/{stay}/medicine"
    assert "1 uændret Pantoprazol tablet 40 mg" in words_of(await pages.get(Role.GP, f"/tasks/{task}"))
    line = await line_on(pages, f"{at}?rest=show", "Pantoprazol", PHARMACIST)

    await pages.post(PHARMACIST, f"{at}/comment/{line}", {"text": "Kan den stoppes?"})

    page = await pages.get(Role.GP, f"/tasks/{task}")
    assert f'id="line-{line}"' in page.text
    assert "uændret Pantoprazol" not in words_of(page)
    assert "Kan den stoppes?" in words_of(page)


async def test_practice_comments_on_its_task_and_comes_back_to_it(pages: Pages, stay: str) -> None:
    at = f"/tasks/{await reconcile_task(pages)}"
    line = await line_on(pages, at, "Metformin")

    said = await pages.post(Role.GP, f"/stays/{stay}/medicine/comment/{line}", {"text": "Ses i klinikken", "back": at})

    assert said.headers["location"] == f"{at}#line-{line}"
    shown = words_of(await pages.get(PHARMACIST, f"/stays/{stay}/medicine"))
    assert "Egen læge · " in shown
    assert "„Ses i klinikken“" in shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Skriv din bemærkning."),
        ("x" * (LONGEST_COMMENT + 1), "En bemærkning har højst 2000 tegn. Skriv den kortere."),
    ],
)
async def test_comment_that_cannot_be_kept_comes_back_with_its_field(
    pages: Pages, stay: str, text: str, words: str
) -> None:
    at = f"/stays/{stay}/medicine"
    line = await line_on(pages, at, "Furosemid", PHARMACIST)

    answer = await pages.post(PHARMACIST, f"{at}/comment/{line}", {"text": text})

    assert answer.status_code == 422
    assert words in words_of(answer)
    assert f'href="#f-comment-{line}"' in answer.text
    assert text in answer.text
    assert "Farmaceut · " not in words_of(await pages.get(PHARMACIST, at))


async def test_comment_on_a_line_that_is_not_there_is_not_kept(pages: Pages, stay: str) -> None:
    at = f"/stays/{stay}/medicine"

    answer = await pages.post(PHARMACIST, f"{at}/comment/nobodys", {"text": TEXT})

    assert answer.status_code == 409
    assert "Intet er gemt fra dig." in words_of(answer)


async def test_reading_and_commenting_stand_in_the_audit_with_the_stay(
    pages: Pages, stay: str, database: Database
) -> None:
    at = f"/stays/{stay}/medicine"
    await pages.get(PHARMACIST, "/medicine")
    line = await line_on(pages, at, "Furosemid", PHARMACIST)
    await pages.post(PHARMACIST, f"{at}/comment/{line}", {"text": TEXT})
    await pages.post(PHARMACIST, f"{at}/comment/{line}", {"text": ""})

    rows = await pages.house.audited(database.admin_url)

    assert ("list-medicine", "GET /medicine", 200, 1) in rows
    assert ("read-medicine", "GET /stays/{stay_id}/medicine", 200, 1) in rows
    mine = [row for row in rows if row[0] == "comment-line"]
    route = "POST /stays/{stay_id}/medicine/comment/{line_id}"
    assert ("comment-line", route, 200, 1) in mine
    assert [row[2] for row in mine if row[2] == 422] == [422]
