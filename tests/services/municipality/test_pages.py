"""The municipality's feed over a real store."""

from __future__ import annotations

import pytest

from discharge.policy import Role
from tests.factories import FAMILY
from tests.services.pages_house import Pages, words_of

NURSE = Role.HOME_NURSE


async def test_empty_feed_says_that_all_is_taken(pages: Pages) -> None:
    assert "Alle opgaver er taget" in words_of(await pages.get(NURSE, "/municipality"))


async def test_feed_shows_what_nobody_has_taken_then_what_is_taken(pages: Pages) -> None:
    await pages.house.home()
    task_id = await pages.task(NURSE)
    await pages.post(NURSE, f"/tasks/{task_id}/accept")

    shown = words_of(await pages.get(NURSE, "/municipality"))

    assert shown.index("Ingen har taget") < shown.index("Sæt besøg, mad og dosispakning på pause")
    assert shown.index("Sæt besøg") < shown.index("Du har den")


@pytest.mark.parametrize("show", ["unowned", "late", "mine", "group", "done", "nonsense"])
async def test_every_filter_answers(pages: Pages, show: str) -> None:
    await pages.house.home()

    answer = await pages.get(NURSE, f"/municipality?show={show}")

    assert answer.status_code == 200
    assert 'aria-current="true"' in answer.text


async def test_empty_filter_says_how_many_it_hides(pages: Pages) -> None:
    await pages.house.home()

    shown = words_of(await pages.get(NURSE, "/municipality?show=done"))

    assert "Ingen passer til „udført i dag“" in shown
    assert "opgaver er skjult af filteret." in shown


async def test_card_is_served_alone_and_marks_nothing_seen(pages: Pages) -> None:
    await pages.house.home()
    task_id = await pages.task(NURSE)

    card = await pages.get(NURSE, f"/municipality/cards/{task_id}")

    assert card.text.lstrip().startswith("<article")
    assert FAMILY in card.text
    assert await pages.house.scalar("SELECT status FROM task WHERE id = :id", id=task_id) == "requested"


async def test_leader_sees_only_what_was_escalated(pages: Pages) -> None:
    await pages.house.home()

    answer = await pages.get(Role.LEADER, "/municipality")

    assert answer.status_code == 200
    assert FAMILY not in answer.text


async def test_english_is_asked_for_and_kept(pages: Pages) -> None:
    answer = await pages.get(NURSE, "/municipality?lang=en")

    assert "Nobody has taken" in words_of(answer)
    assert "stafet-lang=en" in answer.headers["set-cookie"]
