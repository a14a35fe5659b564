"""``/alerts``: how often people are interrupted, and who is mailed when nobody takes a task on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.clock import local
from discharge.identifiers import SorCode
from discharge.policy import Caller, Role
from notifications.budget import PersonShift, Shift, ShiftPlan, Spent, person_shifts, spent
from notifications.outside import OnCall, QuietHours
from services.persistence.alert_reads import AlertsPage, Mail, alerts_page
from services.persistence.database import new_id
from services.persistence.on_call import EDITORS, KeepOnCall, SendTest, keep_on_call, send_test
from services.persistence.on_call_files import is_address
from services.web.access import Party, access
from services.web.cards import Reader, place_name, role_words
from services.web.dates import full_date, moment
from services.web.forms import FieldError, Form
from services.web.reading import audit_in_place, reader_of, see_other
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller
from services.web.shell import language_of, shell_of
from services.web.templating import page

__all__ = ["alerts_context", "router"]

router = APIRouter()

_FIELDS: Final = ("place", "address", "quiet_from", "quiet_to", "valid_from", "valid_to")
_CALLED: Final = tuple(role for role in Role if role not in {Role.SYSTEM, Role.AGREEMENT_EDITOR, Role.PHARMACIST})


@router.get("/alerts")
@access(roles=EDITORS, party=Party.OWN, action="read-alerts")
async def alerts(request: Request) -> Response:
    """A week of interruptions, person by person, the address book, and the last mails."""
    return await _page(request, {}, {})


@router.post("/alerts/on-call")
@access(roles=EDITORS, party=Party.OWN, action="keep-on-call")
async def keep(request: Request) -> Response:
    """Add an address, or replace what stands about it."""
    runtime, caller = runtime_of(request), await current_caller(request)
    form = Form.of(await request.form(), language_of(request), await runtime.clock.now())
    entry = _entry(form)
    if entry is None:
        await audit_in_place(request, 422)
        return await _page(request, form.texts, form.errors, status=422)
    await runtime.database.run(audit_of(request), keep_on_call, KeepOnCall(caller=caller, entry=entry))
    return see_other("/alerts#h-book")


@router.post("/alerts/on-call/{entry_id}/test")
@access(roles=EDITORS, party=Party.OWN, action="send-test-mail")
async def trial(request: Request, entry_id: str) -> Response:
    """Mail the address once."""
    command = SendTest(caller=await current_caller(request), entry_id=entry_id)
    await runtime_of(request).database.run(audit_of(request), send_test, command)
    return see_other("/alerts#h-mails")


def _entry(form: Form) -> OnCall | None:
    """What was written, None when something of it cannot be."""
    t = form.lang.text
    place = form.required("place", t("Sted"), t("Vælg et sted."))
    address = form.required("address", t("E-mail"), t("Skriv en e-mailadresse på arbejdspladsen."))
    if address and not is_address(address):
        form.refuse("address", t("E-mail"), t("Skriv en hel e-mailadresse, for eksempel vagt@kommune.dk."))
    begin, end = form.time("quiet_from", t("Ro fra kl.")), form.time("quiet_to", t("Ro til kl."))
    if not form.errors and ((begin is None) is not (end is None) or (begin is not None and begin == end)):
        form.refuse("quiet_to", t("Ro til kl."), t("Ro har brug for to forskellige klokkeslæt."))
    first, last = form.date("valid_from", t("Gælder fra")), form.date("valid_to", t("Gælder til"))
    if first is not None and last is not None and last < first:
        form.refuse("valid_to", t("Gælder til"), t("Den sidste dag ligger før den første."))
    if form.errors:
        return None
    return OnCall(
        id=new_id(),
        organization=SorCode(place),
        roles=frozenset(role for role in _CALLED if form.text(f"role-{role.value}")),
        address=address,
        quiet=None if begin is None or end is None else QuietHours(begin, end),
        valid_from=first,
        valid_to=last,
    )


async def _page(
    request: Request, texts: Mapping[str, str], errors: Mapping[str, FieldError], *, status: int = 200
) -> Response:
    runtime = runtime_of(request)
    async with runtime.database.reading(audit_of(request)) as session:
        view = await alerts_page(session)
        directory = session.directory
    shell = await shell_of(request, directory, view.now)
    settings = runtime.settings
    context = alerts_context(
        view,
        await reader_of(request, directory, view.now),
        plan=ShiftPlan(settings.alerts.shift_starts),
        limit=settings.alerts.most_per_shift,
        mails_leave=settings.smtp.host is not None,
        chosen=request.query_params.get("entry", ""),
        texts=texts,
        errors=errors,
    )
    return page(shell, "operator/alerts.html", status=status, head=None, here="/alerts", **context)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bar:
    shift: str
    count: int
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plot:
    place: str
    role: str
    bars: tuple[_Bar, ...]
    over: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What one person was told in one shift."""

    shift: str
    rang: int
    grouped: int
    is_over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    name: str
    role: str
    place: str
    running: _Told | None
    before: _Told | None
    worst: _Told


