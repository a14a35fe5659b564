"""Lines of medicine as the FHIR door reads them: by id, by citizen, or by the duty to go through them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from discharge.errors import NotFoundError
from discharge.handlers.resolving import RECONCILE
from discharge.identifiers import EncounterId, PatientId, StayId, TaskId
from discharge.medication.record import LineId, MedicationReconciliation
from discharge.policy import ContentClass
from discharge.task import HandoverTask
from services.persistence.medication_reads import medication_of, stay_of_line
from services.persistence.reading import ReadSession
from services.persistence.task_query import uuids_of

__all__ = ["FoundLines", "LineQuery", "line", "lines", "lines_of"]

_STAYS: Final = """
SELECT m.stay_id FROM medication m JOIN stay s ON s.id = m.stay_id
WHERE (%(patients)s::uuid[] IS NULL OR s.patient_id = ANY (%(patients)s))
  AND (%(lines)s::uuid[] IS NULL OR EXISTS (
    SELECT FROM medication_line l WHERE l.stay_id = m.stay_id AND l.id = ANY (%(lines)s)))
  AND (%(tasks)s::uuid[] IS NULL OR EXISTS (
    SELECT FROM task t WHERE t.stay_id = m.stay_id AND t.code = %(code)s AND t.id = ANY (%(tasks)s)))
ORDER BY m.changed_at DESC, m.stay_id LIMIT %(most)s
"""
_CONTACT: Final = "SELECT id FROM encounter WHERE stay_id = %(stay)s ORDER BY position DESC LIMIT 1"
_DUTIES: Final = "SELECT id FROM task WHERE stay_id = %(stay)s AND code = %(code)s ORDER BY created_at, id"
_LINES: Final = """
SELECT stay_id, id FROM medication_line WHERE stay_id = ANY (%(stays)s) AND place IS NOT NULL ORDER BY stay_id, place
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineQuery:
    """Which lines are asked for; every part that is given must hold."""

    ids: frozenset[LineId] | None = None
    patients: frozenset[PatientId] | None = None
    tasks: frozenset[TaskId] | None = None
    most: int = 100
    """Stays whose medicine is read for it."""

    @property
    def is_bound(self) -> bool:
        """True when it asks for somebody's lines: nobody asks for everybody's."""
        return any(part is not None for part in (self.ids, self.patients, self.tasks))


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLines:
    """Lines of one stay, in the order of its table."""

    record: MedicationReconciliation
    ids: tuple[LineId, ...]
    encounter_id: EncounterId
    """The latest hospital contact of the stay."""
    tasks: tuple[TaskId, ...]
    """The duties to go through them, oldest first, as far as the caller may know of them."""


async def line(session: ReadSession, line_id: LineId) -> FoundLines:
    """One line as it stands.

    Raises:
        NotFoundError: there is none, no list mentions it any more, or it is not for this caller.
    """
    found = await _around(session, await stay_of_line(session, line_id), frozenset({line_id}))
    if not found.ids:
        raise NotFoundError(kind="MedicationStatement")
    return found


async def lines(session: ReadSession, query: LineQuery) -> tuple[FoundLines, ...]:
    """The lines that ``query`` asks for and the caller may read, those of the stay last changed first.

    Where there are more stays than are read for it there is one too many, so that the caller can tell.
    """
    if not query.is_bound or ContentClass.MEDICINE not in session.caller.readable_classes(session.directory):
        return ()
    asked = {"patients": query.patients, "lines": query.ids, "tasks": query.tasks}
    rows = await session.talk.ask(
        _STAYS,
        {name: None if ids is None else uuids_of(ids) for name, ids in asked.items()}
        | {"code": RECONCILE, "most": query.most + 1},
    )
    return tuple([await _around(session, StayId(str(row["stay_id"])), query.ids) for row in rows])


async def lines_of(session: ReadSession, tasks: Iterable[HandoverTask]) -> dict[StayId, tuple[LineId, ...]]:
    """The lines to be gone through, by stay, of those of ``tasks`` that are duties to go through lines."""
    stays = {UUID(each.stay_id) for each in tasks if each.code == RECONCILE}
    if not stays:
        return {}
    found: dict[StayId, tuple[LineId, ...]] = defaultdict(tuple)
    for row in await session.talk.ask(_LINES, {"stays": sorted(stays)}):
        found[StayId(str(row["stay_id"]))] += (LineId(str(row["id"])),)
    return found


async def _around(session: ReadSession, stay_id: StayId, wanted: Collection[LineId] | None) -> FoundLines:
    record = await medication_of(session, stay_id)
    which = {"stay": UUID(stay_id)}
    contacts, duties = await session.talk.ask_all([(_CONTACT, which), (_DUTIES, which | {"code": RECONCILE})])
    return FoundLines(
        record=record,
        ids=tuple(each for each in record.lines if wanted is None or each in wanted),
        encounter_id=EncounterId(str(contacts[0]["id"])),
        tasks=tuple(TaskId(str(row["id"])) for row in duties),
    )
