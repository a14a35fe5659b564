"""The bar above a page about one patient, and the short lines about tasks of a stay."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from discharge.clock import local
from discharge.directory import Directory, OrganizationKind
from discharge.identifiers import SorCode
from discharge.policy import ContentClass
from discharge.responsibility import who_answers
from discharge.stay import Stay, StayState
from services.persistence.views import StayView, TaskRecord
from services.web.cards import Reader, place_name
from services.web.dates import day_short, moment
from services.web.language import Language
from services.web.presentation import Baton, baton, short_name
from services.web.stay_words import reason_words, whereabouts

__all__ = ["Answers", "Bar", "TaskLine", "bar_of", "holder_of", "lines_of", "municipality_of"]

_NOBODYS: Final = frozenset({StayState.DEAD, StayState.CANCELLED})
"""Nobody has the baton of a stay that came to this."""
_MUNICIPAL: Final = frozenset({OrganizationKind.MUNICIPALITY, OrganizationKind.UNIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """What ``patient_bar`` shows."""

    name: str
    age: int
    cpr: str
    bed: str
    place: str
    admitted: str
    municipality: str
    gp: str
    holder: str
    """Who has the baton; empty: nobody, it needs no hands any more."""
    answers: Answers | None = None
    """Who answers for the treatment; None while the patient is in hospital."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Whom to call about the treatment now."""

    name: str
    phone: str
    until: str
    """In words, with who takes over, or why the ward does not answer; empty: until further notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """One task in a list beside the page's own subject."""

    task_id: str
    title: str
    who: str
    reason: str
    baton: Baton


def holder_of(stay: Stay, tasks: Iterable[TaskRecord], gp: SorCode | None, directory: Directory) -> SorCode:
    """Who has the baton: the ward until the patient has left, then the municipality, then the practice."""
    if stay.is_open:
        return stay.ward
    owners = [record.task.owner for record in tasks if record.task.is_open]
    kinds = {sor: found.kind for sor in owners if (found := directory.get(sor)) is not None}
    municipal = [sor for sor in owners if kinds.get(sor) in _MUNICIPAL]
    practice = [sor for sor in owners if kinds.get(sor) is OrganizationKind.GP]
    return next(iter((*municipal, *([] if stay.receiver is None else [stay.receiver]), *practice)), gp or stay.ward)


def municipality_of(stay: Stay, tasks: Iterable[TaskRecord], directory: Directory) -> SorCode | None:
    """The municipal unit that has duties in this stay, else its receiver."""
    owners = (record.task.owner for record in tasks)
    units = (sor for sor in owners if (found := directory.get(sor)) is not None and found.kind in _MUNICIPAL)
    return next(units, stay.receiver)


def bar_of(context: StayView, tasks: tuple[TaskRecord, ...], reader: Reader) -> Bar:
    """The bar of one stay."""
    stay, lang, t = context.stay, reader.lang, reader.lang.text
    directory = reader.directory
    today = local(reader.now).date()
    began = local(stay.began_at).date()
    admitted = day_short(began, lang, today=today)
    admitted = admitted[:1].upper() + admitted[1:]
    if stay.ended_at is not None:
        admitted += " · " + t("til {day}").format(day=day_short(local(stay.ended_at).date(), lang, today=today))
    else:
        admitted += " · " + t("{n}. dag").format(n=(today - began).days + 1)
    ward_name = _name(stay.ward, directory)
    return Bar(
        name=context.patient.name,
        age=context.patient.age,
        cpr=context.patient.cpr_masked,
        bed=stay.plan.bed or "" if stay.is_open else "",
        place=whereabouts(stay, ward_name, lang),
        admitted=admitted,
        municipality=_name(stay.receiver, directory),
        gp=_name(context.gp, directory),
        holder="" if stay.state in _NOBODYS else _name(holder_of(stay, tasks, context.gp, directory), directory),
        answers=_answers(context, tasks, reader) if not stay.is_open and _reads_plans(reader) else None,
    )


def _reads_plans(reader: Reader) -> bool:
    """Tell whether the reader sees the duties that say who answers: without them the answer would be a guess."""
    return ContentClass.PLAN in reader.caller.readable_classes(reader.directory)


def _answers(context: StayView, tasks: Iterable[TaskRecord], reader: Reader) -> Answers | None:
    """Who answers for the treatment now that the patient has left; nobody is asked about the dead."""
    lang, t = reader.lang, reader.lang.text
    if context.stay.state is not StayState.ENDED:
        return None
    now_answers = who_answers(context.stay, (record.task for record in tasks), context.gp, reader.now)
    name = _name(now_answers.organization, reader.directory) or t("Egen læge")
    until = ""
    if now_answers.until is not None:
        then = _name(now_answers.then, reader.directory) or t("egen læge")
        until = t("til {at}, derefter {name}").format(at=moment(now_answers.until, reader.now, lang), name=then)
    elif not now_answers.is_extended:
        until = _why_not(context, lang)
    return Answers(name=name, phone=now_answers.phone or "", until=until)


def _why_not(context: StayView, lang: Language) -> str:
    """Why the ward never answered for 72 hours, where the ward or the stay says so. Source: domain.md R22x."""
    plan, t = context.stay.plan, lang.text
    reasons = {
        "psychiatric": t("ingen 72 timer: psykiatrisk indlæggelse"),
        "terminal": t("ingen 72 timer: døende, efter lægens beslutning"),
    }
    if plan.destination == "hospice":
        return t("ingen 72 timer: på hospice")
    return reasons.get(plan.without_72_hours or "", "")


def _name(sor: SorCode | None, directory: Directory) -> str:
    found = None if sor is None else directory.get(sor)
    return "" if found is None else found.name


def lines_of(records: Iterable[TaskRecord], reader: Reader) -> tuple[TaskLine, ...]:
    """Tasks as short lines."""
    lang = reader.lang
    lines = []
    for record in records:
        task = record.task
        place = place_name(task.owner, reader.directory)
        holder = task.assignee
        lines.append(
            TaskLine(
                task_id=task.id,
                title=lang.of(task.title),
                who=place if holder is None else f"{place} · {short_name(holder.name)}",
                reason=reason_words(task.status_reason, lang) or "",
                baton=baton(record, reader.now, lang),
            )
        )
    return tuple(lines)
