"""What all notices of a stay say together, in whatever order they come."""

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
from discharge.handlers import receive_notice
from discharge.handlers.duties import ACT_TAKEN
from discharge.identifiers import MessageId, SorCode
from discharge.notices import STAY_TRANSITIONS, Effect, EncounterClass, FiledNotice, NoticeKind, StayState
from discharge.stay import Stay
from discharge.story import in_order, story_of
from tests.factories import (
    ADMITTED_AT,
    HOSPITAL,
    NOW,
    OTHER_WARD,
    WARD,
    directory,
    envelope,
    filed,
    notice,
    patient,
    receive,
)
from tests.fakes import FakeStore

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
K, S = NoticeKind, StayState


def chain(*kinds: NoticeKind, **changes: object) -> list[FiledNotice]:
    """Notices of one course, a minute apart, each naming all before it."""
    told: list[FiledNotice] = []
    for number, kind in enumerate(kinds):
        at = ADMITTED_AT + number * MINUTE
        ends = at if kind.base in {K.SLHJ, K.MORS} else None
        told.append(
            filed(
                kind,
                started_at=ADMITTED_AT,
                leave_started_at=at if kind.base is K.STOR else None,
                leave_ended_at=at if kind.base is K.SLOR else None,
                ended_at=ends,
                occurred_at=at,
                follows=frozenset(each.id for each in told),
                about=told[-1].id if told and (kind.corrects or kind.cancels) else None,
                **changes,
            )
        )
    return told


def dead(told: FiledNotice, *, at: datetime = NOW, deceased: bool = True) -> FiledNotice:
    """A death, or its withdrawal: it repeats an older activity."""
    return filed(
        told.kind,
        deceased=deceased,
        ended_at=at if deceased else None,
        occurred_at=at,
        follows=frozenset({told.id}) | told.follows,
        about=told.id,
    )


@pytest.mark.parametrize("base", [K.STAA, K.STIN, K.STOR, K.SLOR, K.SLHJ])
def test_every_notice_may_be_the_first_one_told(base: NoticeKind) -> None:
    assert story_of(chain(base), directory()).state is STAY_TRANSITIONS[None, base]


@pytest.mark.parametrize(
    ("kinds", "state"),
    [
        ((K.STAA, K.STIN), S.ADMITTED),
        ((K.STIN, K.STAA), S.ACUTE),
        ((K.STIN, K.STOR), S.ON_LEAVE),
        ((K.STIN, K.STOR, K.SLOR), S.ADMITTED),
        ((K.STIN, K.STOR, K.AN_STOR), S.ADMITTED),
        ((K.STIN, K.STOR, K.SLOR, K.AN_SLOR), S.ON_LEAVE),
        ((K.STIN, K.STOR, K.SLHJ), S.ENDED),
        ((K.STIN, K.SLHJ, K.AN_SLHJ), S.ADMITTED),
        ((K.STAA, K.SLHJ, K.AN_SLHJ), S.ACUTE),
        ((K.STIN, K.STOR, K.SLHJ, K.AN_SLHJ), S.ON_LEAVE),
        ((K.STIN, K.SLHJ, K.RE_SLHJ), S.ENDED),
        ((K.STIN, K.RE_STIN), S.ADMITTED),
        ((K.STIN, K.AN_STIN), S.CANCELLED),
        ((K.STAA, K.STIN, K.AN_STIN), S.ACUTE),
        ((K.AN_STIN,), S.CANCELLED),
        ((K.RE_STIN,), S.ADMITTED),
        ((K.RE_SLHJ,), S.ENDED),
    ],
)
def test_the_course_of_the_standard(kinds: tuple[NoticeKind, ...], state: StayState) -> None:
    told = chain(*kinds)

    assert story_of(told, directory()).state is state
    assert story_of(told[::-1], directory()) == story_of(told, directory())


def test_a_death_is_told_by_the_patient_not_by_the_activity() -> None:
    (begun,) = chain(K.STIN)
    story = story_of((begun, dead(begun)), directory())

    assert (story.state, story.died_at, story.ended_at) == (S.DEAD, NOW, NOW)
    assert story.contact.ended_at == NOW


