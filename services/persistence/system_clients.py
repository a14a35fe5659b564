"""Record systems that may ask for tokens, and the assertions that they have used up.

Implements ``services.web.token_endpoint.Clients``. Both follow the real clock, never the demo's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.identifiers import SorCode
from services.persistence.audit import AuditContext, audit_row
from services.persistence.database import new_id
from services.persistence.tables import AuditRow

__all__ = ["SqlSystemClients", "SystemClient", "put_clients"]

_KEPT_AFTER_END: Final = timedelta(hours=1)
"""Clocks of several processes differ; what one believes still must not be forgotten by another."""

_OK: Final = 200
_REPLAYED: Final = 400

_FIND: Final = text("SELECT * FROM system_client WHERE client_id = :client_id")
_PUT: Final = text(
    "INSERT INTO system_client (client_id, organization, jwks, grants)"
    " VALUES (:client_id, :organization, CAST(:jwks AS jsonb), :grants)"
    " ON CONFLICT (client_id) DO UPDATE"
    " SET organization = excluded.organization, jwks = excluded.jwks, grants = excluded.grants"
)
_SWEEP: Final = text("DELETE FROM client_assertion WHERE expires_at < :before")
# Of two that come at once, the second waits for the first one's commit and then adds nothing.
_USE: Final = text(
    "INSERT INTO client_assertion (client_id, jti, expires_at) VALUES (:client_id, :jti, :expires_at)"
    " ON CONFLICT DO NOTHING RETURNING jti"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemClient:
    """A record system: whose it is, its public keys as a JSON Web Key Set, and whom else it sends for."""

    client_id: str
    organization: SorCode
    jwks: dict[str, Any]
    grants: frozenset[SorCode] = frozenset()


class SqlSystemClients:
    """Clients in PostgreSQL, each step in a transaction of its own.

    Args:
        connect: opens a transaction as ``stafet_writer`` that commits at its end.
    """

    def __init__(self, connect: Callable[[], AbstractAsyncContextManager[AsyncConnection]]) -> None:
        self._connect = connect

    async def find(self, client_id: str) -> SystemClient | None:
        """The client that is registered under ``client_id``."""
        async with self._connect() as connection:
            found = (await connection.execute(_FIND, {"client_id": client_id})).mappings().first()
        if found is None:
            return None
        return SystemClient(
            client_id=found["client_id"],
            organization=SorCode(found["organization"]),
            jwks=found["jwks"],
            grants=frozenset(map(SorCode, found["grants"])),
        )

    async def use(self, client_id: str, jti: str, *, expires_at: datetime, now: datetime, audit: AuditContext) -> bool:
        """Take the assertion ``jti`` of a client, once; False when it was used before.

        Whether a token was given or refused is audited in the same transaction.
        """
        async with self._connect() as connection:
            await connection.execute(_SWEEP, {"before": now - _KEPT_AFTER_END})
            added = await connection.execute(_USE, {"client_id": client_id, "jti": jti, "expires_at": expires_at})
            first = added.first() is not None
            row = audit_row(audit, outcome=_OK if first else _REPLAYED, stays=(), audit_id=new_id())
            await connection.execute(insert(AuditRow), row)
        return first


async def put_clients(connection: AsyncConnection, clients: Iterable[SystemClient]) -> int:
    """Add or replace clients by id; return how many."""
    rows = [
        {
            "client_id": client.client_id,
            "organization": client.organization,
            "jwks": orjson.dumps(client.jwks).decode(),
            "grants": sorted(client.grants),
        }
        for client in clients
    ]
    if rows:
        await connection.execute(_PUT, rows)
    return len(rows)
