"""Stand-ins for the ports of ``discharge.ports``, over rows in memory; ``tests.fakes`` makes a store of them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from discharge.agreement import HealthAgreement
from discharge.commands import Envelope, Issue, Receipt, ReceiptCode
from discharge.conversation import Conversation
from discharge.documents.report import DocumentId, FiledReport
from discharge.documents.rulings import Ruling
from discharge.errors import NotFoundError
from discharge.identifiers import (
    BundleId,
    ConversationId,
    CprNumber,
    FeedId,
    MessageId,
    PatientId,
    SegmentId,
    SorCode,
    StayId,
    TaskId,
    TimerId,
)
from discharge.letter import Letter
from discharge.medication.record import MedicationReconciliation
from discharge.patient import Patient
from discharge.planning import PlannedStep
from discharge.ports import ArmedStep
from discharge.stay import Stay
from discharge.task import AgreementRef, HandoverTask
from notifications.entry import Addressed, EntryEvent

_TELLING = frozenset({EntryEvent.TASK_REQUESTED, EntryEvent.TASK_CHANGED})
REUSED_BUNDLE = Issue(
    severity="error", code="duplicate", rule="bundle-id-reused", text="This Bundle.id was used for another message."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeTimer:
    """A rung as it is kept."""

    step: ArmedStep
    stay_id: StayId
    fired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeMessage:
    """A message as it is kept."""

    envelope: Envelope
    receipt: Receipt | None = None
    stay_id: StayId | None = None
    patient_id: PatientId | None = None
    body: bytes | None = None
    repeats: int = 0


@dataclass(slots=True)
class FakeState:
    """Everything that is kept."""

    patients: dict[PatientId, Patient] = field(default_factory=dict)
    stays: dict[StayId, Stay] = field(default_factory=dict)
    tasks: dict[TaskId, HandoverTask] = field(default_factory=dict)
    timers: dict[TimerId, FakeTimer] = field(default_factory=dict)
    messages: dict[tuple[SorCode, MessageId], FakeMessage] = field(default_factory=dict)
    bundles: dict[tuple[SorCode, BundleId], MessageId] = field(default_factory=dict)
    postponed: set[StayId] = field(default_factory=set)
    conversations: dict[ConversationId, Conversation] = field(default_factory=dict)
    medications: dict[StayId, MedicationReconciliation] = field(default_factory=dict)
    documents: dict[DocumentId, FiledReport] = field(default_factory=dict)
    originals: dict[DocumentId, bytes] = field(default_factory=dict)
    rulings: dict[tuple[StayId, int], Ruling] = field(default_factory=dict)
    contents: dict[tuple[ConversationId, SegmentId], bytes] = field(default_factory=dict)
    posted: list[Letter] = field(default_factory=list)

    def copy(self) -> "FakeState":
        """The same, apart; what is in it is frozen."""
        return FakeState(
            patients=dict(self.patients),
            stays=dict(self.stays),
            tasks=dict(self.tasks),
            timers=dict(self.timers),
            messages=dict(self.messages),
            bundles=dict(self.bundles),
            postponed=set(self.postponed),
            conversations=dict(self.conversations),
            medications=dict(self.medications),
            documents=dict(self.documents),
            originals=dict(self.originals),
            rulings=dict(self.rulings),
            contents=dict(self.contents),
            posted=list(self.posted),
        )


class FakePatients:
    """Implements ``discharge.ports.Patients``."""

    def __init__(self, state: FakeState) -> None:
        self._state = state

    async def by_cpr(self, cpr: CprNumber) -> Patient | None:
        return next((patient for patient in self._state.patients.values() if patient.cpr == cpr), None)

    async def get(self, patient_id: PatientId) -> Patient:
        found = self._state.patients.get(patient_id)
        if found is None:
            raise NotFoundError(kind="Patient")
        return found

    async def add(self, patient: Patient) -> Patient:
        first = await self.by_cpr(patient.cpr)
        if first is not None:
            return first
        self._state.patients[patient.id] = patient
        return patient

    async def save(self, patient: Patient) -> None:
        self._state.patients[patient.id] = patient


class FakeStays:
    """Implements ``discharge.ports.Stays``."""

    def __init__(self, state: FakeState) -> None:
        self._state = state

    async def get(self, stay_id: StayId) -> Stay:
        if stay_id not in self._state.stays:
            raise NotFoundError(kind="Stay")
        return self._loaded(stay_id)

    async def of_patient(self, patient_id: PatientId) -> Sequence[Stay]:
        stays = [self._loaded(stay.id) for stay in self._state.stays.values() if stay.patient_id == patient_id]
        return sorted(stays, key=lambda stay: stay.began_at, reverse=True)

    async def is_another_open(self, stay: Stay) -> bool:
        beside = (other for other in self._state.stays.values() if other.patient_id == stay.patient_id)
        return any(other.is_open and other.id != stay.id for other in beside)

    async def save(self, stay: Stay) -> None:
        self._state.stays[stay.id] = stay

    def _loaded(self, stay_id: StayId) -> Stay:
        return self._state.stays[stay_id]


class FakeTasks:
    """Implements ``discharge.ports.Tasks``."""

    def __init__(self, state: FakeState, feeds: dict[FeedId, list[Addressed]]) -> None:
        self._state = state
        self._feeds = feeds

    async def stay_of(self, task_id: TaskId) -> StayId:
        return (await self.get(task_id)).stay_id

    async def get(self, task_id: TaskId) -> HandoverTask:
        found = self._state.tasks.get(task_id)
        if found is None:
            raise NotFoundError(kind="Task")
        return found

    async def of_stay(self, stay_id: StayId) -> Sequence[HandoverTask]:
        tasks = [task for task in self._state.tasks.values() if task.stay_id == stay_id]
        return sorted(tasks, key=lambda task: task.id)

    async def undelivered(self, feed: FeedId, offset: int) -> Sequence[HandoverTask]:
        told = [e for e in self._feeds.get(feed, [])[:offset] if e.event in _TELLING]
        return [
            task
            for task in self._state.tasks.values()
            if task.owner == SorCode(feed)
            and task.proofs.delivered_at is None
            and any(e.task_id == task.id and e.at >= task.proofs.sent_at for e in told)
        ]

    async def save(self, task: HandoverTask) -> None:
        self._state.tasks[task.id] = task


class FakeTimers:
    """Implements ``discharge.ports.Timers``."""

    def __init__(self, state: FakeState, new_id: Callable[[], str]) -> None:
        self._state = state
        self._new_id = new_id

    async def arm(self, task: HandoverTask, steps: Iterable[PlannedStep]) -> None:
        for timer_id, timer in list(self._state.timers.items()):
            if timer.step.task_id == task.id and timer.fired_at is None:
                del self._state.timers[timer_id]
        for step in steps:
            timer_id = TimerId(self._new_id())
            armed = ArmedStep(
                id=timer_id,
                task_id=task.id,
                kind=step.kind,
                due_at=step.at,
                organization=step.organization,
                roles=step.roles,
                while_unanswered=step.while_unanswered,
                after_code=step.after_code,
                span=step.span,
                working_days=step.working_days,
            )
            self._state.timers[timer_id] = FakeTimer(step=armed, stay_id=task.stay_id)

    async def waiting_for(self, stay_id: StayId, code: str) -> Sequence[ArmedStep]:
        return [
            timer.step
            for timer in self._state.timers.values()
            if timer.stay_id == stay_id
            and timer.step.after_code == code
            and timer.step.due_at is None
            and timer.fired_at is None
        ]

    async def set_due(self, timer_id: TimerId, due_at: datetime) -> None:
        timer = self._state.timers[timer_id]
        self._state.timers[timer_id] = replace(timer, step=replace(timer.step, due_at=due_at))

    async def due(self, until: datetime, limit: int, stay_id: StayId | None = None) -> Sequence[ArmedStep]:
        ripe = [
            (timer.step.due_at, timer.step.id, timer.step)
            for timer in self._state.timers.values()
            if timer.fired_at is None
            and timer.step.due_at is not None
            and timer.step.due_at <= until
            and (timer.stay_id == stay_id if stay_id is not None else timer.stay_id not in self._state.postponed)
        ]
        return [step for _, _, step in sorted(ripe, key=lambda row: row[:2])][:limit]

    async def postpone(self, stay_id: StayId) -> tuple[SorCode, ...]:
        if stay_id in self._state.postponed:
            return ()
        self._state.postponed.add(stay_id)
        stay = self._state.stays[stay_id]
        return tuple(dict.fromkeys(sor for sor in (stay.hospital, stay.receiver) if sor is not None))

    async def fired(self, timer_id: TimerId, at: datetime) -> None:
        self._state.timers[timer_id] = replace(self._state.timers[timer_id], fired_at=at)


class FakeMessages:
    """Implements ``discharge.ports.Messages``."""

    def __init__(self, state: FakeState) -> None:
        self._state = state

    async def claim(self, envelope: Envelope) -> Receipt | None:
        key = (envelope.sender, envelope.message_id)
        first = self._state.messages.get(key)
        if first is not None:
            self._state.messages[key] = replace(first, repeats=first.repeats + 1)
            assert first.receipt is not None, "claimed, then concluded, in one transaction"
            if first.receipt.code is ReceiptCode.TRANSIENT_ERROR and first.envelope.fingerprint == envelope.fingerprint:
                return None
            return replace(first.receipt, duplicate=True)
        if (envelope.sender, envelope.bundle_id) in self._state.bundles:
            refused = Receipt(code=ReceiptCode.FATAL_ERROR, issues=(REUSED_BUNDLE,))
            self._state.messages[key] = FakeMessage(envelope=replace(envelope, body=b""), receipt=refused)
            return refused
        self._state.messages[key] = FakeMessage(envelope=replace(envelope, body=b""))
        self._state.bundles[envelope.sender, envelope.bundle_id] = envelope.message_id
        return None

    async def conclude(
        self, envelope: Envelope, receipt: Receipt, *, stay_id: StayId | None, patient: Patient | None, keep: bool
    ) -> None:
        key = (envelope.sender, envelope.message_id)
        self._state.messages[key] = replace(
            self._state.messages[key],
            receipt=receipt,
            stay_id=stay_id,
            patient_id=patient.id if keep and patient is not None else None,
            body=envelope.body if keep else None,
        )


@dataclass(slots=True)
class FakeAgreements:
    """Implements ``discharge.ports.Agreements``."""

    versions: list[HealthAgreement]
    closed: frozenset[date] = frozenset()

    async def in_force(self, *, region: str | None, municipality: SorCode | None, day: date) -> HealthAgreement | None:
        assert municipality is None or municipality.isdigit()
        in_force = [version for version in self.versions if region in version.regions and version.is_valid_on(day)]
        return in_force[-1] if in_force else None

    async def get(self, ref: AgreementRef) -> HealthAgreement:
        found = next((version for version in self.versions if version.ref == ref), None)
        if found is None:
            raise NotFoundError(kind="HealthAgreement")
        return found

    def closed_days(self, day: date, agreement: HealthAgreement | None) -> frozenset[date]:
        assert day.year > 0
        assert agreement is None or agreement.country == "DK"
        return self.closed
