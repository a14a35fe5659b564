"""R07, R08 and R10: what is told by telephone, and questions in writing."""

from __future__ import annotations

from typing import Any

import pytest

from discharge.plan import Certainty
from tests.factories import HOSPITAL, MUNICIPALITY, NORTH, WARD
from tests.scenarios.people import Given, Person, Ward
from tests.scenarios.story import Clock, Then, escalation, overdue

ON_DUTY = "visitator home-nurse"


async def test_r07_stay_of_less_than_a_day_is_agreed_by_telephone_before_departure(
    given: Given, ward: Ward, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 08.00")

    await ward.expects("18.00", needs="home-nursing")

    await then.owes(WARD, "agree-short-stay-by-phone", by="18.00", roles="ward", rule="R07")
    then.never_asked("send-care-plan")


async def test_r07_departure_without_the_agreement_is_a_red_flag_at_once(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 08.00")
    await ward.expects("18.00", needs="home-nursing")
    await clock.set("17.30")

    await ward.discharges()

    await then.owes(WARD, "agree-short-stay-by-phone", by="17.45", roles="ward", rule="R07")
    await then.rings(
        "agree-short-stay-by-phone",
        escalation("17.30", MUNICIPALITY, ON_DUTY),
        overdue("17.45", WARD, "ward"),
    )


async def test_r07_departure_that_nobody_expected_is_agreed_all_the_same(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 08.00")
    await clock.set("17.30")

    await ward.discharges()

    await then.owes(WARD, "agree-short-stay-by-phone", by="17.45", roles="ward", rule="R07")


async def test_r07_is_done_when_the_agreement_is_written_down_and_departure_rings_nobody(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 08.00")
    await ward.expects("18.00", needs="home-nursing")

    await ward.agrees_by_phone_with("Vibeke, Hjemmepleje Nord")

    then.is_done("agree-short-stay-by-phone")
    await clock.set("18.00")
    await ward.discharges()
    await then.is_silent("agree-short-stay-by-phone", until="lørdag 12.00")


async def test_r07_is_not_for_a_longer_stay_nor_where_nothing_is_needed(given: Given, ward: Ward, then: Then) -> None:
    await given.admitted("fredag 20.11.2026 08.00")

    await ward.expects("mandag 10.00")
    await ward.expects("fredag 18.00", needs="")

    then.never_asked("agree-short-stay-by-phone")


async def test_r07_is_void_when_the_stay_becomes_a_long_one(given: Given, ward: Ward, then: Then) -> None:
    await given.admitted("fredag 20.11.2026 08.00")
    await ward.expects("18.00", needs="home-nursing")

    await ward.expects("mandag 10.00")

    await then.is_taken_back("agree-short-stay-by-phone", why="Planen er ændret")


async def test_r08_friday_at_twenty_to_twelve_home_today_is_told_by_telephone_before_noon(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 20.11.2026 11.40")

    await ward.expects("15.00", needs="home-nursing dose-dispensing")

    await then.owes(WARD, "telephone-same-day", by="12.00", roles="ward", rule="R08")
    await then.rings(
        "telephone-same-day",
        overdue("12.00", WARD, "ward"),
        escalation("12.00", MUNICIPALITY, ON_DUTY),
        escalation("13.00", HOSPITAL, "leader"),
    )


async def test_r08_after_noon_the_call_is_due_in_a_quarter(given: Given, ward: Ward, clock: Clock, then: Then) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 14.40")

    await ward.expects("16.00", needs="home-nursing")

    await then.owes(WARD, "telephone-same-day", by="14.55", roles="ward", rule="R08")


async def test_r08_call_that_is_written_down_rings_nobody(given: Given, ward: Ward, clock: Clock, then: Then) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.expects("15.00", needs="home-nursing")

    await ward.agrees_by_phone_with("Vibeke, Hjemmepleje Nord")

    then.is_done("telephone-same-day")
    await then.is_silent("telephone-same-day", until="18.00")


async def test_r08_plan_that_the_visitator_has_read_before_noon_needs_no_call(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 10.00")
    await ward.expects("15.00", needs="home-nursing")

    await visitator.completes("read-care-plan")

    await then.is_taken_back("telephone-same-day", why="Grunden til opgaven er faldet væk")


async def test_r08_plan_that_is_read_after_noon_needs_the_call_still(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.expects("15.00", needs="home-nursing")
    await clock.set("12.10")

    await visitator.completes("read-care-plan")

    await then.owes(WARD, "telephone-same-day", by="12.00", roles="ward", rule="R08")


@pytest.mark.parametrize(
    "detail", [{"contact_phone": "70 00 01 01"}, {"certainty": Certainty.CERTAIN}, {"frail": True}, {"bed": "7"}]
)
async def test_r08_does_not_come_back_for_a_detail_when_the_plan_was_read(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then, detail: dict[str, object]
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 10.00")
    await ward.expects("15.00", needs="home-nursing")
    await visitator.completes("read-care-plan")
    await clock.set("11.00")

    await ward.says(**detail)

    await then.is_taken_back("telephone-same-day", why="Grunden til opgaven er faldet væk")


async def test_r08_asks_for_no_call_about_a_plan_of_yesterday_of_which_a_detail_changes(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("torsdag 10.00")
    await ward.expects("fredag 15.00", needs="home-nursing")
    await clock.set("fredag 13.00")

    await ward.says(contact_phone="70 00 01 01")

    then.never_asked("telephone-same-day")


@pytest.mark.parametrize(
    "change", [{"needs": "home-nursing meals"}, {"first_visit_at": None}, {"functional_level": "two-persons"}]
)
async def test_r08_comes_back_when_what_was_read_is_not_what_is_needed(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then, change: dict[str, Any]
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 09.00")
    await ward.expects("15.00", needs="home-nursing", first_visit_at=ward.story.at("fredag 18.00"))
    await visitator.completes("read-care-plan")
    await clock.set("10.00")

    await ward.expects(None, **change)

    await then.owes(WARD, "telephone-same-day", by="12.00", roles="ward", rule="R08")


async def test_r08_comes_and_goes_with_the_day(given: Given, ward: Ward, clock: Clock, then: Then) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects("torsdag 15.00", needs="home-nursing")
    then.never_asked("telephone-same-day")

    await clock.set("torsdag 10.00")
    await ward.expects("14.00")
    await then.owes(WARD, "telephone-same-day", by="12.00", roles="ward", rule="R08")
    await ward.expects("fredag 14.00")
    await then.is_taken_back("telephone-same-day", why="Planen er ændret")
    await clock.set("fredag 09.00")
    await ward.expects("13.00")

    await then.owes(WARD, "telephone-same-day", by="12.00", roles="ward", rule="R08")


async def test_r10_question_of_before_half_past_two_is_read_by_three_and_then_the_asker_telephones(
    given: Given, nurse: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("torsdag 19.11.2026 09.00")
    await clock.set("fredag 14.29")

    await nurse.writes(WARD)

    await then.owes(WARD, "answer-question", by="15.00", roles="ward doctor", rule="R10", asked_by=NORTH)
    await then.rings("answer-question", overdue("15.00", WARD, "ward doctor"), escalation("15.00", NORTH, ON_DUTY))


async def test_r10_ward_reads_on_saturday_what_came_on_friday_after_half_past_two(
    given: Given, nurse: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("torsdag 19.11.2026 09.00")
    await clock.set("fredag 14.31")

    await nurse.writes(WARD)

    await then.owes(WARD, "answer-question", by="lørdag 15.00", roles="ward doctor", rule="R10")


async def test_r10_ward_reads_on_maundy_thursday_too(given: Given, nurse: Person, clock: Clock, then: Then) -> None:
    await given.admitted("onsdag 24.3.2027 09.00")
    await clock.set("skærtorsdag 25.3.2027 10.00")

    await nurse.writes(WARD)

    await then.owes(WARD, "answer-question", by="skærtorsdag 25.3.2027 15.00", roles="ward doctor", rule="R10")


async def test_r10_answer_closes_its_own_question_and_no_other(
    given: Given, nurse: Person, ward: Ward, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 09.00")
    await nurse.writes(WARD)
    await nurse.writes(WARD, about="medicine")

    await ward.answers()

    then.is_done("answer-question")
    await then.owes(WARD, "answer-question", by="15.00", roles="ward doctor", rule="R10")


async def test_r10_answered_question_rings_nobody_and_an_answer_is_no_question(
    given: Given, nurse: Person, ward: Ward, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 09.00")
    await nurse.writes(WARD)
    await ward.answers()
    await nurse.answers()

    then.nobody_owes("answer-question")
    await then.is_silent("answer-question", until="lørdag 12.00")


async def test_r10_question_about_the_72_hours_to_come_is_a_question_like_others(
    given: Given, nurse: Person, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 09.00")

    await nurse.writes(WARD, about="extended-care-responsibility")

    await then.owes(WARD, "answer-question", by="15.00", roles="ward doctor", rule="R10")
    then.never_asked("answer-72-hour-question")
