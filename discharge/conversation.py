"""A conversation: the care messages of one thread about one citizen, in the order in which they make sense.

What was sent is never altered: a message that was taken back or replaced stays, marked as such. Order
comes from the history that messages carry, then from their times; replies that crossed both stay.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from discharge.directory import Directory, OrganizationKind
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
from discharge.letter import Attachment, Category, Letter, LetterKind, Segment, Step, TextSegment, files_of, texts_of
from discharge.stay import Stay
from discharge.task import Person

__all__ = ["CareMessage", "Conversation", "MessageState", "StoredFile", "Turn", "binds_to", "place_for", "told_at"]


class MessageState(StrEnum):
    """What has become of a message."""

    VALID = "valid"
    REPLACED = "replaced"
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """Where the content of an attachment is kept: apart from its message."""

    id: AttachmentId
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CareMessage:
    """One letter as it is kept."""

    id: CareMessageId
    letter: Letter
    received_at: datetime
    place: SorCode | None = None
    """Who here was told of it; None: it went to a system outside."""
    by: Person | None = None
    """Who wrote it here; None: it came as a message."""
    desk: SorCode | None = None
    """The unit here that wrote it: letters that leave bear the address of the nearest place that has one."""
    files: Mapping[SegmentId, StoredFile] = field(default_factory=dict)
    """The contents that came with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one person wrote at one time, as the page shows it."""

    at: datetime
    organization: SorCode | None
    texts: tuple[TextSegment, ...]
    files: tuple[Attachment, ...]
    message: CareMessage | None = None
    """None: it is known from a later message that carried it along."""
    state: MessageState = MessageState.VALID
    older: tuple[Turn, ...] = ()
    """What it took the place of, the newest first."""

    @property
    def answers(self) -> MessageId | None:
        """The message that it answers."""
        is_reply = self.message is not None and self.message.letter.kind is LetterKind.REPLY
        return self.message.letter.step.follows if self.message is not None and is_reply else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One thread. Messages are kept in the order of their arrival; ``turns`` puts them right."""

    id: ConversationId
    patient_id: PatientId
    thread: ThreadId
    stay_id: StayId | None = None
    messages: tuple[CareMessage, ...] = ()

    def with_message(self, message: CareMessage) -> Conversation:
        """The thread with one more message."""
        return replace(self, messages=(*self.messages, message))

    def find(self, message_id: MessageId) -> CareMessage | None:
        """The message with this MessageHeader.id."""
        return next((each for each in self.messages if each.letter.id == message_id), None)

    @property
    def ordered(self) -> tuple[CareMessage, ...]:
        """The messages by history, then by time; of two at one time the initiator's comes first."""
        return tuple(_sorted(self.messages))

    @property
    def latest(self) -> CareMessage:
        """The last message that still stands; the last of all when none does."""
        standing = [
            each for each in self.ordered if self.state_of(each) is MessageState.VALID and not _only_undoes(each)
        ]
        return standing[-1] if standing else self.ordered[-1]

    @property
    def category(self) -> Category:
        """What the thread is about: the latest word counts."""
        return self.latest.letter.category

    @property
    def topic(self) -> str | None:
        """The thread's heading: the latest one that was given."""
        return next((each.letter.topic for each in reversed(self.ordered) if each.letter.topic), None)

    @property
    def participants(self) -> frozenset[SorCode]:
        """Who writes and who is written to, with the units here that wrote or were told."""
        ends = ((each.letter.sender, each.letter.recipient, each.place, each.desk) for each in self.messages)
        named = (sor for four in ends for sor in four)
        return frozenset(sor for sor in named if sor is not None)

    @property
    def files(self) -> dict[SegmentId, StoredFile]:
        """Every content that is stored, by the id that messages name it by."""
        return {segment_id: stored for each in self.messages for segment_id, stored in each.files.items()}

    @property
    def steps(self) -> tuple[Step, ...]:
        """Every sending that any message tells of, once each, the oldest first."""
        known: dict[MessageId, Step] = {}
        for each in self.ordered:
            for step in each.letter.history:
                known.setdefault(step.message_id, step)
            # A message's own word on itself counts more than what others say of it.
            known[each.letter.id] = each.letter.step
        return tuple(known.values())

    def state_of(self, message: CareMessage) -> MessageState:
        """What has become of ``message``; only its own sender can change it."""
        for other in self.messages:
            step = other.letter.step
            if other is message or other.letter.sender != message.letter.sender:
                continue
            if step.kind is LetterKind.RETRACTED and message.letter.id in {step.removes, step.follows}:
                return MessageState.RETRACTED
            if step.kind is LetterKind.MODIFIED and step.follows == message.letter.id:
                return MessageState.REPLACED
        return MessageState.VALID

    @property
    def standing_segments(self) -> tuple[Segment, ...]:
        """Texts and files of the thread for the next letter to carry, oldest first, each once."""
        known: dict[SegmentId, Segment] = {}
        for turn in self.turns:
            if turn.state is MessageState.VALID and not (turn.message is not None and _only_undoes(turn.message)):
                said: tuple[Segment, ...] = (*turn.texts, *turn.files)
                known.update({segment.id: segment for segment in said})
        return tuple(known.values())

    @property
    def turns(self) -> tuple[Turn, ...]:
        """Everything that was said, each thing once, in order; older wordings stand under the newer ones."""
        owners = _owners(self.ordered)
        top: list[Turn] = []
        nested: dict[MessageId, Turn] = {}
        shown = set(owners)
        for message in self.ordered:
            for turn in _carried(message, shown):
                shown |= {segment.id for segment in (*turn.texts, *turn.files)}
                if message.letter.kind in _UNDOING:
                    target = message.letter.step.follows or message.letter.step.removes
                    if target is not None and self.find(target) is None:
                        nested.setdefault(target, turn)
                        continue
                top.append(turn)
            own = [each for each in message.letter.segments if owners.get(each.id) is message]
            made = Turn(
                at=message.letter.sent_at,
                organization=message.letter.sender,
                texts=texts_of(own),
                files=files_of(own),
                message=message,
                state=self.state_of(message),
            )
            if made.state is MessageState.REPLACED:
                nested[message.letter.id] = made
            else:
                top.append(made)
        return tuple(self._with_older(turn, nested) for turn in _in_order(top))

    def _with_older(self, turn: Turn, nested: Mapping[MessageId, Turn]) -> Turn:
        older: list[Turn] = []
        seen: set[MessageId] = set()
        message = turn.message
        while message is not None:
            step = message.letter.step
            target = (step.follows or step.removes) if step.kind in _UNDOING else None
            if target is None or target in seen or target not in nested:
                break
            seen.add(target)
            state = MessageState.RETRACTED if step.kind is LetterKind.RETRACTED else MessageState.REPLACED
            older.append(replace(nested[target], state=state))
            message = nested[target].message
        return replace(turn, older=tuple(older))


