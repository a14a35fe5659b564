from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

from discharge.identifiers import FeedId
from discharge.policy import Role
from discharge.task import Priority
from notifications.entry import SUBPROTOCOL, EntryEvent, FeedEntry, encode, entry_frame, instant


def refused() -> FeedEntry:
    return FeedEntry(
        feed=FeedId("200001"),
        offset=7,
        at=datetime(2026, 11, 20, 12, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=1))),
        event=EntryEvent.MESSAGE,
        task_id=None,
        stay_id=None,
        priority=Priority.URGENT,
        due_at=None,
        title="En besked er afvist",
        audience=frozenset({Role.OPERATOR, Role.LEADER}),
    )


def test_frame_has_the_fields_of_the_contract_and_no_others() -> None:
    assert json.loads(encode(refused())) == {
        "type": "entry",
        "feed": "200001",
        "offset": 7,
        "at": "2026-11-20T11:00:00.123Z",
        "event": "message",
        "task": None,
        "stay": None,
        "priority": "urgent",
        "due": None,
        "title": "En besked er afvist",
        "audience": ["leader", "operator"],
    }


def test_instants_are_utc_and_end_in_z() -> None:
    assert instant(datetime(2026, 7, 1, 0, 0, tzinfo=UTC)) == "2026-07-01T00:00:00.000Z"


def test_frame_knows_its_number() -> None:
    frame = entry_frame(refused())

    assert (frame.offset, frame.payload) == (7, encode(refused()))


def test_wire_form_has_a_version() -> None:
    assert SUBPROTOCOL == "stafet.live.1"
