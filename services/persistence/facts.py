"""Plain facts about the installation, by name: kept in ``meta``, of no citizen."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.tables import MetaRow

__all__ = ["put_fact", "read_fact"]


async def read_fact(connection: AsyncConnection, name: str) -> str | None:
    """What is known under ``name``."""
    found = await connection.execute(select(MetaRow.value).where(MetaRow.key == name))
    return found.scalar_one_or_none()


async def put_fact(connection: AsyncConnection, name: str, value: str) -> None:
    """Keep ``value`` under ``name``, in place of what was there."""
    statement = insert(MetaRow).values(key=name, value=value)
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_={"value": statement.excluded.value})
    )
