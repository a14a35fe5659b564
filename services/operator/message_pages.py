"""One message at the operator's desk: how it went, and what an operator may do about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.commands import ReceiptCode
from discharge.policy import Role
from notifications.outbound import DeliveryState
from services.operator.words import line_of, place_of
from services.persistence import desk
from services.persistence.desk_acts import (
    SHORTEST_REASON,
    Discard,
    OpenMessage,
    RawMessage,
    Replay,
    ReplayAll,
    discard,
    open_inbound,
    open_outbound,
    replay,
    replay_all,
)
from services.persistence.message_views import MessageDetail
from services.persistence.reading import ReadSession
from services.web.access import Party, access
from services.web.cards import Reader
from services.web.dates import moment
from services.web.forms import FieldError, Form
from services.web.headers import request_id_of
from services.web.reading import audit_in_place, reader_of, see_other
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller
from services.web.shell import language_of, shell_of
from services.web.templating import page

__all__ = ["message_context", "raw_context", "router"]

router = APIRouter()

_OPERATOR: Final = (Role.OPERATOR,)


@router.get("/operator/messages/{message_key}")
@access(roles=_OPERATOR, party=Party.OWN, action="read-message")
async def inbound(request: Request, message_key: str) -> Response:
    """One message that came in."""
    return await _page(request, desk.inbound_detail, message_key)


@router.get("/operator/outbox/{delivery_id}")
@access(roles=_OPERATOR, party=Party.OWN, action="read-message")
async def outbound(request: Request, delivery_id: str) -> Response:
    """One message of ours."""
    return await _page(request, desk.outbound_detail, delivery_id)


@router.post("/operator/messages/{message_key}/open")
@access(roles=_OPERATOR, party=Party.OWN, action="open-message")
async def open_in(request: Request, message_key: str) -> Response:
    """The message as it came in, once a reason is given. What is seen, by whom and why is noted first."""
    return await _open(request, desk.inbound_detail, open_inbound, message_key)


@router.post("/operator/outbox/{delivery_id}/open")
@access(roles=_OPERATOR, party=Party.OWN, action="open-message")
async def open_out(request: Request, delivery_id: str) -> Response:
    """The message of ours as it was made, once a reason is given."""
    return await _open(request, desk.outbound_detail, open_outbound, delivery_id)


@router.post("/operator/outbox/replay")
@access(roles=_OPERATOR, party=Party.OWN, action="replay-messages")
async def replay_every(request: Request) -> Response:
    """Send everything once more that is in error."""
    command = ReplayAll(caller=await current_caller(request), request_id=request_id_of(request.scope))
    await runtime_of(request).database.run(audit_of(request), replay_all, command)
    return see_other("/operator?show=out")


@router.post("/operator/outbox/{delivery_id}/replay")
@access(roles=_OPERATOR, party=Party.OWN, action="replay-message")
async def replay_one(request: Request, delivery_id: str) -> Response:
    """Send it once more, with all its tries."""
    command = Replay(caller=await current_caller(request), request_id=request_id_of(request.scope), id=delivery_id)
    await runtime_of(request).database.run(audit_of(request), replay, command)
    return see_other(f"/operator/outbox/{delivery_id}")


@router.post("/operator/outbox/{delivery_id}/discard")
@access(roles=_OPERATOR, party=Party.OWN, action="discard-message")
async def discard_one(request: Request, delivery_id: str) -> Response:
    """Give it up, with a reason."""
    form, reason = await _reason(request, "discard_reason")
    if form.errors:
        return await _page(request, desk.outbound_detail, delivery_id, form.errors, status=422)
    caller, request_id = await current_caller(request), request_id_of(request.scope)
    command = Discard(caller=caller, request_id=request_id, id=delivery_id, reason=reason)
    await runtime_of(request).database.run(audit_of(request), discard, command)
    return see_other(f"/operator/outbox/{delivery_id}")


_Detail = Callable[[ReadSession, str], Awaitable[MessageDetail]]


async def _open(
    request: Request, detail: _Detail, opening: Callable[[OpenMessage, Any], Awaitable[RawMessage]], row_id: str
) -> Response:
    form, reason = await _reason(request, "reason")
    if form.errors:
        return await _page(request, detail, row_id, form.errors, status=422)
    command = OpenMessage(
        caller=await current_caller(request),
        request_id=request_id_of(request.scope),
        id=row_id,
        copy=form.text("copy") or None,
        reason=reason,
    )
    runtime = runtime_of(request)
    raw = await runtime.database.run(audit_of(request), opening, command)
    async with runtime.database.reading(audit_of(request, "read-message")) as session:
        view, directory = await detail(session, row_id), session.directory
    shell = await shell_of(request, directory, view.now)
    reader = await reader_of(request, directory, view.now)
    back = request.url.path.removesuffix("/open")
    return page(shell, "operator/raw.html", here=back, back=back, **raw_context(view, raw, reason, reader))


async def _reason(request: Request, name: str) -> tuple[Form, str]:
    form = Form.of(await request.form(), language_of(request), await runtime_of(request).clock.now())
    t = form.lang.text
    reason = form.text(name)
    if len(reason) < SHORTEST_REASON:
        form.refuse(name, t("Grund"), t("Skriv hvorfor, med mindst 20 tegn. Grunden gemmes sammen med dit navn."))
        await audit_in_place(request, 422)
    return form, reason


async def _page(
    request: Request,
    detail: _Detail,
    row_id: str,
    errors: Mapping[str, FieldError] | None = None,
    *,
    status: int = 200,
) -> Response:
    async with runtime_of(request).database.reading(audit_of(request, "read-message")) as session:
        view, directory = await detail(session, row_id), session.directory
    shell = await shell_of(request, directory, view.now)
    reader = await reader_of(request, directory, view.now)
    here = line_of(view.row, reader).href
    return page(shell, "operator/message.html", status=status, here=here, **message_context(view, reader, errors))


def message_context(
    view: MessageDetail, reader: Reader, errors: Mapping[str, FieldError] | None = None
) -> dict[str, Any]:
    """Everything that ``operator/message.html`` shows."""
    t, lang, row = reader.lang.text, reader.lang, view.row
    acts = {"open": t("åbnede beskeden"), "replay": t("sendte den igen"), "discard": t("kasserede den")}
    if not row.leaves:
        acts["replay"] = t("vurderede den igen")
    return {
        "line": line_of(row, reader),
        "leaves": row.leaves,
        "bundle_id": view.bundle_id or "–",
        "has_body": view.has_body,
        "due": "" if view.due_at is None else moment(view.due_at, reader.now, lang),
        "can_send": row.delivery is DeliveryState.IN_ERROR,
        "can_judge": row.receipt is ReceiptCode.TRANSIENT_ERROR and view.has_body,
        "copies": [
            (copy.id, moment(copy.received_at, reader.now, lang), copy.has_body and view.has_body)
            for copy in view.copies
        ],
        "receipts": [
            (
                moment(each.received_at, reader.now, lang),
                place_of(each.sender, reader),
                each.code or "–",
                _effect(each.effect, reader),
                ", ".join(each.details),
                each.receipt_id,
            )
            for each in view.receipts
        ],
        "acts": [(moment(act.at, reader.now, lang), act.by, acts[act.kind], act.reason) for act in reversed(view.acts)],
        "errors": errors or {},
    }


def _effect(effect: str, reader: Reader) -> str:
    t = reader.lang.text
    words = {
        "closes": t("lukkede beskeden"),
        "fails": t("afviste beskeden"),
        "postpones": t("beder om at få den igen senere"),
        "repeats": t("gentagelse, kun noteret"),
    }
    return words.get(effect, t("kun noteret"))


def raw_context(view: MessageDetail, raw: RawMessage, reason: str, reader: Reader) -> dict[str, Any]:
    """Everything that ``operator/raw.html`` shows."""
    return {"line": line_of(view.row, reader), "text": _readable(raw.body), "words": raw.words, "reason": reason}


def _readable(body: bytes) -> str:
    """Indented when it is JSON, else as it is; what is no text is shown as such."""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body.decode("utf-8", errors="replace")
