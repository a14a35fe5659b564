"""A thousand copies of one message at once."""

from __future__ import annotations

import asyncio
import random

import httpx
import pytest

from tests.engines import Database
from tests.services.installation import Installation, code_of, installed, notification

COPIES = 1000
PAUSE_SECONDS = 0.5


@pytest.mark.no_cover
async def test_a_thousand_copies_at_once_make_one_set_of_tasks_and_one_answer(database: Database) -> None:
    chance = random.Random(1)
    message = notification(report_requested=True)

    async def send(house: Installation) -> httpx.Response:
        # Who was told to come again comes again, later each time as senders do: a slow machine is not run down.
        pauses = (chance.uniform(0, PAUSE_SECONDS * 2**attempt) for attempt in range(COPIES))
        while (answer := await house.send(message)).status_code == httpx.codes.SERVICE_UNAVAILABLE:
            assert answer.json()["issue"][0]["code"] == "transient"
            await asyncio.sleep(next(pauses))
        return answer

    async with installed(database, patience=60) as house:
        answers = await asyncio.gather(*(send(house) for _ in range(COPIES)))

        assert {code_of(answer) for answer in answers} == {"ok"}
        assert len({answer.json()["id"] for answer in answers}) == COPIES, "each in an envelope of its own"
        assert await house.scalar("SELECT count(*) FROM stay") == 1
        assert await house.scalar("SELECT count(*) FROM task") == 2
        assert await house.scalar("SELECT repeats FROM message") == COPIES - 1
