"""Duties that an agreement makes of a fact: planned once, armed with their ladders, re-dated, taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from discharge.agreement import MOVING, Rule, Trigger
from discharge.conditions import Facts
from discharge.context import PlanningContext
from discharge.events import AgreementMissing, TaskMoved, TaskRedated, TaskRequested
from discharge.facts import facts_of
from discharge.handlers import planner
from discharge.handlers.making import task_of
from discharge.handlers.planner import NO_NEWS, News
from discharge.handlers.reasons import (
    CANCELLED_BY_NOTICE,
    DEATH,
    REPORT_NOT_ASKED,
    UNDONE_BY_WARD,
    is_dropped,
    is_taken_away,
    why_void,
)
from discharge.handlers.reported import is_of_report, reports_before
from discharge.handlers.righting import ACT_TAKEN, overdue, put_right
from discharge.handlers.waiting import release_waiting, settle
from discharge.identifiers import PersonId, SorCode, TaskId
from discharge.patient import Patient
from discharge.planning import Ladder, PlannedTask, called, due_of, follows, instant_after, planned_task
from discharge.policy import audience_at
from discharge.ports import UnitOfWork
from discharge.stay import PartyBasis, Stay
from discharge.story import end_told_since
from discharge.task import HandoverTask, Move, Person, TaskStatus

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

_STAFET: Final = Person(PersonId("stafet"), "Stafet")
_BEGINNINGS: Final = frozenset({Trigger.STAY_BEGAN, Trigger.DISCHARGED})
_FELL_AWAY: Final = frozenset({Trigger.TREATMENT_RESUMED, Trigger.PLAN_REVISED})
"""Events by which what was asked for is wanted no more: what somebody had begun must be put right."""


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
    context = planner.context_of(uow, stay, patient, agreement, tasks, news)
    facts = facts_of(context)
    carried_out: list[HandoverTask] = []
    for trigger in triggers:
        stay = await _let_follow(uow, stay, tasks, trigger, context, facts, news, carried_out)
        tasks = await uow.tasks.of_stay(stay.id)
    wanted = [(trigger, rule) for trigger in triggers for rule in called(agreement, trigger, facts)]
    existing = {(task.rule, task.code): task for task in _holding(tasks, stay)} if wanted else {}
    made: dict[TaskId, Rule] = {}
    anew: set[str] = set()
    for trigger, rule in wanted:
        known = None if trigger is Trigger.MESSAGE_WRITTEN else existing.get(rule.key)
        if known is not None and _is_asked_anew(known, rule, trigger, stay, facts, uow):
            anew.add(known.code)
            known = None
        planned = None if known is not None and not redate else planned_task(agreement, rule, context)
        if planned is None:
            continue
        if known is not None:
            due_at, ladder = await _by_its_own_rule(uow, known, planned, context)
            await _redate(uow, known, due_at, ladder, anew=known.cause != trigger)
            continue
        task = task_of(uow, stay, planned, trigger, news.conversation_id)
        existing[rule.key] = task
        made[task.id] = rule
        stay = stay.with_party(task.owner, PartyBasis.OWES, uow.now)
        await uow.tasks.save(task)
        await _arm(uow, task, planned.steps)
        if not is_of_report(rule):
            uow.record(TaskRequested(at=uow.now, stay_id=stay.id, task=task))
    await _wait_again(uow, stay, tasks, anew)
    if any(task.wait for task in tasks) or any(rule.waits_for for rule in made.values()):
        await settle(uow, stay.id, untold=made)
    stay = await _ask_for_reports(uow, stay, patient, made, triggers)
    return await _follow_up(uow, stay, patient, carried_out, news)


async def _ask_for_reports(
    uow: UnitOfWork, stay: Stay, patient: Patient, made: Mapping[TaskId, Rule], triggers: Collection[Trigger]
) -> Stay:
    """A report that came in before the duty to send it was made has carried it out: nobody is asked for that."""
    asked = {task_id for task_id, rule in made.items() if is_of_report(rule)}
    if not asked:
        return stay
    for sent in () if Trigger.DOCUMENT_FILED in triggers else await reports_before(uow, stay):
        stay = await plan_tasks(uow, stay, patient, Trigger.DOCUMENT_FILED, news=sent)
    for task in await uow.tasks.of_stay(stay.id):
        if task.id in asked and task.is_open:
            uow.record(TaskRequested(at=uow.now, stay_id=stay.id, task=task))
    return stay


async def _wait_again(uow: UnitOfWork, stay: Stay, tasks: Sequence[HandoverTask], codes: set[str]) -> None:
    """Rungs that waited for what is owed anew wait for it once more."""
    for task in tasks if codes else ():
        found = await planner.rule_of(uow, task)
        if task.is_open and found is not None and any(step.after_code in codes for step in found[1].steps):
            await restart_ladder(uow, stay, task)


async def _follow_up(
    uow: UnitOfWork, stay: Stay, patient: Patient, carried_out: Sequence[HandoverTask], news: News
) -> Stay:
    """What a rule carried out is done like anything that a person did: rungs waited for it, and rules answer it.

    Each code is followed up once in an event, so that rules which carry each other out come to an end.
    """
    followed_up = news.followed_up
    if followed_up is None:
        followed_up = set() if news.completed is None else {news.completed}
    for task in carried_out:
        await release_waiting(uow, task)
        if task.code not in followed_up:
            followed_up.add(task.code)
            done = News(by=task.proofs.done_by, completed=task.code, followed_up=followed_up)
            stay = await plan_tasks(uow, stay, patient, Trigger.TASK_COMPLETED, news=done)
    return stay


async def _by_its_own_rule(
    uow: UnitOfWork, task: HandoverTask, planned: PlannedTask, context: PlanningContext
) -> tuple[datetime, Ladder]:
    """Deadline and ladder by the version that made the task, which it keeps."""
    found = await planner.rule_of(uow, task)
    due_at = None if found is None else due_of(*found, context)
    if found is None or due_at is None:
        return planned.due_at, planned.steps
    return due_at, Ladder(*found, context, task.owner, due_at)


async def _let_follow(
    uow: UnitOfWork,
    stay: Stay,
    tasks: Sequence[HandoverTask],
    trigger: Trigger,
    context: PlanningContext,
    facts: Facts,
    news: News,
    carried_out: list[HandoverTask],
) -> Stay:
    """What ``trigger`` means for open duties, each by the rule and the version that made it.

    Those that it carries out come to ``carried_out``.
    """
    for task, agreement, rule in await planner.concerned(uow, tasks, trigger):
        if trigger is Trigger.MESSAGE_WRITTEN and task.conversation_id != news.conversation_id:
            continue
        if follows(rule.voided_by, trigger, facts):
            reason = why_void(trigger, news)
            await withdraw(uow, (task,), reason=reason, by=news.by)
            if trigger in _FELL_AWAY:
                stay = await put_right(uow, stay, (task,), reason=reason)
        elif follows(rule.completed_by, trigger, facts):
            carried_out += await _carry_out(uow, task, trigger, planner.doer(task, stay, trigger, news))
        elif follows(rule.renewed_by, trigger, facts) and not task.is_unanswered:
            if news.is_medicine_of(task.owner, uow.directory):
                continue
            adds = news.medicine is not None and news.medicine.comes_to_others
            due_at = task.due_at if adds else due_of(agreement, rule, context)
            await ask_again(uow, stay, task, by=news.by, due_at=due_at)
        elif trigger in MOVING and rule.deadline.moves_with(news.changed):
            due_at = due_of(agreement, rule, context)
            if due_at is not None:
                await _redate(uow, task, due_at, Ladder(agreement, rule, context, task.owner, due_at))
    return stay


async def _carry_out(
    uow: UnitOfWork, task: HandoverTask, trigger: Trigger, by: Person | None
) -> tuple[HandoverTask, ...]:
    """What was done elsewhere carries the duty out: for who did it, else for who has it; nobody's is only withdrawn."""
    reason = why_void(trigger)
    if by is None:
        await withdraw(uow, (task,), reason=reason)
        return ()
    if task.assignee is not None and task.assignee.id != by.id:
        task = task.moved(Move.ASSIGN, by=by, at=uow.now, assignee=by)
    taken = task.moved(Move.ACCEPT, by=by, at=uow.now) if task.is_unanswered else task
    done = replace(taken.moved(Move.COMPLETE, by=by, at=uow.now), status_reason=reason)
    await uow.tasks.save(done)
    await uow.timers.arm(done, ())
    uow.record(TaskMoved(at=uow.now, stay_id=task.stay_id, by=by, task=done, move=Move.COMPLETE))
    return (done,)


