"""The medicine's pages over a real store: lists side by side, signed, decided, asked about, answered, opened."""

from __future__ import annotations

import re

import pytest

from discharge.policy import Role
from tests.engines import Database
from tests.services.pages_house import Pages, words_of
from tests.services.stays.medicine import line_on, reconcile_task, written


@pytest.fixture
async def stay(pages: Pages) -> str:
    """A discharged citizen with medicine."""
    stay = await pages.stay()
    await written(pages, stay)
    await pages.house.home()
    return stay


async def test_lists_stand_side_by_side_with_what_became_of_each_line(pages: Pages, stay: str) -> None:
    task = await reconcile_task(pages)

    shown = words_of(await pages.get(Role.GP, f"/tasks/{task}"))

    assert "Furosemid tablet 40 mg Dosis op 1 tablet 1 gang dagligt 2 tabletter 1 gang dagligt ingen liste" in shown
    assert "Vand i lungerne" in shown
    assert "Metformin tablet 500 mg Stoppet" in shown
    assert "Spironolacton tablet 25 mg Ny står ikke på listen 1 stk. 1 gang dagligt" in shown
    assert "Ibuprofen tablet 400 mg Uklar efter behov står ikke på listen" in shown
    assert "Udskrivelsen nævner den ikke. Det betyder ikke, at den er stoppet." in shown
    assert "1 uændret Pantoprazol tablet 40 mg" in shown
    assert "for 0 min siden" in shown
    assert "0 af 5 besvaret." in shown


async def test_practice_decides_line_by_line_and_closes_when_none_is_left(pages: Pages, stay: str) -> None:
    task = await reconcile_task(pages)
    at = f"/tasks/{task}"

    await pages.post(Role.GP, f"{at}/accept", {"back": at})
    early = await pages.post(Role.GP, f"{at}/complete", {"back": at})
    assert early.status_code == 422
    assert "Der er linjer uden svar" in words_of(early)
    for name, form in (
        ("Furosemid", {"agree": "yes"}),
        ("Metformin", {"verdict": "change", "text": "Halv dosis i stedet"}),
        ("Spironolacton", {"agree": "yes"}),
        ("Ibuprofen", {"verdict": "change", "text": "Stoppes"}),
    ):
        line = await line_on(pages, at, name)
        answer = await pages.post(Role.GP, f"{at}/medicine/{line}", form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"{at}#line-{line}")
    unseen = await pages.post(Role.GP, f"{at}/medicine")
    assert unseen.status_code == 409, "nobody agrees to what they do not say they have seen"
    shown = (await pages.get(Role.GP, at)).text
    version = re.search(r'name="version" value="(\d+)"><button class="btn" type="submit">Enig', shown)
    assert version is not None
    assert (await pages.post(Role.GP, f"{at}/medicine", {"version": version[1]})).status_code == 303

    shown = words_of(await pages.get(Role.GP, at))
    assert "5 af 5 besvaret." in shown
    assert "Halv dosis i stedet" in shown
    done = await pages.post(Role.GP, f"{at}/complete", {"back": at})
    assert done.status_code == 303
    assert "Egen læge har taget stilling til alle linjer." in words_of(
        await pages.get(Role.HOME_NURSE, f"/stays/{stay}/medicine")
    )


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"verdict": "ask", "text": " "}, "Skriv, hvad du spørger om."),
        ({"verdict": "change"}, "Skriv, hvad der skal ændres."),
        ({"text": "hvad nu"}, "Vælg Enig, Ændr eller Spørg."),
    ],
)
async def test_answer_without_words_comes_back_with_its_field(
    pages: Pages, stay: str, form: dict[str, str], words: str
) -> None:
    at = f"/tasks/{await reconcile_task(pages)}"
    line = await line_on(pages, at, "Metformin")

    answer = await pages.post(Role.GP, f"{at}/medicine/{line}", form)

    assert answer.status_code == 422
    assert words in words_of(answer)
    assert f'href="#f-reason-{line}"' in answer.text


async def test_question_goes_to_the_ward_and_its_answer_stands_on_the_line(pages: Pages, stay: str) -> None:
    at = f"/tasks/{await reconcile_task(pages)}"
    line = await line_on(pages, at, "Furosemid")
    await pages.post(Role.GP, f"{at}/medicine/{line}", {"verdict": "ask", "text": "Mål for vægten?"})

    ward = await pages.get(Role.WARD, f"/ward/stays/{stay}/medicine")
    assert "Mål for vægten?" in words_of(ward)
    bare = await pages.post(Role.WARD, f"/stays/{stay}/medicine/answer/{line}", {"text": ""})
    assert bare.status_code == 422
    assert "Skriv et svar til egen læge." in words_of(bare)
    told = await pages.post(Role.WARD, f"/stays/{stay}/medicine/answer/{line}", {"text": "68 kg"})
    assert told.status_code == 303

    shown = words_of(await pages.get(Role.GP, at))
    assert "68 kg" in shown
    assert "0 af 5 besvaret." in shown
    again = await pages.post(Role.WARD, f"/stays/{stay}/medicine/answer/{line}", {"text": "igen"})
    assert again.status_code == 409


