"""Master data in memory: organisations and agreements, read again when their version has moved on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

import orjson
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.agreement import HealthAgreement
from discharge.agreement_format import parse_agreement
from discharge.directory import Directory, Organization
from discharge.errors import NotFoundError
from discharge.task import AgreementRef
from services.persistence.calendars import closed_days_around
from services.persistence.clock import wall_now
from services.persistence.rows import organization_from, organization_row
from services.persistence.tables import AgreementRow, OrganizationRow

__all__ = ["MASTER_VERSION", "Master", "put_agreement", "put_organizations", "read_master"]

MASTER_VERSION = "master_version"
"""Key of the row in ``meta`` that rises with every change of master data."""


@dataclass(frozen=True)
class Master:
    """What is known of organisations and rules at one version. Implements ``discharge.ports.Agreements``."""

    version: str | None = None
    directory: Directory = field(default_factory=lambda: Directory.of(()))
    agreements: tuple[HealthAgreement, ...] = ()
    """Oldest first by the day they take effect, then by when they were loaded."""

    async def for_region(self, region: str | None, day: date) -> HealthAgreement | None:
        """The agreement in force in ``region`` that day; the latest wins."""
        in_force = [a for a in self.agreements if region in a.regions and a.is_valid_on(day)]
        return in_force[-1] if in_force else None

    async def get(self, ref: AgreementRef) -> HealthAgreement:
        """The version that ``ref`` names.

        Raises:
            NotFoundError: it was never loaded.
        """
        for agreement in self.agreements:
            if agreement.ref == ref:
                return agreement
        raise NotFoundError(kind="HealthAgreement")

    def closed_days(self, day: date) -> frozenset[date]:
        """Closed days around ``day``."""
        return closed_days_around(day)


async def read_master(connection: AsyncConnection, version: str | None) -> Master:
    """All master data as they stand in this transaction."""
    organizations = await connection.execute(select(OrganizationRow.__table__))
    documents = await connection.execute(select(AgreementRow.__table__).order_by(AgreementRow.loaded_at))
    agreements = [parse_agreement(row["document"]) for row in documents.mappings()]
    return Master(
        version=version,
        directory=Directory.of(organization_from(row) for row in organizations.mappings()),
        agreements=tuple(sorted(agreements, key=lambda agreement: agreement.valid_from)),
    )


async def put_organizations(connection: AsyncConnection, organizations: Iterable[Organization]) -> int:
    """Add or replace organisations by SOR code; return how many."""
    rows = [organization_row(organization) for organization in organizations]
    if rows:
        statement = insert(OrganizationRow)
        replaced = {name: statement.excluded[name] for name in rows[0] if name != "sor"}
        await connection.execute(statement.on_conflict_do_update(index_elements=["sor"], set_=replaced), rows)
        await _raise_version(connection)
    return len(rows)


async def put_agreement(connection: AsyncConnection, document: dict[str, object]) -> HealthAgreement:
    """Add or replace an agreement by id and version.

    Raises:
        AgreementError: it cannot be followed; nothing is stored.
    """
    agreement = parse_agreement(document)
    stored = orjson.loads(orjson.dumps(document))  # YAML's dates as the texts they were written as
    statement = insert(AgreementRow).values(
        id=agreement.id, version=agreement.version, document=stored, loaded_at=wall_now()
    )
    replaced = {name: statement.excluded[name] for name in ("document", "loaded_at")}
    await connection.execute(statement.on_conflict_do_update(index_elements=["id", "version"], set_=replaced))
    await _raise_version(connection)
    return agreement


async def _raise_version(connection: AsyncConnection) -> None:
    await connection.execute(
        text(
            "INSERT INTO meta (key, value) VALUES (:key, '1')"
            " ON CONFLICT (key) DO UPDATE SET value = (meta.value::bigint + 1)::text"
        ),
        {"key": MASTER_VERSION},
    )
