"""The list pages of those who owe duties: the municipality's feed and the practice's inbox are one page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from discharge.identifiers import TaskId
from discharge.policy import Role
from services.persistence import boards
from services.persistence.views import Show, TaskCard
from services.web.cards import Reader, card_of
from services.web.language import Language
from services.web.paging import Pages, address, page_number
from services.web.reading import reader_of
from services.web.runtime import runtime_of
from services.web.security import audit_of
from services.web.shell import Shell, shell_of
from services.web.task_lists import filters_of, phones_of, place_in_list, sections_of, sort_text
from services.web.templating import page

__all__ = ["Notice", "card_response", "list_path", "list_response", "one_card"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a card says instead of its state, when a press did not count."""

    words: str
    detail: str
    lost: bool = False


def list_path(role: Role) -> str:
    """The list that a role works from."""
    return "/gp" if role is Role.GP else "/ward" if role in {Role.WARD, Role.DOCTOR} else "/municipality"


async def list_response(request: Request, *, path: str, template: str) -> Response:
    """The list, filtered by ``?show=``, its page by ``?page=`` or ``?at=`` a task; an unknown filter shows all."""
    query = request.query_params
    asked = query.get("show", Show.GROUP.value)
    show = Show(asked) if asked in set(Show) else Show.GROUP
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        view = await boards.task_list(
            session,
            show=show,
            page=page_number(query.get("page")),
            at=query.get("at", ""),
            order=partial(place_in_list, now=session.now),
        )
        directory = session.directory
    shell = await shell_of(request, directory, view.now)
    reader = await reader_of(request, directory, view.now)
    kept = {} if show is Show.GROUP else {"show": show.value}
    return page(
        shell,
        template,
        head=view.feed_head,
        heading=_heading(path, shell.lang),
        path=path,
        back=address(path, view.part.page, **kept),
        filters=filters_of(view, shell.lang, path),
        sections=sections_of(view, reader, path),
        phones=phones_of(view.cards, directory, shell.lang),
        pages=Pages.of(view.part, path, **kept),
        tab_count=view.counts.unowned,
        takes_new=show in {Show.GROUP, Show.UNOWNED},
    )


def _heading(path: str, lang: Language) -> str:
    return lang.text("Indbakke") if path == "/gp" else lang.text("Opgaver")


async def one_card(request: Request, task_id: TaskId, *, path: str) -> Response:
    """One card as it stands now, for a page that is open."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        card = await boards.task_card(session, task_id)
        directory, now = session.directory, session.now
    shell = await shell_of(request, directory, now)
    return card_response(shell, card, await reader_of(request, directory, now), back=path)


def card_response(
    shell: Shell, card: TaskCard, reader: Reader, *, back: str, status: int = 200, notice: Notice | None = None
) -> Response:
    """A card alone."""
    return page(
        shell,
        "web/card.html",
        status=status,
        card=card_of(card, reader),
        sort=sort_text(card, reader),
        back=back,
        notice=notice,
    )
