"""What happened, as frozen facts in the past tense.

An event names no citizen: it is read into feeds and timelines of several organisations. Events of a task
carry that task, with the words people wrote to it; what leaves the process picks ids, states and the
nameless title only (``notifications.entry``). ``docs/events.md`` lists the events, and a test compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from discharge.documents.report import DocumentId
from discharge.documents.rulings import RulingKind
from discharge.documents.standing import Standing
from discharge.identifiers import ConversationId, MessageId, SorCode, StayId
from discharge.letter import LetterKind
from discharge.medication.record import MedicationWork
from discharge.policy import Role
from discharge.stay import NoticeKind
from discharge.task import HandoverTask, Move, Person

__all__ = [
    "AgreementMissing",
    "CareMessageWritten",
    "DeathWithdrawn",
    "DischargeUndone",
    "DocumentFiled",
    "DocumentRuled",
    "Event",
    "LadderStalled",
    "LeaveBegan",
    "LeaveEnded",
    "MedicationRevised",
    "MessageRefused",
    "MessageUndelivered",
    "NoticeUnexpected",
    "PatientDied",
    "PatientDischarged",
    "PlanRevised",
    "StayBegan",
    "StayCancelled",
    "StayContinued",
    "TaskDelivered",
    "TaskEscalated",
    "TaskMoved",
    "TaskOverdue",
    "TaskRedated",
    "TaskReminded",
    "TaskRequested",
    "TaskSettled",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfStay:
    at: datetime
    stay_id: StayId
    by: Person | None = None
    """The named person behind it; None for a message or a timer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StayBegan(_OfStay):
    """A patient is in hospital."""

    ward: SorCode
    kind: NoticeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class StayContinued(_OfStay):
    """The stay goes on in another contact or ward."""

    ward: SorCode
    previous_ward: SorCode
    kind: NoticeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRevised(_OfStay):
    """The ward's plan has a new version that concerns receivers."""

    ward: SorCode
    version: int
    fields: tuple[str, ...]
    receivers: tuple[SorCode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementMissing(_OfStay):
    """No agreement is in force for the stay's region: nobody was asked for anything, and people must know."""

    ward: SorCode
    receiver: SorCode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientDischarged(_OfStay):
    """The patient has left for home; a second one re-dates the first."""

    ward: SorCode
    left_at: datetime
    redated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DischargeUndone(_OfStay):
    """The discharge was marked by mistake and is taken back."""

    ward: SorCode


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfWard(_OfStay):
    ward: SorCode
    receivers: tuple[SorCode, ...] = ()
    """Who learns of it beside the ward."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveBegan(_OfWard):
    """The patient is at home for a while; the hospital keeps the responsibility, and nobody resumes anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveEnded(_OfWard):
    """The patient is back from leave."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientDied(_OfWard):
    """The patient is dead: every duty is closed and nobody is rung at; a second one re-dates the first."""

    redated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeathWithdrawn(_OfWard):
    """The notice of a death was wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StayCancelled(_OfWard):
    """There was no stay: the notice that began it is taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeUnexpected(_OfStay):
    """A notice that nothing can follow from here: it is kept, and operators look at it."""

    ward: SorCode
    kind: NoticeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfTask(_OfStay):
    task: HandoverTask


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRequested(_OfTask):
    """Somebody now owes something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMoved(_OfTask):
    """A person moved a task, or the core withdrew it."""

    move: Move


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRedated(_OfTask):
    """The fact behind a task changed: a new deadline, or a new round in which nobody's earlier yes holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSettled(_OfTask):
    """A task must wait for another one of its stay, or is released: ``task.wait`` tells. Told to the owner only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDelivered(_OfTask):
    """A device of the owner has it. Told to the requester only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReminded(_OfTask):
    """The owner was reminded."""

    organization: SorCode
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskEscalated(_OfTask):
    """Nobody answered, so the next named party was told."""

    organization: SorCode
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOverdue(_OfTask):
    """The deadline passed and it is not done."""

    organization: SorCode
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderStalled(_OfStay):
    """The deadlines of a stay cannot be worked on, most likely because it cannot be read: operators must look."""

    places: tuple[SorCode, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationRevised(_OfStay):
    """The medicine of a stay has a new version: a list, a decision, a question or its answer."""

    work: MedicationWork
    version: int
    unresolved: int
    """Lines that the practice has still to decide."""
    place: SorCode | None = None
    """Where it was done, of what the record itself keeps no place: a pairing."""
    places: tuple[SorCode, ...]
    """Who is told: every place that still reads the stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFiled(_OfStay):
    """A document of the stay came in: a first report, a newer version, an addition, or one that takes others back."""

    document_id: DocumentId
    standing: Standing
    is_question: bool
    """True: another report holds beside it, and nothing tells which is the newer one."""
    is_summary: bool = False
    """True: a patient summary."""
    hospital: SorCode
    """Whose operators are told of an identifier that was used twice."""
    places: tuple[SorCode, ...]
    """Who is told: every place that still reads the stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRuled(_OfStay):
    """The ward said which of its documents count, or took that back."""

    document_id: DocumentId
    kind: RulingKind
    is_question: bool
    """True: others are still in question."""
    places: tuple[SorCode, ...]
    """Who is told: every place that still reads the stay."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CareMessageWritten:
    """A care message came in, or somebody here wrote one."""

    at: datetime
    stay_id: StayId | None
    """None: it is about a citizen, but about no stay that both ends are party to."""
    by: Person | None = None
    conversation_id: ConversationId
    sender: SorCode
    recipient: SorCode
    place: SorCode | None
    """Who here is told of it; None: it goes to a system outside."""
    kind: LetterKind
    is_urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRefused:
    """A message was answered with an error; its receiver's operators must see it."""

    at: datetime
    message_id: MessageId
    sender: SorCode
    receiver: SorCode | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageUndelivered:
    """A message of ours was refused, or nobody has receipted it: its author and the operators must see it."""

    at: datetime
    message_id: MessageId
    sender: SorCode
    receiver: SorCode
    place: SorCode
    """Where it was written: at the sender, or below it."""
    stay_id: StayId | None = None
    reason: str
    """A code of ours, never a text from outside."""


Event = (
    StayBegan
    | StayContinued
    | PlanRevised
    | AgreementMissing
    | PatientDischarged
    | DischargeUndone
    | LeaveBegan
    | LeaveEnded
    | PatientDied
    | DeathWithdrawn
    | StayCancelled
    | NoticeUnexpected
    | TaskRequested
    | TaskMoved
    | TaskRedated
    | TaskSettled
    | TaskDelivered
    | TaskReminded
    | TaskEscalated
    | TaskOverdue
    | LadderStalled
    | MedicationRevised
    | DocumentFiled
    | DocumentRuled
    | CareMessageWritten
    | MessageRefused
    | MessageUndelivered
)
