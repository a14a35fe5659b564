"""Documents of a stay for who reads them: all that came, and the original of one."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from discharge.documents.report import FiledReport
from discharge.documents.rulings import Ruling
from discharge.errors import NotFoundError
from discharge.identifiers import DocumentId, PatientId, StayId
from discharge.policy import ContentClass
from services.persistence.documents import opened_body, read_documents, read_rulings
from services.persistence.reading import ReadSession

__all__ = ["documents_of", "original_of", "rulings_of"]

_STAY: Final = "SELECT patient_id FROM stay WHERE id = %(id)s"
_BODY: Final = (
    "SELECT d.stay_id, d.body, s.patient_id FROM document d JOIN stay s ON s.id = d.stay_id WHERE d.id = %(id)s"
)


async def documents_of(session: ReadSession, stay_id: StayId) -> list[FiledReport]:
    """The documents of a stay in the order of their arrival; none for a role that reads no documents.

    Raises:
        NotFoundError: no such stay, or the caller is no party.
    """
    patient_id = await _patient_of(session, stay_id)
    if ContentClass.DOCUMENT not in session.caller.readable_classes(session.directory):
        return []
    session.saw(stay_id)
    return await read_documents(session.talk, session.patients, stay_id, patient_id)


async def rulings_of(session: ReadSession, stay_id: StayId) -> list[Ruling]:
    """What people said of those documents; nothing for a role that reads no documents.

    Raises:
        NotFoundError: no such stay, or the caller is no party.
    """
    patient_id = await _patient_of(session, stay_id)
    if ContentClass.DOCUMENT not in session.caller.readable_classes(session.directory):
        return []
    session.saw(stay_id)
    return await read_rulings(session.talk, session.patients, stay_id, patient_id)


async def _patient_of(session: ReadSession, stay_id: StayId) -> PatientId:
    rows = await session.talk.ask(_STAY, {"id": _uuid(stay_id, "Stay")})
    if not rows:
        raise NotFoundError(kind="Stay")
    return PatientId(str(rows[0]["patient_id"]))


async def original_of(session: ReadSession, document_id: DocumentId) -> bytes:
    """A document, byte by byte as it came.

    Raises:
        NotFoundError: no such document, or none for the caller.
    """
    rows = await session.talk.ask(_BODY, {"id": _uuid(document_id, "Bundle")})
    if not rows:
        raise NotFoundError(kind="Bundle")
    session.saw(StayId(str(rows[0]["stay_id"])))
    key = await session.patients.key_of(PatientId(str(rows[0]["patient_id"])))
    return opened_body(bytes(rows[0]["body"]), document_id, key)


def _uuid(text_id: str, kind: str) -> UUID:
    """The id as the store knows it; one that never was ours is simply not found."""
    try:
        return UUID(text_id)
    except ValueError:
        raise NotFoundError(kind=kind) from None
