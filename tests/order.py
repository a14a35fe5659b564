"""Who runs what, and when: test files are whole, the journeys stay together, and what takes longest begins first.

So no worker is left alone with a long file at the end, and one demo and one browser serve all journeys.
"""

from __future__ import annotations

from typing import Final

import pytest
from typing_extensions import override
from xdist.scheduler import LoadScopeScheduling

__all__ = ["ByFile", "leave_uncounted", "place_of"]

JOURNEYS: Final = "tests/journeys/"
_SLOW: Final = (JOURNEYS, "tests/faults/", "tests/services/demo/", "tests/discharge/test_any_order")
_UNCOUNTED: Final = ("journey", "fault")


class ByFile(LoadScopeScheduling):
    """A file goes to one worker as a whole, and the journeys as one file, in the order in which they were collected."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        return JOURNEYS if nodeid.startswith(JOURNEYS) else nodeid.partition("::")[0]


def place_of(item: pytest.Item) -> int:
    """The place of a test's file; those that are alike keep their order."""
    return next((place for place, start in enumerate(_SLOW) if item.nodeid.startswith(start)), len(_SLOW))


def leave_uncounted(item: pytest.Item) -> None:
    """Take out of the coverage what happens in other processes; tracing the driver of a load doubles its time."""
    if any(item.get_closest_marker(name) for name in _UNCOUNTED):
        item.add_marker("no_cover")
