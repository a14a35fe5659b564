"""The task page, its moves and the timeline over a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from discharge.policy import Role
from tests.engines import Database
from tests.factories import CPR, FAMILY, MUNICIPALITY
from tests.services.pages_house import Pages, pages_over, words_of

NURSE = Role.HOME_NURSE


@pytest.fixture
async def pages(database: Database) -> AsyncIterator[Pages]:
    async with pages_over(database) as running:
        await running.house.home()
        yield running


async def version_of(pages: Pages, task_id: str) -> str:
    value = await pages.house.scalar("SELECT version FROM task WHERE id = :id", id=task_id)
    return str(value)


async def test_opening_the_page_marks_seen(pages: Pages) -> None:
    task_id = await pages.task(NURSE)

    shown = await pages.get(NURSE, f"/tasks/{task_id}")

    assert shown.status_code == 200
    assert FAMILY in shown.text
    assert CPR.digits not in shown.text
    assert await pages.house.scalar("SELECT status FROM task WHERE id = :id", id=task_id) == "received"


async def test_guessing_browser_sees_nothing(pages: Pages) -> None:
    task_id = await pages.task(NURSE)

    await pages.get(NURSE, f"/tasks/{task_id}", **{"sec-purpose": "prefetch;prerender"})

    assert await pages.house.scalar("SELECT status FROM task WHERE id = :id", id=task_id) == "requested"


async def test_requester_who_looks_has_not_seen_it_for_the_addressee(pages: Pages) -> None:
    task_id = await pages.task(NURSE)

    shown = await pages.get(Role.WARD, f"/tasks/{task_id}")

    assert shown.status_code == 200
    assert await pages.house.scalar("SELECT status FROM task WHERE id = :id", id=task_id) == "requested"


async def test_task_is_taken_and_done_by_plain_forms(pages: Pages) -> None:
    task_id = await pages.task(NURSE)

    taken = await pages.post(NURSE, f"/tasks/{task_id}/accept", {"back": "/municipality"})
    mine = words_of(await pages.get(NURSE, f"/tasks/{task_id}"))
    done = await pages.post(NURSE, f"/tasks/{task_id}/complete", {"version": await version_of(pages, task_id)})

    assert (taken.status_code, taken.headers["location"]) == (303, f"/municipality#task-{task_id}")
    assert "Du har den" in mine
    assert done.status_code == 303
    assert await pages.house.scalar("SELECT status FROM task WHERE id = :id", id=task_id) == "completed"


async def test_taking_twice_is_taking_once(pages: Pages) -> None:
    task_id = await pages.task(NURSE)
    await pages.post(NURSE, f"/tasks/{task_id}/accept")

    again = await pages.fragment(NURSE, f"/tasks/{task_id}/accept")

    assert again.status_code == 200
    assert "Du har den" in words_of(again)
    assert await version_of(pages, task_id) == "2"


async def test_script_gets_the_card_back(pages: Pages) -> None:
    task_id = await pages.task(NURSE)

    answer = await pages.fragment(NURSE, f"/tasks/{task_id}/accept", {"back": "/municipality"})

    assert answer.text.lstrip().startswith("<article")
    assert "Fortryd" in words_of(answer)


@pytest.mark.parametrize("is_fragment", [True, False])
async def test_lost_race_names_the_winner(pages: Pages, is_fragment: bool) -> None:  # noqa: FBT001 - an example
    task_id = await pages.task(NURSE)
    other = pages.house.token(NURSE, MUNICIPALITY)
    await pages.house.client.post(f"/tasks/{task_id}/accept", data={}, headers=other)

    headers = {"hx-request": "true"} if is_fragment else {}
    answer = await pages.post(NURSE, f"/tasks/{task_id}/accept", {}, **headers)

    assert answer.status_code == 409
    assert "tog den først, kl. " in words_of(answer)
    assert "Intet er gemt fra dig" in words_of(answer)
    assert answer.text.lstrip().startswith("<article") is is_fragment


async def test_old_version_is_told(pages: Pages) -> None:
    task_id = await pages.task(NURSE)
    await pages.post(NURSE, f"/tasks/{task_id}/accept")

    answer = await pages.fragment(NURSE, f"/tasks/{task_id}/complete", {"version": "1"})

    assert answer.status_code == 412
    assert "En anden har ændret det imens" in words_of(answer)


async def test_move_that_cannot_be_is_told(pages: Pages) -> None:
    task_id = await pages.task(NURSE)

    answer = await pages.fragment(NURSE, f"/tasks/{task_id}/complete", {"version": "1"})

    assert answer.status_code == 422
    assert "Det kan ikke gøres nu" in words_of(answer)


async def test_rejection_needs_a_reason_and_keeps_the_page(pages: Pages) -> None:
    task_id = await pages.task(NURSE)

    asked = await pages.post(NURSE, f"/tasks/{task_id}/reject", {"version": "1"})
    rejected = await pages.post(NURSE, f"/tasks/{task_id}/reject", {"version": "1", "reason": "Ikke vores borger"})
    shown = words_of(await pages.get(NURSE, f"/tasks/{task_id}"))

    assert asked.status_code == 422
    assert "Skriv en grund" in words_of(asked)
    assert rejected.status_code == 303
    assert "Afvist: Ikke vores borger" in shown


async def test_proposal_is_read_kindly_and_answered_by_the_ward(pages: Pages) -> None:
    task_id = await pages.task(NURSE)

    asked = await pages.post(NURSE, f"/tasks/{task_id}/propose-time", {"version": "1", "date": "snart", "time": ""})
    proposed = await pages.post(
        NURSE, f"/tasks/{task_id}/propose-time", {"version": "1", "date": "i morgen", "time": "9"}
    )
    ward = words_of(await pages.get(Role.WARD, f"/tasks/{task_id}"))
    agreed = await pages.post(
        Role.WARD, f"/tasks/{task_id}/agree-time", {"version": await version_of(pages, task_id), "back": "/ward"}
    )

    assert asked.status_code == 422
    assert "Ret 2 felter" in words_of(asked)
    assert proposed.status_code == 303
    assert "Afventer nyt tidspunkt: i morgen kl. 09.00" in ward
    assert "Godkend tidspunktet" in ward
    assert agreed.status_code == 303


async def test_task_is_handed_over_to_another_unit(pages: Pages) -> None:
    task_id = await pages.task(NURSE)
    await pages.post(NURSE, f"/tasks/{task_id}/accept")

    answer = await pages.post(
        NURSE,
        f"/tasks/{task_id}/assign",
        {"version": await version_of(pages, task_id), "owner": str(MUNICIPALITY), "back": "/municipality"},
    )

    assert answer.status_code == 303
    assert await pages.house.scalar("SELECT owner FROM task WHERE id = :id", id=task_id) == str(MUNICIPALITY)


async def test_role_that_may_not_is_told_in_place_or_on_a_page(pages: Pages) -> None:
    task_id = await pages.task(NURSE)

    fragment = await pages.fragment(Role.WARD, f"/tasks/{task_id}/accept")
    whole = await pages.post(Role.WARD, f"/tasks/{task_id}/accept")

    assert (fragment.status_code, whole.status_code) == (403, 403)
    assert "Din rolle må ikke gøre dette" in words_of(fragment)


async def test_unknown_move_and_task_are_not_found(pages: Pages) -> None:
    task_id = await pages.task(NURSE)

    assert (await pages.post(NURSE, f"/tasks/{task_id}/explode")).status_code == 404
    assert (await pages.get(NURSE, "/tasks/nonsense")).status_code == 404


async def test_refusal_in_place_is_audited(pages: Pages, database: Database) -> None:
    task_id = await pages.task(NURSE)

    await pages.fragment(NURSE, f"/tasks/{task_id}/complete", {"version": "1"})

    audited = await pages.house.audited(database.admin_url)
    assert [row[2] for row in audited if row[1] == "POST /tasks/{task_id}/{move}"].count(422) == 1


async def test_timeline_shows_who_has_the_baton_in_lanes_and_as_a_table(pages: Pages) -> None:
    task_id = await pages.task(NURSE)
    await pages.post(NURSE, f"/tasks/{task_id}/accept")
    stay_id = await pages.house.scalar("SELECT stay_id::text FROM task WHERE id = :id", id=task_id)

    lanes = await pages.get(NURSE, f"/stays/{stay_id}")
    table = await pages.get(NURSE, f"/stays/{stay_id}?view=table")

    assert "har stafetten" in words_of(lanes)
    assert "Taget: Start ydelserne igen" in words_of(lanes)
    assert "<table" in table.text
    assert "Taget: Start ydelserne igen" in words_of(table)


async def test_timeline_of_an_unknown_stay_is_not_found(pages: Pages) -> None:
    assert (await pages.get(NURSE, "/stays/nonsense")).status_code == 404
