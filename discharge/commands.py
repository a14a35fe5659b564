"""What somebody asks for: frozen requests. A click and a message become the same command."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from discharge.identifiers import (
    BundleId,
    ConversationId,
    CprNumber,
    EpisodeOfCareId,
    FeedId,
    MessageId,
    SorCode,
    StayId,
    TaskId,
)
from discharge.letter import Category, Letter, LetterKind, LetterPriority
from discharge.medication.joining import Pair
from discharge.medication.lists import MedicationList
from discharge.medication.record import LineId, Verdict
from discharge.plan import PlanRevision
from discharge.policy import Caller
from discharge.stay import EncounterClass, NoticeKind
from discharge.task import Move, Person

__all__ = [
    "AnswerLine",
    "BeginStay",
    "Citizen",
    "CommentLine",
    "ConfirmDelivered",
    "DecideLines",
    "Envelope",
    "HearReceipt",
    "Issue",
    "LineDecision",
    "MoveTask",
    "NewFile",
    "Notice",
    "OpenLine",
    "PairLines",
    "ParkMessage",
    "Receipt",
    "ReceiptCode",
    "ReceiveLetter",
    "ReceiveNotice",
    "RefuseMessage",
    "RevisePlan",
    "Sending",
    "SignOffMedication",
    "StateMedication",
    "WriteMessage",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What a message says of its own sending, as far as it can be read."""

    occurred_at: datetime | None = None
    recorded_at: datetime | None = None
    activity: str | None = None
    follows: tuple[tuple[str, MessageId], ...] = ()
    """Earlier messages, each with its role: revision, removal or source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What is known of a message before its content is judged."""

    bundle_id: BundleId
    message_id: MessageId
    sender: SorCode
    sender_gln: str | None = None
    sender_endpoint: str | None = None
    receiver: SorCode | None = None
    receiver_gln: str | None = None
    event_code: str | None = None
    sending: Sending = Sending()
    fingerprint: bytes = b""
    """SHA-256 of the content without Bundle.id, timestamp and Provenance times: equal for a resend."""
    body: bytes = field(repr=False, default=b"")
    """The message verbatim. Written only encrypted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the hospital states about a stay.

    Source: MedCom HospitalNotification 3.0.2, Encounter, Patient, MessageHeader, Provenance.
    """

    kind: NoticeKind
    cpr: CprNumber
    family: str | None
    given: tuple[str, ...] = ()
    episodes: tuple[EpisodeOfCareId, ...]
    encounter_class: EncounterClass
    started_at: datetime
    leave_started_at: datetime | None = None
    leave_ended_at: datetime | None = None
    ended_at: datetime | None = None
    deceased: bool | None = None
    """What it says of a death; None when it says nothing."""
    service_provider: SorCode
    occurred_at: datetime
    report_requested: bool = False
    report_recipient: SorCode | None = None
    """Who shall have the report of admission; None: the sender."""
    about: MessageId | None = None
    """The message that it corrects, cancels or continues."""
    history: tuple[MessageId, ...] = ()
    """Earlier messages of the course, named by Provenance."""


