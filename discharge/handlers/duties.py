"""Duties that an agreement makes of a fact: planned once, armed with their ladders, re-dated, taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from discharge.agreement import (
    Condition,
    HealthAgreement,
    PlannedStep,
    PlannedTask,
    PlanningContext,
    Rule,
    StepKind,
    Trigger,
    instant_after,
    planned_steps,
)
from discharge.clock import local
from discharge.events import AgreementMissing, TaskMoved, TaskRedated, TaskRequested
from discharge.identifiers import PersonId, RuleId, SorCode, TaskId
from discharge.notices import FiledNotice
from discharge.patient import Patient
from discharge.policy import audience_at
from discharge.ports import UnitOfWork
from discharge.stay import PartyBasis, Stay
from discharge.task import HandoverTask, Move, Person, Priority, Proofs, TaskStatus, Title

__all__ = [
    "ACT_TAKEN",
    "CANCELLED_BY_NOTICE",
    "DEATH",
    "UNDONE_BY_WARD",
    "hand_over",
    "plan_tasks",
    "put_right",
    "restart_ladder",
    "withdraw",
]

UNDONE_BY_WARD: Final = "Udskrivningen er taget tilbage"
CANCELLED_BY_NOTICE: Final = "Hospitalet har annulleret meldingen"
DEATH: Final = "Borgeren er død"
_TAKEN_BACK: Final = frozenset({UNDONE_BY_WARD, CANCELLED_BY_NOTICE, DEATH})
"""Reasons of ours on what was withdrawn: when the fact comes back, so does the duty."""
ACT_TAKEN: Final = "act-already-taken"
_ACT_TAKEN_RULE: Final = RuleId("R32")
_PUT_RIGHT_WITHIN: Final = timedelta(hours=1)
"""[prop]: no source names a time for undoing what was done on a notice that was taken back."""
_PUT_RIGHT: Final = Title(
    da="Meldingen er taget tilbage: ret op på det, I allerede har gjort",
    en="The notice was taken back: put right what you have already done",
)
_STAFET: Final = Person(PersonId("stafet"), "Stafet")


async def plan_tasks(
    uow: UnitOfWork,
    stay: Stay,
    patient: Patient,
    trigger: Trigger,
    *,
    redate: bool = False,
) -> Stay:
    """Commit the duties that ``trigger`` makes; one that the stay already has is never doubled.

    With ``redate`` the fact behind them has a new time, and what is still open is owed by another
    instant. Without it deadlines stand: an agreed time outlives a new telephone number, and a second
    admission notice gives nobody more minutes.
    """
    agreement = await _agreement_of(uow, stay)
    if agreement is None:
        uow.record(AgreementMissing(at=uow.now, stay_id=stay.id, ward=stay.ward, receiver=stay.receiver))
        return stay
    context = _context(uow, stay, patient)
    tasks = await uow.tasks.of_stay(stay.id)
    existing = {(task.rule, task.code): task for task in tasks if _holds(task, tasks)}
    for planned in agreement.plan(trigger, context):
        known = existing.get((planned.rule.id, planned.rule.code))
        if known is not None and not _asked_by_another(known, planned, stay, uow):
            if redate:
                await _redate(uow, known, planned)
            continue
        task = _task_of(uow, stay, planned, trigger)
        if Condition.REPORT_REQUESTED in planned.rule.conditions:
            task = replace(task, note=_recipient_note(uow, stay))
        stay = stay.with_party(task.owner, PartyBasis.OWES, uow.now)
        await uow.tasks.save(task)
        await _arm(uow, task, planned.steps)
        uow.record(TaskRequested(at=uow.now, stay_id=stay.id, task=task))
    return stay


def _holds(task: HandoverTask, tasks: Sequence[HandoverTask]) -> bool:
    """False for what was rejected, and for what was done or withdrawn on a fact that was taken back."""
    if task.status is TaskStatus.REJECTED:
        return False
    if task.status is TaskStatus.CANCELLED:
        return task.status_reason not in _TAKEN_BACK
    return not any(other.code == ACT_TAKEN and other.replaces == task.id for other in tasks)


def _reports_asked(stay: Stay) -> list[FiledNotice]:
    return [each for each in stay.notices if each.report_requested and each.holds]


def _asked_by_another(known: HandoverTask, planned: PlannedTask, stay: Stay, uow: UnitOfWork) -> bool:
    """A report that was sent to one hospital is owed to the next one too, when that one asks for it."""
    if Condition.REPORT_REQUESTED not in planned.rule.conditions or known.is_open:
        return False
    asks = any(each.hospital == stay.hospital for each in _reports_asked(stay))
    return asks and uow.directory.hospital_of(known.requester) != stay.hospital


def _recipient_note(uow: UnitOfWork, stay: Stay) -> str | None:
    """To whom the report goes, when the hospital named somebody else than the sender."""
    asked = ((each.report_recipient, each.sender) for each in _reports_asked(stay))
    named = [recipient for recipient, sender in asked if recipient is not None and recipient != sender]
    if not named:
        return None
    known = uow.directory.get(named[-1])
    return f"Rapporten sendes til {named[-1] if known is None else f'{known.name} ({known.sor})'}"


async def withdraw(uow: UnitOfWork, tasks: Iterable[HandoverTask], *, reason: str, by: Person | None = None) -> None:
    """Take back what is still open, silence its ladder, and tell its parties why."""
    for task in tasks:
        if task.is_open:
            withdrawn = task.moved(Move.WITHDRAW, by=by or _STAFET, at=uow.now, reason=reason)
            await uow.tasks.save(withdrawn)
            await uow.timers.arm(withdrawn, ())
            uow.record(TaskMoved(at=uow.now, stay_id=task.stay_id, by=by, task=withdrawn, move=Move.WITHDRAW))


async def put_right(uow: UnitOfWork, stay: Stay, tasks: Sequence[HandoverTask], *, reason: str) -> Stay:
    """Where somebody had begun on a fact that was taken back, that must be put right: a duty of its own.

    Source: MedCom HospitalNotification 3.0.2, cancellations; domain.md R32.
    """
    for task in tasks:
        begun = task.assignee is not None or task.status is TaskStatus.COMPLETED
        # The ward knows what it took back itself.
        if not begun or task.code == ACT_TAKEN or task.owner == stay.ward:
            continue
        due_at = uow.now + _PUT_RIGHT_WITHIN
        act = HandoverTask(
            id=TaskId(uow.new_id()),
            stay_id=stay.id,
            patient_id=stay.patient_id,
            rule=_ACT_TAKEN_RULE,
            code=ACT_TAKEN,
            title=_PUT_RIGHT,
            content_class=task.content_class,
            priority=Priority.URGENT,
            requester=stay.ward,
            owner=task.owner,
            audience=task.audience,
            chain=task.chain,
            created_at=uow.now,
            changed_at=uow.now,
            due_at=due_at,
            note=f"{task.title.da}. {reason}",
            proofs=Proofs(sent_at=uow.now),
            replaces=task.id,
        )
        await uow.tasks.save(act)
        await uow.timers.arm(act, (_overdue(uow, act, due_at),))
        uow.record(TaskRequested(at=uow.now, stay_id=stay.id, task=act))
        stay = stay.with_party(act.owner, PartyBasis.OWES, uow.now)
    return stay


async def hand_over(uow: UnitOfWork, stay: Stay, previous: SorCode) -> None:
    """The patient lies elsewhere now: what the old ward owed or waits for is the new ward's.

    Source: MedCom HospitalNotification 3.0.2, transfer; domain.md R30.
    """
    for task in await uow.tasks.of_stay(stay.id):
        if not task.is_open or previous not in {task.owner, task.requester}:
            continue
        moved = replace(task, requester=stay.ward) if task.requester == previous else task
        if task.owner == previous:
            moved = moved.renewed(uow.now, owner=stay.ward)
            moved = replace(moved, audience=audience_at(uow.directory, stay.ward, task.audience))
        await uow.tasks.save(moved)
        if moved.owner != task.owner:
            await restart_ladder(uow, stay, moved)
            uow.record(TaskMoved(at=uow.now, stay_id=stay.id, task=moved, move=Move.ASSIGN))
        else:
            uow.record(TaskRedated(at=uow.now, stay_id=stay.id, task=moved))


async def restart_ladder(uow: UnitOfWork, stay: Stay, task: HandoverTask) -> None:
    """Nobody has taken on what the task now is: its ladder begins again, from now and from its owner."""
    if task.due_at is None:
        return
    rule = await _rule_of(uow, task)
    if rule is None:
        await uow.timers.arm(task, (_overdue(uow, task, task.due_at),))
        return
    context = _context(uow, stay, await uow.patients.get(stay.patient_id))
    await _arm(uow, task, planned_steps(rule, context, owner=task.owner, due_at=task.due_at))


async def _rule_of(uow: UnitOfWork, task: HandoverTask) -> Rule | None:
    """The rule that made the task, unless nobody's rule did or its agreement was loaded anew without it."""
    if task.agreement is None:
        return None
    agreement = await uow.agreements.get(task.agreement)
    return next((rule for rule in agreement.rules if (rule.id, rule.code) == (task.rule, task.code)), None)


