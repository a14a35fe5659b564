"""Presses on the practice's task that do not count, each with its word; and pairs that a person judges."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from discharge.policy import Role
from tests.engines import Database
from tests.factories import NEIGHBOUR, PRACTICE
from tests.services.fhir_api.medication.course import bundle, pinex, statement
from tests.services.installation import FHIR
from tests.services.pages_house import Pages, words_of
from tests.services.stays.medicine import FUROSEMID, line_on, reconcile_task, state_lines, written

CHANGED = {"verdict": "change", "text": "Halv dosis i stedet"}
NOTHING = "Intet er gemt fra dig"


@pytest.fixture
async def stay(pages: Pages) -> str:
    """A discharged citizen with medicine."""
    stay = await pages.stay()
    await written(pages, stay)
    await pages.house.home()
    return stay


@pytest.fixture
async def at(pages: Pages, stay: str) -> str:
    """The address of the practice's task."""
    return f"/tasks/{await reconcile_task(pages)}"


async def shown_on(pages: Pages, at: str, name: str) -> str:
    """What the form of a line says that it shows."""
    line = await line_on(pages, at, name)
    found = re.search(rf'/medicine/{line}".*?name="shown" value="([^"]*)"', (await pages.get(Role.GP, at)).text)
    assert found is not None
    return found[1]


