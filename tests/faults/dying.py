"""A process that dies at a seam of the event path: what is injected through our own ports ends it there, at once.

It reads one order per line (JSON) and carries each out in a fork of its own, so that what was loaded
is loaded once. Frames that a socket would have got are printed, then the fork's exit code.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

import orjson

from discharge.commands import ConfirmDelivered
from discharge.handlers import FireTimers, confirm_delivered, fire_timers, move_task, receive_notice
from discharge.identifiers import BundleId, FeedId, MessageId, TaskId
from discharge.policy import Caller
from discharge.stay import NoticeKind
from discharge.task import Move
from notifications.entry import Addressed, FeedEntry
from notifications.fanout import Hub, Visitor
from notifications.ports import Head, Standing
from notifications.protocol import Limits
from notifications.rights import FollowRights
from notifications.tally import Tally
from notifications.wakeup import CarriedWakeups
from services.persistence.audit import AuditContext
from services.persistence.database import Database, engine_for
from services.persistence.feeds import PostgresFeeds
from services.persistence.notices import PostgresCarrier
from services.persistence.unit_of_work import SqlUnitOfWork
from services.persistence.vault import Vault
from tests import factories

__all__ = ["AFTER_COMMIT", "BEFORE_COMMIT", "BEFORE_DELIVERY", "BEFORE_WAKE_UP", "DIED", "IN_DELIVERY", "NOWHERE"]

BEFORE_COMMIT: Final = "before-commit"
AFTER_COMMIT: Final = "after-commit"
BEFORE_WAKE_UP: Final = "before-wake-up"
BEFORE_DELIVERY: Final = "before-delivery"
IN_DELIVERY: Final = "in-delivery"
NOWHERE: Final = "nowhere"
DIED: Final = 86
"""The exit code of a process that died where it should."""
PATIENCE_SECONDS: Final = 60.0

_Command = TypeVar("_Command")
_Result = TypeVar("_Result")


def die() -> None:
    """End as kill -9 ends: nothing is flushed, closed or said."""
    os._exit(DIED)


class DyingUnitOfWork:
    """The real unit of work, up to the seam."""

    def __init__(self, real: SqlUnitOfWork, seam: str) -> None:
        self._real = real
        self._seam = seam

    def __getattr__(self, name: str) -> Any:
        """Everything but the commit is the real one's."""
        return getattr(self._real, name)

    async def commit(self) -> None:
        """Make it true, or die before or after."""
        if self._seam == BEFORE_COMMIT:
            die()
        await self._real.commit()
        if self._seam == AFTER_COMMIT:
            die()


class DyingFeeds:
    """The real feeds; who reads from them to deliver dies."""

    def __init__(self, real: PostgresFeeds, seam: str) -> None:
        self._real = real
        self._seam = seam

    async def append(self, entries: Sequence[Addressed]) -> Mapping[FeedId, int]:
        """As the real one."""
        return await self._real.append(entries)

    async def read_after(self, feed: FeedId, offset: int, limit: int) -> Sequence[FeedEntry]:
        """For a socket that catches up."""
        return self._read(await self._real.read_after(feed, offset, limit))

    async def read_gaps(self, positions: Mapping[FeedId, int], limit: int) -> Mapping[FeedId, Sequence[FeedEntry]]:
        """For all sockets of a feed."""
        return self._read(await self._real.read_gaps(positions, limit))

    async def heads(self, feeds: Collection[FeedId]) -> Mapping[FeedId, Head]:
        """As the real one."""
        return await self._real.heads(feeds)

    async def standing(self, feed: FeedId) -> Standing:
        """As the real one."""
        return await self._real.standing(feed)

    def _read(self, found: _Result) -> _Result:
        if self._seam == BEFORE_DELIVERY and found:
            die()
        return found


class PrintedSocket:
    """A socket whose peer is our standard output."""

    pending_bytes = 0

    def __init__(self, seam: str, until: int) -> None:
        self._seam = seam
        self._until = until
        self._entries = 0
        self.complete = asyncio.Event()

    def send(self, payload: bytes) -> None:
        """Print a frame; in the middle of a delivery, die after the second entry."""
        os.write(1, payload + b"\n")
        frame = orjson.loads(payload)
        self._entries += frame["type"] == "entry"
        if self._seam == IN_DELIVERY and self._entries == 2:
            die()
        if frame.get("offset", 0) >= self._until:
            self.complete.set()

    def close(self, _code: int, _reason: str) -> None:
        """Nobody closes it."""

    def abort(self) -> None:
        """Nobody cuts it."""


