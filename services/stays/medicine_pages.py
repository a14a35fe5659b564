"""``/stays/{id}/medicine``: the medicine side by side; signing it, answering, opening and remarking on its lines."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final, TypeVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.clock import local
from discharge.commands import AnswerLine, CommentLine, OpenLine, PairLines, SignOffMedication
from discharge.errors import ConcurrentUpdateError, MedicationError, NotFoundError
from discharge.handlers import answer_line, comment_line, open_line, pair_lines, sign_off_medication
from discharge.identifiers import StayId
from discharge.medication.joining import Pair
from discharge.medication.record import LONGEST_COMMENT, LineId, MedicationReconciliation
from discharge.policy import COMMENTING_ROLES, Role
from discharge.ports import UnitOfWork
from services.persistence import boards
from services.persistence.medication_reads import closed_days_of, medication_of
from services.stays.medicine.acts import SentLine
from services.stays.medicine.leaflet import leaflet_context
from services.stays.medicine.sheet import Flash, Sent, gaps_of, sheet_context
from services.web.access import Party, access
from services.web.forms import Form
from services.web.language import language
from services.web.reading import audit_in_place, back_of, reader_of, see_other
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller
from services.web.shell import language_of, shell_of
from services.web.templating import page

__all__ = ["READERS", "router"]

router = APIRouter()
_OPENERS: Final = (Role.WARD, Role.DOCTOR, Role.HOME_NURSE, Role.GP)
READERS: Final = (*_OPENERS, Role.PHARMACIST)
"""The roles that read medicine."""
_WARD: Final = (Role.WARD, Role.DOCTOR)
_Command = TypeVar("_Command")


@router.get("/stays/{stay_id}/medicine")
@access(roles=READERS, party=Party.STAY, action="read-medicine")
async def sheet(request: Request, stay_id: str) -> Response:
    """The medicine of a stay."""
    return await _sheet(request, stay_id, Sent())


@router.get("/ward/stays/{stay_id}/medicine")
@access(roles=_WARD, party=Party.STAY, action="read-medicine")
async def ward_sheet(request: Request, stay_id: str) -> Response:
    """The same from the ward's own pages, with what is missing before the patient goes home."""
    return await _sheet(request, stay_id, Sent())


async def _sheet(request: Request, stay_id: str, sent: Sent, *, status: int = 200) -> Response:
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        record = await medication_of(session, StayId(stay_id))
        view = await boards.timeline(session, StayId(stay_id))
        closed = await closed_days_of(session, view.context.stay)
        directory = session.directory
    reader = await reader_of(request, directory, view.now)
    shows_rest = request.query_params.get("rest") == "show"
    context = sheet_context(view, record, closed, reader, sent=sent, shows_rest=shows_rest)
    return page(
        await shell_of(request, directory, view.now),
        "stays/medicine.html",
        status=status,
        head=view.feed_head,
        **context,
    )


async def _refused(request: Request, stay_id: str, sent: Sent, status: int) -> Response:
    await audit_in_place(request, status)
    return await _sheet(request, stay_id, sent, status=status)


async def _form(request: Request) -> Form:
    return Form.of(await request.form(), language_of(request), await runtime_of(request).clock.now())


@router.post("/ward/stays/{stay_id}/medicine/sign-off")
@access(roles=[Role.DOCTOR], party=Party.STAY, action="sign-off-medication")
async def sign_off(request: Request, stay_id: str) -> Response:
    """The doctor stands by the list; with gaps left only for a reason."""
    form = await _form(request)
    t, reason = form.lang.text, form.text("override")
    if not reason and await _has_gaps(request, stay_id):
        form.refuse("override", t("Skriv hvorfor"), t("Skriv, hvorfor du godkender, selv om noget mangler."))
        return await _refused(request, stay_id, Sent(errors=form.errors), 422)
    command = SignOffMedication(
        caller=await current_caller(request),
        stay_id=StayId(stay_id),
        expected_version=form.number("version"),
        override_reason=reason or None,
    )
    try:
        await runtime_of(request).database.run(audit_of(request), sign_off_medication, command)
    except ConcurrentUpdateError:
        words = t("En anden har ændret listen imens. Se den igennem, og godkend igen.")
        return await _refused(request, stay_id, Sent(reason=reason, flash=Flash(words=words)), 412)
    return see_other(f"/ward/stays/{stay_id}/medicine")


async def _has_gaps(request: Request, stay_id: str) -> bool:
    async with runtime_of(request).database.reading(audit_of(request, "read-medicine")) as session:
        record = await medication_of(session, StayId(stay_id))
        view = await boards.timeline(session, StayId(stay_id))
        stay = view.context.stay
        closed = await closed_days_of(session, stay)
    tasks = (each.task for each in view.tasks)
    return bool(gaps_of(record, stay, tasks, closed, local(view.now).date()))


