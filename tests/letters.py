"""Care messages made to order: between the ward and the municipality of the factories."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from discharge.commands import Citizen, ReceiveLetter, WriteMessage
from discharge.identifiers import EpisodeOfCareId, MessageId, SegmentId, SorCode, ThreadId, fresh_urn
from discharge.letter import Attachment, Author, Category, Letter, LetterKind, Segment, Step, TextSegment
from discharge.policy import Caller
from tests import factories
from tests.factories import CPR, FAMILY, MUNICIPALITY, NOW, WARD, new_id

MINUTE = timedelta(minutes=1)
PDF = b"%PDF-1.7 a small one"
PNG = b"\x89PNG\r\n\x1a\n and so on"
NURSE = Author(name="Vagn Vagtsen", title="Sygeplejerske")


def urn() -> str:
    """A ``urn:uuid:`` nobody has used."""
    return fresh_urn(new_id())


def text(words: str = "Hun har brug for en seng.", *, at: datetime = NOW, of: SorCode = WARD) -> TextSegment:
    """One text."""
    return TextSegment(id=SegmentId(urn()), at=at, organization=of, author=NURSE, phone="70000101", text=words)


def file(content: bytes | None = PDF, *, at: datetime = NOW, of: SorCode = WARD) -> Attachment:
    """One file."""
    return Attachment(
        id=SegmentId(urn()),
        at=at,
        organization=of,
        author=NURSE,
        title="Plan",
        media_type=None if content is None else "application/pdf",
        content=content,
    )


def letter(
    *segments: Segment,
    kind: LetterKind = LetterKind.NEW,
    thread: str | None = "",
    after: Letter | None = None,
    at: datetime = NOW,
    episodes: tuple[EpisodeOfCareId, ...] = (),
    **changes: Any,
) -> Letter:
    """A letter from the ward to the municipality; ``after`` makes it follow another one and carry it along."""
    own = segments or (text(at=at),)
    message_id = MessageId(new_id())
    before = after.history if after is not None else ()
    undoes = kind is LetterKind.RETRACTED
    step = Step(
        message_id=message_id,
        kind=kind,
        at=at,
        organization=WARD,
        segments=tuple(segment.id for segment in own),
        follows=None if after is None or undoes else after.id,
        removes=after.id if after is not None and undoes else None,
    )
    named = urn() if thread == "" else thread
    if after is not None and thread == "":
        named = after.thread
    made = Letter(
        id=message_id,
        thread=None if named is None else ThreadId(named),
        sender=WARD,
        recipient=MUNICIPALITY,
        category=Category.DISCHARGE,
        episodes=episodes,
        segments=(*(() if after is None else map(_named_only, after.segments)), *own),
        history=(*before, step),
    )
    return replace(made, **changes)


def _named_only(segment: Segment) -> Segment:
    """Earlier files ride along without their contents."""
    return replace(segment, content=None) if isinstance(segment, Attachment) else segment


def reply(after: Letter, *segments: Segment, at: datetime | None = None, **changes: Any) -> Letter:
    """The answer of who was written to."""
    when = at or after.sent_at + MINUTE
    own = segments or (text("Den kommer i dag.", at=when, of=after.recipient),)
    made = letter(*own, kind=LetterKind.REPLY, after=after, at=when, sender=after.recipient, recipient=after.sender)
    made = replace(made, **changes)
    step = replace(made.step, organization=made.sender)
    return replace(made, history=(*made.history[:-1], step))


def receive(sent: Letter, *, client: Caller | None = None, **changes: Any) -> ReceiveLetter:
    """The command that a care message becomes."""
    envelope = factories.envelope(
        message_id=sent.id,
        sender=sent.sender,
        receiver=sent.recipient,
        event_code="care-communication-message",
        body=b"a letter",
    )
    made = ReceiveLetter(
        caller=client or factories.record_system(sent.sender),
        envelope=envelope,
        letter=sent,
        citizen=Citizen(number=CPR, family=FAMILY),
    )
    return replace(made, **changes)


def write(**changes: Any) -> WriteMessage:
    """A nurse of the ward writes."""
    made = WriteMessage(
        caller=factories.ward_nurse(),
        draft=MessageId(new_id()),
        recipient=MUNICIPALITY,
        category=Category.DISCHARGE,
        text="Kan I nå en seng til i morgen?",
        phone="70 00 01 01",
    )
    return replace(made, **changes)
