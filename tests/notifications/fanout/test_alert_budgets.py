"""Whose budget is spent gets the same entry, marked; what they were told is kept."""

from __future__ import annotations

from dataclasses import replace

from discharge.identifiers import PersonId
from discharge.task import Priority
from notifications.budget import ShiftPlan
from notifications.entry import EntryEvent
from notifications.interruptions import AlertBudgets
from tests.fakes_notifications import NOON, FakeInterruptions, FakeSocket, addressed
from tests.notifications.fanout.hub import FEED, NURSE, House
from tests.waiting import until


def budgets_in(store: FakeInterruptions) -> AlertBudgets:
    return AlertBudgets(limit=1, plan=ShiftPlan(), store=store, now=lambda: NOON)


async def remind(house: House, times: int = 1) -> None:
    reminder = replace(addressed(FEED), event=EntryEvent.TASK_REMINDER, priority=Priority.ROUTINE)
    house.wakeups.publish(await house.feeds.append([reminder] * times))


def silent(socket: FakeSocket) -> list[object]:
    frames = socket.of_type("entry")
    return [frame["offset"] for frame in frames if frame.get("rings") is False]


async def test_a_person_whose_budget_is_spent_gets_every_number_and_the_rest_silently(house: House) -> None:
    store = FakeInterruptions()
    budgets = budgets_in(store)
    _, mine = await house.following(budget=budgets.of(NURSE))
    _, page_two = await house.following(budget=budgets.of(NURSE))
    _, system = await house.following()

    await remind(house, 3)

    await until(lambda: all(len(each.offsets(FEED)) == 3 for each in (mine, page_two, system)))
    assert silent(mine) == silent(page_two) == [2, 3]
    assert silent(system) == []


async def test_what_people_were_told_is_kept_within_a_sweep_and_when_they_leave(house: House) -> None:
    store = FakeInterruptions()
    budgets = budgets_in(store)
    follower, socket = await house.following(budget=budgets.of(NURSE))
    hanne = replace(NURSE, person_id=PersonId("hanne"))

    await remind(house)

    await until(lambda: house.tally["alerts-told"] == 1)
    assert [each.rang for each in await store.since(NURSE, NOON)] == [True]
    store.away = True
    await remind(house)
    await until(lambda: socket.offsets(FEED) == [1, 2] and house.tally["alerts-unwritten"] >= 1)
    store.away = False
    await house.hub.detach(follower)
    assert [each.rang for each in await store.since(NURSE, NOON)] == [True, False]
    assert list(await store.since(hanne, NOON)) == []


async def test_a_page_that_is_opened_later_goes_on_counting(house: House) -> None:
    store = FakeInterruptions()
    follower, first = await house.following(budget=budgets_in(store).of(NURSE))
    await remind(house)
    await until(lambda: first.offsets(FEED) == [1])
    await house.hub.detach(follower)

    _, second = await house.following(budget=budgets_in(store).of(NURSE))
    await remind(house)

    await until(lambda: second.offsets(FEED) == [2])
    assert silent(second) == [2]
