"""What clients send."""

from __future__ import annotations

import pytest

from tests.fakes_notifications import CLINIC, HOSPITAL, MUNICIPALITY, WARD
from tests.services.web.live_house import House, closing, follow, next_entry, next_frame, say


@pytest.mark.parametrize(
    ("frame", "code"),
    [("x" * 65_537, 1009), ("{", 1007), ("[1]", 1007), (b"{}", 1007)],
    ids=["over-64-kib", "bad-json", "no-object", "binary"],
)
async def test_catalogue_46_bad_frames_close_the_socket(house: House, frame: str | bytes, code: int) -> None:
    async with house.open() as client:
        await client.send(frame)

        assert (await closing(client))[0] == code


async def test_catalogue_46_more_than_a_hundred_frames_a_second_close_the_socket(house: House) -> None:
    async with house.open() as client:
        for _ in range(101):
            await client.send('{"type":"noise"}')

        assert await closing(client) == (1008, "too-many-frames")
    assert house.tally["frames-ignored"] == 100


async def test_catalogue_46_feed_of_another_organisation_is_not_yours(house: House) -> None:
    async with house.open() as client:
        for feed in (WARD, HOSPITAL, CLINIC, MUNICIPALITY):
            await say(client, type="follow", feed=feed)
            assert await next_frame(client) == {"type": "error", "feed": feed, "code": "not-yours"}
        await say(client, type="follow", feed="999999")
        assert (await next_frame(client))["code"] == "unknown-feed"


async def test_catalogue_46_offset_in_the_future_and_an_old_epoch_are_reset(house: House) -> None:
    await house.append()
    async with house.open() as client:
        future = await follow(client, offset=99)
        old = await follow(client, epoch="1-1-0", offset=1)
        await house.append()

        assert (future["type"], future["offset"]) == ("reset", 1)
        assert (old["type"], old["offset"]) == ("reset", 1)
        assert await next_entry(client) == 2
