"""Documents in the store: the original and what was read in it, each sealed for its citizen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from discharge.documents.report import FiledReport
from discharge.documents.rulings import Ruling
from discharge.identifiers import DocumentId, PatientId, StayId
from discharge.stay import Stay
from services.persistence.people import SqlPatients
from services.persistence.pipeline import Batch, Conversation
from services.persistence.tables import DocumentRow, DocumentRulingRow
from services.persistence.vault import DataKey

__all__ = ["SqlDocuments", "opened_body", "read_documents", "read_rulings"]

_OF_STAY: Final = "SELECT id, filed FROM document WHERE stay_id = %(stay)s ORDER BY position"
_RULINGS: Final = "SELECT position, ruling FROM document_ruling WHERE stay_id = %(stay)s ORDER BY position"


@cache
def _reports() -> TypeAdapter[FiledReport]:
    return TypeAdapter(FiledReport)


async def read_documents(
    talk: Conversation, patients: SqlPatients, stay_id: StayId, patient_id: PatientId
) -> list[FiledReport]:
    """The documents of a stay as far as this role may read them, in the order of their arrival."""
    rows = await talk.ask(_OF_STAY, {"stay": UUID(stay_id)})
    if not rows:
        return []
    return list(_from_rows(rows, await patients.key_of(patient_id)))


@cache
def _rulings() -> TypeAdapter[Ruling]:
    return TypeAdapter(Ruling)


async def read_rulings(
    talk: Conversation, patients: SqlPatients, stay_id: StayId, patient_id: PatientId
) -> list[Ruling]:
    """What people said of the documents of a stay as far as this role may read them, in their order."""
    rows = await talk.ask(_RULINGS, {"stay": UUID(stay_id)})
    if not rows:
        return []
    key = await patients.key_of(patient_id)
    return [_rulings().validate_json(key.open(row["ruling"], _place(stay_id, row["position"]))) for row in rows]


def _place(stay_id: StayId, position: int) -> str:
    return f"document-ruling:{stay_id}:{position}"


def _from_rows(rows: Iterable[Mapping[str, Any]], key: DataKey) -> Iterable[FiledReport]:
    return (_reports().validate_json(key.open(row["filed"], f"document:{row['id']}")) for row in rows)


def opened_body(sealed: bytes, document_id: DocumentId, key: DataKey) -> bytes:
    """The document as it came."""
    return key.open(sealed, f"document-body:{document_id}")


class SqlDocuments:
    """Implements ``discharge.ports.Documents``; what is added is written by ``flush``."""

    def __init__(self, talk: Conversation, patients: SqlPatients) -> None:
        self._talk = talk
        self._patients = patients
        self._added: list[tuple[FiledReport, bytes]] = []
        self._ruled: list[tuple[StayId, Ruling]] = []
        self._patient_of: dict[StayId, PatientId] = {}

    async def of_stay(self, stay: Stay) -> Sequence[FiledReport]:
        """The documents of a stay whose lock is held, in the order of their arrival."""
        self._patient_of[stay.id] = stay.patient_id
        kept = await read_documents(self._talk, self._patients, stay.id, stay.patient_id)
        return [*kept, *(filed for filed, _ in self._added if filed.stay_id == stay.id)]

    async def add(self, filed: FiledReport, body: bytes) -> None:
        """Keep a new document of a stay whose documents were asked for; it never changes."""
        self._added.append((filed, body))

    async def rulings(self, stay: Stay) -> Sequence[Ruling]:
        """What people have said of the documents of a stay whose lock is held, in their order."""
        kept = await read_rulings(self._talk, self._patients, stay.id, stay.patient_id)
        return [*kept, *(ruling for stay_id, ruling in self._ruled if stay_id == stay.id)]

    async def rule(self, stay: Stay, ruling: Ruling) -> None:
        """Keep a new one; it never changes."""
        self._patient_of[stay.id] = stay.patient_id
        self._ruled.append((stay.id, ruling))

    async def flush(self, batch: Batch) -> None:
        """Hand over what was added."""
        for filed, body in self._added:
            key = await self._patients.key_of(self._patient_of[filed.stay_id])
            row = {
                "id": UUID(filed.id),
                "stay_id": UUID(filed.stay_id),
                "position": filed.position,
                "received_at": filed.received_at,
                "filed": key.seal(_reports().dump_json(filed), f"document:{filed.id}"),
                "body": key.seal(body, f"document-body:{filed.id}"),
            }
            batch.insert(DocumentRow, [row])
        for stay_id, ruling in self._ruled:
            key = await self._patients.key_of(self._patient_of[stay_id])
            sealed = key.seal(_rulings().dump_json(ruling), _place(stay_id, ruling.position))
            said = {"stay_id": UUID(stay_id), "position": ruling.position, "at": ruling.at, "ruling": sealed}
            batch.insert(DocumentRulingRow, [said])
