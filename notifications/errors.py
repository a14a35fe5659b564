"""What delivery can fail at, as types.

The tree::

    DeliveryError
    ├── CarrierError        a carrier of wake-ups is away; nothing is lost, the poll finds the entries
    ├── FrameError          a client's frame breaks the protocol; carries the close code
    ├── RefusedError        a system outside takes nothing for that address; trying again is no use
    ├── UnansweredError     a system outside may have got the message, and did not answer
    └── UnreachedError      a system outside could not be reached: nobody got the message

Errors carry fields, not sentences, and none of them ever holds personal data.
"""

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import override

__all__ = ["CarrierError", "DeliveryError", "FrameError", "RefusedError", "UnansweredError", "UnreachedError"]


class DeliveryError(Exception):
    """Something that could not be delivered as asked."""

    @override
    def __str__(self) -> str:
        """Return the class and its fields: none of them ever holds personal data."""
        return repr(self)


@dataclass(eq=False)
class CarrierError(DeliveryError):
    """The carrier of wake-ups named ``carrier`` cannot be reached."""

    carrier: str
    problem: str


@dataclass(eq=False)
class FrameError(DeliveryError):
    """A frame that the socket is closed for. ``code`` is the close code of RFC 6455, section 7.4."""

    code: int
    reason: str


@dataclass(eq=False)
class RefusedError(DeliveryError):
    """A system outside will never take anything for that address."""

    problem: str


@dataclass(eq=False)
class UnansweredError(DeliveryError):
    """A message was sent outside and may have arrived; what was answered did not come in time or in full."""

    problem: str


@dataclass(eq=False)
class UnreachedError(DeliveryError):
    """A system outside could not be reached; nothing of the message left."""

    problem: str
