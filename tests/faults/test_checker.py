"""The checker finds each kind of loss in a history that was broken on purpose, and nothing in a whole one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from discharge.stay import NoticeKind
from tests.faults.checker import EXPECTED, check
from tests.faults.found import Alarm, EntryFound, Found, MessageFound, StayFound, TaskFound, TimerFound
from tests.faults.history import (
    NO_ANSWER,
    Began,
    Entry,
    History,
    MessageSent,
    MoveAsked,
    Reset,
    Snapshot,
    Watch,
)

STAY, UNIT, WARD, EPOCH = "stay-1", "unit", "ward", "1-1-0"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
DUE = NOW - timedelta(hours=1)
PAUSE = "pause-services"


@dataclass(slots=True)
class World:
    """A whole history and a whole store, for a test to break."""

    history: History
    found: Found

    def kinds(self) -> set[str]:
        """What the checker finds."""
        return {finding.kind for finding in check(self.history, self.found)}

    def change_task(self, **changes: Any) -> None:
        """Another end of the task."""
        self.found.tasks[PAUSE] = replace(self.found.tasks[PAUSE], **changes)

    def change_stay(self, **changes: Any) -> None:
        """Another end of the stay."""
        self.found.stays[STAY] = replace(self.found.stays[STAY], **changes)

    def change_message(self, **changes: Any) -> None:
        """Another end of the message."""
        self.found.messages["m1"] = replace(self.found.messages["m1"], **changes)


def entries() -> list[EntryFound]:
    """The unit's feed."""
    return [
        EntryFound(feed=UNIT, number=1, event="task-requested", task=PAUSE, stay=STAY),
        EntryFound(feed=UNIT, number=2, event="task-overdue", task=PAUSE, stay=STAY),
        EntryFound(feed=UNIT, number=3, event="task-changed", task=PAUSE, stay=STAY),
    ]


def frames(numbers: range) -> list[Entry]:
    """The same entries as they came."""
    return [
        Entry(offset=entry.number, event=entry.event, task=entry.task, stay=entry.stay)
        for entry in entries()
        if entry.number in numbers
    ]


@pytest.fixture
def world() -> World:
    """One message made one stay with one task; it became overdue, then a nurse took it; a client was cut between."""
    accepted = MoveAsked(task=PAUSE, wanted="accepted", decided_on=1, person="a", status=200, version=2)
    watch = Watch(
        client="c1",
        feed=UNIT,
        frames=[
            Began(epoch=EPOCH, offset=0),
            *frames(range(1, 3)),
            Began(epoch=EPOCH, offset=2),
            *frames(range(3, 4)),
        ],
    )
    sent = MessageSent(message_id="m1", sender=WARD, episode="e1", kind=NoticeKind.STIN, answers=[NO_ANSWER, "ok"])
    return World(
        History(
            messages={"m1": sent},
            moves=[replace(accepted, status=None, version=None), accepted],
            watches=[watch],
            door={PAUSE: (2, "accepted")},
            door_owners=frozenset({UNIT}),
        ),
        Found(
            messages={"m1": MessageFound(message_id="m1", receipt="ok", stay=STAY)},
            stays={
                STAY: StayFound(
                    id=STAY,
                    patient="p1",
                    episodes=frozenset({"e1"}),
                    encounters=1,
                    parties=frozenset({UNIT, WARD}),
                    ward=WARD,
                    began=1,
                    audits=1,
                )
            },
            tasks={
                PAUSE: TaskFound(
                    id=PAUSE,
                    stay=STAY,
                    rule="R03",
                    code=PAUSE,
                    owner=UNIT,
                    status="accepted",
                    version=2,
                    replaces=None,
                    versions={1: "requested", 2: "accepted"},
                )
            },
            heads={UNIT: 3},
            entries=entries(),
            timers=[TimerFound(task=PAUSE, kind="overdue", organization=UNIT, due_at=DUE, fired_at=NOW)],
            alarms=[Alarm(task=PAUSE, kind="task-overdue", organization=UNIT, at=DUE)],
            due_until=NOW,
        ),
    )


def test_a_whole_history_has_no_findings(world: World) -> None:
    assert check(world.history, world.found) == []