def _overdue(uow: UnitOfWork, task: HandoverTask, due_at: datetime) -> PlannedStep:
    return PlannedStep(kind=StepKind.OVERDUE, at=max(due_at, uow.now), organization=task.owner, roles=task.audience)


async def _arm(uow: UnitOfWork, task: HandoverTask, steps: Sequence[PlannedStep]) -> None:
    """Set the rungs; one that waits for another task has its instant at once when that is done already."""
    if all(step.after_code is None for step in steps):
        await uow.timers.arm(task, steps)
        return
    done_at = {
        other.code: other.proofs.done_at
        for other in await uow.tasks.of_stay(task.stay_id)
        if other.status is TaskStatus.COMPLETED
    }
    closed_days = uow.agreements.closed_days(local(uow.now).date())
    ready = []
    for step in steps:
        since = None if step.after_code is None else done_at.get(step.after_code)
        at = step.at if since is None else max(instant_after(step, since, closed_days), uow.now)
        ready.append(replace(step, at=at))
    await uow.timers.arm(task, ready)


async def _redate(uow: UnitOfWork, task: HandoverTask, planned: PlannedTask) -> None:
    redated = task.redated(uow.now, planned.due_at)
    if redated is task or not task.is_open:
        return
    await uow.tasks.save(redated)
    await _arm(uow, redated, planned.steps)
    uow.record(TaskRedated(at=uow.now, stay_id=task.stay_id, task=redated))


