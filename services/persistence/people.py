"""Patients in the store: found by id or blind index, read with their own key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.errors import NotFoundError
from discharge.identifiers import CprNumber, PatientId
from discharge.patient import Patient
from services.persistence.pipeline import Conversation
from services.persistence.rows import patient_from, patient_row
from services.persistence.vault import DataKey, Vault

__all__ = ["SqlPatients", "put_patient"]

# NO KEY UPDATE: a stay that is added elsewhere checks that its citizen exists, and must not wait.
_BY_CPR: Final = "SELECT * FROM patient WHERE cpr_index = %(index)s FOR NO KEY UPDATE"
_BY_IDS: Final = "SELECT * FROM patient WHERE id = ANY(%(ids)s)"
_KEYS: Final = "SELECT id, wrapped_key FROM patient WHERE id = ANY(%(ids)s)"
_ADD: Final = (
    "INSERT INTO patient"
    " (id, cpr_index, wrapped_key, identity, municipality, district, services, gp, protected, blocks)"
    " VALUES (%(id)s, %(cpr_index)s, %(wrapped_key)s, %(identity)s, %(municipality)s, %(district)s, %(services)s,"
    " %(gp)s, %(protected)s, %(blocks)s) ON CONFLICT (cpr_index) DO NOTHING RETURNING id"
)
_SAVE: Final = (
    "UPDATE patient SET identity = %(identity)s, municipality = %(municipality)s, district = %(district)s,"
    " services = %(services)s, gp = %(gp)s, protected = %(protected)s, blocks = %(blocks)s WHERE id = %(id)s"
)


class SqlPatients:
    """Implements ``discharge.ports.Patients`` on one connection, and lends out patients' keys."""

    def __init__(self, talk: Conversation, vault: Vault) -> None:
        self._talk = talk
        self._vault = vault
        self._keys: dict[PatientId, DataKey] = {}
        self._indexes: dict[PatientId, bytes] = {}

    def foresee(self, cpr: CprNumber) -> bytes:
        """Have ``by_cpr`` answered with the next question; return the citizen's blind index."""
        index = self._vault.blind_index(cpr)
        self._talk.foresee(_BY_CPR, {"index": index})
        return index

    async def by_cpr(self, cpr: CprNumber) -> Patient | None:
        """Return the citizen and hold the lock, or None."""
        index = self._vault.blind_index(cpr)
        found = await self._talk.ask(_BY_CPR, {"index": index})
        if not found:
            return None
        patient = self._opened(found[0])
        self._indexes[patient.id] = index
        return patient

    def index_of(self, patient_id: PatientId) -> bytes | None:
        """The blind index of a citizen who was found by it."""
        return self._indexes.get(patient_id)

    async def get(self, patient_id: PatientId) -> Patient:
        """Return the citizen.

        Raises:
            NotFoundError: there is none.
        """
        found = await self.of_ids([patient_id])
        if patient_id not in found:
            raise NotFoundError(kind="Patient")
        return found[patient_id]

    async def add(self, patient: Patient) -> Patient:
        """Keep a new citizen; when another transaction was first, return theirs."""
        key, wrapped = self._vault.new_key(patient.id)
        row = {
            **patient_row(patient, key),
            "cpr_index": self._vault.blind_index(patient.cpr),
            "wrapped_key": wrapped,
        }
        if await self._talk.ask(_ADD, row):
            self._keys[patient.id] = key
            return patient
        self._talk.forget()
        first = await self.by_cpr(patient.cpr)
        if first is None:
            raise NotFoundError(kind="Patient")
        return first

    async def save(self, patient: Patient) -> None:
        """Keep what has changed of a citizen."""
        await self._talk.ask(_SAVE, patient_row(patient, await self.key_of(patient.id)))

    async def key_of(self, patient_id: PatientId) -> DataKey:
        """The citizen's key.

        Raises:
            NotFoundError: there is no such citizen, or not for this caller.
        """
        if patient_id not in self._keys:
            await self.load_keys([patient_id])
        if patient_id not in self._keys:
            raise NotFoundError(kind="Patient")
        return self._keys[patient_id]

    async def load_keys(self, patient_ids: list[PatientId]) -> None:
        """Fetch the keys of several citizens at once."""
        missing = [UUID(patient_id) for patient_id in set(patient_ids) - self._keys.keys()]
        if missing:
            for row in await self._talk.ask(_KEYS, {"ids": missing}):
                self._keys[PatientId(str(row["id"]))] = self._vault.unwrap(row["wrapped_key"], str(row["id"]))

    async def of_ids(self, patient_ids: list[PatientId]) -> dict[PatientId, Patient]:
        """Several citizens at once, those this caller may read."""
        rows = await self._talk.ask(_BY_IDS, {"ids": [UUID(patient_id) for patient_id in set(patient_ids)]})
        return {patient.id: patient for patient in map(self._opened, rows)}

    def _opened(self, row: Mapping[str, Any]) -> Patient:
        key = self._vault.unwrap(row["wrapped_key"], str(row["id"]))
        patient = patient_from(row, key)
        self._keys[patient.id] = key
        return patient


async def put_patient(connection: AsyncConnection, vault: Vault, patient: Patient) -> Patient:
    """Add or replace a citizen by CPR number; an id once given is kept."""
    patients = SqlPatients(Conversation(connection), vault)
    known = await patients.add(patient)
    if known is not patient:
        known = replace(patient, id=known.id)
        await patients.save(known)
    return known
