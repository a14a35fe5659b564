"""A person's alert budget: what rings, what comes grouped, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import orjson
import pytest

from discharge.identifiers import FeedId, PersonId
from discharge.policy import Caller, Role
from discharge.task import Priority
from notifications.budget import ShiftPlan
from notifications.entry import EntryEvent, FeedEntry
from notifications.interruptions import AlertBudget, AlertBudgets, frame_of
from tests.fakes_notifications import MUNICIPALITY, NOON, NORTH, FakeInterruptions

FEED = FeedId(NORTH)
NURSE = Caller(person_id=PersonId("mette"), name="Mette", role=Role.HOME_NURSE, organization=MUNICIPALITY, unit=NORTH)
LATER = timedelta(minutes=1)


def entry(
    number: int,
    *,
    at: datetime = NOON,
    event: EntryEvent = EntryEvent.TASK_REMINDER,
    priority: Priority = Priority.ROUTINE,
    audience: Iterable[Role] = (Role.HOME_NURSE,),
) -> FeedEntry:
    return FeedEntry(
        feed=FEED,
        offset=number,
        at=at,
        event=event,
        task_id=None,
        stay_id=None,
        priority=priority,
        due_at=None,
        title="Besøg borgeren",
        audience=frozenset(audience),
    )


def budget(store: FakeInterruptions, caller: Caller = NURSE, *, limit: int = 2, now: datetime = NOON) -> AlertBudget:
    return AlertBudget(caller, limit=limit, plan=ShiftPlan(), store=store, now=lambda: now)


def rings(of: AlertBudget, *entries: FeedEntry) -> list[bool]:
    """Whether each rings; nobody is told of it where it does."""
    payloads = [orjson.loads(of.payload(each.feed, frame_of(each))) for each in entries]
    assert all(payload.get("rings") in {None, False} for payload in payloads)
    return [payload.get("rings", True) for payload in payloads]


def test_what_is_beyond_the_budget_of_the_shift_comes_silently_and_is_the_same_otherwise() -> None:
    mine = budget(FakeInterruptions())

    assert rings(mine, entry(1), entry(2), entry(3), entry(4)) == [True, True, False, False]

    frame = frame_of(entry(3))
    loud, quiet = orjson.loads(frame.payload), orjson.loads(mine.payload(FEED, frame))
    assert quiet == loud | {"rings": False}


@pytest.mark.parametrize("priority", [Priority.URGENT, Priority.ASAP, Priority.STAT])
def test_what_is_urgent_rings_whatever_has_been_spent_and_counts(priority: Priority) -> None:
    mine = budget(FakeInterruptions())

    heard = rings(mine, entry(1, priority=priority), entry(2), entry(3), entry(4, priority=priority))

    assert heard == [True, True, False, True]


def test_news_and_what_is_for_other_roles_spend_nothing_and_are_never_marked() -> None:
    store = FakeInterruptions()
    mine = budget(store, limit=1)
    news = entry(1, event=EntryEvent.TASK_CHANGED)
    elsewhere = entry(2, audience=[Role.LEADER])

    assert rings(mine, news, elsewhere, entry(3), replace(news, offset=4), replace(elsewhere, offset=5)) == [True] * 5


def test_the_next_shift_begins_with_a_whole_budget_and_the_last_one_is_remembered() -> None:
    mine = budget(FakeInterruptions(), limit=1)
    evening = NOON + timedelta(hours=8)

    assert rings(mine, entry(1), entry(2), entry(3, at=evening), entry(4, at=evening)) == [True, False, True, False]
    assert rings(mine, entry(1), entry(5)) == [True, False]


def test_shifts_long_over_are_forgotten() -> None:
    mine = budget(FakeInterruptions(), limit=1)
    days = [NOON + timedelta(days=day) for day in range(5)]

    assert rings(mine, *(entry(number, at=at) for number, at in enumerate(days))) == [True] * 5
    assert rings(mine, entry(9, at=days[0])) == [True]


async def test_two_pages_of_one_person_are_one_person() -> None:
    store = FakeInterruptions()
    budgets = AlertBudgets(limit=1, plan=ShiftPlan(), store=store, now=lambda: NOON)
    first, second = budgets.of(NURSE), budgets.of(replace(NURSE, name="Mette K."))
    assert first is not None
    assert second is first

    assert rings(first, entry(1)) == rings(first, entry(1)) == [True]
    assert await first.write() == 1


def test_colleagues_have_budgets_of_their_own_and_systems_have_none() -> None:
    budgets = AlertBudgets(limit=1, plan=ShiftPlan(), store=FakeInterruptions(), now=lambda: NOON)
    mine, hers = budgets.of(NURSE), budgets.of(replace(NURSE, person_id=PersonId("hanne")))
    assert mine is not None
    assert hers is not None

    assert rings(mine, entry(1), entry(2)) == rings(hers, entry(1), entry(2)) == [True, False]
    assert budgets.of(replace(NURSE, role=Role.SYSTEM)) is None


async def test_a_page_that_is_opened_again_goes_on_where_the_last_one_stopped() -> None:
    store = FakeInterruptions()
    before = budget(store)
    rings(before, entry(1), entry(2), entry(3))
    await before.write()

    after = budget(store, now=NOON + LATER)
    await after.load()
    await after.load()

    assert rings(after, entry(2), entry(3), entry(4)) == [True, False, False]
    assert store.asked == 1
    assert await after.write() == 1


async def test_what_could_not_be_kept_is_kept_with_the_next() -> None:
    store = FakeInterruptions()
    mine = budget(store)
    rings(mine, entry(1))
    store.away = True
    with pytest.raises(ConnectionError):
        await mine.write()
    assert not mine.is_written

    store.away = False
    rings(mine, entry(2))

    assert await mine.write() == 2
    assert await mine.write() == 0
    assert [each.offset for each in await store.since(NURSE, NOON)] == [1, 2]
