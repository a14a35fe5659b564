"""What the plan takes from a report: empty fields where a code says it; all else a person takes over, or does not.

What the ward has said is never overwritten. Source: eu-discharge-report digest 5.
"""

from __future__ import annotations

from typing import Final

from discharge.documents.report import DischargeReport, Suggestion
from discharge.plan import DischargePlan, Need, PlanRevision

__all__ = ["TAKEN", "is_in_plan", "revision_of", "taken_by_itself"]

_DESTINATION: Final = "destination"
_NEED: Final = "need"
_FIRST_DAY: Final = "first-24-hours"
_LEVEL: Final = "functional-level"
TAKEN: Final = frozenset({_DESTINATION, _NEED, _FIRST_DAY, _LEVEL})
"""Parameters of ``$plan`` that a suggestion can be for."""


def taken_by_itself(report: DischargeReport, plan: DischargePlan) -> Suggestion | None:
    """The suggestion that fills an empty field of ``plan`` without anybody's reading: only where it is coded."""
    if plan.destination is not None:
        return None
    return next((each for each in report.suggestions if each.element == _DESTINATION and each.value is not None), None)


def is_in_plan(suggestion: Suggestion, plan: DischargePlan) -> bool:
    """Tell whether the plan says so already."""
    if suggestion.element == _NEED:
        return suggestion.value in {str(need) for need in plan.needs or ()}
    said = {_DESTINATION: plan.destination, _FIRST_DAY: plan.first_24_hours, _LEVEL: plan.functional_level}
    return suggestion.value is not None and said.get(suggestion.element) == suggestion.value


def revision_of(suggestion: Suggestion, plan: DischargePlan) -> PlanRevision:
    """What taking ``suggestion`` over changes: a need is added to the others."""
    value = suggestion.value
    if suggestion.element == _NEED and value is not None:
        return PlanRevision(needs=(plan.needs or frozenset()) | {Need(value)})
    if suggestion.element == _DESTINATION:
        return PlanRevision(destination=value)
    if suggestion.element == _LEVEL:
        return PlanRevision(functional_level=value)
    return PlanRevision(first_24_hours=value)
