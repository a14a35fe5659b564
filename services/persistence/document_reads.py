"""Documents of a stay for who reads them: all that came, and the original of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from discharge.documents.report import FiledReport
from discharge.documents.rulings import Ruling
from discharge.documents.standing import Standing, standings
from discharge.errors import NotFoundError
from discharge.identifiers import DocumentId, PatientId, SorCode, StayId
from discharge.policy import ContentClass, Role
from services.persistence.documents import opened_body, read_documents, read_rulings
from services.persistence.reading import ReadSession

__all__ = ["documents_of", "original_of", "rulings_of"]

_STAY: Final = "SELECT patient_id, ward FROM stay WHERE id = %(id)s"
_BODY: Final = (
    "SELECT d.stay_id, d.body, s.patient_id, s.ward FROM document d JOIN stay s ON s.id = d.stay_id WHERE d.id = %(id)s"
)
_RULING: Final = frozenset({Role.WARD, Role.DOCTOR})


async def documents_of(session: ReadSession, stay_id: StayId) -> list[FiledReport]:
    """The documents of a stay in the order of their arrival; none for a role that reads no documents.

    Of what is said not to be about this stay only the ward, which may take that back, gets more than the header.

    Raises:
        NotFoundError: no such stay, or the caller is no party.
    """
    patient_id, ward = await _patient_of(session, stay_id)
    if ContentClass.DOCUMENT not in session.caller.readable_classes(session.directory):
        return []
    session.saw(stay_id)
    filed = await read_documents(session.talk, session.patients, stay_id, patient_id)
    kept_back = await _kept_back(session, stay_id, patient_id, ward, filed)
    return [replace(each, report=each.report.header) if each.id in kept_back else each for each in filed]


async def rulings_of(session: ReadSession, stay_id: StayId) -> list[Ruling]:
    """What people said of those documents; nothing for a role that reads no documents.

    Raises:
        NotFoundError: no such stay, or the caller is no party.
    """
    patient_id, _ = await _patient_of(session, stay_id)
    if ContentClass.DOCUMENT not in session.caller.readable_classes(session.directory):
        return []
    session.saw(stay_id)
    return await read_rulings(session.talk, session.patients, stay_id, patient_id)


async def _patient_of(session: ReadSession, stay_id: StayId) -> tuple[PatientId, SorCode]:
    """The citizen and the ward of the stay."""
    rows = await session.talk.ask(_STAY, {"id": _uuid(stay_id, "Stay")})
    if not rows:
        raise NotFoundError(kind="Stay")
    return PatientId(str(rows[0]["patient_id"])), SorCode(rows[0]["ward"])


async def _kept_back(
    session: ReadSession,
    stay_id: StayId,
    patient_id: PatientId,
    ward: SorCode,
    filed: Sequence[FiledReport] | None = None,
) -> frozenset[DocumentId]:
    """The documents that are said not to be about this stay: others than its ward have no business with them."""
    if session.caller.role in _RULING and ward in session.caller.scope(session.directory):
        return frozenset()
    rulings = await read_rulings(session.talk, session.patients, stay_id, patient_id)
    if not rulings:
        return frozenset()
    if filed is None:
        filed = await read_documents(session.talk, session.patients, stay_id, patient_id)
    return frozenset(each for each, found in standings(filed, rulings).items() if found is Standing.NOT_OURS)


async def original_of(session: ReadSession, document_id: DocumentId) -> bytes:
    """A document, byte by byte as it came.

    Raises:
        NotFoundError: no such document, or none for the caller, or it is said not to be about this stay.
    """
    rows = await session.talk.ask(_BODY, {"id": _uuid(document_id, "Bundle")})
    if not rows:
        raise NotFoundError(kind="Bundle")
    stay_id, patient_id = StayId(str(rows[0]["stay_id"])), PatientId(str(rows[0]["patient_id"]))
    session.saw(stay_id)
    if document_id in await _kept_back(session, stay_id, patient_id, SorCode(rows[0]["ward"])):
        raise NotFoundError(kind="Bundle")
    key = await session.patients.key_of(patient_id)
    return opened_body(bytes(rows[0]["body"]), document_id, key)


def _uuid(text_id: str, kind: str) -> UUID:
    """The id as the store knows it; one that never was ours is simply not found."""
    try:
        return UUID(text_id)
    except ValueError:
        raise NotFoundError(kind=kind) from None
