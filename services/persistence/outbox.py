"""Messages of ours in the store: written and given a job in the author's transaction, held while they are moved on."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.commands import HearReceipt
from discharge.directory import Directory
from discharge.events import MessageUndelivered
from discharge.identifiers import BundleId, MessageId, PatientId, SorCode, StayId
from discharge.letter import Letter
from discharge.stay import EncounterClass
from fhir_mappings.bundles import is_legal_id
from fhir_mappings.medcom.acknowledgement import Correspondent
from fhir_mappings.medcom.care_communication import LetterContext, render_letter
from fhir_mappings.medcom.codes import EventCode
from notifications.outbound import Delivery, DeliveryState, Effect, Heard, hears, is_from_receiver, undelivered
from services.persistence.clock import wall_now
from services.persistence.people import SqlPatients
from services.persistence.pipeline import Batch, Conversation
from services.persistence.tables import OutboundReceiptRow
from services.persistence.vault import DataKey, Vault

__all__ = ["Kept", "Outgoing", "SqlOutbox", "delivery_from"]

_COLUMNS: Final = (
    "id, message_id, bundle_id, sender, receiver, event_code, stay_id, patient_id, state, turn, sendings, misses,"
    " began_at, due_at, reason, wants_receipt, wrapped_key, clock_timestamp() AS wall"
)
_ADD: Final = (
    "INSERT INTO outbound_message (id, message_id, sender, receiver, event_code, stay_id, patient_id, state, turn,"
    " sendings, misses, created_at, changed_at, due_at, wants_receipt, wrapped_key, body)"
    " VALUES (%(id)s, %(message_id)s, %(sender)s, %(receiver)s, %(event_code)s, %(stay_id)s, %(patient_id)s, 'sent', 1,"
    " 0, 0, %(at)s, %(at)s, %(at)s, %(wants_receipt)s, %(wrapped_key)b, %(body)b)"
)
_HOLD: Final = f"SELECT {_COLUMNS} FROM outbound_message WHERE id = %(id)s FOR NO KEY UPDATE"  # noqa: S608 - our own columns
_HOLD_BY_MESSAGE: Final = f"SELECT {_COLUMNS} FROM outbound_message WHERE message_id = %(id)s FOR NO KEY UPDATE"  # noqa: S608 - our own columns
_CLASS: Final = "SELECT encounter_class FROM encounter WHERE stay_id = %(stay)s ORDER BY position DESC LIMIT 1"
_DESK: Final = "SELECT desk FROM care_message WHERE message_id = %(id)s AND sender = %(sender)s LIMIT 1"
_SENDER: Final = "SELECT sender FROM outbound_message WHERE id = %(id)s"
_FAILED: Final = (
    "SELECT id FROM outbound_message WHERE state = 'in-error' AND sender = ANY(%(senders)s) ORDER BY id LIMIT %(limit)s"
)
_BODY: Final = "SELECT body FROM outbound_message WHERE id = %(id)s"
_MOVE: Final = (
    "UPDATE outbound_message SET state = %(state)s, turn = %(turn)s, sendings = %(sendings)s, misses = %(misses)s,"
    " began_at = %(began_at)s, due_at = %(due_at)s, reason = %(reason)s, changed_at = %(at)s,"
    " bundle_id = coalesce(%(bundle_id)s, bundle_id) WHERE id = %(id)s"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message of ours as it was made."""

    message_id: MessageId
    sender: SorCode
    receiver: SorCode
    event_code: str
    body: bytes = field(repr=False)
    patient_id: PatientId | None = None
    stay_id: StayId | None = None
    wants_receipt: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A message of ours as it is held by this transaction."""

    delivery: Delivery
    at: datetime
    """Real time by the store's clock, which the jobs go by."""
    patient_id: PatientId | None
    wrapped_key: bytes | None = field(repr=False)


def delivery_from(row: Mapping[str, Any]) -> Delivery:
    """The message in ``row``."""
    return Delivery(
        id=str(row["id"]),
        message_id=MessageId(row["message_id"]),
        sender=SorCode(row["sender"]),
        receiver=SorCode(row["receiver"]),
        event_code=row["event_code"],
        stay_id=None if row["stay_id"] is None else StayId(str(row["stay_id"])),
        state=DeliveryState(row["state"]),
        turn=row["turn"],
        sendings=row["sendings"],
        misses=row["misses"],
        began_at=row["began_at"],
        due_at=row["due_at"],
        reason=row["reason"],
        wants_receipt=row["wants_receipt"],
    )


class Transaction(Protocol):
    """What an outbox needs of the transaction that it belongs to."""

    connection: AsyncConnection
    talk: Conversation
    vault: Vault
    patients: SqlPatients
    make_id: Callable[[], str]