def test_a_death_on_arrival_is_a_whole_stay() -> None:
    story = story_of((filed(K.STAA, deceased=True, ended_at=ADMITTED_AT),), directory())

    assert (story.state, story.began_at, story.ended_at) == (S.DEAD, ADMITTED_AT, ADMITTED_AT)


def test_a_second_death_corrects_the_first_and_a_withdrawal_takes_it_back() -> None:
    (begun,) = chain(K.STIN)
    died = dead(begun)
    again = dead(died, at=NOW + HOUR)
    withdrawn = dead(again, at=NOW + 2 * HOUR, deceased=False)

    assert story_of((begun, died, again), directory()).died_at == NOW + HOUR
    after = story_of((withdrawn, again, begun, died), directory())
    assert (after.state, after.died_at, after.ended_at) == (S.ADMITTED, None, None)
    assert {each.id: each.effect for each in after.notices} == {
        begun.id: Effect.STANDS,
        died.id: Effect.CANCELLED,
        again.id: Effect.CANCELLED,
        withdrawn.id: Effect.STANDS,
    }


def test_somebody_who_was_not_dead_is_told_of_by_the_activity() -> None:
    assert story_of((filed(K.STIN, deceased=False),), directory()).state is S.ADMITTED


def test_a_death_after_going_home_keeps_both_times() -> None:
    told = chain(K.STIN, K.SLHJ)
    story = story_of((*told, dead(told[-1], at=NOW + HOUR)), directory())

    assert (story.state, story.ended_at, story.died_at) == (S.DEAD, told[-1].ended_at, NOW + HOUR)


def test_a_correction_changes_time_and_place_and_keeps_the_contact() -> None:
    begun, corrected = chain(K.STIN, K.RE_STIN)
    corrected = replace(corrected, started_at=ADMITTED_AT - HOUR, ward=OTHER_WARD)

    story = story_of((begun, corrected), directory())

    assert (story.began_at, story.contact.ward, story.contact.source) == (ADMITTED_AT - HOUR, OTHER_WARD, begun.id)
    assert [each.effect for each in story.notices] == [Effect.CORRECTED, Effect.STANDS]


def test_a_cancellation_that_names_nobody_known_takes_the_latest_of_its_kind() -> None:
    first, second = chain(K.STIN, K.STIN)
    second = replace(second, ward=OTHER_WARD)
    cancelled = filed(K.AN_STIN, about=MessageId("never-came"), occurred_at=NOW)

    story = story_of((first, second, cancelled), directory())

    assert story.contact.ward == WARD
    assert [each.is_cancelled for each in story.contacts] == [True, False]


def test_leave_says_since_when_and_coming_back_ends_it() -> None:
    told = chain(K.STIN, K.STOR, K.SLOR)

    assert story_of(told[:2], directory()).leave_started_at == told[1].leave_started_at
    assert story_of(told, directory()).leave_started_at is None


def test_what_the_standard_does_not_foresee_is_kept_and_nothing_follows() -> None:
    told = chain(K.STIN, K.SLHJ, K.STOR)

    story = story_of(told, directory())

    assert story.state is S.ENDED
    assert story.notices[-1].effect is Effect.UNEXPECTED


def test_a_ward_is_kept_when_a_later_notice_names_only_its_hospital() -> None:
    first, second = chain(K.STIN, K.STIN)

    assert story_of((first, replace(second, ward=HOSPITAL)), directory()).contact.ward == WARD
    assert story_of((replace(first, ward=HOSPITAL), second), directory()).contact.ward == WARD


def test_history_beats_clocks() -> None:
    late_clock = filed(K.STIN, occurred_at=NOW + HOUR)
    ended = filed(K.SLHJ, ended_at=NOW, occurred_at=NOW, follows=frozenset({late_clock.id}))

    assert [each.kind for each in in_order((ended, late_clock))] == [K.STIN, K.SLHJ]


def test_a_history_in_a_circle_is_ordered_by_its_clocks() -> None:
    one, two = filed(K.STIN, occurred_at=NOW), filed(K.SLHJ, ended_at=NOW, occurred_at=NOW + MINUTE)
    circle = (replace(one, follows=frozenset({two.id})), replace(two, follows=frozenset({one.id})))

    assert [each.kind for each in in_order(circle)] == [K.STIN, K.SLHJ]


