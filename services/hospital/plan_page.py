"""The page of one plan: form, changes, answers, history, and the panel that marks the patient as gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from discharge.clock import local
from discharge.plan import Certainty, DischargePlan
from services.hospital.plan_form import PlanForm, blank_form
from services.hospital.ready import ready_items
from services.persistence.views import PlanPage, PlanVersion
from services.web.cards import Reader, place_name
from services.web.dates import at_time, clock_time, moment
from services.web.forms import FieldError
from services.web.patient_bar import bar_of, lines_of, municipality_of
from services.web.plan_words import (
    ChangeWords,
    cause_words,
    certainty_word,
    changes,
    destination_words,
    exception_words,
    functional_words,
    has_time,
    home_words,
    need_words,
    version_at,
)
from services.web.presentation import chip_at, level_at

__all__ = ["Flash", "GiveForm", "HistoryLine", "Sent", "plan_context"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flash:
    """One line above a page: what just happened, or why it did not."""

    words: str
    detail: str = ""
    kind: str = ""
    icon: str = "check"


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveForm:
    """The texts of the form that marks the patient as gone."""

    leaves: str = "now"
    leaves_at: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One earlier version."""

    number: int
    home: str
    saved: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What somebody just sent, when it was not saved."""

    form: PlanForm | None = None
    errors: Mapping[str, FieldError] = field(default_factory=dict)
    give: GiveForm | None = None
    give_errors: Mapping[str, FieldError] = field(default_factory=dict)
    flash: Flash | None = None
    read_version: int | None = None
    """The version they had read, when somebody changed the plan meanwhile."""


def plan_context(view: PlanPage, reader: Reader, sent: Sent) -> dict[str, Any]:
    """Everything that ``hospital/plan.html`` shows."""
    stay, plan, lang, now = view.context.stay, view.context.stay.plan, reader.lang, reader.now
    t = lang.text
    items = ready_items(stay, view.tasks, reader)
    outside = [record for record in view.tasks if record.task.owner not in reader.scope]
    home = plan.expected_discharge_at
    since, shown_changes = _changes(view, reader, sent)
    return {
        "stay_id": stay.id,
        "here": f"/ward/stays/{stay.id}",
        "bar": bar_of(view.context, view.tasks, reader),
        "version": plan.version,
        "is_open": stay.is_open,
        "items": items,
        "own": tuple(item for item in items if not item.is_done),
        "done": sum(item.is_done for item in items),
        "missing": sum(not item.is_done for item in items),
        "leaves": chip_at(_departure(home), now, lang, level_at(_departure(home), now)),
        "leave_options": _leave_options(plan, reader),
        "give": sent.give or GiveForm(leaves="planned" if _is_today(home, now) else "now"),
        "give_errors": sent.give_errors,
        "told": _told(view, reader),
        "ended": "" if stay.ended_at is None else moment(stay.ended_at, now, lang),
        "reason": view.context.override_reason,
        "treatment": None if plan.treatment_finished_at is None else moment(plan.treatment_finished_at, now, lang),
        "saved": _saved(view.context.plans, reader),
        "form": sent.form or blank_form(plan, lang),
        "errors": sent.errors,
        "certainties": {code.value: certainty_word(code, lang).capitalize() for code in Certainty},
        "needs": {need.value: word for need, word in need_words(lang).items()},
        "levels": functional_words(lang),
        "destinations": destination_words(lang),
        "destination_shown": plan.destination or "",
        "exceptions": exception_words(lang),
        "frails": {"yes": t("Ja"), "no": t("Nej"), "": t("Ikke vurderet")},
        "changes": shown_changes,
        "since": since,
        "answers": lines_of(outside, reader),
        "history": _history(view.context.plans, reader),
        "flash": sent.flash,
    }


def _departure(home: datetime | None) -> datetime | None:
    return home if home is not None and has_time(home) else None


def _is_today(home: datetime | None, now: datetime) -> bool:
    return home is not None and has_time(home) and local(home).date() == local(now).date()


def _leave_options(plan: DischargePlan, reader: Reader) -> dict[str, str]:
    t, home = reader.lang.text, plan.expected_discharge_at
    options = {"now": t("Nu"), "other": t("Andet")}
    if home is None or not _is_today(home, reader.now):
        return options
    planned = at_time(clock_time(home, reader.lang), reader.lang)
    return {"planned": planned[:1].upper() + planned[1:], **options}


def _told(view: PlanPage, reader: Reader) -> str:
    """Who will know at once."""
    t = reader.lang.text
    municipality = place_name(municipality_of(view.context.stay, view.tasks, reader.directory), reader.directory)
    names = [name for name in (municipality, place_name(view.context.gp, reader.directory)) if name]
    if not names:
        return t("Du kan fortryde.")
    return t("{who} får besked med det samme. Du kan fortryde.").format(who=t(" og ").join(names))


def _saved(plans: tuple[PlanVersion, ...], reader: Reader) -> str:
    t = reader.lang.text
    if not plans:
        return t("Ikke sendt endnu")
    latest = plans[-1]
    at = moment(latest.at, reader.now, reader.lang)
    return (
        t("Sendt {at} fra journalsystemet").format(at=at)
        if latest.by is None
        else t("Sendt {at} af {name}").format(at=at, name=latest.by.name)
    )


def _changes(view: PlanPage, reader: Reader, sent: Sent) -> tuple[int, tuple[ChangeWords, ...]]:
    """What changed since a receiver last took a duty; after a lost race, since the version that was read."""
    plans, plan = view.context.plans, view.context.stay.plan
    if sent.read_version is not None:
        read = [version.plan for version in plans if version.plan.version <= sent.read_version]
        before = read[-1] if read else DischargePlan()
        return before.version, changes(before, plan, reader.now, reader.lang)
    times = [
        accepted
        for record in view.tasks
        if record.task.owner not in reader.scope
        for accepted in (record.task.proofs.accepted_at, *(past.proofs.accepted_at for past in record.task.rounds))
        if accepted is not None
    ]
    before = version_at(plans, max(times)) if times else DischargePlan()
    if before.version == 0 and len(plans) > 1:
        before = plans[-2].plan
    return before.version, changes(before, plan, reader.now, reader.lang) if before.version else ()


def _saved_at(version: PlanVersion, reader: Reader) -> str:
    """When, by whom, and why if no person wrote it."""
    said = moment(version.at, reader.now, reader.lang) + ("" if version.by is None else f", {version.by.name}")
    return " · ".join(part for part in (said, cause_words(version.plan.cause, reader.lang)) if part)


def _history(plans: tuple[PlanVersion, ...], reader: Reader) -> tuple[HistoryLine, ...]:
    """Every version, newest first, with the discharge that was expected then."""
    lang, now = reader.lang, reader.now
    return tuple(
        HistoryLine(
            number=version.plan.version,
            home=lang.text("Ikke sat")
            if version.plan.expected_discharge_at is None
            else f"{home_words(version.plan.expected_discharge_at, now, lang)}, "
            f"{certainty_word(version.plan.certainty, lang)}",
            saved=_saved_at(version, reader),
        )
        for version in reversed(plans)
    )
