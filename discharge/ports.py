"""What the core needs of the world, as protocols: one transaction and what is kept in it.

Lock order everywhere: patient, stay, tasks by id, timers, conversation, and feed heads last. Every ``get`` that
names a lock holds it until the unit of work ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from discharge.agreement import HealthAgreement, StepKind
from discharge.commands import Envelope, HearReceipt, Receipt
from discharge.conversation import Conversation
from discharge.directory import Directory
from discharge.documents.report import FiledReport
from discharge.documents.rulings import Ruling
from discharge.events import Event, MessageUndelivered
from discharge.identifiers import (
    ConversationId,
    CprNumber,
    FeedId,
    MessageId,
    PatientId,
    SegmentId,
    SorCode,
    StayId,
    TaskId,
    ThreadId,
    TimerId,
)
from discharge.letter import Letter
from discharge.medication.record import MedicationReconciliation
from discharge.patient import Patient
from discharge.planning import PlannedStep
from discharge.policy import Role
from discharge.stay import Stay
from discharge.task import AgreementRef, HandoverTask

__all__ = [
    "Agreements",
    "ArmedStep",
    "Conversations",
    "Documents",
    "Medications",
    "Messages",
    "Outbox",
    "Patients",
    "Stays",
    "Tasks",
    "Timers",
    "UnitOfWork",
]


class Patients(Protocol):
    """Citizens, found by id or by the blind index of their CPR number."""

    async def by_cpr(self, cpr: CprNumber) -> Patient | None:
        """Return the citizen and hold the lock, or None."""

    async def get(self, patient_id: PatientId) -> Patient:
        """Return the citizen.

        Raises:
            NotFoundError: there is none.
        """

    async def add(self, patient: Patient) -> Patient:
        """Keep a new citizen; when another transaction was first, return theirs."""

    async def save(self, patient: Patient) -> None:
        """Keep a changed name or practice."""


class Stays(Protocol):
    """Stays with their encounters, parties and plan."""

    async def get(self, stay_id: StayId) -> Stay:
        """Return the stay and hold its lock.

        Raises:
            NotFoundError: there is none.
        """

    async def of_patient(self, patient_id: PatientId) -> Sequence[Stay]:
        """The citizen's stays, the latest first, each held by its lock."""

    async def is_another_open(self, stay: Stay) -> bool:
        """Tell whether the citizen is in hospital again.

        True as long as ``stay`` is held: whoever begins a stay holds all others of the citizen.
        """

    async def save(self, stay: Stay) -> None:
        """Keep a new or changed stay."""


class Tasks(Protocol):
    """Duties."""

    async def stay_of(self, task_id: TaskId) -> StayId:
        """The stay to lock before the task.

        Raises:
            NotFoundError: there is no such task.
        """

    async def get(self, task_id: TaskId) -> HandoverTask:
        """Return the task and hold its lock.

        Raises:
            NotFoundError: there is none.
        """

    async def of_stay(self, stay_id: StayId) -> Sequence[HandoverTask]:
        """All tasks of the stay, by id, each held by its lock."""

    async def undelivered(self, feed: FeedId, offset: int) -> Sequence[HandoverTask]:
        """Tasks owned by ``feed`` that no device has confirmed; locked.

        Only those of whose running round the feed told up to ``offset``: an older round's entry proves nothing.
        """

    async def save(self, task: HandoverTask) -> None:
        """Keep a new or changed task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArmedStep:
    """A rung of the ladder that waits for its instant."""

    id: TimerId
    task_id: TaskId
    kind: StepKind
    due_at: datetime | None
    organization: SorCode
    roles: frozenset[Role]
    while_unanswered: bool
    """True: only until a person takes the task on. False: until it is done."""
    after_code: str | None = None
    span: timedelta = timedelta()
    working_days: int = 0


class Timers(Protocol):
    """Rows held against the one clock. No timer ever ends a task."""

    async def arm(self, task: HandoverTask, steps: Iterable[PlannedStep]) -> None:
        """Replace the rungs of ``task`` that have not fired."""

    async def waiting_for(self, stay_id: StayId, code: str) -> Sequence[ArmedStep]:
        """Rungs of the stay that wait until a task of ``code`` is completed."""

    async def set_due(self, timer_id: TimerId, due_at: datetime) -> None:
        """Give a waiting rung its instant."""

    async def due(self, until: datetime, limit: int, stay_id: StayId | None = None) -> Sequence[ArmedStep]:
        """Unfired rungs due by ``until``, in due order, of stays that nobody else holds; all locked.

        Only those of ``stay_id`` when it is named, else of every stay that is not postponed.
        """

    async def postpone(self, stay_id: StayId) -> tuple[SorCode, ...]:
        """Pass over the rungs of a stay that cannot be climbed, for a while that grows.

        Returns the places whose operators must know the first time, and nothing while it lasts.
        """

    async def fired(self, timer_id: TimerId, at: datetime) -> None:
        """Mark a rung as climbed."""


class Messages(Protocol):
    """Every message that came in, verbatim where the law allows it."""

    async def claim(self, envelope: Envelope) -> Receipt | None:
        """Take the message in hand, once per sender and MessageHeader.id.

        Returns None when it is new, or was answered "not now" before; else the answer it was given before,
        or the fatal answer for a reused Bundle.id, which is no duplicate and still to be concluded.
        Concurrent copies wait here for the first one's commit.

        Source: MedCom Reliable Messaging, duplicate matrix; the keys are (sender, id).
        """

    async def conclude(
        self, envelope: Envelope, receipt: Receipt, *, stay_id: StayId | None, patient: Patient | None, keep: bool
    ) -> None:
        """Write the answer; ``keep`` False drops the body in this same transaction."""


class Conversations(Protocol):
    """Threads of care messages. Contents of attachments are kept apart and handed out on request only."""

    async def get(self, conversation_id: ConversationId) -> Conversation:
        """Return the thread and hold its lock.

        Raises:
            NotFoundError: there is none.
        """

    async def about(self, conversation_id: ConversationId) -> tuple[PatientId, StayId | None]:
        """Whom and which stay the thread is about: what to lock before it.

        Raises:
            NotFoundError: there is none.
        """

    async def of_thread(self, thread: ThreadId) -> Sequence[Conversation]:
        """The conversations with this Communication.identifier, held: one per citizen it was used for."""

    async def of_messages(self, patient_id: PatientId, message_ids: Sequence[MessageId]) -> Sequence[Conversation]:
        """The citizen's conversations in which a message bears, or names in its history, one of these ids; held."""

    async def contents(self, conversation: Conversation) -> dict[SegmentId, bytes]:
        """The contents of all files of the thread."""

    async def save(self, conversation: Conversation) -> None:
        """Keep a new thread, what was added to it, and the contents that the added messages bring."""


