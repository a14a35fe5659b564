"""Documents in the store: the original and what was read in it, each sealed for its citizen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

from pydantic import TypeAdapter

from discharge.documents.report import DocumentId, FiledReport
from discharge.identifiers import PatientId, StayId
from discharge.stay import Stay
from services.persistence.people import SqlPatients
from services.persistence.pipeline import Batch, Conversation
from services.persistence.tables import DocumentRow
from services.persistence.vault import DataKey

__all__ = ["SqlDocuments", "opened_body", "read_documents"]

_OF_STAY: Final = "SELECT id, filed FROM document WHERE stay_id = %(stay)s ORDER BY position"


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
        self._patient_of: dict[StayId, PatientId] = {}

    async def of_stay(self, stay: Stay) -> Sequence[FiledReport]:
        """The documents of a stay whose lock is held, in the order of their arrival."""
        self._patient_of[stay.id] = stay.patient_id
        return await read_documents(self._talk, self._patients, stay.id, stay.patient_id)

    async def add(self, filed: FiledReport, body: bytes) -> None:
        """Keep a new document of a stay whose documents were asked for; it never changes."""
        self._added.append((filed, body))

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
