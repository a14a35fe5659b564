"""``/ward``: the board, one stay's plan, and what the ward marks by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.clock import local
from discharge.commands import RevisePlan
from discharge.errors import ConcurrentUpdateError, GateClosedError, PlanError
from discharge.handlers import revise_plan
from discharge.identifiers import StayId
from discharge.plan import PlanRevision
from discharge.policy import Role
from services.hospital.plan_form import PlanForm, form_of, read_plan
from services.hospital.plan_page import Flash, GiveForm, Sent, plan_context
from services.hospital.ready import ready_items
from services.hospital.rows import FILTERS, BoardRow, counters_of, groups_of, row_of, rows_of
from services.persistence import boards
from services.persistence.views import Part, PlanPage
from services.web.access import Party, access
from services.web.cards import Reader
from services.web.dates import clock_time
from services.web.forms import Form, instant_at, parse_time
from services.web.language import Language
from services.web.paging import Pages, page_number
from services.web.reading import audit_in_place, back_of, reader_of, see_other
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller
from services.web.shell import language_of, shell_of
from services.web.task_lists import Empty
from services.web.templating import page

__all__ = ["WARD_ROLES", "router"]

router = APIRouter()
WARD_ROLES: Final = (Role.WARD, Role.DOCTOR)


@router.get("/ward")
@access(roles=WARD_ROLES, party=Party.STAY, action="read-ward-board")
async def board(request: Request) -> Response:
    """The ward's stays by the day they go home."""
    query = request.query_params
    return await _board(request, "", page_number(query.get("page")), at=query.get("at", ""))


@router.post("/ward/find")
@access(roles=WARD_ROLES, party=Party.STAY, action="find-on-ward-board")
async def find(request: Request) -> Response:
    """The board narrowed to a bed or a name. A name never stands in an address, so this is a form that is posted."""
    sent = await request.form()
    query = sent.get("q", "")
    return await _board(request, query.strip()[:80] if isinstance(query, str) else "", page_number(sent.get("page")))


async def _board(request: Request, query: str, number: int, at: str = "") -> Response:
    asked = request.query_params.get("show", "all")
    show = asked if asked in FILTERS else "all"
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        view = await boards.ward_board(session)
        directory = session.directory
    shell = await shell_of(request, directory, view.now)
    rows = rows_of(view, await reader_of(request, directory, view.now))
    chosen = tuple(row for row in rows if _is_chosen(row, show, query))
    sought = next((place for place, row in enumerate(chosen) if row.stay_id == at), None)
    part = Part.of(len(chosen), number) if sought is None else Part.holding(len(chosen), sought)
    return page(
        shell,
        "hospital/board.html",
        head=view.feed_head,
        here="/ward",
        filters=counters_of(rows, show, shell.lang),
        groups=groups_of(chosen[part.rows], view.now, shell.lang),
        query=query,
        pages=Pages.of(part, "/ward", **({} if show == "all" else {"show": show})),
        empty=_empty(rows, shell.lang, view.now),
    )


def _is_chosen(row: BoardRow, show: str, query: str) -> bool:
    matches = query.lower() in f"{row.bed} {row.name}".lower()
    return matches and (show in row.keys or (show == "all" and row.is_ended))


def _empty(rows: tuple[BoardRow, ...], lang: Language, now: datetime) -> Empty:
    t = lang.text
    if rows:
        hidden = lang.choose(len(rows), "1 patient er skjult af filteret.", "{n} patienter er skjult af filteret.")
        return Empty(
            icon="inbox", title=t("Ingen passer til filteret"), text=hidden, href="/ward", action=t("Ryd filter")
        )
    return Empty(
        icon="check",
        title=t("Ingen patienter på afsnittet"),
        text=t("Sidst hentet kl. {at}. Nye kommer af sig selv.").format(at=clock_time(now, lang)),
        href="/ward/begin",
        action=t("Begynd ophold"),
    )


@router.get("/ward/rows/{stay_id}")
@access(roles=WARD_ROLES, party=Party.STAY, action="read-ward-row")
async def one_row(request: Request, stay_id: str) -> Response:
    """One row of the board as it stands now, for a page that is open."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        view = await boards.ward_row(session, StayId(stay_id))
        directory, now = session.directory, session.now
    shell = await shell_of(request, directory, now)
    return page(shell, "hospital/row.html", row=row_of(view, await reader_of(request, directory, now)))


@router.get("/ward/stays/{stay_id}")
@access(roles=WARD_ROLES, party=Party.STAY, action="read-plan")
async def plan(request: Request, stay_id: str) -> Response:
    """One stay's plan."""
    return await _plan(request, stay_id, Sent())


async def _read(request: Request, stay_id: str) -> tuple[PlanPage, Reader]:
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        view = await boards.plan_page(session, StayId(stay_id))
        directory = session.directory
    return view, await reader_of(request, directory, view.now)


async def _plan(request: Request, stay_id: str, sent: Sent, *, status: int = 200) -> Response:
    view, reader = await _read(request, stay_id)
    shell = await shell_of(request, reader.directory, view.now)
    context = plan_context(view, reader, sent)
    return page(shell, "hospital/plan.html", status=status, head=view.feed_head, **context)


async def _refused(request: Request, stay_id: str, sent: Sent, status: int) -> Response:
    await audit_in_place(request, status)
    return await _plan(request, stay_id, sent, status=status)