async def version_on(pages: Pages, at: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', (await pages.get(Role.GP, at)).text)
    assert found is not None
    return found[1]


async def taken_by_gerda(pages: Pages, at: str) -> None:
    """A colleague decides a line from the practice's own system, and so has the task."""
    gerda = {"identifier": {"value": "gp-7"}, "display": "Gerda Prøve"}
    line = await line_on(pages, at, "Spironolacton")
    parts = [{"name": "line", "valueString": line}, {"name": "code", "valueCode": "agree"}]
    answer = await pages.house.client.post(
        f"/fhir/Task/{at.rpartition('/')[2]}/$decide",
        json={
            "resourceType": "Parameters",
            "parameter": [
                {"name": "decision", "part": parts},
                {"name": "practitioner", "valueReference": gerda},
            ],
        },
        headers=pages.house.token(Role.SYSTEM, PRACTICE) | {"content-type": FHIR},
    )
    assert answer.status_code == 200, answer.text


async def decided(pages: Pages, at: str, *names: str) -> None:
    """The practice agrees to lines one by one, and to the rest."""
    for name in names:
        line = await line_on(pages, at, name)
        assert (await pages.post(Role.GP, f"{at}/medicine/{line}", {"agree": "yes"})).status_code == 303
    assert (await pages.post(Role.GP, f"{at}/medicine", {"version": await version_on(pages, at)})).status_code == 303


def refused(answer: httpx.Response, words: str) -> str:
    """What the page says: not this, and why."""
    shown = words_of(answer)
    assert answer.status_code == 409, shown
    assert words in shown
    assert NOTHING in shown
    return shown


async def test_colleague_who_has_the_task_is_named_and_the_words_are_kept(pages: Pages, at: str) -> None:
    line = await line_on(pages, at, "Metformin")
    await taken_by_gerda(pages, at)

    one = await pages.post(Role.GP, f"{at}/medicine/{line}", CHANGED)
    rest = await pages.post(Role.GP, f"{at}/medicine", {"version": "99"})

    for answer in (one, rest):
        assert "Gerda P. tog den først" in refused(answer, "tog den først, kl.")
    assert "0 af 5" not in words_of(one)


async def test_round_that_is_closed_says_so(pages: Pages, at: str) -> None:
    line = await line_on(pages, at, "Metformin")
    await decided(pages, at, "Furosemid", "Metformin", "Spironolacton", "Ibuprofen")
    assert (await pages.post(Role.GP, f"{at}/complete", {"back": at})).status_code == 303

    late = await pages.post(Role.GP, f"{at}/medicine/{line}", CHANGED)
    rest = await pages.post(Role.GP, f"{at}/medicine", {"version": "1"})

    for answer in (late, rest):
        refused(answer, "Gennemgangen er afsluttet")


async def test_line_that_says_something_else_by_now_is_looked_at_first(pages: Pages, at: str, stay: str) -> None:
    line, shown = await line_on(pages, at, "Furosemid"), await shown_on(pages, at, "Furosemid")
    three = FUROSEMID | {"amount": "3", "times": "1", "line": await listed_line(pages, stay, "Furosemid")}
    await state_lines(pages, stay, "at-discharge", three)

    stale = await pages.post(Role.GP, f"{at}/medicine/{line}", CHANGED | {"shown": shown})
    fresh = await pages.post(
        Role.GP, f"{at}/medicine/{line}", CHANGED | {"shown": await shown_on(pages, at, "Furosemid")}
    )

    page = refused(stale, "Linjen har ændret sig imens. Se det nye")
    assert "3 tabletter 1 gang dagligt" in page
    assert "Halv dosis i stedet" in stale.text
    assert fresh.status_code == 303


async def listed_line(pages: Pages, stay: str, name: str) -> str:
    """The id under which a line is edited on the ward's list."""
    text = (await pages.get(Role.WARD, f"/stays/{stay}/medicine/lists/at-discharge")).text
    found = re.search(rf'\?line=([0-9a-f-]{{36}})#line-form">Ret<span class="vh"> {name}', text)
    assert found is not None, text
    return found[1]


async def test_agreeing_throws_no_words_away(pages: Pages, at: str) -> None:
    line = await line_on(pages, at, "Furosemid")

    answer = await pages.post(Role.GP, f"{at}/medicine/{line}", {"agree": "yes"} | CHANGED)

    assert answer.status_code == 422
    assert "Du har skrevet noget. Slet det, hvis du er enig, eller send det som svar." in words_of(answer)
    assert "Halv dosis i stedet</textarea>" in answer.text


async def test_rest_that_was_seen_in_an_older_table_is_not_agreed_to(pages: Pages, at: str, stay: str) -> None:
    version = await version_on(pages, at)
    await state_lines(pages, stay, "at-discharge", {"name": "Kaliumklorid", "amount": "1", "times": "1"})

    stale = await pages.post(Role.GP, f"{at}/medicine", {"version": version})
    fresh = await pages.post(Role.GP, f"{at}/medicine?rest=show", {"version": await version_on(pages, at)})

    assert "0 af 6 besvaret." in refused(stale, "Linjen har ændret sig imens")
    assert fresh.headers["location"] == f"{at}?rest=show#rest"
    assert "1 af 6 besvaret." in words_of(await pages.get(Role.GP, at))


async def test_line_that_is_none_of_the_stays_is_refused_in_place(pages: Pages, at: str) -> None:
    for line in ("nothing", "00000000-0000-0000-0000-000000000000"):
        refused(await pages.post(Role.GP, f"{at}/medicine/{line}", {"agree": "yes"}), "Se det nye")


async def test_strangers_and_others_decide_nothing(pages: Pages, at: str) -> None:
    line = await line_on(pages, at, "Metformin")

    for role, status in ((Role.WARD, 403), (Role.HOME_NURSE, 403), (Role.DOCTOR, 403)):
        answer = await pages.post(role, f"{at}/medicine/{line}", {"agree": "yes"})
        assert answer.status_code == status, role
    stranger = pages.house.token(Role.DOCTOR, NEIGHBOUR)
    assert (await pages.house.client.post(f"{at}/medicine/{line}", headers=stranger)).status_code in {404, 422}
    assert "0 af 5 besvaret." in words_of(await pages.get(Role.GP, at))


async def test_refused_press_is_audited_as_refused(pages: Pages, at: str, database: Database) -> None:
    line = await line_on(pages, at, "Metformin")

    await pages.post(Role.GP, f"{at}/medicine/{line}", {"verdict": "ask", "text": ""})
    await pages.post(Role.GP, f"{at}/medicine/{line}", CHANGED | {"shown": "older"})

    rows = [row for row in await pages.house.audited(database.admin_url) if row[0] == "decide-lines"]
    assert [row[2] for row in rows if row[2] != 200] == [422, 409]


@pytest.fixture
async def guessed(pages: Pages) -> str:
    """A citizen whose two lists are joined by a name alone."""
    stay = await pages.stay()
    local = {"name": "Naturpille", "amount": "1", "times": "1"}
    await state_lines(pages, stay, "before", local)
    await state_lines(pages, stay, "at-discharge", local)
    await pages.house.home()
    return stay


async def test_person_confirms_a_guess_and_takes_it_apart(pages: Pages, guessed: str) -> None:
    at = f"/tasks/{await reconcile_task(pages)}"
    line = await line_on(pages, at, "Naturpille")
    assert "Gættet ud fra navnet" in words_of(await pages.get(Role.GP, at))
    form = {"line": line, "other": "", "back": at}

    same = await pages.post(Role.GP, f"/stays/{guessed}/medicine/pair", form | {"same": "yes"})
    confirmed = words_of(await pages.get(Role.GP, f"{at}?rest=show"))
    apart = await pages.post(Role.GP, f"/stays/{guessed}/medicine/pair", form | {"same": "no"})
    taken_apart = words_of(await pages.get(Role.GP, at))

    assert (same.status_code, same.headers["location"]) == (303, f"{at}#line-{line}")
    assert "Gættet ud fra navnet" not in confirmed
    assert apart.status_code == 303
    assert "0 af 2 besvaret." in taken_apart


@pytest.mark.parametrize("line", ["", "nothing", "00000000-0000-0000-0000-000000000000"])
async def test_pair_of_nothing_is_not_found(pages: Pages, guessed: str, line: str) -> None:
    answer = await pages.post(Role.GP, f"/stays/{guessed}/medicine/pair", {"line": line, "same": "yes"})

    assert answer.status_code == 404


async def stated(pages: Pages, column: str, *lines: dict[str, Any]) -> None:
    """The hospital's record system states a list."""
    content = bundle(*lines, column=column)
    answer = await pages.house.client.post("/fhir/Bundle", json=content, headers=pages.house.hospital)
    assert answer.status_code == 201, answer.text


async def test_line_that_stands_twice_and_the_same_substance_are_said(pages: Pages) -> None:
    panodil = statement("Panodil 500 mg", "N02BE01", dosage=[{"text": "efter behov"}])
    await pages.house.home()
    await stated(pages, "before", pinex(), pinex(), panodil)
    at = f"/tasks/{await reconcile_task(pages)}"

    shown = words_of(await pages.get(Role.GP, at))

    assert "Står 2 gange på listen „før“" in shown
    assert "Samme indholdsstof som Panodil 500 mg" in shown
    assert "Samme indholdsstof som Pinex 500 mg" in shown
    assert "Det er det samme som" not in shown


async def test_person_joins_two_lines_of_one_substance_across_the_lists(pages: Pages) -> None:
    rectal = statement("Panodil 500 mg", "N02BE01", dosage=[{"text": "1", "route": {"text": "rectal"}}])
    oral = pinex(dosage=[{"text": "1", "route": {"text": "oral"}}])
    await pages.house.home()
    await stated(pages, "before", rectal)
    await stated(pages, "at-discharge", oral)
    at = f"/tasks/{await reconcile_task(pages)}"
    one, other = await line_on(pages, at, "Panodil"), await line_on(pages, at, "Pinex")
    assert "Det er det samme som Pinex 500 mg" in words_of(await pages.get(Role.GP, at))
    stay = str(await pages.house.scalar("SELECT id::text FROM stay"))

    form = {"line": one, "other": other, "same": "yes", "back": at}
    answer = await pages.post(Role.GP, f"/stays/{stay}/medicine/pair", form)

    assert answer.status_code == 303
    shown = words_of(await pages.get(Role.GP, at))
    assert "Bekræftet: det samme lægemiddel" in shown
    assert "0 af 1 besvaret." in shown
