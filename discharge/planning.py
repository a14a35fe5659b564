"""An agreement followed: which tasks an event makes, for whom, by when, and who is told when nobody answers.

Everything here is pure: the same event in the same context plans the same tasks.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, assert_never

from discharge.agreement import (
    Act,
    Anchor,
    Consequence,
    Deadline,
    DeadlineKind,
    Gate,
    HealthAgreement,
    PartyName,
    Quiet,
    Rule,
    Since,
    Step,
    StepKind,
    Trigger,
)
from discharge.clock import END_OF_DAY, add_working_days, at_local, local, working_day
from discharge.conditions import Facts
from discharge.context import PlanningContext
from discharge.facts import facts_of
from discharge.identifiers import SorCode
from discharge.policy import Role
from discharge.task import AgreementRef

__all__ = [
    "PlannedStep",
    "PlannedTask",
    "closed_gates",
    "due_of",
    "follows",
    "instant_after",
    "plan",
    "planned_steps",
]

_MUNICIPAL: Final = frozenset({PartyName.MUNICIPALITY, PartyName.MUNICIPALITY_ON_DUTY})
_SEARCHED_DAYS: Final = 370


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """A rung with its instant and its addressee; ``at`` is None until another task is completed."""

    kind: StepKind
    at: datetime | None
    organization: SorCode
    roles: frozenset[Role]
    while_unanswered: bool = False
    """True: only until a person takes the task on. False: until it is done."""
    after_code: str | None = None
    span: timedelta = timedelta()
    working_days: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTask:
    """A duty as the agreement wants it, before it has an id."""

    rule: Rule
    agreement: AgreementRef
    requester: SorCode
    owner: SorCode
    chain: tuple[SorCode, ...]
    due_at: datetime
    steps: tuple[PlannedStep, ...]


def plan(agreement: HealthAgreement, trigger: Trigger, context: PlanningContext) -> tuple[PlannedTask, ...]:
    """The tasks that ``trigger`` makes in ``context``, in the order of the rules.

    A rule whose deadline counts from something that nobody has said yet waits until somebody does.
    """
    facts = facts_of(context)
    planned = (
        _planned(agreement, rule, context)
        for rule in agreement.answering(trigger)
        if rule.when is None or rule.when.holds(facts)
    )
    return tuple(task for task in planned if task is not None)


def closed_gates(agreement: HealthAgreement, act: Act, context: PlanningContext) -> tuple[Gate, ...]:
    """The gates that stand in the way of ``act``."""
    facts = facts_of(context)
    return tuple(gate for gate in agreement.gates if gate.act is act and gate.when.holds(facts))


def follows(consequence: Consequence | None, trigger: Trigger, facts: Facts) -> bool:
    """Tell whether ``trigger`` has this consequence for an open task."""
    if consequence is None or trigger not in consequence.on:
        return False
    return consequence.when is None or consequence.when.holds(facts)


def _planned(agreement: HealthAgreement, rule: Rule, context: PlanningContext) -> PlannedTask | None:
    due_at = due_of(agreement, rule, context)
    if due_at is None:
        return None
    owner = resolve(agreement, rule.addressee, context)
    chain = (resolve(agreement, party, context) for party in rule.chain)
    return PlannedTask(
        rule=rule,
        agreement=agreement.ref,
        requester=resolve(agreement, rule.requester, context),
        owner=owner,
        chain=tuple(sor for sor in dict.fromkeys(chain) if sor != owner),
        due_at=due_at,
        steps=planned_steps(agreement, rule, context, owner=owner, due_at=due_at),
    )


def resolve(agreement: HealthAgreement, party: str, context: PlanningContext) -> SorCode:
    """The organisation that plays ``party`` on the day of the event.

    A duty is never without an owner: where the citizen has no practice on record, the municipality is
    no party, or the agreement names nobody for the day, the ward keeps it.
    """

    def find() -> SorCode:
        player = agreement.player(party, context.today)
        return (None if player is None else context.organization(player)) or context.stay.ward

    return context.once((agreement.id, agreement.version, party), find)


def planned_steps(
    agreement: HealthAgreement, rule: Rule, context: PlanningContext, *, owner: SorCode, due_at: datetime
) -> tuple[PlannedStep, ...]:
    """The ladder of ``rule``. A rung that would lie before the receipt is counted from the receipt instead.

    A municipality that is no party is not called: it may not know of the stay.
    """
    planned = []
    for step in rule.steps:
        party = step.party
        if party is not None and not context.municipality_is_party and _is_municipal(agreement, party, context):
            continue
        at = _instant_of(step, due_at, context)
        if at is None and step.anchor is not Anchor.COMPLETED:
            continue
        if at == context.received_at and step.kind is StepKind.REMIND:
            # Its time has passed: who is asked this moment needs no reminder, nor who was reminded already.
            continue
        if at is not None:
            at, party = _heard(agreement, step, at, rule.addressee, context)
        organization = owner if party is None else resolve(agreement, party, context)
        planned.append(
            PlannedStep(
                kind=step.kind,
                at=at,
                organization=organization,
                roles=context.audience(organization, step.roles or rule.roles),
                while_unanswered=not step.until_done,
                after_code=step.after_code,
                span=step.span,
                working_days=step.working_days,
            )
        )
    return tuple(planned)


def _is_municipal(agreement: HealthAgreement, party: str, context: PlanningContext) -> bool:
    return agreement.player(party, context.today) in _MUNICIPAL


def _instant_of(step: Step, due_at: datetime, context: PlanningContext) -> datetime | None:
    match step.anchor:
        case Anchor.RECEIPT:
            return context.received_at + _span(step, context)
        case Anchor.DUE:
            return _not_before(due_at + step.span, step, context.received_at)
        case Anchor.COMPLETED:
            return None
        case Anchor.INSTANT:
            assert step.instant is not None, "the form demands it"
            at = _counted(step.instant, context, immediately=timedelta(), reads_on=None)
            return None if at is None else max(at, context.received_at)
        case _:
            assert_never(step.anchor)


def _heard(
    agreement: HealthAgreement, step: Step, at: datetime, addressee: str, context: PlanningContext
) -> tuple[datetime, str | None]:
    """When a rung rings, and at whom, once the hours of the party it rings at are respected."""
    if step.quiet is Quiet.RING:
        return at, step.party
    party = step.party or addressee
    hours = agreement.hours_of(party, resolve(agreement, party, context))
    if hours is None:
        return at, step.party
    if step.quiet is Quiet.ON_CALL and party in agreement.on_call:
        return at, step.party if hours.covers(at, context.closed_days) else agreement.on_call[party]
    return hours.next_open(at, context.closed_days), step.party


def instant_after(step: PlannedStep, completed_at: datetime, closed_days: frozenset[date]) -> datetime:
    """When a rung that waited for another task is due, now that it is completed."""
    return add_working_days(completed_at + step.span, step.working_days, closed=closed_days)


def due_of(agreement: HealthAgreement, rule: Rule, context: PlanningContext) -> datetime | None:
    """When the duty of ``rule`` falls due; None while nobody has said what it counts from."""
    reads_on = None
    if _counts_as(DeadlineKind.READING, rule.deadline):
        hours = agreement.hours_of(rule.addressee, resolve(agreement, rule.addressee, context))
        reads_on = context.closed_days if hours is not None and hours.working_days_only else None
    immediately = timedelta()
    if _counts_as(DeadlineKind.IMMEDIATE, rule.deadline):
        spans = (_span(step, context) for step in rule.steps if step.anchor is Anchor.RECEIPT)
        immediately = min(spans, default=timedelta())
    return _counted(rule.deadline, context, immediately=immediately, reads_on=reads_on)


def _counts_as(kind: DeadlineKind, deadline: Deadline) -> bool:
    return deadline.kind is kind or (deadline.otherwise is not None and _counts_as(kind, deadline.otherwise))


def _counted(
    deadline: Deadline, context: PlanningContext, *, immediately: timedelta, reads_on: frozenset[date] | None
) -> datetime | None:
    """The instant that ``deadline`` names.

    Args:
        deadline: what to count.
        context: what is known.
        immediately: what "at once" means in minutes.
        reads_on: the days on which the owner does not read; None when it reads every day.
    """
    since = _since(deadline.since, context)
    if since is None:
        if deadline.otherwise is None:
            return None
        return _counted(deadline.otherwise, context, immediately=immediately, reads_on=reads_on)
    at = _from(since, deadline, context.closed_days, immediately=immediately, reads_on=reads_on)
    return at if deadline.no_sooner is None else max(at, context.received_at + deadline.no_sooner)


def _from(
    since: datetime,
    deadline: Deadline,
    closed_days: frozenset[date],
    *,
    immediately: timedelta,
    reads_on: frozenset[date] | None,
) -> datetime:
    match deadline.kind:
        case DeadlineKind.IMMEDIATE:
            return since + immediately
        case DeadlineKind.ELAPSED:
            return since + deadline.span
        case DeadlineKind.CLOCK:
            there = local(since)
            return at_local(
                there.date() + timedelta(days=deadline.days), there.time() if deadline.at is None else deadline.at
            )
        case DeadlineKind.WORKING_DAYS:
            there = local(since)
            day = working_day(there.date(), deadline.days, closed=closed_days)
            return at_local(day, there.time() if deadline.at is None else deadline.at)
        case DeadlineKind.READING:
            return _read_by(since, deadline, reads_on)
        case _:
            assert_never(deadline.kind)


def _read_by(sent: datetime, deadline: Deadline, reads_on: frozenset[date] | None) -> datetime:
    there = local(sent)
    # As people read a clock: 14.30 is by 14.30 until it is 14.31.
    in_time = there.time().replace(second=0, microsecond=0) <= (deadline.sent_by or END_OF_DAY)
    first = there.date() if in_time else there.date() + timedelta(days=1)
    days = (first + timedelta(days=n) for n in range(_SEARCHED_DAYS))
    day = first if reads_on is None else next((day for day in days if _reads(day, reads_on)), first)
    return at_local(day, deadline.at or END_OF_DAY)


def _reads(day: date, closed: frozenset[date]) -> bool:
    return working_day(day - timedelta(days=1), 1, closed=closed) == day


def _since(since: Since, context: PlanningContext) -> datetime | None:
    match since:
        case Since.EVENT:
            return context.received_at
        case Since.STAY_BEGAN:
            return context.stay.began_at
        case Since.EXPECTED_DISCHARGE:
            return context.stay.plan.expected_discharge_at
        case Since.TREATMENT_FINISHED:
            return context.stay.plan.treatment_finished_at
        case Since.DISCHARGE:
            return context.stay.ended_at
        case Since.FIRST_VISIT:
            return context.stay.plan.first_visit_at
        case _:
            assert_never(since)


def _not_before(at: datetime, step: Step, received_at: datetime) -> datetime:
    return at if at >= received_at else received_at + max(step.span, timedelta())


def _span(step: Step, context: PlanningContext) -> timedelta:
    outside = step.within is not None and not step.within.covers(context.received_at, context.closed_days)
    return step.span_outside if outside and step.span_outside is not None else step.span
