"""Where browsers' sessions are kept. Implements ``services.web.sessions.SessionStore``."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["SessionRow", "SqlSessionStore"]

_ADD: Final = text(
    "INSERT INTO web_session (id_hash, claims, csrf, created_at, last_seen_at, expires_at)"
    " VALUES (:id_hash, CAST(:claims AS jsonb), :csrf, :created_at, :last_seen_at, :expires_at)"
)
_FIND: Final = text("SELECT * FROM web_session WHERE id_hash = :id_hash")
_TOUCH: Final = text("UPDATE web_session SET last_seen_at = greatest(last_seen_at, :at) WHERE id_hash = :id_hash")
_REMOVE: Final = text("DELETE FROM web_session WHERE id_hash = :id_hash")
_SWEEP: Final = text("DELETE FROM web_session WHERE expires_at <= :before OR last_seen_at <= :idle_since")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """A session as it is stored."""

    id_hash: bytes
    claims: dict[str, str]
    csrf: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime


class SqlSessionStore:
    """Sessions in PostgreSQL, each step in a transaction of its own.

    Args:
        connect: opens a transaction as ``stafet_writer`` that commits at its end.
    """

    def __init__(self, connect: Callable[[], AbstractAsyncContextManager[AsyncConnection]]) -> None:
        self._connect = connect

    async def add(self, row: SessionRow) -> None:
        """Keep ``row``."""
        async with self._connect() as connection:
            await connection.execute(
                _ADD,
                {
                    "id_hash": row.id_hash,
                    "claims": orjson.dumps(row.claims).decode(),
                    "csrf": row.csrf,
                    "created_at": row.created_at,
                    "last_seen_at": row.last_seen_at,
                    "expires_at": row.expires_at,
                },
            )

    async def find(self, id_hash: bytes) -> SessionRow | None:
        """Return the row of ``id_hash``."""
        async with self._connect() as connection:
            found = (await connection.execute(_FIND, {"id_hash": id_hash})).mappings().first()
        if found is None:
            return None
        return SessionRow(
            id_hash=bytes(found["id_hash"]),
            claims=dict(found["claims"]),
            csrf=found["csrf"],
            created_at=found["created_at"],
            last_seen_at=found["last_seen_at"],
            expires_at=found["expires_at"],
        )

    async def touch(self, id_hash: bytes, at: datetime) -> None:
        """Note that the session was used ``at``."""
        async with self._connect() as connection:
            await connection.execute(_TOUCH, {"id_hash": id_hash, "at": at})

    async def remove(self, id_hash: bytes) -> None:
        """Forget the session."""
        async with self._connect() as connection:
            await connection.execute(_REMOVE, {"id_hash": id_hash})

    async def remove_ended(self, *, before: datetime, idle_since: datetime) -> None:
        """Forget every session that expired before ``before`` or was last used before ``idle_since``."""
        async with self._connect() as connection:
            await connection.execute(_SWEEP, {"before": before, "idle_since": idle_since})
