"""What the outside was told while things broke: every try of every message and move, every frame of every socket."""

from __future__ import annotations

from dataclasses import dataclass, field

from discharge.stay import NoticeKind

__all__ = [
    "NO_ANSWER",
    "Began",
    "Entry",
    "Frame",
    "History",
    "MessageSent",
    "MoveAsked",
    "Reset",
    "Snapshot",
    "Watch",
]

NO_ANSWER = "no answer"
"""The connection broke or nothing came in time: it may have been done or not."""


@dataclass(slots=True, kw_only=True)
class MessageSent:
    """One message, however often it was sent."""

    message_id: str
    sender: str
    episode: str
    kind: NoticeKind
    report_requested: bool = False
    answers: list[str] = field(default_factory=list)
    """One per try: the receipt's code, ``HTTP n``, or ``NO_ANSWER``."""

    @property
    def is_acknowledged(self) -> bool:
        """Whether the sender has been told ``ok``."""
        return "ok" in self.answers


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveAsked:
    """One try of a nurse to move a task."""

    task: str
    wanted: str
    """The status asked for."""
    decided_on: int
    """The version in If-Match."""
    person: str
    status: int | None
    """HTTP; None: no answer."""
    version: int | None = None
    """Of the ETag in the answer."""

    @property
    def may_have_happened(self) -> bool:
        """True unless it was refused: a 503 may come after the commit."""
        return self.status in {None, 200, 503}


@dataclass(frozen=True, slots=True, kw_only=True)
class Began:
    """The server said ``following``."""

    epoch: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry came."""

    offset: int
    event: str
    task: str | None
    stay: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reset:
    """The server sent the client to a snapshot."""

    epoch: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The client fetched one."""

    epoch: str
    offset: int


Frame = Began | Entry | Reset | Snapshot


@dataclass(slots=True, kw_only=True)
class Watch:
    """All that one client saw of one feed, over all its sockets."""

    client: str
    feed: str
    frames: list[Frame] = field(default_factory=list)

    @property
    def position(self) -> tuple[str | None, int | None]:
        """Epoch and offset as the client holds them."""
        epoch: str | None = None
        offset: int | None = None
        for frame in self.frames:
            offset = frame.offset
            epoch = epoch if isinstance(frame, Entry) else frame.epoch
        return epoch, offset


@dataclass(slots=True, kw_only=True)
class History:
    """Everything that was said."""

    messages: dict[str, MessageSent] = field(default_factory=dict)
    moves: list[MoveAsked] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)
    door: dict[str, tuple[int, str]] | None = None
    """At the end, by the FHIR door: each task's version and status."""
    door_owners: frozenset[str] = frozenset()
    """Whose tasks the door was asked for."""
