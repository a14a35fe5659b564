"""R17, R18 and R20: the citizen goes home."""

from __future__ import annotations

from tests.factories import MUNICIPALITY, NORTH, PRACTICE, WARD
from tests.scenarios.people import Given, Person, Ward
from tests.scenarios.story import Clock, Then, escalation, overdue

VISITORS = "home-nurse visitator"


async def test_r17_services_begin_again_the_same_day_and_by_day_duty_hears_in_half_an_hour(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 20.11.2026 11.40")

    await ward.discharges()

    await then.owes(NORTH, "resume-services", by="fredag 24.00", roles=VISITORS, rule="R17", asked_by=WARD)
    await then.rings(
        "resume-services",
        escalation("12.10", MUNICIPALITY, "home-nurse"),
        escalation("12.40", MUNICIPALITY, "leader"),
        overdue("24.00", NORTH, VISITORS),
    )


async def test_r17_in_the_evening_duty_hears_in_a_quarter(given: Given, ward: Ward, clock: Clock, then: Then) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 15.00")

    await ward.discharges()

    await then.rings(
        "resume-services",
        escalation("15.15", MUNICIPALITY, "home-nurse"),
        escalation("15.30", MUNICIPALITY, "leader"),
        overdue("24.00", NORTH, VISITORS),
    )


async def test_r17_ladder_falls_silent_when_somebody_takes_it_on_and_it_is_late_only_if_nobody_comes(
    given: Given, ward: Ward, nurse: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.discharges()
    await clock.set("12.11")

    await nurse.takes_on("resume-services")

    await then.rings("resume-services", overdue("24.00", NORTH, VISITORS))
    await nurse.completes("resume-services")
    await then.is_silent("resume-services", until="mandag 12.00")


async def test_r17_first_visit_of_the_plan_is_the_time_and_a_new_one_moves_it(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.says(first_visit_at=then.story.at("fredag 18.00"))

    await ward.discharges()

    await then.owes(NORTH, "resume-services", by="fredag 18.00", roles=VISITORS, rule="R17")
    await ward.says(first_visit_at=then.story.at("lørdag 08.00"))
    await then.owes(NORTH, "resume-services", by="lørdag 08.00", roles=VISITORS, rule="R17")


async def test_r17_r18_no_municipality_hears_of_a_citizen_whom_it_does_not_know(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00", services="")
    await clock.set("fredag 11.40")

    await ward.discharges()

    then.never_asked("resume-services", "send-discharge-report", "answer-for-72-hours")


async def test_r17_district_that_says_no_hands_it_to_who_is_on_duty(
    given: Given, ward: Ward, nurse: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.discharges()

    await nurse.rejects("resume-services", "Borgeren er flyttet til Syd")

    await then.owes(MUNICIPALITY, "resume-services", by="fredag 24.00", roles=VISITORS, rule="R17")


async def test_r17_midnight_of_the_day_with_25_hours_is_its_own(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("onsdag 21.10.2026 09.00")
    await clock.set("søndag 25.10.2026 02.30")

    await ward.discharges(in_spite="Borgeren går selv")

    await then.owes(NORTH, "resume-services", by="søndag 25.10.2026 24.00", roles=VISITORS, rule="R17")
    await then.rings(
        "resume-services",
        escalation("02.45", MUNICIPALITY, "home-nurse"),
        escalation("02.00 for anden gang", MUNICIPALITY, "leader"),
        overdue("24.00", NORTH, VISITORS),
    )


async def test_r17_half_past_two_that_never_comes_is_half_past_three(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("torsdag 25.3.2027 09.00")
    await clock.set("påskedag 28.3.2027 01.45")
    await ward.says(first_visit_at=then.story.at("påskedag 28.3.2027 02.30"))

    await ward.discharges(in_spite="Borgeren går selv")

    await then.owes(NORTH, "resume-services", by="03.30", roles=VISITORS, rule="R17")
    await then.rings(
        "resume-services",
        escalation("03.00", MUNICIPALITY, "home-nurse"),
        escalation("03.15", MUNICIPALITY, "leader"),
        overdue("03.30", NORTH, VISITORS),
    )


async def test_r18_report_leaves_with_the_citizen_and_is_late_after_an_hour(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")

    await ward.discharges()

    await then.owes(WARD, "send-discharge-report", by="11.40", roles="ward doctor", rule="R18")
    await then.rings("send-discharge-report", overdue("12.40", WARD, "ward doctor"))


async def test_r18_report_that_is_sent_is_not_late(given: Given, ward: Ward, clock: Clock, then: Then) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.discharges()

    await ward.completes("send-discharge-report")

    await then.is_silent("send-discharge-report", until="lørdag 12.00")


async def test_r20_letter_of_friday_is_owed_by_midnight_on_monday(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 20.11.2026 11.40")

    await ward.discharges()

    await then.owes(WARD, "send-discharge-letter", by="mandag 23.11.2026 24.00", roles="ward doctor", rule="R20")
    await then.owes(PRACTICE, "read-discharge-letter", by="mandag 23.11.2026 24.00", roles="gp", rule="R20")
    await then.rings("send-discharge-letter", overdue("tirsdag 08.00", WARD, "ward doctor"))
    assert then.rung("read-discharge-letter") == []


async def test_r20_letter_that_lies_unread_for_a_working_day_comes_back_to_the_ward(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.discharges()
    await clock.set("fredag 15.10")

    await ward.completes("send-discharge-letter")

    await then.rings("read-discharge-letter", escalation("mandag 15.10", WARD, "ward doctor"))


async def test_r20_letter_that_is_read_comes_back_to_nobody(
    given: Given, ward: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.discharges()
    await ward.completes("send-discharge-letter")

    await gp.completes("read-discharge-letter")

    await then.is_silent("read-discharge-letter", until="tirsdag 12.00")


async def test_r20_working_day_after_the_wednesday_before_easter_is_the_tuesday_after_it(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 22.3.2027 09.00")
    await clock.set("onsdag 24.3.2027 14.00")
    await ward.discharges()

    await ward.completes("send-discharge-letter")

    await then.rings("read-discharge-letter", escalation("tirsdag 30.3.2027 14.00", WARD, "ward doctor"))
