"""Messages of ours on their way to systems outside: sent, sent again, closed by a receipt, or given to people.

Pure: it knows neither a clock nor a wire. Source: MedCom Acknowledgement 2.0.3 and Reliable Messaging (sender
states; resend after 30 minutes with a new Bundle.id and the same MessageHeader.id; a final receipt replaces
a transient one; the first final receipt counts).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol, assert_never

from discharge.commands import Issue, ReceiptCode
from discharge.directory import Directory
from discharge.events import MessageUndelivered
from discharge.identifiers import BundleId, MessageId, SorCode, StayId
from notifications.errors import UnansweredError, UnreachedError
from notifications.ports import Answer, Gateway

__all__ = [
    "FINAL",
    "Book",
    "Delivery",
    "DeliveryState",
    "Effect",
    "Heard",
    "Outcome",
    "OutcomeKind",
    "ResendRules",
    "Sending",
    "after",
    "begun",
    "deliver",
    "hears",
    "is_from_receiver",
    "judge",
    "replayed",
    "undelivered",
]

_FIRST_PAUSE: Final = timedelta(seconds=1)
_LONGEST_PAUSE: Final = timedelta(minutes=5)
_COME_BACK: Final = frozenset({408, 425, 429})
"""Refusals that are about the moment, not about the message."""
_NO_RECEIPT: Final = "no-receipt"
_REFUSED: Final = "fatal-error"


class DeliveryState(StrEnum):
    """Where a message of ours stands. Source: MedCom Reliable Messaging, sender states; ``discarded`` is our own."""

    SENT = "sent"
    """Committed here; the first sending is due."""
    AWAITING_ACK = "awaiting-ack"
    """The other side has it and has not said what it thinks of it."""
    RETRY = "waiting-for-retry"
    """It did not arrive, or could not be handled just then."""
    ACKNOWLEDGED = "acknowledged"
    IN_ERROR = "in-error"
    """Refused, or never receipted: people must look."""
    DISCARDED = "discarded"
    """Somebody gave it up, and said why."""


FINAL: Final = frozenset({DeliveryState.ACKNOWLEDGED, DeliveryState.IN_ERROR, DeliveryState.DISCARDED})
"""States in which nothing is sent by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResendRules:
    """How long a receipt is waited for, and how often a message is sent again."""

    wait: timedelta = timedelta(minutes=30)
    most: int = 3

    @property
    def patience(self) -> timedelta:
        """After this long without reaching anybody, people must look."""
        return self.wait * (self.most + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message of ours, without its content."""

    id: str
    message_id: MessageId
    sender: SorCode
    receiver: SorCode
    event_code: str
    stay_id: StayId | None = None
    state: DeliveryState = DeliveryState.SENT
    turn: int = 1
    """Rises whenever the next attempt is set: an attempt that was set earlier does nothing."""
    sendings: int = 0
    """How often it has been sent; an attempt that reached nobody is none."""
    misses: int = 0
    """Attempts in a row that reached nobody."""
    began_at: datetime | None = None
    due_at: datetime | None = None
    reason: str | None = None
    """Why it is not acknowledged: a code, never a text from outside."""
    wants_receipt: bool = True
    """False for an acknowledgement of ours: it is never acknowledged in turn."""


class OutcomeKind(StrEnum):
    """What came of one attempt."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    """A final no: sending the same again makes no sense."""
    LATER = "later"
    """Not now: a transient receipt, an error of the server, or no answer."""
    TAKEN = "taken"
    """The other side has it; its receipt comes by itself."""
    UNREACHED = "unreached"
    """Nobody got it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A receipt as it was read: who says what of which message."""

    receipt_id: MessageId
    sender: SorCode
    receiver: SorCode | None = None
    answers: MessageId | None
    code: ReceiptCode | None
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one attempt, and why."""

    kind: OutcomeKind
    reason: str | None = None
    heard: Heard | None = None
    """The receipt that came with the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A message that is sent now."""

    delivery: Delivery
    bundle_id: BundleId
    body: bytes = field(repr=False)


class Effect(StrEnum):
    """What a receipt does to the message that it answers."""

    CLOSES = "closes"
    FAILS = "fails"
    """A final no."""
    POSTPONES = "postpones"
    """Transient: it is sent again by the rule."""
    REPEATS = "repeats"
    """The message was closed before: noted, nothing else."""
    MEANS_NOTHING = "means-nothing"
    """It bears none of the three codes."""
    STRANGER = "stranger"
    """It comes from somebody whom the message was not sent to."""
    UNKNOWN = "unknown"
    """It answers no message of ours."""


def begun(delivery: Delivery, turn: int, at: datetime, rules: ResendRules) -> Delivery | None:
    """The message as an attempt begins at ``at``; in error when it may not be sent once more.

    None: nothing is to be done, because it is closed or a later attempt was set meanwhile. An attempt that was
    cut off begins again with the same ``turn``: the receiver knows the MessageHeader.id.
    """
    if delivery.turn != turn or delivery.state in FINAL:
        return None
    began_at = delivery.began_at or at
    if delivery.sendings > rules.most:
        return _failed(delivery, delivery.reason or _NO_RECEIPT)
    return replace(delivery, began_at=began_at, sendings=delivery.sendings + 1, due_at=at + rules.wait)


def judge(answer: Answer, delivery: Delivery, read: Callable[[bytes], Heard | None]) -> Outcome:
    """What the other side's answer says.

    Args:
        answer: what came back over HTTP.
        delivery: the message that was sent.
        read: the receipt that a body holds, None when it holds none.
    """
    status = answer.status
    if not 200 <= status < 300:  # noqa: PLR2004 - HTTP
        again = status >= 500 or status in _COME_BACK  # noqa: PLR2004 - HTTP
        return Outcome(kind=OutcomeKind.LATER if again else OutcomeKind.REFUSED, reason=f"http-{status}")
    if not delivery.wants_receipt:
        return Outcome(kind=OutcomeKind.ACKNOWLEDGED)
    if not answer.body.strip():
        return Outcome(kind=OutcomeKind.TAKEN, reason=_NO_RECEIPT)
    heard = read(answer.body)
    if heard is None or heard.answers != delivery.message_id or heard.code is None:
        # Source: MedCom Reliable Messaging: an invalid receipt is no receipt.
        return Outcome(kind=OutcomeKind.TAKEN, reason="invalid-receipt")
    return Outcome(kind=_BY_CODE[heard.code], reason=_REASONS.get(heard.code), heard=heard)


_BY_CODE: Final = {
    ReceiptCode.OK: OutcomeKind.ACKNOWLEDGED,
    ReceiptCode.FATAL_ERROR: OutcomeKind.REFUSED,
    ReceiptCode.TRANSIENT_ERROR: OutcomeKind.LATER,
}
_REASONS: Final = {ReceiptCode.FATAL_ERROR: _REFUSED, ReceiptCode.TRANSIENT_ERROR: "transient-error"}


def after(delivery: Delivery, outcome: Outcome, at: datetime, rules: ResendRules, chance: float = 1.0) -> Delivery:
    """The message once an attempt has ended at ``at``.

    Args:
        delivery: as it stands now: a receipt may have closed it while the attempt was under way.
        outcome: what came of the attempt.
        at: real time.
        rules: how long is waited, how often is sent.
        chance: from 0 to 1, what is taken of a pause, so that many messages do not come back at one moment.
    """
    if delivery.state in FINAL:
        return delivery
    again = replace(delivery, turn=delivery.turn + 1, misses=0, reason=outcome.reason)
    match outcome.kind:
        case OutcomeKind.ACKNOWLEDGED:
            return _closed(delivery)
        case OutcomeKind.REFUSED:
            return _failed(delivery, outcome.reason or _REFUSED)
        case OutcomeKind.TAKEN:
            return replace(again, state=DeliveryState.AWAITING_ACK, due_at=at + rules.wait)
        case OutcomeKind.LATER:
            return replace(again, state=DeliveryState.RETRY, due_at=at + rules.wait)
        case OutcomeKind.UNREACHED:
            return _unreached(delivery, outcome, at, rules, chance)
        case _:
            assert_never(outcome.kind)


def _unreached(delivery: Delivery, outcome: Outcome, at: datetime, rules: ResendRules, chance: float) -> Delivery:
    """Nobody got it: again soon, then later; it was no sending."""
    missed = replace(delivery, sendings=max(delivery.sendings - 1, 0))
    if at >= (delivery.began_at or at) + rules.patience:
        return _failed(missed, outcome.reason or "unreached")
    pause = min(_FIRST_PAUSE * 2 ** min(delivery.misses, 16), _LONGEST_PAUSE, rules.wait)
    return replace(
        missed,
        state=DeliveryState.RETRY,
        turn=delivery.turn + 1,
        misses=delivery.misses + 1,
        due_at=at + pause * chance,
        reason=outcome.reason,
    )


def hears(delivery: Delivery, code: ReceiptCode | None) -> tuple[Delivery, Effect]:
    """The message once a receipt has come by itself.

    The first final receipt counts. One that comes after we had given up waiting still closes the message.
    """
    settled = delivery.state in {DeliveryState.ACKNOWLEDGED, DeliveryState.DISCARDED}
    if settled or (delivery.state is DeliveryState.IN_ERROR and delivery.reason == _REFUSED):
        return delivery, Effect.REPEATS
    match code:
        case ReceiptCode.OK:
            return _closed(delivery), Effect.CLOSES
        case ReceiptCode.FATAL_ERROR:
            return _failed(delivery, _REFUSED), Effect.FAILS
        case ReceiptCode.TRANSIENT_ERROR if delivery.state is DeliveryState.IN_ERROR:
            return delivery, Effect.REPEATS
        case ReceiptCode.TRANSIENT_ERROR:
            # The next sending is set already; only what we know of it changes.
            return replace(delivery, state=DeliveryState.RETRY, reason="transient-error"), Effect.POSTPONES
        case None:
            return delivery, Effect.MEANS_NOTHING
        case _:
            assert_never(code)


def is_from_receiver(heard: Heard, delivery: Delivery, directory: Directory) -> bool:
    """Tell whether the receipt comes from where the message went: the place itself, or one above or below it."""
    sender, receiver = heard.sender, delivery.receiver
    return sender == receiver or sender in directory.lineage(receiver) or receiver in directory.lineage(sender)


def undelivered(
    before: Delivery, now: Delivery, at: datetime, place: SorCode | None = None
) -> MessageUndelivered | None:
    """What people must hear of this step: the message is in error, and was not for the same reason before."""
    if now.state is not DeliveryState.IN_ERROR or (before.state, before.reason) == (now.state, now.reason):
        return None
    return MessageUndelivered(
        at=at,
        message_id=now.message_id,
        sender=now.sender,
        receiver=now.receiver,
        place=place or now.sender,
        stay_id=now.stay_id,
        reason=now.reason or _NO_RECEIPT,
    )


def replayed(delivery: Delivery, at: datetime) -> Delivery | None:
    """The message sent anew because somebody says so, with all its tries; None when it is not in error."""
    if delivery.state is not DeliveryState.IN_ERROR:
        return None
    return replace(
        delivery,
        state=DeliveryState.SENT,
        turn=delivery.turn + 1,
        sendings=0,
        misses=0,
        began_at=None,
        due_at=at,
        reason=None,
    )


def _closed(delivery: Delivery) -> Delivery:
    return replace(delivery, state=DeliveryState.ACKNOWLEDGED, due_at=None, reason=None, misses=0)


def _failed(delivery: Delivery, reason: str) -> Delivery:
    return replace(delivery, state=DeliveryState.IN_ERROR, due_at=None, reason=reason)


class Book(Protocol):
    """Where messages of ours are kept. Each call is one transaction."""

    async def begin(self, delivery_id: str, turn: int) -> Sending | None:
        """Count the attempt, and lend the message with ids and times of this sending; None: nothing to do."""
        ...

    async def settle(self, sending: Sending, outcome: Outcome) -> Delivery:
        """Write what came of it, and set the next attempt in the same transaction."""
        ...


async def deliver(
    book: Book, gateway: Gateway, read: Callable[[bytes], Heard | None], delivery_id: str, turn: int
) -> Outcome | None:
    """Make one attempt. Nothing is held while the other side thinks; what came of it is written afterwards.

    When this process dies in between, the attempt is made again: at least once, with the same MessageHeader.id.
    """
    sending = await book.begin(delivery_id, turn)
    if sending is None:
        return None
    try:
        answer = await gateway.post(sending.body)
    except UnreachedError as error:
        outcome = Outcome(kind=OutcomeKind.UNREACHED, reason=error.problem)
    except UnansweredError as error:
        outcome = Outcome(kind=OutcomeKind.LATER, reason=error.problem)
    else:
        outcome = judge(answer, sending.delivery, read)
    await book.settle(sending, outcome)
    return outcome
