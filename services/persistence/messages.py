"""Messages in the store: claimed once per sender and id, answered once, kept where the law allows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final
from uuid import UUID

import orjson

from discharge.commands import Envelope, Issue, Receipt, ReceiptCode
from discharge.identifiers import MessageId, PatientId, SorCode, StayId
from discharge.patient import Patient
from services.persistence.clock import wall_now
from services.persistence.people import SqlPatients
from services.persistence.pipeline import Batch, Conversation
from services.persistence.vault import Vault

__all__ = ["SqlMessages", "issues_from"]

_CLAIM: Final = (
    "INSERT INTO message (id, sender, message_id, bundle_id, bundle_reused, receiver, event_code, fingerprint,"
    " received_at, receipt, issues, repeats, differing_repeats)"
    " VALUES (%(id)s, %(sender)s, %(message_id)s, %(bundle_id)s, %(bundle_reused)s, %(receiver)s, %(event_code)s,"
    " %(fingerprint)s, %(received_at)s, %(receipt)s, %(issues)s::jsonb, 0, 0)"
    " ON CONFLICT DO NOTHING RETURNING id"
)
_FIRST: Final = "SELECT * FROM message WHERE sender = %(sender)s AND message_id = %(message_id)s FOR NO KEY UPDATE"
_REPEAT: Final = (
    "UPDATE message SET repeats = repeats + 1, differing_repeats = differing_repeats + %(differing)s WHERE id = %(id)s"
)
_CONCLUDE: Final = (
    "UPDATE message SET receipt = %(receipt)s, issues = %(issues)s::jsonb, stay_id = %(stay_id)s,"
    " patient_id = %(patient_id)s, wrapped_key = %(wrapped_key)b, body = %(body)b WHERE id = %(id)s"
)
_PUT_ASIDE: Final = (
    "INSERT INTO message_aside (id, message, received_at, fingerprint, wrapped_key, body)"
    " VALUES (%(id)s, %(message)s, %(received_at)s, %(fingerprint)s, %(wrapped_key)b, %(body)b)"
)
_REUSED = Issue(
    severity="error",
    code="duplicate",
    detail="MSG_DUPLICATE_ID",
    rule="medcom-reliable-messaging-bundle-id",
    expression="Bundle.id",
    text="This Bundle.id was used for another message. Send it again with a new Bundle.id.",
)


def issues_from(rows: Sequence[dict[str, Any]]) -> tuple[Issue, ...]:
    """The findings of a receipt as they were stored."""
    return tuple(Issue(**row) for row in rows)


class SqlMessages:
    """Implements ``discharge.ports.Messages`` on one connection."""

    def __init__(
        self,
        talk: Conversation,
        vault: Vault,
        patients: SqlPatients,
        new_id: Callable[[], str],
    ) -> None:
        self._talk = talk
        self._vault = vault
        self._patients = patients
        self._new_id = new_id
        self._offered: dict[tuple[SorCode, MessageId], dict[str, Any]] = {}
        self._claimed: UUID | None = None
        self._writes = Batch()
        self.alerts: list[Envelope] = []
        """Repeats whose content differs: operators are told with the commit."""

    def foresee(self, envelope: Envelope) -> None:
        """Have ``claim`` answered with the next question."""
        row = self._offered[envelope.sender, envelope.message_id] = self._row(envelope)
        self._talk.foresee(_CLAIM, row)

    def _row(self, envelope: Envelope) -> dict[str, Any]:
        return {
            "id": UUID(self._new_id()),
            "sender": envelope.sender,
            "message_id": envelope.message_id,
            "bundle_id": envelope.bundle_id,
            "bundle_reused": False,
            "receiver": envelope.receiver,
            "event_code": envelope.event_code,
            "fingerprint": self._vault.keyed_hash(envelope.fingerprint),
            "received_at": wall_now(),
            "receipt": None,
            "issues": "[]",
        }

    async def claim(self, envelope: Envelope) -> Receipt | None:
        """Take the message in hand, once per sender and MessageHeader.id; see the port."""
        row = self._offered.pop((envelope.sender, envelope.message_id), None) or self._row(envelope)
        if await self._insert(row):
            self._claimed = row["id"]
            return None
        first = await self._first(envelope)
        if first is not None:
            return await self._repeated(envelope, first)
        # Another message has this Bundle.id: refused for good, and kept under its own header id.
        reused = {**row, "bundle_reused": True, "receipt": ReceiptCode.FATAL_ERROR.value, "issues": _json((_REUSED,))}
        if not await self._insert(reused):
            first = await self._first(envelope)
            if first is not None:
                return await self._repeated(envelope, first)
        self._claimed = reused["id"]
        self.alerts.append(envelope)
        return Receipt(code=ReceiptCode.FATAL_ERROR, issues=(_REUSED,))

    async def _insert(self, row: dict[str, Any]) -> bool:
        """Insert unless a key is taken; waits for a concurrent copy to be decided."""
        return bool(await self._talk.ask(_CLAIM, row))

    async def _first(self, envelope: Envelope) -> Mapping[str, Any] | None:
        key = {"sender": envelope.sender, "message_id": envelope.message_id}
        found = await self._talk.ask(_FIRST, key)
        return found[0] if found else None

    async def _repeated(self, envelope: Envelope, first: Mapping[str, Any]) -> Receipt | None:
        """The first answer again, unless that was "not now". Other content under the same id is put aside."""
        fingerprint = self._vault.keyed_hash(envelope.fingerprint)
        differs = fingerprint != first["fingerprint"]
        self._writes.add(_REPEAT, {"id": first["id"], "differing": int(differs)})
        if first["receipt"] == ReceiptCode.TRANSIENT_ERROR.value and not differs:
            self._claimed = first["id"]
            return None
        if differs:
            await self._put_aside(envelope, first, fingerprint)
            self.alerts.append(envelope)
        return Receipt(code=ReceiptCode(first["receipt"]), issues=issues_from(first["issues"]), duplicate=True)

    async def _put_aside(self, envelope: Envelope, first: Mapping[str, Any], fingerprint: bytes) -> None:
        """Where the first body was dropped for want of a legal basis, this one may not be kept either."""
        aside = self._new_id()
        body: bytes | None = None
        wrapped: bytes | None = None
        if first["body"] is not None:
            body, wrapped = await self._sealed(envelope, aside, first["patient_id"])
        row = {"id": UUID(aside), "message": first["id"], "received_at": wall_now(), "fingerprint": fingerprint}
        self._writes.add(_PUT_ASIDE, {**row, "wrapped_key": wrapped, "body": body})

    async def _sealed(self, envelope: Envelope, row_id: str, patient_id: object) -> tuple[bytes, bytes | None]:
        """The body as ciphertext: under the citizen's key, to be erased with the citizen, else under its own."""
        bound = f"body:{row_id}"
        if patient_id is not None:
            key = await self._patients.key_of(PatientId(str(patient_id)))
            return key.seal(envelope.body, bound), None
        key, wrapped = self._vault.new_key(row_id)
        return key.seal(envelope.body, bound), wrapped

    async def conclude(
        self, envelope: Envelope, receipt: Receipt, *, stay_id: StayId | None, patient: Patient | None, keep: bool
    ) -> None:
        """Write the answer; ``keep`` False drops the body in this same transaction."""
        assert self._claimed is not None, "claimed before concluded"
        body: bytes | None = None
        wrapped: bytes | None = None
        patient_id = None if patient is None or not keep else patient.id
        if keep:
            body, wrapped = await self._sealed(envelope, str(self._claimed), patient_id)
        self._writes.add(
            _CONCLUDE,
            {
                "id": self._claimed,
                "receipt": receipt.code.value,
                "issues": _json(receipt.issues),
                "stay_id": None if stay_id is None else UUID(stay_id),
                "patient_id": None if patient_id is None else UUID(patient_id),
                "wrapped_key": wrapped,
                "body": body,
            },
        )

    def flush(self, batch: Batch) -> None:
        """Hand over what was answered and put aside."""
        batch.extend(self._writes)


def _json(issues: Sequence[Issue]) -> str:
    return orjson.dumps([asdict(issue) for issue in issues]).decode()
