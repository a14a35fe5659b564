"""``/stays/{id}/medicine/lists/{column}``: a list written by hand, line by line; each change is a new list."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.commands import StateMedication
from discharge.errors import NotAllowedError, NotFoundError
from discharge.handlers import state_medication
from discharge.identifiers import StayId
from discharge.medication.lines import MedicationLine
from discharge.medication.lists import Column, ListOrigin, MedicationList, Saying
from discharge.policy import Role
from discharge.task import Person
from services.persistence import boards
from services.persistence.medication_reads import medication_of
from services.stays.medicine.catalogue import catalogue_of
from services.stays.medicine.form import LineForm, line_of, picked, sent_form, shown_line
from services.stays.medicine.listing import ListView, list_context, origin_of
from services.stays.medicine.sheet import Flash, list_path
from services.web.access import Party, access
from services.web.forms import FieldError, Form
from services.web.reading import audit_in_place, reader_of, see_other
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller
from services.web.shell import shell_of
from services.web.templating import page

__all__ = ["router"]

router = APIRouter()
_WRITERS: Final = (Role.WARD, Role.DOCTOR, Role.HOME_NURSE, Role.GP)
_WRITES: Final = {
    Column.BEFORE: frozenset({Role.WARD, Role.DOCTOR}),
    Column.AT_DISCHARGE: frozenset({Role.WARD, Role.DOCTOR}),
    Column.NOW: frozenset({Role.HOME_NURSE, Role.GP}),
}
"""The lists that people write by hand, and who."""
_MOST: Final = 500


@router.get("/stays/{stay_id}/medicine/lists/{column}")
@access(roles=_WRITERS, party=Party.STAY, action="read-medicine")
async def blank(request: Request, stay_id: str, column: str) -> Response:
    """The list, and a form for one more line or for one that is there."""
    about = await _about(request, stay_id, column)
    query = request.query_params
    old = about.line(query.get("line", ""))
    lang = about.reader.lang
    found = about.catalogue.by_code(query.get("pick", ""))
    form = picked(found, query.get("strength", "")) if old is None else shown_line(old, lang)
    return await _page(request, about, form, old=old)


@router.post("/stays/{stay_id}/medicine/lists/{column}")
@access(roles=_WRITERS, party=Party.STAY, action="state-medication")
async def save(request: Request, stay_id: str, column: str) -> Response:
    """Save one line, take one away, begin with another list, or say that there is nothing to list."""
    about = await _about(request, stay_id, column)
    form = Form.of(await request.form(), about.reader.lang, about.reader.now)
    sent = sent_form(form)
    old = about.line(form.text("line"))
    known = "" if about.stated is None else about.stated.id
    if form.text("list") != known:
        words = form.lang.text("En anden har ændret listen imens. Se det nye, og gem igen.")
        await audit_in_place(request, 412)
        return await _page(request, about, sent, old=old, flash=Flash(words=words), status=412)
    made = _made(form.text("do"), about, sent, form, old)
    if form.errors or made is None:
        await audit_in_place(request, 422)
        return await _page(request, about, sent, old=old, errors=form.errors, status=422)
    command = StateMedication(caller=await current_caller(request), stay_id=StayId(stay_id), stated=made)
    await runtime_of(request).database.run(audit_of(request), state_medication, command)
    return see_other(f"{list_path(stay_id, about.column)}#lines")


def _made(what: str, about: ListView, sent: LineForm, form: Form, old: MedicationLine | None) -> MedicationList | None:
    """The new list; None when nothing of the kind can be done."""
    if what == "line":
        known = about.catalogue.by_name(sent.name)
        line = line_of(sent, form, about.column, known, line_id=str(uuid.uuid4()), old=old)
        kept = [line if old is not None and each.id == old.id else each for each in _copied(about.stated)]
        lines = kept if old is not None else [*kept, line]
        if len(lines) > _MOST:
            form.refuse("name", form.lang.text("Lægemiddel"), form.lang.text("En liste har højst 500 linjer."))
        return _list(about, lines)
    if what == "remove" and old is not None:
        return _list(about, [each for each in _copied(about.stated) if each.id != old.id])
    if what == "copy":
        source = about.source
        copied = () if source is None or about.lines else _copied(source)
        return _list(about, [replace(each, change=None, change_reason=None, supply=None) for each in copied])
    empty = {"none": Saying.NONE_KNOWN, "unknown": Saying.NOT_KNOWN}.get(what)
    return None if empty is None else _list(about, [], saying=empty)


def _copied(source: MedicationList | None) -> tuple[MedicationLine, ...]:
    """The lines of a list; those of a document say what they were copied from, in case it is withdrawn."""
    if source is None:
        return ()
    if source.origin is not ListOrigin.DOCUMENT:
        return source.lines
    return tuple(replace(each, copied_from=each.id) for each in source.lines)


def _list(about: ListView, lines: list[MedicationLine], *, saying: Saying = Saying.LISTED) -> MedicationList:
    caller = about.reader.caller
    if not lines and saying is Saying.LISTED:
        # A list without a line says nothing: above all not that no medicine is taken.
        saying = Saying.NOT_REPORTED
    return MedicationList(
        id=str(uuid.uuid4()),
        column=about.column,
        origin=origin_of(caller),
        source=caller.acting,
        received_at=about.reader.now,
        by=Person(caller.person_id, caller.name),
        saying=saying,
        lines=tuple(replace(each, id=str(uuid.uuid4())) for each in lines),
        text=None if about.stated is None else about.stated.text,
        says_more=about.stated is not None and about.stated.says_more,
        replaces=None if about.stated is None else about.stated.id,
    )


async def _about(request: Request, stay_id: str, column: str) -> ListView:
    if column not in {each.value for each in _WRITES}:
        raise NotFoundError(kind="MedicationList")
    async with runtime_of(request).database.reading(audit_of(request, "read-medicine")) as session:
        record = await medication_of(session, StayId(stay_id))
        view = await boards.timeline(session, StayId(stay_id))
        directory = session.directory
    reader = await reader_of(request, directory, view.now)
    about = ListView(
        column=Column(column),
        view=view,
        record=record,
        reader=reader,
        catalogue=catalogue_of(runtime_of(request).settings.medicine.catalogue),
    )
    ward_only = about.column is not Column.NOW and view.context.stay.ward not in reader.scope
    if reader.caller.role not in _WRITES[about.column] or ward_only:
        raise NotAllowedError(action="state-medication", rule="role")
    return about


async def _page(
    request: Request,
    about: ListView,
    form: LineForm,
    *,
    old: MedicationLine | None = None,
    errors: Mapping[str, FieldError] | None = None,
    flash: Flash | None = None,
    status: int = 200,
) -> Response:
    shell = await shell_of(request, about.reader.directory, about.view.now)
    query = request.query_params.get("q", "").strip()[:80]
    context = list_context(about, form, old, query)
    return page(
        shell,
        "stays/medicine_list.html",
        status=status,
        head=about.view.feed_head,
        errors=errors or {},
        flash=flash,
        **context,
    )
