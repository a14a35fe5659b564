"""Messages that leave: where they stand, the receipts they got, and what operators did with any message."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from notifications.outbound import DeliveryState
from services.persistence.tables.shape import Base, one_of

__all__ = ["MessageActRow", "OutboundMessageRow", "OutboundReceiptRow"]


class OutboundMessageRow(Base):
    """A message of ours. Its body is ciphertext under the citizen's key."""

    __tablename__ = "outbound_message"
    __table_args__ = (
        one_of("state", DeliveryState),
        Index(None, "sender", "state"),
        Index(None, "created_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    bundle_id: Mapped[str | None]
    """That of the last sending."""
    sender: Mapped[str]
    receiver: Mapped[str]
    event_code: Mapped[str]
    stay_id: Mapped[UUID | None] = mapped_column(index=True)
    patient_id: Mapped[UUID | None]
    state: Mapped[str]
    turn: Mapped[int]
    sendings: Mapped[int]
    misses: Mapped[int]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    began_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    wants_receipt: Mapped[bool]
    wrapped_key: Mapped[bytes | None]
    """The body's own key when it is about nobody whose key we hold."""
    body: Mapped[bytes | None]


class OutboundReceiptRow(Base):
    """A receipt that came in, whether it closed a message of ours, came again, or answers nothing of ours."""

    __tablename__ = "outbound_receipt"
    __table_args__ = (Index(None, "receiver", "received_at"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    outbound: Mapped[UUID | None] = mapped_column(ForeignKey("outbound_message.id"), index=True)
    received_at: Mapped[datetime]
    sender: Mapped[str]
    receiver: Mapped[str | None]
    receipt_id: Mapped[str]
    answers: Mapped[str | None]
    code: Mapped[str | None]
    effect: Mapped[str]
    details: Mapped[list[str]]
    """Coded details; what it says in words is below."""
    words: Mapped[bytes | None]
    """Ciphertext under the key of the message it answers; nothing is kept of a receipt that answers none."""


class MessageActRow(Base):
    """What an operator did with a message, and why."""

    __tablename__ = "message_act"
    __table_args__ = (one_of("kind", ("open", "replay", "discard")),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    message: Mapped[UUID | None] = mapped_column(ForeignKey("message.id"), index=True)
    outbound: Mapped[UUID | None] = mapped_column(ForeignKey("outbound_message.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    by_id: Mapped[str]
    by_name: Mapped[str]
    request_id: Mapped[str]
    wrapped_key: Mapped[bytes]
    reason: Mapped[bytes]
