"""The practice's inbox over a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from discharge.policy import Role
from tests.engines import Database
from tests.services.pages_house import Pages, pages_over, words_of


@pytest.fixture
async def pages(database: Database) -> AsyncIterator[Pages]:
    async with pages_over(database) as running:
        await running.house.home()
        yield running


async def test_practice_has_its_tasks_after_discharge(pages: Pages) -> None:
    shown = words_of(await pages.get(Role.GP, "/gp"))

    assert "Indbakke" in shown
    assert "Læs epikrisen" in shown


async def test_card_is_served_alone(pages: Pages) -> None:
    task_id = await pages.task(Role.GP, "/gp", "Læs epikrisen")

    card = await pages.get(Role.GP, f"/gp/cards/{task_id}")

    assert f'id="task-{task_id}"' in card.text
