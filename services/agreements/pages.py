"""``/agreements``: the rules that hold at a place on a day, with where each part comes from. No citizen's data."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.agreement_values import Document
from discharge.clock import local
from discharge.directory import Directory, OrganizationKind
from discharge.identifiers import SorCode
from discharge.policy import Caller, Role
from services.agreements.resolved import ResolvedView, resolved_on
from services.web.access import access
from services.web.dates import full_date
from services.web.forms import Form
from services.web.reading import audit_in_place
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller
from services.web.shell import language_of, shell_of
from services.web.templating import page

__all__ = ["agreements_context", "router"]

router = APIRouter()

_READERS: Final = (Role.AGREEMENT_EDITOR, Role.LEADER)


@router.get("/agreements")
@access(roles=_READERS, action="read-agreements")
async def rules_of_a_day(request: Request) -> Response:
    """The rules of a day for a municipality: those of today for the reader's own, when nothing is asked."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        directory, documents, now = session.directory, session.agreements, session.now
    form = Form(dict(request.query_params), language_of(request), now)
    context = agreements_context(form, await current_caller(request), directory, documents)
    if form.errors:
        await audit_in_place(request, 422)
    shell = await shell_of(request, directory, now)
    return page(shell, "agreements/rules.html", status=422 if form.errors else 200, **context)


def agreements_context(
    form: Form, caller: Caller, directory: Directory, documents: Iterable[Document]
) -> dict[str, Any]:
    """Everything that ``agreements/rules.html`` shows."""
    lang, t = form.lang, form.lang.text
    today = local(form.now).date()
    day = form.date("day", t("Dato")) or today
    places = _municipalities(directory)
    place = form.text("place")
    if place and place not in places:
        form.refuse("place", t("Kommune"), t("Vælg en kommune fra listen."))
        place = ""
    if not place and "place" not in form.texts:
        place = _own(caller, directory, places)
    return {
        "day": full_date(day, lang),
        "place": place,
        "places": places,
        "place_name": places.get(place, ""),
        "errors": form.errors,
        "view": _resolved(form, caller, directory, documents, day=day, place=place),
    }


def _resolved(
    form: Form, caller: Caller, directory: Directory, documents: Iterable[Document], *, day: date, place: str
) -> ResolvedView | None:
    where = SorCode(place) if place else caller.acting
    region = directory.region_of(where)
    return resolved_on(documents, region=region, municipality=place or None, day=day, lang=form.lang)


def _municipalities(directory: Directory) -> dict[str, str]:
    """Municipalities by SOR code, in the order of their names."""
    found = [each for each in directory.organizations.values() if each.kind is OrganizationKind.MUNICIPALITY]
    return {each.sor: each.name for each in sorted(found, key=lambda each: each.name)}


def _own(caller: Caller, directory: Directory, places: dict[str, str]) -> str:
    """The reader's municipality; else the first of its region, since rules hold at a municipality."""
    root = directory.root(caller.acting)
    if root in places:
        return root
    region = directory.region_of(caller.acting)
    near = (sor for sor in places if region is None or directory.region_of(SorCode(sor)) == region)
    return next(near, "")
