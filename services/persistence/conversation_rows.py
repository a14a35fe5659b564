"""Care messages to rows and back. What people wrote is sealed as one; the contents of files each by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from discharge.conversation import CareMessage, Conversation, StoredFile
from discharge.identifiers import (
    AttachmentId,
    CareMessageId,
    ConversationId,
    EpisodeOfCareId,
    MessageId,
    PatientId,
    PersonId,
    SegmentId,
    SorCode,
    StayId,
    ThreadId,
)
from discharge.letter import (
    Attachment,
    Author,
    Category,
    Contact,
    Letter,
    LetterKind,
    LetterPriority,
    Segment,
    Step,
    TextSegment,
)
from discharge.task import Person
from services.persistence.vault import DataKey

__all__ = ["care_message_from", "care_message_row", "content_bound_to", "conversation_from"]

Row = Mapping[str, Any]


def content_bound_to(attachment_id: AttachmentId) -> str:
    """What the ciphertext of a file's content is bound to."""
    return f"attachment:{attachment_id}"


def care_message_row(message: CareMessage, conversation: Conversation, position: int, key: DataKey) -> dict[str, Any]:
    """The columns of a care message."""
    letter = message.letter
    return {
        "id": UUID(message.id),
        "conversation_id": UUID(conversation.id),
        "position": position,
        "message_id": letter.id,
        "named": [letter.id, *letter.earlier],
        "sender": letter.sender,
        "recipient": letter.recipient,
        "place": message.place,
        "desk": message.desk,
        "kind": letter.kind.value,
        "category": letter.category.value,
        "sent_at": letter.sent_at,
        "received_at": message.received_at,
        "by_id": None if message.by is None else message.by.id,
        "by_name": None if message.by is None else message.by.name,
        "letter": key.seal(orjson.dumps(_letter_plain(letter)), f"care-message:{message.id}"),
    }


def _letter_plain(letter: Letter) -> dict[str, Any]:
    return {
        "thread": letter.thread,
        "topic": letter.topic,
        "priority": letter.priority,
        "sender_contact": _contact_plain(letter.sender_contact),
        "recipient_contact": _contact_plain(letter.recipient_contact),
        "episodes": [[episode.system, episode.value] for episode in letter.episodes],
        "segments": [_segment_plain(segment) for segment in letter.segments],
        "history": [_step_plain(step) for step in letter.history],
    }


def _contact_plain(contact: Contact | None) -> list[str | None] | None:
    return None if contact is None else [contact.name, contact.title, contact.code]


def _segment_plain(segment: Segment) -> dict[str, Any]:
    author = segment.author
    plain: dict[str, Any] = {
        "id": segment.id,
        "at": segment.at,
        "organization": segment.organization,
        "author": None if author is None else [author.name, author.title, author.code],
        "phone": segment.phone,
    }
    if isinstance(segment, TextSegment):
        return plain | {"text": segment.text}
    return plain | {
        "title": segment.title,
        "media_type": segment.media_type,
        "link": segment.link,
        "created_at": segment.created_at,
    }


def _step_plain(step: Step) -> dict[str, Any]:
    return {
        "message_id": step.message_id,
        "kind": step.kind,
        "at": step.at,
        "organization": step.organization,
        "segments": step.segments,
        "follows": step.follows,
        "removes": step.removes,
        "foreign": step.foreign,
    }


def conversation_from(row: Row, messages: Sequence[CareMessage]) -> Conversation:
    """The thread in its row, with its messages in the order of their arrival."""
    return Conversation(
        id=ConversationId(str(row["id"])),
        patient_id=PatientId(str(row["patient_id"])),
        thread=ThreadId(row["thread"]),
        stay_id=None if row["stay_id"] is None else StayId(str(row["stay_id"])),
        messages=tuple(messages),
    )


def care_message_from(row: Row, files: Sequence[Row], patient_id: PatientId, key: DataKey) -> CareMessage:
    """The care message in ``row``; ``files`` say where its contents are."""
    plain = orjson.loads(key.open(row["letter"], f"care-message:{row['id']}"))
    letter = Letter(
        id=MessageId(row["message_id"]),
        thread=None if plain["thread"] is None else ThreadId(plain["thread"]),
        sender=SorCode(row["sender"]),
        recipient=SorCode(row["recipient"]),
        category=Category(row["category"]),
        topic=plain["topic"],
        priority=None if plain["priority"] is None else LetterPriority(plain["priority"]),
        sender_contact=_contact_from(plain["sender_contact"]),
        recipient_contact=_contact_from(plain["recipient_contact"]),
        episodes=tuple(EpisodeOfCareId(system, value) for system, value in plain["episodes"]),
        segments=tuple(_segment_from(each) for each in plain["segments"]),
        history=tuple(_step_from(each) for each in plain["history"]),
        patient_id=patient_id,
    )
    return CareMessage(
        id=CareMessageId(str(row["id"])),
        letter=letter,
        received_at=row["received_at"],
        place=_sor(row["place"]),
        by=None if row["by_id"] is None else Person(PersonId(row["by_id"]), row["by_name"] or ""),
        desk=_sor(row["desk"]),
        files={
            SegmentId(file["segment_id"]): StoredFile(AttachmentId(str(file["id"])), file["size"]) for file in files
        },
    )


def _sor(text: str | None) -> SorCode | None:
    return None if text is None else SorCode(text)


def _contact_from(plain: Sequence[Any] | None) -> Contact | None:
    return None if plain is None else Contact(name=plain[0], title=plain[1], code=plain[2])


def _segment_from(plain: Mapping[str, Any]) -> Segment:
    author = plain["author"]
    shared: dict[str, Any] = {
        "id": SegmentId(plain["id"]),
        "at": datetime.fromisoformat(plain["at"]),
        "organization": _sor(plain["organization"]),
        "author": None if author is None else Author(name=author[0], title=author[1], code=author[2]),
        "phone": plain["phone"],
    }
    if "text" in plain:
        return TextSegment(**shared, text=plain["text"])
    created_at = plain["created_at"]
    return Attachment(
        **shared,
        title=plain["title"],
        media_type=plain["media_type"],
        link=plain["link"],
        created_at=None if created_at is None else datetime.fromisoformat(created_at),
    )


def _step_from(plain: Mapping[str, Any]) -> Step:
    return Step(
        message_id=MessageId(plain["message_id"]),
        kind=LetterKind(plain["kind"]),
        at=datetime.fromisoformat(plain["at"]),
        organization=_sor(plain["organization"]),
        segments=tuple(SegmentId(each) for each in plain["segments"]),
        follows=_message_id(plain["follows"]),
        removes=_message_id(plain["removes"]),
        foreign=plain["foreign"],
    )


def _message_id(text: str | None) -> MessageId | None:
    return None if text is None else MessageId(text)
