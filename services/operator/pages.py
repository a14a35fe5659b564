"""``/operator``: every message, its answer and findings; no content, no patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.commands import ReceiptCode
from discharge.identifiers import SorCode
from discharge.policy import Role
from services.persistence import boards
from services.persistence.views import MessageList, MessageRow
from services.web.access import Party, access
from services.web.cards import Reader, place_name
from services.web.dates import moment
from services.web.reading import reader_of
from services.web.runtime import runtime_of
from services.web.security import audit_of
from services.web.shell import shell_of
from services.web.task_lists import Filter
from services.web.templating import page

__all__ = ["MessageLine", "operator_context", "router"]

router = APIRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding of the check."""

    is_error: bool
    rule: str
    text: str
    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """One message as the desk shows it."""

    message_id: str
    received: str
    state: str
    is_ok: bool
    sender: str
    receiver: str
    event: str
    findings: tuple[Finding, ...]
    repeats: str
    differing: str


@router.get("/operator")
@access(roles=[Role.OPERATOR], party=Party.OWN, action="read-messages")
async def messages(request: Request) -> Response:
    """What came in, newest first."""
    refused_only = request.query_params.get("show") == "refused"
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        view = await boards.message_list(session, refused_only=refused_only)
        directory = session.directory
    shell = await shell_of(request, directory, view.now)
    context = operator_context(view, await reader_of(request, directory, view.now))
    return page(shell, "operator/messages.html", head=view.feed_head, **context)


def operator_context(view: MessageList, reader: Reader) -> dict[str, Any]:
    """Everything that ``operator/messages.html`` shows."""
    t = reader.lang.text
    return {
        "filters": _filters(view, reader),
        "rows": tuple(_line(row, reader) for row in view.messages),
        "filtered": view.refused_only,
        "empty_title": t("Ingen afviste beskeder") if view.refused_only else t("Ingen beskeder endnu"),
        "empty_text": t("Alt, der er kommet ind, er besvaret med ok.")
        if view.refused_only
        else t("Beskeder fra sygehusenes systemer vises her, så snart de er besvaret."),
    }


def _filters(view: MessageList, reader: Reader) -> tuple[Filter, ...]:
    t = reader.lang.text
    rows = (
        ("all", "/operator", view.accepted + view.refused, t("det sidste døgn"), t("Alle beskeder de sidste 24 timer")),
        (
            "refused",
            "/operator?show=refused",
            view.refused,
            t("afvist"),
            t("Besvaret med en fejl de sidste 24 timer. Afsenderen har fået grunden"),
        ),
        (
            "repeated",
            "/operator",
            view.repeated,
            t("gentaget"),
            t("Den samme besked kom igen og fik det samme svar. Intet blev gjort to gange"),
        ),
    )
    return tuple(
        Filter(
            key=key,
            href=href,
            number=number,
            word=word,
            rule=rule,
            is_current=key == ("refused" if view.refused_only else "all"),
            is_late=key == "refused",
        )
        for key, href, number, word, rule in rows
    )


def _line(row: MessageRow, reader: Reader) -> MessageLine:
    t, lang = reader.lang.text, reader.lang
    states = {
        ReceiptCode.OK: t("Modtaget"),
        ReceiptCode.TRANSIENT_ERROR: t("Midlertidig fejl"),
        ReceiptCode.FATAL_ERROR: t("Afvist"),
    }
    differing = lang.choose(row.differing_repeats, "1 med andet indhold", "{n} med andet indhold")
    return MessageLine(
        message_id=row.message_id,
        received=moment(row.received_at, reader.now, lang),
        state=states[row.receipt],
        is_ok=row.receipt is ReceiptCode.OK,
        sender=_place(row.sender, reader),
        receiver=_place(row.receiver, reader),
        event=row.event_code or "",
        findings=tuple(
            Finding(
                is_error=issue.severity in {"error", "fatal"},
                rule=issue.rule,
                text=issue.text,
                expression=issue.expression or "",
            )
            for issue in row.issues
        ),
        repeats=lang.choose(row.repeats, "1 gang", "{n} gange") if row.repeats else t("nej"),
        differing=differing if row.differing_repeats else "",
    )


def _place(sor: SorCode | None, reader: Reader) -> str:
    return "–" if sor is None else place_name(sor, reader.directory) or f"SOR {sor}"
