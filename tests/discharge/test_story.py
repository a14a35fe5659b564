"""What all notices of a stay say together, in whatever order they come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from discharge.identifiers import MessageId
from discharge.notices import STAY_TRANSITIONS, Effect, FiledNotice, NoticeKind, StayState
from discharge.story import end_told_since, in_order, story_of
from tests.factories import ADMITTED_AT, HOSPITAL, NOW, OTHER_WARD, WARD, directory, filed

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


def test_a_cancellation_that_names_nobody_takes_the_latest_of_its_kind() -> None:
    first, second = chain(K.STIN, K.STIN)
    second = replace(second, ward=OTHER_WARD)
    cancelled = filed(K.AN_STIN, occurred_at=NOW)

    story = story_of((first, second, cancelled), directory())

    assert story.contact.ward == WARD
    assert [each.is_cancelled for each in story.contacts] == [True, False]


def test_a_cancellation_of_what_has_not_come_waits_for_it() -> None:
    first, second = chain(K.STIN, K.STIN)
    second = replace(second, ward=OTHER_WARD, started_at=NOW)
    cancelled = filed(K.AN_STIN, about=second.id, follows=frozenset({second.id}), ward=OTHER_WARD, started_at=NOW)

    waiting = story_of((first, cancelled), directory())
    assert (waiting.state, waiting.notices[-1].effect) == (S.ADMITTED, Effect.UNEXPECTED)

    story = story_of((cancelled, first, second), directory())
    assert (story.state, story.contact.ward) == (S.ADMITTED, WARD)
    assert [each.effect for each in story.notices] == [Effect.STANDS, Effect.CANCELLED, Effect.STANDS]


def test_a_cancellation_that_knew_the_latest_takes_it_though_its_correction_has_not_come() -> None:
    begun, corrected, cancelled = chain(K.STIN, K.RE_STIN, K.AN_STIN)

    assert story_of((begun, cancelled), directory()).state is S.CANCELLED
    assert story_of((begun, corrected, cancelled), directory()).state is S.CANCELLED


def test_a_cancellation_of_a_contact_that_began_at_another_time_is_of_another_contact() -> None:
    begun, _, cancelled = chain(K.STIN, K.STIN, K.AN_STIN)

    assert story_of((begun, replace(cancelled, started_at=NOW)), directory()).state is S.ADMITTED


def test_there_is_one_end_whichever_message_its_cancellation_names() -> None:
    begun, ended, _, cancelled = chain(K.STIN, K.SLHJ, K.RE_SLHJ, K.AN_SLHJ)

    assert story_of((begun, ended, replace(cancelled, started_at=NOW)), directory()).state is S.ADMITTED


def test_a_correction_of_what_has_not_come_says_itself_what_is_so_until_then() -> None:
    begun, moved = chain(K.STIN, K.STIN)
    corrected = filed(K.RE_STIN, about=moved.id, follows=frozenset({moved.id}), ward=OTHER_WARD)

    before, after = (story_of(told, directory()) for told in ((begun, corrected), (begun, moved, corrected)))

    assert before.contact.ward == after.contact.ward == OTHER_WARD
    assert [each.ward for each in before.contacts] == [each.ward for each in after.contacts] == [WARD, OTHER_WARD]


def test_a_person_dies_once_whichever_message_is_named() -> None:
    (begun,) = chain(K.STIN)
    died = dead(begun)
    withdrawn = filed(K.STIN, deceased=False, occurred_at=NOW + HOUR, about=MessageId("never-came"))

    assert story_of((begun, died, withdrawn), directory()).state is S.ADMITTED


def test_an_end_is_told_since_the_first_of_what_tells_of_it_came() -> None:
    begun, ended, corrected, undone, again = chain(K.STIN, K.SLHJ, K.RE_SLHJ, K.AN_SLHJ, K.SLHJ)
    came = enumerate((begun, corrected, ended, undone, again))
    told = [replace(each, received_at=NOW + number * HOUR) for number, each in came]

    since = [end_told_since(told[:number]) for number in range(1, 6)]

    assert since == [None, NOW + HOUR, NOW + HOUR, None, NOW + 4 * HOUR]


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
