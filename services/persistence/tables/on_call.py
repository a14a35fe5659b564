"""Whom a place has on call, the mails that left for them, and what rang at whom.

Work addresses and names of staff only; nothing of a citizen.
"""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.persistence.tables.shape import Base, one_of

__all__ = ["MAIL_STATES", "AlertMailRow", "InterruptionRow", "OnCallRow"]

MAIL_STATES = ("waiting", "sent", "answered", "failed")


class OnCallRow(Base):
    """An entry of the address book."""

    __tablename__ = "on_call"
    __table_args__ = (UniqueConstraint("organization", "address"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    organization: Mapped[str]
    roles: Mapped[list[str]]
    address: Mapped[str]
    quiet_from: Mapped[time | None]
    quiet_to: Mapped[time | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class AlertMailRow(Base):
    """A mail to those on call: the duties it is about, and where it stands."""

    __tablename__ = "alert_mail"
    __table_args__ = (one_of("state", MAIL_STATES), Index(None, "organization", "created_at"))
    id: Mapped[UUID] = mapped_column(primary_key=True)
    on_call: Mapped[UUID] = mapped_column(ForeignKey("on_call.id"), index=True)
    organization: Mapped[str]
    tasks: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    """None: it is a test."""
    state: Mapped[str]
    tries: Mapped[int]
    created_at: Mapped[datetime]
    """Real time, as all that jobs go by."""
    changed_at: Mapped[datetime]
    due_at: Mapped[datetime]
    reason: Mapped[str | None]


class InterruptionRow(Base):
    """An entry of a feed that asked a person to act now, on a page that the person had open."""

    __tablename__ = "interruption"
    __table_args__ = (Index(None, "person_id", "at"), Index(None, "organization", "at"))
    person_id: Mapped[str] = mapped_column(primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    feed_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    organization: Mapped[str]
    """Where the person was at work."""
    person_name: Mapped[str]
    at: Mapped[datetime]
    """The entry's own time."""
    rang: Mapped[bool]
    """False: the budget of the shift was spent, and it came grouped."""
