"""``POST /fhir/$process-message``: authenticate, bound the size, pass the bytes on, answer after COMMIT."""

import asyncio
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.commands import (
    Envelope,
    HearReceipt,
    Issue,
    ParkMessage,
    Receipt,
    ReceiveLetter,
    ReceiveNotice,
    RefuseMessage,
)
from discharge.directory import Directory
from discharge.errors import NotAllowedError
from discharge.handlers import hear_receipt, park_message, receive_letter, receive_notice, refuse_message
from discharge.identifiers import MessageId, SorCode
from discharge.policy import Caller, Role
from discharge.ports import UnitOfWork
from fhir_mappings.bundles import open_message
from fhir_mappings.elements import JsonObject
from fhir_mappings.medcom.acknowledgement import Correspondent, acknowledge
from fhir_mappings.medcom.codes import EventCode
from fhir_mappings.medcom.intake import LetterRead, NoticeRead, Read, ReceiptRead, Refused, read_message
from fhir_mappings.wire import Format
from services.observability import correlation, get_logger
from services.persistence.audit import AuditContext
from services.persistence.deliveries import post_final_answer
from services.persistence.outbox import Outgoing
from services.persistence.unit_of_work import Arrival
from services.web.access import Body, Party, Surface, access
from services.web.errors import is_foreseen
from services.web.limits import EITHER_FORMAT, answer_format, body_format
from services.web.outcome import FhirResponse, outcome_response
from services.web.runtime import Runtime, runtime_of
from services.web.security import audit_of, current_caller

__all__ = ["judge_again", "router"]

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
    media: Format
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
    takes=EITHER_FORMAT,
    action="send-message",
)
async def process_message(request: Request) -> Response:
    """A MedCom message in, its Acknowledgement out, in the format that the client asks for."""
    runtime = runtime_of(request)
    caller, body, now = await current_caller(request), await request.body(), runtime.database.reckoned()
    media, wanted = body_format(request.headers), answer_format(request.headers, takes=EITHER_FORMAT)
    incoming = _Incoming(caller=caller, body=body, media=media, read=await _read(body, media, now), read_at=now)
    try:
        answered = await runtime.database.run(audit_of(request), _take_in, incoming, arriving=_arrival(incoming.read))
    except NotAllowedError as refused:
        # Somebody sends in another's name: a broken set-up, or worse.
        get_logger().warning("sender-refused", rule=refused.rule, client=incoming.caller.acting)
        raise
    except Exception as error:
        if is_foreseen(error) or isinstance(incoming.read, ReceiptRead):
            raise
        # A fault of ours with this one message: the sender keeps it and tries again, an operator looks.
        get_logger().exception("message-parked", error=type(error).__name__)
        answered = await _parked(runtime, audit_of(request), incoming)
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
        return outcome_response(200, _RECEIPT_NOTED, media=wanted)
    return FhirResponse(_acknowledgement(answered, receipt, incoming.caller, runtime), media=wanted)


def _acknowledgement(answered: _Answered, receipt: Receipt, caller: Caller, runtime: Runtime) -> JsonObject:
    envelope = answered.envelope
    responder = envelope.receiver or SorCode(answered.directory.root(caller.organization))
    return acknowledge(
        receipt,
        envelope,
        responder=_correspondent(responder, envelope.receiver_gln, answered.directory),
        recipient=_correspondent(envelope.sender, envelope.sender_gln, answered.directory),
        now=answered.now,
        new_id=lambda: str(uuid.uuid4()),
        base_url=f"{runtime.settings.http.public_url.rstrip('/')}/fhir",
    )


async def _parked(runtime: Runtime, audit: AuditContext, incoming: _Incoming) -> _Answered:
    """Put the message by. Where not even its citizen can be looked up, nothing of its body is kept."""
    try:
        return await runtime.database.run(audit, _put_by, incoming)
    except Exception as error:
        if is_foreseen(error):
            raise
        return await runtime.database.run(audit, _put_by_blindly, incoming)


