"""``/operator``: every message that came in or leaves, its answer and findings; no content, no patient."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.policy import Role
from services.operator.search import FIELDS, Asked, address_of, asked_for, check, cursor_of, question_of
from services.operator.words import line_of
from services.persistence import desk
from services.persistence.message_views import MessageList, MessageShow
from services.web.access import Party, access
from services.web.cards import Reader
from services.web.forms import FieldError, Form
from services.web.reading import audit_in_place, reader_of, see_other
from services.web.runtime import runtime_of
from services.web.security import audit_of
from services.web.shell import language_of, shell_of
from services.web.task_lists import Filter
from services.web.templating import page

__all__ = ["operator_context", "router"]

router = APIRouter()


@router.get("/operator")
@access(roles=[Role.OPERATOR], party=Party.OWN, action="read-messages")
async def messages(request: Request) -> Response:
    """What came in and what leaves, newest first."""
    return await _page(request, asked_for(request.query_params), {})


@router.post("/operator/search")
@access(roles=[Role.OPERATOR], party=Party.OWN, action="search-messages")
async def search(request: Request) -> Response:
    """To the address of what was asked for. It is sent by POST so that a number written by mistake is in no address."""
    form = Form.of(await request.form(), language_of(request), await runtime_of(request).clock.now())
    check(form)
    if form.errors:
        await audit_in_place(request, 422)
        kept = {name: "" if name in form.errors else form.text(name) for name in (*FIELDS, "show")}
        return await _page(request, asked_for(kept), form.errors, status=422)
    return see_other(address_of(asked_for({name: form.text(name) for name in (*FIELDS, "show")})))


async def _page(request: Request, asked: Asked, errors: Mapping[str, FieldError], *, status: int = 200) -> Response:
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        view = await desk.message_list(session, question_of(asked, session.directory, session.now))
        directory = session.directory
    shell = await shell_of(request, directory, view.now)
    context = operator_context(view, await reader_of(request, directory, view.now), asked, errors)
    return page(shell, "operator/messages.html", status=status, head=view.feed_head, here="/operator", **context)


def operator_context(
    view: MessageList, reader: Reader, asked: Asked | None = None, errors: Mapping[str, FieldError] | None = None
) -> dict[str, Any]:
    """Everything that ``operator/messages.html`` shows."""
    asked = asked or Asked()
    return {
        "filters": _filters(view, reader),
        "rows": tuple(line_of(row, reader) for row in view.messages),
        "asked": asked,
        "errors": errors or {},
        "filtered": asked.is_filtered,
        "can_replay_all": asked.show is MessageShow.STUCK and any(row.leaves for row in view.messages),
        "more": "" if view.next is None else address_of(asked, after=cursor_of(view.next)),
        "first": address_of(asked) if asked.after else "",
        **_empty(asked, reader),
    }


def _empty(asked: Asked, reader: Reader) -> dict[str, str]:
    """What is said when there is nothing to show, and why."""
    t = reader.lang.text
    if asked == Asked(show=MessageShow.REFUSED):
        title, text = t("Ingen afviste beskeder"), t("Alt, der er kommet ind, er besvaret med ok.")
    elif asked == Asked(show=MessageShow.STUCK):
        title, text = t("Intet venter på driften"), t("Alt, der er sendt herfra, er kvitteret eller på vej.")
    elif asked.is_filtered:
        title, text = (
            t("Ingen beskeder passer til søgningen"),
            t("Prøv med færre ord, en anden dag, eller ryd filteret."),
        )
    else:
        title = t("Ingen beskeder endnu")
        text = t("Beskeder til og fra jeres systemer vises her, så snart de er modtaget eller skrevet.")
    return {"empty_title": title, "empty_text": text}


def _filters(view: MessageList, reader: Reader) -> tuple[Filter, ...]:
    t, show = reader.lang.text, view.search.show
    day = t("Alle beskeder, nyeste først. Tallet er de sidste 24 timer")
    rows = (
        (MessageShow.ALL, view.accepted + view.refused + view.leaving, t("det sidste døgn"), day),
        (MessageShow.IN, view.accepted + view.refused, t("ind"), t("Beskeder, der er kommet ind")),
        (
            MessageShow.REFUSED,
            view.refused,
            t("afvist"),
            t("Besvaret med en fejl de sidste 24 timer. Afsenderen har fået grunden"),
        ),
        (MessageShow.OUT, view.leaving, t("ud"), t("Beskeder herfra til andre systemer")),
        (
            MessageShow.STUCK,
            view.stuck,
            t("venter på driften"),
            t("Kom ikke frem, eller kunne ikke behandles her. Send dem igen, eller kassér dem med en grund"),
        ),
    )
    made = [
        Filter(
            key=key.value,
            href="/operator" if key is MessageShow.ALL else f"/operator?show={key.value}",
            number=number,
            word=word,
            rule=rule,
            is_current=key is show,
            is_late=key in {MessageShow.REFUSED, MessageShow.STUCK},
        )
        for key, number, word, rule in rows
    ]
    late = Filter(
        key="late",
        href="/operator?show=out",
        number=view.late,
        word=t("uden kvittering i 30 min"),
        rule=t("Beskeder herfra, som modtageren endnu ikke har kvitteret for"),
        is_current=False,
        is_late=True,
    )
    repeated = Filter(
        key="repeated",
        href="/operator?show=in",
        number=view.repeated,
        word=t("gentaget"),
        rule=t("Den samme besked kom igen og fik det samme svar. Intet blev gjort to gange"),
        is_current=False,
        is_late=False,
    )
    return (*made, late, repeated)
