"""``/ward/begin``: a ward without a record system begins a stay by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.clock import local
from discharge.commands import BeginStay
from discharge.directory import Directory, OrganizationKind
from discharge.errors import InvalidIdentifierError, PlanError
from discharge.handlers import begin_stay
from discharge.identifiers import CprNumber, SorCode
from discharge.policy import Caller, Role
from discharge.stay import NoticeKind
from services.web.access import Party, access
from services.web.cards import place_name
from services.web.dates import clock_time, full_date
from services.web.forms import FieldError, Form, instant_at
from services.web.language import Language
from services.web.reading import audit_in_place, see_other
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller
from services.web.shell import language_of, shell_of
from services.web.templating import page

__all__ = ["router"]

router = APIRouter()
_ROLES = (Role.WARD, Role.DOCTOR)


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginForm:
    """The texts in the fields. The CPR number is never shown again."""

    given: str = ""
    family: str = ""
    municipality: str = ""
    gp: str = ""
    ward: str = ""
    date: str = ""
    time: str = ""
    bed: str = ""
    kind: str = NoticeKind.STIN.value


@router.get("/ward/begin")
@access(roles=_ROLES, party=Party.OWN, action="open-begin-stay")
async def begin_form(request: Request) -> Response:
    """The empty form, with the time as it is now."""
    now, lang = await runtime_of(request).clock.now(), language_of(request)
    form = BeginForm(date=full_date(local(now).date(), lang), time=clock_time(now, lang))
    return await _page(request, form, {}, now)


@router.post("/ward/begin")
@access(roles=_ROLES, party=Party.OWN, action="begin-stay")
async def begin(request: Request) -> Response:
    """Begin the stay; the citizen's open stay here is opened when there is one."""
    form = Form.of(await request.form(), language_of(request), await runtime_of(request).clock.now())
    names = [name for name in BeginForm.__dataclass_fields__ if name != "kind"]
    sent = replace(BeginForm(**{name: form.text(name) for name in names}), kind=form.text("kind"))
    command = await _command(form, sent, await current_caller(request))
    if command is None:
        return await _refused(request, sent, form)
    try:
        stay = await runtime_of(request).database.run(audit_of(request), begin_stay, command)
    except PlanError:
        t = form.lang.text
        form.refuse("date", t("Indlagt den"), t("Tidspunktet må højst ligge 24 timer frem."))
        return await _refused(request, sent, form)
    return see_other(f"/ward/stays/{stay.id}")


async def _refused(request: Request, sent: BeginForm, form: Form) -> Response:
    await audit_in_place(request, 422)
    return await _page(request, sent, form.errors, form.now, status=422)


async def _command(form: Form, sent: BeginForm, caller: Caller) -> BeginStay | None:
    """The command, or None with the reasons in ``form.errors``."""
    t = form.lang.text
    cpr = None
    try:
        cpr = CprNumber.parse(form.text("cpr"))
    except InvalidIdentifierError:
        form.refuse("cpr", t("CPR-nummer"), t("Skriv alle ti cifre. De første seks er fødselsdatoen."))
    family = form.required("family", t("Efternavn"), t("Skriv patientens efternavn."))
    day = form.date("date", t("Indlagt den")) or local(form.now).date()
    clock = form.time("time", t("Indlagt kl."))
    if clock is None and "time" not in form.errors:
        form.refuse("time", t("Indlagt kl."), t("Skriv et klokkeslæt, for eksempel 15.00."))
    if form.errors or cpr is None or clock is None:
        return None
    return BeginStay(
        caller=caller,
        cpr=cpr,
        family=family,
        given=tuple(sent.given.split()),
        municipality=SorCode(sent.municipality) if sent.municipality else None,
        gp=SorCode(sent.gp) if sent.gp else None,
        ward=SorCode(sent.ward) if sent.ward else caller.acting,
        kind=NoticeKind.STAA if sent.kind == NoticeKind.STAA.value else NoticeKind.STIN,
        started_at=instant_at(day, clock),
        bed=sent.bed or None,
    )


async def _page(
    request: Request, form: BeginForm, errors: Mapping[str, FieldError], now: datetime, *, status: int = 200
) -> Response:
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        directory = session.directory
    shell = await shell_of(request, directory, now)
    caller = await current_caller(request)
    wards = _options(directory, OrganizationKind.WARD, within=caller.scope(directory))
    return page(
        shell,
        "hospital/begin.html",
        status=status,
        form=form,
        errors=errors,
        municipalities=_options(directory, OrganizationKind.MUNICIPALITY),
        practices=_options(directory, OrganizationKind.GP),
        wards=wards,
        kinds=_kinds(shell.lang),
    )


def _kinds(lang: Language) -> dict[str, str]:
    return {NoticeKind.STIN.value: lang.text("Indlagt"), NoticeKind.STAA.value: lang.text("Akut ambulant")}


def _options(
    directory: Directory, kind: OrganizationKind, *, within: tuple[SorCode, ...] | None = None
) -> dict[str, str]:
    """Organisations of a kind by name."""
    found = (place.sor for place in directory.organizations.values() if place.kind is kind)
    named = {str(sor): place_name(sor, directory) for sor in found if within is None or sor in within}
    return dict(sorted(named.items(), key=lambda pair: pair[1]))
