"""The live feed's protocol, one state machine per socket, without input or output.

Frames come in as text, what is to be done goes out as actions; whoever owns the socket does it. Time is an
argument: seconds of a clock that never runs backwards.

**How an audience and numbers without holes go together.** Every follower of a feed gets every entry of it, whatever
its role, so the numbers it sees are 1, 2, 3 … and a hole proves a loss. ``audience`` names the roles that an entry
rings at; a client of another role moves its offset on and stays quiet. Nothing is hidden by it: who may not know of an
entry may not follow its feed, and that right is asked again for every entry. What rings beyond a person's alert
budget says ``"rings": false`` on that person's sockets and is the same entry otherwise.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NoReturn

import orjson

from discharge.identifiers import FeedId
from notifications.entry import Frame
from notifications.errors import FrameError
from notifications.interruptions import AlertBudget
from notifications.ports import Head, Standing
from notifications.rights import FollowRights
from notifications.tally import Tally

__all__ = [
    "BAD_CONTENT",
    "POLICY",
    "RESTART",
    "TOO_BIG",
    "TRY_LATER",
    "Action",
    "Ask",
    "Close",
    "ErrorCode",
    "Limits",
    "LiveProtocol",
    "Send",
]

# Close codes of RFC 6455, section 7.4.1, and of the IANA registry (1012, 1013).
BAD_CONTENT: Final = 1007
POLICY: Final = 1008
TOO_BIG: Final = 1009
RESTART: Final = 1012
TRY_LATER: Final = 1013

_ECHOABLE: Final = re.compile(r"[!-~]{1,64}", re.ASCII)


class ErrorCode(StrEnum):
    """Why a frame about a feed was refused; the socket stays open."""

    NOT_YOURS = "not-yours"
    UNKNOWN_FEED = "unknown-feed"
    BAD_OFFSET = "bad-offset"
    TOO_MANY = "too-many"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one socket may do, and when it is cut."""

    heartbeat_seconds: float = 20.0
    resume_limit: int = 1_000
    feeds: int = 32
    frames_per_second: int = 100
    follows_per_window: int = 20
    follow_window_seconds: float = 10.0
    frame_bytes: int = 64 * 1024
    pending_bytes: int = 1024 * 1024
    slow_seconds: float = 30.0
    confirm_seconds: float = 1.0
    recheck_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Send:
    """Put this frame on the socket."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """Close the socket."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Find out how ``feed`` stands, then call ``LiveProtocol.answer``."""

    feed: FeedId
    epoch: str | None
    offset: int | None


Action = Send | Close | Ask


@dataclass(slots=True)
class _Cursor:
    epoch: str
    offset: int
    """The last number put on this socket, or where it was told to begin."""
    spoke_at: float
    confirmed: int = 0
    to_confirm: int = 0


class _Window:
    """At most ``count`` happenings within ``seconds``."""

    __slots__ = ("_count", "_seconds", "_times")

    def __init__(self, count: int, seconds: float) -> None:
        self._count = count
        self._seconds = seconds
        self._times: deque[float] = deque()

    def admits(self, now: float) -> bool:
        while self._times and self._times[0] <= now - self._seconds:
            self._times.popleft()
        self._times.append(now)
        return len(self._times) <= self._count


