"""``POST /fhir/$process-message``: authenticate, bound the size, pass the bytes on, answer after COMMIT."""

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.commands import Envelope, Issue, Receipt, ReceiveNotice, RefuseMessage
from discharge.directory import Directory
from discharge.errors import NotAllowedError
from discharge.handlers import receive_notice, refuse_message
from discharge.identifiers import SorCode
from discharge.policy import Caller, Role, require_role, require_sender
from discharge.ports import UnitOfWork
from fhir_mappings.medcom.acknowledgement import Correspondent, acknowledge
from fhir_mappings.medcom.intake import NoticeRead, Read, ReceiptRead, Refused, read_message
from services.observability import correlation, get_logger
from services.persistence.unit_of_work import Arrival
from services.web.access import Body, Party, Surface, access
from services.web.limits import FHIR_JSON, JSON
from services.web.outcome import FhirResponse, outcome_response
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller

__all__ = ["router"]

router = APIRouter()

_ON_THE_LOOP: Final = 256 * 1024
"""Bodies up to this many bytes are read at once; larger ones beside the loop, so that nobody waits for them."""

_RECEIVER_UNKNOWN: Final = Issue(
    severity="error",
    code="not-found",
    detail="MSG_Receiver_Identifier_UNKNOWN",
    rule="stafet-receiver-known",
    expression="Bundle.entry[0].resource.destination[0].receiver",
    text="The receiver is not served here. Look its SOR code up, and send to the right place.",
)
_RECEIPT_NOTED: Final = Issue(
    severity="information",
    code="informational",
    rule="medcom-no-receipt-for-a-receipt",
    text="The acknowledgement was received. It is not acknowledged in turn.",
)


_STALE: Final = timedelta(seconds=30)
"""A message that was judged by a clock this far from the transaction's is judged again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Incoming:
    caller: Caller
    body: bytes = field(repr=False)
    read: Read
    read_at: datetime
    """The instant it was judged at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    envelope: Envelope
    receipt: Receipt | None
    """None: it was an acknowledgement itself."""
    now: datetime
    directory: Directory
    hints: tuple[str, ...]
    """What was accepted although it is odd, for the log."""


@router.post("/fhir/$process-message")
@access(
    roles=[Role.SYSTEM],
    party=Party.OWN,
    surface=Surface.FHIR,
    body=Body.MESSAGE,
    takes=(FHIR_JSON, JSON),
    action="send-message",
)
async def process_message(request: Request) -> Response:
    """A MedCom message in, its Acknowledgement out."""
    runtime = runtime_of(request)
    caller, body, now = await current_caller(request), await request.body(), runtime.database.reckoned()
    incoming = _Incoming(caller=caller, body=body, read=await _read(body, now), read_at=now)
    try:
        answered = await runtime.database.run(audit_of(request), _take_in, incoming, arriving=_arrival(incoming.read))
    except NotAllowedError as refused:
        # Somebody sends in another's name: a broken set-up, or worse.
        get_logger().warning("sender-refused", rule=refused.rule, client=incoming.caller.acting)
        raise
    envelope, receipt = answered.envelope, answered.receipt
    result = "receipt" if receipt is None else receipt.code.value
    runtime.metrics.intake_messages.labels(result=result).inc()
    with correlation(envelope.message_id):
        get_logger().info(
            "message-answered",
            result=result,
            event_code=envelope.event_code,
            repeated=receipt is not None and receipt.duplicate,
            rules=[] if receipt is None else [issue.rule for issue in receipt.issues],
            hints=list(answered.hints),
        )
    if receipt is None:
        return outcome_response(200, _RECEIPT_NOTED)
    responder = envelope.receiver or SorCode(answered.directory.root(incoming.caller.organization))
    return FhirResponse(
        acknowledge(
            receipt,
            envelope,
            responder=_correspondent(responder, envelope.receiver_gln, answered.directory),
            recipient=_correspondent(envelope.sender, envelope.sender_gln, answered.directory),
            now=answered.now,
            new_id=lambda: str(uuid.uuid4()),
            base_url=f"{runtime.settings.http.public_url.rstrip('/')}/fhir",
        )
    )


async def _read(body: bytes, now: datetime) -> Read:
    if len(body) > _ON_THE_LOOP:
        return await asyncio.to_thread(read_message, body, now=now)
    return read_message(body, now=now)


def _arrival(read: Read) -> Arrival | None:
    """What the store may look up ahead."""
    match read:
        case ReceiptRead():
            return None
        case NoticeRead():
            return Arrival(envelope=read.envelope, cpr=read.notice.cpr)
        case Refused():
            return Arrival(envelope=read.envelope, cpr=read.cpr)


async def _take_in(incoming: _Incoming, uow: UnitOfWork) -> _Answered:
    """Run the command that the message stands for, judged at the transaction's own time."""
    read = incoming.read
    if abs(uow.now - incoming.read_at) > _STALE:
        read = await _read(incoming.body, uow.now)
    receipt = await _run(read, incoming.caller, uow)
    return _Answered(envelope=read.envelope, receipt=receipt, now=uow.now, directory=uow.directory, hints=_hints(read))


def _hints(read: Read) -> tuple[str, ...]:
    is_odd = isinstance(read, NoticeRead) and not read.notice.cpr.passes_modulus_11
    return ("cpr-without-modulus-11",) if is_odd else ()


async def _run(read: Read, caller: Caller, uow: UnitOfWork) -> Receipt | None:
    match read:
        case NoticeRead() if _is_served(read.envelope.receiver, uow.directory):
            return await receive_notice(
                ReceiveNotice(caller=caller, envelope=read.envelope, notice=read.notice, warnings=read.warnings), uow
            )
        case NoticeRead():
            issues = (_RECEIVER_UNKNOWN, *read.warnings)
            command = RefuseMessage(caller=caller, envelope=read.envelope, issues=issues, cpr=read.notice.cpr)
            return await refuse_message(command, uow)
        case Refused():
            command = RefuseMessage(caller=caller, envelope=read.envelope, issues=read.issues, cpr=read.cpr)
            return await refuse_message(command, uow)
        case ReceiptRead():
            require_role(caller, "send-message", Role.SYSTEM)
            require_sender(caller, read.envelope.sender, uow.directory)
            await uow.commit()
            return None


def _is_served(receiver: SorCode | None, directory: Directory) -> bool:
    """Tell whether messages to ``receiver`` reach people here: nowhere from it upwards may say no."""
    line = () if receiver is None else directory.lineage(receiver)
    return bool(line) and all(directory[sor].uses_stafet for sor in line)


def _correspondent(sor: SorCode, gln: str | None, directory: Directory) -> Correspondent:
    known = directory.get(sor)
    if known is None:
        return Correspondent(sor=sor, gln=gln)
    return Correspondent(sor=sor, gln=known.gln or gln, name=known.name)
