"""Which counts may be shown: none of few people, and none from which such a one can be worked out.

Counts that are shown stand in a tree, in which every count is the sum of those below it, split up in one way or
in several. There, a hidden count cannot be worked out as long as no sum has exactly one unknown in it: whatever
is added to one unknown is taken from another, on and on, until a branch ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

__all__ = ["FEWEST", "Count", "suppress"]

FEWEST: Final = 5
"""Counts under it are hidden; nought tells of nobody."""


@dataclass(slots=True, eq=False)
class Count:
    """A count, and what it is split up into; ``is_hidden`` is what ``suppress`` decides."""

    number: int
    splits: tuple[tuple[Count, ...], ...] = ()
    """Each sums up to the number, and no count stands in two."""
    is_hidden: bool = field(default=False)

    def __post_init__(self) -> None:
        """A sum is a sum."""
        for parts in self.splits:
            assert self.number == sum(part.number for part in parts), "the parts make the whole"

    @classmethod
    def of(cls, parts: Sequence[Count]) -> Count:
        """The sum of ``parts``."""
        return cls(sum(part.number for part in parts), (tuple(parts),))

    @property
    def shown(self) -> int | None:
        """The number, where it may be shown."""
        return None if self.is_hidden else self.number

    def all(self) -> Iterator[Count]:
        """This count and everything below it."""
        yield self
        for part in chain.from_iterable(self.splits):
            yield from part.all()


def suppress(root: Count) -> None:
    """Hide counts of few, and as many others as keep them from being worked out: the smallest first."""
    counts = tuple(root.all())
    for count in counts:
        count.is_hidden = 0 < count.number < FEWEST
    sums = tuple((count, parts) for count in counts for parts in count.splits)
    # What is hidden in one sum may be the only unknown of another one.
    while any(_protect(count, parts) for count, parts in sums):
        continue


def _protect(whole: Count, parts: Sequence[Count]) -> bool:
    """Hide one more count of a sum that gives one away; tells whether there was need."""
    hidden = [part for part in parts if part.is_hidden]
    if whole.is_hidden:
        # An unknown whole whose parts are all known is their sum.
        return not hidden and _hide_smallest(parts)
    few = sum(part.number for part in hidden) < FEWEST
    if not hidden or (len(hidden) > 1 and not few):
        return False
    return _hide_smallest(parts) or _hide(whole)


def _hide_smallest(counts: Sequence[Count]) -> bool:
    candidates = [count for count in counts if not count.is_hidden and count.number]
    return _hide(min(candidates, key=lambda count: count.number)) if candidates else False


def _hide(count: Count) -> bool:
    count.is_hidden = True
    return True
