"""The medicine of a stay for who reads it: its lists, its lines, and whose they are."""

from __future__ import annotations

from datetime import date
from typing import Final
from uuid import UUID

from discharge.clock import local
from discharge.errors import NotFoundError
from discharge.identifiers import PatientId, StayId
from discharge.medication.record import LineId, MedicationReconciliation
from discharge.policy import ContentClass
from discharge.stay import Stay
from services.persistence.medications import read_medication
from services.persistence.reading import ReadSession

__all__ = ["closed_days_of", "medication_of", "stay_of_line"]

_STAY: Final = "SELECT patient_id FROM stay WHERE id = %(id)s"
_LINE: Final = "SELECT stay_id FROM medication_line WHERE id = %(id)s"


async def medication_of(session: ReadSession, stay_id: StayId) -> MedicationReconciliation:
    """The medicine of a stay; an empty one where nobody has stated any.

    Raises:
        NotFoundError: no such stay, or the caller reads no medicine of it.
    """
    rows = await session.talk.ask(_STAY, {"id": _uuid(stay_id, "Stay")})
    if not rows or ContentClass.MEDICINE not in session.caller.readable_classes(session.directory):
        raise NotFoundError(kind="Stay")
    session.saw(stay_id)
    return await read_medication(session.talk, session.patients, stay_id, PatientId(str(rows[0]["patient_id"])))


async def stay_of_line(session: ReadSession, line_id: LineId) -> StayId:
    """The stay that a line belongs to.

    Raises:
        NotFoundError: no such line, or none for the caller.
    """
    rows = await session.talk.ask(_LINE, {"id": _uuid(line_id, "MedicationStatement")})
    if not rows:
        raise NotFoundError(kind="MedicationStatement")
    return StayId(str(rows[0]["stay_id"]))


async def closed_days_of(session: ReadSession, stay: Stay) -> frozenset[date]:
    """The closed days by the agreement that the stay is under."""
    place = stay.receiver or stay.hospital
    directory, today = session.directory, local(session.now).date()
    region = directory.region_of(place) or directory.region_of(stay.hospital)
    municipality = None if stay.receiver is None else directory.root(stay.receiver)
    agreement = await session.master.in_force(region=region, municipality=municipality, day=today)
    return session.master.closed_days(today, agreement)


def _uuid(text_id: str, kind: str) -> UUID:
    """The id as the store knows it; one that never was ours is simply not found."""
    try:
        return UUID(text_id)
    except ValueError:
        raise NotFoundError(kind=kind) from None