_UNDOING = frozenset({LetterKind.MODIFIED, LetterKind.RETRACTED})


def _only_undoes(message: CareMessage) -> bool:
    return message.letter.kind is LetterKind.RETRACTED


def _sorted(messages: Sequence[CareMessage]) -> Iterator[CareMessage]:
    """Earlier messages of each one's history first; among the free ones by time, the initiator before others."""
    by_id = {each.letter.id: number for number, each in enumerate(messages)}
    before = [{by_id[e] for e in each.letter.earlier if by_id.get(e, n) != n} for n, each in enumerate(messages)]
    initiator = min(messages, key=lambda each: (each.letter.sent_at, each.received_at)).letter.sender

    def key(number: int) -> tuple[datetime, bool, datetime, int]:
        letter = messages[number].letter
        return (letter.sent_at, letter.sender != initiator, messages[number].received_at, number)

    waiting = {number: set(each) for number, each in enumerate(before)}
    free = [key(number) for number, each in waiting.items() if not each]
    heapq.heapify(free)
    while waiting:
        # Two histories that contradict each other leave nobody free: then time alone decides.
        number = heapq.heappop(free)[-1] if free else min(waiting, key=key)
        del waiting[number]
        yield messages[number]
        for other, needs in waiting.items():
            if number in needs:
                needs.discard(number)
                if not needs:
                    heapq.heappush(free, key(other))


def _owners(messages: Iterable[CareMessage]) -> dict[SegmentId, CareMessage]:
    """Whose each text and file is: of several that claim it, the first in order."""
    owners: dict[SegmentId, CareMessage] = {}
    for message in messages:
        for segment in message.letter.own:
            owners.setdefault(segment.id, message)
    return owners


def _carried(message: CareMessage, shown: set[SegmentId]) -> Iterator[Turn]:
    """What the message carries along that is not shown elsewhere, by who wrote it when."""
    groups: dict[tuple[datetime, SorCode | None], list[Segment]] = {}
    for segment in message.letter.carried:
        if segment.id not in shown:
            groups.setdefault((segment.at, segment.organization), []).append(segment)
    for (at, organization), segments in groups.items():
        yield Turn(at=at, organization=organization, texts=texts_of(segments), files=files_of(segments))


def _in_order(turns: Sequence[Turn]) -> list[Turn]:
    """The messages keep their order; what is known from others only takes its place by time."""
    messages = [turn for turn in turns if turn.message is not None]
    for loose in sorted((turn for turn in turns if turn.message is None), key=lambda turn: turn.at):
        place = next((number for number, turn in enumerate(messages) if turn.at > loose.at), len(messages))
        carrier = _carrier(messages, loose)
        messages.insert(min(place, carrier), loose)
    return messages


def _carrier(turns: Sequence[Turn], loose: Turn) -> int:
    """The place of the first message that carries it: it was written before that one."""
    ids = {segment.id for segment in (*loose.texts, *loose.files)}
    for number, turn in enumerate(turns):
        if turn.message is not None and ids & {segment.id for segment in turn.message.letter.segments}:
            return number
    return len(turns)


_MUNICIPAL = frozenset({OrganizationKind.MUNICIPALITY, OrganizationKind.UNIT})
_OF_HOSPITALS = frozenset({OrganizationKind.HOSPITAL, OrganizationKind.WARD})


def place_for(recipient: SorCode, stay: Stay | None, district: str | None, directory: Directory) -> SorCode:
    """Who at ``recipient`` is told: the unit for the citizen's district, the ward where the patient lies."""
    organization = directory.get(recipient)
    if organization is None:
        return recipient
    if organization.kind in _MUNICIPAL:
        return directory.unit_for(recipient, district)
    if stay is not None and stay.ward in directory.within(recipient):
        return stay.ward
    return recipient


def told_at(
    recipient: SorCode, stay: Stay | None, district: str | None, directory: Directory, now: datetime
) -> SorCode:
    """Who is told of a letter in a thread of ``stay``.

    In an old thread ``place_for`` may name a ward that the patient has left and that reads the stay no
    longer: the ward where the patient lies is told in its place.
    """
    place = place_for(recipient, stay, district, directory)
    organization = directory.get(place)
    if stay is None or organization is None or organization.kind not in _OF_HOSPITALS:
        return place
    return place if binds_to(stay, (place,), directory, now) else stay.ward


def binds_to(stay: Stay, ends: Sequence[SorCode], directory: Directory, now: datetime) -> bool:
    """Tell whether people at both ends of a letter read the stay now: a thread in it is lost to nobody."""
    return all(any(stay.is_read_by(sor, now) for sor in directory.within(end)) for end in ends)
