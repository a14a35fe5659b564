"""R10, R22 and R23 on a line of the list of medicine: who answers the practice's question, and by when."""

from __future__ import annotations

import pytest

from discharge.errors import MedicationError
from tests.factories import HOSPITAL, PRACTICE, WARD
from tests.scenarios.people import Given, Person, Ward
from tests.scenarios.story import Clock, Then, escalation, overdue

IN_72_HOURS = "answer-72-hour-medicine-question"
AFTERWARDS = "answer-medicine-question"


async def _left(given: Given, doctor: Ward, clock: Clock, *, services: str = "home-nursing") -> None:
    """Home on Friday with two medicines."""
    await given.admitted("mandag 16.11.2026 09.00", services=services)
    await clock.set("fredag 11.40")
    await doctor.lists_medicine("Metoprolol", "Pinex")
    await doctor.discharges()


async def test_r22_question_on_a_line_is_the_wards_to_answer_within_a_quarter_of_an_hour(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await clock.set("lørdag 18.00")

    await gp.asks_about_medicine("Metoprolol")

    await then.owes(WARD, IN_72_HOURS, by="18.15", roles="ward doctor", rule="R22", asked_by=PRACTICE)
    then.never_asked(AFTERWARDS)
    await then.rings(
        IN_72_HOURS,
        overdue("18.15", WARD, "ward doctor"),
        escalation("18.15", HOSPITAL, "doctor"),
        escalation("18.30", PRACTICE, "gp"),
    )


async def test_r22_answer_on_the_line_is_the_duty_done_and_rings_nobody(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")

    await doctor.answers_about_medicine("Metoprolol")

    then.is_done(IN_72_HOURS)
    assert (await doctor.task(IN_72_HOURS)).proofs.done_by is not None
    await then.is_silent(IN_72_HOURS, until="lørdag 12.00")


async def test_r22_duty_stands_until_every_question_is_answered(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol", "Pinex")

    await doctor.answers_about_medicine("Metoprolol")
    await then.owes(WARD, IN_72_HOURS, by="11.55", roles="ward doctor", rule="R22")
    await doctor.answers_about_medicine("Pinex")

    then.is_done(IN_72_HOURS)


async def test_r22_duty_is_not_done_by_saying_so(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")

    with pytest.raises(MedicationError, match="1 questions are not answered yet"):
        await doctor.completes(IN_72_HOURS)

    await doctor.answers_about_medicine("Metoprolol")
    then.is_done(IN_72_HOURS)


async def test_r22_further_question_is_no_second_duty_but_asks_whoever_took_the_first_again(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")
    await doctor.takes_on(IN_72_HOURS)
    await clock.set("fredag 13.00")

    await gp.asks_about_medicine("Pinex")

    task = await then.owes(WARD, IN_72_HOURS, by="13.15", roles="ward doctor", rule="R22")
    assert (task.is_unanswered, len(task.rounds)) == (True, 1)
    await then.rings(
        IN_72_HOURS,
        overdue("13.15", WARD, "ward doctor"),
        escalation("13.15", HOSPITAL, "doctor"),
        escalation("13.30", PRACTICE, "gp"),
    )


async def test_r22_further_question_after_the_answer_is_another_duty(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")
    await doctor.answers_about_medicine("Metoprolol")
    await clock.set("fredag 13.00")

    await gp.asks_about_medicine("Metoprolol")

    await then.owes(WARD, IN_72_HOURS, by="13.15", roles="ward doctor", rule="R22")
    then.is_done(IN_72_HOURS)


async def test_r22_practice_that_decides_without_the_answer_wants_none_any_more(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")

    await gp.decides_medicine()

    await then.is_taken_back(IN_72_HOURS, why="Det er klaret på medicinlisten")


async def test_r22_line_that_is_gone_needs_no_answer_and_comes_back_with_the_next_question(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")

    await doctor.lists_medicine("Pinex")
    await then.is_taken_back(IN_72_HOURS, why="Linjen er ændret: spørg igen, hvis spørgsmålet stadig står")
    await gp.asks_about_medicine("Pinex")

    await then.owes(WARD, IN_72_HOURS, by="11.55", roles="ward doctor", rule="R22")


async def test_r22_question_that_is_open_when_the_discharge_is_taken_back_is_taken_back_with_it(
    given: Given, ward: Ward, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")

    await ward.takes_the_discharge_back()

    await then.is_taken_back(IN_72_HOURS, why="Udskrivningen er taget tilbage")


async def test_r10_question_after_the_practice_has_taken_over_is_read_the_same_day(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.completes("take-over-responsibility")

    await gp.asks_about_medicine("Metoprolol")

    await then.owes(WARD, AFTERWARDS, by="15.00", roles="ward doctor", rule="R22", asked_by=PRACTICE)
    then.never_asked(IN_72_HOURS)
    await then.rings(AFTERWARDS, overdue("15.00", WARD, "ward doctor"), escalation("15.00", PRACTICE, "gp"))


async def test_r10_question_after_the_72_hours_on_an_afternoon_is_read_the_next_day(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await clock.set("mandag 23.11.2026 14.40")

    await gp.asks_about_medicine("Metoprolol")
    await then.owes(WARD, AFTERWARDS, by="tirsdag 15.00", roles="ward doctor", rule="R22")
    await doctor.answers_about_medicine("Metoprolol")

    then.is_done(AFTERWARDS)


async def test_r22_unanswered_question_stays_one_duty_when_the_72_hours_are_over(
    given: Given, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, doctor, clock)
    await gp.asks_about_medicine("Metoprolol")
    await clock.set("mandag 23.11.2026 12.00")

    await gp.asks_about_medicine("Pinex")

    then.never_asked(AFTERWARDS)
    await doctor.answers_about_medicine("Metoprolol", "Pinex")
    then.is_done(IN_72_HOURS)


async def test_r10_ward_that_goes_through_the_list_itself_owes_itself_no_answer(
    given: Given, doctor: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00", gp=None)
    await clock.set("fredag 11.40")
    await doctor.lists_medicine("Metoprolol")
    await doctor.discharges()

    await doctor.asks_about_medicine("Metoprolol")

    then.never_asked(IN_72_HOURS, AFTERWARDS)
