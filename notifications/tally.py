"""Counts of what delivery did and survived; the composition root hands them to the metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

__all__ = ["Tally"]


class Tally:
    """Counters by name. ``also`` is told of each count as it happens, for a process's metrics."""

    def __init__(self, also: Callable[[str, int], None] | None = None) -> None:
        self._counts: Counter[str] = Counter()
        self._also = also

    def add(self, name: str, count: int = 1) -> None:
        """Count ``name`` ``count`` times more."""
        self._counts[name] += count
        if self._also is not None:
            self._also(name, count)

    def __getitem__(self, name: str) -> int:
        """How often ``name`` has been counted."""
        return self._counts[name]

    def snapshot(self) -> dict[str, int]:
        """All counts as they stand."""
        return dict(self._counts)
