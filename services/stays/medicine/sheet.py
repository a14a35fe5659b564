"""The page of a stay's medicine outside the practice's task: gaps, signing, and where to go from here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from discharge.clock import local, working_day
from discharge.medication.gaps import Gap, GapKind, gaps
from discharge.medication.lists import Column
from discharge.medication.record import MedicationReconciliation
from discharge.plan import Need
from discharge.policy import Role
from discharge.stay import Stay
from discharge.task import HandoverTask, TaskStatus
from services.persistence.views import Timeline
from services.stays.medicine import words
from services.stays.medicine.acts import SentLine, acts_of
from services.stays.medicine.force import waits_words
from services.stays.medicine.history import history_of
from services.stays.medicine.table import Table, table_of
from services.web.cards import Reader
from services.web.forms import FieldError
from services.web.patient_bar import bar_of

__all__ = ["Flash", "GapLine", "Link", "Sent", "SignPanel", "gaps_of", "list_path", "sheet_context"]

_WARD: Final = frozenset({Role.WARD, Role.DOCTOR})
_PAUSE: Final = "pause-dose-dispensing"
_RESTART: Final = "restart-dose-dispensing"
"""Codes of the duties. Source: domain.md R14."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flash:
    """One line above a page: why something did not count."""

    words: str
    kind: str = "red"
    icon: str = "octagon"


@dataclass(frozen=True, slots=True, kw_only=True)
class GapLine:
    """One kind of gap with the lines that have it."""

    words: str
    names: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignPanel:
    """What the doctor should close, and the form that signs."""

    gaps: tuple[GapLine, ...]
    is_late: bool
    """The patient has left already."""
    may: bool
    reason: str
    errors: Mapping[str, FieldError]


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way on from the page."""

    href: str
    word: str
    is_calm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was just sent and not saved."""

    line: SentLine = field(default_factory=SentLine)
    reason: str = ""
    errors: Mapping[str, FieldError] = field(default_factory=dict)
    flash: Flash | None = None


def list_path(stay_id: str, column: Column) -> str:
    """Where a list is written."""
    return f"/stays/{stay_id}/medicine/lists/{column.value}"


def gaps_of(
    record: MedicationReconciliation, stay: Stay, tasks: Iterable[HandoverTask], closed: frozenset[date], today: date
) -> tuple[Gap, ...]:
    """What is missing before the patient leaves, by the plan and the days on which a pharmacy is open."""
    home = stay.ended_at or stay.plan.expected_discharge_at
    leaves = today if home is None else local(home).date()
    done = {task.code for task in tasks if task.status is TaskStatus.COMPLETED}
    wanted = stay.plan.needs is None or Need.DOSE_DISPENSING in stay.plan.needs
    return gaps(
        record,
        dispensing_paused=wanted and _PAUSE in done and _RESTART not in done,
        medicine_until=stay.plan.medicine_until,
        next_pharmacy_day=working_day(leaves, 1, closed=closed),
    )


def sheet_context(
    view: Timeline,
    record: MedicationReconciliation,
    closed: frozenset[date],
    reader: Reader,
    *,
    sent: Sent,
    shows_rest: bool,
) -> dict[str, Any]:
    """Everything that ``stays/medicine.html`` shows."""
    stay = view.context.stay
    table = table_of(record, reader)
    here = _here(stay, reader)
    is_ward = reader.caller.role in _WARD and stay.ward in reader.scope
    return {
        "stay_id": stay.id,
        "here": here,
        "bar": bar_of(view.context, view.tasks, reader),
        "table": table,
        "acts": acts_of(stay, reader, back=here, sent=sent.line, shows_rest=shows_rest),
        "flash": sent.flash,
        "waits": "" if stay.is_open else waits_words(table, reader),
        "links": _links(stay, reader),
        "history": history_of(record, reader),
        "sign": _sign(view, record, closed, reader, table, sent) if is_ward else None,
    }


def _here(stay: Stay, reader: Reader) -> str:
    prefix = "/ward" if reader.caller.role in _WARD else ""
    return f"{prefix}/stays/{stay.id}/medicine"


def _links(stay: Stay, reader: Reader) -> tuple[Link, ...]:
    t, role = reader.lang.text, reader.caller.role
    found = []
    if role in _WARD and stay.ward in reader.scope:
        found.append(Link(href=list_path(stay.id, Column.BEFORE), word=t("Skriv listen før")))
        found.append(Link(href=list_path(stay.id, Column.AT_DISCHARGE), word=t("Skriv listen ved udskrivelse")))
    if role is Role.HOME_NURSE:
        found.append(Link(href=list_path(stay.id, Column.NOW), word=t("Skriv, hvad der tages hjemme")))
    found.append(Link(href=f"/stays/{stay.id}/medicine/print", word=t("Udskriv til borgeren")))
    if role is Role.PHARMACIST:
        found.append(Link(href="/medicine", word=t("Til listen"), is_calm=True))
        return tuple(found)
    back = f"/ward/stays/{stay.id}" if role in _WARD else f"/stays/{stay.id}"
    found.append(Link(href=back, word=t("Til planen") if role in _WARD else t("Til forløbet"), is_calm=True))
    return tuple(found)


def _sign(
    view: Timeline,
    record: MedicationReconciliation,
    closed: frozenset[date],
    reader: Reader,
    table: Table,
    sent: Sent,
) -> SignPanel | None:
    """None once it is signed, until a list says something else."""
    if table.signed and not table.is_signed_old:
        return None
    stay = view.context.stay
    tasks = [each.task for each in view.tasks]
    found = gaps_of(record, stay, tasks, closed, local(reader.now).date())
    restart = next((f"/tasks/{task.id}" for task in tasks if task.is_open and task.code == _RESTART), "")
    names = {each.id: each.name for each in table.all}
    missing = {gap.kind for gap in found}
    at_discharge = list_path(stay.id, Column.AT_DISCHARGE)
    return SignPanel(
        gaps=tuple(
            GapLine(
                words=words.gap_words(kind, reader.lang),
                names=", ".join(names[gap.line_id] for gap in found if gap.kind is kind and gap.line_id is not None),
                href=restart if kind is GapKind.DISPENSING_PAUSED else at_discharge,
            )
            for kind in GapKind
            if kind in missing
        ),
        is_late=not stay.is_open,
        may=reader.caller.role is Role.DOCTOR,
        reason=sent.reason,
        errors=sent.errors,
    )
