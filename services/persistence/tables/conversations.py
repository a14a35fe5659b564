"""Threads of care messages, and the files that came with them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from discharge.letter import MEDIA_TYPES, Category, LetterKind
from services.persistence.tables.shape import Base, one_of

__all__ = ["AttachmentRow", "CareMessageRow", "ConversationPartyRow", "ConversationRow"]


class ConversationRow(Base):
    """One thread about one citizen; bound to a stay where both its ends are party to one."""

    __tablename__ = "conversation"
    __table_args__ = (
        UniqueConstraint("patient_id", "thread"),
        Index(None, "thread"),
        # Who reads a citizen's name because of a letter alone is asked often, and seldom with a yes.
        Index("ix_conversation_unbound", "patient_id", postgresql_where=text("stay_id IS NULL")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"))
    stay_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("stay.id", deferrable=True, initially="DEFERRED"), index=True
    )
    thread: Mapped[str]
    latest_at: Mapped[datetime]
    """When its last message came: what lists are sorted by."""


class ConversationPartyRow(Base):
    """An organisation that takes part in a thread."""

    __tablename__ = "conversation_party"
    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversation.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    organization: Mapped[str] = mapped_column(primary_key=True, index=True)


class CareMessageRow(Base):
    """One care message; what people wrote in it is ciphertext."""

    __tablename__ = "care_message"
    __table_args__ = (
        one_of("kind", LetterKind),
        one_of("category", Category),
        UniqueConstraint("conversation_id", "position"),
        UniqueConstraint("conversation_id", "sender", "message_id"),
        Index(None, "message_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", deferrable=True, initially="DEFERRED"))
    position: Mapped[int]
    """The order of arrival."""
    message_id: Mapped[str]
    """MessageHeader.id."""
    named: Mapped[list[str]]
    """This and the earlier messages that its history names: what threads of version 3 are found by."""
    sender: Mapped[str]
    recipient: Mapped[str]
    place: Mapped[str | None]
    desk: Mapped[str | None]
    kind: Mapped[str]
    category: Mapped[str]
    sent_at: Mapped[datetime]
    received_at: Mapped[datetime]
    by_id: Mapped[str | None]
    by_name: Mapped[str | None]
    letter: Mapped[bytes]


class AttachmentRow(Base):
    """The content of a file, apart from its message: a thread is read without it."""

    __tablename__ = "attachment"
    __table_args__ = (one_of("media_type", MEDIA_TYPES), UniqueConstraint("conversation_id", "segment_id"))
    id: Mapped[UUID] = mapped_column(primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", deferrable=True, initially="DEFERRED"))
    care_message_id: Mapped[UUID] = mapped_column(
        ForeignKey("care_message.id", deferrable=True, initially="DEFERRED"), index=True
    )
    segment_id: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    content: Mapped[bytes]
