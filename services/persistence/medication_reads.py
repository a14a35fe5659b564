"""The medicine of a stay for who reads it: its lists, its lines, and whose they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from discharge.clock import local
from discharge.errors import NotFoundError
from discharge.identifiers import PatientId, SorCode, StayId
from discharge.medication.record import LineId, MedicationReconciliation
from discharge.policy import ContentClass
from discharge.stay import Stay
from services.persistence.medications import read_medication
from services.persistence.reading import ReadSession

__all__ = ["Pairing", "closed_days_of", "medication_of", "pairings_of", "stay_of_line", "stay_of_list"]

_STAY: Final = "SELECT patient_id FROM stay WHERE id = %(id)s"
_LINE: Final = "SELECT stay_id FROM medication_line WHERE id = %(id)s"
_PAIRINGS: Final = """
SELECT at, by_name, detail ->> 'place' AS place FROM event
WHERE stay_id = %(stay)s AND kind = 'medication-revised' AND detail ->> 'work' = 'paired' ORDER BY number
"""
_LIST: Final = "SELECT stay_id FROM medication_list WHERE id = ANY (%(ids)s)"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """Somebody said that lines are the same medicine, or that they are not."""

    at: datetime
    by: str
    place: SorCode | None
    """None: at the ward, or before places were kept."""


async def pairings_of(session: ReadSession, stay_id: StayId) -> tuple[Pairing, ...]:
    """The pairings of a stay's lines, oldest first; none for a caller who reads no medicine."""
    rows = await session.talk.ask(_PAIRINGS, {"stay": _uuid(stay_id, "Stay")})
    return tuple(
        Pairing(at=row["at"], by=row["by_name"], place=None if row["place"] is None else SorCode(row["place"]))
        for row in rows
    )


async def stay_of_line(session: ReadSession, line_id: LineId) -> StayId:
    """The stay that a line belongs to.

    Raises:
        NotFoundError: no such line, or none for the caller.
    """
    rows = await session.talk.ask(_LINE, {"id": _uuid(line_id, "MedicationStatement")})
    if not rows:
        raise NotFoundError(kind="MedicationStatement")
    return StayId(str(rows[0]["stay_id"]))


async def stay_of_list(session: ReadSession, list_ids: Iterable[str]) -> StayId | None:
    """The stay that the first of these lists was stated for, as far as the caller reads it."""
    rows = await session.talk.ask(_LIST, {"ids": [UUID(each) for each in list_ids]})
    return StayId(str(rows[0]["stay_id"])) if rows else None


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
