"""Example threads for pages: answered, taken back, known from others only; with files of every kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from discharge.conversation import CareMessage, Conversation, StoredFile
from discharge.identifiers import (
    AttachmentId,
    CareMessageId,
    ConversationId,
    MessageId,
    PatientId,
    SegmentId,
    SorCode,
    StayId,
    ThreadId,
)
from discharge.letter import Attachment, Author, Category, Letter, LetterKind, LetterPriority, Step, TextSegment
from services.persistence.conversation_reads import ConversationPage, Listed
from tests import factories_views as made

_SAID = "Hun får en seng i morgen kl. 14.\nVi ringer, hvis den er forsinket."


def _text(number: int, words: str, of: SorCode, clock: str) -> TextSegment:
    author = Author(name="Sofie Prøveholm", title="Sygeplejerske")
    segment_id = SegmentId(f"urn:uuid:00000000-0000-4000-8000-{number:012}")
    return TextSegment(id=segment_id, at=made.at(clock), organization=of, author=author, phone="70000101", text=words)


def _file(number: int, title: str, *, link: str | None = None, kind: str | None = "application/pdf") -> Attachment:
    segment_id = SegmentId(f"urn:uuid:00000000-0000-4000-8000-{number:012}")
    return Attachment(
        id=segment_id, at=made.at("09.00"), organization=made.WARD, title=title, media_type=kind, link=link
    )


def _message(letter: Letter, **changes: Any) -> CareMessage:
    kept = CareMessage(id=CareMessageId(f"m-{letter.id}"), letter=letter, received_at=letter.sent_at, place=made.NORTH)
    return replace(kept, **changes)


def _letter(name: str, kind: LetterKind, clock: str, *segments: TextSegment | Attachment, **changes: Any) -> Letter:
    step = Step(
        message_id=MessageId(name),
        kind=kind,
        at=made.at(clock),
        organization=made.WARD,
        segments=tuple(segment.id for segment in segments),
    )
    letter = Letter(
        id=MessageId(name),
        thread=ThreadId("urn:uuid:thread"),
        sender=made.WARD,
        recipient=made.MUNICIPALITY,
        category=Category.REGARDING_REFERRAL,
        topic="Seng og lift",
        priority=LetterPriority.ASAP,
        segments=segments,
        history=(step,),
    )
    return replace(letter, **changes)


def thread(*, bound: bool = True) -> Conversation:
    """Everything that a thread can hold."""
    stored = _file(2, "Funktionsevne")
    first = _letter(
        "first", LetterKind.NEW, "09.00", _text(1, "Kan I nå en seng til i morgen?", made.WARD, "09.00"), stored,
        _file(3, "Brochure", link="https://example.org/lift"), _file(4, "Billede", kind="image/png"),
    )  # fmt: skip
    answer = _letter(
        "answer", LetterKind.REPLY, "09.30", _text(5, _SAID, made.MUNICIPALITY, "09.30"),
        sender=made.MUNICIPALITY, recipient=made.WARD,
    )  # fmt: skip
    told = replace(answer.step, organization=made.MUNICIPALITY, follows=first.id)
    answer = replace(answer, history=(first.step, told))
    wrong = _letter("wrong", LetterKind.NEW, "09.40", _text(6, "Om en anden borger", made.WARD, "09.40"))
    back = _letter("back", LetterKind.RETRACTED, "09.41", _text(7, "Forkert borger", made.WARD, "09.41"))
    back = replace(back, history=(replace(back.step, removes=wrong.id),))
    changed = _letter("changed", LetterKind.MODIFIED, "09.50", _text(8, "Liften er bestilt", made.WARD, "09.50"))
    older = _letter("older", LetterKind.NEW, "09.45", _text(9, "Liften er ikke bestilt", made.WARD, "09.45"))
    changed = replace(changed, history=(replace(changed.step, follows=older.id),))
    carried = _text(10, "Tidligere skrevet", made.PRACTICE, "08.00")
    passed = _letter("passed", LetterKind.FORWARD, "09.55", carried, _text(11, "Se her", made.WARD, "09.55"))
    passed = replace(passed, history=(replace(passed.step, segments=(passed.segments[1].id,)),))
    messages = [
        _message(first, files={stored.id: StoredFile(AttachmentId("a-1"), 1_482_000)}),
        _message(answer, place=made.WARD),
        *(_message(each) for each in (wrong, back, older, changed)),
        _message(passed, by=made.WARD_NURSE, desk=made.WARD),
    ]
    return Conversation(
        id=ConversationId("thread-1"),
        patient_id=PatientId("patient-1"),
        thread=ThreadId("urn:uuid:thread"),
        stay_id=StayId("stay-1") if bound else None,
        messages=tuple(messages),
    )


def page(*, bound: bool = True) -> ConversationPage:
    """The page of the thread."""
    return ConversationPage(
        now=made.NOW,
        feed_head=made.head(),
        conversation=thread(bound=bound),
        patient=made.patient(),
        gp=made.PRACTICE,
        municipality=made.MUNICIPALITY,
    )


def listed() -> tuple[Listed, ...]:
    """The threads of a place."""
    later = replace(thread(bound=False), id=ConversationId("thread-2"))
    return (
        Listed(conversation=thread(), patient=made.patient()),
        Listed(conversation=later, patient=replace(made.patient(2), protected=True)),
    )
