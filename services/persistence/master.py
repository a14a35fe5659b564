"""Master data in memory: organisations and agreements, read again when their version has moved on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

import orjson
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.agreement import HealthAgreement
from discharge.agreement_format import parse_agreement
from discharge.agreement_values import Document
from discharge.directory import Directory, Organization
from discharge.errors import AgreementError, NotFoundError
from discharge.fitting import layable
from discharge.identifiers import SorCode
from discharge.in_force import InForce, in_force
from discharge.layer_format import Layer, is_layer, parse_layer
from discharge.layers import parts_of, resolve, resolved_agreement
from discharge.task import AgreementRef
from services.observability import get_logger
from services.persistence.calendars import closed_days_around
from services.persistence.clock import wall_now
from services.persistence.rows import organization_from, organization_row
from services.persistence.tables import AgreementRow, OrganizationRow

__all__ = ["MASTER_VERSION", "Master", "PassedOver", "put_agreement", "put_organizations", "read_master"]

_REMEMBERED: Final = 10_000
"""Days, regions and municipalities whose agreement is remembered; a process asks for far fewer."""
MASTER_VERSION = "master_version"
"""Key of the row in ``meta`` that rises with every change of master data."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A stored agreement, or a layer, that this program cannot follow: all others hold without it."""

    name: str
    """Id and version, as it was loaded."""
    path: str
    problem: str


@dataclass(frozen=True)
class Master:
    """What is known of organisations and rules at one version. Implements ``discharge.ports.Agreements``."""

    version: str | None = None
    directory: Directory = field(default_factory=lambda: Directory.of(()))
    documents: tuple[Document, ...] = ()
    """Agreements and what is laid upon them, in the order they were loaded."""
    passed_over: tuple[PassedOver, ...] = ()
    """What is stored and cannot be followed, such as the form of a newer program during an upgrade."""
    _made: dict[AgreementRef, HealthAgreement] = field(default_factory=dict, repr=False, compare=False)
    _of_day: dict[tuple[str | None, SorCode | None, date], HealthAgreement | None] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def agreements(self) -> tuple[HealthAgreement, ...]:
        """The agreements themselves, oldest first by the day they take effect."""
        found = (self._laid(document, ()) for document in self.documents if not is_layer(document))
        return tuple(sorted(found, key=lambda agreement: agreement.valid_from))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What is laid upon them."""
        return tuple(parse_layer(document) for document in self.documents if is_layer(document))

    async def in_force(self, *, region: str | None, municipality: SorCode | None, day: date) -> HealthAgreement | None:
        """The agreement of the region that day, with what was laid upon it for the municipality; the latest wins."""
        key = (region, municipality, day)
        if key not in self._of_day:
            if len(self._of_day) >= _REMEMBERED:
                self._of_day.clear()
            found = in_force(self.documents, region=region, municipality=municipality, day=day)
            self._of_day[key] = None if found is None else self._followed(found)
        return self._of_day[key]

    async def get(self, ref: AgreementRef) -> HealthAgreement:
        """The version that ``ref`` names, with the layers that it names.

        Raises:
            NotFoundError: it, or one of its layers, was never loaded.
        """
        known = self._made.get(ref)
        if known is not None:
            return known
        version, layers = parts_of(ref.version)
        stored = {(str(each.get("id")), str(each.get("version"))): each for each in self.documents}
        try:
            return self._laid(stored[ref.id, version], tuple(stored[layer] for layer in layers))
        except KeyError:
            raise NotFoundError(kind="HealthAgreement") from None

    def closed_days(self, day: date, agreement: HealthAgreement | None) -> frozenset[date]:
        """Closed days around ``day``: public holidays, and those of the agreement."""
        if agreement is None:
            return closed_days_around(day)
        return closed_days_around(day, country=agreement.country, also=agreement.closed_days)

    def _followed(self, found: InForce) -> HealthAgreement:
        """What is in force; without a layer that cannot be laid there, for the region's own rules hold all the same."""
        held, unfit = layable(found)
        for each in unfit:
            _tell(PassedOver(each.layer.name, each.path, each.problem))
        return self._laid(held.base, held.layers)

    def _laid(self, base: Document, layers: tuple[Document, ...]) -> HealthAgreement:
        """``base`` with ``layers``, worked out once for as long as these master data are known."""
        resolved = resolve(base, map(parse_layer, layers))
        ref = AgreementRef(str(resolved.document.get("id")), str(resolved.document.get("version")))
        if ref not in self._made:
            self._made[ref] = resolved_agreement(resolved)
        return self._made[ref]


