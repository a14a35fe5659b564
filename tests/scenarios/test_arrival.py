"""R01 to R05: the citizen comes to hospital."""

from __future__ import annotations

import pytest

from tests.factories import MUNICIPALITY, NORTH, PRACTICE, WARD
from tests.scenarios.people import Given, Hospital, Person, Ward
from tests.scenarios.story import Clock, Then, escalation, overdue, reminder

REPORTERS = "system visitator home-nurse"
DISTRICT = "visitator home-nurse"


async def test_r01_report_of_admission_is_owed_in_a_quarter_then_ward_and_duty_hear_of_it(
    given: Given, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 11.40")

    await then.owes(NORTH, "send-admission-report", by="11.55", roles=REPORTERS, rule="R01", asked_by=WARD)
    await then.rings(
        "send-admission-report",
        overdue("11.55", NORTH, REPORTERS),
        escalation("11.55", WARD, "ward doctor"),
        escalation("11.55", MUNICIPALITY, "visitator"),
    )


async def test_r01_says_nothing_more_once_the_report_is_sent(given: Given, nurse: Person, then: Then) -> None:
    await given.admitted("fredag 20.11.2026 11.40")

    await nurse.completes("send-admission-report")

    await then.is_silent("send-admission-report", until="lørdag 12.00")
    then.is_done("send-admission-report")


async def test_r01_no_report_is_owed_that_nobody_asked_for(given: Given, then: Then) -> None:
    await given.admitted("fredag 20.11.2026 11.40", asks_report=False)

    then.never_asked("send-admission-report")
    await then.owes(NORTH, "pause-services", by="12.10", roles=DISTRICT, rule="R03")


async def test_r01_r03_municipality_owes_nothing_for_a_citizen_whom_it_does_not_know(given: Given, then: Then) -> None:
    await given.admitted("fredag 20.11.2026 11.40", services="")

    then.never_asked("send-admission-report", "check-record", "pause-services")
    assert then.news_of(NORTH) == then.news_of(MUNICIPALITY) == []


async def test_r01_r03_hold_for_the_emergency_room_and_r02_r04_wait_for_the_admission(
    given: Given, hospital: Hospital, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 23.11.2026 09.00", acute=True)
    await then.owes(NORTH, "send-admission-report", by="09.15", roles=REPORTERS, rule="R01")
    await then.owes(NORTH, "pause-services", by="09.30", roles=DISTRICT, rule="R03")
    then.never_asked("check-record", "assess-needs")

    await clock.set("11.00")
    await hospital.tells("STIN", asks_report=True)

    await then.owes(NORTH, "check-record", by="tirsdag 11.00", roles=DISTRICT, rule="R02")
    await then.owes(WARD, "assess-needs", by="tirsdag 11.00", roles="ward doctor", rule="R04")
    await then.owes(NORTH, "pause-services", by="09.30", roles=DISTRICT, rule="R03")


async def test_r01_in_the_hour_that_comes_twice_minutes_are_counted_once(given: Given, then: Then) -> None:
    await given.admitted("søndag 25.10.2026 02.30")

    await then.owes(NORTH, "send-admission-report", by="02.45", roles=REPORTERS, rule="R01")
    await then.owes(NORTH, "pause-services", by="02.00 for anden gang", roles=DISTRICT, rule="R03")
    await then.owes(WARD, "assess-needs", by="mandag 26.10.2026 01.30", roles="ward doctor", rule="R04")


async def test_r01_the_second_half_past_two_is_another_minute_than_the_first(given: Given, then: Then) -> None:
    await given.admitted("søndag 25.10.2026 02.30 for anden gang")

    await then.owes(NORTH, "send-admission-report", by="02.45 for anden gang", roles=REPORTERS, rule="R01")
    await then.owes(NORTH, "pause-services", by="03.00", roles=DISTRICT, rule="R03")
    await then.owes(NORTH, "check-record", by="mandag 26.10.2026 02.30", roles=DISTRICT, rule="R02")


async def test_r01_a_day_after_half_past_two_is_half_past_three_when_the_clock_skips_two(
    given: Given, then: Then
) -> None:
    await given.admitted("lørdag 27.3.2027 02.30")

    await then.owes(NORTH, "check-record", by="søndag 28.3.2027 03.30", roles=DISTRICT, rule="R02")
    await then.owes(WARD, "assess-needs", by="søndag 28.3.2027 03.30", roles="ward doctor", rule="R04")


async def test_r02_record_is_checked_within_a_day_with_a_reminder_and_then_the_leader(given: Given, then: Then) -> None:
    await given.admitted("mandag 23.11.2026 14.00")

    await then.owes(NORTH, "check-record", by="tirsdag 14.00", roles=DISTRICT, rule="R02", asked_by=WARD)
    await then.rings(
        "check-record",
        reminder("tirsdag 10.00", NORTH, DISTRICT),
        overdue("tirsdag 14.00", NORTH, DISTRICT),
        escalation("tirsdag 15.00", MUNICIPALITY, "leader"),
    )


@pytest.mark.parametrize(
    ("admitted", "opens", "closes"),
    [
        ("mandag 23.11.2026 09.00", "tirsdag 24.11.2026 08.00", "tirsdag 24.11.2026 15.00"),
        ("fredag 20.11.2026 11.40", "mandag 23.11.2026 08.00", "mandag 23.11.2026 15.00"),
        ("onsdag 24.3.2027 11.40", "tirsdag 30.3.2027 08.00", "tirsdag 30.3.2027 15.00"),
    ],
    ids=["a Monday", "a Friday", "the day before Maundy Thursday"],
)
async def test_r02_who_reads_by_day_is_reminded_in_the_morning_and_the_leader_hears_last(
    given: Given, then: Then, admitted: str, opens: str, closes: str
) -> None:
    await given.admitted(admitted)
    late = "tirsdag 24.11.2026 09.00" if admitted.startswith("mandag") else opens

    await then.rings(
        "check-record",
        reminder(opens, NORTH, DISTRICT),
        overdue(late, NORTH, DISTRICT),
        escalation(closes, MUNICIPALITY, "leader"),
    )


async def test_r02_checked_record_reminds_nobody(given: Given, nurse: Person, then: Then) -> None:
    await given.admitted("mandag 23.11.2026 14.00")

    await nurse.completes("check-record")

    await then.is_silent("check-record", until="onsdag 12.00")


async def test_r02_is_void_when_the_citizen_is_home_again(given: Given, ward: Ward, clock: Clock, then: Then) -> None:
    await given.admitted("mandag 23.11.2026 09.00")
    await clock.set("16.00")

    await ward.discharges()

    await then.is_taken_back("check-record", why="Patienten er udskrevet")
    await then.is_silent("check-record", until="onsdag 12.00")


async def test_r03_visits_are_paused_in_half_an_hour_then_the_nurse_on_duty_hears_of_it(
    given: Given, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 22.40")

    await then.owes(NORTH, "pause-services", by="23.10", roles=DISTRICT, rule="R03", asked_by=WARD)
    await then.rings(
        "pause-services", overdue("23.10", NORTH, DISTRICT), escalation("23.10", MUNICIPALITY, "home-nurse")
    )


async def test_r03_what_somebody_took_on_is_late_but_calls_nobody_else(given: Given, nurse: Person, then: Then) -> None:
    await given.admitted("fredag 20.11.2026 11.40")

    await nurse.takes_on("pause-services")

    await then.rings("pause-services", overdue("12.10", NORTH, DISTRICT))
    await then.is_silent("pause-services", until="lørdag 12.00")


async def test_r03_what_the_district_rejects_falls_to_who_is_on_duty(given: Given, nurse: Person, then: Then) -> None:
    await given.admitted("fredag 20.11.2026 11.40")

    await nurse.rejects("pause-services", "Borgeren bor i et andet distrikt")

    await then.owes(MUNICIPALITY, "pause-services", by="12.10", roles=DISTRICT, rule="R03")


async def test_r04_ward_assesses_within_a_day_and_is_told_when_it_is_open(given: Given, then: Then) -> None:
    await given.admitted("fredag 20.11.2026 17.00")

    await then.owes(WARD, "assess-needs", by="lørdag 17.00", roles="ward doctor", rule="R04")
    await then.rings("assess-needs", overdue("søndag 08.00", WARD, "ward doctor"))


async def test_r04_is_done_when_the_ward_says_what_is_needed(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 11.40")
    await clock.set("13.00")

    await ward.says(contact_phone="70 00 01 01")
    await then.owes(WARD, "assess-needs", by="lørdag 11.40", roles="ward doctor", rule="R04")
    await ward.expects(None, needs="")

    then.is_done("assess-needs")
    await then.is_silent("assess-needs", until="mandag 12.00")


async def test_r05_what_is_urgent_is_telephoned_and_not_left_in_a_message(
    given: Given, ward: Ward, nurse: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("lørdag 21.11.2026 09.00")
    await clock.set("20.00")

    await ward.writes(MUNICIPALITY, urgent=True)

    task = await then.owes(
        WARD, "telephone-municipality-urgent", by="20.15", roles="ward doctor", rule="R05", asked_by=NORTH
    )
    assert task.note == "Det, der haster, må ikke stå i en besked alene."
    await then.rings(
        "telephone-municipality-urgent",
        overdue("20.15", WARD, "ward doctor"),
        escalation("20.15", WARD, "ward doctor"),
    )
    await nurse.answers()
    await then.is_taken_back("telephone-municipality-urgent", why="Der er svaret på beskeden")


async def test_r05_call_that_is_made_rings_no_more(given: Given, ward: Ward, then: Then) -> None:
    await given.admitted("lørdag 21.11.2026 09.00")
    await ward.writes(MUNICIPALITY, urgent=True)

    await ward.completes("telephone-municipality-urgent")

    await then.is_silent("telephone-municipality-urgent", until="10.00")


async def test_r05_asks_no_call_for_what_can_wait_nor_for_other_receivers(
    given: Given, ward: Ward, nurse: Person, then: Then
) -> None:
    await given.admitted("lørdag 21.11.2026 09.00", gp=PRACTICE)

    await ward.writes(MUNICIPALITY)
    await nurse.writes(WARD, urgent=True)

    then.never_asked("telephone-municipality-urgent")
