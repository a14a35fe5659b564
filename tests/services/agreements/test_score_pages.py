"""``/score`` for leaders."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from discharge.policy import Role
from services.agreements import score_pages
from tests.engines import Database
from tests.factories import HOSPITAL, MUNICIPALITY
from tests.services.installation import Installation, installed
from tests.services.pages_house import words_of


@pytest.fixture
async def house(database: Database) -> AsyncIterator[Installation]:
    async with installed(database, score_pages.router) as made:
        yield made


async def test_leader_reads_counts_and_no_citizen(house: Installation) -> None:
    await house.home()

    answer = await house.client.get("/score", headers=house.token(Role.LEADER, MUNICIPALITY))

    assert answer.status_code == 200
    assert "Pr. regel og sted" in words_of(answer)
    assert "Tal under 5 er skjult" in words_of(answer)
    assert "Elmerskov" not in answer.text


async def test_without_tasks_the_page_says_so(house: Installation) -> None:
    answer = await house.client.get("/score?days=7", headers=house.token(Role.LEADER, MUNICIPALITY))

    assert "Ingen opgaver i de dage" in words_of(answer)


async def test_span_that_is_not_offered_is_the_usual_one(house: Installation) -> None:
    answer = await house.client.get("/score.csv?days=8", headers=house.token(Role.LEADER, MUNICIPALITY))

    assert answer.headers["content-disposition"].endswith('"stafet-score-90.csv"')


async def test_csv_is_the_page_with_the_same_hidden(house: Installation) -> None:
    await house.home()

    answer = await house.client.get("/score.csv", headers=house.token(Role.LEADER, HOSPITAL))

    rows = [row.split(",") for row in answer.text.splitlines()]
    assert {row[6] for row in rows[1:] if row[0] == "rule"} == {"hidden"}


async def test_nurse_is_refused(house: Installation) -> None:
    assert (await house.client.get("/score", headers=house.nurse)).status_code == 403
