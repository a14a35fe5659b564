"""Whom a place has on call, and the mails that left for them. Work addresses only; nothing of a citizen."""

from __future__ import annotations

from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.persistence.tables.shape import Base, one_of

__all__ = ["MAIL_STATES", "AlertMailRow", "OnCallRow"]

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
