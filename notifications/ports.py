"""What delivery needs from the outside, as Protocols."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from discharge.identifiers import FeedId
from notifications.entry import Addressed, FeedEntry

__all__ = ["Answer", "Carrier", "Feeds", "Gateway", "Head", "Socket", "Standing", "Wake", "Wakeups"]


@dataclass(frozen=True, slots=True)
class Head:
    """How far a feed goes: the last number given, in the life ``epoch`` of the store."""

    epoch: str
    offset: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a feed's entries begin and end: those in (``floor``, ``head.offset``] can be read."""

    head: Head
    floor: int


class Feeds(Protocol):
    """Every addressee's gapless log. A feed nobody wrote yet is empty, not absent."""

    async def append(self, entries: Sequence[Addressed]) -> Mapping[FeedId, int]:
        """Write ``entries`` in order and return the new head of each feed touched."""
        ...

    async def read_after(self, feed: FeedId, offset: int, limit: int) -> Sequence[FeedEntry]:
        """The first ``limit`` entries after ``offset``, in order."""
        ...

    async def read_gaps(self, positions: Mapping[FeedId, int], limit: int) -> Mapping[FeedId, Sequence[FeedEntry]]:
        """For each feed the first ``limit`` entries after its position, read at once; feeds without any are absent."""
        ...

    async def heads(self, feeds: Collection[FeedId]) -> Mapping[FeedId, Head]:
        """The head of each of ``feeds``."""
        ...

    async def standing(self, feed: FeedId) -> Standing:
        """The head and the retention floor of ``feed``, from one snapshot."""
        ...


class Socket(Protocol):
    """One open connection. Nothing here waits: what the peer does not read piles up as ``pending_bytes``."""

    @property
    def pending_bytes(self) -> int:
        """Bytes accepted by ``send`` that the operating system has not taken yet."""
        ...

    def send(self, payload: bytes) -> None:
        """Put one text frame on the wire; a socket that is closing ignores it."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close in order, with a code of RFC 6455, section 7.4."""
        ...

    def abort(self) -> None:
        """Cut at once and drop what is pending: for a peer that does not read."""
        ...


@dataclass(frozen=True, slots=True)
class Wake:
    """These feeds stand at these numbers; ``everything``: look at all, something may have been missed."""

    heads: Mapping[FeedId, int] = field(default_factory=dict)
    everything: bool = False


class Wakeups(Protocol):
    """News that feeds have grown. It may be lost or late; the store is the truth."""

    def publish(self, heads: Mapping[FeedId, int]) -> None:
        """Tell every process, soon and never failing. To be called after the commit."""
        ...

    def listen(self) -> AsyncGenerator[Wake, None]:
        """Every wake-up from now on, beginning with one for everything."""
        ...

    async def close(self) -> None:
        """Tell what is still to be told, and end."""
        ...


class Carrier(Protocol):
    """One way for a short text to reach every process."""

    @property
    def name(self) -> str:
        """What it is called in counts."""
        ...

    async def publish(self, payload: str) -> bool:
        """Send ``payload``; False when nobody can have heard it.

        Raises:
            CarrierError: the carrier is away.
        """
        ...

    def listen(self) -> AsyncGenerator[str | None, None]:
        """Every payload from now on; None marks the moment from which nothing is missed.

        Raises:
            CarrierError: the carrier went away.
        """
        ...

    async def close(self) -> None:
        """Give back what it holds."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """What a system outside answered over HTTP."""

    status: int
    body: bytes = field(default=b"", repr=False)


class Gateway(Protocol):
    """The one way out for messages; where it leads is a setting, never something that a message says."""

    async def post(self, body: bytes) -> Answer:
        """Send a message, and return what was answered.

        Raises:
            UnreachedError: nobody got it.
            UnansweredError: somebody may have got it, and did not answer in time or in full.
        """
        ...
