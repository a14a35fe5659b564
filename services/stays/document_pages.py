"""``/stays/{id}/documents/{doc}``: one discharge report, its files, and what the ward's plan takes over from it."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.documents.commands import TakeSuggestion
from discharge.documents.report import DocumentId, FiledReport
from discharge.errors import NotFoundError
from discharge.handlers import take_suggestion
from discharge.identifiers import StayId
from discharge.policy import Role
from fhir_mappings.discharge_report.files import file_content
from services.persistence import boards
from services.persistence.document_reads import documents_of, original_of
from services.persistence.reading import ReadSession
from services.stays.document_view import document_view
from services.web.access import Party, access
from services.web.downloads import download_response
from services.web.patient_bar import bar_of
from services.web.reading import reader_of, see_other
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller
from services.web.shell import shell_of
from services.web.templating import page

__all__ = ["router"]

router = APIRouter()
_READERS: Final = (Role.WARD, Role.DOCTOR, Role.HOME_NURSE, Role.GP)


@router.get("/stays/{stay_id}/documents/{document_id}")
@access(roles=_READERS, party=Party.STAY, action="read-document")
async def document(request: Request, stay_id: str, document_id: str) -> Response:
    """One report by section: what is missing, what the version before said, what the plan could take over."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        view = await boards.timeline(session, StayId(stay_id))
        filed = await documents_of(session, StayId(stay_id))
        directory = session.directory
    shown = _shown(filed, document_id)
    reader = await reader_of(request, directory, view.now)
    return page(
        await shell_of(request, directory, view.now),
        "stays/document.html",
        head=view.feed_head,
        stay_id=stay_id,
        bar=bar_of(view.context, view.tasks, reader),
        document=document_view(shown, filed, view.context.stay.plan, reader),
    )


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