async def test_nurse_opens_a_line_that_does_not_hold_at_home(pages: Pages, stay: str) -> None:
    at = f"/tasks/{await reconcile_task(pages)}"
    line = await line_on(pages, at, "Furosemid")
    await pages.post(Role.GP, f"{at}/medicine/{line}", {"agree": "yes"})

    opened = await pages.post(Role.HOME_NURSE, f"/stays/{stay}/medicine/open/{line}", {"text": "Tager kun en"})

    assert opened.status_code == 303
    shown = words_of(await pages.get(Role.GP, at))
    assert "Tager kun en" in shown
    assert "0 af 5 besvaret." in shown


async def test_doctor_signs_with_gaps_for_a_reason_only(pages: Pages) -> None:
    stay = await pages.stay()
    await written(pages, stay)
    at = f"/ward/stays/{stay}/medicine"
    shown = words_of(await pages.get(Role.DOCTOR, at))
    assert "Uklar Ibuprofen" in shown
    assert "Ændret uden grund Spironolacton" in shown
    assert "Rækker ikke til næste hverdag Spironolacton" in shown

    refused = await pages.post(Role.DOCTOR, f"{at}/sign-off", {"override": ""})
    signed = await pages.post(Role.DOCTOR, f"{at}/sign-off", {"override": "Datteren henter medicinen"})

    assert refused.status_code == 422
    assert "Skriv, hvorfor du godkender, selv om noget mangler." in words_of(refused)
    assert signed.status_code == 303
    shown = words_of(await pages.get(Role.WARD, at))
    assert "Godkendt, selv om noget manglede: Datteren henter medicinen" in shown
    assert "Godkend medicinlisten" not in shown


async def test_nurse_of_the_ward_sees_the_gaps_and_signs_nothing(pages: Pages) -> None:
    stay = await pages.stay()
    await written(pages, stay)

    shown = words_of(await pages.get(Role.WARD, f"/ward/stays/{stay}/medicine"))
    sent = await pages.post(Role.WARD, f"/ward/stays/{stay}/medicine/sign-off", {"override": "x"})

    assert "Afdelingens læge godkender listen." in shown
    assert sent.status_code == 403


async def test_signing_an_older_table_asks_to_look_again(pages: Pages) -> None:
    stay = await pages.stay()
    await written(pages, stay)
    path = f"/ward/stays/{stay}/medicine/sign-off"

    answer = await pages.post(Role.DOCTOR, path, {"override": "Travlt", "version": "1"})

    assert answer.status_code == 412
    assert "En anden har ændret listen imens." in words_of(answer)
    assert "Travlt" in answer.text


async def test_task_of_the_nurse_shows_the_medicine_in_force_and_what_is_open(pages: Pages, stay: str) -> None:
    task = await pages.task(Role.HOME_NURSE)

    shown = words_of(await pages.get(Role.HOME_NURSE, f"/tasks/{task}"))

    assert "5 linjer venter på egen læge." in shown
    assert "Furosemid tablet 40 mg 2 tabletter 1 gang dagligt" in shown


async def test_stay_without_a_list_is_not_one_without_medicine(pages: Pages) -> None:
    await pages.house.home()

    shown = words_of(await pages.get(Role.GP, f"/tasks/{await reconcile_task(pages)}"))

    assert "Ingen har sendt en medicinliste" in shown
    assert "Det betyder ikke, at borgeren ingen medicin får." in shown


async def test_print_is_in_danish_and_written_into_the_audit(pages: Pages, stay: str, database: Database) -> None:
    answer = await pages.get(Role.HOME_NURSE, f"/stays/{stay}/medicine/print?lang=en")

    shown = words_of(answer)
    assert "Din medicin" in shown
    assert "Ændret Det tager du på en anden måde end før. Furosemid tablet 40 mg 2 tabletter 1 gang dagligt" in shown
    assert "Hvorfor: Vand i lungerne" in shown
    assert "Stoppet Det skal du ikke tage mere. Metformin" in shown
    assert "Udskrevet på papir" in shown
    printed = [row for row in await pages.house.audited(database.admin_url) if row[0] == "print-medicine"]
    assert printed == [("print-medicine", "GET /stays/{stay_id}/medicine/print", 200, 1)]


@pytest.mark.parametrize("role", [Role.VISITATOR, Role.OPERATOR, Role.LEADER])
async def test_who_does_not_read_medicine_sees_none(pages: Pages, stay: str, role: Role) -> None:
    for path in ("medicine", "medicine/print", "medicine/lists/before"):
        answer = await pages.get(role, f"/stays/{stay}/{path}")
        assert answer.status_code == 403
        assert "Furosemid" not in answer.text


async def test_visitator_sees_the_task_without_its_medicine(pages: Pages, stay: str) -> None:
    task = await pages.task(Role.VISITATOR)

    answer = await pages.get(Role.VISITATOR, f"/tasks/{task}")

    assert answer.status_code == 200
    assert "Furosemid" not in answer.text
