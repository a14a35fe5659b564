"""Lists that one page does not hold: pages of a hundred, counters that count all, the most pressing first."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import httpx
import pytest

from discharge.policy import Role
from tests.engines import Database
from tests.factories import PRACTICE, WARD
from tests.services.pages_house import Pages, pages_over, words_of

COPIES = 229
_TASKS = """
    INSERT INTO task SELECT (jsonb_populate_record(t, jsonb_build_object(
      'id', gen_random_uuid(), 'due_at', t.due_at + n * interval '1 minute'))).*
    FROM task t, generate_series(1, :copies) n WHERE t.owner = :owner AND t.code = 'read-discharge-letter'
    """
_STAYS = """
    INSERT INTO stay SELECT (jsonb_populate_record(s, jsonb_build_object(
      'id', gen_random_uuid(), 'began_at', s.began_at + n * interval '1 minute'))).*
    FROM stay s, generate_series(1, :copies) n WHERE s.ward = :ward
    """
_PARTIES = """
    INSERT INTO party SELECT (jsonb_populate_record(p, jsonb_build_object('stay_id', s.id))).*
    FROM party p, stay s WHERE NOT EXISTS (SELECT FROM party o WHERE o.stay_id = s.id)
    """
_TAKEN = """
    UPDATE task SET status = 'accepted', accepted_at = sent_at, seen_at = sent_at, delivered_at = sent_at
    WHERE id IN (SELECT id FROM task WHERE owner = :owner ORDER BY due_at, id LIMIT 30)
    """


async def change(pages: Pages, statement: str, **values: object) -> None:
    """Change rows past our own code: so many courses would take their time."""
    await pages.house.scalar(f"WITH changed AS ({statement} RETURNING 1) SELECT count(*) FROM changed", **values)


@pytest.fixture
async def pages(database: Database) -> AsyncIterator[Pages]:
    async with pages_over(database) as running:
        await running.house.home()
        await change(running, _TASKS, copies=COPIES - 1, owner=PRACTICE)
        yield running


def cards(answer: httpx.Response) -> list[tuple[str, str]]:
    """The cards' sort texts and ids, as they stand."""
    return [(sort, task) for task, sort in re.findall(r'data-task="([^"]+)"[^>]*data-sort="([^"]+)"', answer.text)]


async def test_three_pages_hold_every_task_once_in_one_order(pages: Pages) -> None:
    answers = [await pages.get(Role.GP, f"/gp?page={number}") for number in (1, 2, 3)]

    parts = [cards(answer) for answer in answers]
    shown = [card for part in parts for card in part]
    assert [len(part) for part in parts] == [100, 100, COPIES + 1 - 200]
    assert len(set(shown)) == COPIES + 1
    assert [sort for sort, _ in shown] == sorted(sort for sort, _ in shown)
    for answer, said in zip(answers, ("1–100", "101–200", f"201–{COPIES + 1}"), strict=True):
        assert f"Viser {said} af {COPIES + 1}" in words_of(answer)
        assert f"<b>{COPIES + 1}</b> uden ejer" in answer.text


async def test_pages_lead_to_each_other_and_keep_the_filter(pages: Pages) -> None:
    first = await pages.get(Role.GP, "/gp?show=unowned")
    second = await pages.get(Role.GP, "/gp?show=unowned&page=2")

    assert 'href="/gp?show=unowned&amp;page=2" rel="next"' in first.text
    assert 'rel="prev"' not in first.text
    assert 'href="/gp?show=unowned" rel="prev"' in second.text
    assert 'href="/gp?show=unowned&amp;page=3" rel="next"' in second.text
    assert 'name="back" value="/gp?show=unowned&amp;page=2"' in second.text


async def test_what_is_taken_stands_after_what_is_not_and_no_page_says_that_all_is_taken(pages: Pages) -> None:
    await change(pages, _TAKEN, owner=PRACTICE)

    second, third = [await pages.get(Role.GP, f"/gp?page={number}") for number in (2, 3)]

    assert 'data-section="taken"' not in second.text
    assert third.text.count('data-section="taken"') == 1
    assert len(cards(third)) == COPIES + 1 - 200
    last = await pages.get(Role.GP, "/gp?show=unowned&page=2")
    assert f"Viser 101–200 af {COPIES + 1 - 30}" in words_of(last)


async def test_a_page_of_taken_tasks_alone_does_not_say_that_nobody_waits(pages: Pages) -> None:
    await change(pages, _TAKEN.replace("LIMIT 30", "LIMIT 130"), owner=PRACTICE)

    second = await pages.get(Role.GP, "/gp?page=2")

    assert 'data-section="free"' not in second.text
    assert "Alle opgaver er taget" not in second.text


async def test_a_task_is_found_on_its_own_page(pages: Pages) -> None:
    _, task = cards(await pages.get(Role.GP, "/gp?page=3"))[0]

    found = await pages.get(Role.GP, f"/gp?at={task}")
    unknown = await pages.get(Role.GP, "/gp?at=nobody")

    assert task in {each for _, each in cards(found)}
    assert f"Viser 201–{COPIES + 1} af" in words_of(found)
    assert "Viser 1–100 af" in words_of(unknown)


async def test_the_board_has_pages_with_and_without_a_search(pages: Pages) -> None:
    await change(pages, _STAYS, copies=149, ward=WARD)
    await change(pages, _PARTIES)

    first, second = [await pages.get(Role.WARD, f"/ward?page={number}") for number in (1, 2)]

    rows = [re.findall(r'<tr class="row[^>]*data-stay="([^"]+)"', answer.text) for answer in (first, second)]
    assert [len(part) for part in rows] == [100, 50]
    assert len({row for part in rows for row in part}) == 150
    assert "Viser 101–150 af 150" in words_of(second)
    sought = await pages.get(Role.WARD, f"/ward?at={rows[1][-1]}")
    assert "Viser 101–150 af 150" in words_of(sought)

    found = await pages.post(Role.WARD, "/ward/find", {"q": "–"})
    further = await pages.post(Role.WARD, "/ward/find", {"q": "–", "page": "2"})

    assert "Viser 1–100 af" in words_of(found)
    assert 'name="page" value="2"' in found.text
    assert "Viser 101–" in words_of(further)
    assert 'name="q" value="–"' in further.text
