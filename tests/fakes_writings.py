"""Stand-ins for the ports of what people write: letters, documents, medicine; see ``tests.fakes_ports``."""

from collections.abc import Sequence
from dataclasses import replace

from discharge.commands import HearReceipt, ReceiptCode
from discharge.conversation import CareMessage, Conversation
from discharge.documents.report import FiledReport
from discharge.documents.rulings import Ruling
from discharge.errors import NotFoundError
from discharge.events import MessageUndelivered
from discharge.identifiers import (
    ConversationId,
    MessageId,
    PatientId,
    SegmentId,
    StayId,
    ThreadId,
)
from discharge.letter import Attachment, Letter
from discharge.medication.record import MedicationReconciliation
from discharge.stay import Stay
from tests import factories
from tests.fakes_ports import FakeState


class FakeConversations:
    """Implements ``discharge.ports.Conversations``."""

    def __init__(self, state: FakeState) -> None:
        self._state = state

    async def about(self, conversation_id: ConversationId) -> tuple[PatientId, StayId | None]:
        conversation = await self.get(conversation_id)
        return conversation.patient_id, conversation.stay_id

    async def get(self, conversation_id: ConversationId) -> Conversation:
        found = self._state.conversations.get(conversation_id)
        if found is None:
            raise NotFoundError(kind="Conversation")
        return found

    async def of_thread(self, thread: ThreadId) -> Sequence[Conversation]:
        return [each for each in self._state.conversations.values() if each.thread == thread]

    async def of_messages(self, patient_id: PatientId, message_ids: Sequence[MessageId]) -> Sequence[Conversation]:
        return [
            each
            for each in self._state.conversations.values()
            if each.patient_id == patient_id
            and any({m.letter.id, *m.letter.earlier} & set(message_ids) for m in each.messages)
        ]

    async def contents(self, conversation: Conversation) -> dict[SegmentId, bytes]:
        return {key[1]: content for key, content in self._state.contents.items() if key[0] == conversation.id}

    async def save(self, conversation: Conversation) -> None:
        for message in conversation.messages:
            for file in message.letter.segments:
                if isinstance(file, Attachment) and file.content is not None and file.id in message.files:
                    self._state.contents[conversation.id, file.id] = file.content
        self._state.conversations[conversation.id] = replace(
            conversation, messages=tuple(_without_contents(message) for message in conversation.messages)
        )


def _without_contents(message: CareMessage) -> CareMessage:
    segments = tuple(
        replace(segment, content=None) if isinstance(segment, Attachment) else segment
        for segment in message.letter.segments
    )
    return replace(message, letter=replace(message.letter, segments=segments))


class FakeDocuments:
    """Implements ``discharge.ports.Documents``."""

    def __init__(self, state: FakeState) -> None:
        self._state = state

    async def of_stay(self, stay: Stay) -> Sequence[FiledReport]:
        return [each for each in self._state.documents.values() if each.stay_id == stay.id]

    async def add(self, filed: FiledReport, body: bytes) -> None:
        assert filed.id not in self._state.documents
        self._state.documents[filed.id] = filed
        self._state.originals[filed.id] = body

    async def rulings(self, stay: Stay) -> Sequence[Ruling]:
        return [ruling for (stay_id, _), ruling in self._state.rulings.items() if stay_id == stay.id]

    async def rule(self, stay: Stay, ruling: Ruling) -> None:
        assert (stay.id, ruling.position) not in self._state.rulings
        self._state.rulings[stay.id, ruling.position] = ruling


class FakeOutbox:
    """Implements ``discharge.ports.Outbox``."""

    def __init__(self, state: FakeState) -> None:
        self._state = state

    async def post(self, letter: Letter) -> None:
        self._state.posted.append(letter)

    async def hear(self, command: HearReceipt) -> tuple[str, MessageUndelivered | None]:
        letter = next((each for each in self._state.posted if each.id == command.answers), None)
        if letter is None:
            return "unknown", None
        if command.code is not ReceiptCode.FATAL_ERROR:
            return "closes", None
        told = MessageUndelivered(
            at=factories.NOW,
            message_id=letter.id,
            sender=letter.sender,
            receiver=letter.recipient,
            place=letter.sender,
            reason="fatal-error",
        )
        return "fails", told


class FakeMedications:
    """Implements ``discharge.ports.Medications``."""

    def __init__(self, state: FakeState) -> None:
        self._state = state

    async def of_stay(self, stay: Stay) -> MedicationReconciliation:
        """The medicine of the stay, or an empty one."""
        empty = MedicationReconciliation(stay_id=stay.id, patient_id=stay.patient_id)
        return self._state.medications.get(stay.id, empty)

    async def save(self, record: MedicationReconciliation) -> None:
        """Keep it."""
        self._state.medications[record.stay_id] = record
