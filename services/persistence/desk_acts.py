"""What an operator does with a message: look at it whole, send or judge it anew, give it up. Each says why."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cryptography.exceptions import InvalidTag

from discharge.commands import ReceiptCode
from discharge.directory import Directory
from discharge.errors import NotFoundError, ReasonRequiredError, TransitionError
from discharge.identifiers import PatientId, SorCode, StayId
from discharge.policy import Caller, Role, require_role
from notifications.outbound import DeliveryState, replayed
from services.persistence.clock import wall_now
from services.persistence.outbox import Kept
from services.persistence.tables import MessageActRow
from services.persistence.unit_of_work import SqlUnitOfWork

__all__ = [
    "SHORTEST_REASON",
    "Discard",
    "Lent",
    "OpenMessage",
    "RawMessage",
    "Replay",
    "ReplayAll",
    "discard",
    "lend",
    "open_inbound",
    "open_outbound",
    "replay",
    "replay_all",
]

SHORTEST_REASON: Final = 20
"""Characters: a word is no reason for reading what is somebody else's."""
_AT_ONCE: Final = 500
_INBOUND: Final = (
    "SELECT id, sender, receiver, receipt, stay_id, patient_id, wrapped_key, body FROM message WHERE id = %(id)s"
    " FOR NO KEY UPDATE"
)
_ASIDE: Final = "SELECT id, wrapped_key, body FROM message_aside WHERE id = %(id)s AND message = %(message)s"
_WORDS: Final = (
    "SELECT id, words FROM outbound_receipt WHERE outbound = %(id)s AND words IS NOT NULL ORDER BY received_at"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMessage:
    """An operator wants to see a message as it was sent."""

    caller: Caller
    request_id: str
    id: str
    copy: str | None = None
    """The put-aside copy that is meant; None: the message itself."""
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """An operator has a message sent, or judged, once more."""

    caller: Caller
    request_id: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayAll:
    """An operator has all messages in error sent once more."""

    caller: Caller
    request_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """An operator gives a message up."""

    caller: Caller
    request_id: str
    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawMessage:
    """A message as it was sent, for the eyes of one operator."""

    body: bytes = field(repr=False)
    words: tuple[str, ...] = field(default=(), repr=False)
    """What its receipts say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """A message that is judged once more."""

    body: bytes = field(repr=False)
    sender: SorCode


async def open_inbound(command: OpenMessage, uow: SqlUnitOfWork) -> RawMessage:
    """The message, or its copy, as it came in.

    Raises:
        NotAllowedError: the caller is no operator.
        ReasonRequiredError: the reason says too little.
        NotFoundError: no such message for this caller, or its body was never kept or is gone.
    """
    _require_reason(command.caller, command.reason, "open")
    row = await _inbound(uow, command.caller, command.id)
    kept = row
    if command.copy is not None:
        copies = await uow.talk.ask(_ASIDE, {"id": _uuid(command.copy), "message": row["id"]})
        if not copies:
            raise NotFoundError(kind="Message")
        kept = {**row, **copies[0]}
    body = await _body(uow, kept)
    await _note(uow, command.caller, "open", command.request_id, command.reason, message=row["id"])
    await uow.commit()
    return RawMessage(body=body)


async def open_outbound(command: OpenMessage, uow: SqlUnitOfWork) -> RawMessage:
    """The message of ours as it was made, and what its receipts say in words.

    Raises:
        NotAllowedError: the caller is no operator.
        ReasonRequiredError: the reason says too little.
        NotFoundError: no such message for this caller, or its body is gone.
    """
    _require_reason(command.caller, command.reason, "open")
    kept = await _outbound(uow, command.caller, command.id)
    try:
        body = await uow.outbox.body_of(kept)
        rows = await uow.talk.ask(_WORDS, {"id": UUID(kept.delivery.id)})
        words = [await uow.outbox.words_of(kept, str(row["id"]), row["words"]) for row in rows]
    except (InvalidTag, ValueError):
        body, words = None, []
    if body is None:
        raise NotFoundError(kind="Body")
    await _note(uow, command.caller, "open", command.request_id, command.reason, outbound=UUID(kept.delivery.id))
    await uow.commit()
    return RawMessage(body=body, words=tuple(words))


async def lend(command: Replay, uow: SqlUnitOfWork) -> Lent:
    """The message that came in and that we could not handle then, to be judged now.

    Raises:
        NotAllowedError: the caller is no operator.
        NotFoundError: no such message for this caller, or its body was not kept.
        TransitionError: it has its final answer.
    """
    require_role(command.caller, "replay-message", Role.OPERATOR)
    row = await _inbound(uow, command.caller, command.id)
    if row["receipt"] != ReceiptCode.TRANSIENT_ERROR.value:
        raise TransitionError(kind="Message", state=str(row["receipt"]), move="replay")
    body = await _body(uow, row)
    await _note(uow, command.caller, "replay", command.request_id, "", message=row["id"])
    await uow.commit()
    return Lent(body=body, sender=SorCode(row["sender"]))


async def replay(command: Replay, uow: SqlUnitOfWork) -> None:
    """Send the message of ours once more, with all its tries.

    Raises:
        NotAllowedError: the caller is no operator.
        NotFoundError: no such message for this caller.
        TransitionError: it is not in error.
    """
    require_role(command.caller, "replay-message", Role.OPERATOR)
    await _replay(uow, command.caller, command.request_id, command.id)
    await uow.commit()


async def replay_all(command: ReplayAll, uow: SqlUnitOfWork) -> int:
    """Send all messages of the caller's organisations that are in error once more; return how many.

    Raises:
        NotAllowedError: the caller is no operator.
    """
    require_role(command.caller, "replay-message", Role.OPERATOR)
    ids = await uow.outbox.failed_of(command.caller.scope(uow.directory), _AT_ONCE)
    for delivery_id in ids:
        await _replay(uow, command.caller, command.request_id, delivery_id)
    await uow.commit()
    return len(ids)


async def discard(command: Discard, uow: SqlUnitOfWork) -> None:
    """Give a message of ours up: it was told another way, or need not be told any more.

    Raises:
        NotAllowedError: the caller is no operator.
        ReasonRequiredError: the reason says too little.
        NotFoundError: no such message for this caller.
        TransitionError: it is not in error.
    """
    _require_reason(command.caller, command.reason, "discard")
    kept = await _outbound(uow, command.caller, command.id)
    if kept.delivery.state is not DeliveryState.IN_ERROR:
        raise TransitionError(kind="Message", state=kept.delivery.state, move="discard")
    given_up = replace(kept.delivery, state=DeliveryState.DISCARDED, due_at=None)
    await uow.outbox.move(kept.delivery, given_up, kept.at)
    await _note(uow, command.caller, "discard", command.request_id, command.reason, outbound=UUID(kept.delivery.id))
    await uow.commit()


async def _replay(uow: SqlUnitOfWork, caller: Caller, request_id: str, delivery_id: str) -> None:
    kept = await _outbound(uow, caller, delivery_id)
    anew = replayed(kept.delivery, kept.at)
    if anew is None:
        raise TransitionError(kind="Message", state=kept.delivery.state, move="replay")
    await uow.outbox.move(kept.delivery, anew, kept.at)
    await _note(uow, caller, "replay", request_id, "", outbound=UUID(kept.delivery.id))


async def _inbound(uow: SqlUnitOfWork, caller: Caller, message_key: str) -> dict[str, Any]:
    rows = await uow.talk.ask(_INBOUND, {"id": _uuid(message_key)})
    if not rows or not _is_ours(caller, uow.directory, rows[0]["sender"], rows[0]["receiver"]):
        raise NotFoundError(kind="Message")
    if rows[0]["stay_id"] is not None:
        uow.outbox.touch(StayId(str(rows[0]["stay_id"])))
    return rows[0]


async def _outbound(uow: SqlUnitOfWork, caller: Caller, delivery_id: str) -> Kept:
    kept = await uow.outbox.hold(str(_uuid(delivery_id)))
    if kept is None or not _is_ours(caller, uow.directory, kept.delivery.sender, kept.delivery.receiver):
        raise NotFoundError(kind="Message")
    return kept


def _is_ours(caller: Caller, directory: Directory, sender: str, receiver: str | None) -> bool:
    """As row-level security has it: the caller's organisation sent it, or it was for it."""
    scope = caller.scope(directory)
    return sender in scope or receiver in scope


async def _body(uow: SqlUnitOfWork, row: dict[str, Any]) -> bytes:
    """The body, where it was kept. One without a legal basis never was, so there is nothing to show."""
    if row["body"] is None:
        raise NotFoundError(kind="Body")
    try:
        if row["wrapped_key"] is not None:
            key = uow.vault.unwrap(row["wrapped_key"], str(row["id"]))
        else:
            key = await uow.patients.key_of(PatientId(str(row["patient_id"])))
        return key.open(row["body"], f"body:{row['id']}")
    except (InvalidTag, ValueError):
        # The citizen was erased: nobody reads it any more.
        raise NotFoundError(kind="Body") from None


async def _note(
    uow: SqlUnitOfWork,
    caller: Caller,
    kind: str,
    request_id: str,
    reason: str,
    *,
    message: UUID | None = None,
    outbound: UUID | None = None,
) -> None:
    row_id = uow.new_id()
    key, wrapped = uow.vault.new_key(row_id)
    at: datetime = wall_now()
    uow.writes.insert(
        MessageActRow,
        [
            {
                "id": UUID(row_id),
                "message": message,
                "outbound": outbound,
                "at": at,
                "kind": kind,
                "by_id": caller.person_id,
                "by_name": caller.name,
                "request_id": request_id,
                "wrapped_key": wrapped,
                # Typed by a person about a person: sealed like any other words.
                "reason": key.seal(reason.encode(), f"act:{row_id}"),
            }
        ],
    )


def _require_reason(caller: Caller, reason: str, action: str) -> None:
    require_role(caller, f"{action}-message", Role.OPERATOR)
    if len(reason.strip()) < SHORTEST_REASON:
        raise ReasonRequiredError(action=action)


def _uuid(text_id: str) -> UUID:
    try:
        return UUID(text_id)
    except ValueError:
        raise NotFoundError(kind="Message") from None
