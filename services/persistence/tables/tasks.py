"""Duties, what happened to them, and their ladders."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from discharge.policy import ContentClass
from discharge.task import Priority, TaskStatus
from services.persistence.tables.shape import Base, one_of

__all__ = ["EventRow", "StalledStayRow", "TaskRow", "TaskVersionRow", "TimerRow"]


class TaskRow(Base):
    """A duty as it stands now."""

    __tablename__ = "task"
    __table_args__ = (
        one_of("status", TaskStatus),
        one_of("content_class", ContentClass),
        one_of("priority", Priority),
        Index(None, "owner", "status", "due_at", "id"),
        Index(None, "requester", "status"),
        Index(None, "patient_id"),
        Index(
            "ix_task_undelivered",
            "owner",
            postgresql_where=text("delivered_at IS NULL"),
        ),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    stay_id: Mapped[UUID] = mapped_column(ForeignKey("stay.id", deferrable=True, initially="DEFERRED"), index=True)
    patient_id: Mapped[UUID]
    version: Mapped[int]
    rule: Mapped[str | None]
    agreement_id: Mapped[str | None]
    agreement_version: Mapped[str | None]
    cause: Mapped[str | None]
    code: Mapped[str]
    title_da: Mapped[str]
    title_en: Mapped[str]
    content_class: Mapped[str]
    priority: Mapped[str]
    requester: Mapped[str]
    owner: Mapped[str]
    audience: Mapped[list[str]]
    chain: Mapped[list[str]]
    status: Mapped[str]
    words: Mapped[bytes | None]
    """Ciphertext of the reason and the note."""
    assignee_id: Mapped[str | None]
    assignee_name: Mapped[str | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    proposed_time: Mapped[datetime | None]
    sent_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    seen_by_id: Mapped[str | None]
    seen_by_name: Mapped[str | None]
    accepted_at: Mapped[datetime | None]
    accepted_by_id: Mapped[str | None]
    accepted_by_name: Mapped[str | None]
    done_at: Mapped[datetime | None]
    done_by_id: Mapped[str | None]
    done_by_name: Mapped[str | None]
    rounds: Mapped[list[Any]]
    escalated_to: Mapped[list[str]]
    replaces: Mapped[UUID | None]
    conversation_id: Mapped[UUID | None]
    waits_for: Mapped[str | None]
    waits_since: Mapped[datetime | None]
    released_at: Mapped[datetime | None]


class TaskVersionRow(Base):
    """A duty as it stood at one version, for ``_history``."""

    __tablename__ = "task_version"
    task_id: Mapped[UUID] = mapped_column(
        ForeignKey("task.id", deferrable=True, initially="DEFERRED"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    snapshot: Mapped[dict[str, Any]]
    words: Mapped[bytes | None]


class EventRow(Base):
    """What happened to a stay: ids, states and staff, never a citizen."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "stay_id", "number"),)
    number: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    stay_id: Mapped[UUID | None] = mapped_column(ForeignKey("stay.id", deferrable=True, initially="DEFERRED"))
    task_id: Mapped[UUID | None]
    at: Mapped[datetime]
    kind: Mapped[str]
    content_class: Mapped[str]
    by_id: Mapped[str | None]
    by_name: Mapped[str | None]
    detail: Mapped[dict[str, Any]]


class TimerRow(Base):
    """A rung of a ladder, held against the one clock."""

    __tablename__ = "timer"
    __table_args__ = (
        Index("ix_timer_due", "due_at", "id", postgresql_where=text("fired_at IS NULL")),
        Index(None, "task_id"),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True)
    task_id: Mapped[UUID] = mapped_column(ForeignKey("task.id", deferrable=True, initially="DEFERRED"))
    stay_id: Mapped[UUID]
    kind: Mapped[str]
    due_at: Mapped[datetime | None]
    organization: Mapped[str]
    roles: Mapped[list[str]]
    while_unanswered: Mapped[bool]
    after_code: Mapped[str | None]
    span_seconds: Mapped[int]
    working_days: Mapped[int]
    fired_at: Mapped[datetime | None]


class StalledStayRow(Base):
    """A stay whose rungs could not be climbed: passed over until ``retry_at``, so that nobody waits behind it."""

    __tablename__ = "stalled_stay"
    stay_id: Mapped[UUID] = mapped_column(ForeignKey("stay.id"), primary_key=True)
    tries: Mapped[int]
    since: Mapped[datetime]
    retry_at: Mapped[datetime | None]
    """Real time, not the demo's; None once it worked again."""
