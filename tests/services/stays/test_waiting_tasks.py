"""The pages of a task that waits for another one, and that is released."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from discharge.policy import Role
from tests.engines import Database
from tests.services.pages_house import Pages, pages_over, words_of
from tests.services.stays.medicine import reconcile_task, written
from tests.services.waits import visits_wait

NURSE = Role.HOME_NURSE
WAITS = "Venter på egen læges afstemning"


@pytest.fixture
async def pages(database: Database) -> AsyncIterator[Pages]:
    async with pages_over(database) as running:
        await visits_wait(running.house)
        yield running


async def _taken(pages: Pages) -> str:
    """The visit, which the nurse has taken on."""
    task_id = await pages.task(NURSE)
    assert (await pages.post(NURSE, f"/tasks/{task_id}/accept")).status_code == 303
    return task_id


async def _version(pages: Pages, task_id: str) -> str:
    return str(await pages.house.scalar("SELECT version FROM task WHERE id = :id", id=task_id))


async def test_list_and_page_say_what_it_waits_for_and_the_page_how_much(pages: Pages) -> None:
    stay = await pages.stay()
    await written(pages, stay)
    await pages.house.home()
    task_id = await _taken(pages)

    page = words_of(await pages.get(NURSE, f"/tasks/{task_id}"))

    assert WAITS in words_of(await pages.get(NURSE, "/municipality"))
    assert f"{WAITS}: 5 linjer er åbne" in page
    assert "Udført inden da?" in page


async def test_without_any_list_the_page_says_so(pages: Pages) -> None:
    await pages.house.home()

    page = words_of(await pages.get(NURSE, f"/tasks/{await _taken(pages)}"))

    assert f"{WAITS}: ingen liste er modtaget" in page


@pytest.mark.parametrize("is_fragment", [True, False])
async def test_done_without_a_reason_is_refused_in_place(pages: Pages, is_fragment: bool) -> None:  # noqa: FBT001 - an example
    await pages.house.home()
    task_id = await _taken(pages)

    headers = {"hx-request": "true"} if is_fragment else {}
    form = {"version": await _version(pages, task_id)}
    refused = await pages.post(NURSE, f"/tasks/{task_id}/complete", form, **headers)

    assert refused.status_code == 422
    assert "Opgaven venter på en anden. Skriv en grund" in words_of(refused)
    assert await pages.house.scalar("SELECT status FROM task WHERE id = :id", id=task_id) == "accepted"


async def test_done_with_a_reason_shows_it_on_task_and_timeline(pages: Pages) -> None:
    await pages.house.home()
    task_id = await _taken(pages)
    why = "Givet efter hospitalets underskrevne liste"

    form = {"version": await _version(pages, task_id), "early": why}
    done = await pages.post(NURSE, f"/tasks/{task_id}/complete", form)

    stay = await pages.house.scalar("SELECT stay_id FROM task WHERE id = :id", id=task_id)
    assert done.status_code == 303
    assert f"Udført: {why}" in words_of(await pages.get(NURSE, f"/tasks/{task_id}"))
    assert why in words_of(await pages.get(Role.WARD, f"/stays/{stay}"))


async def test_released_task_says_since_when_and_is_done_as_any_other(pages: Pages) -> None:
    await pages.house.home()
    task_id, theirs = await _taken(pages), await reconcile_task(pages)
    await pages.post(Role.GP, f"/tasks/{theirs}/accept")
    form = {"version": await _version(pages, theirs)}
    assert (await pages.post(Role.GP, f"/tasks/{theirs}/complete", form)).status_code == 303

    page = words_of(await pages.get(NURSE, f"/tasks/{task_id}"))
    done = await pages.post(NURSE, f"/tasks/{task_id}/complete", {"version": await _version(pages, task_id)})

    assert "Frigivet" in page
    assert WAITS not in page
    assert "Frigivet" not in words_of(await pages.get(NURSE, f"/tasks/{task_id}"))
    assert done.status_code == 303
