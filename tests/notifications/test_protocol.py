from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from discharge.identifiers import FeedId, PersonId
from discharge.policy import Caller, Role
from notifications.entry import Frame
from notifications.ports import Head, Standing
from notifications.protocol import Action, Ask, Close, Limits, LiveProtocol, Send
from notifications.rights import FollowRights
from notifications.tally import Tally
from tests.fakes_notifications import MUNICIPALITY, NORTH, TEAM, WARD, small_denmark

NURSE = Caller(person_id=PersonId("p"), name="Anna", role=Role.HOME_NURSE, organization=MUNICIPALITY, unit=NORTH)
RIGHTS = FollowRights.of(NURSE, small_denmark())
FEED = FeedId(NORTH)
EPOCH = "7-1-0"


def protocol(limits: Limits | None = None, tally: Tally | None = None) -> LiveProtocol:
    return LiveProtocol(rights=RIGHTS, limits=limits or Limits(), tally=tally or Tally())


def standing(head: int, floor: int = 0, epoch: str = EPOCH) -> Standing:
    return Standing(Head(epoch, head), floor)


def frames(first: int, last: int) -> list[Frame]:
    return [Frame(number, b"%d" % number) for number in range(first, last + 1)]


def follow(**fields: object) -> str:
    return json.dumps({"type": "follow", "feed": "default", **fields})


def delivered(offset: object, feed: str = FEED) -> str:
    return json.dumps({"type": "delivered", "feed": feed, "offset": offset})


def sent(actions: Sequence[Action]) -> dict[str, object]:
    (action,) = actions
    assert isinstance(action, Send)
    frame: dict[str, object] = json.loads(action.payload)
    return frame


def asked(live: LiveProtocol, frame: str, now: float = 0.0) -> Ask:
    (action,) = live.receive(frame, now)
    assert isinstance(action, Ask)
    return action


def following(head: int = 5, *, live: LiveProtocol | None = None, **fields: object) -> LiveProtocol:
    live = live or protocol()
    live.answer(asked(live, follow(**fields)), standing(head), 0.0)
    return live


def passed(live: LiveProtocol, batch: Sequence[Frame], now: float = 1.0) -> list[int]:
    return [int(action.payload) for action in live.pass_on(FEED, batch, now)]


def test_default_is_the_callers_unit_and_comes_back_by_its_real_name() -> None:
    live = protocol()

    answer = sent(live.answer(asked(live, follow(epoch=None, offset=None)), standing(5), 0.0))

    assert answer == {"type": "following", "feed": NORTH, "epoch": EPOCH, "offset": 5, "heartbeat_s": 20}


def test_heartbeat_span_may_be_a_fraction() -> None:
    live = protocol(Limits(heartbeat_seconds=0.5))

    assert sent(live.answer(asked(live, follow()), standing(0), 0.0))["heartbeat_s"] == 0.5


@pytest.mark.parametrize("epoch", [None, EPOCH])
def test_following_repeats_the_clients_own_offset(epoch: str | None) -> None:
    live = protocol()

    answer = sent(live.answer(asked(live, follow(epoch=epoch, offset=3)), standing(5), 0.0))

    assert (answer["type"], answer["offset"]) == ("following", 3)
    assert passed(live, frames(4, 5)) == [4, 5]


@pytest.mark.parametrize(
    ("fields", "stands"),
    [
        ({"offset": 6}, standing(5)),
        ({"offset": 10**30}, standing(5)),
        ({"offset": 1}, standing(5, floor=2)),
        ({"offset": 3, "epoch": "7-2-0"}, standing(5)),
        ({"offset": None, "epoch": "7-2-0"}, standing(5)),
        ({"offset": 0}, standing(1_001)),
    ],
    ids=[
        "in-the-future",
        "far-in-the-future",
        "below-the-floor",
        "other-epoch",
        "other-epoch-at-head",
        "too-far-behind",
    ],
)
def test_what_cannot_be_resumed_is_reset_and_entries_flow_on(fields: dict[str, object], stands: Standing) -> None:
    live = protocol()

    answer = sent(live.answer(asked(live, follow(**fields)), stands, 0.0))

    head = stands.head.offset
    assert answer == {"type": "reset", "feed": NORTH, "epoch": EPOCH, "offset": head}
    assert passed(live, frames(head + 1, head + 1)) == [head + 1]


def test_a_thousand_behind_is_still_resumed() -> None:
    live = protocol()

    assert sent(live.answer(asked(live, follow(offset=0)), standing(1_000), 0.0))["type"] == "following"