async def ask_again(
    uow: UnitOfWork, stay: Stay, task: HandoverTask, *, by: Person | None, due_at: datetime | None = None
) -> None:
    """What was accepted no longer holds: a new round of proofs, with the ladder from the beginning."""
    renewed = task.renewed(uow.now, due_at=due_at)
    await uow.tasks.save(renewed)
    await restart_ladder(uow, stay, renewed)
    uow.record(TaskRedated(at=uow.now, stay_id=stay.id, by=by, task=renewed))


def _holding(tasks: Sequence[HandoverTask], stay: Stay) -> list[HandoverTask]:
    """The duties that are owed, or are so no more: not what was rejected, nor answers to what was taken back.

    How a duty ended, and by whom, makes no difference. Nor is it an answer to a discharge that was told
    after it ended: the one before may be taken back by a message that is still on its way.
    """
    held = [task for task in tasks if task.is_open or (task.cause is not None and not _is_void(task, stay))]
    after = {task.id for task in held if task.cause == Trigger.DISCHARGED and not task.is_open}
    if not after or not stay.notices:
        return held
    told_at = end_told_since(stay.notices)
    return [task for task in held if task.id not in after or (told_at is not None and told_at <= task.changed_at)]


def _is_void(task: HandoverTask, stay: Stay) -> bool:
    return is_taken_away(task) or planner.is_undone(task, stay) or task.status is TaskStatus.REJECTED


