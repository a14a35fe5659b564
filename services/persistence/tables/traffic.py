"""Messages, feeds, audit, and what browsers hold."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from services.persistence.tables.shape import Base

__all__ = [
    "AuditRow",
    "AuditSealRow",
    "ClientAssertionRow",
    "FeedEntryRow",
    "FeedRow",
    "LiveTicketRow",
    "MessageAsideRow",
    "MessageRow",
    "WebSessionRow",
]


class MessageRow(Base):
    """A message that came in, and the answer it got."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("sender", "message_id"),
        Index(
            "uq_message_sender_bundle_id",
            "sender",
            "bundle_id",
            unique=True,
            postgresql_where=text("NOT bundle_reused"),
        ),
        Index(None, "receiver", "received_at"),
        Index(None, "received_at", "id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    sender: Mapped[str]
    message_id: Mapped[str]
    bundle_id: Mapped[str]
    bundle_reused: Mapped[bool]
    receiver: Mapped[str | None]
    event_code: Mapped[str | None]
    fingerprint: Mapped[bytes]
    received_at: Mapped[datetime]
    receipt: Mapped[str | None]
    issues: Mapped[list[Any]]
    stay_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    wrapped_key: Mapped[bytes | None]
    """The body's own key when it is nobody's whose key we hold."""
    body: Mapped[bytes | None]
    repeats: Mapped[int] = mapped_column(Integer)
    differing_repeats: Mapped[int] = mapped_column(Integer)


class MessageAsideRow(Base):
    """A repeat whose content differed from the first: put aside for an operator, never applied."""

    __tablename__ = "message_aside"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    message: Mapped[UUID] = mapped_column(ForeignKey("message.id"), index=True)
    received_at: Mapped[datetime]
    fingerprint: Mapped[bytes]
    wrapped_key: Mapped[bytes | None]
    body: Mapped[bytes | None]
    """Sealed under the key of the first message's citizen where it has one; dropped with the first one's."""


class FeedRow(Base):
    """An addressee's log: the head is the lock that keeps its numbers without holes."""

    __tablename__ = "feed"
    id: Mapped[str] = mapped_column(primary_key=True)
    head: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class FeedEntryRow(Base):
    """One numbered line of a feed."""

    __tablename__ = "feed_entry"
    feed_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    event: Mapped[str]
    task_id: Mapped[UUID | None]
    stay_id: Mapped[UUID | None]
    priority: Mapped[str | None]
    due_at: Mapped[datetime | None]
    title: Mapped[str]
    audience: Mapped[list[str]]


class AuditRow(Base):
    """Who read or changed whose data: insert only."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "at"),)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    request_id: Mapped[str]
    person_id: Mapped[str | None]
    person_name: Mapped[str | None]
    role: Mapped[str | None]
    organization: Mapped[str | None]
    unit: Mapped[str | None]
    action: Mapped[str]
    route: Mapped[str]
    outcome: Mapped[int]
    stays: Mapped[list[str]]


class AuditSealRow(Base):
    """A link of the chain that shows any edit, removal or swap of audit rows."""

    __tablename__ = "audit_seal"
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    audit_id: Mapped[UUID] = mapped_column(unique=True)
    digest: Mapped[bytes]
    sealed_at: Mapped[datetime]


class WebSessionRow(Base):
    """A browser's session; the cookie's value is kept as a hash only."""

    __tablename__ = "web_session"
    id_hash: Mapped[bytes] = mapped_column(primary_key=True)
    claims: Mapped[dict[str, Any]]
    csrf: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class ClientAssertionRow(Base):
    """An assertion that a record system has shown for a token: each is believed once."""

    __tablename__ = "client_assertion"
    client_id: Mapped[str] = mapped_column(primary_key=True)
    jti: Mapped[str] = mapped_column(primary_key=True)
    expires_at: Mapped[datetime]


class LiveTicketRow(Base):
    """A one-use ticket for a browser's socket."""

    __tablename__ = "live_ticket"
    hash: Mapped[bytes] = mapped_column(primary_key=True)
    claims: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
