"""What the plan takes from a report: empty fields where a code says it; all else a person takes over, or does not.

What the ward has said is never overwritten; what only a report said goes with the report.
Source: eu-discharge-report digest 5.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from discharge.documents.report import DischargeReport, FiledReport, Suggestion
from discharge.documents.rulings import Ruling
from discharge.documents.standing import TAKEABLE, Standing, in_force
from discharge.identifiers import DocumentId
from discharge.plan import DischargePlan, Need, PlanRevision
from discharge.stay import StayState

__all__ = ["FILLED", "TAKEN", "followed", "is_confirmable", "is_in_plan", "may_be_taken", "revision_of"]

_DESTINATION: Final = "destination"
_NEED: Final = "need"
_FIRST_DAY: Final = "first-24-hours"
_LEVEL: Final = "functional-level"
TAKEN: Final = frozenset({_DESTINATION, _NEED, _FIRST_DAY, _LEVEL})
"""Parameters of ``$plan`` that a suggestion can be for."""


FILLED: Final = _DESTINATION
"""The one parameter that is filled without anybody's reading, and only where a code says it."""


def followed(
    plan: DischargePlan, filed: Sequence[FiledReport], rulings: Sequence[Ruling], fresh: Collection[DocumentId]
) -> DischargePlan:
    """The plan as the reports that hold fill it; this very one where they change nothing.

    A report fills an empty field when it comes into force, unless a person emptied it. What a report filled, and no
    person has changed or confirmed, is taken from the latest that holds once that report holds no more, or is taken
    back.

    Args:
        plan: as it stands.
        filed: all documents of the stay.
        rulings: what people said of them.
        fresh: those that hold since just now.
    """
    held = in_force(filed, rulings)
    if any(each.id == plan.filled_from for each in held):
        return plan
    was_filled = plan.filled_from is not None
    if (plan.destination is not None and not was_filled) or plan.is_left_empty:
        return plan
    asked = [each for each in reversed(held) if was_filled or each.id in fresh]
    said = next(((value, each.id) for each in asked if (value := _said(each.report)) is not None), None)
    if said is not None:
        return plan.filled(*said)
    return plan.filled(None, None) if was_filled else plan


def _said(report: DischargeReport) -> str | None:
    """Where the patient goes, by a code that the plan has a word for."""
    return next((each.value for each in report.suggestions if each.element == FILLED and each.value is not None), None)


def is_confirmable(suggestion: Suggestion, plan: DischargePlan) -> bool:
    """Tell whether the plan says so because a report filled it, and no person has stood by it."""
    return suggestion.element == FILLED and plan.filled_from is not None and is_in_plan(suggestion, plan)


def may_be_taken(standing: Standing, state: StayState) -> bool:
    """Tell whether a person may take something of such a document over into the plan of such a stay."""
    return standing in TAKEABLE and state not in {StayState.DEAD, StayState.CANCELLED}


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
