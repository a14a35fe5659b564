"""What the agreement in force says of a stay: the glue between what is kept and what is pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import Final

from discharge.agreement import HealthAgreement, Rule
from discharge.clock import local
from discharge.conditions import Condition, fields_in
from discharge.context import MessageFacts, PlanningContext
from discharge.notices import FiledNotice
from discharge.patient import Patient
from discharge.ports import UnitOfWork
from discharge.stay import Stay
from discharge.task import HandoverTask, TaskStatus

__all__ = ["agreement_in_force", "asks_for_report", "closed_days_for", "context_of", "reports_asked", "rule_of"]

_REPORT: Final = "stay.report_requested"


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
    *,
    changed: tuple[str, ...] = (),
    message: MessageFacts | None = None,
    completed: str | None = None,
) -> PlanningContext:
    """All that a rule may look at, as it stands in this transaction."""
    return PlanningContext(
        stay=stay,
        patient=patient,
        directory=uow.directory,
        gp=patient.gp if patient.gp in uow.directory else None,
        municipality_is_party=stay.receiver is not None and stay.is_party(stay.receiver),
        report_requested=bool(reports_asked(stay)),
        received_at=uow.now,
        closed_days=uow.agreements.closed_days(local(uow.now).date(), agreement),
        changed=changed,
        message=message,
        completed=completed,
        open_codes=frozenset(task.code for task in tasks if task.is_open),
        # What was done on a fact that was taken back is not done.
        done_codes=frozenset(task.code for task in tasks if task.status is TaskStatus.COMPLETED and task.cause),
    )


def reports_asked(stay: Stay) -> list[FiledNotice]:
    """The notices that ask for a report of admission, and still hold."""
    return [each for each in stay.notices if each.report_requested and each.holds]


def asks_for_report(rule: Rule) -> bool:
    """Tell whether the rule is there because a hospital asked for a report."""
    return rule.when is not None and _speaks_of_report(rule.when)


@lru_cache(maxsize=1024)
def _speaks_of_report(condition: Condition) -> bool:
    return _REPORT in fields_in(condition.tree)
