"""The page of one task: the patient, what to do, the plan behind it, and the one button."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from discharge.directory import OrganizationKind
from discharge.handlers.resolving import RECONCILE
from discharge.identifiers import SorCode
from discharge.medication.record import MedicationReconciliation
from discharge.plan import DischargePlan
from discharge.task import HandoverTask
from services.persistence.views import TaskPage
from services.web.cards import Card, Reader, card_of, place_name
from services.web.forms import FieldError
from services.web.patient_bar import bar_of, lines_of
from services.web.plan_words import changes
from services.web.task_lists import phone_of
from services.web.task_pages import Notice, list_path

__all__ = ["TaskFlash", "TaskForm", "task_context"]

_UNITS = frozenset({OrganizationKind.UNIT, OrganizationKind.MUNICIPALITY, OrganizationKind.WARD})


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskForm:
    """The texts of the form that was sent, and what was wrong with them."""

    move: str = ""
    reason: str = ""
    early: str = ""
    """Why it was done although something else comes first."""
    date: str = ""
    time: str = ""
    errors: Mapping[str, FieldError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFlash:
    """The line above the page when a press did not count."""

    words: str
    detail: str
    kind: str = "red"
    icon: str = "octagon"


def task_context(
    view: TaskPage,
    reader: Reader,
    form: TaskForm,
    notice: Notice | None,
    record: MedicationReconciliation | None = None,
) -> dict[str, Any]:
    """Everything that ``stays/task.html`` shows; ``record`` is the medicine, where the reader reads it."""
    card = card_of(view.card, reader)
    context, task = view.card.context, view.card.record.task
    home = list_path(reader.caller.role)
    return {
        "card": card,
        "here": f"/tasks/{card.id}",
        "bar": None if context is None else bar_of(context, (view.card.record, *view.others), reader),
        "back": f"/tasks/{card.id}",
        "back_word": reader.lang.text("Til tavlen") if home == "/ward" else reader.lang.text("Til listen"),
        "heading": _heading(card, reader),
        "facts": () if context is None else _facts(context.stay.plan, reader),
        "override": None if context is None else context.override_reason,
        "phone": None if context is None else phone_of(context, reader.directory, reader.lang),
        "others": lines_of((record for record in view.others if record.task.is_open), reader),
        "units": _units(task, reader),
        "next_owner": _next_owner(task, reader),
        "waits": _waits(card, task, record, reader),
        "form": form,
        "errors": form.errors,
        "flash": None if notice is None else TaskFlash(words=notice.words, detail=notice.detail),
    }


def _heading(card: Card, reader: Reader) -> str:
    t = reader.lang.text
    if card.is_closed:
        return card.baton.word
    if not card.is_taken:
        return t("Ingen har taget den")
    return t("Du har den") if card.is_mine else t("{name} har den").format(name=card.holder)


def _waits(card: Card, task: HandoverTask, record: MedicationReconciliation | None, reader: Reader) -> str:
    """What it waits for, and how much of that is left."""
    if card.waits is None or record is None or task.wait is None or task.wait.code != RECONCILE:
        return card.waits or ""
    if not record.lines:
        left = reader.lang.text("ingen liste er modtaget")
    elif not record.unresolved:
        left = reader.lang.text("alle linjer har et svar, men den er ikke afsluttet")
    else:
        left = reader.lang.choose(len(record.unresolved), "{n} linje er åben", "{n} linjer er åbne")
    return f"{card.waits}: {left}"


def _facts(plan: DischargePlan, reader: Reader) -> tuple[tuple[str, str], ...]:
    """What the plan says, field by field, empty ones left out."""
    said = changes(DischargePlan(), plan, reader.now, reader.lang)
    return tuple((change.label, change.after) for change in said if change.label)


def _units(task: HandoverTask, reader: Reader) -> dict[str, str]:
    """Other units of the same organisation that can take the task over."""
    directory = reader.directory
    places: tuple[SorCode, ...] = directory.within(directory.root(task.owner))
    return {
        str(sor): place_name(sor, directory)
        for sor in places
        if sor != task.owner and (found := directory.get(sor)) is not None and found.kind in _UNITS
    }


def _next_owner(task: HandoverTask, reader: Reader) -> str:
    owner = task.chain[0] if task.chain else task.requester
    return reader.lang.text("Opgaven går videre til {place}, som ser din grund.").format(
        place=place_name(owner, reader.directory)
    )
