from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.instants import is_plausible, read_date, read_instant, write_instant


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20T11:40:00Z", datetime(2026, 11, 20, 11, 40, tzinfo=UTC)),
        ("2026-11-20T11:40:00+01:00", datetime(2026, 11, 20, 10, 40, tzinfo=UTC)),
        ("2026-11-20T11:40:00.123456789-02:00", datetime(2026, 11, 20, 13, 40, 0, 123456, tzinfo=UTC)),
    ],
)
def test_an_instant_is_read_in_utc(text: str, instant: datetime) -> None:
    assert read_instant(text) == instant
    assert read_instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026",
        "2026-11-20",
        "2026-11-20T11:40:00",
        "2026-11-20T11:40Z",
        "2026-11-20 11:40:00Z",
        "2026-02-30T11:40:00Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T11:40:60Z",
        "0000-11-20T11:40:00Z",
        "2026-11-20T11:40:00+25:00",
        "٢٠٢٦-11-20T11:40:00Z",
    ],
)
def test_what_is_no_point_in_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_instant(text)


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00"])
def test_the_ends_of_the_calendar_are_read_and_implausible(text: str) -> None:
    assert not is_plausible(read_instant(text))


def test_dates_are_full_dates() -> None:
    assert read_date("2026-11-20") == date(2026, 11, 20)
    assert is_plausible(date(2026, 11, 20))
    for text in ("2026-11", "2026-11-31", "20261120", "2026-11-20T11:40:00Z"):
        with pytest.raises(ValueError, match=r"."):
            read_date(text)


def test_an_instant_is_written_in_utc_with_milliseconds_only_when_it_has_any() -> None:
    at = datetime(2026, 11, 20, 11, 40, tzinfo=timezone(timedelta(hours=1)))

    assert write_instant(at) == "2026-11-20T10:40:00Z"
    assert write_instant(at.replace(microsecond=999)) == "2026-11-20T10:40:00Z"
    assert write_instant(at.replace(microsecond=120_999)) == "2026-11-20T10:40:00.120Z"


@given(st.datetimes(min_value=datetime(1900, 1, 2), max_value=datetime(2199, 12, 30), timezones=st.timezones()))  # noqa: DTZ001 - hypothesis adds the zone
def test_what_is_written_is_read_back_to_the_millisecond(at: datetime) -> None:
    assert timedelta() <= at - read_instant(write_instant(at)) < timedelta(milliseconds=1)
