"""``POST /fhir/Bundle``: a discharge report is filed with its stay. ``GET /fhir/Bundle/{id}``: the original."""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.commands import Envelope, Issue, RefuseMessage
from discharge.documents.commands import FileReport
from discharge.documents.standing import Standing
from discharge.errors import DocumentError
from discharge.handlers import Filing, file_report, refuse_message
from discharge.identifiers import BundleId, CprNumber, DocumentId, MessageId, StayId
from discharge.policy import Role
from fhir_mappings.discharge_report.report import ReportRead, read_report
from fhir_mappings.elements import Json, JsonObject
from fhir_mappings.errors import ReportError, finding
from fhir_mappings.json_text import parse_object
from fhir_mappings.outcomes import operation_outcome
from services.fhir_api.medication_lists import take_list
from services.fhir_api.resources import base_url_of
from services.persistence.document_reads import original_of
from services.web.access import Body, Party, Surface, access
from services.web.errors import issues_of
from services.web.limits import FHIR_JSON, JSON
from services.web.outcome import FhirResponse
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller

__all__ = ["router"]

router = APIRouter()

_READERS: Final = frozenset({Role.WARD, Role.DOCTOR, Role.HOME_NURSE, Role.GP, Role.SYSTEM})
_ON_THE_LOOP: Final = 64 * 1024
"""Bodies up to this many bytes are read at once; larger ones beside the loop, so that nobody waits for them."""
_STANDINGS: Final = {
    Standing.IN_FORCE: ("information", "informational", "The report is filed and holds."),
    Standing.PRELIMINARY: ("information", "informational", "Filed as preliminary: it states no medicine and no times."),
    Standing.COPY: ("information", "informational", "Filed beside the report that it repeats or signs."),
    Standing.REPLACED: ("information", "informational", "Filed; a newer version that came before it holds."),
    Standing.WITHDRAWN: ("information", "informational", "Entered in error: what it states counts no more."),
    Standing.HELD: (
        "warning",
        "conflict",
        (
            "Another document came under the same Bundle.identifier. This one is held and states nothing; operators"
            " are told. Send it again under an identifier of its own."
        ),
    ),
    Standing.NOT_OURS: ("information", "informational", "The ward says that it is not about this stay."),
}


@router.post("/fhir/Bundle")
@access(
    roles=[Role.SYSTEM, Role.WARD, Role.DOCTOR, Role.GP, Role.HOME_NURSE],
    party=Party.OWN,
    surface=Surface.FHIR,
    body=Body.MESSAGE,
    takes=(FHIR_JSON, JSON),
    action="file-document",
)
async def create_bundle(request: Request) -> Response:
    """A document is filed. 201 with the document as it was stored and what was understood and what is missing in it."""
    body = await request.body()
    is_large = len(body) > _ON_THE_LOOP
    content = await asyncio.to_thread(_parsed, body) if is_large else _parsed(body)
    if content.get("type") == "collection":
        return await take_list(request, content)
    most = runtime_of(request).settings.medicine.most_lines
    number: CprNumber | None = None
    try:
        read = await asyncio.to_thread(_read, content, most) if is_large else _read(content, most)
        number = read.subject.number
        filing = await _filed(request, read, body)
    except (ReportError, DocumentError) as refused:
        await _refused(request, refused, body, number)
        raise
    return _answered(request, content, filing, read)


@router.get("/fhir/Bundle/{bundle_id}")
@access(roles=_READERS, party=Party.STAY, surface=Surface.FHIR, action="read-document")
async def read_bundle(request: Request, bundle_id: str) -> Response:
    """The document, byte by byte as it came."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        body = await original_of(session, DocumentId(bundle_id))
    return FhirResponse(body)


def _parsed(body: bytes) -> JsonObject:
    return parse_object(body, expected="Bundle")


def _read(content: JsonObject, most_lines: int) -> ReportRead:
    return read_report(content, DocumentId(str(uuid.uuid4())), most_lines=most_lines)


async def _filed(request: Request, read: ReportRead, body: bytes) -> Filing:
    runtime, named = runtime_of(request), request.query_params.get("stay")
    command = FileReport(
        caller=await current_caller(request),
        report=read.report,
        subject=read.subject,
        stay_id=None if named is None else StayId(named),
        body=body,
    )
    return await runtime.database.run(audit_of(request), file_report, command)


async def _refused(request: Request, error: ReportError | DocumentError, body: bytes, number: CprNumber | None) -> None:
    """Keep what a record system sent in vain where operators see it, as any other refused message is."""
    caller, digest = await current_caller(request), hashlib.sha256(body)
    if caller.role is not Role.SYSTEM:
        return
    envelope = Envelope(
        bundle_id=BundleId(digest.hexdigest()),
        message_id=MessageId(digest.hexdigest()),
        sender=caller.organization,
        event_code="document",
        fingerprint=digest.digest(),
        body=body,
    )
    command = RefuseMessage(caller=caller, envelope=envelope, issues=issues_of(error), cpr=number)
    await runtime_of(request).database.run(audit_of(request, "refuse-document"), refuse_message, command)


def _answered(request: Request, content: JsonObject, filing: Filing, read: ReportRead) -> Response:
    """What is preferred: the document with the findings as its last entry, the findings alone, or nothing.

    201 when it was filed now, 200 when it was filed before.
    """
    status = 200 if filing.is_repeat else 201
    headers = {"location": f"{base_url_of(request)}/Bundle/{filing.filed.id}"}
    preferred = {part.strip().lower() for part in request.headers.get("prefer", "").replace(";", ",").split(",")}
    outcome = operation_outcome((*_understood(filing), *read.findings))
    if "return=minimal" in preferred:
        return Response(status_code=status, headers=headers)
    if "return=operationoutcome" in preferred:
        return FhirResponse(outcome, status, headers)
    placed = content.get("entry")
    entries: list[Json] = [*(placed if isinstance(placed, list) else ())]
    entries.append({"fullUrl": f"urn:uuid:{uuid.uuid4()}", "resource": outcome})
    return FhirResponse({**content, "id": str(filing.filed.id), "entry": entries}, status, headers)


def _understood(filing: Filing) -> tuple[Issue, ...]:
    severity, code, text = _STANDINGS[filing.standing]
    if filing.filed.report.is_summary and filing.standing is Standing.IN_FORCE:
        text = "The patient summary is filed. It states what was taken before the stay, and nothing else."
    found = [finding(f"stafet-document-{filing.standing}", code, text, severity=severity)]
    report = filing.filed.report
    if filing.is_repeat:
        text = "The same document came before. Nothing was changed."
        found.append(finding("stafet-document-repeated", "duplicate", text, severity="information"))
    if filing.replaces:
        text = f"It takes the place of {len(filing.replaces)} earlier documents."
        found.append(finding("stafet-document-replaces", "informational", text, severity="information"))
    if filing.is_question:
        text = "Another report of this stay holds as well, and nothing tells which is the newer one: both are shown."
        found.append(finding("stafet-document-another", "multiple-matches", text, severity="warning"))
    for medicine in report.stated:
        text = f"Medicine {medicine.column}: {medicine.saying}, {len(medicine.lines)} lines."
        found.append(finding("stafet-document-medicine", "informational", text, severity="information"))
    for element in filing.filed.filled:
        text = f"The plan had no {element}: it was filled from the report."
        found.append(finding("stafet-document-plan", "informational", text, severity="information"))
    return tuple(found)
