"""Documents of stays: the original, and what was read in it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.persistence.tables.shape import Base

__all__ = ["DocumentRow"]


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
