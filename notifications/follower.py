"""One open socket in the hub, and whose it is."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from discharge.identifiers import FeedId
from notifications.interruptions import AlertBudget
from notifications.ports import Socket
from notifications.protocol import LiveProtocol
from notifications.rights import FollowRights

__all__ = ["Follower", "Visitor"]

# Of one text frame of 126 to 65,535 bytes. Source: RFC 6455, section 5.2.
_HEADER_BYTES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Whose socket it is, as far as delivery must know."""

    rights: FollowRights
    expires_at: float
    """When the token or session ends, on the hub's clock."""
    note: Callable[[FeedId], Awaitable[None]]
    """Audit that it follows a feed, before it gets any of it."""
    confirm: Callable[[FeedId, int], Awaitable[None]]
    """Write that its device has everything of a feed up to a number."""
    recheck: Callable[[], Awaitable[FollowRights | None]]
    """The rights as they are now; None when the token or session has ended."""
    budget: AlertBudget | None = None
    """How much may still ring at it; None: as much as there is."""


class Follower:
    """One open socket in the hub."""

    __slots__ = ("_marks", "_sent_bytes", "checked_at", "is_open", "protocol", "socket", "visitor")

    def __init__(self, socket: Socket, visitor: Visitor, protocol: LiveProtocol, now: float) -> None:
        self.socket = socket
        self.visitor = visitor
        self.protocol = protocol
        self.checked_at = now
        self.is_open = True
        self._sent_bytes = 0
        self._marks: deque[tuple[int, float]] = deque()

    def send(self, payload: bytes) -> None:
        """Put a frame on the wire."""
        self._sent_bytes += len(payload) + _HEADER_BYTES
        self.socket.send(payload)

    def close(self, code: int, reason: str) -> None:
        """Close in order."""
        self.is_open = False
        self.socket.close(code, reason)

    def abort(self) -> None:
        """Cut at once."""
        self.is_open = False
        self.socket.abort()

    def seconds_behind(self, now: float) -> float:
        """How long the oldest byte that the peer has not taken has been waiting, seen from sweep to sweep."""
        pending = self.socket.pending_bytes
        taken = self._sent_bytes - pending
        while self._marks and (pending == 0 or self._marks[0][0] <= taken):
            self._marks.popleft()
        if pending and (not self._marks or self._marks[-1][0] != self._sent_bytes):
            self._marks.append((self._sent_bytes, now))
        return now - self._marks[0][1] if self._marks else 0.0
