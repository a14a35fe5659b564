"""Whatever order a stay's messages come in, and whatever people do meanwhile: the same end, and nobody forgotten."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discharge.agreement import Trigger
from discharge.commands import ReceiptCode, ReceiveNotice
from discharge.events import DischargeUndone, StayBegan
from discharge.handlers import receive_notice
from discharge.handlers.duties import ACT_TAKEN
from discharge.identifiers import MessageId, SorCode
from discharge.notices import STAY_TRANSITIONS, EncounterClass, NoticeKind, StayState
from discharge.stay import Stay
from discharge.task import Move
from tests.factories import ADMITTED_AT, NOW, OTHER_WARD, WARD, envelope, notice, patient, person, receive
from tests.fakes import FakeStore

MINUTE = timedelta(minutes=1)
K, S = NoticeKind, StayState

_NEXT: Final[dict[StayState | None, tuple[NoticeKind, ...]]] = {
    None: (K.STAA, K.STIN),
    S.ACUTE: (K.STIN, K.SLHJ, K.MORS),
    S.ADMITTED: (K.STAA, K.STIN, K.STOR, K.SLHJ, K.MORS),
    S.ON_LEAVE: (K.STOR, K.SLOR, K.SLHJ, K.MORS),
    S.ENDED: (),
    S.DEAD: (K.MORS,),
}


@dataclass
class Hospital:
    """A record system that follows the standard: what it sends about one stay, in the order in which it happens."""

    sent: list[ReceiveNotice] = field(default_factory=list)
    standing: list[tuple[NoticeKind, MessageId]] = field(default_factory=list)
    state: StayState | None = None
    ward: SorCode = WARD
    began_at: datetime = ADMITTED_AT
    last_end: datetime = NOW

    @property
    def options(self) -> list[NoticeKind]:
        """What may come next: a step, or the correction or cancellation of the latest."""
        after = list(_NEXT[self.state])
        if self.standing:
            latest = self.standing[-1][0]
            after += [NoticeKind(f"RE_{latest}"), NoticeKind(f"AN_{latest}")]
        return after

    def send(self, kind: NoticeKind, *, moves: bool, asks: bool) -> None:
        """One more message, with its whole history; corrections and cancellations never ask for a report."""
        at = ADMITTED_AT + len(self.sent) * MINUTE
        sent = envelope()
        if kind.begins:
            self.began_at = at
        if kind.base.begins and not kind.cancels and moves:
            self.ward = OTHER_WARD if self.ward == WARD else WARD
        if kind.base in {K.SLHJ, K.MORS} and not kind.cancels:
            self.last_end = at
        is_death = kind.base is K.MORS
        activity = self._activity() if is_death else kind
        told = replace(
            notice(activity, cpr=patient().cpr),
            encounter_class=EncounterClass.INPATIENT,
            started_at=self.began_at,
            leave_started_at=at if kind.base is K.STOR else None,
            leave_ended_at=at if kind.base is K.SLOR else None,
            ended_at=self.last_end if kind.base in {K.SLHJ, K.MORS} and not kind.cancels else None,
            deceased=None if not is_death else not kind.cancels,
            service_provider=self.ward,
            occurred_at=at,
            report_requested=kind.begins and asks,
            about=self.standing[-1][1] if self.standing and (kind.corrects or kind.cancels) else None,
            history=tuple(each.envelope.message_id for each in self.sent),
        )
        self.sent.append(receive(told, sent=sent))
        self._remember(kind, sent.message_id)

    def _activity(self) -> NoticeKind:
        alive = [kind for kind, _ in self.standing if kind is not K.MORS]
        return alive[-1] if alive else K.STIN

    def _remember(self, kind: NoticeKind, message_id: MessageId) -> None:
        is_told_again = kind.corrects or (kind is K.MORS and self.state is S.DEAD)
        if kind.cancels:
            self.standing.pop()
        elif not is_told_again:
            self.standing.append((kind, message_id))
        self.state = None
        for standing, _ in self.standing:
            self.state = STAY_TRANSITIONS[self.state, standing]


@st.composite
def courses(draw: st.DrawFn) -> list[ReceiveNotice]:
    """All messages of one stay as a hospital sends them, up to nine."""
    hospital = Hospital()
    for _ in range(draw(st.integers(1, 9))):
        kind = draw(st.sampled_from(hospital.options))
        hospital.send(kind, moves=draw(st.booleans()), asks=draw(st.booleans()))
    return hospital.sent


def _shuffled(messages: list[ReceiveNotice], chance: random.Random) -> list[ReceiveNotice]:
    """In any order, some of them twice."""
    shuffled = messages + [each for each in messages if chance.random() < 0.3]
    chance.shuffle(shuffled)
    return shuffled


async def _delivered(messages: list[ReceiveNotice], people: random.Random | None = None) -> FakeStore:
    """A store that got ``messages``, a minute apart; ``people`` end duties in between, in one way or another."""
    store = FakeStore(patients=[patient()])
    for message in messages:
        receipt = await store.run(receive_notice, message)
        assert receipt.code is ReceiptCode.OK
        store.now += MINUTE
        if people is not None:
            await _some_end_duties(store, people)
    return store


async def _some_end_duties(store: FakeStore, people: random.Random) -> None:
    uow = store.unit_of_work()
    for task in store.tasks():
        ends = people.choice((None, Move.COMPLETE, Move.WITHDRAW, Move.GIVE_UP))
        if task.is_open and ends is not None:
            taken = task.moved(Move.ACCEPT, by=person(), at=store.now)
            await uow.tasks.save(taken.moved(ends, by=person(), at=store.now, reason="Sådan blev det"))
    await uow.commit()
    store.now += MINUTE


def _told(stay: Stay) -> tuple[object, ...]:
    contacts = [
        (each.source, each.encounter_class, each.ward, each.started_at, each.ended_at)
        for each in stay.encounters
        if not each.is_cancelled
    ]
    return (stay.state, stay.ward, stay.began_at, stay.ended_at, stay.died_at, stay.leave_started_at, contacts)


def _owed(store: FakeStore) -> set[tuple[str | None, str, SorCode]]:
    """The duties that the final state of the stay makes; of those that it has passed nothing is said."""
    state = store.stay().state
    assert not any(task.code == ACT_TAKEN for task in store.tasks()), "nobody had begun anything"
    trigger = Trigger.DISCHARGED if state is S.ENDED else Trigger.STAY_BEGAN
    return {(task.rule, task.code, task.owner) for task in store.tasks() if task.is_open and task.cause == trigger}


@pytest.mark.no_cover
@given(courses(), st.randoms(use_true_random=False))
@settings(max_examples=20 * settings().max_examples)
async def test_every_order_with_repeats_ends_in_the_same_place(
    messages: list[ReceiveNotice], chance: random.Random
) -> None:
    straight = await _delivered(messages)

    mixed = await _delivered(_shuffled(messages, chance))

    assert _told(mixed.stay()) == _told(straight.stay())
    assert {each.id: each.effect for each in mixed.stay().notices} == {
        each.id: each.effect for each in straight.stay().notices
    }
    state = straight.stay().state
    if state in {S.DEAD, S.CANCELLED}:
        assert not any(task.is_open for store in (straight, mixed) for task in store.tasks())
        assert not any(timer.fired_at is None for timer in mixed.state.timers.values())
    else:
        assert _owed(mixed) == _owed(straight)


def _since(store: FakeStore) -> datetime:
    """When what makes the duties now was told: the present end, or last that there is a stay at all."""
    stay = store.stay()
    if stay.state is not S.ENDED:
        return max((event.at for event in store.happened(StayBegan)), default=NOW)
    undone = max((event.at for event in store.happened(DischargeUndone)), default=NOW)
    ends = (each for each in stay.notices if each.holds and each.kind in {K.SLHJ, K.RE_SLHJ} and each.deceased is None)
    return max(undone, min(each.received_at for each in ends))


@pytest.mark.no_cover
@given(courses(), st.randoms(use_true_random=False))
@settings(max_examples=5 * settings().max_examples)
async def test_every_duty_of_what_stands_is_owed_or_was_answered_after_it_was_told(
    messages: list[ReceiveNotice], chance: random.Random
) -> None:
    straight = await _delivered(messages)

    mixed = await _delivered(_shuffled(messages, chance), people=chance)

    still_open = [(task.rule, task.code) for task in mixed.tasks() if task.is_open and task.code != ACT_TAKEN]
    assert len(still_open) == len(set(still_open)), "none is doubled"
    if straight.stay().state in {S.DEAD, S.CANCELLED}:
        assert not still_open
        return
    for rule, code, _ in _owed(straight):
        duties = [task for task in mixed.tasks() if (task.rule, task.code) == (rule, code)]
        assert any(task.is_open or task.changed_at >= _since(mixed) for task in duties), code
