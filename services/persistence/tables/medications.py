"""Medicine of stays: the lists as they were stated, and what was decided of their lines."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from discharge.medication.lists import Column
from services.persistence.tables.shape import Base, one_of

__all__ = ["MedicationLineRow", "MedicationListRow", "MedicationRow"]


class MedicationRow(Base):
    """The reconciliation of a stay; decisions, questions and answers are ciphertext."""

    __tablename__ = "medication"
    stay_id: Mapped[UUID] = mapped_column(
        ForeignKey("stay.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    version: Mapped[int]
    unresolved: Mapped[int]
    """Lines that the practice has still to decide: what inboxes count."""
    asked: Mapped[int] = mapped_column(server_default="0")
    """Those of them that wait for the ward's answer: what its board says."""
    signed_at: Mapped[datetime | None]
    changed_at: Mapped[datetime] = mapped_column(index=True)
    record: Mapped[bytes]


class MedicationListRow(Base):
    """One list as it was stated; it never changes."""

    __tablename__ = "medication_list"
    __table_args__ = (one_of("place", Column), UniqueConstraint("stay_id", "position"))
    id: Mapped[UUID] = mapped_column(primary_key=True)
    stay_id: Mapped[UUID] = mapped_column(ForeignKey("stay.id", deferrable=True, initially="DEFERRED"))
    position: Mapped[int]
    """The order of arrival."""
    place: Mapped[str]
    """The column that it stands in."""
    received_at: Mapped[datetime]
    stated: Mapped[bytes]


class MedicationLineRow(Base):
    """Which stay a line belongs to: what a reader who has only its id finds it by, and where in the table it stands."""

    __tablename__ = "medication_line"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    stay_id: Mapped[UUID] = mapped_column(ForeignKey("stay.id", deferrable=True, initially="DEFERRED"), index=True)
    place: Mapped[int | None]
    """Its number in the table; None while no list mentions it."""
