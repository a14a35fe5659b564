"""Lists of medicine written by hand: line by line, begun with another list, empty in words, and never lost."""

from __future__ import annotations

import pytest

from discharge.policy import Role
from tests.services.fhir_api.medication.course import bundle, statement
from tests.services.pages_house import Pages, words_of
from tests.services.stays.medicine import FUROSEMID, list_id, state_lines, written

ONE = FUROSEMID | {"amount": "1", "times": "1"}


@pytest.fixture
async def at(pages: Pages) -> str:
    """The address of the list before the admission."""
    return f"/stays/{await pages.stay()}/medicine/lists/before"


async def test_line_is_saved_with_the_code_of_its_substance(pages: Pages, at: str) -> None:
    stay = at.split("/")[2]
    await state_lines(pages, stay, "before", ONE)

    shown = words_of(await pages.get(Role.WARD, at))

    assert "1 linje Furosemid tablet 40 mg 1 tablet 1 gang dagligt" in shown
    assert "for 0 min siden · skrevet ind" in shown


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "Skriv, hvad lægemidlet hedder"),
        ({"amount": "to"}, "Skriv et tal, for eksempel 1 eller 0,5. Du skrev „to“."),
        ({"amount": "0"}, "Skriv et tal"),
        ({"times": "1e999999"}, "Skriv et tal"),
        ({"amount": "1/0"}, "Skriv et tal"),
        ({"amount": "", "times": ""}, "Skriv en dosis, for eksempel 1, eller skriv den med ord."),
        ({"ends": "engang"}, "Skriv en dato"),
    ],
)
async def test_what_cannot_be_read_comes_back_with_all_that_was_written(
    pages: Pages, at: str, changes: dict[str, str], words: str
) -> None:
    answer = await pages.post(Role.WARD, at, {"do": "line", "list": "", "indication": "smerter"} | ONE | changes)

    assert answer.status_code == 422
    assert words in words_of(answer)
    assert 'value="smerter"' in answer.text
    assert "0 linjer" in words_of(answer)


@pytest.mark.parametrize(("amount", "said"), [("½", "0,5 tablet"), ("1½", "1,5 tabletter"), ("1/2", "0,5 tablet")])
async def test_half_a_tablet_is_read_in_every_spelling(pages: Pages, at: str, amount: str, said: str) -> None:
    await state_lines(pages, at.split("/")[2], "before", ONE | {"amount": amount})

    assert f"{said} 1 gang dagligt" in words_of(await pages.get(Role.WARD, at))


async def test_line_that_is_corrected_keeps_its_place_and_its_words(pages: Pages, at: str) -> None:
    stay = at.split("/")[2]
    await state_lines(pages, stay, "before", ONE | {"words": "morgen"}, ONE | {"name": "Metformin"})
    form = await pages.get(Role.WARD, at)
    line = form.text.split(f"{at}?line=")[1].split("#")[0]
    shown = await pages.get(Role.WARD, f"{at}?line={line}")
    assert 'value="morgen"' in shown.text

    edit = {"do": "line", "list": await list_id(pages, stay, "before"), "line": line}
    await pages.post(Role.WARD, at, edit | ONE | {"amount": "2", "words": "morgen"})

    words = words_of(await pages.get(Role.WARD, at))
    assert "2 linjer Furosemid tablet 40 mg 2 tabletter 1 gang dagligt, morgen" in words


async def test_list_that_somebody_else_changed_is_not_overwritten(pages: Pages, at: str) -> None:
    stay = at.split("/")[2]
    await state_lines(pages, stay, "before", ONE)

    answer = await pages.post(Role.WARD, at, {"do": "line", "list": ""} | ONE | {"name": "Metformin"})

    assert answer.status_code == 412
    words = words_of(answer)
    assert "En anden har ændret listen imens. Se det nye, og gem igen." in words
    assert "1 linje Furosemid" in words
    assert 'value="Metformin"' in answer.text


async def test_removed_line_is_gone_from_the_list_and_no_list_becomes_no_medicine(pages: Pages, at: str) -> None:
    stay = at.split("/")[2]
    await state_lines(pages, stay, "before", ONE)
    text = (await pages.get(Role.WARD, at)).text
    line = text.split(f"{at}?line=")[1].split("#")[0]

    await pages.post(Role.WARD, at, {"do": "remove", "list": await list_id(pages, stay, "before"), "line": line})

    shown = words_of(await pages.get(Role.WARD, at))
    assert "0 linjer" in shown
    assert "ikke oplyst" in shown


