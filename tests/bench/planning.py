"""What it takes to plan an event under 300 rules, beside as many conditions written by hand."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count, islice
from statistics import median
from typing import Final

from discharge.agreement import HealthAgreement, Rule, Trigger
from discharge.agreement_format import parse_agreement
from discharge.conditions import Facts, condition_of
from discharge.context import PlanningContext
from discharge.facts import FIELDS, facts_of
from discharge.plan import DischargePlan, Need
from discharge.planning import plan
from services.agreements.shipped import profile
from services.persistence.calendars import closed_days_around
from tests import factories
from tests.bench.figures import Figure

__all__ = ["measure_planning"]

_RULES: Final = 300
_ROUNDS: Final = 400
_EVENTS: Final = (Trigger.PLAN_REVISED, Trigger.DISCHARGED)


def _by_hand(facts: Facts) -> bool:
    """A rule's condition as a programmer would write it."""
    needs = facts["plan.needs"]
    return (
        facts["stay.municipality_is_party"] is True
        and isinstance(needs, tuple)
        and "home-nursing" in needs
        and facts["plan.version"] == -1
    )


def measure_planning() -> list[Figure]:
    """Medians of planning one event: under the shipped rules among many that do not apply, and eight times over."""
    shipped = parse_agreement(profile("dk-midtjylland"))
    among, repeated = _filled(shipped, _never), _filled(shipped, lambda rule: rule)
    figures = []
    for event in _EVENTS:
        bare = _median(partial(_by_hand_at, event))
        for agreement, goal in ((among, "< 1,000 us, median"), (repeated, "")):
            made = len(plan(agreement, event, _context(event)))
            name = f"planning {event} under {_RULES} rules, {made} duties"
            taken = _median(partial(_planned_at, event, agreement))
            limit = f"{_RULES} conditions by hand"
            figures.append(Figure(name=name, value=taken, unit="us", limit_name=limit, limit=bare, goal=goal))
    return figures


def _planned_at(event: Trigger, agreement: HealthAgreement) -> int:
    """Duties with all their rungs, as they are armed."""
    return sum(len(list(duty.steps)) for duty in plan(agreement, event, _context(event)))


def _by_hand_at(event: Trigger) -> int:
    facts = facts_of(_context(event))
    return sum(condition(facts) for condition in [_by_hand] * _RULES)


def _filled(agreement: HealthAgreement, change: Callable[[Rule], Rule]) -> HealthAgreement:
    """The rules as they are, and changed ones again and again under other codes, until there are enough."""
    more = (replace(change(rule), code=f"{rule.code}-{number}") for number in count() for rule in agreement.rules)
    return replace(agreement, rules=tuple(islice((*agreement.rules, *islice(more, _RULES)), _RULES)))


def _never(rule: Rule) -> Rule:
    """The rule as one that every event asks and none sets off: its condition is worked out to the end."""
    never = ["==", ["field", "plan.version"], ["number", -1]]
    tree = never if rule.when is None else ["and", rule.when.tree, never]
    when = condition_of("-", tree, fields=FIELDS, path="$")
    return replace(rule, triggers=frozenset(Trigger), when=when)


def _context(event: Trigger) -> PlanningContext:
    """A frail citizen who needs much goes home on a Friday; nobody has looked at anything yet."""
    now = factories.NOW
    stay = factories.stay() if event is not Trigger.DISCHARGED else factories.ended_stay(now, received_at=now)
    return PlanningContext(
        stay=replace(
            stay,
            plan=DischargePlan(
                version=3,
                expected_discharge_at=now + timedelta(hours=3),
                needs=frozenset({Need.HOME_NURSING, Need.DOSE_DISPENSING, Need.AIDS, Need.REHABILITATION}),
                frail=True,
                destination="home",
            ),
        ),
        patient=factories.patient(),
        directory=_DIRECTORY,
        gp=factories.PRACTICE,
        municipality_is_party=True,
        report_requested=True,
        received_at=now,
        closed_days=closed_days_around(now.date()),
        changed=("expected-discharge", "need"),
    )


_DIRECTORY: Final = factories.directory()


def _median(way: Callable[[], object]) -> float:
    """Microseconds."""
    taken = []
    for _ in range(_ROUNDS):
        begun = time.perf_counter()
        way()
        taken.append((time.perf_counter() - begun) * 1e6)
    return median(taken)
