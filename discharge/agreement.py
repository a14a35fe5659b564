"""The health agreement: who owes what to whom, and by when, as data.

No rule lives in code: code knows only the kinds of trigger, condition, party and deadline that rules
are made of. ``discharge.planning`` follows an agreement, ``discharge.agreement_format`` reads one,
``discharge.layers`` lays deviations and overlays upon it. ``docs/agreement.md`` describes the form.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Final

from discharge.clock import OpeningHours
from discharge.conditions import Condition
from discharge.context import PartyName
from discharge.identifiers import RuleId, SorCode
from discharge.policy import ContentClass, Role
from discharge.task import AgreementRef, Priority, Title

__all__ = [
    "AUTHORITY",
    "MOVING",
    "Act",
    "Anchor",
    "Consequence",
    "Deadline",
    "DeadlineKind",
    "Gate",
    "HealthAgreement",
    "PartyName",
    "PartySpan",
    "Quiet",
    "Rule",
    "Since",
    "Step",
    "StepKind",
    "Trigger",
]


class Trigger(StrEnum):
    """The event a rule answers."""

    STAY_BEGAN = "stay-began"
    """The patient is in hospital: STIN or STAA."""
    ADMITTED = "admitted"
    """The patient is an inpatient: STIN, also after STAA."""
    PLAN_REVISED = "plan-revised"
    """The ward's plan has a new version."""
    TREATMENT_FINISHED = "treatment-finished"
    TREATMENT_RESUMED = "treatment-resumed"
    """The ward took back that the treatment is finished."""
    DISCHARGED = "discharged"
    MESSAGE_WRITTEN = "message-written"
    """A care message about the stay came in, or was written here."""
    TASK_COMPLETED = "task-completed"
    MEDICATION_REVISED = "medication-revised"
    """A list of medicine was stated, signed for, or decided on."""
    DOCUMENT_FILED = "document-filed"
    """A discharge report came in, or the ward said which of several holds: others count now than before."""


AUTHORITY: Final = "/authority"
"""After the name of a party of the agreement: who answers for it, where another one runs it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartySpan:
    """Who plays a named party for a span of days; both days count.

    Source: the reform of 2027 (L 42, 2025-26), under which a region may answer for what a municipality runs.
    """

    operator: PartyName
    """Who does the work, and owns the task."""
    authority: PartyName
    """Who answers for it."""
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Tell whether it is so on ``day``."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class Since(StrEnum):
    """The instant that a deadline counts from."""

    EVENT = "event"
    """When the fact reached us."""
    STAY_BEGAN = "stay-began"
    EXPECTED_DISCHARGE = "expected-discharge"
    """Moves with the plan, and the deadline with it."""
    TREATMENT_FINISHED = "treatment-finished"
    DISCHARGE = "discharge"
    FIRST_VISIT = "first-visit"
    """Of the plan; moves with it."""
    SIGN_OFF = "sign-off"
    """When a doctor stood by the list of medicine, if that was after the discharge; moves with it."""


MOVING: Final = {
    Trigger.PLAN_REVISED: frozenset({Since.EXPECTED_DISCHARGE, Since.TREATMENT_FINISHED, Since.FIRST_VISIT}),
    Trigger.MEDICATION_REVISED: frozenset({Since.SIGN_OFF}),
}
"""The events that can move an instant that open duties count from."""


class DeadlineKind(StrEnum):
    """How a deadline counts."""

    IMMEDIATE = "immediate"
    """The receipt plus the rule's first escalation span."""
    ELAPSED = "elapsed"
    """A span of real time; 24 hours are 24 hours, also when the clocks change."""
    CLOCK = "clock"
    """A time of a local day, a number of days after or before the day it counts from."""
    WORKING_DAYS = "working-days"
    """A time of a local day, a number of working days after or before."""
    READING = "reading"
    """Read by a time of day if sent early enough, else by that time on the next day on which the owner reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When a duty falls due."""

    kind: DeadlineKind
    since: Since = Since.EVENT
    span: timedelta = timedelta()
    days: int = 0
    at: time | None = None
    """Local time of day; ``clock.END_OF_DAY`` is 24:00. None: the time of day it counts from."""
    sent_by: time | None = None
    no_sooner: timedelta | None = None
    """Nobody owes before they can: at least so long after the event, whatever the rest says."""
    otherwise: Deadline | None = None
    """Where the instant it counts from is not known; without it such a rule waits."""

    def moves_with(self, changed: Collection[str]) -> bool:
        """Tell whether it moves when these parameters of the plan change: not at any other change of the plan."""
        moving = self.since.value in changed
        return moving or (self.otherwise is not None and self.otherwise.moves_with(changed))


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
    INSTANT = "instant"
    """At an instant of its own, ``Step.instant``."""


