"""What waits for another duty: rungs, which have no instant until it is done, and duties, which it comes before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from discharge.errors import TaskWaitsError
from discharge.events import TaskSettled
from discharge.handlers import planner
from discharge.handlers.reasons import is_dropped
from discharge.identifiers import StayId, TaskId
from discharge.planning import PlannedStep, instant_after
from discharge.ports import UnitOfWork
from discharge.task import HandoverTask

__all__ = ["release_waiting", "require_released", "settle"]


async def release_waiting(uow: UnitOfWork, completed: HandoverTask) -> None:
    """Give their instants to the rungs that waited for this task."""
    closed_days = await planner.closed_days_for(uow, completed)
    for step in await uow.timers.waiting_for(completed.stay_id, completed.code):
        planned = PlannedStep(
            kind=step.kind,
            at=None,
            organization=step.organization,
            roles=step.roles,
            span=step.span,
            working_days=step.working_days,
        )
        await uow.timers.set_due(step.id, instant_after(planned, uow.now, closed_days))


async def settle(uow: UnitOfWork, stay_id: StayId, *, untold: Collection[TaskId] = ()) -> None:
    """Let the open duties of the stay wait, or release them, by what is still to be done, and tell their owners.

    What somebody withdrew or gave up undone is waited for: whoever goes on all the same says why. Those
    of ``untold`` are only just asked for: their owners need not hear of them twice.
    """
    tasks = await uow.tasks.of_stay(stay_id)
    latest = {task.code: task for task in tasks if task.cause is not None}
    undone = {task.code for task in latest.values() if is_dropped(task)}
    open_codes = undone | {task.code for task in tasks if task.is_open}
    for task in tasks:
        settled = task.settled(open_codes, uow.now)
        if settled is task:
            continue
        await uow.tasks.save(settled)
        if task.id not in untold:
            uow.record(TaskSettled(at=uow.now, stay_id=stay_id, task=settled))


def require_released(task: HandoverTask, completed: HandoverTask, reason: str | None) -> HandoverTask:
    """``completed``, which keeps why it did not wait; the reason is told to everybody who reads the duty.

    Raises:
        TaskWaitsError: it waits, and nobody says why it was done all the same.
    """
    if not task.is_waiting or task.wait is None:
        return completed
    if not (reason or "").strip():
        raise TaskWaitsError(rule=task.rule, waits_for=task.wait.code)
    return replace(completed, status_reason=reason)
