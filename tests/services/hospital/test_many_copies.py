"""A thousand copies of one message at once."""

from __future__ import annotations

import asyncio

import httpx

from tests.services.installation import Installation, code_of, notification

COPIES = 1000


async def test_a_thousand_copies_at_once_make_one_set_of_tasks_and_one_answer(house: Installation) -> None:
    message = notification(report_requested=True)

    async def send() -> httpx.Response:
        # Who was told to come again comes again, as a sender does.
        while (answer := await house.send(message)).status_code == httpx.codes.SERVICE_UNAVAILABLE:
            assert answer.json()["issue"][0]["code"] == "transient"
            await asyncio.sleep(0.05)
        return answer

    answers = await asyncio.gather(*(send() for _ in range(COPIES)))

    assert {code_of(answer) for answer in answers} == {"ok"}
    assert len({answer.json()["id"] for answer in answers}) == COPIES, "each in an envelope of its own"
    assert await house.scalar("SELECT count(*) FROM stay") == 1
    assert await house.scalar("SELECT count(*) FROM task") == 2
    assert await house.scalar("SELECT repeats FROM message") == COPIES - 1