class Quiet(StrEnum):
    """What a step does outside the opening hours of the party it rings at."""

    RING = "ring"
    WAIT = "wait"
    """Until the party opens."""
    ON_CALL = "on-call"
    """At whoever is on call for the party."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung of the ladder that is climbed while nobody answers."""

    kind: StepKind
    anchor: Anchor = Anchor.RECEIPT
    span: timedelta = timedelta()
    working_days: int = 0
    instant: Deadline | None = None
    within: OpeningHours | None = None
    span_outside: timedelta | None = None
    """The span when the receipt falls outside ``within``."""
    party: str | None = None
    """A party's name; None: the owner itself."""
    roles: frozenset[Role] = frozenset()
    after_code: str | None = None
    until_done: bool = False
    """False: only until a person takes the task on. True: until it is done."""
    quiet: Quiet = Quiet.RING


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What a later event does to a task of the rule that is still open."""

    on: frozenset[Trigger]
    when: Condition | None = None
    rule: RuleId | None = None
    """The rule that asks for it, where it has a number of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the agreement."""

    id: RuleId
    source: str
    verify: tuple[str, ...] = ()
    """What of it no source bears out, to be checked with the local agreement."""
    triggers: frozenset[Trigger]
    when: Condition | None = None
    addressee: str
    """A party's name."""
    roles: frozenset[Role]
    requester: str = PartyName.WARD
    code: str
    title: Title
    note: Title | None = None
    """What whoever does it must know: a telephone call comes first, who pays."""
    payer: str | None = None
    """A party's name: whose purse."""
    content_class: ContentClass
    priority: Priority = Priority.ROUTINE
    deadline: Deadline
    steps: tuple[Step, ...] = ()
    chain: tuple[str, ...] = ()
    completed_by: Consequence | None = None
    """A person's act that carries it out by itself."""
    voided_by: Consequence | None = None
    """Takes it back."""
    renewed_by: Consequence | None = None
    """Voids an earlier yes: it is asked again, and the old round is kept."""
    waits_for: str | None = None
    """Code of the duty of the stay that must be over before this one is done, unless somebody says why not."""
    may_deviate: frozenset[str] = frozenset()
    """The fields that a municipality's deviation may change."""
    origins: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Field -> the layer it comes from, where that is not the agreement itself."""

    @property
    def key(self) -> tuple[RuleId, str]:
        """What makes a row one: a rule may make several kinds of task."""
        return (self.id, self.code)

    def is_concerned(self, trigger: Trigger) -> bool:
        """Tell whether ``trigger`` may mean something for an open duty of this rule."""
        later = (self.completed_by, self.voided_by, self.renewed_by)
        moves = trigger in MOVING and self.deadline.moves_with(MOVING[trigger])
        return moves or any(each is not None and trigger in each.on for each in later)


class Act(StrEnum):
    """What a ward does that a gate can hold back."""

    DISCHARGE = "discharged"
    TREATMENT_FINISHED = "treatment-finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What must be in place before an act; a named person passes it with a reason."""

    id: RuleId
    source: str
    act: Act
    when: Condition
    """Holds while it is closed."""
    text: Title
    """What is missing, and what to do."""
    element: str
    """The parameter of ``$plan`` that opens it."""


@dataclass(frozen=True, kw_only=True)
class HealthAgreement:
    """A version of the rules, and where and when they hold."""

    id: str
    version: str
    title: str
    regions: frozenset[str]
    valid_from: date
    valid_to: date | None = None
    country: str = "DK"
    """ISO 3166-1: whose public holidays close."""
    closed_days: tuple[str, ...] = ()
    """Further closed days: ``2026-06-05``, or ``06-05`` for every year."""
    hours: Mapping[str, OpeningHours] = field(default_factory=lambda: MappingProxyType({}))
    """Party's name or SOR code -> when it reads; who is not named is always open."""
    on_call: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Party -> the party that is on call for it."""
    parties: Mapping[str, tuple[PartySpan, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """The agreement's own parties, with who plays them from when to when."""
    rules: tuple[Rule, ...]
    gates: tuple[Gate, ...] = ()
    layers: tuple[str, ...] = ()
    """What was laid upon it, in order: ``id version``."""
    _by_trigger: dict[Trigger, tuple[Rule, ...]] = field(init=False, repr=False, compare=False)
    _by_key: dict[tuple[RuleId | None, str], Rule] = field(init=False, repr=False, compare=False)
    _concerned: dict[Trigger, dict[tuple[RuleId | None, str], Rule]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sort the rules by trigger and by key once: every event asks."""
        by_trigger = {trigger: tuple(rule for rule in self.rules if trigger in rule.triggers) for trigger in Trigger}
        by_key = {rule.key: rule for rule in reversed(self.rules)}
        concerned = {
            trigger: {key: rule for key, rule in by_key.items() if rule.is_concerned(trigger)} for trigger in Trigger
        }
        object.__setattr__(self, "_by_trigger", by_trigger)
        object.__setattr__(self, "_by_key", by_key)
        object.__setattr__(self, "_concerned", concerned)

    @cached_property
    def ref(self) -> AgreementRef:
        """What a task remembers of it."""
        return AgreementRef(self.id, self.version)

    def is_valid_on(self, day: date) -> bool:
        """Tell whether it is in force; the last day counts."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def answering(self, trigger: Trigger) -> tuple[Rule, ...]:
        """The rules that answer ``trigger``, in their order."""
        return self._by_trigger[trigger]

    def rule(self, rule_id: RuleId | None, code: str) -> Rule | None:
        """The row that makes ``code`` under ``rule_id``."""
        return self._by_key.get((rule_id, code))

    def concerned(self, trigger: Trigger, rule_id: RuleId | None, code: str) -> Rule | None:
        """The row that makes ``code`` under ``rule_id``, where ``trigger`` may mean something for what it has made."""
        return self._concerned[trigger].get((rule_id, code))

    def hours_of(self, party: str, organization: SorCode) -> OpeningHours | None:
        """When ``organization`` reads as ``party``: its own hours, else those of the party; None: always."""
        return self.hours.get(organization, self.hours.get(party))

    def player(self, party: str, day: date) -> PartyName | None:
        """Who plays ``party`` on ``day``; None where the agreement names nobody for that day."""
        name, is_authority = party.removesuffix(AUTHORITY), party.endswith(AUTHORITY)
        spans = self.parties.get(name)
        if spans is None:
            return PartyName(name)
        span = next((span for span in spans if span.holds_on(day)), None)
        if span is None:
            return None
        return span.authority if is_authority else span.operator
