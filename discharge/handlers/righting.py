"""Where somebody had acted on a fact that was none, that must be put right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from discharge.agreement import StepKind
from discharge.events import TaskRequested
from discharge.identifiers import RuleId, SorCode, TaskId
from discharge.planning import PlannedStep
from discharge.ports import UnitOfWork
from discharge.stay import PartyBasis, Stay
from discharge.task import HandoverTask, Priority, Proofs, TaskStatus, Title

__all__ = ["ACT_TAKEN", "overdue", "put_right"]

ACT_TAKEN: Final = "act-already-taken"
_ACT_TAKEN_RULE: Final = RuleId("R32")
_PUT_RIGHT_WITHIN: Final = timedelta(hours=1)
"""[prop]: no source names a time for undoing what was done on a notice that was taken back."""
_PUT_RIGHT: Final = Title(
    da="Meldingen er taget tilbage: ret op på det, I allerede har gjort",
    en="The notice was taken back: put right what you have already done",
)


async def put_right(uow: UnitOfWork, stay: Stay, tasks: Sequence[HandoverTask], *, reason: str) -> Stay:
    """Where somebody had begun on a fact that was taken back, that must be put right: a duty of its own.

    Source: MedCom HospitalNotification 3.0.2, cancellations; domain.md R32.
    """
    had = {task.replaces for task in await uow.tasks.of_stay(stay.id) if task.code == ACT_TAKEN}
    asked: set[tuple[SorCode, str]] = set()
    for task in reversed(tasks):
        begun = task.assignee is not None or task.status is TaskStatus.COMPLETED
        # The ward knows what it took back itself, and nobody is asked twice.
        if not begun or task.code == ACT_TAKEN or task.id in had or task.owner == stay.ward:
            continue
        # Several rounds of one duty are put right at one go.
        if (task.owner, task.code) in asked:
            continue
        asked.add((task.owner, task.code))
        due_at = uow.now + _PUT_RIGHT_WITHIN
        act = HandoverTask(
            id=TaskId(uow.new_id()),
            stay_id=stay.id,
            patient_id=stay.patient_id,
            rule=_ACT_TAKEN_RULE,
            code=ACT_TAKEN,
            title=_PUT_RIGHT,
            content_class=task.content_class,
            priority=Priority.URGENT,
            requester=stay.ward,
            owner=task.owner,
            audience=task.audience,
            chain=task.chain,
            created_at=uow.now,
            changed_at=uow.now,
            due_at=due_at,
            note=f"{task.title.da}. {reason}",
            note_en=f"{task.title.en}. {reason}",
            proofs=Proofs(sent_at=uow.now),
            replaces=task.id,
        )
        await uow.tasks.save(act)
        await uow.timers.arm(act, (overdue(uow, act, due_at),))
        uow.record(TaskRequested(at=uow.now, stay_id=stay.id, task=act))
        stay = stay.with_party(act.owner, PartyBasis.OWES, uow.now)
    return stay


def overdue(uow: UnitOfWork, task: HandoverTask, due_at: datetime) -> PlannedStep:
    """The one rung of a duty that no rule made: it is over its time."""
    return PlannedStep(kind=StepKind.OVERDUE, at=max(due_at, uow.now), organization=task.owner, roles=task.audience)