async def _put_by(incoming: _Incoming, uow: UnitOfWork, *, is_blind: bool = False) -> _Answered:
    read, arrival = incoming.read, _arrival(incoming.read)
    cpr = None if arrival is None else arrival.cpr
    command = ParkMessage(caller=incoming.caller, envelope=read.envelope, cpr=cpr, is_blind=is_blind)
    receipt = await park_message(command, uow)
    return _Answered(envelope=read.envelope, receipt=receipt, now=uow.now, directory=uow.directory, hints=())


async def _put_by_blindly(incoming: _Incoming, uow: UnitOfWork) -> _Answered:
    return await _put_by(incoming, uow, is_blind=True)


async def judge_again(runtime: Runtime, audit: AuditContext, sender: Caller, body: bytes) -> None:
    """Judge a message that was put by as if it came now, and send its sender the final answer where there is a way.

    Source: MedCom Acknowledgement 2.0.3: after a cured transient fault the receiver sends the final receipt.
    """
    now = runtime.database.reckoned()
    media = Format.XML if body.lstrip().startswith(b"<") else Format.JSON
    incoming = _Incoming(caller=sender, body=body, media=media, read=await _read(body, media, now), read_at=now)
    answered = await runtime.database.run(audit, _take_in, incoming, arriving=_arrival(incoming.read))
    if answered.receipt is None or runtime.settings.gateway.url is None:
        return
    made = _acknowledgement(answered, answered.receipt, sender, runtime)
    final = Outgoing(
        message_id=MessageId(open_message(made).header.text("id") or ""),
        sender=answered.envelope.receiver or sender.organization,
        receiver=answered.envelope.sender,
        event_code=EventCode.ACKNOWLEDGEMENT,
        body=orjson.dumps(made),
        wants_receipt=False,
    )
    await runtime.database.run(audit, post_final_answer, final)


async def _read(body: bytes, media: Format, now: datetime) -> Read:
    if len(body) > _ON_THE_LOOP:
        return await asyncio.to_thread(read_message, body, now=now, media=media)
    return read_message(body, now=now, media=media)


def _arrival(read: Read) -> Arrival | None:
    """What the store may look up ahead."""
    match read:
        case ReceiptRead():
            return None
        case NoticeRead():
            return Arrival(envelope=read.envelope, cpr=read.notice.cpr)
        case LetterRead():
            return Arrival(envelope=read.envelope, cpr=read.citizen.number)
        case Refused():
            return Arrival(envelope=read.envelope, cpr=read.cpr)


async def _take_in(incoming: _Incoming, uow: UnitOfWork) -> _Answered:
    """Run the command that the message stands for, judged at the transaction's own time."""
    read = incoming.read
    if abs(uow.now - incoming.read_at) > _STALE:
        read = await _read(incoming.body, incoming.media, uow.now)
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
        case LetterRead() if _is_served(read.envelope.receiver, uow.directory):
            return await receive_letter(
                ReceiveLetter(
                    caller=caller,
                    envelope=read.envelope,
                    letter=read.letter,
                    citizen=read.citizen,
                    warnings=read.warnings,
                ),
                uow,
            )
        case LetterRead():
            issues = (_RECEIVER_UNKNOWN, *read.warnings)
            letter = RefuseMessage(caller=caller, envelope=read.envelope, issues=issues, cpr=read.citizen.number)
            return await refuse_message(letter, uow)
        case NoticeRead():
            issues = (_RECEIVER_UNKNOWN, *read.warnings)
            command = RefuseMessage(caller=caller, envelope=read.envelope, issues=issues, cpr=read.notice.cpr)
            return await refuse_message(command, uow)
        case Refused():
            command = RefuseMessage(caller=caller, envelope=read.envelope, issues=read.issues, cpr=read.cpr)
            return await refuse_message(command, uow)
        case ReceiptRead():
            heard = HearReceipt(
                caller=caller, envelope=read.envelope, answers=read.answers, code=read.code, issues=read.issues
            )
            meaning = await hear_receipt(heard, uow)
            with correlation(read.envelope.message_id):
                broken = [issue.rule for issue in read.broken]
                get_logger().info("receipt-heard", meaning=meaning, rules=broken)
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
