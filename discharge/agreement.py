"""The health agreement: who owes what to whom, and by when, as data.

``HealthAgreement.plan`` is pure: the same event in the same context plans the same tasks. No rule
lives in code; code knows only the kinds of trigger, condition, party and deadline that rules use.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never

from discharge.clock import OpeningHours, add_working_days, end_of_day
from discharge.directory import Directory
from discharge.identifiers import RuleId, SorCode
from discharge.policy import ContentClass, Role, audience_at
from discharge.stay import Stay
from discharge.task import AgreementRef, Priority, Title

__all__ = [
    "Anchor",
    "Condition",
    "Deadline",
    "DeadlineKind",
    "HealthAgreement",
    "PartyName",
    "PlannedStep",
    "PlannedTask",
    "PlanningContext",
    "Rule",
    "Step",
    "StepKind",
    "Trigger",
    "instant_after",
    "planned_steps",
]


class Trigger(StrEnum):
    """The event a rule answers."""

    STAY_BEGAN = "stay-began"
    DISCHARGED = "discharged"


class Condition(StrEnum):
    """What must hold for a rule to fire."""

    MUNICIPALITY_IS_PARTY = "municipality-is-party"
    REPORT_REQUESTED = "report-of-admission-requested"


class PartyName(StrEnum):
    """A party by its part in the stay, resolved to an organisation when a task is planned."""

    MUNICIPALITY = "municipality"
    """The receiver's unit for the citizen's district."""
    MUNICIPALITY_ON_DUTY = "municipality-on-duty"
    """The receiver as a whole: whoever is on duty."""
    WARD = "ward"
    GP = "gp"


_MUNICIPAL: Final = frozenset({PartyName.MUNICIPALITY, PartyName.MUNICIPALITY_ON_DUTY})


class DeadlineKind(StrEnum):
    """How a deadline counts."""

    IMMEDIATE = "immediate"
    """The receipt plus the rule's first escalation span."""
    ELAPSED_SINCE_DISCHARGE = "elapsed-since-discharge"
    DEPARTURE = "departure"
    END_OF_DAY = "end-of-day"
    """24:00 local time, a number of days after the day of discharge."""
    FIRST_VISIT = "first-visit"
    """The plan's first visit, else 24:00 local time on the day of discharge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When a duty falls due."""

    kind: DeadlineKind
    span: timedelta = timedelta()
    days: int = 0


class StepKind(StrEnum):
    """What a step of the ladder does; none of them ends a task."""

    REMIND = "remind"
    ESCALATE = "escalate"
    OVERDUE = "overdue"


