"""How often people are interrupted: what counts, and in which shift."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.clock import COPENHAGEN
from discharge.identifiers import FeedId, PersonId
from discharge.policy import Role
from discharge.task import Priority
from notifications.budget import Rings, ShiftPlan, Told, interrupts, person_shifts, spent
from notifications.entry import EntryEvent
from tests.fakes_notifications import NORTH as PLACE

PLAN = ShiftPlan()
NORTH = FeedId("93100000000")


def danish(month: int, day: int, hour: int, *, fold: int = 0) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=COPENHAGEN, fold=fold).astimezone(UTC)


def test_a_person_is_interrupted_by_what_waits_for_a_person() -> None:
    always = {event for event in EntryEvent if interrupts(event, Priority.ROUTINE)}
    urgent = {event for event in EntryEvent if interrupts(event, Priority.URGENT)}
    loud = {event for event in EntryEvent if interrupts(event, Priority.ASAP)}

    assert always == {EntryEvent.TASK_REMINDER, EntryEvent.TASK_ESCALATED, EntryEvent.TASK_OVERDUE}
    assert urgent - always == {EntryEvent.MESSAGE, EntryEvent.MEDICATION_CHANGED}
    assert loud - urgent == {EntryEvent.TASK_REQUESTED}
    assert {event for event in EntryEvent if interrupts(event, Priority.STAT)} == loud


@pytest.mark.parametrize(
    ("at", "day", "hours"),
    [
        (danish(11, 20, 7), date(2026, 11, 20), 8),
        (danish(11, 20, 14), date(2026, 11, 20), 8),
        (danish(11, 20, 23), date(2026, 11, 20), 8),
        (danish(11, 21, 2), date(2026, 11, 20), 8),
        # Summer time ends: three o'clock comes twice, and the night is an hour longer.
        (danish(10, 25, 2, fold=0), date(2026, 10, 24), 9),
        (danish(10, 25, 2, fold=1), date(2026, 10, 24), 9),
        (danish(3, 29, 4), date(2026, 3, 28), 7),
    ],
)
def test_a_shift_is_that_of_the_danish_clock(at: datetime, day: date, hours: int) -> None:
    shift = PLAN.at(at)

    assert shift.day == day
    assert shift.ends - shift.begins == timedelta(hours=hours)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis adds the zone
def test_every_instant_lies_in_one_shift(at: datetime) -> None:
    shift = PLAN.at(at)

    assert shift.begins <= at < shift.ends
    assert PLAN.at(shift.ends).begins == shift.ends


def test_one_start_a_day_makes_shifts_of_a_day() -> None:
    shift = ShiftPlan((8,)).at(danish(11, 20, 3))

    assert shift.day == date(2026, 11, 19)
    assert shift.ends - shift.begins == timedelta(days=1)


def test_hours_are_counted_together_per_place_role_and_shift_latest_first() -> None:
    rings = [
        Rings(NORTH, Role.HOME_NURSE, danish(11, 20, 8), 5),
        Rings(NORTH, Role.HOME_NURSE, danish(11, 20, 14), 8),
        Rings(NORTH, Role.LEADER, danish(11, 20, 14), 1),
        Rings(NORTH, Role.HOME_NURSE, danish(11, 20, 15), 2),
    ]

    found = [(each.role, each.shift.day, each.shift.begins.hour, each.count) for each in spent(rings, PLAN)]

    assert found == [
        (Role.HOME_NURSE, date(2026, 11, 20), 14, 2),
        (Role.HOME_NURSE, date(2026, 11, 20), 6, 13),
        (Role.LEADER, date(2026, 11, 20), 6, 1),
    ]


def test_a_persons_hours_are_counted_together_per_shift_latest_first_and_most_first() -> None:
    def told(name: str, hour: int, rang: int, grouped: int = 0) -> Told:
        at = danish(11, 20, hour)
        person = PersonId(name)
        return Told(person=person, name=name, role=Role.HOME_NURSE, place=PLACE, hour=at, rang=rang, grouped=grouped)

    found = person_shifts([told("a", 8, 5), told("a", 14, 7, 2), told("b", 9, 13), told("a", 15, 1)], PLAN)

    assert [(each.name, each.shift.begins.hour, each.rang, each.grouped) for each in found] == [
        ("a", 14, 1, 0),
        ("b", 6, 13, 0),
        ("a", 6, 12, 2),
    ]