class SqlOutbox:
    """Implements ``discharge.ports.Outbox``, and holds what leaves; what is written is handed over by ``flush``."""

    def __init__(self, on: Transaction, *, directory: Directory, now: datetime, base_url: str) -> None:
        self._connection = on.connection
        self._talk = on.talk
        self._vault = on.vault
        self._patients = on.patients
        self._new_id = on.make_id
        self._directory = directory
        self._now = now
        self._base_url = base_url
        self._writes = Batch()
        self._touched: set[StayId] = set()

    @property
    def touched(self) -> frozenset[StayId]:
        """The stays whose messages this transaction has read or sends."""
        return frozenset(self._touched)

    async def post(self, letter: Letter) -> None:
        """Hand a letter over for sending; it leaves after the commit."""
        assert letter.patient_id is not None, "the citizen has been looked up"
        context = LetterContext(
            patient=await self._patients.get(letter.patient_id),
            sender=self._correspondent(letter.sender),
            recipient=self._correspondent(letter.recipient),
            others={sor: self._correspondent(sor) for sor in _named(letter) if sor in self._directory},
            now=self._now,
            new_id=lambda: str(uuid.uuid4()),
            encounter_class=await self._encounter_class(letter.stay_id),
            base_url=self._base_url,
        )
        await self.put(
            Outgoing(
                message_id=letter.id,
                sender=letter.sender,
                receiver=letter.recipient,
                event_code=EventCode.CARE_COMMUNICATION,
                body=render_letter(letter, context),
                patient_id=letter.patient_id,
                stay_id=letter.stay_id,
            )
        )

    def _correspondent(self, sor: SorCode) -> Correspondent:
        known = self._directory.get(sor)
        return Correspondent(sor=sor) if known is None else Correspondent(sor=sor, gln=known.gln, name=known.name)

    async def _encounter_class(self, stay_id: StayId | None) -> str:
        rows = [] if stay_id is None else await self._talk.ask(_CLASS, {"stay": UUID(stay_id)})
        return str(rows[0]["encounter_class"]) if rows else EncounterClass.INPATIENT.value

    async def put(self, outgoing: Outgoing) -> str:
        """Keep a message of ours, and have it sent once this transaction has committed; return our id of it."""
        row_id = self._new_id()
        wrapped: bytes | None = None
        if outgoing.patient_id is None:
            key, wrapped = self._vault.new_key(row_id)
        else:
            key = await self._patients.key_of(outgoing.patient_id)
        self._writes.add(
            _ADD,
            {
                "id": UUID(row_id),
                "message_id": outgoing.message_id,
                "sender": outgoing.sender,
                "receiver": outgoing.receiver,
                "event_code": outgoing.event_code,
                "stay_id": None if outgoing.stay_id is None else UUID(outgoing.stay_id),
                "patient_id": None if outgoing.patient_id is None else UUID(outgoing.patient_id),
                "at": wall_now(),
                "wants_receipt": outgoing.wants_receipt,
                "wrapped_key": wrapped,
                "body": key.seal(outgoing.body, _bound(row_id)),
            },
        )
        if outgoing.stay_id is not None:
            self._touched.add(outgoing.stay_id)
        await _defer(self._connection, row_id, 1, None)
        return row_id

    async def hear(self, command: HearReceipt) -> tuple[str, MessageUndelivered | None]:
        """Note a receipt, and move on the message that it answers; see the port."""
        envelope = command.envelope
        heard = Heard(
            receipt_id=envelope.message_id,
            sender=envelope.sender,
            receiver=envelope.receiver,
            answers=command.answers,
            code=command.code,
            issues=command.issues,
        )
        kept = None if command.answers is None else await self.hold_message(command.answers)
        if kept is None:
            await self.note(heard, None, Effect.UNKNOWN)
            return Effect.UNKNOWN, None
        if not is_from_receiver(heard, kept.delivery, self._directory):
            # Noted without the message: whom we write to is no business of a third party.
            await self.note(heard, None, Effect.STRANGER)
            return Effect.STRANGER, None
        moved, effect = hears(kept.delivery, command.code)
        if moved != kept.delivery:
            await self.move(kept.delivery, moved, kept.at)
        await self.note(heard, kept, effect)
        return effect, undelivered(kept.delivery, moved, self._now, await self.place_of(moved))

    async def place_of(self, delivery: Delivery) -> SorCode | None:
        """Where a letter was written, None when it is none or nobody knows."""
        rows = await self._talk.ask(_DESK, {"id": delivery.message_id, "sender": delivery.sender})
        return SorCode(rows[0]["desk"]) if rows and rows[0]["desk"] else None

    async def sender_of(self, delivery_id: str) -> SorCode | None:
        """Who sends it; None: there is no such message."""
        found = await self._talk.ask(_SENDER, {"id": UUID(delivery_id)})
        return SorCode(found[0]["sender"]) if found else None

    async def failed_of(self, senders: tuple[SorCode, ...], limit: int) -> list[str]:
        """Our ids of the first ``limit`` messages of these senders that are in error."""
        rows = await self._talk.ask(_FAILED, {"senders": list(senders), "limit": limit})
        return [str(row["id"]) for row in rows]

    async def hold(self, delivery_id: str) -> Kept | None:
        """The message with our id, held by its lock."""
        return self._kept(await self._talk.ask(_HOLD, {"id": UUID(delivery_id)}))

    async def hold_message(self, message_id: MessageId) -> Kept | None:
        """The message with this MessageHeader.id, held by its lock."""
        return self._kept(await self._talk.ask(_HOLD_BY_MESSAGE, {"id": message_id}))

    def _kept(self, rows: list[dict[str, Any]]) -> Kept | None:
        if not rows:
            return None
        row = rows[0]
        delivery = delivery_from(row)
        if delivery.stay_id is not None:
            self._touched.add(delivery.stay_id)
        return Kept(
            delivery=delivery,
            at=row["wall"],
            patient_id=None if row["patient_id"] is None else PatientId(str(row["patient_id"])),
            wrapped_key=row["wrapped_key"],
        )

    async def body_of(self, kept: Kept) -> bytes | None:
        """The message as it was made; None when its time is over and it was dropped."""
        rows = await self._talk.ask(_BODY, {"id": UUID(kept.delivery.id)})
        sealed = rows[0]["body"]
        return None if sealed is None else (await self._key(kept)).open(sealed, _bound(kept.delivery.id))

    async def words_of(self, kept: Kept, receipt_row: str, words: bytes) -> str:
        """What a receipt for the message says in words."""
        return (await self._key(kept)).open(words, _words(receipt_row)).decode()

    def touch(self, stay_id: StayId) -> None:
        """Note a stay that a message is about, for the audit."""
        self._touched.add(stay_id)

    async def move(self, before: Delivery, now: Delivery, at: datetime, bundle_id: BundleId | None = None) -> None:
        """Write where the message stands now, and set its next attempt when there is a new one."""
        self._writes.add(
            _MOVE,
            {
                "id": UUID(now.id),
                "state": now.state.value,
                "turn": now.turn,
                "sendings": now.sendings,
                "misses": now.misses,
                "began_at": now.began_at,
                "due_at": now.due_at,
                "reason": now.reason,
                "at": at,
                "bundle_id": bundle_id,
            },
        )
        if now.turn != before.turn:
            await _defer(self._connection, now.id, now.turn, now.due_at)

    async def note(self, heard: Heard, kept: Kept | None, effect: Effect) -> None:
        """Keep a receipt. What it says in words may be about a citizen: it is sealed, or not kept."""
        row_id = self._new_id()
        said = "\n".join(issue.text for issue in heard.issues if issue.text)
        words: bytes | None = None
        if kept is not None and said:
            words = (await self._key(kept)).seal(said.encode(), _words(row_id))
        self._writes.insert(
            OutboundReceiptRow,
            [
                {
                    "id": UUID(row_id),
                    "outbound": None if kept is None else UUID(kept.delivery.id),
                    "received_at": wall_now(),
                    "sender": heard.sender,
                    "receiver": heard.receiver,
                    "receipt_id": heard.receipt_id,
                    # What names no message of ours is somebody's text; it is kept when it looks like an id.
                    "answers": heard.answers if heard.answers and is_legal_id(heard.answers) else None,
                    "code": None if heard.code is None else heard.code.value,
                    "effect": effect.value,
                    "details": sorted({issue.detail for issue in heard.issues if _is_code(issue.detail)}),
                    "words": words,
                }
            ],
        )

    async def _key(self, kept: Kept) -> DataKey:
        if kept.patient_id is not None:
            return await self._patients.key_of(kept.patient_id)
        assert kept.wrapped_key is not None, "a body is under the citizen's key or its own"
        return self._vault.unwrap(kept.wrapped_key, kept.delivery.id)

    def flush(self, batch: Batch) -> None:
        """Hand over what was written."""
        batch.extend(self._writes)


def _named(letter: Letter) -> set[SorCode]:
    """Every organisation that the letter names besides its ends."""
    steps = (step.organization for step in letter.history)
    segments = (segment.organization for segment in letter.segments)
    return {sor for sor in (*steps, *segments) if sor is not None}


def _bound(row_id: str) -> str:
    return f"outbound:{row_id}"


def _words(row_id: str) -> str:
    return f"receipt:{row_id}"


def _is_code(detail: str | None) -> bool:
    """Tell whether it looks like a code: letters, so that no number and no sentence slips in."""
    return detail is not None and detail.replace("_", "").replace("-", "").isalpha()


async def _defer(connection: AsyncConnection, message: str, turn: int, at: datetime | None) -> None:
    from services.persistence.jobs import defer_delivery  # noqa: PLC0415 - only who writes to a system outside pays

    await defer_delivery(connection, message, turn, at)
