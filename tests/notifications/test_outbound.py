"""Where a message of ours stands after each thing that can happen to it; no wire, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from discharge.commands import ReceiptCode
from discharge.identifiers import BundleId, MessageId, SorCode
from notifications.errors import UnansweredError, UnreachedError
from notifications.outbound import (
    FINAL,
    Delivery,
    DeliveryState,
    Effect,
    Heard,
    Outcome,
    OutcomeKind,
    ResendRules,
    Sending,
    after,
    begun,
    deliver,
    hears,
    is_from_receiver,
    judge,
    replayed,
    undelivered,
)
from notifications.ports import Answer
from tests import factories
from tests.factories import MUNICIPALITY, NEIGHBOUR, NORTH, WARD

NOW = datetime(2026, 11, 20, 10, 40, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULES = ResendRules()
SENT = Delivery(
    id="d", message_id=MessageId("m"), sender=WARD, receiver=MUNICIPALITY, event_code="care-communication-message"
)


def heard(code: ReceiptCode | None = ReceiptCode.OK, answers: str = "m", sender: SorCode = MUNICIPALITY) -> Heard:
    return Heard(receipt_id=MessageId("r"), sender=sender, answers=MessageId(answers), code=code)


def outcome(kind: OutcomeKind, reason: str | None = None) -> Outcome:
    return Outcome(kind=kind, reason=reason)


def test_it_is_sent_four_times_in_two_hours_and_then_people_must_look() -> None:
    delivery, at, sendings = SENT, NOW, 0
    while delivery.state not in FINAL:
        begins = begun(delivery, delivery.turn, at, RULES)
        assert begins is not None
        delivery = begins
        if delivery.state not in FINAL:
            sendings += 1
            delivery = after(delivery, outcome(OutcomeKind.TAKEN, "no-receipt"), at, RULES)
            assert delivery.due_at == at + 30 * MINUTE
            at = delivery.due_at

    assert (sendings, at - NOW) == (4, 120 * MINUTE)
    assert (delivery.state, delivery.reason) == (DeliveryState.IN_ERROR, "no-receipt")


def test_setting_of_no_resend_sends_once() -> None:
    rules = ResendRules(most=0)
    once = begun(SENT, 1, NOW, rules)
    assert once is not None

    waiting = after(once, outcome(OutcomeKind.LATER, "http-503"), NOW, rules)
    given_up = begun(waiting, waiting.turn, NOW + 30 * MINUTE, rules)

    assert given_up is not None
    assert (given_up.state, given_up.reason) == (DeliveryState.IN_ERROR, "http-503")


@pytest.mark.parametrize("state", sorted(FINAL))
def test_closed_message_is_left_alone(state: DeliveryState) -> None:
    closed = replace(SENT, state=state)

    assert begun(closed, 1, NOW, RULES) is None
    assert after(closed, outcome(OutcomeKind.TAKEN), NOW, RULES) is closed


def test_attempt_of_an_earlier_turn_does_nothing() -> None:
    assert begun(replace(SENT, turn=2), 1, NOW, RULES) is None


def test_unreached_system_is_tried_again_soon_then_later_and_costs_no_sending() -> None:
    delivery, pauses = SENT, []
    for _ in range(12):
        begins = begun(delivery, delivery.turn, NOW, RULES)
        assert begins is not None
        delivery = after(begins, outcome(OutcomeKind.UNREACHED, "ConnectError"), NOW, RULES)
        assert delivery.due_at is not None
        pauses.append((delivery.due_at - NOW).total_seconds())

    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert delivery.sendings == 0


def test_chance_shortens_a_pause() -> None:
    begins = begun(replace(SENT, misses=3), 1, NOW, RULES)
    assert begins is not None

    assert after(begins, outcome(OutcomeKind.UNREACHED), NOW, RULES, 0.5).due_at == NOW + timedelta(seconds=4)


def test_system_that_stays_unreached_for_two_hours_is_given_to_people() -> None:
    begins = begun(replace(SENT, began_at=NOW - 120 * MINUTE), 1, NOW, RULES)
    assert begins is not None

    failed = after(begins, outcome(OutcomeKind.UNREACHED), NOW, RULES)

    assert (failed.state, failed.reason, failed.due_at) == (DeliveryState.IN_ERROR, "unreached", None)


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        (Answer(200, b"ok"), OutcomeKind.ACKNOWLEDGED, None),
        (Answer(200, b"fatal"), OutcomeKind.REFUSED, "fatal-error"),
        (Answer(200, b"transient"), OutcomeKind.LATER, "transient-error"),
        (Answer(200, b"garbage"), OutcomeKind.TAKEN, "invalid-receipt"),
        (Answer(200, b"codeless"), OutcomeKind.TAKEN, "invalid-receipt"),
        (Answer(200, b"other"), OutcomeKind.TAKEN, "invalid-receipt"),
        (Answer(202, b" "), OutcomeKind.TAKEN, "no-receipt"),
        (Answer(204), OutcomeKind.TAKEN, "no-receipt"),
        (Answer(500), OutcomeKind.LATER, "http-500"),
        (Answer(503), OutcomeKind.LATER, "http-503"),
        (Answer(429), OutcomeKind.LATER, "http-429"),
        (Answer(408), OutcomeKind.LATER, "http-408"),
        (Answer(307), OutcomeKind.REFUSED, "http-307"),
        (Answer(400), OutcomeKind.REFUSED, "http-400"),
        (Answer(401), OutcomeKind.REFUSED, "http-401"),
        (Answer(413), OutcomeKind.REFUSED, "http-413"),
    ],
)
def test_answer_says_what_came_of_it(answer: Answer, kind: OutcomeKind, reason: str | None) -> None:
    told = {
        b"ok": heard(),
        b"fatal": heard(ReceiptCode.FATAL_ERROR),
        b"transient": heard(ReceiptCode.TRANSIENT_ERROR),
        b"codeless": heard(None),
        b"other": heard(answers="another"),
    }

    said = judge(answer, SENT, told.get)

    assert (said.kind, said.reason) == (kind, reason)


def test_receipt_of_ours_is_done_when_it_is_taken() -> None:
    receipt = replace(SENT, wants_receipt=False)

    assert judge(Answer(200, b"whatever"), receipt, lambda _body: None).kind is OutcomeKind.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("before", "code", "state", "effect"),
    [
        (DeliveryState.AWAITING_ACK, ReceiptCode.OK, DeliveryState.ACKNOWLEDGED, Effect.CLOSES),
        (DeliveryState.AWAITING_ACK, ReceiptCode.FATAL_ERROR, DeliveryState.IN_ERROR, Effect.FAILS),
        (DeliveryState.AWAITING_ACK, ReceiptCode.TRANSIENT_ERROR, DeliveryState.RETRY, Effect.POSTPONES),
        (DeliveryState.AWAITING_ACK, None, DeliveryState.AWAITING_ACK, Effect.MEANS_NOTHING),
        (DeliveryState.RETRY, ReceiptCode.OK, DeliveryState.ACKNOWLEDGED, Effect.CLOSES),
        (DeliveryState.SENT, ReceiptCode.OK, DeliveryState.ACKNOWLEDGED, Effect.CLOSES),
        (DeliveryState.ACKNOWLEDGED, ReceiptCode.FATAL_ERROR, DeliveryState.ACKNOWLEDGED, Effect.REPEATS),
        (DeliveryState.DISCARDED, ReceiptCode.OK, DeliveryState.DISCARDED, Effect.REPEATS),
        (DeliveryState.IN_ERROR, ReceiptCode.OK, DeliveryState.ACKNOWLEDGED, Effect.CLOSES),
        (DeliveryState.IN_ERROR, ReceiptCode.TRANSIENT_ERROR, DeliveryState.IN_ERROR, Effect.REPEATS),
    ],
)
def test_receipt_that_comes_by_itself(
    before: DeliveryState, code: ReceiptCode | None, state: DeliveryState, effect: Effect
) -> None:
    reason = "no-receipt" if before is DeliveryState.IN_ERROR else None

    moved, did = hears(replace(SENT, state=before, reason=reason), code)

    assert (moved.state, did) == (state, effect)


def test_final_no_is_never_turned_by_a_later_yes() -> None:
    refused = replace(SENT, state=DeliveryState.IN_ERROR, reason="fatal-error")

    assert hears(refused, ReceiptCode.OK) == (refused, Effect.REPEATS)


def test_receipt_that_closed_it_is_not_undone_by_the_attempt_that_ends_later() -> None:
    closed, _ = hears(replace(SENT, sendings=1), ReceiptCode.OK)

    assert after(closed, outcome(OutcomeKind.LATER, "ReadTimeout"), NOW, RULES) is closed


def test_people_hear_of_an_error_once() -> None:
    failed = replace(SENT, state=DeliveryState.IN_ERROR, reason=None)

    event = undelivered(SENT, failed, NOW)

    assert event is not None
    assert (event.reason, event.place, event.receiver) == ("no-receipt", WARD, MUNICIPALITY)
    assert undelivered(failed, failed, NOW) is None
    assert undelivered(SENT, replace(SENT, state=DeliveryState.RETRY), NOW) is None


@pytest.mark.parametrize(
    ("sender", "receiver", "is_theirs"),
    [
        (MUNICIPALITY, MUNICIPALITY, True),
        (NORTH, MUNICIPALITY, True),
        (MUNICIPALITY, NORTH, True),
        (NEIGHBOUR, MUNICIPALITY, False),
    ],
)
def test_only_the_party_it_was_sent_to_receipts_it(sender: SorCode, receiver: SorCode, *, is_theirs: bool) -> None:
    delivery = replace(SENT, receiver=receiver)

    assert is_from_receiver(heard(sender=sender), delivery, factories.directory()) is is_theirs


def test_replayed_message_has_all_its_tries_again() -> None:
    failed = replace(SENT, state=DeliveryState.IN_ERROR, turn=5, sendings=4, misses=2, began_at=NOW, reason="x")

    anew = replayed(failed, NOW)

    assert anew == replace(SENT, turn=6, due_at=NOW)
    assert replayed(SENT, NOW) is None


@dataclass
class MemoryBook:
    """Lends one message once."""

    lent: bool = False
    settled: list[Outcome] = field(default_factory=list)

    async def begin(self, delivery_id: str, turn: int) -> Sending | None:
        assert (delivery_id, turn) == ("d", 1)
        first, self.lent = not self.lent, True
        return Sending(delivery=SENT, bundle_id=BundleId("b"), body=b"body") if first else None

    async def settle(self, sending: Sending, outcome: Outcome) -> Delivery:
        self.settled.append(outcome)
        return after(sending.delivery, outcome, NOW, RULES)


@dataclass
class Gate:
    """Answers, or fails, as it was told."""

    then: Answer | Exception

    async def post(self, body: bytes) -> Answer:
        assert body == b"body"
        if isinstance(self.then, Exception):
            raise self.then
        return self.then


@pytest.mark.parametrize(
    ("then", "kind", "reason"),
    [
        (Answer(200, b"x"), OutcomeKind.ACKNOWLEDGED, None),
        (UnreachedError("ConnectError"), OutcomeKind.UNREACHED, "ConnectError"),
        (UnansweredError("ReadTimeout"), OutcomeKind.LATER, "ReadTimeout"),
    ],
)
async def test_attempt_is_written_down_whatever_comes_of_it(
    then: Answer | Exception, kind: OutcomeKind, reason: str | None
) -> None:
    book = MemoryBook()

    said = await deliver(book, Gate(then), lambda _body: heard(), "d", 1)

    assert said is not None
    assert (said.kind, said.reason) == (kind, reason)
    assert book.settled == [said]
    assert await deliver(book, Gate(then), lambda _body: heard(), "d", 1) is None
