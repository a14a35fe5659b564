"""What pages show of threads of care messages, read in the reader's snapshot.

Who may see a thread is decided by row-level security; the conditions here only choose what belongs on the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from discharge.clock import local
from discharge.conversation import Conversation
from discharge.errors import NotFoundError
from discharge.identifiers import AttachmentId, ConversationId, MessageId, SorCode, StayId
from discharge.letter import Attachment
from discharge.patient import Patient
from notifications.outbound import DeliveryState
from services.persistence.conversation_rows import content_bound_to
from services.persistence.conversations import read_conversations
from services.persistence.reading import ReadSession
from services.persistence.views import PAGE_SIZE, FeedHead, PatientView

__all__ = [
    "ConversationList",
    "ConversationPage",
    "Download",
    "Listed",
    "conversation_list",
    "conversation_page",
    "conversations_of_stay",
    "departures_of",
    "download",
]

_OF_STAY: Final = (
    "SELECT id FROM conversation WHERE stay_id = %(stay)s"
    " OR (stay_id IS NULL AND patient_id = (SELECT s.patient_id FROM stay s WHERE s.id = %(stay)s))"
    " ORDER BY latest_at DESC, id"
)
_OURS: Final = (
    "SELECT id FROM conversation WHERE EXISTS (SELECT FROM conversation_party c"
    " WHERE c.conversation_id = conversation.id AND c.organization = ANY(%(ours)s))"
    " ORDER BY latest_at DESC, id LIMIT %(limit)s"
)
_DEPARTURES: Final = "SELECT message_id, state FROM outbound_message WHERE message_id = ANY(%(ids)s)"
_CONTENT: Final = (
    "SELECT id, segment_id, media_type, content FROM attachment"
    " WHERE id = %(id)s AND conversation_id = %(conversation)s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A thread in a list of many citizens' threads."""

    conversation: Conversation
    patient: PatientView


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationList:
    """The threads that the caller's place takes part in, the latest first."""

    now: datetime
    feed_head: FeedHead
    listed: tuple[Listed, ...]
    departures: Mapping[MessageId, DeliveryState] = field(default_factory=dict)
    """Where each message stands that leaves for a system outside; one that is not here stays within."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationPage:
    """One thread, with whom it is about."""

    now: datetime
    feed_head: FeedHead
    conversation: Conversation
    patient: PatientView
    gp: SorCode | None
    municipality: SorCode | None
    departures: Mapping[MessageId, DeliveryState] = field(default_factory=dict)
    """As in ``ConversationList``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """One file."""

    title: str
    media_type: str
    content: bytes = field(repr=False)


async def conversations_of_stay(session: ReadSession, stay_id: StayId) -> tuple[Conversation, ...]:
    """The threads of one stay, and those about its citizen that belong to no stay, the latest first."""
    rows = await session.talk.ask(_OF_STAY, {"stay": _uuid(stay_id, "Stay")})
    return await _read(session, [row["id"] for row in rows])


async def conversation_list(session: ReadSession) -> ConversationList:
    """The threads that the caller's place writes in or is written to, the latest first."""
    head = await session.feed_head()
    ours = list(session.caller.scope(session.directory))
    rows = await session.talk.ask(_OURS, {"ours": ours, "limit": PAGE_SIZE})
    found = await _read(session, [row["id"] for row in rows])
    people = await session.patients.of_ids([each.patient_id for each in found])
    views = {patient_id: _patient(patient, session.now) for patient_id, patient in people.items()}
    listed = tuple(Listed(conversation=each, patient=views[each.patient_id]) for each in found)
    return ConversationList(
        now=session.now, feed_head=head, listed=listed, departures=await departures_of(session, found)
    )


async def departures_of(session: ReadSession, found: Sequence[Conversation]) -> dict[MessageId, DeliveryState]:
    """Where the messages of the threads stand that leave for a system outside."""
    ids = [message.letter.id for each in found for message in each.messages]
    rows = await session.talk.ask(_DEPARTURES, {"ids": ids}) if ids else []
    return {MessageId(row["message_id"]): DeliveryState(row["state"]) for row in rows}


async def conversation_page(
    session: ReadSession, conversation_id: ConversationId, stay_id: StayId | None = None
) -> ConversationPage:
    """One thread.

    Raises:
        NotFoundError: no such thread, not for this caller, or not of the stay that was asked for.
    """
    head = await session.feed_head()
    found = await _read(session, [_uuid(conversation_id, "Conversation")])
    if not found or (stay_id is not None and found[0] not in await conversations_of_stay(session, stay_id)):
        raise NotFoundError(kind="Conversation")
    (conversation,) = found
    patient = (await session.patients.of_ids([conversation.patient_id]))[conversation.patient_id]
    return ConversationPage(
        now=session.now,
        feed_head=head,
        conversation=conversation,
        patient=_patient(patient, session.now),
        gp=patient.gp,
        municipality=patient.municipality,
        departures=await departures_of(session, [conversation]),
    )


async def download(session: ReadSession, conversation_id: ConversationId, attachment_id: AttachmentId) -> Download:
    """The content of one file.

    Raises:
        NotFoundError: no such file in the thread, or not for this caller.
    """
    wanted = {"id": _uuid(attachment_id, "Attachment"), "conversation": _uuid(conversation_id, "Conversation")}
    rows = await session.talk.ask(_CONTENT, wanted)
    found = await _read(session, [wanted["conversation"]])
    if not rows or not found:
        raise NotFoundError(kind="Attachment")
    row, (conversation,) = rows[0], found
    key = await session.patients.key_of(conversation.patient_id)
    segments = (segment for message in conversation.messages for segment in message.letter.segments)
    titles = (file.title for file in segments if isinstance(file, Attachment) and file.id == row["segment_id"])
    return Download(
        title=next(titles, ""),
        media_type=row["media_type"],
        content=key.open(row["content"], content_bound_to(attachment_id)),
    )


async def _read(session: ReadSession, ids: Sequence[UUID]) -> tuple[Conversation, ...]:
    found = await read_conversations(session.talk, session.patients, ids)
    session.saw(*(each.stay_id for each in found if each.stay_id is not None))
    return tuple(found)


def _patient(patient: Patient, now: datetime) -> PatientView:
    return PatientView(
        name=patient.name,
        age=patient.cpr.age_on(local(now).date()),
        cpr_masked=patient.cpr.masked,
        protected=patient.protected,
    )


def _uuid(text_id: str, kind: str) -> UUID:
    try:
        return UUID(text_id)
    except ValueError:
        raise NotFoundError(kind=kind) from None
