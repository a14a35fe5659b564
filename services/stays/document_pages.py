"""``/stays/{id}/documents/{doc}``: one discharge report, its files, what the plan takes over, and which one counts."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.documents.commands import RuleDocuments, TakeSuggestion
from discharge.documents.report import FiledReport
from discharge.documents.rulings import RulingKind
from discharge.errors import ConcurrentUpdateError, DocumentError, NotFoundError
from discharge.handlers import rule_documents, take_suggestion
from discharge.identifiers import DocumentId, StayId
from discharge.policy import Role
from fhir_mappings.discharge_report.files import file_content
from services.persistence import boards
from services.persistence.document_reads import documents_of, original_of, rulings_of
from services.persistence.reading import ReadSession
from services.stays.document_rulings import SentRuling
from services.stays.document_view import document_view
from services.web.access import Party, access
from services.web.downloads import download_response
from services.web.errors import answer_to
from services.web.forms import Form
from services.web.patient_bar import bar_of
from services.web.reading import audit_in_place, reader_of, see_other
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller
from services.web.shell import language_of, shell_of
from services.web.templating import page

__all__ = ["router"]

router = APIRouter()
_KINDS: Final = {
    "this-newer": RulingKind.REPLACES,
    "other-newer": RulingKind.REPLACES,
    "both": RulingKind.BOTH_COUNT,
    "not-ours": RulingKind.NOT_OURS,
}
"""What the ward chooses on the page of one of two documents."""
_READERS: Final = (Role.WARD, Role.DOCTOR, Role.HOME_NURSE, Role.GP)


@router.get("/stays/{stay_id}/documents/{document_id}")
@access(roles=_READERS, party=Party.STAY, action="read-document")
async def document(request: Request, stay_id: str, document_id: str) -> Response:
    """One report by section: what is missing, what the version before said, what the plan could take over."""
    return await _page(request, stay_id, document_id)


@router.get("/stays/{stay_id}/documents/{document_id}/files/{number}")
@access(roles=_READERS, party=Party.STAY, action="download-document-file")
async def file(request: Request, stay_id: str, document_id: str, number: str) -> Response:
    """One file of a report, to be saved; one that is not what it may be is not handed out."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        return await _file(session, StayId(stay_id), document_id, number)


@router.post("/stays/{stay_id}/documents/{document_id}/suggestions/{number}")
@access(roles=(Role.WARD, Role.DOCTOR), party=Party.STAY, action="revise-plan")
async def take(request: Request, stay_id: str, document_id: str, number: str) -> Response:
    """Take one thing of the report over into the plan."""
    command = TakeSuggestion(
        caller=await current_caller(request),
        stay_id=StayId(stay_id),
        document_id=DocumentId(document_id),
        number=_number(number),
    )
    await runtime_of(request).database.run(audit_of(request), take_suggestion, command)
    return see_other(f"/stays/{stay_id}/documents/{document_id}")


@router.post("/stays/{stay_id}/documents/{document_id}/rulings/{other_id}")
@access(roles=(Role.WARD, Role.DOCTOR), party=Party.STAY, action="rule-documents")
async def rule(request: Request, stay_id: str, document_id: str, other_id: str) -> Response:
    """Say which of two documents counts; answered in place with what is missing."""
    form = Form.of(await request.form(), language_of(request), await runtime_of(request).clock.now())
    t, choice = form.lang.text, form.text("choice")
    if choice not in _KINDS:
        form.refuse("choice", t("Læs begge, og vælg"), t("Vælg, hvad der gælder."))
    elif choice == "not-ours" and not form.text("reason"):
        form.refuse("reason", t("Hvorfor?"), t("Skriv, hvorfor rapporten ikke er jeres."))
    sent = SentRuling(other=other_id, choice=choice, reason=form.text("reason"), errors=form.errors)
    if form.errors:
        await audit_in_place(request, 422)
        return await _page(request, stay_id, document_id, sent=sent, status=422)
    mine, other = DocumentId(document_id), DocumentId(other_id)
    first, second = (other, mine) if choice == "other-newer" else (mine, other)
    command = RuleDocuments(
        caller=await current_caller(request),
        stay_id=StayId(stay_id),
        kind=_KINDS[choice],
        document_id=first,
        other_id=None if choice == "not-ours" else second,
        reason=form.text("reason") or None,
        expected_version=form.number("version") or 0,
    )
    return await _ruled(request, command, document_id, sent)


@router.post("/stays/{stay_id}/documents/{document_id}/rulings/{position}/undo")
@access(roles=(Role.WARD, Role.DOCTOR), party=Party.STAY, action="rule-documents")
async def undo(request: Request, stay_id: str, document_id: str, position: str) -> Response:
    """Take a wrong word back."""
    form = Form.of(await request.form(), language_of(request), await runtime_of(request).clock.now())
    command = RuleDocuments(
        caller=await current_caller(request),
        stay_id=StayId(stay_id),
        kind=RulingKind.TAKEN_BACK,
        document_id=DocumentId(document_id),
        takes_back=_number(position),
        expected_version=form.number("version") or 0,
    )
    return await _ruled(request, command, document_id, SentRuling())


async def _ruled(request: Request, command: RuleDocuments, document_id: str, sent: SentRuling) -> Response:
    """The page after the word, or in place what came between."""
    try:
        await runtime_of(request).database.run(audit_of(request), rule_documents, command)
    except (ConcurrentUpdateError, DocumentError) as error:
        answer = answer_to(error)
        await audit_in_place(request, answer.status)
        return await _page(request, command.stay_id, document_id, sent=sent, status=answer.status, problem=True)
    return see_other(f"/stays/{command.stay_id}/documents/{document_id}")


async def _page(
    request: Request,
    stay_id: str,
    document_id: str,
    *,
    sent: SentRuling | None = None,
    status: int = 200,
    problem: bool = False,
) -> Response:
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        view = await boards.timeline(session, StayId(stay_id))
        filed = await documents_of(session, StayId(stay_id))
        rulings = await rulings_of(session, StayId(stay_id))
        directory = session.directory
    reader = await reader_of(request, directory, view.now)
    shown = _shown(filed, document_id)
    return page(
        await shell_of(request, directory, view.now),
        "stays/document.html",
        status=status,
        head=view.feed_head,
        stay_id=stay_id,
        bar=bar_of(view.context, view.tasks, reader),
        document=document_view(shown, filed, rulings, view.context, reader, sent),
        problem=problem,
    )


async def _file(session: ReadSession, stay_id: StayId, document_id: str, number: str) -> Response:
    files = _shown(await documents_of(session, stay_id), document_id).report.files
    place = _number(number)
    found = files[place] if place < len(files) else None
    if found is None or found.media_type is None:
        raise NotFoundError(kind="File")
    content = file_content(await original_of(session, DocumentId(document_id)), place)
    assert content is not None, "what has a media type has content"
    return download_response(content, media_type=found.media_type, title=found.title)


def _shown(filed: list[FiledReport], document_id: str) -> FiledReport:
    found = next((each for each in filed if each.id == document_id), None)
    if found is None:
        raise NotFoundError(kind="Document")
    return found


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or len(text) > len("9999"):
        raise NotFoundError(kind="File")
    return int(text)
