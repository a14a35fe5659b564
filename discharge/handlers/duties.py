"""Duties that an agreement makes of a fact: planned once, armed with their ladders, re-dated, taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from discharge.agreement import StepKind, Trigger
from discharge.conditions import Facts
from discharge.context import MessageFacts, PlanningContext
from discharge.directory import Directory
from discharge.events import AgreementMissing, TaskMoved, TaskRedated, TaskRequested
from discharge.facts import facts_of
from discharge.handlers import planner
from discharge.handlers.making import task_of
from discharge.identifiers import ConversationId, PersonId, RuleId, SorCode, TaskId
from discharge.patient import Patient
from discharge.planning import (
    PlannedStep,
    PlannedTask,
    due_of,
    follows,
    instant_after,
    plan,
    planned_steps,
)
from discharge.policy import audience_at
from discharge.ports import UnitOfWork
from discharge.stay import PartyBasis, Stay
from discharge.story import story_of
from discharge.task import HandoverTask, Move, Person, Priority, Proofs, TaskStatus, Title

__all__ = [
    "ACT_TAKEN",
    "CANCELLED_BY_NOTICE",
    "DEATH",
    "NO_NEWS",
    "REPORT_NOT_ASKED",
    "UNDONE_BY_WARD",
    "News",
    "ask_again",
    "hand_over",
    "plan_tasks",
    "put_right",
    "restart_ladder",
    "withdraw",
]

UNDONE_BY_WARD: Final = "Udskrivningen er taget tilbage"
CANCELLED_BY_NOTICE: Final = "Hospitalet har annulleret meldingen"
DEATH: Final = "Borgeren er død"
REPORT_NOT_ASKED: Final = "Hospitalet beder ikke længere om indlæggelsesrapporten"
_TAKEN_BACK: Final = frozenset({UNDONE_BY_WARD, CANCELLED_BY_NOTICE, DEATH, REPORT_NOT_ASKED})
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
_BEGINNINGS: Final = frozenset({Trigger.STAY_BEGAN, Trigger.DISCHARGED})
_NO_LONGER_NEEDED: Final = "Grunden til opgaven er faldet væk"
_VOIDED: Final = {
    Trigger.TREATMENT_RESUMED: "Færdigmeldingen er taget tilbage",
    Trigger.PLAN_REVISED: "Planen er ændret",
    Trigger.DISCHARGED: "Patienten er udskrevet",
    Trigger.MESSAGE_WRITTEN: "Der er svaret på beskeden",
}
"""Why an event took a duty back, as its owner reads it."""
_FELL_AWAY: Final = frozenset({Trigger.TREATMENT_RESUMED, Trigger.PLAN_REVISED})
"""Events by which what was asked for is wanted no more: what somebody had begun must be put right."""
_NOT_NEEDED: Final = frozenset({_NO_LONGER_NEEDED, *_VOIDED.values()})


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What an event brings beside itself, for rules to look at."""

    by: Person | None = None
    changed: tuple[str, ...] = ()
    """Fields of the plan that changed."""
    message: MessageFacts | None = None
    conversation_id: ConversationId | None = None
    completed: str | None = None
    """Code of the duty that was done."""


NO_NEWS: Final = News()