class ReceiptCode(StrEnum):
    """FHIR R4 response-code, MessageHeader.response.code."""

    OK = "ok"
    TRANSIENT_ERROR = "transient-error"
    FATAL_ERROR = "fatal-error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One finding on a message, ready for an OperationOutcome. Never holds a CPR number."""

    severity: str
    """FHIR R4 issue-severity: error, warning or information."""
    code: str
    """FHIR R4 issue-type."""
    detail: str | None = None
    """Code of MedCom's acknowledgement issue details, such as MSG_ID_INVALID."""
    rule: str
    """Id of the rule that was broken, such as hospitalNotification-4."""
    expression: str | None = None
    """FHIRPath of the element."""
    text: str
    """What is wrong, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The answer to a message; the same content every time the same message comes."""

    code: ReceiptCode
    issues: tuple[Issue, ...] = ()
    duplicate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveNotice:
    """A valid notice came in."""

    caller: Caller
    envelope: Envelope
    notice: Notice
    warnings: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Citizen:
    """Whom a letter is about, as it says."""

    number: CprNumber
    """The CPR number; a replacement number where there is none."""
    family: str | None = field(repr=False, default=None)
    given: tuple[str, ...] = field(repr=False, default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiveLetter:
    """A valid care message came in."""

    caller: Caller
    envelope: Envelope
    letter: Letter
    citizen: Citizen
    warnings: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file that somebody attaches."""

    title: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteMessage:
    """Somebody writes: begins a thread, answers in one, or forwards from one to somebody else."""

    caller: Caller
    draft: MessageId
    """Made with the form: pressing twice sends once."""
    kind: LetterKind = LetterKind.NEW
    stay_id: StayId | None = None
    """The stay that a new thread is about."""
    conversation_id: ConversationId | None = None
    """The thread that is answered in or forwarded from."""
    about: MessageId | None = None
    """The message that is answered or forwarded; None: the latest."""
    recipient: SorCode | None = None
    """Who is written to; a reply goes to who wrote."""
    category: Category | None = None
    """None: that of the thread."""
    topic: str | None = None
    priority: LetterPriority | None = None
    text: str = field(repr=False)
    phone: str
    """Where the writer can be reached."""
    files: tuple[NewFile, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseMessage:
    """A message came in whose content breaks the standard, or that is not acted on."""

    caller: Caller
    envelope: Envelope
    issues: tuple[Issue, ...]
    cpr: CprNumber | None = None
    """Where it could be read: decides whether the body may be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HearReceipt:
    """Somebody acknowledges a message of ours, or says that it cannot be taken."""

    caller: Caller
    envelope: Envelope
    answers: MessageId | None
    """The message it is about; None when it names none."""
    code: ReceiptCode | None
    """None when it is none of the three codes."""
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ParkMessage:
    """A message came in and could not be handled, for reasons of our own."""

    caller: Caller
    envelope: Envelope
    cpr: CprNumber | None = None
    """Where it could be read: decides whether the body may be kept."""
    is_blind: bool = False
    """True: not even its citizen can be looked up, so nothing of the body is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginStay:
    """A ward without a record system begins a stay by hand."""

    caller: Caller
    cpr: CprNumber
    family: str
    given: tuple[str, ...] = ()
    municipality: SorCode | None = None
    gp: SorCode | None = None
    ward: SorCode
    kind: NoticeKind = NoticeKind.STIN
    started_at: datetime
    bed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisePlan:
    """The ward changes what it knows, marks the patient as gone, or takes that back."""

    caller: Caller
    stay_id: StayId
    expected_version: int | None = None
    """The plan version the ward decided on; None: whatever it is now."""
    revision: PlanRevision = field(default_factory=PlanRevision)
    discharged_at: datetime | None = None
    undo_discharged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveTask:
    """A person, or a system in a person's name, does something to a task."""

    caller: Caller
    task_id: TaskId
    move: Move
    expected_version: int | None = None
    is_exact: bool = False
    """True refuses an old version also where the move is already so: a PUT said what it was decided on."""
    reason: str | None = None
    proposed_time: datetime | None = None
    assignee: Person | None = None
    owner: SorCode | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmDelivered:
    """A device of the owner has everything of its feed up to and including ``offset``."""

    caller: Caller
    feed: FeedId
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMedication:
    """Somebody states a list of medicine for a stay."""

    caller: Caller
    stay_id: StayId
    stated: MedicationList


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOffMedication:
    """The doctor stands by the list with which the patient goes home."""

    caller: Caller
    stay_id: StayId
    expected_version: int | None = None
    """The version of the reconciliation that the doctor saw; None: whatever it is now."""
    override_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineDecision:
    """What the practice decides of one line."""

    line_id: LineId
    verdict: Verdict
    reason: str | None = None
    shown: str | None = None
    """The fingerprint of the line that was decided on; None: whatever it is now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideLines:
    """The practice decides lines of its task, all of them or none."""

    caller: Caller
    task_id: TaskId
    decisions: tuple[LineDecision, ...]
    accept_rest: bool = False
    """True: the lines that go on as they were are agreed to as well."""
    expected_version: int | None = None
    """The version of the reconciliation that the rest was seen in; None: whatever it is now."""
    task_version: int | None = None
    """The version of the task that it was decided on; None: whatever it is now."""
    by: Person | None = None
    """The practitioner that a record system speaks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerLine:
    """The ward answers what the practice asked about a line."""

    caller: Caller
    stay_id: StayId
    line_id: LineId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLine:
    """Somebody who sees the citizen says that a line does not hold."""

    caller: Caller
    stay_id: StayId
    line_id: LineId
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentLine:
    """Somebody who reads the medicine remarks something on a line."""

    caller: Caller
    stay_id: StayId
    line_id: LineId
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PairLines:
    """A person says that two lines are the same medicine, or that they are not."""

    caller: Caller
    stay_id: StayId
    pair: Pair
    same: bool