class Outbox(Protocol):
    """Letters on their way out."""

    async def post(self, letter: Letter) -> None:
        """Hand a letter over for sending; it leaves after the commit.

        It names its citizen by ``patient_id``, and carries the contents of its files.
        """

    async def hear(self, command: HearReceipt) -> tuple[str, MessageUndelivered | None]:
        """Note a receipt, and close the message of ours that it answers or have it sent again.

        Returns what it meant, in a word for the log, and what people must be told. Only who got the
        message can answer it; the first final receipt counts.
        """


class Medications(Protocol):
    """What is known of the medicine of stays."""

    async def of_stay(self, stay: Stay) -> MedicationReconciliation:
        """The medicine of a stay whose lock is held; an empty one where nobody has stated any."""

    async def save(self, record: MedicationReconciliation) -> None:
        """Keep its new version, and the lists that were added."""


class Documents(Protocol):
    """Documents of stays, verbatim and as they were read."""

    async def of_stay(self, stay: Stay) -> Sequence[FiledReport]:
        """The documents of a stay whose lock is held, in the order of their arrival."""

    async def add(self, filed: FiledReport, body: bytes) -> None:
        """Keep a new one; it never changes."""

    async def rulings(self, stay: Stay) -> Sequence[Ruling]:
        """What people have said of the documents of a stay whose lock is held, in their order."""

    async def rule(self, stay: Stay, ruling: Ruling) -> None:
        """Keep a new one; it never changes."""


class Agreements(Protocol):
    """Versioned rules."""

    async def in_force(self, *, region: str | None, municipality: SorCode | None, day: date) -> HealthAgreement | None:
        """The agreement of the region that day, with what was laid upon it for the municipality; the latest wins."""

    async def get(self, ref: AgreementRef) -> HealthAgreement:
        """The version a task was made under.

        Raises:
            NotFoundError: it was never loaded.
        """

    def closed_days(self, day: date, agreement: HealthAgreement | None) -> frozenset[date]:
        """Public holidays and agreed closed days around ``day``; Danish holidays where there is no agreement."""


class UnitOfWork(Protocol):
    """One transaction: everything in it becomes true at ``commit``, or nothing does."""

    @property
    def now(self) -> datetime:
        """Domain time, read once for this transaction."""

    @property
    def directory(self) -> Directory:
        """Who there is."""

    @property
    def access_days(self) -> int:
        """How many days a party reads on after the end."""

    @property
    def patients(self) -> Patients:
        """Citizens."""

    @property
    def stays(self) -> Stays:
        """Stays."""

    @property
    def tasks(self) -> Tasks:
        """Duties."""

    @property
    def timers(self) -> Timers:
        """Ladders."""

    @property
    def messages(self) -> Messages:
        """Messages."""

    @property
    def conversations(self) -> Conversations:
        """Threads of care messages."""

    @property
    def outbox(self) -> Outbox:
        """Letters on their way out."""

    @property
    def medications(self) -> Medications:
        """Medicine."""

    @property
    def documents(self) -> Documents:
        """Documents."""

    @property
    def agreements(self) -> Agreements:
        """Rules."""

    def new_id(self) -> str:
        """A fresh opaque id."""

    def record(self, event: Event) -> None:
        """Remember a fact; it is written, addressed and told with the commit."""

    async def commit(self) -> None:
        """Make it true. Only after this does anyone get a yes."""
