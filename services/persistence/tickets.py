"""One-use tickets for browsers' sockets: a secret that may stand in an address, because it opens one door once.

What is kept is the hash. Tickets follow the real clock, never the demo's.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Final

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["Tickets"]

_LONGEST: Final = 64
_KEPT_AFTER_END: Final = timedelta(hours=1)

_ISSUE: Final = text(
    "INSERT INTO live_ticket (hash, claims, expires_at) VALUES (:hash, CAST(:claims AS jsonb), :expires_at)"
)
_SWEEP: Final = text("DELETE FROM live_ticket WHERE expires_at < :before")
# The row lock of the update lets one of two that come at once have it, and the other find it used.
_REDEEM: Final = text(
    """
    UPDATE live_ticket SET used_at = :now
    WHERE hash = :hash AND used_at IS NULL AND expires_at > :now
    RETURNING claims
    """
)


class Tickets:
    """Issues tickets and takes them back, each in a transaction of its own."""

    def __init__(
        self,
        connect: Callable[[], AbstractAsyncContextManager[AsyncConnection]],
        *,
        wall: Callable[[], datetime],
        life: timedelta,
    ) -> None:
        """Use ``connect`` for connections with an open transaction that commits at its end, as ``stafet_writer``."""
        self._connect = connect
        self._wall = wall
        self._life = life

    @property
    def life(self) -> timedelta:
        """How long a ticket lasts."""
        return self._life

    async def issue(self, claims: Mapping[str, str]) -> str:
        """A new ticket that stands for ``claims``."""
        ticket = secrets.token_urlsafe(32)
        now = self._wall()
        async with self._connect() as connection:
            await connection.execute(_SWEEP, {"before": now - _KEPT_AFTER_END})
            await connection.execute(
                _ISSUE,
                {"hash": _hash(ticket), "claims": orjson.dumps(claims).decode(), "expires_at": now + self._life},
            )
        return ticket

    async def redeem(self, ticket: str) -> Mapping[str, str] | None:
        """What ``ticket`` stands for, once; None when it was used, has expired or never was."""
        if not 0 < len(ticket) <= _LONGEST:
            return None
        async with self._connect() as connection:
            found = await connection.execute(_REDEEM, {"hash": _hash(ticket), "now": self._wall()})
            claims = found.scalar_one_or_none()
        return None if claims is None else {str(name): str(value) for name, value in claims.items()}


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
