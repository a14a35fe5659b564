"""What somebody asks for: frozen requests. A click and a message become the same command."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from discharge.identifiers import (
    BundleId,
    CprNumber,
    EpisodeOfCareId,
    FeedId,
    MessageId,
    SorCode,
    StayId,
    TaskId,
)
from discharge.plan import PlanRevision
from discharge.policy import Caller
from discharge.stay import EncounterClass, NoticeKind
from discharge.task import Move, Person

__all__ = [
    "BeginStay",
    "ConfirmDelivered",
    "Envelope",
    "Issue",
    "MoveTask",
    "Notice",
    "Receipt",
    "ReceiptCode",
    "ReceiveNotice",
    "RefuseMessage",
    "RevisePlan",
]


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
    ended_at: datetime | None = None
    service_provider: SorCode
    occurred_at: datetime
    report_requested: bool = False
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
class RefuseMessage:
    """A message came in whose content breaks the standard, or that is not acted on."""

    caller: Caller
    envelope: Envelope
    issues: tuple[Issue, ...]
    cpr: CprNumber | None = None
    """Where it could be read: decides whether the body may be kept."""


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
