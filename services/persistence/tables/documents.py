"""Documents of stays: the original, and what was read in it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.persistence.tables.shape import Base

__all__ = ["DocumentRow", "DocumentRulingRow"]


class DocumentRow(Base):
    """One document as it came; it never changes. What it says, its identifiers too, is ciphertext."""

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("stay_id", "position"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    stay_id: Mapped[UUID] = mapped_column(ForeignKey("stay.id", deferrable=True, initially="DEFERRED"))
    position: Mapped[int]
    """The order of arrival."""
    received_at: Mapped[datetime]
    filed: Mapped[bytes]
    body: Mapped[bytes]
    """Verbatim."""


class DocumentRulingRow(Base):
    """One word of a person on the documents of a stay; it never changes, and stands as ciphertext."""

    __tablename__ = "document_ruling"
    stay_id: Mapped[UUID] = mapped_column(
        ForeignKey("stay.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """The order within the stay: two who rule at once cannot both have one."""
    at: Mapped[datetime]
    ruling: Mapped[bytes]
