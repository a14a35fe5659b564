"""What the agreement in force says of a stay: the glue between what is kept and what is pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from discharge.agreement import HealthAgreement, Rule, Trigger
from discharge.clock import local
from discharge.context import DocumentFacts, MedicineFacts, MessageFacts, PlanningContext
from discharge.directory import Directory
from discharge.identifiers import ConversationId, SorCode
from discharge.notices import FiledNotice
from discharge.patient import Patient
from discharge.ports import UnitOfWork
from discharge.responsibility import who_answers
from discharge.stay import Stay
from discharge.task import AgreementRef, HandoverTask, Person, TaskStatus

__all__ = [
    "LEFT",
    "NO_NEWS",
    "News",
    "agreement_in_force",
    "asks_for_report",
    "closed_days_for",
    "concerned",
    "context_of",
    "doer",
    "is_undone",
    "reports_asked",
    "rule_of",
]

LEFT: Final = "Patienten er udskrevet"
"""Why a discharge carried a duty out, or took it back, as its owner reads it."""

_REPORT: Final = "stay.report_requested"


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What an event brings beside itself, for rules to look at."""

    by: Person | None = None
    changed: tuple[str, ...] = ()
    """Fields of the plan that changed."""
    message: MessageFacts | None = None
    medicine: MedicineFacts | None = None
    document: DocumentFacts | None = None
    conversation_id: ConversationId | None = None
    completed: str | None = None
    """Code of the duty that was done."""
    followed_up: set[str] | None = None
    """Codes whose doing has been followed up in this event, for all that follows from it to share."""

    def is_medicine_of(self, place: SorCode, directory: Directory) -> bool:
        """True for what ``place`` itself did with the medicine: nobody is asked again by their own work."""
        done_at = None if self.medicine is None else self.medicine.place
        return done_at is not None and place in directory.within(done_at)


NO_NEWS: Final = News()


async def agreement_in_force(uow: UnitOfWork, stay: Stay) -> HealthAgreement | None:
    """The agreement of the addressee municipality's region; the hospital's where there is no municipality."""
    place = stay.receiver if stay.receiver is not None else stay.hospital
    region = uow.directory.region_of(place) or uow.directory.region_of(stay.hospital)
    municipality = None if stay.receiver is None else uow.directory.root(stay.receiver)
    return await uow.agreements.in_force(region=region, municipality=municipality, day=local(uow.now).date())


async def rule_of(uow: UnitOfWork, task: HandoverTask) -> tuple[HealthAgreement, Rule] | None:
    """The rule that made the task, unless nobody's rule did or its agreement was loaded anew without it."""
    if task.agreement is None:
        return None
    agreement = await uow.agreements.get(task.agreement)
    rule = agreement.rule(task.rule, task.code)
    return None if rule is None else (agreement, rule)


async def concerned(
    uow: UnitOfWork, tasks: Sequence[HandoverTask], trigger: Trigger
) -> list[tuple[HandoverTask, HealthAgreement, Rule]]:
    """The open duties that ``trigger`` may mean something for, with the rule and the version that made each."""
    found = []
    versions: dict[AgreementRef, HealthAgreement] = {}
    for task in tasks:
        if task.agreement is None or not task.is_open:
            continue
        agreement = versions.get(task.agreement)
        if agreement is None:
            agreement = versions[task.agreement] = await uow.agreements.get(task.agreement)
        rule = agreement.concerned(trigger, task.rule, task.code)
        if rule is not None:
            found.append((task, agreement, rule))
    return found


async def closed_days_for(uow: UnitOfWork, task: HandoverTask) -> frozenset[date]:
    """The closed days by which the deadlines of ``task`` count."""
    agreement = None if task.agreement is None else await uow.agreements.get(task.agreement)
    return uow.agreements.closed_days(local(uow.now).date(), agreement)


def context_of(
    uow: UnitOfWork,
    stay: Stay,
    patient: Patient,
    agreement: HealthAgreement,
    tasks: Sequence[HandoverTask] = (),
    news: News = NO_NEWS,
) -> PlanningContext:
    """All that a rule may look at, as it stands in this transaction."""
    gp = patient.gp if patient.gp in uow.directory else None
    return PlanningContext(
        stay=stay,
        patient=patient,
        directory=uow.directory,
        gp=gp,
        municipality_is_party=stay.receiver is not None and stay.is_party(stay.receiver),
        report_requested=bool(reports_asked(stay)),
        ward_answers=stay.is_open or who_answers(stay, tasks, gp, uow.now).is_extended,
        received_at=uow.now,
        closed_days=uow.agreements.closed_days(local(uow.now).date(), agreement),
        changed=news.changed,
        message=news.message,
        medicine=news.medicine,
        document=news.document,
        completed=news.completed,
        open_codes=frozenset(task.code for task in tasks if task.is_open),
        # What was done on a fact that was taken back is not done.
        done_codes=frozenset(
            task.code
            for task in tasks
            if task.status is TaskStatus.COMPLETED and task.cause and not is_undone(task, stay)
        ),
    )


def doer(task: HandoverTask, stay: Stay, trigger: Trigger, news: News) -> Person | None:
    """Who did it: the one whose press or letter it was, at the owner itself; for others' duties, who has them.

    A report is sent by who filed it, whoever was to send it.
    """
    if news.message is not None:
        return news.by if news.message.asker == task.owner else task.assignee
    is_theirs = task.owner == stay.ward or trigger is Trigger.TASK_COMPLETED or news.document is not None
    return news.by if is_theirs and news.by is not None else task.assignee


def is_undone(task: HandoverTask, stay: Stay) -> bool:
    """Tell whether a discharge carried the duty out, and there was none after all: it is owed again."""
    return stay.is_open and task.status_reason == LEFT


def reports_asked(stay: Stay) -> list[FiledNotice]:
    """The notices that ask for a report of admission, and still hold."""
    return [each for each in stay.notices if each.report_requested and each.holds]


def asks_for_report(rule: Rule) -> bool:
    """Tell whether the rule is there because a hospital asked for a report."""
    return rule.when is not None and _REPORT in rule.when.fields
