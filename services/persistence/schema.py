"""Which schema this code speaks, and which one the database has: what a web process asks, without Alembic."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

__all__ = ["current_revision", "head_revision"]

_CURRENT: Final = text("SELECT version_num FROM alembic_version")
_IS_THERE: Final = text("SELECT to_regclass('alembic_version')")


def head_revision() -> str:
    """The newest revision that this code knows: versions are one line, named by their numbers."""
    versions = files("services.persistence") / "migrations" / "versions"
    return max(each.name.partition("_")[0] for each in versions.iterdir() if each.name[:1].isdigit())


async def current_revision(connection: AsyncConnection) -> str | None:
    """The revision that the database stands at; None when it was never migrated."""
    if (await connection.execute(_IS_THERE)).scalar() is None:
        return None
    revision: str | None = (await connection.execute(_CURRENT)).scalar()
    return revision
