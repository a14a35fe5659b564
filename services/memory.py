"""When a process of ours collects garbage: seldom, and never over what it was started with."""

import gc
from typing import Final

__all__ = ["collect_seldom"]

_COLLECT: Final = (50_000, 20, 50)


def collect_seldom() -> None:
    """Keep what is here now, and collect by the ten thousand from here on."""
    # What is here now stays: a collection that walks through all of it would hold up every alert.
    gc.collect()
    gc.freeze()
    # A message makes some ten thousand short-lived objects: counted in hundreds, most collections find nothing.
    gc.set_threshold(*_COLLECT)
