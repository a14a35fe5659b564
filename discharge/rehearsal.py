"""A unit of work that keeps nothing: one stay in memory, so that the handlers themselves replay what happened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from discharge._typing import override
from discharge.directory import Directory
from discharge.documents.report import FiledReport
from discharge.documents.rulings import Ruling
from discharge.errors import NotFoundError
from discharge.events import Event
from discharge.identifiers import CprNumber, FeedId, PatientId, SorCode, StayId, TaskId, TimerId
from discharge.medication.record import MedicationReconciliation
from discharge.patient import Patient
from discharge.planning import PlannedStep
from discharge.ports import (
    Agreements,
    ArmedStep,
    Conversations,
    Documents,
    Medications,
    Messages,
    Outbox,
    Stays,
    Timers,
)
from discharge.stay import Stay
from discharge.task import HandoverTask

__all__ = ["Rehearsal"]


class _OnePatient:
    """Implements ``discharge.ports.Patients`` for one citizen."""

    def __init__(self, patient: Patient) -> None:
        self._patient = patient

    async def by_cpr(self, cpr: CprNumber) -> Patient | None:
        return self._patient if cpr == self._patient.cpr else None

    async def get(self, patient_id: PatientId) -> Patient:
        if patient_id != self._patient.id:
            raise NotFoundError(kind="Patient")
        return self._patient

    async def add(self, patient: Patient) -> Patient:
        self._patient = patient
        return patient

    async def save(self, patient: Patient) -> None:
        self._patient = patient


class _TasksInMemory:
    """Implements ``discharge.ports.Tasks`` for one stay; in the order in which they were made."""

    def __init__(self) -> None:
        self.made: dict[TaskId, HandoverTask] = {}

    async def stay_of(self, task_id: TaskId) -> StayId:
        return (await self.get(task_id)).stay_id

    async def get(self, task_id: TaskId) -> HandoverTask:
        found = self.made.get(task_id)
        if found is None:
            raise NotFoundError(kind="Task")
        return found

    async def of_stay(self, stay_id: StayId) -> Sequence[HandoverTask]:  # noqa: ARG002 - there is only one
        return tuple(self.made.values())

    async def undelivered(self, feed: FeedId, offset: int) -> Sequence[HandoverTask]:
        return [task for task in self.made.values() if offset and task.owner == SorCode(feed)]

    async def save(self, task: HandoverTask) -> None:
        self.made[task.id] = task


class _NoTimers(Timers):
    """Nobody is rung at, and no timer ever ends a task."""

    @override
    async def arm(self, task: HandoverTask, steps: Iterable[PlannedStep]) -> None:
        """Nothing is armed."""

    @override
    async def waiting_for(self, stay_id: StayId, code: str) -> Sequence[ArmedStep]:  # noqa: ARG002 - the port's names
        """Nothing waits."""
        return ()

    @override
    async def set_due(self, timer_id: TimerId, due_at: datetime) -> None:
        """Nothing waits."""

    @override
    async def due(self, until: datetime, limit: int, stay_id: StayId | None = None) -> Sequence[ArmedStep]:
        """Nothing is ever due, and nobody asks."""
        raise NotImplementedError

    @override
    async def postpone(self, stay_id: StayId) -> tuple[SorCode, ...]:
        """Nothing is postponed."""
        raise NotImplementedError

    @override
    async def fired(self, timer_id: TimerId, at: datetime) -> None:
        """Nothing was armed."""


class _NoDocuments(Documents):
    """None are read again: what one carried out was done by whoever sent it, as people's acts tell."""

    @override
    async def of_stay(self, stay: Stay) -> Sequence[FiledReport]:  # noqa: ARG002 - the port's names
        """There is none."""
        return ()

    @override
    async def add(self, filed: FiledReport, body: bytes) -> None:
        """None comes in."""
        raise NotImplementedError

    @override
    async def rulings(self, stay: Stay) -> Sequence[Ruling]:
        """There is nothing to rule on, and nobody asks."""
        raise NotImplementedError

    @override
    async def rule(self, stay: Stay, ruling: Ruling) -> None:
        """Nobody rules on what is not there."""
        raise NotImplementedError


class _NoMedicine(Medications):
    """No list is read again: what came of it was done by whoever did it, as people's acts tell."""

    @override
    async def of_stay(self, stay: Stay) -> MedicationReconciliation:
        """There is nothing in it."""
        return MedicationReconciliation(stay_id=stay.id, patient_id=stay.patient_id)

    @override
    async def save(self, record: MedicationReconciliation) -> None:
        """Nobody writes in it."""
        raise NotImplementedError


class Rehearsal:
    """Implements ``discharge.ports.UnitOfWork`` for one stay: ``now`` is set to each instant in its turn."""

    def __init__(self, *, now: datetime, directory: Directory, agreements: Agreements, patient: Patient) -> None:
        self.now = now
        self.directory = directory
        self.agreements = agreements
        self.access_days = 0
        """Nobody reads what is rehearsed."""
        self.patients = _OnePatient(patient)
        self.tasks = _TasksInMemory()
        self.timers = _NoTimers()
        self.documents = _NoDocuments()
        self.medications = _NoMedicine()
        self._numbers = 0

    def new_id(self) -> str:
        """The next number."""
        self._numbers += 1
        return str(self._numbers)

    def record(self, event: Event) -> None:
        """Nobody is told."""

    async def commit(self) -> None:
        """Nothing is kept."""

    @property
    def stays(self) -> Stays:
        """None: what is replayed has the stay in hand."""
        raise NotImplementedError

    @property
    def messages(self) -> Messages:
        """None: messages were answered when they came."""
        raise NotImplementedError

    @property
    def conversations(self) -> Conversations:
        """None: nobody reads a letter again."""
        raise NotImplementedError

    @property
    def outbox(self) -> Outbox:
        """None: nothing leaves."""
        raise NotImplementedError
