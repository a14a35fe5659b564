"""A process dies at each seam of the event path: what was committed is whole, the rest is as if it never was.

Whoever got no answer asks again, and that is harmless.
"""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import orjson
import pytest

from discharge.stay import NoticeKind
from tests import factories
from tests.engines import Database
from tests.factories import NORTH
from tests.faults.checker import check
from tests.faults.dying import (
    AFTER_COMMIT,
    BEFORE_COMMIT,
    BEFORE_DELIVERY,
    BEFORE_WAKE_UP,
    DIED,
    IN_DELIVERY,
    NOWHERE,
)
from tests.faults.found import Found, TaskFound, look
from tests.faults.history import NO_ANSWER, Began, Entry, History, MessageSent, MoveAsked, Watch
from tests.services.persistence.store import store_on

pytestmark = pytest.mark.fault

COMMITTED = {AFTER_COMMIT, BEFORE_WAKE_UP}
SEAMS = pytest.mark.parametrize("seam", [BEFORE_COMMIT, AFTER_COMMIT, BEFORE_WAKE_UP])


@dataclass(slots=True)
class Mortal:
    """Processes that die, on one store."""

    process: subprocess.Popen[bytes]
    url: str
    admin_url: str
    history: History = field(default_factory=History)

    def order(self, command: str, seam: str, **arguments: object) -> list[dict[str, Any]]:
        """Have a fork do it; it dies at ``seam``. Returns the frames that it put on its socket."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"url": self.url, "command": command, "seam": seam, **arguments}
        self.process.stdin.write(orjson.dumps(order) + b"\n")
        self.process.stdin.flush()
        frames = []
        while "exit" not in (said := orjson.loads(self.process.stdout.readline())):
            frames.append(said)
        assert said["exit"] == (0 if seam == NOWHERE else DIED), frames
        return frames

    def send(self, sent: MessageSent, seam: str) -> None:
        """One try of a message, with a Bundle.id of its own as MedCom asks."""
        self.order(
            "receive",
            seam,
            message_id=sent.message_id,
            bundle_id=str(uuid.uuid4()),
            episode=sent.episode,
            kind=sent.kind,
        )
        sent.answers.append("ok" if seam == NOWHERE else NO_ANSWER)

    def message(self, kind: NoticeKind = NoticeKind.STIN, episode: str | None = None) -> MessageSent:
        """A message that nobody has sent yet."""
        sent = MessageSent(
            message_id=str(uuid.uuid4()),
            sender=factories.WARD,
            episode=episode or str(uuid.uuid4()),
            kind=kind,
            report_requested=kind is not NoticeKind.SLHJ,
        )
        self.history.messages[sent.message_id] = sent
        return sent

    def found(self) -> Found:
        """What there is now."""
        return look(self.admin_url)

    def judged(self) -> Found:
        """What there is now; nothing of it is wrong."""
        found = self.found()
        assert check(self.history, found) == []
        return found

    def task(self) -> TaskFound:
        """The northern unit's first task."""
        return next(t for t in self.found().tasks.values() if t.owner == NORTH and t.code == "pause-services")


