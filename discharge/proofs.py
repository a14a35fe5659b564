"""What is proven about a duty, and by whom; the four are kept apart and never conflated."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from discharge.identifiers import PersonId

__all__ = ["Person", "Proof", "Proofs"]


class Proof(StrEnum):
    """The four proofs, and the fact that the task was sent at all. CodeSystem ``urn:stafet:proof``."""

    SENT = "sent"
    DELIVERED = "delivered"
    SEEN = "seen"
    ACCEPTED = "accepted"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Person:
    """A named person at work."""

    id: PersonId
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """The instants of what is proven in the running round, and by whom."""

    sent_at: datetime
    delivered_at: datetime | None = None
    seen_at: datetime | None = None
    seen_by: Person | None = None
    accepted_at: datetime | None = None
    accepted_by: Person | None = None
    done_at: datetime | None = None
    done_by: Person | None = None

    @property
    def highest(self) -> Proof:
        """The furthest proof reached."""
        if self.done_at is not None:
            return Proof.DONE
        if self.accepted_at is not None:
            return Proof.ACCEPTED
        if self.seen_at is not None:
            return Proof.SEEN
        return Proof.SENT if self.delivered_at is None else Proof.DELIVERED

    def seen(self, at: datetime, by: Person) -> Proofs:
        """A person opened it. A device must have had it, so delivery is proven with it."""
        if self.delivered_at is not None and self.seen_at is not None and self.seen_by is not None:
            return self
        return replace(
            self,
            delivered_at=self.delivered_at or at,
            seen_at=self.seen_at or at,
            seen_by=self.seen_by or by,
        )

    def accepted(self, at: datetime, by: Person) -> Proofs:
        """A person took it on, having seen it."""
        return replace(self.seen(at, by), accepted_at=at, accepted_by=by)

    def done(self, at: datetime, by: Person) -> Proofs:
        """It is carried out."""
        return replace(self, done_at=at, done_by=by)

    def released(self) -> Proofs:
        """Nobody has it any more; that it was seen stays true."""
        return replace(self, accepted_at=None, accepted_by=None)