async def read_master(connection: AsyncConnection, version: str | None) -> Master:
    """All master data as they stand in this transaction."""
    organizations = await connection.execute(select(OrganizationRow.__table__))
    documents = await connection.execute(
        select(AgreementRow.document).order_by(AgreementRow.loaded_at, AgreementRow.id, AgreementRow.version)
    )
    followed, made, passed_over = _sorted_out(documents.scalars().all())
    return Master(
        version=version,
        directory=Directory.of(organization_from(row) for row in organizations.mappings()),
        documents=followed,
        passed_over=passed_over,
        _made=made,
    )


def _sorted_out(
    documents: Sequence[Document],
) -> tuple[tuple[Document, ...], dict[AgreementRef, HealthAgreement], tuple[PassedOver, ...]]:
    """The documents that can be followed, the agreements among them, and what is passed over."""
    followed: list[Document] = []
    made: dict[AgreementRef, HealthAgreement] = {}
    passed_over: list[PassedOver] = []
    for document in documents:
        try:
            if is_layer(document):
                parse_layer(document)
            else:
                agreement = parse_agreement(document)
                made[agreement.ref] = agreement
        except AgreementError as error:
            # One that nobody here can read must not stop the deadlines of everybody else.
            passed_over.append(PassedOver(_name_of(document), error.path, error.problem))
            _tell(passed_over[-1])
        else:
            followed.append(document)
    return tuple(followed), made, tuple(passed_over)


def _name_of(document: Document) -> str:
    return f"{document.get('id')} {document.get('version')}"


def _tell(found: PassedOver) -> None:
    get_logger().error("agreement-passed-over", agreement=found.name, path=found.path, problem=found.problem)


async def put_organizations(connection: AsyncConnection, organizations: Iterable[Organization]) -> int:
    """Add or replace organisations by SOR code; return how many."""
    rows = [organization_row(organization) for organization in organizations]
    if rows:
        statement = insert(OrganizationRow)
        replaced = {name: statement.excluded[name] for name in rows[0] if name != "sor"}
        await connection.execute(statement.on_conflict_do_update(index_elements=["sor"], set_=replaced), rows)
        await _raise_version(connection)
    return len(rows)


async def put_agreement(connection: AsyncConnection, document: Document) -> AgreementRef:
    """Add or replace an agreement, or a layer upon one, by id and version.

    Raises:
        AgreementError: it cannot be followed; nothing is stored.
    """
    if is_layer(document):
        layer = parse_layer(document)
        ref = AgreementRef(layer.id, layer.version)
    else:
        ref = parse_agreement(document).ref
    stored = orjson.loads(orjson.dumps(document))  # YAML's dates as the texts they were written as
    statement = insert(AgreementRow).values(id=ref.id, version=ref.version, document=stored, loaded_at=wall_now())
    replaced = {name: statement.excluded[name] for name in ("document", "loaded_at")}
    await connection.execute(statement.on_conflict_do_update(index_elements=["id", "version"], set_=replaced))
    await _raise_version(connection)
    return ref


async def _raise_version(connection: AsyncConnection) -> None:
    await connection.execute(
        text(
            "INSERT INTO meta (key, value) VALUES (:key, '1')"
            " ON CONFLICT (key) DO UPDATE SET value = (meta.value::bigint + 1)::text"
        ),
        {"key": MASTER_VERSION},
    )
