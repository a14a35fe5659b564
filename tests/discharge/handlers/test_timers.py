"""What happens while nobody answers."""

from datetime import UTC, datetime

from discharge.events import LadderStalled, TaskEscalated, TaskOverdue, TaskReminded
from discharge.handlers import FireTimers, HoldTimers, fire_timers, hold_timers, move_task
from discharge.identifiers import FeedId
from discharge.policy import Role
from discharge.task import Move, TaskStatus
from tests.discharge.handlers.steps import DAY, HOUR, MINUTE
from tests.factories import HOSPITAL, MUNICIPALITY, NORTH, NOW, PRACTICE, WARD, gp, home_nurse, move, ward_nurse
from tests.fakes import FakeStore


async def _fire_at(store: FakeStore, at: datetime) -> int:
    store.now = at
    return await store.run(fire_timers, FireTimers(until=at))


async def test_nothing_is_said_before_its_time(store: FakeStore) -> None:
    assert await _fire_at(store, NOW + 29 * MINUTE) == 0


async def test_an_unanswered_duty_climbs_from_nurse_to_leader(store: FakeStore) -> None:
    resume = store.task("R17")

    await _fire_at(store, NOW + 30 * MINUTE)
    assert not store.task("R17").escalated_to
    await _fire_at(store, NOW + 60 * MINUTE)

    told = [event for event in store.happened(TaskEscalated) if event.task.id == resume.id]
    assert [(event.organization, event.roles, event.at) for event in told] == [
        (MUNICIPALITY, frozenset({Role.HOME_NURSE}), NOW + 30 * MINUTE),
        (MUNICIPALITY, frozenset({Role.LEADER}), NOW + 60 * MINUTE),
    ]
    assert store.task("R17").escalated_to == frozenset({f"{MUNICIPALITY}|leader"})
    assert store.task("R17").version == resume.version


async def test_an_escalation_to_a_leader_does_not_ring_at_every_nurse(store: FakeStore) -> None:
    await _fire_at(store, NOW + 30 * MINUTE)

    await _fire_at(store, NOW + HOUR)

    assert store.feeds[FeedId(MUNICIPALITY)][-1].audience == frozenset({Role.LEADER})


async def test_an_answered_duty_is_not_escalated(store: FakeStore) -> None:
    await store.run(move_task, move(home_nurse(), store.task("R17"), Move.ACCEPT))

    await _fire_at(store, NOW + 2 * HOUR)

    assert "R17" not in {event.task.rule for event in store.happened(TaskEscalated)}
    assert not store.task("R17").escalated_to


async def test_the_discharge_report_is_overdue_an_hour_after_departure(store: FakeStore) -> None:
    await _fire_at(store, NOW + HOUR - MINUTE)
    assert not store.happened(TaskOverdue)

    await _fire_at(store, NOW + 3 * HOUR)

    (late,) = store.happened(TaskOverdue)
    assert (late.task.rule, late.organization, late.at) == ("R18", WARD, NOW + HOUR)


async def test_a_duty_that_is_taken_on_is_overdue_all_the_same(store: FakeStore) -> None:
    await store.run(move_task, move(home_nurse(), store.task("R17"), Move.ACCEPT))

    await _fire_at(store, datetime(2026, 11, 20, 23, tzinfo=UTC))

    assert "R17" in {event.task.rule for event in store.happened(TaskOverdue)}


async def test_a_duty_that_is_done_is_never_overdue(store: FakeStore) -> None:
    for what in (Move.ACCEPT, Move.COMPLETE):
        await store.run(move_task, move(ward_nurse(), store.task("R18"), what))

    await _fire_at(store, NOW + 2 * HOUR)

    assert not store.happened(TaskOverdue)


async def test_the_practice_is_reminded_then_late_and_the_nurse_is_told(store: FakeStore) -> None:
    await _fire_at(store, NOW + 60 * HOUR)
    (reminded,) = store.happened(TaskReminded)
    assert (reminded.task.rule, reminded.organization) == ("R21", PRACTICE)

    await _fire_at(store, NOW + 72 * HOUR)

    told = [event.organization for event in store.happened(TaskEscalated) if event.task.rule == "R21"]
    assert sorted(told) == sorted([PRACTICE, NORTH])


async def test_an_unread_letter_is_silent_until_the_letter_is_sent(store: FakeStore) -> None:
    reading = store.task(code="read-discharge-letter")
    await _fire_at(store, NOW + 10 * DAY)
    assert reading.id not in {event.task.id for event in store.happened(TaskEscalated)}

    for what in (Move.ACCEPT, Move.COMPLETE):
        await store.run(move_task, move(ward_nurse(), store.task(code="send-discharge-letter"), what))
    await _fire_at(store, NOW + 11 * DAY)

    (told,) = [event for event in store.happened(TaskEscalated) if event.task.id == reading.id]
    assert (told.organization, told.roles) == (WARD, frozenset({Role.WARD, Role.DOCTOR}))


async def test_a_letter_that_is_read_in_time_is_nobodys_business(store: FakeStore) -> None:
    reading = store.task(code="read-discharge-letter")
    for what in (Move.ACCEPT, Move.COMPLETE):
        await store.run(move_task, move(ward_nurse(), store.task(code="send-discharge-letter"), what))
    await store.run(move_task, move(gp(), reading, Move.ACCEPT))

    await _fire_at(store, NOW + 11 * DAY)

    assert reading.id not in {event.task.id for event in store.happened(TaskEscalated)}


async def test_rungs_fire_in_due_order_a_batch_at_a_time_and_once(store: FakeStore) -> None:
    store.now = NOW + 73 * HOUR
    fired = 0
    while taken := await store.run(fire_timers, FireTimers(until=store.now, limit=2)):
        fired += taken

    told = [e.at for e in store.events if isinstance(e, TaskEscalated | TaskOverdue | TaskReminded)]
    assert told == sorted(told)
    assert fired == len(told)
    assert await store.run(fire_timers, FireTimers(until=store.now)) == 0


async def test_no_timer_ever_ends_a_task(store: FakeStore) -> None:
    await _fire_at(store, NOW + 365 * DAY)

    assert {task.status for task in store.tasks()} == {TaskStatus.REQUESTED}


async def test_a_stay_that_is_held_back_is_told_once_and_keeps_nobody_else_waiting(store: FakeStore) -> None:
    held = HoldTimers(stay_id=store.stay().id)

    await store.run(hold_timers, held)
    await store.run(hold_timers, held)

    (told,) = store.happened(LadderStalled)
    assert told.places == (HOSPITAL, MUNICIPALITY)
    assert store.feeds[FeedId(HOSPITAL)][-1].audience == frozenset({Role.OPERATOR})
    assert await _fire_at(store, NOW + DAY) == 0


async def test_the_rungs_of_one_stay_can_be_fired_alone(store: FakeStore) -> None:
    store.now = NOW + 73 * HOUR
    await store.run(hold_timers, HoldTimers(stay_id=store.stay().id))

    assert await store.run(fire_timers, FireTimers(until=store.now, stay_id=store.stay().id)) > 0
