"""R22, R22x and R23: who answers in the first 72 hours, and who takes over."""

from __future__ import annotations

import pytest

from tests.factories import HOSPITAL, NORTH, PRACTICE, WARD
from tests.scenarios.people import Given, Person, Ward
from tests.scenarios.story import Clock, Then, escalation, overdue, reminder

EXTENDED = "extended-care-responsibility"


async def test_r22_ward_answers_for_72_hours_and_the_practice_takes_over_on_monday(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 20.11.2026 11.40")

    await ward.discharges()

    task = await then.owes(WARD, "answer-for-72-hours", by="mandag 23.11.2026 11.40", roles="ward doctor", rule="R22")
    assert task.note is not None
    assert "112" in task.note
    await then.owes(PRACTICE, "take-over-responsibility", by="mandag 11.40", roles="gp", rule="R23", asked_by=WARD)


async def test_r22_everybody_sees_who_answers_until_when_and_on_which_telephone(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.says(contact_phone="70 00 01 01")
    await then.answers_for_the_treatment(WARD, phone="70 00 01 01")
    await clock.set("fredag 20.11.2026 11.40")

    await ward.discharges()

    await then.answers_for_the_treatment(WARD, until="mandag 11.40", phone="70 00 01 01")
    await clock.set("mandag 11.39")
    await then.answers_for_the_treatment(WARD, until="mandag 11.40", phone="70 00 01 01")
    await clock.set("mandag 11.41")
    await then.answers_for_the_treatment(PRACTICE)


async def test_r22_ward_that_nobody_relieves_is_told_when_its_hours_are_over(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 20.11.2026 17.00")

    await ward.discharges()

    await then.rings("answer-for-72-hours", overdue("tirsdag 24.11.2026 08.00", WARD, "ward doctor"))


async def test_r22_72_hours_end_an_hour_earlier_by_the_clock_in_october(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("onsdag 21.10.2026 09.00")
    await clock.set("fredag 23.10.2026 11.40")

    await ward.discharges()

    await then.owes(WARD, "answer-for-72-hours", by="mandag 26.10.2026 10.40", roles="ward doctor", rule="R22")
    await then.owes(PRACTICE, "take-over-responsibility", by="mandag 26.10.2026 10.40", roles="gp", rule="R23")


async def test_r22_72_hours_that_end_at_half_past_two_end_at_the_first_of_the_two(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 19.10.2026 09.00")
    await clock.set("torsdag 22.10.2026 02.30")

    await ward.discharges()

    await then.owes(WARD, "answer-for-72-hours", by="søndag 25.10.2026 02.30", roles="ward doctor", rule="R22")


async def test_r22_72_hours_that_would_end_at_half_past_two_in_march_end_at_half_past_three(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 22.3.2027 09.00")
    await ward.agrees_by_phone_with("Vibeke, Hjemmepleje Nord")
    await clock.set("skærtorsdag 25.3.2027 02.30")

    await ward.discharges()

    await then.owes(WARD, "answer-for-72-hours", by="søndag 28.3.2027 03.30", roles="ward doctor", rule="R22")


@pytest.mark.parametrize("place", ["care-home", "temporary-place", "acute-team"])
async def test_r22_holds_for_who_goes_where_the_municipality_nurses(
    given: Given, ward: Ward, clock: Clock, then: Then, place: str
) -> None:
    await given.admitted("mandag 16.11.2026 09.00", services="meals")
    await ward.says(destination=place, agreed_by_phone="Vibeke, Hjemmepleje Nord")
    await clock.set("onsdag 11.40")

    await ward.discharges()

    await then.owes(WARD, "answer-for-72-hours", by="lørdag 11.40", roles="ward doctor", rule="R22")


async def test_r22x_stay_of_less_than_a_day_ends_with_the_departure(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("torsdag 19.11.2026 12.00")
    await clock.set("fredag 11.40")

    await ward.discharges()

    then.never_asked("answer-for-72-hours", "take-over-responsibility")


async def test_r22x_stay_of_a_day_to_the_minute_is_long_enough(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("torsdag 19.11.2026 11.40")
    await clock.set("fredag 11.40")

    await ward.discharges()

    await then.owes(WARD, "answer-for-72-hours", by="mandag 11.40", roles="ward doctor", rule="R22")


@pytest.mark.parametrize(
    ("services", "plan"),
    [
        ("home-nursing", {"destination": "hospice"}),
        ("home-nursing", {"without_72_hours": "psychiatric"}),
        ("home-nursing", {"without_72_hours": "terminal"}),
        ("home-nursing", {"without_72_hours": "terminal", "destination": "care-home"}),
        ("meals", {}),
        ("", {}),
    ],
    ids=[
        "hospice",
        "psychiatric",
        "dying at home",
        "dying in a care home",
        "no nursing",
        "nobody the municipality knows",
    ],
)
async def test_r22x_holds_for_nobody_else(
    given: Given, ward: Ward, clock: Clock, then: Then, services: str, plan: dict[str, str]
) -> None:
    await given.admitted("mandag 16.11.2026 09.00", services=services)
    await ward.says(contact_phone="70 00 01 01", **plan)
    await clock.set("onsdag 11.40")

    await ward.discharges()

    then.never_asked("answer-for-72-hours", "take-over-responsibility")


async def test_r22x_doctor_who_decides_it_after_departure_ends_the_72_hours(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 20.11.2026 11.40")
    await ward.discharges()
    await clock.set("lørdag 10.00")

    await ward.says(without_72_hours="terminal")

    then.nobody_owes("answer-for-72-hours", "take-over-responsibility")
    await then.answers_for_the_treatment(PRACTICE)


async def test_r22_question_to_the_ward_is_answered_in_a_quarter_then_by_the_duty_doctor(
    given: Given, ward: Ward, nurse: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.discharges()
    await clock.set("lørdag 18.00")

    await nurse.writes(WARD, about=EXTENDED)

    await then.owes(WARD, "answer-72-hour-question", by="18.15", roles="ward doctor", rule="R22", asked_by=NORTH)
    then.never_asked("answer-question")
    await then.rings(
        "answer-72-hour-question",
        overdue("18.15", WARD, "ward doctor"),
        escalation("18.15", HOSPITAL, "doctor"),
        escalation("18.30", NORTH, "home-nurse"),
    )


async def test_r22_question_that_is_answered_rings_nobody(
    given: Given, ward: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.discharges()
    await clock.set("lørdag 18.00")
    await gp.writes(WARD, about=EXTENDED)

    await ward.answers()

    then.is_done("answer-72-hour-question")
    await then.is_silent("answer-72-hour-question", until="søndag 12.00")


async def test_r23_practice_is_reminded_when_it_opens_and_its_yes_ends_the_wards_hours(
    given: Given, ward: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.discharges()

    await then.rings(
        "take-over-responsibility",
        reminder("mandag 08.00", PRACTICE, "gp"),
        overdue("mandag 11.40", PRACTICE, "gp"),
    )
    await gp.completes("take-over-responsibility")

    then.is_done("take-over-responsibility")
    then.is_done("answer-for-72-hours")
    await then.is_silent("answer-for-72-hours", until="tirsdag 12.00")


async def test_r23_practice_that_takes_over_early_hears_no_more(
    given: Given, ward: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("onsdag 11.40")
    await ward.discharges()

    await then.answers_for_the_treatment(WARD, until="lørdag 11.40")
    await gp.completes("take-over-responsibility")

    await then.answers_for_the_treatment(PRACTICE)
    await then.is_silent("take-over-responsibility", until="tirsdag 12.00")
    then.is_done("answer-for-72-hours")
    assert then.rung("answer-for-72-hours") == []


async def test_r22_r23_discharge_that_is_taken_back_stops_the_72_hours(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("onsdag 11.40")
    await ward.discharges()

    await ward.takes_the_discharge_back()

    await then.is_taken_back("answer-for-72-hours", why="Udskrivningen er taget tilbage")
    await then.is_taken_back("take-over-responsibility", why="Udskrivningen er taget tilbage")
    await then.is_silent("take-over-responsibility", until="mandag 12.00")
    await clock.set("mandag 23.11.2026 13.00")
    await ward.discharges()
    await then.owes(WARD, "answer-for-72-hours", by="torsdag 26.11.2026 13.00", roles="ward doctor", rule="R22")