class LiveProtocol:
    """One socket's side of the conversation."""

    __slots__ = ("_budget", "_confirmed_at", "_cursors", "_follows", "_frames", "_limits", "_rights", "_tally")

    def __init__(
        self, *, rights: FollowRights, limits: Limits, tally: Tally, budget: AlertBudget | None = None
    ) -> None:
        self._rights = rights
        self._budget = budget
        self._limits = limits
        self._tally = tally
        self._cursors: dict[FeedId, _Cursor] = {}
        self._frames = _Window(limits.frames_per_second, 1.0)
        self._follows = _Window(limits.follows_per_window, limits.follow_window_seconds)
        self._confirmed_at = float("-inf")

    @property
    def feeds(self) -> tuple[FeedId, ...]:
        """The feeds this socket follows."""
        return tuple(self._cursors)

    def offset(self, feed: FeedId) -> int | None:
        """The last number put on this socket for ``feed``; None when it does not follow it."""
        cursor = self._cursors.get(feed)
        return None if cursor is None else cursor.offset

    def receive(self, data: str | bytes, now: float) -> tuple[Action, ...]:
        """What one frame of the client asks for. Frames after a ``Close`` are not to be handed in."""
        try:
            frame = _parsed(data, self._limits.frame_bytes)
            kind = frame.get("type")
            if kind == "delivered":
                return self._delivered(frame, now)
            self._spend(now)
            if kind == "follow":
                return self._follow(frame, now)
        except FrameError as error:
            return (Close(error.code, error.reason),)
        self._tally.add("frames-ignored")
        return ()

    def answer(self, ask: Ask, standing: Standing, now: float) -> tuple[Send, ...]:
        """Begin to follow, or move the cursor of a feed that is followed already."""
        head = standing.head
        offset = head.offset if ask.offset is None else ask.offset
        same_life = ask.epoch is None or ask.epoch == head.epoch
        reachable = standing.floor <= offset <= head.offset and head.offset - offset <= self._limits.resume_limit
        if not (same_life and reachable):
            return self.reset(ask.feed, head, now)
        self._place(ask.feed, Head(head.epoch, offset), now)
        seconds = self._limits.heartbeat_seconds
        return (
            _send(
                type="following",
                feed=ask.feed,
                epoch=head.epoch,
                offset=offset,
                heartbeat_s=int(seconds) if seconds == int(seconds) else seconds,
            ),
        )

    def reset(self, feed: FeedId, head: Head, now: float) -> tuple[Send, ...]:
        """Send the client to a snapshot; entries flow on after ``head``."""
        self._place(feed, head, now)
        return (_send(type="reset", feed=feed, epoch=head.epoch, offset=head.offset),)

    def pass_on(self, feed: FeedId, frames: Sequence[Frame], now: float) -> tuple[Send, ...]:
        """Those of ``frames`` that come next on this socket: each number once, in order, none left out.

        ``frames`` are consecutive. When they begin beyond the socket's next number nothing is sent: it is still
        catching up, and whoever reads for it comes by here with the numbers between.
        """
        cursor = self._cursors.get(feed)
        if cursor is None or not frames:
            return ()
        if not self._rights.allows(feed):
            return self._drop(feed)
        following = cursor.offset + 1
        if frames[0].offset > following or frames[-1].offset < following:
            return ()
        cursor.offset = frames[-1].offset
        cursor.spoke_at = now
        budget = self._budget
        if budget is None:
            return tuple([Send(frame.payload) for frame in frames if frame.offset >= following])
        return tuple([Send(budget.payload(feed, frame)) for frame in frames if frame.offset >= following])

    def heartbeats(self, now: float) -> tuple[Send, ...]:
        """A heartbeat for each feed that was silent for the heartbeat's span."""
        due = [
            (feed, cursor)
            for feed, cursor in self._cursors.items()
            if now - cursor.spoke_at >= self._limits.heartbeat_seconds
        ]
        for _, cursor in due:
            cursor.spoke_at = now
        return tuple(_send(type="heartbeat", feed=feed, offset=cursor.offset) for feed, cursor in due)

    def confirmations(self, now: float, *, last: bool = False) -> tuple[tuple[FeedId, int], ...]:
        """What the client has confirmed since the last call: at most one batch per span, unless it is the ``last``."""
        if not last and now - self._confirmed_at < self._limits.confirm_seconds:
            return ()
        batch = tuple(
            (feed, cursor.to_confirm) for feed, cursor in self._cursors.items() if cursor.to_confirm > cursor.confirmed
        )
        if batch:
            self._confirmed_at = now
            for feed, offset in batch:
                self._cursors[feed].confirmed = offset
        return batch

    def unconfirmed(self, feed: FeedId, offset: int) -> None:
        """The confirmation up to ``offset`` could not be written: it belongs to the next batch again."""
        cursor = self._cursors.get(feed)
        if cursor is not None and cursor.confirmed == offset:
            cursor.confirmed = 0

    def change_rights(self, rights: FollowRights) -> tuple[Send, ...]:
        """From now on judge by ``rights``; feeds no longer allowed are left."""
        self._rights = rights
        lost = [feed for feed in self._cursors if not rights.allows(feed)]
        return tuple(action for feed in lost for action in self._drop(feed))

    def _place(self, feed: FeedId, head: Head, now: float) -> None:
        before = self._cursors.get(feed)
        self._cursors[feed] = _Cursor(
            epoch=head.epoch,
            offset=head.offset,
            spoke_at=now,
            confirmed=before.confirmed if before is not None and before.epoch == head.epoch else 0,
            to_confirm=before.to_confirm if before is not None and before.epoch == head.epoch else 0,
        )

    def _drop(self, feed: FeedId) -> tuple[Send, ...]:
        del self._cursors[feed]
        return (_error(feed, ErrorCode.NOT_YOURS),)

    def _spend(self, now: float) -> None:
        if not self._frames.admits(now):
            raise FrameError(POLICY, "too-many-frames")

    def _follow(self, frame: dict[str, object], now: float) -> tuple[Action, ...]:
        if not self._follows.admits(now):
            raise FrameError(POLICY, "too-many-follows")
        asked = frame.get("feed")
        name = self._rights.default if asked == "default" else asked
        if not isinstance(name, str) or not self._rights.knows(name):
            return (_error(asked, ErrorCode.UNKNOWN_FEED),)
        feed = FeedId(name)
        if not self._rights.allows(feed):
            return (_error(feed, ErrorCode.NOT_YOURS),)
        epoch, offset = frame.get("epoch"), frame.get("offset")
        if not isinstance(epoch, str | None) or not (offset is None or _is_offset(offset)):
            return (_error(feed, ErrorCode.BAD_OFFSET),)
        if feed not in self._cursors and len(self._cursors) >= self._limits.feeds:
            return (_error(feed, ErrorCode.TOO_MANY),)
        return (Ask(feed, epoch, offset if isinstance(offset, int) else None),)

    def _delivered(self, frame: dict[str, object], now: float) -> tuple[Action, ...]:
        asked = frame.get("feed")
        name = self._rights.default if asked == "default" else asked
        cursor = self._cursors.get(FeedId(name)) if isinstance(name, str) else None
        offset = frame.get("offset")
        if cursor is None or not isinstance(offset, int) or not _is_offset(offset) or offset > cursor.offset:
            # Free of charge only when it makes sense, or it were a way to make us talk without limit.
            self._spend(now)
            return (_error(name, ErrorCode.BAD_OFFSET if cursor is not None else ErrorCode.UNKNOWN_FEED),)
        cursor.to_confirm = max(cursor.to_confirm, offset)
        return ()


def _is_offset(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _send(**fields: object) -> Send:
    return Send(orjson.dumps(fields))


def _error(feed: object, code: ErrorCode) -> Send:
    # What a client made up is given back only where it could be a feed's name.
    named = feed if isinstance(feed, str) and _ECHOABLE.fullmatch(feed) else ""
    return _send(type="error", feed=named, code=code)


def _parsed(data: str | bytes, limit: int) -> dict[str, object]:
    if isinstance(data, bytes):
        raise FrameError(BAD_CONTENT, "text-frames-only")
    # A character is at most four bytes: the encoding is made only where it can matter.
    if len(data) * 4 > limit and len(data.encode(errors="surrogatepass")) > limit:
        raise FrameError(TOO_BIG, "frame-too-big")
    try:
        frame = json.loads(data, object_pairs_hook=_without_repeats, parse_constant=_refused_constant)
    except (ValueError, RecursionError):
        raise FrameError(BAD_CONTENT, "bad-json") from None
    if not isinstance(frame, dict):
        raise FrameError(BAD_CONTENT, "not-an-object")
    return frame


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "a repeated key"
        raise ValueError(msg)
    return found


def _refused_constant(name: str) -> NoReturn:
    raise ValueError(name)