def test_offset_at_the_floor_is_still_resumed() -> None:
    live = protocol()

    assert sent(live.answer(asked(live, follow(offset=2)), standing(5, floor=2), 0.0))["type"] == "following"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"feed": WARD}, {"feed": WARD, "code": "not-yours"}),
        ({"feed": "999999"}, {"feed": "999999", "code": "unknown-feed"}),
        ({"feed": "no such\nfeed"}, {"feed": "", "code": "unknown-feed"}),
        ({"feed": "\ud800"}, {"feed": "", "code": "unknown-feed"}),
        ({"feed": 7}, {"feed": "", "code": "unknown-feed"}),
        ({"offset": -1}, {"feed": NORTH, "code": "bad-offset"}),
        ({"offset": "3"}, {"feed": NORTH, "code": "bad-offset"}),
        ({"offset": 3.0}, {"feed": NORTH, "code": "bad-offset"}),
        ({"offset": True}, {"feed": NORTH, "code": "bad-offset"}),
        ({"epoch": 7, "offset": 3}, {"feed": NORTH, "code": "bad-offset"}),
    ],
)
def test_refused_follow_names_why_and_leaves_the_socket_open(
    fields: dict[str, object], error: dict[str, object]
) -> None:
    live = protocol()

    assert sent(live.receive(follow(**fields), 0.0)) == {"type": "error", **error}
    assert live.feeds == ()


def test_more_feeds_than_allowed_are_too_many_but_a_followed_one_may_be_moved() -> None:
    live = following(live=protocol(Limits(feeds=1)))

    assert sent(live.receive(follow(feed=TEAM), 0.0))["code"] == "too-many"
    assert isinstance(live.receive(follow(offset=1), 0.0)[0], Ask)


def test_second_follow_moves_the_cursor() -> None:
    live = following(5)
    assert passed(live, frames(6, 7)) == [6, 7]

    live.answer(asked(live, follow(offset=4)), standing(7), 0.0)

    assert live.offset(FEED) == 4
    assert passed(live, frames(5, 7)) == [5, 6, 7]


def test_several_feeds_keep_their_own_numbers() -> None:
    live = following(5)
    live.answer(asked(live, follow(feed=TEAM)), standing(100), 0.0)

    assert passed(live, frames(6, 6)) == [6]
    assert live.feeds == (FEED, FeedId(TEAM))
    assert (live.offset(FEED), live.offset(FeedId(TEAM)), live.offset(FeedId(WARD))) == (6, 100, None)


@pytest.mark.parametrize(
    ("batch", "expected"),
    [((4, 5), []), ((4, 7), [6, 7]), ((6, 6), [6]), ((7, 8), [])],
    ids=["old", "overlapping", "next", "beyond"],
)
def test_each_number_is_put_on_the_socket_once_and_none_is_left_out(
    batch: tuple[int, int], expected: list[int]
) -> None:
    assert passed(following(5), frames(*batch)) == expected


def test_nothing_is_passed_on_of_a_feed_that_is_not_followed() -> None:
    assert protocol().pass_on(FEED, frames(1, 1), 0.0) == ()
    assert following().pass_on(FEED, [], 0.0) == ()


def test_right_that_was_lost_ends_the_feed_at_once() -> None:
    live = following()
    foreign = replace(RIGHTS, feeds=frozenset())

    assert sent(live.change_rights(foreign)) == {"type": "error", "feed": NORTH, "code": "not-yours"}
    assert live.feeds == ()
    assert live.change_rights(RIGHTS) == ()


def test_right_is_asked_for_every_entry() -> None:
    live = following()
    live._rights = replace(RIGHTS, feeds=frozenset())  # noqa: SLF001 - what no public way lets happen

    assert sent(live.pass_on(FEED, frames(6, 6), 1.0))["code"] == "not-yours"
    assert live.feeds == ()


def test_heartbeat_names_the_last_offset_put_on_the_socket() -> None:
    live = following(5)
    passed(live, frames(6, 7), now=10.0)

    assert live.heartbeats(29.9) == ()
    assert sent(live.heartbeats(30.0)) == {"type": "heartbeat", "feed": NORTH, "offset": 7}
    assert live.heartbeats(49.9) == ()
    assert len(live.heartbeats(50.0)) == 1


def test_reset_sends_the_client_to_a_snapshot() -> None:
    live = following(5)

    assert sent(live.reset(FEED, Head("7-2-0", 2), 1.0)) == {
        "type": "reset",
        "feed": NORTH,
        "epoch": "7-2-0",
        "offset": 2,
    }
    assert passed(live, frames(3, 3)) == [3]