# ── any order ───────────────────────────────────────────────────────────────────────────────────────────────────────

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
    last_end: datetime = NOW

    @property
    def options(self) -> list[NoticeKind]:
        """What may come next: a step, or the correction or cancellation of the latest."""
        after = list(_NEXT[self.state])
        if self.standing:
            latest = self.standing[-1][0]
            after += [NoticeKind(f"RE_{latest}"), NoticeKind(f"AN_{latest}")]
        return after

    def send(self, kind: NoticeKind, *, moves: bool) -> None:
        """One more message, with its whole history."""
        at = ADMITTED_AT + len(self.sent) * MINUTE
        sent = envelope()
        if kind.begins and moves:
            self.ward = OTHER_WARD if self.ward == WARD else WARD
        if kind.base in {K.SLHJ, K.MORS} and not kind.cancels:
            self.last_end = at
        is_death = kind.base is K.MORS
        activity = self._activity() if is_death else kind
        told = replace(
            notice(activity, cpr=patient().cpr),
            encounter_class=EncounterClass.INPATIENT,
            started_at=ADMITTED_AT,
            leave_started_at=at if kind.base is K.STOR else None,
            leave_ended_at=at if kind.base is K.SLOR else None,
            ended_at=self.last_end if kind.base in {K.SLHJ, K.MORS} and not kind.cancels else None,
            deceased=None if not is_death else not kind.cancels,
            service_provider=self.ward,
            occurred_at=at,
            report_requested=kind.begins and not self.sent,
            about=self.standing[-1][1] if self.standing and (kind.corrects or kind.cancels) else None,
            history=tuple(each.envelope.message_id for each in self.sent),
        )
        self.sent.append(receive(told, sent=sent))
        self._remember(kind, sent.message_id)

    def _activity(self) -> NoticeKind:
        alive = [kind for kind, _ in self.standing if kind is not K.MORS]
        return alive[-1] if alive else K.STIN

    def _remember(self, kind: NoticeKind, message_id: MessageId) -> None:
        if kind.cancels:
            self.standing.pop()
        elif kind.corrects or (kind is K.MORS and self.state is S.DEAD):
            pass
        else:
            self.standing.append((kind, message_id))
        self.state = None
        for standing, _ in self.standing:
            self.state = STAY_TRANSITIONS[self.state, standing]


@st.composite
def courses(draw: st.DrawFn) -> list[ReceiveNotice]:
    """All messages of one stay as a hospital sends them, up to nine."""
    hospital = Hospital()
    for _ in range(draw(st.integers(1, 9))):
        options = hospital.options
        if not options or (hospital.state is None and hospital.sent):
            break
        hospital.send(draw(st.sampled_from(options)), moves=draw(st.booleans()))
    return hospital.sent


async def _delivered(messages: list[ReceiveNotice]) -> FakeStore:
    store = FakeStore(patients=[patient()])
    for message in messages:
        receipt = await store.run(receive_notice, message)
        assert receipt.code is ReceiptCode.OK
    return store


def _told(stay: Stay) -> tuple[object, ...]:
    contacts = [
        (each.source, each.encounter_class, each.ward, each.started_at, each.ended_at)
        for each in stay.encounters
        if not each.is_cancelled
    ]
    return (stay.state, stay.ward, stay.began_at, stay.ended_at, stay.died_at, stay.leave_started_at, contacts)


def _owed(store: FakeStore) -> set[tuple[object, ...]]:
    """The duties that the final state of the stay makes; of those that it has passed nothing is said."""
    state = store.stay().state
    assert not any(task.code == ACT_TAKEN for task in store.tasks()), "nobody had begun anything"
    trigger = Trigger.DISCHARGED if state is S.ENDED else Trigger.STAY_BEGAN
    return {(task.rule, task.code, task.owner) for task in store.tasks() if task.is_open and task.cause == trigger}


@given(courses(), st.randoms(use_true_random=False))
@settings(max_examples=20 * settings().max_examples)
async def test_every_order_with_repeats_ends_in_the_same_place(
    messages: list[ReceiveNotice], chance: random.Random
) -> None:
    straight = await _delivered(messages)
    shuffled = messages + [each for each in messages if chance.random() < 0.3]
    chance.shuffle(shuffled)

    mixed = await _delivered(shuffled)

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