class Process:
    """What one order is carried out with."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self.order = order
        self.seam: str = order["seam"]
        engine = engine_for(order["url"])
        self.database = Database(engine, Vault(b"m" * 32, b"i" * 32), access_days=30, demo=True)
        self.wakeups = CarriedWakeups([PostgresCarrier(order["url"])], tally=Tally(lambda _what, _count: None))
        self.database.wakes(self._wake)

    def _wake(self, heads: Mapping[FeedId, int]) -> None:
        if self.seam == BEFORE_WAKE_UP:
            die()
        self.wakeups.publish(heads)

    async def run(
        self,
        handler: Callable[[_Command, Any], Awaitable[_Result]],
        command: _Command,
        caller: Caller | None,
        action: str,
    ) -> _Result:
        """One command in one transaction."""

        async def dying(command: _Command, uow: SqlUnitOfWork) -> _Result:
            return await handler(command, DyingUnitOfWork(uow, self.seam))

        audit = None if caller is None else AuditContext(caller=caller, request_id="r", action=action, route="/test")
        return await self.database.run(audit, dying, command)

    async def receive(self) -> None:
        """A message comes in."""
        sent = factories.envelope(
            message_id=MessageId(self.order["message_id"]), bundle_id=BundleId(self.order["bundle_id"])
        )
        notice = factories.notice(
            NoticeKind(self.order["kind"]), episodes=(factories.episode(self.order["episode"]),), report_requested=True
        )
        command = factories.receive(notice, sent=sent)
        await self.run(receive_notice, command, command.caller, "send-message")

    async def accept(self) -> None:
        """A nurse takes a task on."""
        task = factories.task(id=TaskId(self.order["task"]))
        command = factories.move(factories.home_nurse(), task, Move.ACCEPT, expected_version=1)
        await self.run(move_task, command, command.caller, "move-task")

    async def confirm(self) -> None:
        """A device has its feed up to a number."""
        nurse = factories.home_nurse()
        command = ConfirmDelivered(caller=nurse, feed=FeedId(factories.NORTH), offset=self.order["offset"])
        await self.run(confirm_delivered, command, nurse, "confirm-delivered")

    async def fire(self) -> None:
        """Deadlines strike."""
        command = FireTimers(until=datetime.fromisoformat(self.order["until"]))
        await self.run(fire_timers, command, None, "fire")

    async def deliver(self) -> None:
        """A socket follows the northern unit's feed from a number until another."""
        socket = PrintedSocket(self.seam, self.order["until"])
        tally = Tally(lambda _what, _count: None)
        feeds = DyingFeeds(PostgresFeeds(self.database.writing), self.seam)
        hub = Hub(feeds=feeds, wakeups=self.wakeups, limits=Limits(), tally=tally)
        await hub.start()
        directory = (await self.database.master()).directory
        follower = hub.attach(socket, _visitor(FollowRights.of(factories.home_nurse(), directory), hub))
        follow = {"type": "follow", "feed": "default", "epoch": self.order["epoch"], "offset": self.order["offset"]}
        await hub.receive(follower, orjson.dumps(follow).decode())
        if "message_id" in self.order:
            # What is committed while it follows comes by the common reading, not by catching up.
            self.order = {**self.order, "seam": NOWHERE}
            await self.receive()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await socket.complete.wait()
        await hub.stop()

    async def carry_out(self) -> None:
        """Do what the order says."""
        todo = {
            "receive": self.receive,
            "accept": self.accept,
            "confirm": self.confirm,
            "fire": self.fire,
            "deliver": self.deliver,
        }
        await todo[self.order["command"]]()
        await self.wakeups.close()
        await self.database.engine.dispose()


def _visitor(rights: FollowRights, hub: Hub) -> Visitor:
    async def note(_feed: FeedId) -> None: ...

    async def confirm(_feed: FeedId, _offset: int) -> None: ...

    async def recheck() -> FollowRights:
        return rights

    return Visitor(rights=rights, expires_at=hub.now() + 3600, note=note, confirm=confirm, recheck=recheck)


def main() -> None:
    """Carry out orders until the input ends."""
    for line in sys.stdin.buffer:
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(Process(orjson.loads(line)).carry_out())
            except BaseException as error:  # noqa: BLE001 - whatever it was, the test wants to know
                os.write(1, orjson.dumps({"error": f"{type(error).__name__}: {error}"}) + b"\n")
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        os.write(1, orjson.dumps({"exit": os.waitstatus_to_exitcode(status)}) + b"\n")


if __name__ == "__main__":
    main()
