"""An agreement followed: which tasks an event makes, for whom, by when, and who is told when nobody answers.

Everything here is pure: the same event in the same context plans the same tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from discharge.clock import END_OF_DAY, OpeningHours, add_working_days, at_local, local, working_day
from discharge.conditions import Facts
from discharge.context import PlanningContext
from discharge.directory import OrganizationKind
from discharge.facts import facts_of
from discharge.identifiers import SorCode
from discharge.policy import Role, audience_at
from discharge.stay import Stay
from discharge.task import AgreementRef

__all__ = [
    "Ladder",
    "PlannedStep",
    "PlannedTask",
    "called",
    "closed_gates",
    "due_of",
    "follows",
    "instant_after",
    "plan",
    "planned_task",
]

_MUNICIPAL: Final = frozenset({PartyName.MUNICIPALITY, PartyName.MUNICIPALITY_ON_DUTY})
_READS_AS: Final = {
    OrganizationKind.WARD: PartyName.WARD,
    OrganizationKind.HOSPITAL: PartyName.HOSPITAL,
    OrganizationKind.MUNICIPALITY: PartyName.MUNICIPALITY_ON_DUTY,
    OrganizationKind.UNIT: PartyName.MUNICIPALITY,
    OrganizationKind.GP: PartyName.GP,
    OrganizationKind.REGION: PartyName.REGION,
}
"""Whose hours an organisation keeps when a message asks it."""
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


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs of a duty. Whoever goes through them works them out: much is planned that nobody arms.

    A rung that would lie before the receipt is counted from the receipt instead. A municipality that is
    no party is not called: it may not know of the stay.
    """

    agreement: HealthAgreement
    rule: Rule
    context: PlanningContext
    owner: SorCode
    due_at: datetime

    def __iter__(self) -> Iterator[PlannedStep]:
        """Go from rung to rung, in the order of the rule."""
        for step in self.rule.steps:
            planned = _planned_step(self, step)
            if planned is not None:
                yield planned

    @property
    def waits(self) -> bool:
        """True when a rung has no instant until another task is completed."""
        return any(step.after_code is not None for step in self.rule.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTask:
    """A duty as the agreement wants it, before it has an id."""

    rule: Rule
    agreement: AgreementRef
    requester: SorCode
    owner: SorCode
    chain: tuple[SorCode, ...]
    due_at: datetime
    steps: Ladder


def plan(agreement: HealthAgreement, trigger: Trigger, context: PlanningContext) -> tuple[PlannedTask, ...]:
    """The tasks that ``trigger`` makes in ``context``, in the order of the rules."""
    planned = (planned_task(agreement, rule, context) for rule in called(agreement, trigger, facts_of(context)))
    return tuple(task for task in planned if task is not None)


def called(agreement: HealthAgreement, trigger: Trigger, facts: Facts) -> Iterator[Rule]:
    """The rules that ``trigger`` sets off, in their order."""
    return (rule for rule in agreement.answering(trigger) if rule.when is None or rule.when.holds(facts))


def closed_gates(agreement: HealthAgreement, act: Act, context: PlanningContext) -> tuple[Gate, ...]:
    """The gates that stand in the way of ``act``."""
    facts = facts_of(context)
    return tuple(gate for gate in agreement.gates if gate.act is act and gate.when.holds(facts))


def follows(consequence: Consequence | None, trigger: Trigger, facts: Facts) -> bool:
    """Tell whether ``trigger`` has this consequence for an open task."""
    if consequence is None or trigger not in consequence.on:
        return False
    return consequence.when is None or consequence.when.holds(facts)


def planned_task(agreement: HealthAgreement, rule: Rule, context: PlanningContext) -> PlannedTask | None:
    """The duty that ``rule`` makes; None while its deadline counts from something that nobody has said yet."""
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
        steps=Ladder(agreement, rule, context, owner, due_at),
    )


def resolve(agreement: HealthAgreement, party: str, context: PlanningContext) -> SorCode:
    """The organisation that plays ``party`` on the day of the event.

    A duty is never without an owner: where the citizen has no practice on record, the municipality is
    no party, or the agreement names nobody for the day, the ward keeps it.
    """
    key = (agreement.id, agreement.version, party)
    found = context.owners.get(key)
    if found is None:
        player = agreement.player(party, context.today)
        found = (None if player is None else context.organization(player)) or context.stay.ward
        context.owners[key] = found
    return found


