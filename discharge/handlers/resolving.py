"""Duties on the medicine are not done before the lines are: decided by the practice, answered by the ward."""

from __future__ import annotations

from typing import Final

from discharge.errors import MedicationError
from discharge.ports import UnitOfWork
from discharge.stay import Stay
from discharge.task import HandoverTask, TaskStatus

__all__ = ["ANSWERS", "RECONCILE", "require_resolved"]

RECONCILE: Final = "reconcile-medication"
"""Code of the duty. Source: domain.md R21."""
ANSWERS: Final = frozenset({"answer-72-hour-medicine-question", "answer-medicine-question"})
"""Codes of the duty to answer what the practice asks about a line. Source: domain.md R10, R22."""


async def require_resolved(uow: UnitOfWork, stay: Stay, task: HandoverTask, moved: HandoverTask) -> None:
    """Let only a list without open lines be done with, and no question without its answer.

    The ward alone answers on the line: while one asks, the duty is neither another place's nor anybody's to end.

    Raises:
        MedicationError: lines are open, or wait for an answer.
    """
    is_done = moved.status is TaskStatus.COMPLETED
    ends = is_done or moved.status in {TaskStatus.REJECTED, TaskStatus.CANCELLED}
    if task.code in ANSWERS and (ends or moved.owner != task.owner):
        asked = (await uow.medications.of_stay(stay)).asked
        if asked:
            problem = f"{len(asked)} questions are not answered yet: the ward answers on the line, or it is decided"
            raise MedicationError(element="line", problem=problem)
    if task.code != RECONCILE or not is_done:
        return
    unresolved = (await uow.medications.of_stay(stay)).unresolved
    if unresolved:
        raise MedicationError(element="decision", problem=f"{len(unresolved)} lines are not decided yet")