def alerts_context(
    view: AlertsPage,
    reader: Reader,
    *,
    plan: ShiftPlan,
    limit: int,
    mails_leave: bool = True,
    chosen: str = "",
    texts: Mapping[str, str] | None = None,
    errors: Mapping[str, FieldError] | None = None,
) -> dict[str, Any]:
    """Everything that ``operator/alerts.html`` shows."""
    counted = spent(view.rings, plan)
    people = _people(person_shifts(view.told, plan), view, reader, plan=plan, limit=limit)
    running = plan.at(view.now)
    words = role_words(reader.lang)
    entry = next((each for each in view.entries if each.id == chosen), None)
    own = reader.caller.scope(reader.directory)
    return {
        "limit": limit,
        "mails_leave": mails_leave,
        "people": people,
        "over": sum(each.worst.is_over for each in people),
        "running": _hours(running),
        "before": _hours(plan.at(running.begins - timedelta(seconds=1))),
        "most": max((limit, *(each.count for each in counted))),
        "plots": _plots(counted, reader, limit),
        "entries": tuple(_line(each, reader) for each in view.entries),
        "mails": tuple(_mail(each, reader) for each in view.mails),
        "places": {sor: place_name(sor, reader.directory) for sor in own},
        "roles": {role.value: words[role] for role in _CALLED},
        "texts": _texts(entry, reader.caller, texts or {}),
        "errors": errors or {},
    }


def _plots(counted: tuple[Spent, ...], reader: Reader, limit: int) -> tuple[_Plot, ...]:
    words = role_words(reader.lang)
    keys = sorted(
        {(each.feed, each.role) for each in counted},
        key=lambda key: (place_name(SorCode(key[0]), reader.directory), key),
    )
    plots = []
    for feed, role in keys:
        bars = tuple(
            _Bar(
                shift=_named(each.shift, reader),
                count=each.count,
                is_over=each.count > limit,
            )
            for each in counted
            if (each.feed, each.role) == (feed, role)
        )
        over = sum(bar.is_over for bar in bars)
        plots.append(_Plot(place=place_name(SorCode(feed), reader.directory), role=words[role], bars=bars, over=over))
    return tuple(plots)


def _people(
    counted: tuple[PersonShift, ...], view: AlertsPage, reader: Reader, *, plan: ShiftPlan, limit: int
) -> tuple[_Person, ...]:
    """A line for each person, role and place; those who were told most in the shift that runs come first."""
    words = role_words(reader.lang)
    running = plan.at(view.now)
    earlier = plan.at(running.begins - timedelta(seconds=1))
    of: dict[tuple[str, Role, str], list[PersonShift]] = {}
    for each in counted:
        of.setdefault((each.person, each.role, each.place), []).append(each)

    def told(shifts: list[PersonShift], shift: Shift) -> _Told | None:
        return next((_told(each, reader, limit) for each in shifts if each.shift == shift), None)

    people = [
        _Person(
            name=shifts[0].name,
            role=words[role],
            place=place_name(SorCode(place), reader.directory),
            running=told(shifts, running),
            before=told(shifts, earlier),
            worst=_told(max(shifts, key=lambda each: each.rang), reader, limit),
        )
        for (_, role, place), shifts in of.items()
    ]
    return tuple(sorted(people, key=lambda each: (-(each.running.rang if each.running else 0), each.name, each.role)))


def _told(each: PersonShift, reader: Reader, limit: int) -> _Told:
    return _Told(shift=_named(each.shift, reader), rang=each.rang, grouped=each.grouped, is_over=each.rang > limit)


def _named(shift: Shift, reader: Reader) -> str:
    return f"{full_date(shift.begins, reader.lang)} {_hours(shift)}"


def _hours(shift: Shift) -> str:
    return f"{local(shift.begins):%H}-{local(shift.ends):%H}"


def _line(entry: OnCall, reader: Reader) -> dict[str, Any]:
    t, words = reader.lang.text, role_words(reader.lang)
    quiet = "" if entry.quiet is None else f"{entry.quiet.begin:%H.%M}-{entry.quiet.end:%H.%M}"
    return {
        "id": entry.id,
        "place": place_name(entry.organization, reader.directory),
        "address": entry.address,
        "roles": ", ".join(sorted(words[role] for role in entry.roles)) or t("Alle"),
        "quiet": quiet,
        "holds": entry.holds_on(local(reader.now).date()),
        "first": "" if entry.valid_from is None else f"{entry.valid_from:%d.%m.%Y}",
        "last": "" if entry.valid_to is None else f"{entry.valid_to:%d.%m.%Y}",
    }


def _mail(mail: Mail, reader: Reader) -> dict[str, Any]:
    t = reader.lang.text
    states = {
        "waiting": t("Venter"),
        "sent": t("Sendt"),
        "answered": t("Ikke sendt: opgaven var taget"),
        "failed": t("Kom ikke frem"),
    }
    return {
        "at": moment(mail.at, reader.now, reader.lang),
        "place": place_name(mail.place, reader.directory),
        "address": mail.address,
        "what": t("Prøve") if mail.tasks == 0 else t("{n} opgaver").format(n=mail.tasks),
        "state": states[mail.state],
        "is_failed": mail.state == "failed",
        "tries": mail.tries,
        "reason": mail.reason or "",
    }


def _texts(entry: OnCall | None, caller: Caller, written: Mapping[str, str]) -> dict[str, str]:
    """What stands in the form: what was just written, else the entry that was chosen."""
    if written or entry is None:
        kept = {name: written.get(name, "") for name in _FIELDS}
        kept["place"] = kept["place"] or caller.acting
        return kept | {name: value for name, value in written.items() if name.startswith("role-")}
    line = {
        "place": str(entry.organization),
        "address": entry.address,
        "quiet_from": "" if entry.quiet is None else f"{entry.quiet.begin:%H.%M}",
        "quiet_to": "" if entry.quiet is None else f"{entry.quiet.end:%H.%M}",
        "valid_from": "" if entry.valid_from is None else f"{entry.valid_from:%d.%m.%Y}",
        "valid_to": "" if entry.valid_to is None else f"{entry.valid_to:%d.%m.%Y}",
    }
    return line | {f"role-{role.value}": "on" for role in entry.roles}
