from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from discharge.task import TaskStatus
from discharge.waits import Wait
from tests.factories import NOW, task

LATER = NOW + timedelta(hours=1)
WAIT = Wait(code="reconcile")


def test_nothing_to_wait_for_is_no_news() -> None:
    assert WAIT.settled(is_open=False, at=NOW) is WAIT
    assert not WAIT.is_on


def test_wait_begins_is_over_and_begins_again() -> None:
    begun = WAIT.settled(is_open=True, at=NOW)
    over = begun.settled(is_open=False, at=LATER)

    assert (begun.is_on, begun.since, begun.settled(is_open=True, at=LATER)) == (True, NOW, begun)
    assert (over.is_on, over.since, over.released_at) == (False, NOW, LATER)
    assert over.settled(is_open=True, at=LATER) == Wait(code="reconcile", since=LATER)


def test_task_without_a_wait_is_not_settled() -> None:
    plain = task()

    assert plain.settled({"reconcile"}, NOW) is plain
    assert not plain.is_waiting


def test_task_waits_while_the_other_is_open_and_its_version_stays() -> None:
    made = replace(task(), wait=WAIT)

    waiting = made.settled({"reconcile", "other"}, NOW)

    assert (waiting.is_waiting, waiting.version) == (True, made.version)
    assert waiting.settled({"reconcile"}, LATER) is waiting
    assert not waiting.settled(set(), LATER).is_waiting


@pytest.mark.parametrize("status", [TaskStatus.COMPLETED, TaskStatus.CANCELLED])
def test_closed_task_waits_for_nothing_and_keeps_what_it_waited_for(status: TaskStatus) -> None:
    closed = replace(task(), wait=Wait(code="reconcile", since=NOW), status=status)

    assert closed.settled(set(), LATER) is closed
    assert not closed.is_waiting