class Anchor(StrEnum):
    """From when a step counts."""

    RECEIPT = "receipt"
    DUE = "due"
    COMPLETED = "completed"
    """From the completion of another task of the stay, named by ``Step.after_code``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung of the ladder that is climbed while nobody answers."""

    kind: StepKind
    anchor: Anchor = Anchor.RECEIPT
    span: timedelta = timedelta()
    working_days: int = 0
    within: OpeningHours | None = None
    span_outside: timedelta | None = None
    """The span when the receipt falls outside ``within``."""
    party: PartyName | None = None
    """None: the owner itself."""
    roles: frozenset[Role] = frozenset()
    after_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the agreement."""

    id: RuleId
    source: str
    trigger: Trigger
    conditions: frozenset[Condition] = frozenset()
    addressee: PartyName
    roles: frozenset[Role]
    requester: PartyName = PartyName.WARD
    code: str
    title: Title
    content_class: ContentClass
    priority: Priority = Priority.ROUTINE
    deadline: Deadline
    steps: tuple[Step, ...] = ()
    chain: tuple[PartyName, ...] = ()

    def span_of_first_step(self, received_at: datetime) -> timedelta:
        """The first escalation span, which is what `immediate` means in minutes."""
        spans = [_span(step, received_at) for step in self.steps if step.anchor is Anchor.RECEIPT]
        return min(spans, default=timedelta())


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningContext:
    """All that a rule may look at."""

    stay: Stay
    directory: Directory
    district: str | None
    gp: SorCode | None
    municipality_is_party: bool
    report_requested: bool
    received_at: datetime
    closed_days: frozenset[date] = frozenset()

    def holds(self, condition: Condition) -> bool:
        """Tell whether ``condition`` is met."""
        match condition:
            case Condition.MUNICIPALITY_IS_PARTY:
                return self.municipality_is_party
            case Condition.REPORT_REQUESTED:
                return self.report_requested
            case _:
                assert_never(condition)

    def resolve(self, party: PartyName) -> SorCode:
        """The organisation that plays ``party`` in this stay.

        A duty is never without an owner: where the citizen has no practice on record, or the
        municipality is no party, the ward keeps it.
        """
        receiver = self.stay.receiver if self.municipality_is_party else None
        match party:
            case PartyName.WARD:
                return self.stay.ward
            case PartyName.MUNICIPALITY:
                return self.stay.ward if receiver is None else self.directory.unit_for(receiver, self.district)
            case PartyName.MUNICIPALITY_ON_DUTY:
                return receiver or self.stay.ward
            case PartyName.GP:
                return self.gp or self.stay.ward
            case _:
                assert_never(party)


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthAgreement:
    """A version of the rules, and where and when they hold."""

    id: str
    version: str
    title: str
    regions: frozenset[str]
    valid_from: date
    valid_to: date | None = None
    rules: tuple[Rule, ...]

    @property
    def ref(self) -> AgreementRef:
        """What a task remembers of it."""
        return AgreementRef(self.id, self.version)

    def is_valid_on(self, day: date) -> bool:
        """Tell whether it is in force; the last day counts."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def plan(self, trigger: Trigger, context: PlanningContext) -> tuple[PlannedTask, ...]:
        """The tasks that ``trigger`` makes in ``context``, in the order of the rules."""
        return tuple(
            self._planned(rule, context)
            for rule in self.rules
            if rule.trigger is trigger and all(context.holds(condition) for condition in rule.conditions)
        )

    def _planned(self, rule: Rule, context: PlanningContext) -> PlannedTask:
        owner = context.resolve(rule.addressee)
        due_at = _due(rule, context)
        chain = (context.resolve(party) for party in rule.chain)
        return PlannedTask(
            rule=rule,
            agreement=self.ref,
            requester=context.resolve(rule.requester),
            owner=owner,
            chain=tuple(sor for sor in dict.fromkeys(chain) if sor != owner),
            due_at=due_at,
            steps=planned_steps(rule, context, owner=owner, due_at=due_at),
        )


def planned_steps(rule: Rule, context: PlanningContext, *, owner: SorCode, due_at: datetime) -> tuple[PlannedStep, ...]:
    """The ladder of ``rule``. A rung that would lie before the receipt is counted from the receipt instead.

    A municipality that is no party is not called: it may not know of the stay.
    """
    planned = []
    for step in rule.steps:
        at: datetime | None
        if step.party in _MUNICIPAL and not context.municipality_is_party:
            continue
        organization = owner if step.party is None else context.resolve(step.party)
        match step.anchor:
            case Anchor.RECEIPT:
                at = context.received_at + _span(step, context.received_at)
            case Anchor.DUE:
                at = _not_before(due_at + step.span, step, context.received_at)
            case Anchor.COMPLETED:
                at = None
            case _:
                assert_never(step.anchor)
        planned.append(
            PlannedStep(
                kind=step.kind,
                at=at,
                organization=organization,
                roles=audience_at(context.directory, organization, step.roles or rule.roles),
                while_unanswered=step.anchor is not Anchor.DUE,
                after_code=step.after_code,
                span=step.span,
                working_days=step.working_days,
            )
        )
    return tuple(planned)


def instant_after(step: PlannedStep, completed_at: datetime, closed_days: frozenset[date]) -> datetime:
    """When a rung that waited for another task is due, now that it is completed."""
    return add_working_days(completed_at + step.span, step.working_days, closed=closed_days)


def _due(rule: Rule, context: PlanningContext) -> datetime:
    left_at = context.stay.ended_at or context.received_at
    match rule.deadline.kind:
        case DeadlineKind.IMMEDIATE:
            return context.received_at + rule.span_of_first_step(context.received_at)
        case DeadlineKind.ELAPSED_SINCE_DISCHARGE:
            return left_at + rule.deadline.span
        case DeadlineKind.DEPARTURE:
            return left_at
        case DeadlineKind.END_OF_DAY:
            return end_of_day(left_at, days=rule.deadline.days)
        case DeadlineKind.FIRST_VISIT:
            return context.stay.plan.first_visit_at or end_of_day(left_at)
        case _:
            assert_never(rule.deadline.kind)


def _not_before(at: datetime, step: Step, received_at: datetime) -> datetime:
    return at if at >= received_at else received_at + max(step.span, timedelta())


def _span(step: Step, received_at: datetime) -> timedelta:
    outside = step.within is not None and not step.within.covers(received_at)
    return step.span_outside if outside and step.span_outside is not None else step.span
