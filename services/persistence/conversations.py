"""Threads of care messages in the store: loaded under their locks, written once at the commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from discharge.conversation import CareMessage, Conversation
from discharge.errors import NotFoundError
from discharge.identifiers import AttachmentId, ConversationId, MessageId, PatientId, SegmentId, StayId, ThreadId
from discharge.letter import Attachment
from services.persistence.conversation_rows import (
    care_message_from,
    care_message_row,
    content_bound_to,
    conversation_from,
)
from services.persistence.people import SqlPatients
from services.persistence.pipeline import Batch
from services.persistence.pipeline import Conversation as Talk
from services.persistence.tables import CareMessageRow, ConversationPartyRow, ConversationRow

__all__ = ["SqlConversations", "read_conversations"]

_PARTS: Final = (
    "SELECT * FROM conversation WHERE id = ANY(%(ids)s)",
    "SELECT * FROM care_message WHERE conversation_id = ANY(%(ids)s) ORDER BY position",
    "SELECT id, care_message_id, segment_id, size FROM attachment WHERE conversation_id = ANY(%(ids)s)",
)
_ABOUT: Final = "SELECT patient_id, stay_id FROM conversation WHERE id = %(id)s"
# NO KEY UPDATE: our own rows that point here check that it exists, and must not wait for us to end.
_LOCK: Final = "SELECT id FROM conversation WHERE id = %(id)s FOR NO KEY UPDATE"
_LOCK_THREAD: Final = "SELECT id FROM conversation WHERE thread = %(thread)s ORDER BY id FOR NO KEY UPDATE"
_LOCK_NAMED: Final = (
    "SELECT id FROM conversation WHERE patient_id = %(patient)s AND EXISTS (SELECT FROM care_message m"
    " WHERE m.conversation_id = conversation.id AND m.named && %(ids)s::text[]) ORDER BY id FOR NO KEY UPDATE"
)
_CONTENTS: Final = "SELECT id, segment_id, content FROM attachment WHERE conversation_id = %(id)s"
_ATTACH: Final = (
    "INSERT INTO attachment (id, conversation_id, care_message_id, segment_id, media_type, size, content)"
    " VALUES (%(id)s, %(conversation_id)s, %(care_message_id)s, %(segment_id)s, %(media_type)s, %(size)s, %(content)b)"
)


async def read_conversations(talk: Talk, patients: SqlPatients, ids: Sequence[UUID]) -> list[Conversation]:
    """The threads with these ids that this role may read, in the order given; no contents of files."""
    if not ids:
        return []
    wanted = {"ids": list(ids)}
    threads, messages, files = await talk.ask_all([(statement, wanted) for statement in _PARTS])
    rows = {row["id"]: row for row in threads}
    await patients.load_keys([PatientId(str(row["patient_id"])) for row in threads])
    beside: dict[UUID, list[Mapping[str, Any]]] = {}
    for file in files:
        beside.setdefault(file["care_message_id"], []).append(file)
    of: dict[UUID, list[CareMessage]] = {}
    for row in messages:
        thread = rows.get(row["conversation_id"])
        if thread is not None:
            patient_id = PatientId(str(thread["patient_id"]))
            key = await patients.key_of(patient_id)
            of.setdefault(row["conversation_id"], []).append(
                care_message_from(row, beside.get(row["id"], ()), patient_id, key)
            )
    return [conversation_from(rows[each], of.get(each, ())) for each in ids if each in rows]


class SqlConversations:
    """Implements ``discharge.ports.Conversations``; what is saved is written by ``flush``."""

    def __init__(self, talk: Talk, patients: SqlPatients) -> None:
        self._talk = talk
        self._patients = patients
        self._loaded: dict[ConversationId, Conversation] = {}
        self._saved: dict[ConversationId, Conversation] = {}

    async def about(self, conversation_id: ConversationId) -> tuple[PatientId, StayId | None]:
        """Whom and which stay the thread is about: what to lock before it.

        Raises:
            NotFoundError: there is none.
        """
        found = await self._talk.ask(_ABOUT, {"id": _uuid(conversation_id)})
        if not found:
            raise NotFoundError(kind="Conversation")
        stay_id = found[0]["stay_id"]
        return PatientId(str(found[0]["patient_id"])), None if stay_id is None else StayId(str(stay_id))

    async def get(self, conversation_id: ConversationId) -> Conversation:
        """Return the thread and hold its lock.

        Raises:
            NotFoundError: there is none.
        """
        known = self._saved.get(conversation_id) or self._loaded.get(conversation_id)
        if known is not None:
            return known
        found = await self._locked(_LOCK, {"id": _uuid(conversation_id)})
        if not found:
            raise NotFoundError(kind="Conversation")
        return found[0]

    async def of_thread(self, thread: ThreadId) -> Sequence[Conversation]:
        """The conversations with this Communication.identifier, held: one per citizen it was used for."""
        return await self._locked(_LOCK_THREAD, {"thread": thread})

    async def of_messages(self, patient_id: PatientId, message_ids: Sequence[MessageId]) -> Sequence[Conversation]:
        """The citizen's conversations in which a message bears, or names in its history, one of these ids; held."""
        return await self._locked(_LOCK_NAMED, {"patient": UUID(patient_id), "ids": list(message_ids)})

    async def _locked(self, statement: str, which: Mapping[str, Any]) -> list[Conversation]:
        locked = await self._talk.ask(statement, which)
        found = await read_conversations(self._talk, self._patients, [row["id"] for row in locked])
        for conversation in found:
            self._loaded.setdefault(conversation.id, conversation)
        return [self._saved.get(each.id, each) for each in found]

    async def contents(self, conversation: Conversation) -> dict[SegmentId, bytes]:
        """The contents of all files of the thread."""
        rows = await self._talk.ask(_CONTENTS, {"id": UUID(conversation.id)})
        key = await self._patients.key_of(conversation.patient_id)
        return {
            SegmentId(row["segment_id"]): key.open(row["content"], content_bound_to(AttachmentId(str(row["id"]))))
            for row in rows
        }

    async def save(self, conversation: Conversation) -> None:
        """Keep a new thread, what was added to it, and the contents that the added messages bring."""
        self._saved[conversation.id] = conversation

    @property
    def touched(self) -> frozenset[StayId]:
        """The stays whose threads this transaction has read or changes."""
        of = (conversation.stay_id for conversation in (*self._loaded.values(), *self._saved.values()))
        return frozenset(stay_id for stay_id in of if stay_id is not None)

    async def flush(self, batch: Batch) -> None:
        """Hand over what was saved and differs from what was loaded."""
        messages: list[dict[str, Any]] = []
        parties: list[dict[str, Any]] = []
        files: list[dict[str, Any]] = []
        changed = [each for each in self._saved.values() if each != self._loaded.get(each.id)]
        for conversation in changed:
            before = self._loaded.get(conversation.id)
            known = 0 if before is None else len(before.messages)
            there = frozenset() if before is None else before.participants
            key = await self._patients.key_of(conversation.patient_id)
            parties += [
                {"conversation_id": UUID(conversation.id), "organization": sor}
                for sor in sorted(conversation.participants - there)
            ]
            for position, message in enumerate(conversation.messages[known:], start=known):
                messages.append(care_message_row(message, conversation, position, key))
                files += [
                    {
                        "id": UUID(stored.id),
                        "conversation_id": UUID(conversation.id),
                        "care_message_id": UUID(message.id),
                        "segment_id": file.id,
                        "media_type": file.media_type,
                        "size": stored.size,
                        "content": key.seal(file.content, content_bound_to(stored.id)),
                    }
                    for file in message.letter.segments
                    if isinstance(file, Attachment)
                    and file.content is not None
                    and (stored := message.files.get(file.id)) is not None
                ]
        batch.upsert(ConversationRow, [_row(conversation) for conversation in changed])
        batch.insert(ConversationPartyRow, parties)
        batch.insert(CareMessageRow, messages)
        for file in files:
            # By themselves and as bytes: JSON would double them, and has a limit.
            batch.add(_ATTACH, file)


def _row(conversation: Conversation) -> dict[str, Any]:
    return {
        "id": UUID(conversation.id),
        "patient_id": UUID(conversation.patient_id),
        "stay_id": None if conversation.stay_id is None else UUID(conversation.stay_id),
        "thread": conversation.thread,
        "latest_at": max(message.received_at for message in conversation.messages),
    }


def _uuid(text_id: str) -> UUID:
    """The id as the store knows it; one that never was ours is simply not found."""
    try:
        return UUID(text_id)
    except ValueError:
        raise NotFoundError(kind="Conversation") from None