async def plan_tasks(
    uow: UnitOfWork,
    stay: Stay,
    patient: Patient,
    *triggers: Trigger,
    redate: bool = False,
    news: News = NO_NEWS,
) -> Stay:
    """Commit the duties that ``triggers`` make, and what they mean for those that are open.

    One that the stay already has is never doubled; a rule that answers messages owes each its answer.
    With ``redate`` the fact behind them has a new time, and what is still open is owed by another
    instant. Without it deadlines stand: an agreed time outlives a new telephone number, and a second
    admission notice gives nobody more minutes.
    """
    agreement = await planner.agreement_in_force(uow, stay)
    if agreement is None:
        if not _BEGINNINGS.isdisjoint(triggers):
            uow.record(AgreementMissing(at=uow.now, stay_id=stay.id, ward=stay.ward, receiver=stay.receiver))
        return stay
    tasks = await uow.tasks.of_stay(stay.id)
    context = planner.context_of(
        uow, stay, patient, agreement, tasks, changed=news.changed, message=news.message, completed=news.completed
    )
    facts = facts_of(context)
    for trigger in triggers:
        stay = await _let_follow(uow, stay, await uow.tasks.of_stay(stay.id), trigger, context, facts, news)
    tasks = await uow.tasks.of_stay(stay.id)
    existing = {(task.rule, task.code): task for task in _holding(tasks, stay, uow.directory)}
    for trigger, planned in ((cause, each) for cause in triggers for each in plan(agreement, cause, context)):
        known = None if trigger is Trigger.MESSAGE_WRITTEN else existing.get(planned.rule.key)
        if (
            known is not None
            and known.status is TaskStatus.COMPLETED
            and follows(planned.rule.renewed_by, trigger, facts)
        ):
            known = None
        if known is not None and not _asked_by_another(known, planned, stay, uow):
            if redate:
                due_at, steps = await _by_its_own_rule(uow, known, planned, context)
                await _redate(uow, known, due_at, steps, anew=known.cause != trigger)
            continue
        task = replace(task_of(uow, stay, planned, trigger), conversation_id=news.conversation_id)
        existing[planned.rule.key] = task
        stay = stay.with_party(task.owner, PartyBasis.OWES, uow.now)
        await uow.tasks.save(task)
        await _arm(uow, task, planned.steps)
        uow.record(TaskRequested(at=uow.now, stay_id=stay.id, task=task))
    return stay


async def _by_its_own_rule(
    uow: UnitOfWork, task: HandoverTask, planned: PlannedTask, context: PlanningContext
) -> tuple[datetime, Sequence[PlannedStep]]:
    """Deadline and ladder by the version that made the task, which it keeps."""
    found = await planner.rule_of(uow, task)
    due_at = None if found is None else due_of(*found, context)
    if found is None or due_at is None:
        return planned.due_at, planned.steps
    return due_at, planned_steps(*found, context, owner=task.owner, due_at=due_at)


async def _let_follow(
    uow: UnitOfWork,
    stay: Stay,
    tasks: Sequence[HandoverTask],
    trigger: Trigger,
    context: PlanningContext,
    facts: Facts,
    news: News,
) -> Stay:
    """What ``trigger`` means for open duties, each by the rule and the version that made it."""
    for task in tasks:
        found = await planner.rule_of(uow, task) if task.is_open else None
        if found is None:
            continue
        agreement, rule = found
        if trigger is Trigger.MESSAGE_WRITTEN and task.conversation_id != news.conversation_id:
            continue
        if follows(rule.voided_by, trigger, facts):
            await withdraw(uow, (task,), reason=_VOIDED.get(trigger, _NO_LONGER_NEEDED), by=news.by)
            if trigger in _FELL_AWAY:
                stay = await put_right(uow, stay, (task,), reason=_VOIDED.get(trigger, _NO_LONGER_NEEDED))
        elif follows(rule.completed_by, trigger, facts):
            await _carried_out(uow, task, trigger, _doer(task, stay, trigger, news))
        elif follows(rule.renewed_by, trigger, facts) and not task.is_unanswered:
            await ask_again(uow, stay, task, by=news.by, due_at=due_of(agreement, rule, context))
        elif trigger is Trigger.PLAN_REVISED and rule.deadline.moves_with(news.changed):
            due_at = due_of(agreement, rule, context)
            if due_at is not None:
                steps = planned_steps(agreement, rule, context, owner=task.owner, due_at=due_at)
                await _redate(uow, task, due_at, steps)
    return stay


def _doer(task: HandoverTask, stay: Stay, trigger: Trigger, news: News) -> Person | None:
    """Who did it: the one whose press or letter it was, at the owner itself; for others' duties, who has them."""
    if news.message is not None:
        return news.by if news.message.asker == task.owner else task.assignee
    at_the_owner = task.owner == stay.ward or trigger is Trigger.TASK_COMPLETED
    return news.by if at_the_owner and news.by is not None else task.assignee


async def _carried_out(uow: UnitOfWork, task: HandoverTask, trigger: Trigger, by: Person | None) -> None:
    """What was done elsewhere carries the duty out: for who did it, else for who has it; nobody's is only withdrawn."""
    reason = _VOIDED.get(trigger, _NO_LONGER_NEEDED)
    if by is None:
        await withdraw(uow, (task,), reason=reason)
        return
    if task.assignee is not None and task.assignee.id != by.id:
        task = task.moved(Move.ASSIGN, by=by, at=uow.now, assignee=by)
    taken = task.moved(Move.ACCEPT, by=by, at=uow.now) if task.is_unanswered else task
    done = replace(taken.moved(Move.COMPLETE, by=by, at=uow.now), status_reason=reason)
    await uow.tasks.save(done)
    await uow.timers.arm(done, ())
    uow.record(TaskMoved(at=uow.now, stay_id=task.stay_id, by=by, task=done, move=Move.COMPLETE))