def _is_asked_anew(
    known: HandoverTask, rule: Rule, trigger: Trigger, stay: Stay, facts: Facts, uow: UnitOfWork
) -> bool:
    """What is over is owed once more when its rule says so; a report also when another hospital asks for it."""
    if (known.status is TaskStatus.COMPLETED or is_dropped(known)) and follows(rule.renewed_by, trigger, facts):
        return True
    if known.is_open or not planner.asks_for_report(rule):
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
        await uow.timers.arm(task, (overdue(uow, task, task.due_at),))
        return
    agreement, rule = found
    context = planner.context_of(uow, stay, await uow.patients.get(stay.patient_id), agreement)
    await _arm(uow, task, Ladder(agreement, rule, context, task.owner, task.due_at))


async def _arm(uow: UnitOfWork, task: HandoverTask, ladder: Ladder) -> None:
    """Set the rungs; one that waits for another task has its instant at once when that is done already."""
    if not ladder.waits:
        await uow.timers.arm(task, ladder)
        return
    others = await uow.tasks.of_stay(task.stay_id)
    owed = {other.code for other in others if other.is_open}
    done_at = {
        other.code: other.proofs.done_at
        for other in others
        if other.status is TaskStatus.COMPLETED and other.cause is not None and other.code not in owed
    }
    closed_days = await planner.closed_days_for(uow, task)
    ready = []
    for step in ladder:
        since = None if step.after_code is None else done_at.get(step.after_code)
        at = step.at if since is None else max(instant_after(step, since, closed_days), uow.now)
        ready.append(replace(step, at=at))
    await uow.timers.arm(task, ready)


async def _redate(uow: UnitOfWork, task: HandoverTask, due_at: datetime, ladder: Ladder, *, anew: bool = False) -> None:
    """The same duty by another instant; ``anew`` arms its ladder even where that instant is the same."""
    redated = task.redated(uow.now, due_at)
    if not task.is_open or (redated is task and not anew):
        return
    await uow.tasks.save(redated)
    await _arm(uow, redated, ladder)
    uow.record(TaskRedated(at=uow.now, stay_id=task.stay_id, task=redated))
