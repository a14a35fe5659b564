"""What is kept only so long: verbatim messages lose their body when their time is over."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from services.persistence.audit import audit_row, own_audit
from services.persistence.database import Database, new_id
from services.persistence.tables import AuditRow

__all__ = ["drop_old_bodies"]


_MESSAGES: Final = (
    "UPDATE message SET body = NULL, wrapped_key = NULL WHERE body IS NOT NULL AND received_at < :before"
    " RETURNING stay_id"
)
_COPIES: Final = (
    "UPDATE message_aside a SET body = NULL, wrapped_key = NULL FROM message m"
    " WHERE m.id = a.message AND a.body IS NOT NULL AND a.received_at < :before RETURNING m.stay_id"
)
# One that is still on its way is not over, however old.
_OUTBOUND: Final = (
    "UPDATE outbound_message SET body = NULL, wrapped_key = NULL WHERE body IS NOT NULL AND created_at < :before"
    " AND state IN ('acknowledged', 'in-error', 'discarded') RETURNING stay_id"
)


async def drop_old_bodies(database: Database, before: datetime) -> int:
    """Drop the bodies of messages from before ``before``; ids, times and answers stay. Return how many.

    What is dropped is audited in the same transaction.
    """
    async with database.writing() as connection:
        dropped = [
            row
            for statement in (_MESSAGES, _COPIES, _OUTBOUND)
            for row in await connection.execute(text(statement), {"before": before})
        ]
        if dropped:
            stays = sorted({str(row.stay_id) for row in dropped if row.stay_id is not None})
            audit = own_audit("drop-bodies", "WORKER retention")
            await connection.execute(insert(AuditRow), audit_row(audit, outcome=200, stays=stays, audit_id=new_id()))
        return len(dropped)