async def ask_again(
    uow: UnitOfWork, stay: Stay, task: HandoverTask, *, by: Person | None, due_at: datetime | None = None
) -> None:
    """What was accepted no longer holds: a new round of proofs, with the ladder from the beginning."""
    renewed = task.renewed(uow.now, due_at=due_at)
    await uow.tasks.save(renewed)
    await restart_ladder(uow, stay, renewed)
    uow.record(TaskRedated(at=uow.now, stay_id=stay.id, by=by, task=renewed))


def _holding(tasks: Sequence[HandoverTask], stay: Stay, directory: Directory) -> list[HandoverTask]:
    """The duties that are owed, or are so no more: not what was rejected, nor answers to what was taken back.

    How a duty ended, and by whom, makes no difference. Nor is it an answer to a discharge that was told
    after it ended: the one before may be taken back by a message that is still on its way.
    """
    held = [task for task in tasks if task.is_open or (task.cause is not None and not _is_void(task, stay))]
    after = {task.id for task in held if task.cause == Trigger.DISCHARGED and not task.is_open}
    if not after or not stay.notices:
        return held
    told_at = story_of(stay.notices, directory).end_told_since
    return [task for task in held if task.id not in after or (told_at is not None and told_at <= task.changed_at)]


def _is_void(task: HandoverTask, stay: Stay) -> bool:
    withdrawn = task.status is TaskStatus.CANCELLED and task.status_reason in _TAKEN_BACK | _NOT_NEEDED
    # What a discharge carried out is owed again when there was no discharge.
    undone = stay.is_open and task.status_reason == _VOIDED[Trigger.DISCHARGED]
    return withdrawn or undone or task.status is TaskStatus.REJECTED


def _asked_by_another(known: HandoverTask, planned: PlannedTask, stay: Stay, uow: UnitOfWork) -> bool:
    """A report that was sent to one hospital is owed to the next one too, when that one asks for it."""
    if not planner.asks_for_report(planned.rule) or known.is_open:
        return False
    asks = any(each.hospital == stay.hospital for each in planner.reports_asked(stay))
    return asks and uow.directory.hospital_of(known.requester) != stay.hospital


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
    had = {task.replaces for task in await uow.tasks.of_stay(stay.id) if task.code == ACT_TAKEN}
    for task in tasks:
        begun = task.assignee is not None or task.status is TaskStatus.COMPLETED
        # The ward knows what it took back itself, and nobody is asked twice.
        if not begun or task.code == ACT_TAKEN or task.id in had or task.owner == stay.ward:
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
    found = await planner.rule_of(uow, task)
    if found is None:
        await uow.timers.arm(task, (_overdue(uow, task, task.due_at),))
        return
    agreement, rule = found
    context = planner.context_of(uow, stay, await uow.patients.get(stay.patient_id), agreement)
    await _arm(uow, task, planned_steps(agreement, rule, context, owner=task.owner, due_at=task.due_at))


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
        if other.status is TaskStatus.COMPLETED and other.cause is not None
    }
    closed_days = await planner.closed_days_for(uow, task)
    ready = []
    for step in steps:
        since = None if step.after_code is None else done_at.get(step.after_code)
        at = step.at if since is None else max(instant_after(step, since, closed_days), uow.now)
        ready.append(replace(step, at=at))
    await uow.timers.arm(task, ready)


async def _redate(
    uow: UnitOfWork, task: HandoverTask, due_at: datetime, steps: Sequence[PlannedStep], *, anew: bool = False
) -> None:
    """The same duty by another instant; ``anew`` arms its ladder even where that instant is the same."""
    redated = task.redated(uow.now, due_at)
    if not task.is_open or (redated is task and not anew):
        return
    await uow.tasks.save(redated)
    await _arm(uow, redated, steps)
    uow.record(TaskRedated(at=uow.now, stay_id=task.stay_id, task=redated))