@pytest.fixture(scope="module")
def process() -> Iterator[subprocess.Popen[bytes]]:
    """The process whose forks die."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.faults.dying"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        yield running


@pytest.fixture
async def mortal(database: Database, process: subprocess.Popen[bytes]) -> AsyncIterator[Mortal]:
    """A store with one citizen of the northern district."""
    async with store_on(database, patients=[factories.patient()]):
        yield Mortal(process, database.app_url, database.admin_url)


@SEAMS
async def test_a_message_is_whole_or_not_there_and_sent_again_it_is_there_once(mortal: Mortal, seam: str) -> None:
    sent = mortal.message()

    mortal.send(sent, seam)
    found = mortal.judged()
    assert (sent.message_id in found.messages) == (seam in COMMITTED)

    for _ in range(3):
        mortal.send(sent, NOWHERE)
    assert len(mortal.judged().tasks) == 2


@SEAMS
async def test_a_discharge_is_whole_or_not_there_and_sent_again_it_is_there_once(mortal: Mortal, seam: str) -> None:
    admitted = mortal.message()
    mortal.send(admitted, NOWHERE)
    discharged = mortal.message(NoticeKind.SLHJ, admitted.episode)

    # A repeat writes nothing that anybody must be woken for, so that seam is met once.
    for _ in range(1 if seam == BEFORE_WAKE_UP else 3):
        mortal.send(discharged, seam)
        mortal.judged()
    mortal.send(discharged, NOWHERE)

    assert len(mortal.judged().tasks) == 7


@SEAMS
async def test_a_task_is_taken_on_or_not_and_asked_again_it_is_taken_once(mortal: Mortal, seam: str) -> None:
    mortal.send(mortal.message(), NOWHERE)
    task = mortal.task()
    asked = MoveAsked(task=task.id, wanted="accepted", decided_on=1, person="a", status=None)

    mortal.order("accept", seam, task=task.id)
    mortal.history.moves.append(asked)
    mortal.judged()
    assert mortal.task().status == ("accepted" if seam in COMMITTED else "requested")

    for _ in range(2):
        mortal.order("accept", NOWHERE, task=task.id)
        mortal.history.moves.append(
            MoveAsked(task=task.id, wanted="accepted", decided_on=1, person="a", status=200, version=2)
        )
    mortal.judged()


@SEAMS
async def test_a_delivery_is_proven_or_not_and_confirmed_again_it_is_proven_once(mortal: Mortal, seam: str) -> None:
    mortal.send(mortal.message(), NOWHERE)

    mortal.order("confirm", seam, offset=mortal.found().heads[NORTH])
    mortal.judged()
    assert mortal.task().delivered == (seam in COMMITTED)

    mortal.order("confirm", NOWHERE, offset=mortal.found().heads[NORTH])
    mortal.judged()
    assert mortal.task().delivered == 1


@SEAMS
async def test_a_rung_is_climbed_or_not_and_tried_again_it_is_climbed_once(mortal: Mortal, seam: str) -> None:
    mortal.send(mortal.message(), NOWHERE)
    until = factories.NOW + timedelta(hours=1)

    mortal.order("fire", seam, until=until.isoformat())
    found = mortal.judged()
    assert bool(found.alarms) == (seam in COMMITTED)
    assert any(timer.fired_at for timer in found.timers) == (seam in COMMITTED)

    for _ in range(2):
        mortal.order("fire", NOWHERE, until=until.isoformat())
    found = mortal.judged()
    assert len(found.alarms) == len(found.timers)
    assert all(timer.fired_at for timer in found.timers)


@pytest.mark.parametrize("seam", [BEFORE_DELIVERY, IN_DELIVERY])
@pytest.mark.parametrize("live", [True, False])
async def test_a_screen_that_comes_back_has_every_entry_once(mortal: Mortal, seam: str, *, live: bool) -> None:
    watch = Watch(client="north", feed=NORTH)
    mortal.history.watches.append(watch)
    note(watch, mortal.order("deliver", NOWHERE, epoch=None, offset=0, until=0))
    sent = mortal.message()
    if not live:
        mortal.send(sent, NOWHERE)
    epoch, offset = watch.position

    # Either it follows when the message comes in, or it comes back to what was written without it.
    coming = {"message_id": sent.message_id, "bundle_id": str(uuid.uuid4()), "episode": sent.episode, "kind": sent.kind}
    note(
        watch,
        mortal.order("deliver", seam, epoch=epoch, offset=offset, until=sys.maxsize, **(coming if live else {})),
    )
    assert offsets(watch) == ([1, 2] if seam == IN_DELIVERY else [])
    mortal.send(sent, NOWHERE)
    mortal.send(mortal.message(NoticeKind.SLHJ, sent.episode), NOWHERE)
    head = mortal.found().heads[NORTH]
    epoch, offset = watch.position
    note(watch, mortal.order("deliver", NOWHERE, epoch=epoch, offset=offset, until=head))

    mortal.judged()
    assert offsets(watch) == list(range(1, head + 1))


def note(watch: Watch, frames: list[dict[str, Any]]) -> None:
    """What the screen got."""
    for frame in frames:
        if frame["type"] == "following":
            watch.frames.append(Began(epoch=frame["epoch"], offset=frame["offset"]))
        else:
            assert frame["type"] == "entry", frame
            watch.frames.append(
                Entry(offset=frame["offset"], event=frame["event"], task=frame["task"], stay=frame["stay"])
            )


def offsets(watch: Watch) -> list[int]:
    """The numbers that it got."""
    return [frame.offset for frame in watch.frames if isinstance(frame, Entry)]
