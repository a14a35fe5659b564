"""R21 once more: which lines begin another round, whose yes they take away, and by when they are owed."""

from __future__ import annotations

from tests.discharge.documents.made import listing
from tests.discharge.medication.lines import medicine
from tests.factories import PRACTICE
from tests.scenarios.people import Given, Person, Ward
from tests.scenarios.story import Clock, Then

ROUND = "reconcile-medication"


async def _left(given: Given, doctor: Ward, clock: Clock) -> None:
    """Home on Friday with one medicine that was taken before, and one that is new."""
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await doctor.lists_medicine("Metoprolol", when="before")
    await doctor.lists_medicine("Metoprolol", "Pinex")
    await doctor.discharges()


async def _done(given: Given, doctor: Ward, gp: Person, clock: Clock) -> None:
    """The practice has been through all of it; it is evening."""
    await _left(given, doctor, clock)
    await gp.decides_medicine()
    await gp.completes(ROUND)
    await clock.set("fredag 18.00")


async def test_r21_lines_that_a_doctor_takes_apart_begin_another_round(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _done(given, doctor, gp, clock)

    await doctor.pairs_medicine("Metoprolol", same=False)

    await then.owes(PRACTICE, ROUND, by="mandag 11.40", roles="gp", rule="R21")


async def test_r21_lines_that_the_practice_takes_apart_itself_begin_another_round_when_it_was_done(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _done(given, doctor, gp, clock)

    await gp.pairs_medicine("Metoprolol", same=False)

    await then.owes(PRACTICE, ROUND, by="mandag 11.40", roles="gp", rule="R21")


async def test_r21_round_that_a_wrong_pairing_began_is_taken_back_with_it(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await doctor.pairs_medicine("Metoprolol", same=True)
    await gp.decides_medicine()
    await gp.completes(ROUND)
    await doctor.pairs_medicine("Metoprolol", same=False)
    await then.owes(PRACTICE, ROUND, by="mandag 11.40", roles="gp", rule="R21")

    await doctor.pairs_medicine("Metoprolol", same=True)

    then.nobody_owes(ROUND)
    then.is_done(ROUND)


async def test_r21_line_that_a_nurse_opens_begins_another_round(
    given: Given, doctor: Ward, gp: Person, nurse: Person, clock: Clock, then: Then
) -> None:
    await _done(given, doctor, gp, clock)

    await nurse.opens_medicine("Pinex")

    await then.owes(PRACTICE, ROUND, by="mandag 11.40", roles="gp", rule="R21")


async def test_r21_what_a_nurse_sees_at_home_begins_another_round(
    given: Given, doctor: Ward, gp: Person, nurse: Person, clock: Clock, then: Then
) -> None:
    await _done(given, doctor, gp, clock)

    await nurse.finds_taken("Metoprolol", "Pinex", "Ipren")

    await then.owes(PRACTICE, ROUND, by="mandag 11.40", roles="gp", rule="R21")


async def test_r21_practice_keeps_what_it_took_on_when_it_writes_what_is_taken_now(
    given: Given, doctor: Ward, gp: Person, clock: Clock
) -> None:
    await _left(given, doctor, clock)
    await gp.decides_medicine()

    await gp.finds_taken("Metoprolol", "Pinex", "Ipren")

    assert not (await gp.task(ROUND)).is_unanswered


async def test_r21_practice_keeps_what_it_took_on_when_it_takes_lines_apart(
    given: Given, doctor: Ward, gp: Person, clock: Clock
) -> None:
    await _left(given, doctor, clock)
    await gp.decides_medicine()

    await gp.pairs_medicine("Metoprolol", same=False)

    assert not (await gp.task(ROUND)).is_unanswered


async def test_r21_practice_is_asked_again_when_a_doctor_takes_apart_what_it_decided(
    given: Given, doctor: Ward, gp: Person, clock: Clock
) -> None:
    await _left(given, doctor, clock)
    await gp.decides_medicine()

    await doctor.pairs_medicine("Metoprolol", same=False)

    assert (await gp.task(ROUND)).is_unanswered


async def test_r21_work_that_opens_no_line_anew_leaves_the_practice_its_task(
    given: Given, doctor: Ward, gp: Person, nurse: Person, clock: Clock
) -> None:
    await _left(given, doctor, clock)
    await gp.agrees_to_medicine("Metoprolol")
    before = await gp.task(ROUND)
    await clock.set("fredag 18.00")

    await doctor.lists_medicine("Metoprolol", "Pinex")
    await nurse.opens_medicine("Pinex")

    after = await gp.task(ROUND)
    assert (after.is_unanswered, after.due_at) == (False, before.due_at)


async def test_r21_list_that_a_nurse_writes_line_by_line_gives_the_lines_before_no_more_time(
    given: Given, doctor: Ward, gp: Person, nurse: Person, clock: Clock, then: Then
) -> None:
    await _done(given, doctor, gp, clock)
    await clock.set("fredag 27.11.2026 10.00")
    await nurse.finds_taken("Metoprolol", "Pinex", "Ipren")
    await then.owes(PRACTICE, ROUND, by="lørdag 10.00", roles="gp", rule="R21")
    await gp.takes_on(ROUND)
    await clock.set("fredag 27.11.2026 18.00")

    await nurse.finds_taken("Metoprolol", "Pinex", "Ipren", "Kodimagnyl")

    task = await then.owes(PRACTICE, ROUND, by="lørdag 10.00", roles="gp", rule="R21")
    assert task.is_unanswered


async def test_r21_line_that_comes_when_all_others_are_decided_has_a_day_of_its_own(
    given: Given, doctor: Ward, gp: Person, nurse: Person, clock: Clock, then: Then
) -> None:
    await _done(given, doctor, gp, clock)
    await clock.set("fredag 27.11.2026 10.00")
    await nurse.finds_taken("Metoprolol", "Pinex", "Ipren")
    await gp.decides_medicine()
    await clock.set("fredag 27.11.2026 18.00")

    await nurse.finds_taken("Metoprolol", "Pinex", "Ipren", "Kodimagnyl")

    await then.owes(PRACTICE, ROUND, by="lørdag 18.00", roles="gp", rule="R21")


async def test_r21_report_that_brings_a_medicine_asks_the_practice_again(
    given: Given, doctor: Ward, gp: Person, clock: Clock
) -> None:
    await _left(given, doctor, clock)
    await gp.decides_medicine()

    await doctor.files_report(medicine=listing(medicine("Metoprolol", None), medicine("Ipren", None)))

    assert (await gp.task(ROUND)).is_unanswered


async def test_r21_ward_that_goes_through_the_medicine_itself_keeps_what_it_took_on(
    given: Given, doctor: Ward, clock: Clock
) -> None:
    await given.admitted("mandag 16.11.2026 09.00", gp=None)
    await clock.set("fredag 11.40")
    await doctor.lists_medicine("Metoprolol")
    await doctor.discharges()
    await doctor.decides_medicine()

    await doctor.lists_medicine("Metoprolol", "Pinex")

    assert not (await doctor.task(ROUND)).is_unanswered
