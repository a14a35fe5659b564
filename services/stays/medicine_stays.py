"""``/medicine``: whose medicine a place is party to, for those who read medicine and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.policy import Role
from services.persistence import boards
from services.persistence.views import MedicineBoard, MedicineRow
from services.web.access import Party, access
from services.web.cards import Reader, place_name
from services.web.dates import moment
from services.web.paging import Pages, page_number
from services.web.presentation import patient_name
from services.web.reading import reader_of
from services.web.runtime import runtime_of
from services.web.security import audit_of
from services.web.shell import shell_of
from services.web.stay_words import whereabouts
from services.web.templating import page

__all__ = ["StayLine", "router", "stay_lines"]

router = APIRouter()
_PATH = "/medicine"


@dataclass(frozen=True, slots=True, kw_only=True)
class StayLine:
    """One citizen's medicine in a list of many."""

    href: str
    name: str
    age: int
    cpr: str
    place: str
    open: int
    """Lines that nobody has decided."""
    asked: int
    """Those of them with a question to the ward."""
    is_waiting: bool
    """True once the patient has left: until then nobody waits for the practice."""
    signed: str
    """When the doctor signed the list; empty: not yet."""
    at: str
    """When somebody last did something with it."""


@router.get(_PATH)
@access(roles=[Role.PHARMACIST], party=Party.STAY, action="list-medicine")
async def listed(request: Request) -> Response:
    """The medicine of all stays that the place reads, what was worked on last first."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        view = await boards.medicine_board(session, page=page_number(request.query_params.get("page")))
        directory = session.directory
    reader = await reader_of(request, directory, view.now)
    return page(
        await shell_of(request, directory, view.now),
        "stays/medicine_stays.html",
        head=view.feed_head,
        lines=stay_lines(view, reader),
        pages=Pages.of(view.part, _PATH),
    )


def stay_lines(view: MedicineBoard, reader: Reader) -> tuple[StayLine, ...]:
    """The rows in words."""
    return tuple(_line(row, reader) for row in view.rows)


def _line(row: MedicineRow, reader: Reader) -> StayLine:
    stay, patient = row.context.stay, row.context.patient
    return StayLine(
        href=f"/stays/{stay.id}/medicine",
        name=patient_name(patient),
        age=patient.age,
        cpr=patient.cpr_masked,
        place=whereabouts(stay, place_name(stay.ward, reader.directory), reader.lang),
        open=row.unresolved,
        asked=row.asked,
        is_waiting=not stay.is_open,
        signed="" if row.signed_at is None else moment(row.signed_at, reader.now, reader.lang),
        at=moment(row.changed_at, reader.now, reader.lang),
    )
