"""R14 waits for R21: packs are taken up when the practice has gone through the list, or somebody says why before."""

from __future__ import annotations

import pytest

from discharge.errors import TaskWaitsError
from tests.factories import MUNICIPALITY, NORTH
from tests.scenarios.people import Given, Person, Ward
from tests.scenarios.story import Clock, Story, Then, escalation, overdue

PACKED = "home-nursing dose-dispensing"
DUTY = "resume-dose-dispensing"
ROUND = "reconcile-medication"
SIGNED = "Givet efter hospitalets underskrevne liste, da borgeren manglede medicin"


async def _left(given: Given, doctor: Ward, clock: Clock) -> None:
    """Home on Friday with a medicine, and packs to be taken up again."""
    await given.admitted("mandag 16.11.2026 09.00", services=PACKED)
    await clock.set("fredag 11.40")
    await doctor.lists_medicine("Metoprolol")
    await doctor.discharges()


def _told(story: Story, feed: str) -> int:
    """How often the feed was told of a change of the duty."""
    (row,) = story.rows(
        "SELECT count(*) FROM feed_entry f JOIN task t ON t.id = f.task_id"
        " WHERE t.code = %(code)s AND f.feed_id = %(feed)s AND f.event = 'task-changed'",
        code=DUTY,
        feed=feed,
    )
    return int(row["count"])


async def test_r14_duty_waits_for_the_practice_with_its_own_deadline_and_ladder(
    given: Given, doctor: Ward, nurse: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)

    task = await then.owes(NORTH, DUTY, by="mandag 24.00", roles="home-nurse", rule="R14")

    assert task.is_waiting
    await nurse.takes_on(DUTY)
    with pytest.raises(TaskWaitsError) as refused:
        await nurse.completes(DUTY)
    assert (refused.value.rule, refused.value.waits_for) == ("R14", ROUND)
    await then.rings(
        DUTY, escalation("tirsdag 08.00", MUNICIPALITY, "home-nurse"), overdue("tirsdag 08.00", NORTH, "home-nurse")
    )


async def test_r14_is_done_early_with_a_reason_that_everybody_reads(
    story: Story, given: Given, doctor: Ward, nurse: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await nurse.takes_on(DUTY)

    await nurse.completes_early(DUTY, SIGNED)

    then.is_done(DUTY)
    assert (await nurse.task(DUTY)).status_reason == SIGNED
    (noted,) = story.rows(
        "SELECT e.by_name, e.detail->>'waits_for' AS waits FROM event e JOIN task t ON t.id = e.task_id"
        " WHERE t.code = %(code)s AND e.detail->>'move' = 'complete'",
        code=DUTY,
    )
    assert noted == {"by_name": nurse.caller.name, "waits": ROUND}


async def test_r14_is_released_and_its_owner_told_at_once_when_the_practice_is_done(
    story: Story, given: Given, doctor: Ward, gp: Person, nurse: Person, clock: Clock
) -> None:
    await _left(given, doctor, clock)
    before = _told(story, NORTH)
    await gp.decides_medicine()
    assert (await nurse.task(DUTY)).is_waiting

    await gp.completes(ROUND)

    task = await nurse.task(DUTY)
    assert task.wait is not None
    assert (task.is_waiting, task.wait.released_at is not None) == (False, True)
    assert _told(story, NORTH) == before + 1
    await nurse.completes(DUTY)


async def test_r14_waits_again_when_a_later_list_begins_another_round(
    story: Story, given: Given, doctor: Ward, gp: Person, nurse: Person, clock: Clock
) -> None:
    await _left(given, doctor, clock)
    await gp.decides_medicine()
    await gp.completes(ROUND)
    before = _told(story, NORTH)
    await clock.set("fredag 18.00")

    await doctor.lists_medicine("Metoprolol", "Pinex")

    assert (await nurse.task(DUTY)).is_waiting
    assert _told(story, NORTH) == before + 1


async def test_r14_that_is_done_waits_for_no_later_round(
    given: Given, doctor: Ward, gp: Person, nurse: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.decides_medicine()
    await gp.completes(ROUND)
    await nurse.completes(DUTY)

    await doctor.lists_medicine("Metoprolol", "Pinex")

    then.is_done(DUTY)
    assert not (await nurse.task(DUTY)).is_waiting


async def test_r14_waits_for_the_ward_where_the_practice_will_not(
    given: Given, doctor: Ward, gp: Person, nurse: Person, clock: Clock
) -> None:
    await _left(given, doctor, clock)

    await gp.rejects(ROUND, "Borgeren har skiftet læge")

    assert (await nurse.task(DUTY)).is_waiting


async def test_r14_is_taken_back_with_what_it_waits_for(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)

    await ward.takes_the_discharge_back()

    await then.is_taken_back(DUTY, why="Udskrivningen er taget tilbage")
