"""How a letter is put together here: the new texts, the thread's earlier ones, and the history."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from discharge.commands import WriteMessage
from discharge.conversation import CareMessage, Conversation
from discharge.errors import LetterError
from discharge.identifiers import EpisodeOfCareId, SegmentId, SorCode, ThreadId, fresh_urn
from discharge.letter import (
    Attachment,
    Author,
    Category,
    Contact,
    Letter,
    LetterKind,
    Segment,
    Step,
    TextSegment,
    media_type_of,
)
from discharge.policy import Role

__all__ = ["LARGEST_FILE", "LONGEST_MESSAGE", "MOST_FILES", "Ends", "drafted", "require_sound"]

LONGEST_MESSAGE: Final = 20_000
"""Characters of one message written here."""
MOST_FILES: Final = 10
"""Files of one message: what the national conversion service still takes. Source: MedCom CareCommunication 5.0.2."""
LARGEST_FILE: Final = 5 * 1024 * 1024
"""Bytes of one file attached here. Ten of them stay well below the 100 MB of a whole message."""
_PHONE: Final = re.compile(r"[+]?[0-9]{3,15}", re.ASCII)
_TITLES: Final[dict[Role, str]] = {
    Role.WARD: "Sygeplejerske",
    Role.DOCTOR: "Læge",
    Role.VISITATOR: "Visitator",
    Role.HOME_NURSE: "Hjemmesygeplejerske",
    Role.GP: "Praktiserende læge",
}
"""Job titles as receivers read them: text, because the codes know no visitator."""
_WRITTEN_HERE: Final = frozenset({LetterKind.NEW, LetterKind.REPLY, LetterKind.FORWARD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Who writes to whom."""

    sender: SorCode
    recipient: SorCode
    contact: Contact | None = None
    """Who in particular at the recipient."""


def require_sound(command: WriteMessage) -> None:
    """Let pass what can be sent.

    Raises:
        LetterError: a field is missing or does not go with the others.
    """
    if command.kind not in _WRITTEN_HERE:
        raise LetterError(element="kind", problem="not written any more")
    if not command.text.strip():
        raise LetterError(element="text", problem="empty")
    if len(command.text) > LONGEST_MESSAGE:
        raise LetterError(element="text", problem="too long")
    if _PHONE.fullmatch(_dialled(command.phone)) is None:
        raise LetterError(element="phone", problem="digits, spaces and one leading + only")
    if command.kind is LetterKind.NEW and command.category is None:
        raise LetterError(element="category", problem="required")
    if command.category is Category.OTHER and not (command.topic or "").strip():
        raise LetterError(element="topic", problem="required for other")
    if command.priority is not None and command.category is not Category.REGARDING_REFERRAL:
        raise LetterError(element="priority", problem="only for regarding-referral")
    _require_sound_files(command)


def _require_sound_files(command: WriteMessage) -> None:
    if len(command.files) > MOST_FILES:
        raise LetterError(element="files", problem="too many")
    for file in command.files:
        if not file.title.strip():
            raise LetterError(element="files", problem="no title")
        if len(file.content) > LARGEST_FILE:
            raise LetterError(element="files", problem="too large")
        if media_type_of(file.content) != file.media_type:
            raise LetterError(element="files", problem="not of its type")


def _dialled(phone: str) -> str:
    return phone.replace(" ", "")


def drafted(
    command: WriteMessage,
    ends: Ends,
    *,
    thread: ThreadId,
    now: datetime,
    episodes: Sequence[EpisodeOfCareId] = (),
    source: Conversation | None = None,
    about: CareMessage | None = None,
    contents: Mapping[SegmentId, bytes] | None = None,
) -> Letter:
    """The letter that ``command`` asks for.

    A reply names the earlier files by their ids; a forwarding carries their contents again.
    Source: MedCom CareCommunication 5.0.2, use cases, new, reply and forward.
    """
    # The wire knows milliseconds.
    at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    own = _own_segments(command, ends, at)
    step = Step(
        message_id=command.draft,
        kind=command.kind,
        at=at,
        organization=ends.sender,
        segments=tuple(segment.id for segment in own),
        follows=None if about is None else about.letter.id,
    )
    before = about.letter if about is not None else None
    category = command.category or (before.category if before is not None else None)
    assert category is not None, "require_sound has seen to it"
    topic = (command.topic or "").strip() or (source.topic if source is not None else None)
    carried = () if source is None else source.standing_segments
    return Letter(
        id=command.draft,
        thread=thread,
        sender=ends.sender,
        recipient=ends.recipient,
        category=category,
        topic=topic,
        priority=command.priority,
        recipient_contact=ends.contact,
        episodes=_returned(episodes or (before.episodes if before is not None else ())),
        segments=(*(_again(segment, contents or {}) for segment in carried), *own),
        history=(*(() if source is None else _told(source)), step),
    )


def _own_segments(command: WriteMessage, ends: Ends, at: datetime) -> tuple[Segment, ...]:
    author = Author(name=" ".join(command.caller.name.split()), title=_TITLES.get(command.caller.role, "Medarbejder"))
    phone = _dialled(command.phone)
    text = TextSegment(
        id=SegmentId(fresh_urn(f"{command.draft}:text")),
        at=at,
        organization=ends.sender,
        author=author,
        phone=phone,
        text=command.text.strip().replace("\r\n", "\n"),
    )
    files = (
        Attachment(
            id=SegmentId(fresh_urn(f"{command.draft}:file:{number}")),
            at=at,
            organization=ends.sender,
            author=author,
            phone=phone,
            title=file.title.strip(),
            media_type=file.media_type,
            content=file.content,
        )
        for number, file in enumerate(command.files)
    )
    return (text, *files)


def _again(segment: Segment, contents: Mapping[SegmentId, bytes]) -> Segment:
    return replace(segment, content=contents.get(segment.id)) if isinstance(segment, Attachment) else segment


def _told(source: Conversation) -> tuple[Step, ...]:
    """The history so far, as version 5 can tell it: it knows neither changing nor taking back."""
    return tuple(step for step in source.steps if step.kind in _WRITTEN_HERE)


def _returned(episodes: Sequence[EpisodeOfCareId]) -> tuple[EpisodeOfCareId, ...]:
    """Of a local and a national episode id the local one goes back. Source: MedCom HospitalNotification 3.0.2."""
    local = [episode for episode in episodes if not episode.is_national]
    return tuple((local or list(episodes))[:1])
