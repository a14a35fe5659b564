"""That a duty waits for another one of its stay: since when, and when it was released."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

__all__ = ["Wait"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """What a duty waits for. Its own deadline and ladder go on: whoever owes it must see to it that it can be done."""

    code: str
    """Of the other duty, as its rule calls it."""
    since: datetime | None = None
    """None: there was nothing to wait for."""
    released_at: datetime | None = None

    @property
    def is_on(self) -> bool:
        """True until the other duty is done, or is needed no more."""
        return self.since is not None and self.released_at is None

    def settled(self, *, is_open: bool, at: datetime) -> Wait:
        """As it is now that the other duty is still to be done, or is not; this very object where that is no news."""
        if is_open == self.is_on:
            return self
        return Wait(code=self.code, since=at) if is_open else replace(self, released_at=at)