def test_a_message_without_an_answer_may_be_there_or_not(world: World) -> None:
    world.history.messages["m1"].answers = [NO_ANSWER, "HTTP 503"]
    assert world.kinds() == set()

    lost = History(messages=world.history.messages)
    assert check(lost, Found()) == []


def test_a_reset_with_a_snapshot_is_no_gap(world: World) -> None:
    world.history.watches[0].frames = [
        Began(epoch=EPOCH, offset=0),
        Reset(epoch=EPOCH, offset=2),
        Snapshot(epoch=EPOCH, offset=2),
        *frames(range(3, 4)),
    ]
    assert world.kinds() == set()


def _lose_message(world: World) -> None:
    world.found = Found()
    world.history = History(messages=world.history.messages)


def _second_stay(world: World) -> None:
    world.found.stays["stay-2"] = replace(world.found.stays[STAY], id="stay-2")


def _unknown_message(world: World) -> None:
    world.found.messages["m2"] = MessageFound(message_id="m2", receipt="ok", stay=STAY)


def _second_task(world: World) -> None:
    world.found.tasks["twin"] = replace(world.found.tasks[PAUSE], id="twin")


def _task_of_another_rule(world: World) -> None:
    world.found.tasks["other"] = replace(world.found.tasks[PAUSE], id="other", rule="R17", code="resume-services")


def _lose_task(world: World) -> None:
    world.found.tasks.clear()


def _lose_stay(world: World) -> None:
    world.found.stays.clear()


def _lose_entry(world: World) -> None:
    del world.found.entries[1]


def _lose_last_entry(world: World) -> None:
    del world.found.entries[-1]


def _lose_entry_and_number(world: World) -> None:
    del world.found.entries[0]
    world.found.entries[:] = [replace(entry, number=entry.number - 1) for entry in world.found.entries]
    world.found.heads[UNIT] = 2


def _double_number(world: World) -> None:
    world.found.entries.append(world.found.entries[-1])


def _skip_frame(world: World) -> None:
    del world.history.watches[0].frames[2]


def _repeat_frame(world: World) -> None:
    world.history.watches[0].frames.append(world.history.watches[0].frames[-1])


def _swap_frames(world: World) -> None:
    seen = world.history.watches[0].frames
    seen[1], seen[2] = seen[2], seen[1]


def _resume_elsewhere(world: World) -> None:
    world.history.watches[0].frames[3] = Began(epoch=EPOCH, offset=1)


def _reset_alone(world: World) -> None:
    world.history.watches[0].frames[3] = Reset(epoch=EPOCH, offset=2)


def _other_epoch(world: World) -> None:
    world.history.watches[0].frames[3] = Began(epoch="1-2-0", offset=2)


def _untrue_frame(world: World) -> None:
    world.history.watches[0].frames[-1] = Entry(offset=3, event="task-changed", task="other", stay=STAY)


def _end_early(world: World) -> None:
    del world.history.watches[0].frames[-1]


def _lose_move(world: World) -> None:
    world.change_task(status="requested", version=1, versions={1: "requested"})


def _unasked_move(world: World) -> None:
    world.history.moves.clear()


def _refused_move_happened(world: World) -> None:
    world.history.moves[:] = [replace(world.history.moves[0], status=412)]


def _two_holders(world: World) -> None:
    world.history.moves.append(replace(world.history.moves[1], person="b"))


def _failing_move(world: World) -> None:
    world.history.moves.append(replace(world.history.moves[0], status=500))


def _failing_message(world: World) -> None:
    world.history.messages["m1"].answers.append("HTTP 500")


def _no_then_yes(world: World) -> None:
    world.history.messages["m1"].answers.append("fatal-error")


def _miss_timer(world: World) -> None:
    world.found.timers[0] = replace(world.found.timers[0], fired_at=None)


def _alarm_twice(world: World) -> None:
    world.found.alarms.append(world.found.alarms[0])


def _silent_timer(world: World) -> None:
    world.found.alarms.clear()
    world.change_task(status="requested", version=1, versions={1: "requested"})


def _alarm_unheard(world: World) -> None:
    world.found.entries[1] = replace(world.found.entries[1], event="task-changed")


