"""The practice's duty to go through the medicine is not done before every line is decided."""

from __future__ import annotations

from typing import Final

from discharge.errors import MedicationError
from discharge.ports import UnitOfWork
from discharge.stay import Stay
from discharge.task import HandoverTask

__all__ = ["RECONCILE", "require_resolved"]

RECONCILE: Final = "reconcile-medication"
"""Code of the duty. Source: domain.md R21."""


async def require_resolved(uow: UnitOfWork, stay: Stay, task: HandoverTask) -> None:
    """Let only a list without open lines be done with.

    Raises:
        MedicationError: lines are open, or wait for an answer.
    """
    if task.code != RECONCILE:
        return
    unresolved = (await uow.medications.of_stay(stay)).unresolved
    if unresolved:
        raise MedicationError(element="decision", problem=f"{len(unresolved)} lines are not decided yet")
