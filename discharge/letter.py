"""A letter: one care message (korrespondance) as it is written, sent and read.

A letter carries its thread's earlier texts along, and the history of who sent what: so a receiver
that missed something can still read it, and ours is shown whole wherever it goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from discharge.identifiers import EpisodeOfCareId, MessageId, PatientId, SegmentId, SorCode, StayId, ThreadId

__all__ = [
    "MEDIA_TYPES",
    "Attachment",
    "Author",
    "Category",
    "Contact",
    "Letter",
    "LetterKind",
    "LetterPriority",
    "Segment",
    "Step",
    "TextSegment",
    "files_of",
    "media_type_of",
    "texts_of",
]

MEDIA_TYPES: Final[dict[str, tuple[bytes, ...]]] = {
    "application/pdf": (b"%PDF-",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/tiff": (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
    "image/bmp": (b"BM",),
}
"""What may be attached, and how such a file begins.

Source: MedCom Terminology 2.0.2, ValueSet medcom-core-attachmentMimeTypes.
"""


def media_type_of(content: bytes) -> str | None:
    """The media type that a file's first bytes show; None when it is none that may be attached."""
    return next((kind for kind, starts in MEDIA_TYPES.items() if content.startswith(starts)), None)


class Category(StrEnum):
    """What a letter is about. Source: MedCom Terminology 2.0.2, medcom-careCommunication-categoryCodes."""

    DISCHARGE = "discharge"
    MEDICINE = "medicine"
    NURSING = "nursing"
    ASSISTIVE_DEVICES = "assistive-devices"
    HOME_CARE_ASSESSMENT = "home-care-assessment"
    TRAINING = "training"
    CARE_COORDINATION = "carecoordination"
    EXTENDED_CARE_RESPONSIBILITY = "extended-care-responsibility"
    ACUTE_AMBULANT = "acute-ambulant"
    EXAMINATION_RESULTS = "examination-results"
    OUTPATIENT = "outpatient"
    HEALTHCARE = "healthcare"
    TELEMEDICINE = "telemedicine"
    PSYCHIATRY = "psychiatry-social-disability"
    ALCOHOL_AND_DRUGS = "alcohol-and-drug-treatment"
    REGARDING_REFERRAL = "regarding-referral"
    DECEASE = "decease"
    OTHER = "other"


class LetterKind(StrEnum):
    """What a letter does to its thread. Source: MedCom CareCommunication 5.0.2 and 3.0.0, messagingActivities."""

    NEW = "new-message"
    REPLY = "reply-message"
    FORWARD = "forward-message"
    MODIFIED = "modified-message"
    """Version 3 only: takes the place of an earlier one."""
    RETRACTED = "retract-message"
    """Version 3 only: takes an earlier one back."""

    @property
    def puts_right(self) -> bool:
        """True for what only changes an earlier one: nobody is asked for anything."""
        return self in {LetterKind.MODIFIED, LetterKind.RETRACTED}


class LetterPriority(StrEnum):
    """How soon a referral's letter wants to be read. Source: ValueSet medcom-careCommunication-requestPriority."""

    ROUTINE = "routine"
    ASAP = "asap"


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote a text: name and job title."""

    name: str
    title: str
    code: str | None = None
    """The job title as ``system|code`` where it was given so; else ``title`` is free text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person or team inside an organisation whom a letter is from or to in particular."""

    name: str
    title: str | None = None
    """The person's job title; None for a team."""
    code: str | None = None
    """As in ``Author``."""

    @property
    def is_team(self) -> bool:
        """True for a team."""
        return self.title is None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Segment:
    id: SegmentId
    at: datetime
    """When "send" was pressed."""
    organization: SorCode | None = None
    """Who gave it its id: where it was written."""
    author: Author | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSegment(_Segment):
    """One text of a thread: plain, with its line breaks."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment(_Segment):
    """One file of a thread. In a reply it has no content: the stored one is shown."""

    title: str
    media_type: str | None = None
    content: bytes | None = field(default=None, repr=False)
    link: str | None = None
    """An address in place of the content. It is shown, never fetched."""
    created_at: datetime | None = None


Segment = TextSegment | Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One sending in a thread's history: the message, who sent it when, and what it followed.

    Source: MedCom CareCommunication 5.0.2, Provenance.
    """

    message_id: MessageId
    kind: LetterKind
    at: datetime
    organization: SorCode | None = None
    segments: tuple[SegmentId, ...] = ()
    """The texts and files that were new in it."""
    follows: MessageId | None = None
    """The message that it answers, forwards or takes the place of."""
    removes: MessageId | None = None
    """The message that it takes back."""
    foreign: str | None = None
    """Location number and id, joined by ``#``, of an older letter format that it answers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One care message from one organisation to another about one citizen."""

    id: MessageId
    thread: ThreadId | None
    """None: version 3 names no thread; its history tells."""
    sender: SorCode
    recipient: SorCode
    category: Category
    topic: str | None = None
    priority: LetterPriority | None = None
    sender_contact: Contact | None = None
    """Who in particular at the sender; a reply is addressed to them."""
    recipient_contact: Contact | None = None
    episodes: tuple[EpisodeOfCareId, ...] = ()
    segments: tuple[Segment, ...]
    """The newest texts and files, and all earlier ones of the thread."""
    history: tuple[Step, ...]
    """All sendings that the letter tells of, its own last."""
    patient_id: PatientId | None = field(default=None, compare=False)
    """None until the citizen has been looked up."""
    stay_id: StayId | None = field(default=None, compare=False)
    """The stay that its thread belongs to, on a letter that leaves."""

    @property
    def step(self) -> Step:
        """The letter's own sending."""
        return self.history[-1]

    @property
    def kind(self) -> LetterKind:
        """What it does to its thread."""
        return self.step.kind

    @property
    def sent_at(self) -> datetime:
        """When it was sent."""
        return self.step.at

    @property
    def earlier(self) -> tuple[MessageId, ...]:
        """The messages that its history names, itself left out."""
        named = (each for step in self.history for each in (step.message_id, step.follows, step.removes))
        return tuple(dict.fromkeys(each for each in named if each is not None and each != self.id))

    @property
    def own(self) -> tuple[Segment, ...]:
        """What is new in this letter.

        Published letters list them in part, wrongly or not at all. So: what no earlier sending claims,
        and of that, unless the thread begins here, what is listed or was written last.
        """
        claimed = {each for step in self.history[:-1] for each in step.segments}
        left = [segment for segment in self.segments if segment.id not in claimed] or list(self.segments)
        if self.kind is LetterKind.NEW:
            return tuple(left)
        listed = set(self.step.segments)
        latest = max((segment.at for segment in left), default=self.sent_at)
        return tuple(segment for segment in left if segment.id in listed or segment.at == latest)

    @property
    def carried(self) -> tuple[Segment, ...]:
        """The earlier texts and files that ride along."""
        own = {segment.id for segment in self.own}
        return tuple(segment for segment in self.segments if segment.id not in own)


def texts_of(segments: Sequence[Segment]) -> tuple[TextSegment, ...]:
    """The texts among ``segments``."""
    return tuple(segment for segment in segments if isinstance(segment, TextSegment))


def files_of(segments: Sequence[Segment]) -> tuple[Attachment, ...]:
    """The files among ``segments``."""
    return tuple(segment for segment in segments if isinstance(segment, Attachment))
