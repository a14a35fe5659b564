"""What something costs, in a measure that is the same on every machine, busy or slow."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

__all__ = ["passes", "seconds"]

_TRIES: Final = 2
_LEAST: Final = 1_000_000


def seconds(act: Callable[[], object]) -> float:
    """Processor time of this process for ``act``: the least of some tries."""
    spent = []
    for _ in range(_TRIES):
        began = time.process_time()
        act()
        spent.append(time.process_time() - began)
    return min(spent)


def passes(act: Callable[[], object], size: int) -> float:
    """How many times one could have added up ``size`` bytes, at least a million, in the time that ``act`` takes."""
    piece = bytes(max(size, _LEAST))
    return seconds(act) / seconds(lambda: sum(piece))
