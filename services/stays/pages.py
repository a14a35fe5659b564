"""``/stays/{id}``: the one timeline. ``/tasks/{id}``: one task, which opening marks as seen, and its moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.clock import local
from discharge.commands import MoveTask
from discharge.errors import (
    ConcurrentUpdateError,
    DischargeError,
    MedicationError,
    NotAllowedError,
    NotFoundError,
    ReasonRequiredError,
    TaskTakenError,
    TaskWaitsError,
    TransitionError,
)
from discharge.handlers import move_task
from discharge.identifiers import SorCode, StayId, TaskId
from discharge.medication.record import MedicationReconciliation
from discharge.policy import ContentClass, Role
from discharge.task import Move
from services.persistence import boards
from services.persistence.conversation_reads import conversations_of_stay, departures_of
from services.persistence.document_reads import documents_of, rulings_of
from services.persistence.medication_reads import medication_of, pairings_of
from services.persistence.views import TaskPage
from services.stays.conversation_view import lines_of_threads
from services.stays.document_view import document_lines
from services.stays.medicine.acts import Round, SentLine, round_of
from services.stays.task_view import TaskForm, task_context
from services.stays.timeline import days_of, lanes_of
from services.stays.timeline_medicine import medicine_events
from services.web.access import Party, access
from services.web.cards import Reader, moves_for
from services.web.dates import clock_seconds
from services.web.forms import Form, instant_at
from services.web.language import Language
from services.web.patient_bar import bar_of, lines_of
from services.web.presentation import short_name
from services.web.reading import audit_in_place, back_of, is_prefetch, reader_of, see_other
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller
from services.web.shell import language_of, shell_of
from services.web.task_lists import phone_of
from services.web.task_pages import Notice, card_response, list_path
from services.web.templating import is_fragment_request, page

__all__ = ["router", "task_response"]

router = APIRouter()
_READERS: Final = (Role.WARD, Role.DOCTOR, Role.HOME_NURSE, Role.VISITATOR, Role.GP)
_PEOPLE: Final = (*_READERS, Role.LEADER)
_AT_HOME: Final = frozenset({Role.HOME_NURSE, Role.GP})
_IN_PLACE: Final = (
    ConcurrentUpdateError,
    TaskTakenError,
    TransitionError,
    ReasonRequiredError,
    MedicationError,
    TaskWaitsError,
)


@router.get("/stays/{stay_id}")
@access(roles=_READERS, party=Party.STAY, action="read-timeline")
async def timeline(request: Request, stay_id: str) -> Response:
    """What happened to one patient, across the sectors."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        view = await boards.timeline(session, StayId(stay_id))
        threads = await conversations_of_stay(session, StayId(stay_id))
        departures = await departures_of(session, threads)
        filed = await documents_of(session, StayId(stay_id))
        rulings = await rulings_of(session, StayId(stay_id))
        reads_medicine = ContentClass.MEDICINE in session.caller.readable_classes(session.directory)
        record = await medication_of(session, StayId(stay_id)) if reads_medicine else None
        pairings = await pairings_of(session, StayId(stay_id)) if reads_medicine else ()
        directory = session.directory
    reader = await reader_of(request, directory, view.now)
    medicine = () if record is None else tuple(medicine_events(record, pairings, reader))
    return page(
        await shell_of(request, directory, view.now),
        "stays/timeline.html",
        head=view.feed_head,
        stay_id=stay_id,
        bar=bar_of(view.context, view.tasks, reader),
        lanes=lanes_of(view, reader),
        days=days_of(view, reader, threads, departures, filed, rulings, medicine),
        documents=document_lines(filed, rulings, stay_id, reader),
        threads=lines_of_threads(threads, reader, stay_id, departures),
        phone=phone_of(view.context, directory, reader.lang),
        open_tasks=lines_of((record for record in view.tasks if record.task.is_open), reader),
        as_table=request.query_params.get("view") == "table",
        reads_medicine=reads_medicine,
    )


@router.get("/tasks/{task_id}")
@access(roles=_PEOPLE, party=Party.STAY, action="read-task")
async def task(request: Request, task_id: str) -> Response:
    """One task. A person of its addressee who opens it has seen it, and everybody is told."""
    read = await _read(request, task_id)
    reader, found = read.reader, read.view.card.record.task
    if found.proofs.seen_at is None and Move.SEE in moves_for(found, reader) and not is_prefetch(request):
        command = MoveTask(caller=reader.caller, task_id=TaskId(task_id), move=Move.SEE)
        await runtime_of(request).database.run(audit_of(request, "see-task"), move_task, command)
        read = await _read(request, task_id)
    return await _task_page(request, read)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A task as one reader found it, with the medicine of its stay where they read medicine."""

    view: TaskPage
    reader: Reader
    record: MedicationReconciliation | None


async def _read(request: Request, task_id: str) -> _Read:
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        view = await boards.task_page(session, TaskId(task_id))
        reads = ContentClass.MEDICINE in session.caller.readable_classes(session.directory)
        is_shown = reads and view.card.context is not None
        record = await medication_of(session, view.card.record.task.stay_id) if is_shown else None
        directory = session.directory
    return _Read(view=view, reader=await reader_of(request, directory, view.now), record=record)


async def task_response(
    request: Request, task_id: str, *, line: SentLine, notice: Notice | None = None, status: int = 200
) -> Response:
    """The page of a task as it stands now, with what was sent about a line and not saved."""
    return await _task_page(request, await _read(request, task_id), status=status, notice=notice, line=line)


async def _task_page(
    request: Request,
    read: _Read,
    *,
    status: int = 200,
    form: TaskForm | None = None,
    notice: Notice | None = None,
    line: SentLine | None = None,
) -> Response:
    view, reader = read.view, read.reader
    shell = await shell_of(request, reader.directory, view.now)
    context = task_context(view, reader, form or TaskForm(), notice, read.record)
    medicine = _medicine(read, line, shows_rest=request.query_params.get("rest") == "show")
    return page(shell, "stays/task.html", status=status, head=view.feed_head, medicine=medicine, **context)


def _medicine(read: _Read, line: SentLine | None, *, shows_rest: bool) -> Round | None:
    """The medicine: on the practice's own task always; for a duty about it or at home once there is a list."""
    context, task = read.view.card.context, read.view.card.record.task
    if context is None or read.record is None:
        return None
    if task.content_class is not ContentClass.MEDICINE and read.reader.caller.role not in _AT_HOME:
        return None
    found = round_of(read.record, task, context.stay, read.reader, sent=line, shows_rest=shows_rest)
    return found if found.is_round or not found.table.is_empty else None