@router.post("/stays/{stay_id}/medicine/answer/{line_id}")
@access(roles=_WARD, party=Party.STAY, action="answer-line")
async def answer(request: Request, stay_id: str, line_id: str) -> Response:
    """The ward answers what the practice asked about a line."""
    form = await _form(request)
    label, words = form.lang.text("Svar"), form.lang.text("Skriv et svar til egen læge.")
    command = AnswerLine(
        caller=await current_caller(request), stay_id=StayId(stay_id), line_id=LineId(line_id), text=form.text("text")
    )
    return await _told(request, form, (answer_line, command), f"answer-{line_id}", (label, words))


@router.post("/stays/{stay_id}/medicine/open/{line_id}")
@access(roles=_OPENERS, party=Party.STAY, action="open-line")
async def reopen(request: Request, stay_id: str, line_id: str) -> Response:
    """Somebody who sees the citizen says that a line does not hold."""
    form = await _form(request)
    label, words = form.lang.text("Passer ikke i hjemmet"), form.lang.text("Skriv, hvad du ser i hjemmet.")
    command = OpenLine(
        caller=await current_caller(request), stay_id=StayId(stay_id), line_id=LineId(line_id), note=form.text("text")
    )
    return await _told(request, form, (open_line, command), f"open-{line_id}", (label, words))


@router.post("/stays/{stay_id}/medicine/comment/{line_id}")
@access(roles=COMMENTING_ROLES, party=Party.STAY, action="comment-line")
async def remark(request: Request, stay_id: str, line_id: str) -> Response:
    """Somebody who reads the medicine remarks on a line."""
    form = await _form(request)
    t = form.lang.text
    label, words = t("Bemærkning"), t("Skriv din bemærkning.")
    if len(form.text("text")) > LONGEST_COMMENT:
        form.refuse("text", label, t("En bemærkning har højst 2000 tegn. Skriv den kortere."))
    command = CommentLine(
        caller=await current_caller(request), stay_id=StayId(stay_id), line_id=LineId(line_id), text=form.text("text")
    )
    return await _told(request, form, (comment_line, command), f"comment-{line_id}", (label, words))


async def _told(
    request: Request,
    form: Form,
    act: tuple[Callable[[_Command, UnitOfWork], Awaitable[object]], _Command],
    key: str,
    asked: tuple[str, str],
) -> Response:
    """Keep what somebody wrote about a line; without words it comes back with the line's form."""
    stay_id, line_id = request.path_params["stay_id"], request.path_params["line_id"]
    handler, command = act
    sent = SentLine(line=line_id, text=form.text("text"), is_comment=isinstance(command, CommentLine))
    form.required("text", *asked)
    if form.errors:
        form.refuse(key, asked[0], form.errors.pop("text").words)
        return await _refused(request, stay_id, Sent(line=replace(sent, errors=form.errors)), 422)
    try:
        await runtime_of(request).database.run(audit_of(request), handler, command)
    except MedicationError:
        words = form.lang.text("Linjen har ændret sig imens. Se det nye. Intet er gemt fra dig.")
        return await _refused(request, stay_id, Sent(line=sent, flash=Flash(words=words)), 409)
    role = (await current_caller(request)).role
    here = f"{'/ward' if role in _WARD else ''}/stays/{stay_id}/medicine"
    return see_other(f"{back_of(form.text('back'), here)}#line-{line_id}")


@router.post("/stays/{stay_id}/medicine/pair")
@access(roles=[Role.DOCTOR, Role.GP], party=Party.STAY, action="pair-lines")
async def pair(request: Request, stay_id: str) -> Response:
    """A person says that what stands in a row is one medicine, or that it is not."""
    form = await _form(request)
    async with runtime_of(request).database.reading(audit_of(request, "read-medicine")) as session:
        record = await medication_of(session, StayId(stay_id))
    lines = [LineId(text) for name in ("line", "other") if (text := form.text(name))]
    command = PairLines(
        caller=await current_caller(request),
        stay_id=StayId(stay_id),
        pair=_pair(record, lines),
        same=form.text("same") == "yes",
    )
    await runtime_of(request).database.run(audit_of(request), pair_lines, command)
    return see_other(f"{back_of(form.text('back'), f'/stays/{stay_id}/medicine')}#line-{lines[0]}")


def _pair(record: MedicationReconciliation, lines: list[LineId]) -> Pair:
    """The marks of everything that stands in these rows."""
    if not lines or any(each not in record.lines for each in lines):
        raise NotFoundError(kind="MedicationStatement")
    return frozenset(line.mark for each in lines for line in record.lines[each].joined.all_lines)


@router.get("/stays/{stay_id}/medicine/print")
@access(roles=READERS, party=Party.STAY, action="print-medicine")
async def leaflet(request: Request, stay_id: str) -> Response:
    """The list that the citizen takes along, on paper and in Danish whoever prints it."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        record = await medication_of(session, StayId(stay_id))
        view = await boards.timeline(session, StayId(stay_id))
        directory = session.directory
    reader = await reader_of(request, directory, view.now)
    shell = replace(await shell_of(request, directory, view.now), lang=language("da"))
    return page(shell, "stays/leaflet.html", **leaflet_context(view, record, reader))
