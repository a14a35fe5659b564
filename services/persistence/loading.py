"""Master data out of files into the store: all of a file or nothing, and the same again when repeated."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from services.persistence.audit import audit_row, own_audit
from services.persistence.client_files import read_clients, require_known_places
from services.persistence.database import Database, new_id
from services.persistence.master import put_organizations
from services.persistence.master_files import (
    read_organizations,
    read_patients,
    require_registered,
    require_tree,
)
from services.persistence.on_call import put_on_call
from services.persistence.on_call_files import read_on_call, require_known_organizations
from services.persistence.people import put_patient
from services.persistence.system_clients import put_clients
from services.persistence.tables import AuditRow

__all__ = [
    "load_clients",
    "load_on_call",
    "load_organizations",
    "load_patients",
    "put_on_call_file",
    "put_organization_file",
    "put_patient_file",
]


_STAYS: Final = text("SELECT id FROM stay WHERE patient_id = ANY(:patients) ORDER BY id")


async def load_organizations(database: Database, file: Path) -> str:
    """Add or replace the organisations in ``file`` by SOR code; says how many.

    Raises:
        MasterFileError: nothing was loaded, for the reasons in its text.
    """
    return f"{await put_organization_file(database, await asyncio.to_thread(file.read_bytes))} organisations loaded"


async def load_patients(database: Database, file: Path) -> str:
    """Add or replace the citizens in ``file`` by CPR number; says how many.

    Raises:
        MasterFileError: nothing was loaded, for the reasons in its text.
    """
    return f"{await put_patient_file(database, await asyncio.to_thread(file.read_bytes))} citizens loaded"


async def load_clients(database: Database, file: Path) -> str:
    """Add or replace the record systems in ``file`` by client id; says how many.

    Raises:
        MasterFileError: nothing was loaded, for the reasons in its text.
    """
    clients = read_clients(await asyncio.to_thread(file.read_bytes))
    require_known_places(clients, (await database.master()).directory)
    async with database.writing() as connection:
        return f"{await put_clients(connection, clients)} clients loaded"


async def load_on_call(database: Database, file: Path) -> str:
    """Add or replace those on call in ``file`` by place and address; says how many.

    Raises:
        MasterFileError: nothing was loaded, for the reasons in its text.
    """
    return f"{await put_on_call_file(database, await asyncio.to_thread(file.read_bytes))} on-call entries loaded"


async def put_on_call_file(database: Database, body: bytes) -> int:
    """As ``load_on_call``, of a file in memory; returns how many."""
    entries = read_on_call(body, new_id)
    require_known_organizations(entries, (await database.master()).directory)
    async with database.writing() as connection:
        return await put_on_call(connection, entries)


async def put_organization_file(database: Database, body: bytes) -> int:
    """As ``load_organizations``, of a file in memory; returns how many."""
    organizations = read_organizations(body)
    require_tree(organizations, (await database.master()).directory)
    async with database.writing() as connection:
        return await put_organizations(connection, organizations)


async def put_patient_file(database: Database, body: bytes) -> int:
    """As ``load_patients``, of a file in memory; returns how many."""
    patients = read_patients(body, new_id)
    require_registered(patients, (await database.master()).directory)
    async with database.writing() as connection:
        # In one order, so that two loads at a time wait for each other instead of for ever.
        kept = [
            UUID((await put_patient(connection, database.vault, patient)).id)
            for patient in sorted(patients, key=lambda patient: patient.cpr.digits)
        ]
        found = await connection.execute(_STAYS, {"patients": kept})
        stays = [str(stay_id) for stay_id in found.scalars()]
        row = audit_row(own_audit("load-patients", "CONSOLE load"), outcome=200, stays=stays, audit_id=new_id())
        await connection.execute(insert(AuditRow), row)
    return len(patients)