@router.post("/ward/stays/{stay_id}/plan")
@access(roles=WARD_ROLES, party=Party.STAY, action="revise-plan")
async def save_plan(request: Request, stay_id: str) -> Response:
    """Save the plan; what cannot be read comes back with all that was written."""
    data = await request.form()
    form = Form.of(data, language_of(request), await runtime_of(request).clock.now())
    sent = form_of(data, form)
    revision = read_plan(sent, form)
    version = form.number("version")
    if form.errors:
        return await _refused(request, stay_id, Sent(form=sent, errors=form.errors), 422)
    try:
        await _revise(request, stay_id, version, revision)
    except ConcurrentUpdateError:
        return await _refused(request, stay_id, _lost(form.lang, version, form=sent), 412)
    except PlanError as error:
        form.refuse(*_field_of(error, form.lang))
        return await _refused(request, stay_id, Sent(form=sent, errors=form.errors), 422)
    return see_other(f"/ward/stays/{stay_id}")


async def _revise(
    request: Request,
    stay_id: str,
    version: int | None,
    revision: PlanRevision | None = None,
    *,
    discharged_at: datetime | None = None,
    undo: bool = False,
) -> None:
    command = RevisePlan(
        caller=await current_caller(request),
        stay_id=StayId(stay_id),
        expected_version=version,
        revision=revision or PlanRevision(),
        discharged_at=discharged_at,
        undo_discharged=undo,
    )
    await runtime_of(request).database.run(audit_of(request), revise_plan, command)


def _lost(lang: Language, version: int | None, *, form: PlanForm | None = None, give: GiveForm | None = None) -> Sent:
    words = lang.text("En anden har ændret det imens. Se det nye under „Ændret“, og send igen, hvis dit stadig passer.")
    return Sent(form=form, give=give, read_version=version, flash=Flash(words=words, kind="red", icon="octagon"))


def _field_of(error: PlanError, lang: Language) -> tuple[str, str, str]:
    """The field, its label and what to do, for a plan that the domain refused."""
    t = lang.text
    if error.element == "contact-phone":
        words = t("Skriv et telefonnummer med tal, for eksempel 70 00 00 42.")
        return "phone", t("Telefon til afsnittet"), words
    if error.element == "discharged":
        words = t("Vælg et tidspunkt efter indlæggelsen og højst 24 timer frem.")
        return "leaves_at", t("Andet tidspunkt, kl."), words
    return "date", t("Hjem den"), t("Noget i planen passer ikke sammen. Se datoerne igennem.")


@router.post("/ward/stays/{stay_id}/discharge")
@access(roles=WARD_ROLES, party=Party.STAY, action="mark-discharged")
async def mark_discharged(request: Request, stay_id: str) -> Response:
    """Mark the patient as gone. When something is missing, it asks why first."""
    form = Form.of(await request.form(), language_of(request), await runtime_of(request).clock.now())
    give = GiveForm(leaves=form.text("leaves"), leaves_at=form.text("leaves_at"), reason=form.text("reason"))
    view, reader = await _read(request, stay_id)
    missing = [item for item in ready_items(view.context.stay, view.tasks, reader) if not item.is_done]
    if missing and not give.reason:
        label = form.lang.text("Skriv hvorfor")
        form.refuse("reason", label, form.lang.text("Skriv, hvorfor I udskriver nu. Kommunen og egen læge ser det."))
    at = _leaves_at(give, form, view)
    if not form.errors:
        try:
            revision = PlanRevision(override_reason=give.reason) if give.reason else PlanRevision()
            await _revise(request, stay_id, form.number("version"), revision, discharged_at=at)
        except ConcurrentUpdateError:
            return await _refused(request, stay_id, _lost(form.lang, form.number("version"), give=give), 412)
        except GateClosedError as error:
            label = form.lang.text("Skriv hvorfor")
            form.refuse("reason", label, form.lang.of(error.text))
        except PlanError as error:
            form.refuse(*_field_of(error, form.lang))
    if form.errors:
        return await _refused(request, stay_id, Sent(give=give, give_errors=form.errors), 422)
    return see_other(f"/ward/stays/{stay_id}")


def _leaves_at(give: GiveForm, form: Form, view: PlanPage) -> datetime:
    """The instant of departure that was chosen."""
    planned = view.context.stay.plan.expected_discharge_at
    if give.leaves == "planned" and planned is not None:
        return planned
    if give.leaves != "other":
        return form.now
    t = form.lang.text
    clock = parse_time(give.leaves_at)
    if clock is None:
        words = t("Skriv et klokkeslæt, for eksempel 15.00. Du skrev „{text}“.").format(text=give.leaves_at[:40])
        form.refuse("leaves_at", t("Andet tidspunkt, kl."), words)
        return form.now
    return instant_at(local(form.now).date(), clock)


@router.post("/ward/stays/{stay_id}/undo")
@access(roles=WARD_ROLES, party=Party.STAY, action="undo-discharged")
async def undo_discharged(request: Request, stay_id: str) -> Response:
    """Take a discharge back that was marked by mistake."""
    back = (await request.form()).get("back", "")
    await _revise(request, stay_id, None, undo=True)
    return see_other(back_of(back if isinstance(back, str) else "", f"/ward/stays/{stay_id}"))


@router.post("/ward/stays/{stay_id}/treatment")
@access(roles=WARD_ROLES, party=Party.STAY, action="treatment-finished")
async def treatment(request: Request, stay_id: str) -> Response:
    """Say that treatment is finished from now, or take that back."""
    form = Form.of(await request.form(), language_of(request), await runtime_of(request).clock.now())
    at = form.now.replace(microsecond=0) if form.text("finished") == "yes" else None
    try:
        await _revise(request, stay_id, form.number("version"), PlanRevision(treatment_finished_at=at))
    except ConcurrentUpdateError:
        return await _refused(request, stay_id, _lost(form.lang, form.number("version")), 412)
    return see_other(f"/ward/stays/{stay_id}")
