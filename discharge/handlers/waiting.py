"""Rungs that wait for another duty: they have no instant until that one is done."""

from __future__ import annotations

from discharge.handlers import planner
from discharge.planning import PlannedStep, instant_after
from discharge.ports import UnitOfWork
from discharge.task import HandoverTask

__all__ = ["release_waiting"]


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
