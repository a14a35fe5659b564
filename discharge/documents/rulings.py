"""What people say where documents do not: which of two holds, that both do, or that one is not theirs.

A ruling is kept with who and when, and never altered; one that was wrong is taken back by another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from discharge.identifiers import DocumentId
from discharge.task import Person

__all__ = ["Ruling", "RulingKind", "Settled", "holding", "settled_by"]


class RulingKind(StrEnum):
    """What somebody says of documents in question."""

    REPLACES = "replaces"
    """The first is the newer version of the second."""
    BOTH_COUNT = "both-count"
    NOT_OURS = "not-ours"
    """The document is about somebody else, or another stay."""
    TAKEN_BACK = "taken-back"
    """An earlier ruling was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """One word of a person on the documents of a stay."""

    position: int
    """The order within the stay."""
    kind: RulingKind
    document_id: DocumentId
    other_id: DocumentId | None = None
    """The other of two; None where it is about one alone."""
    takes_back: int | None = None
    """The place of the ruling that was wrong."""
    reason: str | None = None
    at: datetime
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What the rulings that hold say together."""

    newer: frozenset[tuple[DocumentId, DocumentId]] = frozenset()
    """Newer and older version."""
    both: frozenset[frozenset[DocumentId]] = frozenset()
    not_ours: frozenset[DocumentId] = frozenset()

    def is_settled(self, one: DocumentId, other: DocumentId) -> bool:
        """Tell whether somebody has said what these two are to each other."""
        return frozenset({one, other}) in self.both or bool(self.newer & {(one, other), (other, one)})


def holding(rulings: Iterable[Ruling]) -> tuple[Ruling, ...]:
    """The rulings that nobody has taken back, in their order."""
    known = tuple(rulings)
    gone = {each.takes_back for each in known}
    return tuple(each for each in known if each.kind is not RulingKind.TAKEN_BACK and each.position not in gone)


def settled_by(rulings: Iterable[Ruling]) -> Settled:
    """What they say together."""
    held = holding(rulings)
    pairs = [(each.kind, each.document_id, each.other_id) for each in held if each.other_id is not None]
    return Settled(
        newer=frozenset((one, other) for kind, one, other in pairs if kind is RulingKind.REPLACES),
        both=frozenset(frozenset({one, other}) for kind, one, other in pairs if kind is RulingKind.BOTH_COUNT),
        not_ours=frozenset(each.document_id for each in held if each.kind is RulingKind.NOT_OURS),
    )
