from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from discharge.plan import DischargePlan
from discharge.responsibility import ANSWERS, TAKES_OVER, Responsibility, who_answers
from discharge.stay import Stay, StayState
from discharge.task import HandoverTask, TaskStatus
from tests.factories import NOW, PRACTICE, WARD, ended_stay, stay, task

HOUR = timedelta(hours=1)
PHONE = "70 00 00 42"


def _home() -> Stay:
    return replace(ended_stay(NOW, received_at=NOW), plan=DischargePlan(contact_phone=PHONE))


def _answers(**changes: Any) -> HandoverTask:
    plain = replace(task(), code=ANSWERS, cause="discharged", owner=WARD, due_at=NOW + 72 * HOUR)
    return replace(plain, **changes)


def test_the_ward_answers_while_it_has_the_patient() -> None:
    here = stay(plan=DischargePlan(contact_phone=PHONE))

    assert who_answers(here, [], PRACTICE, NOW) == Responsibility(organization=WARD, phone=PHONE)


def test_the_ward_answers_for_72_hours_and_then_the_practice() -> None:
    duties = [_answers()]

    last = who_answers(_home(), duties, PRACTICE, NOW + 72 * HOUR - timedelta(seconds=1))
    assert last == Responsibility(
        organization=WARD, phone=PHONE, until=NOW + 72 * HOUR, then=PRACTICE, is_extended=True
    )
    assert who_answers(_home(), duties, PRACTICE, NOW + 72 * HOUR) == Responsibility(organization=PRACTICE)


def test_a_practice_that_has_taken_over_answers_from_then_on() -> None:
    taken = replace(task(), code=TAKES_OVER, cause="discharged", status=TaskStatus.COMPLETED)

    assert who_answers(_home(), [_answers(), taken], PRACTICE, NOW).organization == PRACTICE


def test_what_a_discharge_that_was_none_made_says_nothing_of_the_next_one() -> None:
    earlier = _answers(cause=None, due_at=NOW - HOUR, status=TaskStatus.COMPLETED)
    taken = replace(task(), code=TAKES_OVER, cause=None, status=TaskStatus.COMPLETED)

    found = who_answers(_home(), [earlier, taken, _answers()], PRACTICE, NOW)

    assert (found.organization, found.until) == (WARD, NOW + 72 * HOUR)
    assert who_answers(_home(), [earlier], PRACTICE, NOW).organization == PRACTICE


@pytest.mark.parametrize("is_first", [True, False])
def test_the_duty_that_was_made_last_counts(*, is_first: bool) -> None:
    over = _answers(created_at=NOW - 90 * HOUR, due_at=NOW - 18 * HOUR)
    duties = [over, _answers()] if is_first else [_answers(), over]

    assert who_answers(_home(), duties, PRACTICE, NOW).organization == WARD


@pytest.mark.parametrize("duties", [[], [_answers(status=TaskStatus.CANCELLED)], [_answers(due_at=None)]])
def test_without_the_duty_the_practice_answers(duties: list[HandoverTask]) -> None:
    assert who_answers(_home(), duties, PRACTICE, NOW) == Responsibility(organization=PRACTICE)
    assert who_answers(_home(), duties, None, NOW).organization is None


def test_nobody_is_asked_about_the_dead() -> None:
    dead = replace(_home(), state=StayState.DEAD)

    assert not who_answers(dead, [_answers()], PRACTICE, NOW).is_extended