def _alarm_heard_twice(world: World) -> None:
    world.found.entries[2] = replace(world.found.entries[2], event="task-overdue")


def _rejected_alone(world: World) -> None:
    world.change_task(status="rejected", versions={1: "requested", 2: "rejected"})


def _untrue_door(world: World) -> None:
    world.history.door = {}


BROKEN: list[tuple[Callable[[World], None], str]] = [
    (_lose_message, "message-lost"),
    (_unknown_message, "message-nobody-sent"),
    (_failing_message, "message-answered-wrongly"),
    (_no_then_yes, "message-answered-wrongly"),
    (lambda w: w.change_message(receipt=None), "message-half-written"),
    (lambda w: w.change_message(has_body=False), "message-half-written"),
    (lambda w: w.change_message(stay=None), "message-half-written"),
    (lambda w: w.change_message(differing_repeats=1), "message-repeat-differs"),
    (_lose_stay, "stay-lost"),
    (_second_stay, "stay-doubled"),
    (_second_stay, "stay-from-nowhere"),
    (lambda w: w.change_stay(episodes=frozenset({"e1", "e2"})), "stay-mixed-up"),
    (lambda w: w.change_stay(encounters=0), "stay-half-written"),
    (lambda w: w.change_stay(patient=None), "stay-half-written"),
    (lambda w: w.change_stay(parties=frozenset({UNIT})), "stay-half-written"),
    (lambda w: w.change_stay(parties=frozenset({WARD})), "stay-half-written"),
    (lambda w: w.change_stay(began=2), "stay-half-written"),
    (lambda w: w.change_stay(audits=0), "audit-lost"),
    (_lose_task, "task-lost"),
    (_second_task, "task-doubled"),
    (_task_of_another_rule, "task-from-nowhere"),
    (lambda w: w.change_task(stay="stay-9"), "task-from-nowhere"),
    (lambda w: w.change_task(versions={2: "accepted"}), "task-half-written"),
    (lambda w: w.change_task(status="completed"), "task-half-written"),
    (lambda w: w.change_task(requested=0), "task-half-written"),
    (lambda w: w.change_task(delivered=2), "proof-doubled"),
    (lambda w: w.change_task(rungs=0), "timer-lost"),
    (_rejected_alone, "task-without-owner"),
    (_lose_entry_and_number, "entry-lost"),
    (_lose_entry, "feed-hole"),
    (_lose_last_entry, "feed-hole"),
    (_double_number, "feed-hole"),
    (_lose_task, "entry-from-nowhere"),
    (_skip_frame, "watch-gap"),
    (_repeat_frame, "watch-gap"),
    (_swap_frames, "watch-gap"),
    (_resume_elsewhere, "watch-gap"),
    (_reset_alone, "watch-gap"),
    (_other_epoch, "epoch-changed"),
    (_untrue_frame, "entry-untrue"),
    (_end_early, "watch-behind"),
    (_lose_move, "move-lost"),
    (_unasked_move, "move-nobody-asked"),
    (_refused_move_happened, "move-nobody-asked"),
    (_two_holders, "task-taken-twice"),
    (_failing_move, "move-answered-wrongly"),
    (_miss_timer, "timer-missed"),
    (_alarm_twice, "timer-fired-twice"),
    (_silent_timer, "timer-silent"),
    (_alarm_unheard, "alarm-unheard"),
    (_alarm_heard_twice, "alarm-heard-twice"),
    (_untrue_door, "door-differs"),
]


@pytest.mark.parametrize(("break_it", "kind"), BROKEN, ids=[f"{kind}-{n}" for n, (_, kind) in enumerate(BROKEN)])
def test_each_loss_is_found(world: World, break_it: Callable[[World], None], kind: str) -> None:
    break_it(world)

    assert kind in world.kinds()


def test_every_kind_of_message_that_the_load_sends_has_its_duties() -> None:
    # Leave, death, corrections and cancellations are told in tests/discharge/test_story.py, in every order.
    assert EXPECTED.keys() == {NoticeKind.STAA, NoticeKind.STIN, NoticeKind.SLHJ}
