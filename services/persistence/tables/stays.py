"""Citizens and their stays."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from discharge.notices import Effect, EncounterClass, NoticeKind, StayState
from discharge.stay import PartyBasis
from services.persistence.tables.shape import Base, one_of

__all__ = [
    "EncounterRow",
    "EpisodeRow",
    "NoticeRow",
    "PartyRow",
    "PatientRow",
    "PlanVersionRow",
    "StayRow",
    "SupersededRow",
]


class PatientRow(Base):
    """A citizen. Destroying ``wrapped_key`` erases the person from every row and backup."""

    __tablename__ = "patient"
    id: Mapped[UUID] = mapped_column(primary_key=True)
    cpr_index: Mapped[bytes] = mapped_column(unique=True)
    wrapped_key: Mapped[bytes]
    identity: Mapped[bytes]
    municipality: Mapped[str | None]
    district: Mapped[str | None]
    services: Mapped[list[str]]
    gp: Mapped[str | None]
    protected: Mapped[bool]
    blocks: Mapped[list[str]]


class StayRow(Base):
    """A patient's unbroken time in hospital."""

    __tablename__ = "stay"
    __table_args__ = (one_of("state", StayState), Index(None, "ward", "state"))
    id: Mapped[UUID] = mapped_column(primary_key=True)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patient.id"), index=True)
    receiver: Mapped[str | None]
    hospital: Mapped[str]
    ward: Mapped[str]
    state: Mapped[str]
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_received_at: Mapped[datetime | None]
    died_at: Mapped[datetime | None]
    leave_started_at: Mapped[datetime | None]
    medicine_listed_at: Mapped[datetime | None]
    medicine_signed_at: Mapped[datetime | None]


class EncounterRow(Base):
    """One hospital contact of a stay."""

    __tablename__ = "encounter"
    __table_args__ = (one_of("encounter_class", EncounterClass), Index(None, "stay_id", "position"))
    id: Mapped[UUID] = mapped_column(primary_key=True)
    stay_id: Mapped[UUID] = mapped_column(ForeignKey("stay.id"))
    position: Mapped[int]
    encounter_class: Mapped[str]
    ward: Mapped[str]
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    source: Mapped[str | None]
    is_cancelled: Mapped[bool] = mapped_column(server_default=text("false"))


class NoticeRow(Base):
    """One notice that was told of a stay, or a person's press that says the same."""

    __tablename__ = "notice"
    __table_args__ = (
        one_of("kind", NoticeKind),
        one_of("encounter_class", EncounterClass),
        one_of("effect", Effect),
    )
    stay_id: Mapped[UUID] = mapped_column(ForeignKey("stay.id"), primary_key=True)
    message_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    sender: Mapped[str]
    kind: Mapped[str]
    encounter_class: Mapped[str]
    hospital: Mapped[str]
    ward: Mapped[str]
    started_at: Mapped[datetime]
    leave_started_at: Mapped[datetime | None]
    leave_ended_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    occurred_at: Mapped[datetime]
    deceased: Mapped[bool | None]
    report_requested: Mapped[bool]
    report_recipient: Mapped[str | None]
    about: Mapped[str | None]
    follows: Mapped[list[str]]
    received_at: Mapped[datetime]
    by_id: Mapped[str | None]
    by_name: Mapped[str | None]
    effect: Mapped[str]


class EpisodeRow(Base):
    """An episode-of-care id of a stay."""

    __tablename__ = "episode"
    stay_id: Mapped[UUID] = mapped_column(ForeignKey("stay.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True, index=True)
    position: Mapped[int]
    system: Mapped[str]
    value: Mapped[str]


class SupersededRow(Base):
    """A message known through the history of a later one. No longer written; a later release drops it."""

    __tablename__ = "superseded"
    stay_id: Mapped[UUID] = mapped_column(ForeignKey("stay.id"), primary_key=True)
    message_id: Mapped[str] = mapped_column(primary_key=True)


class PartyRow(Base):
    """An organisation's access to a stay."""

    __tablename__ = "party"
    __table_args__ = (one_of("basis", PartyBasis),)
    stay_id: Mapped[UUID] = mapped_column(ForeignKey("stay.id"), primary_key=True)
    organization: Mapped[str] = mapped_column(primary_key=True, index=True)
    position: Mapped[int]
    basis: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime | None]


class PlanVersionRow(Base):
    """A version of the discharge plan; the plan itself is ciphertext."""

    __tablename__ = "plan_version"
    stay_id: Mapped[UUID] = mapped_column(ForeignKey("stay.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    by_id: Mapped[str | None]
    by_name: Mapped[str | None]
    plan: Mapped[bytes]
