"""Fakes of delivery's ports, held to tests/contracts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from datetime import UTC, datetime

import orjson

from discharge.directory import Directory, Organization, OrganizationKind
from discharge.identifiers import FeedId, SorCode, StayId, TaskId
from discharge.policy import Caller, Role
from discharge.task import Priority
from notifications.entry import Addressed, EntryEvent, FeedEntry
from notifications.errors import CarrierError
from notifications.interruptions import Interruption
from notifications.ports import Head, Standing, Wake

HOSPITAL, WARD, REGION = SorCode("100001"), SorCode("100002"), SorCode("100009")
MUNICIPALITY, NORTH, TEAM, CLINIC = SorCode("200001"), SorCode("200002"), SorCode("200003"), SorCode("300001")
NOON = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)


def small_denmark() -> Directory:
    """A hospital with a ward, a municipality with a unit and a team below it, and a clinic."""

    def organization(sor: SorCode, kind: OrganizationKind, part_of: SorCode | None = None) -> Organization:
        return Organization(sor=sor, name=f"{kind} {sor}", kind=kind, part_of=part_of)

    return Directory.of(
        [
            organization(REGION, OrganizationKind.REGION),
            organization(HOSPITAL, OrganizationKind.HOSPITAL, REGION),
            organization(WARD, OrganizationKind.WARD, HOSPITAL),
            organization(MUNICIPALITY, OrganizationKind.MUNICIPALITY),
            organization(NORTH, OrganizationKind.UNIT, MUNICIPALITY),
            organization(TEAM, OrganizationKind.UNIT, NORTH),
            organization(CLINIC, OrganizationKind.GP),
        ]
    )


def addressed(feed: str, title: str = "Giv den første dosis", *, at: datetime = NOON) -> Addressed:
    """Something to append."""
    return Addressed(
        feed=FeedId(feed),
        at=at,
        event=EntryEvent.TASK_REQUESTED,
        task_id=TaskId("018f3e6a-0000-7000-8000-000000000001"),
        stay_id=StayId("018f3e6a-0000-7000-8000-000000000002"),
        priority=Priority.URGENT,
        due_at=at,
        title=title,
        audience=frozenset({Role.HOME_NURSE, Role.VISITATOR}),
    )


class FakeFeeds:
    """Feeds in memory. ``away`` makes every question fail; ``epoch`` may be changed."""

    def __init__(self, epoch: str = "7-1-0") -> None:
        self.epoch = epoch
        self.away = False
        self.reads = 0
        self._entries: dict[FeedId, list[FeedEntry]] = {}
        self._heads: dict[FeedId, int] = {}

    async def append(self, entries: Sequence[Addressed]) -> Mapping[FeedId, int]:
        await self._asked()
        reached: dict[FeedId, int] = {}
        for entry in entries:
            number = self._heads.get(entry.feed, 0) + 1
            self._heads[entry.feed] = reached[entry.feed] = number
            self._entries.setdefault(entry.feed, []).append(
                FeedEntry(
                    feed=entry.feed,
                    offset=number,
                    at=entry.at,
                    event=entry.event,
                    task_id=entry.task_id,
                    stay_id=entry.stay_id,
                    priority=entry.priority,
                    due_at=entry.due_at,
                    title=entry.title,
                    audience=entry.audience,
                )
            )
        return reached

    async def read_after(self, feed: FeedId, offset: int, limit: int) -> Sequence[FeedEntry]:
        await self._asked()
        self.reads += 1
        return [entry for entry in self._entries.get(feed, []) if entry.offset > offset][:limit]

    async def read_gaps(self, positions: Mapping[FeedId, int], limit: int) -> Mapping[FeedId, Sequence[FeedEntry]]:
        await self._asked()
        self.reads += 1
        found = {
            feed: [entry for entry in self._entries.get(feed, []) if entry.offset > position][:limit]
            for feed, position in positions.items()
        }
        return {feed: entries for feed, entries in found.items() if entries}

    async def heads(self, feeds: Collection[FeedId]) -> Mapping[FeedId, Head]:
        await self._asked()
        return {feed: Head(self.epoch, self._heads.get(feed, 0)) for feed in feeds}

    async def standing(self, feed: FeedId) -> Standing:
        await self._asked()
        head = self._heads.get(feed, 0)
        kept = self._entries.get(feed)
        return Standing(Head(self.epoch, head), kept[0].offset - 1 if kept else head)

    def forget_up_to(self, feed: FeedId, offset: int) -> None:
        """Retention: entries up to ``offset`` are gone."""
        self._entries[feed] = [entry for entry in self._entries.get(feed, []) if entry.offset > offset]

    def restore(self, epoch: str, heads: Mapping[FeedId, int]) -> None:
        """A new life in which the feeds stand elsewhere and hold nothing."""
        self.epoch = epoch
        self._heads = dict(heads)
        self._entries = {}

    async def _asked(self) -> None:
        await asyncio.sleep(0)
        if self.away:
            msg = "the store is away"
            raise ConnectionError(msg)


class Air:
    """What the fake carriers of one test share."""

    def __init__(self) -> None:
        self.ears: set[asyncio.Queue[str]] = set()


class FakeCarrier:
    """A carrier in memory; several with the same ``air`` hear one another. ``away`` makes it unreachable."""

    def __init__(self, air: Air | None = None, name: str = "fake") -> None:
        self.air = air or Air()
        self.name = name
        self.away = False
        self.deaf = False
        """Published to without complaint, heard by nobody."""
        self.tries = 0
        self.sent: list[str] = []
        self.closed = False

    async def publish(self, payload: str) -> bool:
        self.tries += 1
        await asyncio.sleep(0)
        if self.away:
            raise CarrierError(self.name, "away")
        if self.deaf:
            return False
        self.sent.append(payload)
        for ear in self.air.ears:
            ear.put_nowait(payload)
        return bool(self.air.ears)

    async def listen(self) -> AsyncGenerator[str | None, None]:
        await asyncio.sleep(0)
        if self.away:
            raise CarrierError(self.name, "away")
        ear: asyncio.Queue[str] = asyncio.Queue()
        self.air.ears.add(ear)
        try:
            yield None
            while True:
                payload = await ear.get()
                if payload == "":
                    raise CarrierError(self.name, "cut")
                yield payload
        finally:
            self.air.ears.discard(ear)

    def cut(self) -> None:
        """Break every subscription that stands now."""
        for ear in self.air.ears:
            ear.put_nowait("")

    async def close(self) -> None:
        self.closed = True
        if self.away:
            raise CarrierError(self.name, "away")


class FakeWakeups:
    """Wake-ups within one process and nothing else."""

    def __init__(self) -> None:
        self._ears: set[asyncio.Queue[Wake]] = set()

    def publish(self, heads: Mapping[FeedId, int]) -> None:
        if heads:
            self.wake(Wake(dict(heads)))

    def wake(self, wake: Wake) -> None:
        """Hand every listener ``wake``."""
        for ear in self._ears:
            ear.put_nowait(wake)

    async def listen(self) -> AsyncGenerator[Wake, None]:
        ear: asyncio.Queue[Wake] = asyncio.Queue()
        self._ears.add(ear)
        ear.put_nowait(Wake(everything=True))
        try:
            while True:
                yield await ear.get()
                # The next one is asked for: this one has been dealt with.
                ear.task_done()
        finally:
            self._ears.discard(ear)

    @property
    def is_heard(self) -> bool:
        """True when somebody listens."""
        return bool(self._ears)

    async def settled(self) -> None:
        """Return when everything that was published has been dealt with by everybody who listens."""
        await asyncio.gather(*(ear.join() for ear in self._ears))

    async def close(self) -> None:
        await asyncio.sleep(0)


class FakeSocket:
    """A socket that remembers what was put on it. ``stuck``: the peer reads nothing."""

    def __init__(self) -> None:
        self.frames: list[dict[str, object]] = []
        self.payloads: list[bytes] = []
        self.closed: tuple[int, str] | None = None
        self.aborted = False
        self.stuck = False
        self._pending = 0

    @property
    def pending_bytes(self) -> int:
        return self._pending if self.stuck else 0

    def send(self, payload: bytes) -> None:
        self.payloads.append(payload)
        self.frames.append(orjson.loads(payload))
        self._pending = self._pending + len(payload) if self.stuck else 0

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def abort(self) -> None:
        self.aborted = True

    def of_type(self, kind: str) -> list[dict[str, object]]:
        """The frames of one type."""
        return [frame for frame in self.frames if frame["type"] == kind]

    def offsets(self, feed: str) -> list[object]:
        """The numbers of the entries of one feed, as they came."""
        return [frame["offset"] for frame in self.of_type("entry") if frame["feed"] == feed]


class FakeInterruptions:
    """What rang at whom, in memory. ``away`` makes every question fail."""

    def __init__(self) -> None:
        self.away = False
        self.asked = 0
        self._kept: dict[tuple[str, Role, FeedId, int], Interruption] = {}

    async def since(self, caller: Caller, begins: datetime) -> Sequence[Interruption]:
        self._there()
        self.asked += 1
        mine = [each for key, each in self._kept.items() if key[:2] == (caller.person_id, caller.role)]
        return [each for each in mine if each.at >= begins]

    async def keep(self, caller: Caller, told: Sequence[Interruption]) -> None:
        self._there()
        for each in told:
            self._kept.setdefault((caller.person_id, caller.role, each.feed, each.offset), each)

    def _there(self) -> None:
        if self.away:
            raise ConnectionError
