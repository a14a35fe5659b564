"""Master data and facts about the installation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import INTERVAL
from sqlalchemy.orm import Mapped, mapped_column

from discharge.directory import OrganizationKind
from services.persistence.tables.shape import Base, one_of

__all__ = ["AgreementRow", "DemoClockRow", "MetaRow", "OrganizationRow", "SystemClientRow"]


class MetaRow(Base):
    """Facts about the installation: the feeds' epoch, the version of the directory."""

    __tablename__ = "meta"
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class DemoClockRow(Base):
    """How far the demo's clock is ahead of the real one; empty outside demo mode."""

    __tablename__ = "demo_clock"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ahead: Mapped[Any] = mapped_column(INTERVAL, nullable=False)


class OrganizationRow(Base):
    """Master data: one organisation of the register."""

    __tablename__ = "organization"
    __table_args__ = (one_of("kind", OrganizationKind),)
    sor: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[str]
    gln: Mapped[str | None]
    part_of: Mapped[str | None]
    region: Mapped[str | None]
    districts: Mapped[list[str]]
    uses_stafet: Mapped[bool]


class AgreementRow(Base):
    """A version of a health agreement, as its document."""

    __tablename__ = "agreement"
    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    document: Mapped[dict[str, Any]]
    loaded_at: Mapped[datetime]


class SystemClientRow(Base):
    """A record system that may ask for tokens: whose it is, its public keys, and whom else it sends for."""

    __tablename__ = "system_client"
    client_id: Mapped[str] = mapped_column(primary_key=True)
    organization: Mapped[str]
    jwks: Mapped[dict[str, Any]]
    grants: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
