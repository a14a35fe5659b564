"""Who is called outside the page, when, and with which words."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.clock import COPENHAGEN
from discharge.policy import Role
from discharge.task import Priority, Title
from notifications.outside import (
    LOUD,
    OnCall,
    QuietHours,
    Unanswered,
    alert_of,
    pause_after,
    trial_alert,
)
from tests.factories import NORTH, NOW

HOME = "https://stafet.example"
NIGHT = QuietHours(time(22), time(7))


def entry(**changes: Any) -> OnCall:
    fields = {"id": "1", "organization": NORTH, "roles": frozenset({Role.HOME_NURSE}), "address": "vagt@k.example"}
    return OnCall(**{**fields, **changes})


def duty(number: int = 1, due_at: datetime | None = NOW) -> Unanswered:
    return Unanswered(title=Title(f"Gør {number}", f"Do {number}"), due_at=due_at, link=f"{HOME}/tasks/{number}")


def danish(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=COPENHAGEN).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "end"),
    [
        (danish(20, 21, 59), None),
        (danish(20, 22), danish(21, 7)),
        (danish(21, 3), danish(21, 7)),
        (danish(21, 7), None),
        # The night in which summer time ends is an hour longer, and ends at seven all the same.
        (danish(24, 23, month=10), danish(25, 7, month=10)),
    ],
)
def test_quiet_hours_over_midnight_end_in_the_morning(at: datetime, end: datetime | None) -> None:
    assert NIGHT.end_after(at) == end


def test_quiet_hours_within_a_day() -> None:
    noon = QuietHours(time(12), time(13))

    assert noon.end_after(danish(20, 12, 30)) == danish(20, 13)
    assert noon.end_after(danish(20, 13)) is None
    assert noon.end_after(danish(20, 23)) is None


def test_what_is_loud_is_never_held_back_and_the_rest_until_quiet_hours_end() -> None:
    at = danish(21, 3)

    waits = {priority: entry(quiet=NIGHT).wait(priority, at) for priority in Priority}

    assert {priority for priority, wait in waits.items() if not wait} == LOUD == {Priority.ASAP, Priority.STAT}
    assert set(waits.values()) == {timedelta(), timedelta(hours=4)}


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)), st.times(), st.times())  # noqa: DTZ001 - hypothesis adds the zone
def test_nobody_waits_longer_than_a_day_and_an_hour(at: datetime, begin: time, end: time) -> None:
    wait = entry(quiet=QuietHours(begin, end)).wait(Priority.ROUTINE, at)

    assert timedelta() <= wait <= timedelta(hours=25)


def test_an_entry_holds_between_its_days_and_for_its_roles() -> None:
    some = entry(valid_from=date(2026, 11, 1), valid_to=date(2026, 11, 30))

    assert [some.holds_on(date(2026, m, d)) for m, d in ((10, 31), (11, 1), (11, 30), (12, 1))] == [
        False,
        True,
        True,
        False,
    ]
    assert entry().holds_on(date(2026, 1, 1))
    assert some.is_for(frozenset({Role.HOME_NURSE, Role.LEADER}))
    assert not some.is_for(frozenset({Role.LEADER}))
    assert entry(roles=frozenset()).is_for(frozenset({Role.LEADER}))


def test_one_duty_is_told_in_both_languages_with_deadline_and_link() -> None:
    alert = alert_of("id@host", "vagt@k.example", "Hjemmepleje Nord", [duty()], HOME)

    assert alert.text.splitlines()[:6] == [
        "Hjemmepleje Nord",
        "",
        "Ingen har taget denne opgave på sig:",
        "",
        "- Gør 1",
        "  Frist: 20.11.2026 kl. 11.40",
    ]
    assert "- Do 1\n  Deadline: 20 Nov 2026 11:40\n  https://stafet.example/tasks/1\n" in alert.text
    assert "vagt@k.example" not in repr(alert)


def test_of_many_duties_the_first_are_spelt_out_and_the_rest_counted() -> None:
    alert = alert_of("id@host", "a@b.example", "Nord", [duty(n, None) for n in range(50)], HOME)

    assert "Ingen har taget disse 50 opgaver på sig:" in alert.text
    assert alert.text.count("Ingen frist") == 20 == alert.text.count("No deadline")
    assert f"- og 30 til: {HOME}" in alert.text
    assert alert.subject == "Stafet: 50 opgaver uden svar"


def test_trial_says_that_it_is_one() -> None:
    alert = trial_alert("id@host", "a@b.example", "Nord", HOME)

    assert alert.subject == "Stafet: prøve / test"
    assert HOME in alert.text


def test_tries_come_further_and_further_apart_and_end() -> None:
    pauses = [pause_after(tries) for tries in range(1, 9)]

    assert pauses[-1] is None
    waits = [pause for pause in pauses if pause is not None]
    assert waits == sorted(waits)
    assert sum(waits, timedelta()) < timedelta(hours=1)