def _planned_step(ladder: Ladder, step: Step) -> PlannedStep | None:
    agreement, rule, context = ladder.agreement, ladder.rule, ladder.context
    party = step.party
    if party is not None and not context.municipality_is_party and _is_municipal(agreement, party, context):
        return None
    at = _instant_of(step, ladder.due_at, context)
    if at is None and step.anchor is not Anchor.COMPLETED:
        return None
    if at == context.received_at and step.kind is StepKind.REMIND:
        # Its time has passed: who is asked this moment needs no reminder, nor who was reminded already.
        return None
    if at is not None:
        at, party = _heard(agreement, step, at, rule.addressee, context)
    organization = ladder.owner if party is None else resolve(agreement, party, context)
    return PlannedStep(
        kind=step.kind,
        at=at,
        organization=organization,
        roles=audience_at(context.directory, organization, step.roles or rule.roles),
        while_unanswered=not step.until_done,
        after_code=step.after_code,
        span=step.span,
        working_days=step.working_days,
    )


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
            at = _counted(step.instant, context, None)
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
    hours = _hours(agreement, party, context)
    if hours is None:
        return at, step.party
    if step.quiet is Quiet.ON_CALL and party in agreement.on_call:
        return at, step.party if hours.covers(at, context.closed_days) else agreement.on_call[party]
    return hours.next_open(at, context.closed_days), step.party


def _hours(agreement: HealthAgreement, party: str, context: PlanningContext) -> OpeningHours | None:
    """When whoever plays ``party`` reads. Who is asked reads as what it is, unless the agreement names it."""
    organization = resolve(agreement, party, context)
    hours = agreement.hours_of(party, organization)
    there = context.directory.get(organization) if party == PartyName.ASKED else None
    return hours if hours is not None or there is None else agreement.hours_of(_READS_AS[there.kind], organization)


def instant_after(step: PlannedStep, completed_at: datetime, closed_days: frozenset[date]) -> datetime:
    """When a rung that waited for another task is due, now that it is completed."""
    return add_working_days(completed_at + step.span, step.working_days, closed=closed_days)


def due_of(agreement: HealthAgreement, rule: Rule, context: PlanningContext) -> datetime | None:
    """When the duty of ``rule`` falls due; None while nobody has said what it counts from."""
    return _counted(rule.deadline, context, (agreement, rule))


def _counted(
    deadline: Deadline, context: PlanningContext, owed: tuple[HealthAgreement, Rule] | None
) -> datetime | None:
    """The instant that ``deadline`` names.

    Args:
        deadline: what to count.
        context: what is known.
        owed: whose deadline it is; None for a rung's instant: nobody reads then, and at once is at once.
    """
    since = _INSTANTS[deadline.since](context)
    if since is None:
        return None if deadline.otherwise is None else _counted(deadline.otherwise, context, owed)
    at = _from(since, deadline, context, owed)
    return at if deadline.no_sooner is None else max(at, context.received_at + deadline.no_sooner)


def _at_once(rule: Rule, context: PlanningContext) -> timedelta:
    """What "at once" means in minutes."""
    spans = (_span(step, context) for step in rule.steps if step.anchor is Anchor.RECEIPT)
    return min(spans, default=timedelta())


def _unread(agreement: HealthAgreement, rule: Rule, context: PlanningContext) -> frozenset[date] | None:
    """The days on which the owner does not read; None when it reads every day."""
    hours = _hours(agreement, rule.addressee, context)
    return context.closed_days if hours is not None and hours.working_days_only else None


def _from(
    since: datetime, deadline: Deadline, context: PlanningContext, owed: tuple[HealthAgreement, Rule] | None
) -> datetime:
    match deadline.kind:
        case DeadlineKind.IMMEDIATE:
            return since if owed is None else since + _at_once(owed[1], context)
        case DeadlineKind.ELAPSED:
            return since + deadline.span
        case DeadlineKind.CLOCK:
            there = local(since)
            return at_local(
                there.date() + timedelta(days=deadline.days), there.time() if deadline.at is None else deadline.at
            )
        case DeadlineKind.WORKING_DAYS:
            there = local(since)
            day = working_day(there.date(), deadline.days, closed=context.closed_days)
            return at_local(day, there.time() if deadline.at is None else deadline.at)
        case DeadlineKind.READING:
            return _read_by(since, deadline, None if owed is None else _unread(*owed, context))
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


def _signed_after(stay: Stay) -> datetime | None:
    """When a doctor stood by the list of medicine, where the patient had left before."""
    signed, left = stay.medicine_signed_at, stay.ended_at
    return signed if signed is not None and left is not None and signed > left else None


_INSTANTS: Final[dict[Since, Callable[[PlanningContext], datetime | None]]] = {
    Since.EVENT: lambda context: context.received_at,
    Since.STAY_BEGAN: lambda context: context.stay.began_at,
    Since.EXPECTED_DISCHARGE: lambda context: context.stay.plan.expected_discharge_at,
    Since.TREATMENT_FINISHED: lambda context: context.stay.plan.treatment_finished_at,
    Since.DISCHARGE: lambda context: context.stay.ended_at,
    Since.FIRST_VISIT: lambda context: context.stay.plan.first_visit_at,
    Since.SIGN_OFF: lambda context: _signed_after(context.stay),
}


def _not_before(at: datetime, step: Step, received_at: datetime) -> datetime:
    return at if at >= received_at else received_at + max(step.span, timedelta())


def _span(step: Step, context: PlanningContext) -> timedelta:
    outside = step.within is not None and not step.within.covers(context.received_at, context.closed_days)
    return step.span_outside if outside and step.span_outside is not None else step.span
