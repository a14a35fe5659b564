"""Duties that an agreement makes of a fact: planned once, armed with their ladders, re-dated, taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from discharge.agreement import MOVING, Rule, StepKind, Trigger
from discharge.conditions import Facts
from discharge.context import PlanningContext
from discharge.events import AgreementMissing, TaskMoved, TaskRedated, TaskRequested
from discharge.facts import facts_of
from discharge.handlers import planner
from discharge.handlers.making import task_of
from discharge.handlers.planner import NO_NEWS, News
from discharge.handlers.reported import reports_before
from discharge.handlers.waiting import release_waiting, settle
from discharge.identifiers import PersonId, RuleId, SorCode, TaskId
from discharge.patient import Patient
from discharge.planning import Ladder, PlannedStep, PlannedTask, called, due_of, follows, instant_after, planned_task
from discharge.policy import audience_at
from discharge.ports import UnitOfWork
from discharge.stay import PartyBasis, Stay
from discharge.story import end_told_since
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
    Trigger.DISCHARGED: planner.LEFT,
    Trigger.MESSAGE_WRITTEN: "Der er svaret på beskeden",
    Trigger.MEDICATION_REVISED: "Det er klaret på medicinlisten",
    Trigger.DOCUMENT_FILED: "Udskrivningsrapporten er kommet",
}
"""Why an event took a duty back, as its owner reads it."""
_FELL_AWAY: Final = frozenset({Trigger.TREATMENT_RESUMED, Trigger.PLAN_REVISED})
"""Events by which what was asked for is wanted no more: what somebody had begun must be put right."""
_NOT_NEEDED: Final = frozenset({_NO_LONGER_NEEDED, *_VOIDED.values()})


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
    for trigger, rule in wanted:
        known = None if trigger is Trigger.MESSAGE_WRITTEN else existing.get(rule.key)
        if known is not None and _is_asked_anew(known, rule, trigger, stay, facts, uow):
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
        uow.record(TaskRequested(at=uow.now, stay_id=stay.id, task=task))
    if any(task.wait for task in tasks) or any(rule.waits_for for rule in made.values()):
        await settle(uow, stay.id, untold=made)
    if Trigger.DOCUMENT_FILED not in triggers:
        stay = await _sent_before(uow, stay, patient, made.values())
    return await _follow_up(uow, stay, patient, carried_out, news)


async def _sent_before(uow: UnitOfWork, stay: Stay, patient: Patient, rules: Iterable[Rule]) -> Stay:
    """A report that came in before the duty to send it was made has carried it out."""
    if any(rule.completed_by is not None and Trigger.DOCUMENT_FILED in rule.completed_by.on for rule in rules):
        for sent in await reports_before(uow, stay):
            stay = await plan_tasks(uow, stay, patient, Trigger.DOCUMENT_FILED, news=sent)
    return stay


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
            await withdraw(uow, (task,), reason=_VOIDED.get(trigger, _NO_LONGER_NEEDED), by=news.by)
            if trigger in _FELL_AWAY:
                stay = await put_right(uow, stay, (task,), reason=_VOIDED.get(trigger, _NO_LONGER_NEEDED))
        elif follows(rule.completed_by, trigger, facts):
            carried_out += await _carry_out(uow, task, trigger, _doer(task, stay, trigger, news))
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


def _doer(task: HandoverTask, stay: Stay, trigger: Trigger, news: News) -> Person | None:
    """Who did it: the one whose press or letter it was, at the owner itself; for others' duties, who has them."""
    if news.message is not None:
        return news.by if news.message.asker == task.owner else task.assignee
    at_the_owner = task.owner == stay.ward or trigger is Trigger.TASK_COMPLETED
    return news.by if at_the_owner and news.by is not None else task.assignee


async def _carry_out(
    uow: UnitOfWork, task: HandoverTask, trigger: Trigger, by: Person | None
) -> tuple[HandoverTask, ...]:
    """What was done elsewhere carries the duty out: for who did it, else for who has it; nobody's is only withdrawn."""
    reason = _VOIDED.get(trigger, _NO_LONGER_NEEDED)
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
    withdrawn = task.status is TaskStatus.CANCELLED and task.status_reason in _TAKEN_BACK | _NOT_NEEDED
    return withdrawn or planner.is_undone(task, stay) or task.status is TaskStatus.REJECTED


def _is_asked_anew(
    known: HandoverTask, rule: Rule, trigger: Trigger, stay: Stay, facts: Facts, uow: UnitOfWork
) -> bool:
    """What was done is owed once more when its rule says so; a report also when another hospital asks for it."""
    if known.status is TaskStatus.COMPLETED and follows(rule.renewed_by, trigger, facts):
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
            note_en=f"{task.title.en}. {reason}",
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
    await _arm(uow, task, Ladder(agreement, rule, context, task.owner, task.due_at))


def _overdue(uow: UnitOfWork, task: HandoverTask, due_at: datetime) -> PlannedStep:
    return PlannedStep(kind=StepKind.OVERDUE, at=max(due_at, uow.now), organization=task.owner, roles=task.audience)


async def _arm(uow: UnitOfWork, task: HandoverTask, ladder: Ladder) -> None:
    """Set the rungs; one that waits for another task has its instant at once when that is done already."""
    if not ladder.waits:
        await uow.timers.arm(task, ladder)
        return
    done_at = {
        other.code: other.proofs.done_at
        for other in await uow.tasks.of_stay(task.stay_id)
        if other.status is TaskStatus.COMPLETED and other.cause is not None
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
