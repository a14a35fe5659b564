"""The ward's board says that the practice asks about the medicine, until the ward has answered."""

from __future__ import annotations

import re

import pytest

from discharge.policy import Role
from tests.services.pages_house import Pages, words_of
from tests.services.stays.medicine import line_on, reconcile_task, written

SIGN = "Egen læge spørger om medicin"


@pytest.fixture
async def stay(pages: Pages) -> str:
    """A discharged citizen with medicine."""
    stay = await pages.stay()
    await written(pages, stay)
    await pages.house.home()
    return stay


async def ask(pages: Pages, name: str) -> str:
    """The practice asks about a line; which one."""
    at = f"/tasks/{await reconcile_task(pages)}"
    line = await line_on(pages, at, name)
    asked = await pages.post(Role.GP, f"{at}/medicine/{line}", {"verdict": "ask", "text": "Mål for vægten?"})
    assert asked.status_code == 303, words_of(asked)
    return line


async def test_row_leads_to_the_medicine_until_every_question_is_answered(pages: Pages, stay: str) -> None:
    assert SIGN not in words_of(await pages.get(Role.WARD, "/ward"))

    lines = [await ask(pages, name) for name in ("Furosemid", "Metformin")]

    signs = []
    for line in lines:
        row = await pages.get(Role.WARD, f"/ward/rows/{stay}")
        signs.append(words_of(row).count(SIGN))
        assert f'<a href="/ward/stays/{stay}/medicine">Egen læge spørger' in row.text
        told = await pages.post(Role.WARD, f"/stays/{stay}/medicine/answer/{line}", {"text": "68 kg"})
        assert told.status_code == 303
    assert signs == [1, 1]
    assert SIGN not in words_of(await pages.get(Role.WARD, f"/ward/rows/{stay}"))


async def test_question_is_counted_as_missing_and_is_said_in_english(pages: Pages, stay: str) -> None:
    await ask(pages, "Furosemid")

    missing = await pages.get(Role.WARD, "/ward?show=missing")
    english = await pages.get(Role.WARD, "/ward?lang=en")

    assert SIGN in words_of(missing)
    assert f'data-stay="{stay}"' in missing.text
    assert "The GP asks about medicine" in words_of(english)


async def test_stay_that_ended_long_ago_stays_on_the_board_while_the_practice_waits(pages: Pages, stay: str) -> None:
    await ask(pages, "Furosemid")
    change = (
        "UPDATE stay SET ended_at = ended_at - interval '9 days', end_received_at = end_received_at - interval '9 d'"
    )
    closed = "UPDATE task SET status = 'completed', done_at = changed_at WHERE owner LIKE '%' AND status <> 'completed'"
    for statement in (change, closed):
        await pages.house.scalar(f"WITH changed AS ({statement} RETURNING 1) SELECT count(*) FROM changed")

    board = await pages.get(Role.WARD, "/ward")

    assert f'data-stay="{stay}"' in board.text
    assert re.search(rf'href="/ward/stays/{stay}/medicine">Egen læge', board.text)
