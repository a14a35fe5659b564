"""What moves a message of ours on: an attempt, a receipt, an operator. One transaction each."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from discharge.identifiers import BundleId
from fhir_mappings.medcom.outgoing import restamped
from notifications.outbound import (
    Delivery,
    DeliveryState,
    Effect,
    Outcome,
    OutcomeKind,
    ResendRules,
    Sending,
    after,
    begun,
    hears,
    is_from_receiver,
    undelivered,
)
from services.persistence.audit import own_audit
from services.persistence.database import Database
from services.persistence.outbox import Kept, Outgoing
from services.persistence.unit_of_work import SqlUnitOfWork

__all__ = ["SqlBook", "post_final_answer"]

_ON_THE_LOOP: Final = 256 * 1024
"""Messages up to this many bytes are stamped at once; larger ones beside the loop."""


async def _moved(uow: SqlUnitOfWork, kept: Kept, now: Delivery, bundle_id: BundleId | None = None) -> None:
    before = kept.delivery
    if now == before and bundle_id is None:
        return
    await uow.outbox.move(before, now, kept.at, bundle_id)
    event = undelivered(before, now, uow.now, await uow.outbox.place_of(now))
    if event is not None:
        uow.record(event)


async def post_final_answer(answer: Outgoing, uow: SqlUnitOfWork) -> None:
    """Send a receipt of ours that comes later than the message's own answer."""
    await uow.outbox.put(answer)
    await uow.commit()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begin:
    delivery_id: str
    turn: int
    rules: ResendRules


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lent:
    sending: Sending
    at: datetime


async def _begin(command: _Begin, uow: SqlUnitOfWork) -> _Lent | None:
    kept = await uow.outbox.hold(command.delivery_id)
    delivery = None if kept is None else begun(kept.delivery, command.turn, kept.at, command.rules)
    if kept is None or delivery is None:
        return None
    body = None
    if delivery.state is not DeliveryState.IN_ERROR:
        body = await uow.outbox.body_of(kept)
        if body is None:
            delivery = replace(delivery, state=DeliveryState.IN_ERROR, due_at=None, reason="body-dropped")
    bundle_id = BundleId(str(uuid.uuid4()))
    await _moved(uow, kept, delivery, None if body is None else bundle_id)
    await uow.commit()
    return (
        None if body is None else _Lent(sending=Sending(delivery=delivery, bundle_id=bundle_id, body=body), at=kept.at)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settle:
    sending: Sending
    outcome: Outcome
    rules: ResendRules
    chance: float


async def _settle(command: _Settle, uow: SqlUnitOfWork) -> Delivery:
    kept = await uow.outbox.hold(command.sending.delivery.id)
    assert kept is not None, "no message of ours is ever deleted"
    outcome, heard = command.outcome, command.outcome.heard
    effect = _EFFECTS[outcome.kind]
    if heard is not None and not is_from_receiver(heard, kept.delivery, uow.directory):
        outcome, effect = Outcome(kind=OutcomeKind.TAKEN, reason="foreign-receipt"), Effect.STRANGER
    if kept.delivery.turn == command.sending.delivery.turn:
        moved = after(kept.delivery, outcome, kept.at, command.rules, command.chance)
        if moved == kept.delivery:
            effect = Effect.REPEATS
    elif heard is not None and effect is not Effect.STRANGER:
        # Somebody had it sent anew meanwhile; what the other side thinks of it counts all the same.
        moved, effect = hears(kept.delivery, heard.code)
    else:
        moved = kept.delivery
    await _moved(uow, kept, moved)
    if heard is not None:
        await uow.outbox.note(heard, kept if effect is not Effect.STRANGER else None, effect)
    await uow.commit()
    return moved


_EFFECTS: Final = {
    OutcomeKind.ACKNOWLEDGED: Effect.CLOSES,
    OutcomeKind.REFUSED: Effect.FAILS,
    OutcomeKind.LATER: Effect.POSTPONES,
    OutcomeKind.TAKEN: Effect.MEANS_NOTHING,
    OutcomeKind.UNREACHED: Effect.MEANS_NOTHING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _GiveUp:
    delivery_id: str
    turn: int
    reason: str


async def _give_up(command: _GiveUp, uow: SqlUnitOfWork) -> None:
    kept = await uow.outbox.hold(command.delivery_id)
    if kept is not None and kept.delivery.turn == command.turn:
        failed = Outcome(kind=OutcomeKind.REFUSED, reason=command.reason)
        await _moved(uow, kept, after(kept.delivery, failed, kept.at, ResendRules()))
        await uow.commit()


def _some_of_it() -> float:
    return 0.5 + secrets.randbelow(501) / 1000


class SqlBook:
    """Implements ``notifications.outbound.Book`` on the store.

    Args:
        database: the store.
        rules: how long a receipt is waited for, how often is sent.
        chance: from 0 to 1, what is taken of a pause.
    """

    def __init__(self, database: Database, rules: ResendRules, chance: Callable[[], float] = _some_of_it) -> None:
        self._database = database
        self._rules = rules
        self._chance = chance

    async def begin(self, delivery_id: str, turn: int) -> Sending | None:
        """Count the attempt, and lend the message with ids and times of this sending; None: nothing to do."""
        async with self._database.unit_of_work(None) as uow:
            sender = await uow.outbox.sender_of(delivery_id)
        if sender is None:
            return None
        command = _Begin(delivery_id=delivery_id, turn=turn, rules=self._rules)
        lent = await self._database.run(own_audit("hand-over-message", "WORKER deliver", sender), _begin, command)
        if lent is None:
            return None
        sending = lent.sending
        if len(sending.body) > _ON_THE_LOOP:
            body = await asyncio.to_thread(restamped, sending.body, bundle_id=sending.bundle_id, at=lent.at)
        else:
            body = restamped(sending.body, bundle_id=sending.bundle_id, at=lent.at)
        return replace(sending, body=body)

    async def settle(self, sending: Sending, outcome: Outcome) -> Delivery:
        """Write what came of it, and set the next attempt in the same transaction."""
        command = _Settle(sending=sending, outcome=outcome, rules=self._rules, chance=self._chance())
        return await self._database.run(None, _settle, command)

    async def give_up(self, delivery_id: str, turn: int, reason: str) -> None:
        """An attempt fails for reasons of our own, again and again: people must look."""
        await self._database.run(None, _give_up, _GiveUp(delivery_id=delivery_id, turn=turn, reason=reason))
