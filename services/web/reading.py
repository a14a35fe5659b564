"""What page handlers share: the reader of a request, a safe way back, and refusals that are shown in place."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse

from discharge.directory import Directory
from services.web.cards import Reader
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller
from services.web.shell import language_of

__all__ = ["audit_in_place", "back_of", "is_prefetch", "reader_of", "see_other"]

_PATH: Final = re.compile(r"/(?!/)[A-Za-z0-9/_.?=&-]*", re.ASCII)


async def reader_of(request: Request, directory: Directory, now: datetime) -> Reader:
    """Who reads this page.

    Raises:
        LoginRequiredError: nobody has signed in.
    """
    caller = await current_caller(request)
    return Reader(caller=caller, directory=directory, now=now, lang=language_of(request))


def back_of(text: str, otherwise: str) -> str:
    """``text`` if it is a path of ours, so that a form can never send somebody to another site."""
    return text if _PATH.fullmatch(text) else otherwise


def see_other(path: str) -> RedirectResponse:
    """After a change: look at the result with GET."""
    return RedirectResponse(path, status_code=303)


def is_prefetch(request: Request) -> bool:
    """True when the browser only guesses that the page will be opened: nobody has seen anything."""
    purpose = request.headers.get("sec-purpose", request.headers.get("purpose", ""))
    return "prefetch" in purpose or "prerender" in purpose


async def audit_in_place(request: Request, status: int) -> None:
    """Audit a refusal that is answered with the page's own card or form, not with an error page."""
    await runtime_of(request).database.audit_refusal(audit_of(request), status)
