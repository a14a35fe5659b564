"""Duties on the medicine are not done before the lines are: decided by the practice, answered by the ward."""

from __future__ import annotations

from typing import Final

from discharge.errors import MedicationError
from discharge.ports import UnitOfWork
from discharge.stay import Stay
from discharge.task import HandoverTask

__all__ = ["ANSWERS", "RECONCILE", "require_resolved"]

RECONCILE: Final = "reconcile-medication"
"""Code of the duty. Source: domain.md R21."""
ANSWERS: Final = frozenset({"answer-72-hour-medicine-question", "answer-medicine-question"})
"""Codes of the duty to answer what the practice asks about a line. Source: domain.md R10, R22."""


async def require_resolved(uow: UnitOfWork, stay: Stay, task: HandoverTask) -> None:
    """Let only a list without open lines be done with, and no question without its answer.

    Raises:
        MedicationError: lines are open, or wait for an answer.
    """
    if task.code in ANSWERS:
        asked = (await uow.medications.of_stay(stay)).asked
        if asked:
            raise MedicationError(element="line", problem=f"{len(asked)} questions are not answered yet")
    if task.code != RECONCILE:
        return
    unresolved = (await uow.medications.of_stay(stay)).unresolved
    if unresolved:
        raise MedicationError(element="decision", problem=f"{len(unresolved)} lines are not decided yet")
