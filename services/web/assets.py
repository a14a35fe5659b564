"""Our own style and script, each at an address that changes with its content: a browser asks once and keeps it."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from typing import Final

__all__ = ["address_of", "is_current"]

_DIGITS: Final = 8


def address_of(name: str) -> str:
    """Where a file of ours is, as it is now."""
    return f"/static/{name}?v={_digest(name)}"


def is_current(name: str, query: bytes) -> bool:
    """True when ``query`` names the content that this process serves: another must not be kept under that address."""
    version = query.removeprefix(b"v=")
    return version != query and version.decode("latin-1") == _digest(name)


@cache
def _digest(name: str) -> str:
    content = (resources.files("services.web") / "static" / name).read_bytes()
    return hashlib.sha256(content).hexdigest()[:_DIGITS]