@router.post("/tasks/{task_id}/{move}")
@access(roles=_PEOPLE, party=Party.STAY, action="move-task")
async def act(request: Request, task_id: str, move: str) -> Response:
    """Do something to a task; answered with the task as it then stands, also when the press did not count."""
    if move not in set(Move):
        raise NotFoundError(kind="Move")
    form = Form.of(await request.form(), language_of(request), await runtime_of(request).clock.now())
    back = back_of(form.text("back"), list_path((await current_caller(request)).role))
    sent = TaskForm(
        move=move,
        reason=form.text("reason"),
        early=form.text("early"),
        date=form.text("date"),
        time=form.text("time"),
    )
    command = await _command(request, TaskId(task_id), Move(move), form)
    if form.errors:
        return await _refused(request, task_id, back, None, replace(sent, errors=form.errors), 422)
    try:
        await runtime_of(request).database.run(audit_of(request, f"task-{move}"), move_task, command)
    except NotAllowedError:
        if not is_fragment_request(request):
            raise
        return await _refused(request, task_id, back, _not_allowed(form.lang), sent, 403)
    except _IN_PLACE as error:
        notice, status = _notice(error, form.lang)
        return await _refused(request, task_id, back, notice, sent, status)
    if is_fragment_request(request):
        return await _fragment(request, task_id, back)
    return see_other(back if back.startswith("/tasks/") else f"{back}#task-{task_id}")


async def _command(request: Request, task_id: TaskId, move: Move, form: Form) -> MoveTask:
    """The command of a form; what cannot be read is left in ``form.errors``."""
    t = form.lang.text
    proposed: datetime | None = None
    if move is Move.PROPOSE_TIME:
        day = form.date("date", t("Dato")) or local(form.now).date()
        clock = form.time("time", t("Klokkeslæt"))
        if clock is None:
            form.refuse("time", t("Klokkeslæt"), t("Skriv et klokkeslæt, for eksempel 15.00."))
        else:
            proposed = instant_at(day, clock)
    if move in {Move.REJECT, Move.WITHDRAW, Move.GIVE_UP}:
        form.required("reason", t("Hvorfor?"), t("Skriv en grund, så modtageren ved, hvorfor."))
    owner = form.text("owner") if move is Move.ASSIGN else ""
    return MoveTask(
        caller=await current_caller(request),
        task_id=task_id,
        move=move,
        # Taking is guarded by who holds the task, so an old page never costs anybody a press.
        expected_version=None if move is Move.ACCEPT else form.number("version"),
        reason=form.text("early" if move is Move.COMPLETE else "reason") or None,
        proposed_time=proposed,
        owner=SorCode(owner) if owner else None,
    )


def _notice(error: DischargeError, lang: Language) -> tuple[Notice, int]:
    """What the card says, and the status, when a press did not count."""
    t = lang.text
    nothing = t("Intet er gemt fra dig")
    match error:
        case TaskTakenError():
            since = clock_seconds(error.since, lang)
            words = t("{name} tog den først, kl. {at}").format(name=short_name(error.holder), at=since)
            return Notice(words=words, detail=nothing, lost=True), 409
        case ConcurrentUpdateError():
            return Notice(words=t("En anden har ændret det imens. Se det nye"), detail=nothing), 412
        case MedicationError():
            return Notice(words=t("Der er linjer uden svar. Svar på dem først, og afslut igen"), detail=nothing), 422
        case TaskWaitsError():
            words = t("Opgaven venter på en anden. Skriv en grund, hvis den alligevel er udført")
            return Notice(words=words, detail=nothing), 422
        case _:
            return Notice(words=t("Det kan ikke gøres nu. Se, hvor opgaven står"), detail=nothing), 422


def _not_allowed(lang: Language) -> Notice:
    return Notice(words=lang.text("Din rolle må ikke gøre dette"), detail=lang.text("Intet er gemt fra dig"))


async def _refused(
    request: Request, task_id: str, back: str, notice: Notice | None, form: TaskForm, status: int
) -> Response:
    await audit_in_place(request, status)
    if is_fragment_request(request) and notice is not None:
        return await _fragment(request, task_id, back, notice=notice, status=status)
    return await _task_page(request, await _read(request, task_id), status=status, form=form, notice=notice)


async def _fragment(
    request: Request, task_id: str, back: str, *, notice: Notice | None = None, status: int = 200
) -> Response:
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        card = await boards.task_card(session, TaskId(task_id))
        directory, now = session.directory, session.now
    shell, reader = await shell_of(request, directory, now), await reader_of(request, directory, now)
    return card_response(shell, card, reader, back=back, status=status, notice=notice)
