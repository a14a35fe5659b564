from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from discharge.clock import (
    COPENHAGEN,
    OpeningHours,
    add_working_days,
    end_of_day,
    local,
    parse_duration,
    require_aware,
)

instants = st.integers(0, 21 * 366 * 24 * 60).map(
    lambda minutes: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
SPRING_FORWARD = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
FALL_BACK = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
IN_THE_REPEATED_HOUR = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


@given(instants, st.integers(0, 30))
@example(SPRING_FORWARD, 0)
@example(FALL_BACK, 0)
def test_the_end_of_a_day_is_midnight_on_a_danish_clock_so_many_days_later(instant: datetime, days: int) -> None:
    end = end_of_day(instant, days=days)

    assert end.utcoffset() == timedelta()
    assert local(end).time() == time()
    assert (local(end).date() - local(instant).date()).days == days + 1
    assert end > instant


@given(instants)
def test_a_danish_day_has_23_24_or_25_hours(instant: datetime) -> None:
    length = end_of_day(instant, days=1) - end_of_day(instant)

    assert length in {timedelta(hours=hours) for hours in (23, 24, 25)}


@pytest.mark.parametrize(("instant", "hours"), [(SPRING_FORWARD, 23), (FALL_BACK, 25)])
def test_the_day_of_a_clock_change_is_an_hour_shorter_or_longer(instant: datetime, hours: int) -> None:
    assert end_of_day(instant) - end_of_day(instant, days=-1) == timedelta(hours=hours)


@given(instants, st.integers(0, 23), st.integers(1, 24))
@example(IN_THE_REPEATED_HOUR, 2, 1)
def test_opening_hours_follow_the_clock_on_the_wall(instant: datetime, opens: int, length: int) -> None:
    closes = min(opens + length, 23)
    hours = OpeningHours(time(opens), time(closes, 59))

    assert hours.covers(instant) == (opens * 60 <= local(instant).hour * 60 + local(instant).minute < closes * 60 + 59)


@pytest.mark.parametrize(
    ("at", "inside"), [(time(7, 59), False), (time(8), True), (time(14, 59, 59), True), (time(15), False)]
)
@pytest.mark.parametrize("day", [date(2026, 1, 15), date(2026, 7, 15)])
def test_opening_hours_are_the_same_in_winter_and_summer(day: date, at: time, *, inside: bool) -> None:
    instant = datetime.combine(day, at, tzinfo=COPENHAGEN).astimezone(UTC)

    assert OpeningHours(time(8), time(15)).covers(instant) is inside


@given(instants)
@example(IN_THE_REPEATED_HOUR)
@example(FALL_BACK)
def test_no_working_day_later_is_the_same_instant(instant: datetime) -> None:
    assert add_working_days(instant, 0, closed=frozenset()) == instant


@given(instants, st.integers(1, 10))
def test_working_days_land_on_an_open_weekday(instant: datetime, days: int) -> None:
    closed = frozenset({local(instant).date() + timedelta(days=1)})

    landed = local(add_working_days(instant, days, closed=closed)).date()

    assert landed.isoweekday() <= 5
    assert landed not in closed


def test_weekends_and_closed_days_do_not_count() -> None:
    friday_before_christmas = datetime(2026, 12, 23, 9, tzinfo=UTC)
    christmas = frozenset({date(2026, 12, 24), date(2026, 12, 25)})

    assert add_working_days(friday_before_christmas, 1, closed=christmas) == datetime(2026, 12, 28, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("PT30M", timedelta(minutes=30)),
        ("P1DT2H3M4S", timedelta(days=1, hours=2, minutes=3, seconds=4)),
        ("-PT12H", timedelta(hours=-12)),
        ("PT0S", timedelta()),
    ],
)
def test_a_duration_names_days_hours_minutes_and_seconds(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "P1M", "30M", "PT1.5H", "P99999999999D", "PT3\u0660M"])
def test_another_text_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


def test_an_instant_is_kept_in_utc() -> None:
    at = datetime(2026, 7, 1, 12, tzinfo=COPENHAGEN)

    assert require_aware(at) == at
    assert require_aware(at).utcoffset() == timedelta()


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        require_aware(datetime(2026, 7, 1, 12))  # noqa: DTZ001 - what must be refused


def test_hours_that_never_come_ring_at_once() -> None:
    always_closed = {date(2026, 1, 1) + timedelta(days=each) for each in range(800)}
    hours = OpeningHours(time(8), time(15), working_days_only=True)
    night = datetime(2026, 1, 10, 22, tzinfo=UTC)

    assert hours.next_open(night, always_closed) == night
    assert hours.next_open(night) > night
