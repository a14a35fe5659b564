"""HandoverTasks made to order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from discharge.identifiers import EncounterId, PatientId, PersonId, RuleId, SorCode, StayId, TaskId
from discharge.policy import ContentClass, Role
from discharge.task import AgreementRef, HandoverTask, Move, Person, Priority, Proofs, TaskStatus, Title

__all__ = ["AT", "ENCOUNTER", "NURSE", "OTHER_UNIT", "UNIT", "WARD", "moved", "standing", "task"]

AT = datetime(2026, 11, 20, 10, 40, tzinfo=UTC)
ENCOUNTER = EncounterId("encounter-1")
WARD = SorCode("200000000000012")
UNIT = SorCode("200000000000022")
OTHER_UNIT = SorCode("200000000000023")
NURSE = Person(PersonId("nurse-1"), "Birthe Holm")


def task() -> HandoverTask:
    """A task just requested."""
    return HandoverTask(
        id=TaskId("task-1"),
        stay_id=StayId("stay-1"),
        patient_id=PatientId("patient-1"),
        rule=RuleId("R17"),
        agreement=AgreementRef("midtjylland", "2026.1"),
        code="first-visit",
        title=Title(da="Aflæg første besøg", en="Make the first visit"),
        content_class=ContentClass.PLAN,
        priority=Priority.URGENT,
        requester=WARD,
        owner=UNIT,
        audience=frozenset({Role.HOME_NURSE}),
        created_at=AT,
        changed_at=AT,
        due_at=AT + timedelta(hours=12),
        proofs=Proofs(sent_at=AT),
    )


def moved(found: HandoverTask, *moves: Move, reason: str | None = None) -> HandoverTask:
    """The task after the nurse's ``moves``, one minute apart."""
    for number, move in enumerate(moves, start=1):
        at = found.changed_at + timedelta(minutes=number)
        found = found.moved(move, by=NURSE, at=at, reason=reason, proposed_time=AT + timedelta(days=1))
    return found


def standing(status: TaskStatus) -> HandoverTask:
    """A task in ``status``, reached the ordinary way."""
    ways = {
        TaskStatus.REQUESTED: (),
        TaskStatus.RECEIVED: (Move.SEE,),
        TaskStatus.ACCEPTED: (Move.ACCEPT,),
        TaskStatus.IN_PROGRESS: (Move.ACCEPT, Move.START),
        TaskStatus.ON_HOLD: (Move.ACCEPT, Move.START, Move.PAUSE),
        TaskStatus.COMPLETED: (Move.ACCEPT, Move.COMPLETE),
        TaskStatus.REJECTED: (Move.REJECT,),
        TaskStatus.CANCELLED: (Move.WITHDRAW,),
        TaskStatus.FAILED: (Move.GIVE_UP,),
    }
    return moved(replace(task()), *ways[status], reason="No evening team")
