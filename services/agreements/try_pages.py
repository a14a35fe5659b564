"""``/agreements/try``: a draft pasted or uploaded, and what it would have made of the last days. Counts only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from fastapi import APIRouter, Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from discharge.agreement_values import Document
from discharge.directory import Directory, OrganizationKind
from discharge.errors import AgreementError
from discharge.identifiers import SorCode
from discharge.policy import Caller, Role
from services.agreements.loading import finding_in
from services.agreements.reading import Checked, check_agreement
from services.agreements.trial import Bounds, Trial, regions_of, try_agreement
from services.agreements.trying import trial_view
from services.persistence.audit import AuditContext
from services.persistence.database import Database
from services.persistence.master import Master
from services.web.access import Body, Party, access
from services.web.language import Language
from services.web.reading import audit_in_place
from services.web.security import audit_of, current_caller
from services.web.shell import language_of, shell_of
from services.web.templating import page

__all__ = ["DAYS", "Asked", "TrialDesk", "trying_router"]

DAYS: Final = (7, 30, 90)
_USUAL: Final = 30
_LARGEST: Final = 1024 * 1024
_MOST: Final = 3000
"""Stays, and below seconds: what one person's press may cost the others on this machine."""
_SECONDS: Final = 20.0


@dataclass(slots=True)
class TrialDesk:
    """Where drafts are tried, one at a time in a web process: nobody's trial holds up the feeds."""

    database: Database
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_busy(self) -> bool:
        """Somebody's trial is running."""
        return self._turn.locked()

    async def try_out(self, document: Document, days: int, audit: AuditContext) -> Trial:
        """What the draft would have made of the stays that the caller may have counted.

        Raises:
            AgreementError: the draft does not fit to what is stored.
        """
        caller = audit.caller
        bounds = Bounds(days=days, most=_MOST, seconds=_SECONDS)
        async with self._turn:
            return await try_agreement(
                self.database,
                document,
                bounds,
                audit,
                concerns=lambda directory, sor: _is_theirs(caller, directory, sor),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The form as it was sent."""

    text: str = ""
    days: int = _USUAL
    errors: tuple[str, ...] = ()
    """Each in words; those of the draft begin with its line."""


def trying_router(desk: TrialDesk) -> APIRouter:
    """The page's two routes."""
    router = APIRouter()

    @router.get("/agreements/try")
    @access(roles=[Role.AGREEMENT_EDITOR], party=Party.OWN, action="open-trial")
    async def open_trial(request: Request) -> Response:
        """An empty form."""
        return await _page(request, desk, Asked())

    @router.post("/agreements/try")
    @access(roles=[Role.AGREEMENT_EDITOR], party=Party.OWN, body=Body.UPLOAD, action="replay-agreement")
    async def try_draft(request: Request) -> Response:
        """Try the draft."""
        lang = language_of(request)
        body, days = await _sent(request)
        asked = Asked(text=body.decode("utf-8", "replace")[:_LARGEST], days=days)
        master = await desk.database.master()
        caller = await current_caller(request)
        checked, errors = await _checked(body, master, caller, lang)
        if not errors and desk.is_busy:
            errors = (lang.text("En anden er ved at afprøve et udkast. Prøv igen om et halvt minut."),)
        trial = None
        if not errors:
            try:
                trial = await desk.try_out(checked, days, audit_of(request))
            except AgreementError as error:
                errors = (str(error),)
        if trial is None:
            await audit_in_place(request, 422)
            return await _page(request, desk, Asked(text=asked.text, days=days, errors=errors), status=422)
        return await _page(request, desk, asked, trial)

    return router


async def _page(
    request: Request, desk: TrialDesk, asked: Asked, trial: Trial | None = None, *, status: int = 200
) -> Response:
    master = await desk.database.master()
    shell = await shell_of(request, master.directory, await desk.database.now())
    view = None if trial is None else trial_view(trial)
    return page(shell, "agreements/try.html", status=status, asked=asked, spans=DAYS, view=view)


async def _sent(request: Request) -> tuple[bytes, int]:
    """The draft, out of the file if there is one, else as it was pasted; and how many days."""
    async with request.form() as data:
        days = next((each for each in DAYS if str(each) == data.get("days")), _USUAL)
        file, text = data.get("file"), data.get("draft")
        if isinstance(file, UploadFile) and file.size:
            return await file.read(_LARGEST + 1), days
        return (text if isinstance(text, str) else "").encode(), days


async def _checked(body: bytes, master: Master, caller: Caller, lang: Language) -> tuple[Document, tuple[str, ...]]:
    """The draft as a document, or why it cannot be tried."""
    t = lang.text
    if not body.strip():
        return {}, (t("Indsæt et udkast, eller vælg en fil."),)
    if len(body) > _LARGEST:
        return {}, (t("Udkastet er for stort. Højst 1 MB."),)
    checked: Checked = await asyncio.to_thread(check_agreement, body, find=finding_in(master))
    if checked.document is None:
        return {}, tuple(str(finding) for finding in checked.errors)
    try:
        regions = regions_of(checked.document, master)
    except AgreementError as error:
        return {}, (str(error),)
    if master.directory.region_of(caller.acting) not in regions:
        return {}, (t("Udkastet gælder ikke i jeres region."),)
    return checked.document, ()


def _is_theirs(caller: Caller, directory: Directory, sor: SorCode) -> bool:
    """A region's editor counts the region's stays, others those of their own organisation."""
    here = directory.get(caller.acting)
    if here is not None and here.kind is OrganizationKind.REGION:
        return directory.region_of(sor) == directory.region_of(caller.acting)
    return sor in caller.scope(directory)
