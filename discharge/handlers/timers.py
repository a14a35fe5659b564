"""Deadlines strike: a reminder, the next named party, or the plain fact that it is late."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from discharge.agreement import StepKind
from discharge.events import LadderStalled, TaskEscalated, TaskOverdue, TaskReminded
from discharge.identifiers import StayId
from discharge.policy import Role
from discharge.ports import ArmedStep, UnitOfWork
from discharge.task import HandoverTask

__all__ = ["FireTimers", "HoldTimers", "fire_timers", "hold_timers"]


_EVENT_OF: Final[dict[StepKind, type[TaskReminded | TaskEscalated | TaskOverdue]]] = {
    StepKind.REMIND: TaskReminded,
    StepKind.ESCALATE: TaskEscalated,
    StepKind.OVERDUE: TaskOverdue,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FireTimers:
    """Climb the rungs that are due by ``until``, at most ``limit`` of them in one transaction."""

    until: datetime
    limit: int = 100
    stay_id: StayId | None = None
    """Only those of this stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTimers:
    """Let the rungs of a stay wait: climbing them failed, and nobody else's deadline may stand behind them."""

    stay_id: StayId


async def fire_timers(command: FireTimers, uow: UnitOfWork) -> int:
    """Fire due timers in due order and return how many rows were taken.

    What a rung causes is dated at its due instant. A rung whose task was answered meanwhile is
    marked and says nothing. No timer ever ends a task.
    """
    due = await uow.timers.due(command.until, command.limit, command.stay_id)
    for step in due:
        assert step.due_at is not None, "a rung without an instant is never due"
        await _climb(uow, step, step.due_at)
        await uow.timers.fired(step.id, uow.now)
    await uow.commit()
    return len(due)


async def hold_timers(command: HoldTimers, uow: UnitOfWork) -> None:
    """Pass a stay over for a while, longer each time; operators are told the first time."""
    places = await uow.timers.postpone(command.stay_id)
    if places:
        uow.record(LadderStalled(at=uow.now, stay_id=command.stay_id, places=places))
    await uow.commit()


async def _climb(uow: UnitOfWork, step: ArmedStep, at: datetime) -> None:
    task = await uow.tasks.get(step.task_id)
    if not (task.is_unanswered if step.while_unanswered else task.is_open):
        return
    task = await _tell_leader(uow, task, step)
    uow.record(
        _EVENT_OF[step.kind](at=at, stay_id=task.stay_id, task=task, organization=step.organization, roles=step.roles)
    )


async def _tell_leader(uow: UnitOfWork, task: HandoverTask, step: ArmedStep) -> HandoverTask:
    """A leader reads the tasks that were escalated to that leader, and no others."""
    if step.kind is not StepKind.ESCALATE:
        return task
    escalated = task
    for role in sorted(step.roles & {Role.LEADER}):
        escalated = escalated.escalated(f"{step.organization}|{role}")
    if escalated is not task:
        await uow.tasks.save(escalated)
    return escalated
