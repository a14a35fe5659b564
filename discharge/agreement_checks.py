"""What is wrong with an agreement that can be read, beyond the form of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from discharge.agreement import (
    AUTHORITY,
    Anchor,
    Consequence,
    Deadline,
    DeadlineKind,
    HealthAgreement,
    PartyName,
    Rule,
    Since,
    Step,
    Trigger,
)
from discharge.conditions import Condition, FactType
from discharge.directory import OrganizationKind
from discharge.documents.kinds import ReportKind
from discharge.facts import FIELDS
from discharge.letter import Category
from discharge.medication.record import MedicationWork
from discharge.notices import EncounterClass
from discharge.plan import DESTINATIONS, FUNCTIONAL_LEVELS, PARAMETER_OF, WITHOUT_72_HOURS, Need
from discharge.policy import READS, Role
from discharge.satisfiable import can_hold, codes_in

__all__ = ["Problem", "Severity", "overlaps_of", "problems_of"]


class Severity(StrEnum):
    """What becomes of an agreement with a problem."""

    ERROR = "error"
    """It is refused."""
    WARNING = "warning"
    """It is told, and the agreement may be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that cannot work as it stands."""

    path: str
    text: str
    severity: Severity = Severity.ERROR


_K = OrganizationKind
_KINDS: Final[dict[PartyName, frozenset[OrganizationKind]]] = {
    PartyName.MUNICIPALITY: frozenset({_K.MUNICIPALITY, _K.UNIT}),
    PartyName.MUNICIPALITY_ON_DUTY: frozenset({_K.MUNICIPALITY, _K.UNIT}),
    PartyName.WARD: frozenset({_K.WARD}),
    PartyName.HOSPITAL: frozenset({_K.HOSPITAL}),
    PartyName.GP: frozenset({_K.GP}),
    PartyName.REGION: frozenset({_K.REGION}),
    PartyName.ASKER: frozenset(_K),
    PartyName.ASKED: frozenset(_K),
}
_TIMES: Final = frozenset(f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(60))
_DAY: Final = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)
_CLOSED: Final[dict[str, frozenset[str]]] = {
    "stay.kind": frozenset(EncounterClass),
    "plan.needs": frozenset(Need),
    "plan.changed": frozenset(PARAMETER_OF.values()),
    "plan.without_72_hours": frozenset(WITHOUT_72_HOURS),
    "message.category": frozenset(Category),
    "medicine.work": frozenset(MedicationWork) - {MedicationWork.COMMENTED},
    "medicine.from": frozenset(_K),
    "document.in_force": frozenset(ReportKind),
    "document.taken_back": frozenset(ReportKind),
    "message.from": frozenset(_K),
    "message.to": frozenset(_K),
}
"""Fields that never have, or hold, anything else."""
_CLOCKS: Final = frozenset({"stay.began_time", "leaving.time", "event.time"})
_DAYS: Final = frozenset({"stay.began_day", "event.day"})
_COMMON: Final[dict[str, frozenset[str]]] = {
    "plan.destination": frozenset(DESTINATIONS),
    "plan.functional_level": frozenset(FUNCTIONAL_LEVELS),
}
"""Fields that may hold other codes when a record system sends them."""
_TASKS: Final = frozenset({"task.code", "tasks.open", "tasks.done"})
_VALUES: Final[dict[str, frozenset[int] | frozenset[str]]] = {
    **{name: values for name, values in _CLOSED.items() if FIELDS[name] is FactType.TEXT},
    **dict.fromkeys(_CLOCKS, _TIMES),
    **dict.fromkeys(("stay.began_weekday", "leaving.weekday", "event.weekday"), frozenset(range(1, 8))),
}
_OF_ONE: Final = {
    Trigger.MESSAGE_WRITTEN: frozenset(name for name in FIELDS if name.startswith("message.")),
    Trigger.TASK_COMPLETED: frozenset({"task.code"}),
    Trigger.MEDICATION_REVISED: frozenset(
        {"medicine.work", "medicine.unresolved", "medicine.newly_open", "medicine.asked", "medicine.from"}
    ),
    Trigger.DOCUMENT_FILED: frozenset(name for name in FIELDS if name.startswith("document.")),
}
"""Fields that only one event has anything to say of."""
_PLANNED: Final = frozenset({Trigger.PLAN_REVISED, Trigger.TREATMENT_FINISHED, Trigger.TREATMENT_RESUMED})
_IN_HOSPITAL: Final = frozenset({Trigger.STAY_BEGAN, Trigger.ADMITTED})
_UNKNOWN_SINCE: Final[dict[Trigger, frozenset[Since]]] = {
    Trigger.STAY_BEGAN: frozenset(
        {Since.DISCHARGE, Since.EXPECTED_DISCHARGE, Since.TREATMENT_FINISHED, Since.FIRST_VISIT}
    ),
    Trigger.ADMITTED: frozenset({Since.DISCHARGE}),
    Trigger.TREATMENT_RESUMED: frozenset({Since.TREATMENT_FINISHED}),
}
"""What nobody has said yet, or has taken back, at an event."""


def problems_of(agreement: HealthAgreement) -> tuple[Problem, ...]:
    """All problems of ``agreement``, in the order of its parts."""
    return tuple(_Checks(agreement).all())


def overlaps_of(agreement: HealthAgreement, others: Iterable[HealthAgreement]) -> tuple[Problem, ...]:
    """Why ``agreement`` cannot stand beside ``others``: on some day nobody could tell which of them holds.

    A later version of the same agreement takes over on the day it begins, for as long as it holds; one of
    another name may hold in a region only when this one does not.
    """
    problems = []
    for other in others:
        shared = sorted(agreement.regions & other.regions)
        if not shared or other.ref == agreement.ref or not _meet(agreement, other):
            continue
        where = ", ".join(shared)
        if other.id != agreement.id:
            text = f"{other.id} {other.version} holds in {where} at that time; end it first"
            problems.append(Problem(path="$.valid-from", text=text))
        elif other.valid_from == agreement.valid_from:
            text = f"version {other.version} begins on that day in {where} as well; nobody could tell which holds"
            problems.append(Problem(path="$.valid-from", text=text))
    return tuple(problems)


def _meet(one: HealthAgreement, other: HealthAgreement) -> bool:
    begins_before = one.valid_to is None or other.valid_from <= one.valid_to
    return begins_before and (other.valid_to is None or one.valid_from <= other.valid_to)


class _Checks:
    """Looks at one agreement from all sides."""

    def __init__(self, agreement: HealthAgreement) -> None:
        self._agreement = agreement
        self._codes = frozenset(rule.code for rule in agreement.rules)

    def all(self) -> Iterator[Problem]:
        yield from self._duty()
        yield from self._waiting()
        for number, rule in enumerate(self._agreement.rules):
            yield from self._rule(rule, f"$.rules[{number}]")
        for number, gate in enumerate(self._agreement.gates):
            path = f"$.gates[{number}].when"
            yield from self._conditions(gate.when, frozenset(), path, never="can never be closed")

    def _rule(self, rule: Rule, path: str) -> Iterator[Problem]:
        yield from self._conditions(rule.when, rule.triggers, f"{path}.when", never="can never fire")
        for name, consequence in (
            ("completed-by", rule.completed_by),
            ("voided-by", rule.voided_by),
            ("renewed-by", rule.renewed_by),
        ):
            yield from self._consequence(consequence, f"{path}.{name}")
        if rule.triggers and all(_never_known(rule.deadline, trigger) for trigger in rule.triggers):
            text = f"can never fire: at {_listed(rule.triggers)} nobody knows {rule.deadline.since}; add otherwise"
            yield Problem(path=f"{path}.deadline", text=text, severity=Severity.WARNING)
        yield from self._chain(rule, path)
        yield from self._fitting(rule.addressee, rule.roles, f"{path}.roles")
        for number, step in enumerate(rule.steps):
            yield from self._step(rule, step, f"{path}.ladder[{number}]")

    def _consequence(self, consequence: Consequence | None, path: str) -> Iterator[Problem]:
        if consequence is not None:
            yield from self._conditions(consequence.when, consequence.on, f"{path}.when", never="can never follow")

    def _conditions(
        self, condition: Condition | None, triggers: frozenset[Trigger], path: str, *, never: str
    ) -> Iterator[Problem]:
        """Unknown codes, and what cannot be. No triggers: an act of the ward, about which nobody has written."""
        if condition is None:
            return
        unknown = list(self._unknown_codes(condition, path))
        yield from unknown
        events: list[Trigger | None] = [*sorted(triggers)] or [None]
        if unknown or any(_possible(condition, *_unsaid(event)) for event in events):
            return
        itself = not _possible(condition, frozenset(), frozenset())
        why = "it contradicts itself" if itself else _why(condition, triggers)
        yield Problem(path=path, text=f"{never}: {why}", severity=Severity.WARNING)

    def _unknown_codes(self, condition: Condition, path: str) -> Iterator[Problem]:
        for name, code in dict.fromkeys(codes_in(condition.tree)):
            if name in _CLOCKS and code not in _TIMES and code != "24:00":
                yield Problem(path=path, text=f"{name} is compared with {code}, which is no time such as 09:30")
            if name in _DAYS and _DAY.fullmatch(code) is None:
                yield Problem(path=path, text=f"{name} is compared with {code}, which is no day such as 2026-12-24")
            known = _CLOSED.get(name) or _COMMON.get(name) or (self._codes if name in _TASKS else None)
            if known is not None and code not in known:
                text = f"{name} is never {code}; known are {_listed(known)}"
                severity = Severity.ERROR if name in _CLOSED else Severity.WARNING
                yield Problem(path=path, text=text, severity=severity)

    def _chain(self, rule: Rule, path: str) -> Iterator[Problem]:
        asked = [rule.addressee]
        for number, party in enumerate(rule.chain):
            if party in asked:
                yield Problem(path=f"{path}.chain[{number}]", text=f"leads back to {party}, who was asked before")
            asked.append(party)

    def _step(self, rule: Rule, step: Step, path: str) -> Iterator[Problem]:
        yield from self._fitting(step.party or rule.addressee, step.roles, f"{path}.roles")
        spanned = rule.deadline.kind is DeadlineKind.ELAPSED and rule.deadline.since is Since.EVENT
        if step.anchor is Anchor.DUE and spanned and -step.span >= rule.deadline.span and step.span:
            text = "lies before the task itself, so it would ring at once; the deadline is no longer than that"
            yield Problem(path=f"{path}.before-due", text=text, severity=Severity.WARNING)

    def _fitting(self, party: str, roles: frozenset[Role], path: str) -> Iterator[Problem]:
        kinds = frozenset[OrganizationKind]().union(*(_KINDS[player] for player in self._players(party)))
        if roles and not any(READS[role][0] & kinds for role in roles):
            there = ", ".join(sorted(role for role in Role if READS[role][0] & kinds))
            yield Problem(path=path, text=f"nobody at {party} is {_listed(roles, ' or ')}; there are {there}")

    def _players(self, party: str) -> Iterable[PartyName]:
        spans = self._agreement.parties.get(party.removesuffix(AUTHORITY))
        if spans is None:
            return [PartyName(party)]
        return [span.authority if party.endswith(AUTHORITY) else span.operator for span in spans]

    def _duty(self) -> Iterator[Problem]:
        on_call = self._agreement.on_call
        for circle in _circles({party: (other,) for party, other in on_call.items()}):
            text = f"leads back to itself: {' -> '.join(circle)}"
            yield Problem(path=f"$.calendars.on-call.{circle[0]}", text=text)

    def _waiting(self) -> Iterator[Problem]:
        """Rungs and duties that wait for a task which waits for this one."""
        rules = self._agreement.rules
        waits: dict[str, tuple[str, ...]] = {}
        for rule in rules:
            waits[rule.code] = (*waits.get(rule.code, ()), *(step.after_code for step in rule.steps if step.after_code))
        for circle in _circles(waits):
            number, step = next(
                (number, step)
                for number, rule in enumerate(rules)
                for step, rung in enumerate(rule.steps)
                if rule.code == circle[0] and rung.after_code == circle[1]
            )
            text = f"leads back to itself: {' -> '.join(circle)}; nobody would be called while it waits"
            yield Problem(path=f"$.rules[{number}].ladder[{step}].after-task", text=text)
        held = {rule.code: (rule.waits_for,) for rule in rules if rule.waits_for is not None}
        for circle in _circles(held):
            number = next(n for n, rule in enumerate(rules) if (rule.code, rule.waits_for) == (circle[0], circle[1]))
            text = f"leads back to itself: {' -> '.join(circle)}; none of them could be done"
            yield Problem(path=f"$.rules[{number}].waits-for", text=text)


def _circles(edges: Mapping[str, tuple[str, ...]]) -> Iterator[list[str]]:
    """One way round each circle of ``edges``, from the first name on it."""
    done: set[str] = set()
    for start in edges:
        way = _way_back(edges, start) if start not in done else None
        if way is not None:
            done.update(way)
            yield way


def _way_back(edges: Mapping[str, tuple[str, ...]], start: str) -> list[str] | None:
    """The shortest way from ``start`` to itself."""
    ways = [[start, after] for after in edges.get(start, ())]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        if way[-1] == start:
            return way
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [[*way, after] for after in edges.get(way[-1], ())]
    return None


def _possible(condition: Condition, absent: frozenset[str], empty: frozenset[str]) -> bool:
    return can_hold(condition.tree, fields=FIELDS, values=_VALUES, absent=absent, empty=empty)


def _unsaid(trigger: Trigger | None) -> tuple[frozenset[str], frozenset[str]]:
    """The fields that have no value at an event, and those without members."""
    absent = frozenset[str]().union(*(names for event, names in _OF_ONE.items() if event is not trigger))
    if trigger is None or trigger in _IN_HOSPITAL:
        absent |= {"stay.ended"}
    return absent, frozenset() if trigger in _PLANNED else frozenset({"plan.changed"})


def _why(condition: Condition, triggers: frozenset[Trigger]) -> str:
    names = condition.fields
    told = [
        f"{name} is known to {event} only"
        for event, known in _OF_ONE.items()
        for name in sorted(names & known)
        if event not in triggers
    ]
    if "plan.changed" in names and not triggers & _PLANNED:
        told.append("plan.changed has members when the plan is revised only")
    return "; ".join(told) or f"not at {_listed(triggers) or 'that act'}"


def _never_known(deadline: Deadline, trigger: Trigger) -> bool:
    if deadline.since not in _UNKNOWN_SINCE.get(trigger, frozenset()):
        return False
    return deadline.otherwise is None or _never_known(deadline.otherwise, trigger)


def _listed(words: Iterable[str], between: str = ", ") -> str:
    return between.join(sorted(words))
