"""On a task's page the practice decides, line by line or all that go on as they were, and the ward answers."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.commands import AnswerLine, DecideLines, LineDecision
from discharge.errors import ConcurrentUpdateError, DischargeError, MedicationError, RoundClosedError, TaskTakenError
from discharge.handlers import answer_line, decide_lines
from discharge.identifiers import TaskId
from discharge.medication.record import LineId, Verdict
from discharge.policy import Role
from services.persistence import boards
from services.stays.medicine.acts import SentLine
from services.stays.pages import task_response
from services.web.access import Party, access
from services.web.dates import clock_seconds
from services.web.forms import Form
from services.web.language import Language
from services.web.presentation import short_name
from services.web.reading import audit_in_place, see_other
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller
from services.web.shell import language_of
from services.web.task_pages import Notice

__all__ = ["router"]

router = APIRouter()
_LONG: Final = 9
"""Digits: no version has as many."""


@router.post("/tasks/{task_id}/medicine")
@access(roles=[Role.GP, Role.DOCTOR], party=Party.STAY, action="decide-lines")
async def accept_rest(request: Request, task_id: str) -> Response:
    """Agree to every line that goes on as it was."""
    form = await request.form()
    version = str(form.get("version", ""))
    command = DecideLines(
        caller=await current_caller(request),
        task_id=TaskId(task_id),
        decisions=(),
        accept_rest=True,
        # Without a version that it was decided on it is decided on none that there is.
        expected_version=int(version) if version.isdecimal() and len(version) < _LONG else -1,
    )
    return await _decided(request, command, SentLine(), "#rest")


@router.post("/tasks/{task_id}/medicine/{line_id}")
@access(roles=[Role.GP, Role.DOCTOR], party=Party.STAY, action="decide-lines")
async def decide(request: Request, task_id: str, line_id: str) -> Response:
    """Agree to one line, change it or ask the ward; the last two in words."""
    form = Form.of(await request.form(), language_of(request), await runtime_of(request).clock.now())
    agrees = form.text("agree") == "yes"
    said = Verdict.AGREE.value if agrees else form.text("verdict")
    key = f"reason-{line_id}"
    t, label = form.lang.text, form.lang.text("Dit svar")
    if said not in set(Verdict):
        form.refuse(key, label, t("Vælg Enig, Ændr eller Spørg."))
    elif agrees and form.text("text"):
        form.refuse(key, label, t("Du har skrevet noget. Slet det, hvis du er enig, eller send det som svar."))
    elif not agrees and not form.text("text"):
        asks = said == Verdict.ASK.value
        form.refuse(key, label, t("Skriv, hvad du spørger om.") if asks else t("Skriv, hvad der skal ændres."))
    sent = SentLine(line=line_id, verdict=said, text=form.text("text"), errors=form.errors)
    if form.errors:
        await audit_in_place(request, 422)
        return await task_response(request, task_id, line=sent, status=422)
    reason = None if agrees else form.text("text")
    command = DecideLines(
        caller=await current_caller(request),
        task_id=TaskId(task_id),
        decisions=(
            LineDecision(
                line_id=LineId(line_id), verdict=Verdict(said), reason=reason, shown=form.text("shown") or None
            ),
        ),
    )
    return await _decided(request, command, sent, f"#line-{line_id}")


@router.post("/tasks/{task_id}/medicine/{line_id}/answer")
@access(roles=[Role.WARD, Role.DOCTOR], party=Party.STAY, action="answer-line")
async def answer(request: Request, task_id: str, line_id: str) -> Response:
    """The ward answers a question where it is told to: on the page of its duty."""
    form = Form.of(await request.form(), language_of(request), await runtime_of(request).clock.now())
    t, words = form.lang.text, form.text("text")
    if not words:
        form.refuse(f"answer-{line_id}", t("Svar"), t("Skriv et svar til egen læge."))
    sent = SentLine(line=line_id, text=words, errors=form.errors)
    if form.errors:
        await audit_in_place(request, 422)
        return await task_response(request, task_id, line=sent, status=422)
    async with runtime_of(request).database.reading(audit_of(request, "read-task")) as session:
        stay_id = (await boards.task_card(session, TaskId(task_id))).record.task.stay_id
    command = AnswerLine(caller=await current_caller(request), stay_id=stay_id, line_id=LineId(line_id), text=words)
    try:
        await runtime_of(request).database.run(audit_of(request), answer_line, command)
    except MedicationError as error:
        notice, status = _notice(error, form.lang)
        await audit_in_place(request, status)
        return await task_response(request, task_id, line=sent, notice=notice, status=status)
    return see_other(f"/tasks/{task_id}")


async def _decided(request: Request, command: DecideLines, sent: SentLine, place: str) -> Response:
    try:
        await runtime_of(request).database.run(audit_of(request), decide_lines, command)
    except (TaskTakenError, RoundClosedError, MedicationError, ConcurrentUpdateError) as error:
        notice, status = _notice(error, language_of(request))
        await audit_in_place(request, status)
        return await task_response(request, command.task_id, line=sent, notice=notice, status=status)
    shows_rest = "?rest=show" if request.query_params.get("rest") == "show" else ""
    return see_other(f"/tasks/{command.task_id}{shows_rest}{place}")


def _notice(error: DischargeError, lang: Language) -> tuple[Notice, int]:
    """What the page says when a press did not count."""
    t = lang.text
    nothing = t("Intet er gemt fra dig")
    match error:
        case TaskTakenError():
            since = clock_seconds(error.since, lang)
            words = t("{name} tog den først, kl. {at}").format(name=short_name(error.holder), at=since)
            return Notice(words=words, detail=nothing), 409
        case RoundClosedError():
            return Notice(words=t("Gennemgangen er afsluttet"), detail=nothing), 409
        case _:
            return Notice(words=t("Linjen har ændret sig imens. Se det nye"), detail=nothing), 409
