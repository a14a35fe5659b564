"""Audit rows sealed into a chain: any edit, removal, swap or insertion shows.

Each seal is SHA-256 over the row's canonical JSON and the seal before it. Sealing follows the rows by
some seconds, so that no request waits for another's seal.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import orjson
from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.persistence.clock import wall_now
from services.persistence.tables import AuditSealRow

__all__ = ["first_broken_seal", "seal_audit"]

_LOCK: Final = 0x57AFE7
_BECOME: Final = text("SELECT set_config('role', 'stafet_auditor', true)")
_COLUMNS: Final = (
    "a.id, a.at, a.request_id, a.person_id, a.person_name, a.role, a.organization, a.unit, a.action, a.route,"
    " a.outcome, a.stays"
)
# A row is written in the moment it names. One that is older than this beside a sealed one was slipped in.
_LATEST: Final = timedelta(hours=1)
_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LAST: Final = text(
    "SELECT s.number, s.digest, a.at FROM audit_seal s LEFT JOIN audit a ON a.id = s.audit_id"
    " ORDER BY s.number DESC LIMIT 1"
)
_UNSEALED: Final = text(
    f"SELECT {_COLUMNS} FROM audit a WHERE a.at > :since"  # noqa: S608 - our own columns
    " AND NOT EXISTS (SELECT FROM audit_seal s WHERE s.audit_id = a.id) ORDER BY a.at, a.id LIMIT :limit"
)
_SLIPPED_IN: Final = text(
    "SELECT EXISTS (SELECT FROM audit a WHERE a.at <= :since"
    " AND NOT EXISTS (SELECT FROM audit_seal s WHERE s.audit_id = a.id))"
)
_CHAIN: Final = text(
    f"SELECT s.number, s.digest, {_COLUMNS} FROM audit_seal s LEFT JOIN audit a ON a.id = s.audit_id"  # noqa: S608 - our own columns
    " WHERE s.number > :after ORDER BY s.number LIMIT :limit"
)


async def seal_audit(engine: AsyncEngine, limit: int = 1000) -> int:
    """Seal up to ``limit`` rows and return how many; one process at a time, the others return 0."""
    async with engine.connect() as connection:
        await connection.execute(_BECOME)
        mine = await connection.execute(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if not mine.scalar():
            return 0
        last = (await connection.execute(_LAST)).first()
        number, digest = (0, b"") if last is None else (last.number, bytes(last.digest))
        since = _since(None if last is None else last.at)
        seals = []
        for row in (await connection.execute(_UNSEALED, {"since": since, "limit": limit})).mappings():
            number, digest = number + 1, _digest(digest, dict(row))
            seals.append({"number": number, "audit_id": row["id"], "digest": digest, "sealed_at": wall_now()})
        if seals:
            await connection.execute(insert(AuditSealRow), seals)
        await connection.commit()
        return len(seals)


async def first_broken_seal(connection: AsyncConnection, batch: int = 5000) -> int | None:
    """The number of the first seal that does not fit its row or its neighbours; None when all do.

    A row that was slipped in beside the chain breaks it at the seal that comes next.
    """
    await connection.execute(_BECOME)
    number, digest = 0, b""
    last: datetime | None = None
    while True:
        links = (await connection.execute(_CHAIN, {"after": number, "limit": batch})).mappings().all()
        if not links:
            slipped_in = await connection.execute(_SLIPPED_IN, {"since": _since(last)})
            return number + 1 if slipped_in.scalar() else None
        for link in links:
            row = {name: value for name, value in link.items() if name not in {"number", "digest"}}
            digest = _digest(digest, row)
            if link["number"] != number + 1 or row["id"] is None or bytes(link["digest"]) != digest:
                return number + 1
            number, last = number + 1, link["at"]


def _since(last: datetime | None) -> datetime:
    return _BEGINNING if last is None else last - _LATEST


def _digest(previous: bytes, row: dict[str, Any]) -> bytes:
    row["at"] = row["at"] and row["at"].astimezone(UTC)
    canonical = orjson.dumps(row, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)
    return hashlib.sha256(previous + canonical).digest()
