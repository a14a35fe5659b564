"""The ward answers the practice's question on the page of the duty that calls for it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from discharge.agreement_values import Document
from discharge.handlers.resolving import ANSWERS
from discharge.policy import Role
from services.agreements.shipped import profile
from services.persistence.master import put_agreement
from tests import factories
from tests.engines import Database
from tests.services.pages_house import Pages, pages_over, words_of
from tests.services.stays.medicine import line_on, reconcile_task, written

DUTY = "answer-medicine-question"
DONE_BY_ANSWERING = "Opgaven er udført, når du har svaret."


def _with_questions() -> Document:
    """The little agreement, with the shipped duties to answer about a line."""
    small, shipped = factories.small_document(), profile("dk-midtjylland")
    rules, theirs = small["rules"], shipped["rules"]
    assert isinstance(rules, list)
    assert isinstance(theirs, list)
    return {**small, "rules": [*rules, *(row for row in theirs if row["code"] in ANSWERS)]}


@pytest.fixture
async def pages(database: Database) -> AsyncIterator[Pages]:
    async with pages_over(database) as running:
        async with running.house.database.writing() as connection:
            await put_agreement(connection, _with_questions())
        yield running


@pytest.fixture
async def lines(pages: Pages) -> dict[str, str]:
    """A discharged citizen with medicine, and two questions of the practice."""
    await written(pages, await pages.stay())
    await pages.house.home()
    at = f"/tasks/{await reconcile_task(pages)}"
    found = {name: await line_on(pages, at, name) for name in ("Furosemid", "Metformin")}
    for name, line in found.items():
        await pages.post(Role.GP, f"{at}/medicine/{line}", {"verdict": "ask", "text": f"Hvorfor {name}?"})
    return found


async def _duty(pages: Pages) -> str:
    return f"/tasks/{await pages.house.scalar('SELECT id FROM task WHERE code = :code', code=DUTY)}"


async def _status(pages: Pages) -> str:
    return str(await pages.house.scalar("SELECT status FROM task WHERE code = :code", code=DUTY))


@pytest.mark.parametrize("role", [Role.WARD, Role.DOCTOR])
async def test_page_shows_each_question_with_a_form_for_its_answer(
    pages: Pages, lines: dict[str, str], role: Role
) -> None:
    at = await _duty(pages)

    page = await pages.get(role, at)

    assert "Egen læge spørger om 2 lægemidler" in words_of(page)
    for name, line in lines.items():
        assert f"Hvorfor {name}?" in words_of(page)
        assert f'action="{at}/medicine/{line}/answer"' in page.text
    assert words_of(page).count("Svar til egen læge om") == 2


async def test_answers_on_the_page_carry_the_duty_out_and_reach_the_practice(
    pages: Pages, lines: dict[str, str]
) -> None:
    at = await _duty(pages)
    await pages.post(Role.WARD, f"{at}/accept")
    assert DONE_BY_ANSWERING in words_of(await pages.get(Role.WARD, at))

    states = []
    for line in lines.values():
        told = await pages.post(Role.WARD, f"{at}/medicine/{line}/answer", {"text": "Vejer 68 kg"})
        assert (told.status_code, told.headers["location"]) == (303, at)
        states.append(await _status(pages))

    assert states == ["accepted", "completed"]
    assert words_of(await pages.get(Role.GP, f"/tasks/{await reconcile_task(pages)}")).count("Vejer 68 kg") == 2
    done = words_of(await pages.get(Role.WARD, at))
    assert "Egen læge spørger" not in done
    assert DONE_BY_ANSWERING not in done


async def test_answer_without_words_is_refused_on_the_same_page(pages: Pages, lines: dict[str, str]) -> None:
    at, line = await _duty(pages), lines["Furosemid"]

    bare = await pages.post(Role.WARD, f"{at}/medicine/{line}/answer", {"text": "  "})

    assert bare.status_code == 422
    assert "Skriv et svar til egen læge." in words_of(bare)
    assert f'href="#f-answer-{line}"' in bare.text
    assert "Egen læge spørger om 2 lægemidler" in words_of(bare)


async def test_answer_to_what_is_answered_already_is_not_kept_and_the_page_says_so(
    pages: Pages, lines: dict[str, str]
) -> None:
    at, line = await _duty(pages), lines["Furosemid"]
    await pages.post(Role.WARD, f"{at}/medicine/{line}/answer", {"text": "68 kg"})

    again = await pages.post(Role.DOCTOR, f"{at}/medicine/{line}/answer", {"text": "70 kg"})

    assert again.status_code == 409
    assert "Linjen har ændret sig imens. Se det nye" in words_of(again)
    assert "Egen læge spørger om 1 lægemiddel" in words_of(again)
    assert "70 kg" not in words_of(await pages.get(Role.GP, f"/tasks/{await reconcile_task(pages)}"))


@pytest.mark.parametrize(("role", "status"), [(Role.GP, 403), (Role.HOME_NURSE, 403)])
async def test_nobody_but_the_ward_answers_there(pages: Pages, lines: dict[str, str], role: Role, status: int) -> None:
    at = await _duty(pages)

    told = await pages.post(role, f"{at}/medicine/{lines['Furosemid']}/answer", {"text": "68 kg"})

    assert told.status_code == status
    assert "Svar til egen læge om" not in words_of(await pages.get(Role.GP, at))