@pytest.mark.parametrize(("what", "said"), [("none", "ingen medicin"), ("unknown", "ingen oplysninger")])
async def test_no_medicine_and_nothing_known_are_told_apart(pages: Pages, at: str, what: str, said: str) -> None:
    stay = at.split("/")[2]
    await pages.post(Role.WARD, at, {"do": what, "list": ""})

    await state_lines(pages, stay, "at-discharge", ONE)

    assert f"Furosemid tablet 40 mg {'Ny' if what == 'none' else 'Uklar'} {said}" in words_of(
        await pages.get(Role.WARD, f"/ward/stays/{stay}/medicine")
    )


async def test_discharge_may_begin_with_what_was_taken_before(pages: Pages, at: str) -> None:
    stay = at.split("/")[2]
    await state_lines(pages, stay, "before", ONE, ONE | {"name": "Metformin"})
    leaving = f"/stays/{stay}/medicine/lists/at-discharge"
    assert "Begynd med listen „før“" in words_of(await pages.get(Role.WARD, leaving))

    await pages.post(Role.WARD, leaving, {"do": "copy", "list": ""})

    assert "2 uændrede" in words_of(await pages.get(Role.WARD, f"/ward/stays/{stay}/medicine"))


async def test_search_finds_by_name_and_code_and_fills_the_form(pages: Pages, at: str) -> None:
    by_name = await pages.get(Role.WARD, f"{at}?q=furo")
    by_code = await pages.get(Role.WARD, f"{at}?q=C03CA01")
    picked = await pages.get(Role.WARD, f"{at}?pick=C03CA01&strength=40%20mg")
    nothing = await pages.get(Role.WARD, f"{at}?q=findes-ikke")

    assert "Furosemid 40 mg tablet" in words_of(by_name)
    assert "Furosemid 40 mg tablet" in words_of(by_code)
    assert 'value="Furosemid"' in picked.text
    assert 'value="40 mg"' in picked.text
    assert "Ingen fundet." in words_of(nothing)


async def test_nurse_writes_what_is_taken_at_home_and_it_stands_beside_the_others(pages: Pages) -> None:
    stay = await pages.stay()
    await written(pages, stay)
    await pages.house.home()

    await state_lines(pages, stay, "now", FUROSEMID | {"amount": "1", "times": "1"}, role=Role.HOME_NURSE)

    shown = words_of(await pages.get(Role.HOME_NURSE, f"/stays/{stay}/medicine"))
    assert "Hjemmepleje Nord, set i hjemmet" in shown
    assert "2 tabletter 1 gang dagligt 1 tablet 1 gang dagligt passer ikke" in shown


@pytest.mark.parametrize(
    ("role", "column"), [(Role.HOME_NURSE, "before"), (Role.GP, "at-discharge"), (Role.WARD, "now")]
)
async def test_nobody_writes_somebody_elses_list(pages: Pages, role: Role, column: str) -> None:
    stay = await pages.stay()
    await pages.house.home()

    answer = await pages.post(role, f"/stays/{stay}/medicine/lists/{column}", {"do": "none", "list": ""})

    assert answer.status_code == 403


async def test_unknown_list_is_not_there(pages: Pages, at: str) -> None:
    assert (await pages.get(Role.WARD, at.replace("before", "in-hospital"))).status_code == 404


async def test_list_of_five_hundred_takes_no_more_and_what_was_written_comes_back(pages: Pages, at: str) -> None:
    lines = (statement(f"Middel {number}") for number in range(500))
    sent = await pages.house.client.post(
        "/fhir/Bundle", json=bundle(*lines, column="before"), headers=pages.house.hospital
    )
    assert sent.status_code == 201, sent.text
    stated = await list_id(pages, at.split("/")[2], "before")

    answer = await pages.post(Role.WARD, at, {"do": "line", "list": stated} | ONE)

    assert answer.status_code == 422
    assert "En liste har højst 500 linjer." in words_of(answer)
    assert 'value="Furosemid"' in answer.text