def test_confirmations_are_batched_at_most_once_a_second() -> None:
    live = following(5)

    assert live.receive(delivered(4), 0.0) == ()
    live.receive(delivered(5, "default"), 0.0)
    live.receive(delivered(2), 0.0)

    assert live.confirmations(10.0) == ((FEED, 5),)
    passed(live, frames(6, 6))
    live.receive(delivered(6), 10.1)
    assert live.confirmations(10.9) == ()
    assert live.confirmations(11.0) == ((FEED, 6),)
    assert live.confirmations(12.0) == ()


def test_last_confirmations_do_not_wait() -> None:
    live = following(5)
    live.receive(delivered(4), 0.0)
    live.confirmations(0.0)
    live.receive(delivered(5), 0.1)

    assert live.confirmations(0.2, last=True) == ((FEED, 5),)


def test_confirmation_that_could_not_be_written_comes_again() -> None:
    live = following(5)
    live.receive(delivered(5), 0.0)
    live.confirmations(0.0)

    live.unconfirmed(FEED, 5)
    live.unconfirmed(FeedId(WARD), 5)

    assert live.confirmations(2.0) == ((FEED, 5),)
    live.unconfirmed(FEED, 4)
    assert live.confirmations(4.0) == ()


def test_moving_the_cursor_forgets_no_confirmation_but_a_new_epoch_does() -> None:
    live = following(5)
    live.receive(delivered(5), 0.0)
    live.answer(asked(live, follow(offset=1)), standing(5), 0.0)
    assert live.confirmations(2.0) == ((FEED, 5),)

    live.reset(FEED, Head("8-1-0", 9), 2.0)
    live.receive(delivered(3), 2.0)

    assert live.confirmations(4.0) == ((FEED, 3),)


@pytest.mark.parametrize("offset", [6, -1, "5", None, True])
def test_confirming_what_was_not_sent_is_an_error(offset: object) -> None:
    live = following(5)

    assert sent(live.receive(delivered(offset), 0.0)) == {"type": "error", "feed": NORTH, "code": "bad-offset"}
    assert live.confirmations(9.0) == ()


def test_confirming_a_feed_that_is_not_followed_is_an_error() -> None:
    assert sent(following().receive(delivered(1, TEAM), 0.0))["code"] == "unknown-feed"
    assert sent(following().receive('{"type":"delivered","offset":1}', 0.0))["feed"] == ""


@pytest.mark.parametrize("frame", ['{"type":"hello"}', "{}", '{"type":7}', '{"type":null,"feed":"x"}'])
def test_unknown_frame_types_are_ignored_and_counted(frame: str) -> None:
    tally = Tally()

    assert protocol(tally=tally).receive(frame, 0.0) == ()
    assert tally["frames-ignored"] == 1


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", 1007),
        ("{", 1007),
        ("[]", 1007),
        ('"follow"', 1007),
        ("null", 1007),
        ('{"type":"follow","type":"follow"}', 1007),
        ('{"offset":NaN}', 1007),
        ('{"a":"\x00"}', 1007),
        ("[" * 20_000, 1007),
        ('{"offset":' + "9" * 5_000 + "}", 1007),
        (b"{}", 1007),
        ('{"type":"' + "x" * 65_536 + '"}', 1009),
        ('{"type":"' + "æ" * 33_000 + '"}', 1009),
    ],
)
def test_bad_frames_close_the_socket(data: str | bytes, code: int) -> None:
    (action,) = protocol().receive(data, 0.0)

    assert isinstance(action, Close)
    assert action.code == code


def test_frame_of_exactly_64_kib_is_read() -> None:
    frame = '{"type":"' + "x" * (65_536 - 11) + '"}'

    assert len(frame) == 65_536
    assert protocol().receive(frame, 0.0) == ()


def test_hundred_frames_a_second_are_allowed_and_no_more() -> None:
    live = protocol()
    for _ in range(100):
        assert live.receive("{}", 0.0) == ()

    assert live.receive("{}", 0.99) == (Close(1008, "too-many-frames"),)


def test_frame_budget_comes_back() -> None:
    live = protocol()
    for _ in range(100):
        live.receive("{}", 0.0)

    assert live.receive("{}", 1.0) == ()


def test_twenty_follows_in_ten_seconds_are_allowed_and_no_more() -> None:
    live = protocol()
    for _ in range(20):
        assert isinstance(live.receive(follow(), 0.0)[0], Ask)

    assert live.receive(follow(), 9.9) == (Close(1008, "too-many-follows"),)


def test_confirmations_are_not_counted_but_senseless_ones_are() -> None:
    live = following(5)
    for _ in range(1_000):
        assert live.receive(delivered(5), 0.0) == ()
    for _ in range(99):
        sent(live.receive(delivered(6), 0.0))

    assert live.receive(delivered(6), 0.0) == (Close(1008, "too-many-frames"),)
