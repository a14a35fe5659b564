"""What people write in fields."""

from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import FormData

from services.web.forms import Form, instant_at, parse_date, parse_time
from services.web.language import language
from tests.factories_views import NOW, at

FRIDAY = date(2026, 11, 20)


@pytest.mark.parametrize("text", ["15.00", "15:00", "1500", "15", " kl. 15.00 ", "15 00"])
def test_three_in_the_afternoon_is_written_in_many_ways(text: str) -> None:
    assert parse_time(text) == time(15)


@pytest.mark.parametrize("text", ["25.00", "15.60", "snart", "", "1.5.0", "-1"])
def test_what_is_no_time_of_the_day_is_refused(text: str) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize(
    "text",
    ["20.11.2026", "20/11/2026", "20-11-26", "20.11", "20.11.", "2026-11-20", "i dag", "fr 20.11.2026", "20 Nov 2026"],
)
def test_the_friday_is_written_in_many_ways(text: str) -> None:
    assert parse_date(text, FRIDAY) == FRIDAY


def test_a_day_without_a_year_is_the_next_such_day() -> None:
    assert parse_date("3.1", FRIDAY) == date(2027, 1, 3)
    assert parse_date("i morgen", FRIDAY) == date(2026, 11, 21)


@pytest.mark.parametrize("text", ["31.02.2026", "snart", "2026", "1.13.2026", "32.1", "01.01.0001", "31.12.9999"])
def test_what_is_no_date_is_refused(text: str) -> None:
    assert parse_date(text, FRIDAY) is None


@given(text=st.text(max_size=40))
def test_no_text_breaks_the_readers(text: str) -> None:
    parse_time(text)
    parse_date(text, FRIDAY)


def test_danish_wall_clock_becomes_an_instant() -> None:
    assert instant_at(FRIDAY, time(15)) == at("15.00")


def _form(**texts: str) -> Form:
    return Form.of(FormData(texts), language("da"), NOW)


def test_error_says_what_was_written_and_an_example() -> None:
    form = _form(time="25.00")

    assert form.time("time", "Afgang kl.") is None
    assert form.errors["time"].words == "Skriv et klokkeslæt, for eksempel 15.00. Du skrev „25.00“."


def test_empty_field_is_no_error() -> None:
    form = _form(date="", time=" ")

    assert form.date("date", "Hjem den") is None
    assert form.time("time", "Afgang kl.") is None
    assert form.errors == {}


def test_required_field_must_be_written() -> None:
    form = _form(reason="  ")

    form.required("reason", "Hvorfor?", "Skriv en grund.")

    assert form.errors["reason"].words == "Skriv en grund."


def test_first_error_of_a_field_counts() -> None:
    form = _form(date="snart")
    form.refuse("date", "Hjem den", "først")

    form.date("date", "Hjem den")

    assert form.errors["date"].words == "først"


def test_version_is_a_number_or_nothing() -> None:
    assert _form(version="4").number("version") == 4
    assert _form(version="\N{FULLWIDTH DIGIT FOUR}").number("version") is None
    assert _form(version="4 or 1").number("version") is None
    assert _form().number("version") is None


def test_nul_is_dropped_and_length_is_bounded() -> None:
    assert _form(reason="a\x00b").text("reason") == "ab"
    assert len(_form(reason="x" * 9000).text("reason")) == 4000