def _task_of(uow: UnitOfWork, stay: Stay, planned: PlannedTask, trigger: Trigger) -> HandoverTask:
    rule = planned.rule
    return HandoverTask(
        id=TaskId(uow.new_id()),
        stay_id=stay.id,
        patient_id=stay.patient_id,
        rule=rule.id,
        agreement=planned.agreement,
        cause=trigger,
        code=rule.code,
        title=rule.title,
        content_class=rule.content_class,
        priority=rule.priority,
        requester=planned.requester,
        owner=planned.owner,
        audience=audience_at(uow.directory, planned.owner, rule.roles),
        chain=planned.chain,
        created_at=uow.now,
        changed_at=uow.now,
        due_at=planned.due_at,
        proofs=Proofs(sent_at=uow.now),
    )


def _context(uow: UnitOfWork, stay: Stay, patient: Patient) -> PlanningContext:
    return PlanningContext(
        stay=stay,
        directory=uow.directory,
        district=patient.district,
        gp=patient.gp if patient.gp in uow.directory else None,
        municipality_is_party=stay.receiver is not None and stay.is_party(stay.receiver),
        report_requested=bool(_reports_asked(stay)),
        received_at=uow.now,
        closed_days=uow.agreements.closed_days(local(uow.now).date()),
    )


async def _agreement_of(uow: UnitOfWork, stay: Stay) -> HealthAgreement | None:
    """The agreement of the addressee municipality's region; the hospital's where there is no municipality."""
    place = stay.receiver if stay.receiver is not None else stay.hospital
    region = uow.directory.region_of(place) or uow.directory.region_of(stay.hospital)
    return await uow.agreements.for_region(region, local(uow.now).date())
