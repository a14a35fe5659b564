"""R06 and R09: the plan for the way home, and the new plan that voids an earlier yes."""

from __future__ import annotations

from tests.factories import MUNICIPALITY, NORTH, WARD
from tests.scenarios.people import Given, Person, Ward
from tests.scenarios.story import Clock, Then, escalation, overdue


async def test_r06_plan_is_owed_by_noon_of_the_working_day_before(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("torsdag 19.11.2026 09.00")
    await clock.set("15.00")

    await ward.expects("mandag 23.11.2026 10.00")

    await then.owes(WARD, "send-care-plan", by="fredag 12.00", roles="ward", rule="R06")
    await then.rings(
        "send-care-plan", overdue("fredag 12.00", WARD, "ward"), escalation("fredag 12.00", NORTH, "visitator")
    )


async def test_r06_working_day_before_tuesday_after_easter_is_the_wednesday_before_it(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 22.3.2027 09.00")
    await clock.set("tirsdag 10.00")

    await ward.expects("tirsdag 30.3.2027 10.00")

    await then.owes(WARD, "send-care-plan", by="onsdag 24.3.2027 12.00", roles="ward", rule="R06")


async def test_r06_nobody_is_born_late(given: Given, ward: Ward, clock: Clock, then: Then) -> None:
    await given.admitted("søndag 22.11.2026 09.00")
    await clock.set("mandag 13.00")

    await ward.expects("tirsdag 10.00")

    await then.owes(WARD, "send-care-plan", by="mandag 15.00", roles="ward", rule="R06")


async def test_r06_moves_with_the_expected_discharge_and_with_nothing_else(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 23.11.2026 09.00")
    await ward.expects("torsdag 10.00")

    await clock.set("tirsdag 10.00")
    await ward.says(contact_phone="70 00 01 01")
    await then.owes(WARD, "send-care-plan", by="onsdag 12.00", roles="ward", rule="R06")
    await ward.expects("fredag 10.00")

    await then.owes(WARD, "send-care-plan", by="torsdag 12.00", roles="ward", rule="R06")
    await then.rings(
        "send-care-plan", overdue("torsdag 12.00", WARD, "ward"), escalation("torsdag 12.00", NORTH, "visitator")
    )


async def test_r06_is_done_with_the_needs_and_the_municipality_reads_them(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("torsdag 19.11.2026 09.00")
    await ward.expects("mandag 10.00")
    await clock.set("fredag 11.40")

    await ward.expects(None, needs="home-nursing meals")

    then.is_done("send-care-plan")
    await then.owes(NORTH, "read-care-plan", by="fredag 15.00", roles="visitator", rule="R06", asked_by=WARD)
    await then.is_silent("send-care-plan", until="mandag 12.00")


async def test_r06_no_plan_for_less_than_a_day_nor_for_nobodys_citizen(given: Given, ward: Ward, then: Then) -> None:
    await given.admitted("mandag 23.11.2026 09.00", services="")
    await ward.expects("torsdag 10.00")
    then.never_asked("send-care-plan")

    await ward.expects("tirsdag 08.00", needs="meals")

    await then.owes(NORTH, "read-care-plan", by="15.00", roles="visitator", rule="R06")
    then.never_asked("send-care-plan")


async def test_r06_is_void_when_the_stay_becomes_a_short_one(given: Given, ward: Ward, then: Then) -> None:
    await given.admitted("mandag 23.11.2026 09.00")
    await ward.expects("torsdag 10.00")

    await ward.expects("tirsdag 08.00")

    await then.is_taken_back("send-care-plan", why="Planen er ændret")


async def test_r06_plan_that_comes_on_friday_after_half_past_two_is_read_on_monday(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("torsdag 19.11.2026 09.00")
    await clock.set("fredag 14.31")

    await ward.expects("tirsdag 10.00", needs="home-nursing")

    await then.owes(NORTH, "read-care-plan", by="mandag 15.00", roles="visitator", rule="R06")


async def test_r06_plan_of_maundy_thursday_is_read_on_tuesday_after_easter_and_the_duty_is_told_before_nobody(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("onsdag 24.3.2027 09.00")
    await clock.set("skærtorsdag 25.3.2027 10.00")

    await ward.expects("onsdag 31.3.2027 10.00", needs="home-nursing")

    await then.owes(NORTH, "read-care-plan", by="tirsdag 30.3.2027 15.00", roles="visitator", rule="R06")
    await then.is_silent("read-care-plan", until="tirsdag 30.3.2027 14.59")


async def test_r06_unread_plan_goes_to_the_duty_and_then_to_its_leader(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 23.11.2026 09.00")
    await clock.set("tirsdag 10.00")
    await ward.expects("torsdag 10.00", needs="home-nursing")

    await then.rings(
        "read-care-plan",
        escalation("tirsdag 15.00", MUNICIPALITY, "home-nurse visitator"),
        escalation("tirsdag 17.00", MUNICIPALITY, "leader"),
        overdue("onsdag 08.00", NORTH, "visitator"),
    )


async def test_r06_plan_that_was_read_rings_nobody(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 23.11.2026 09.00")
    await ward.expects("torsdag 10.00", needs="home-nursing")

    await visitator.completes("read-care-plan")

    await then.is_silent("read-care-plan", until="onsdag 12.00")


async def test_r06_plan_that_was_read_is_read_again_when_nothing_is_needed_any_more(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 23.11.2026 09.00")
    await ward.expects("torsdag 10.00", needs="home-nursing meals")
    await visitator.completes("read-care-plan")
    await clock.set("tirsdag 10.00")

    await ward.expects(None, needs="")

    await then.owes(NORTH, "read-care-plan", by="tirsdag 15.00", roles="visitator", rule="R06", asked_by=WARD)
    await visitator.completes("read-care-plan")
    await ward.says(destination="home")
    then.is_done("read-care-plan", times=2)
    then.nobody_owes("read-care-plan", "send-care-plan")


async def test_r06_plan_without_needs_from_the_beginning_is_nobodys_to_read(
    given: Given, ward: Ward, then: Then
) -> None:
    await given.admitted("mandag 23.11.2026 09.00")

    await ward.expects("torsdag 10.00", needs="")

    then.never_asked("read-care-plan")


async def test_r06_plan_is_no_reading_any_more_when_the_citizen_is_home(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 23.11.2026 09.00")
    await ward.expects("torsdag 10.00", needs="home-nursing")
    await clock.set("tirsdag 10.00")

    await ward.discharges()

    await then.is_taken_back("read-care-plan", why="Patienten er udskrevet")
    await then.is_silent("read-care-plan", until="torsdag 12.00")


async def test_r09_changed_plan_voids_the_yes_that_was_given_to_the_old_one(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 23.11.2026 09.00")
    await ward.expects("torsdag 10.00", needs="home-nursing")
    await visitator.takes_on("read-care-plan")

    await clock.set("tirsdag 10.00")
    await ward.expects("fredag 10.00")

    task = await then.owes(NORTH, "read-care-plan", by="tirsdag 15.00", roles="visitator", rule="R06")
    assert task.is_unanswered
    assert task.assignee is None
    assert [past.proofs.accepted_by is not None for past in task.rounds] == [True]
    await then.rings(
        "read-care-plan",
        escalation("tirsdag 15.00", MUNICIPALITY, "home-nurse visitator"),
        escalation("tirsdag 17.00", MUNICIPALITY, "leader"),
        overdue("onsdag 08.00", NORTH, "visitator"),
    )


async def test_r09_plan_that_was_read_is_read_again_when_it_changes(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 23.11.2026 09.00")
    await ward.expects("torsdag 10.00", needs="home-nursing")
    await visitator.completes("read-care-plan")

    await clock.set("onsdag 14.31")
    await ward.expects(None, needs="home-nursing meals")

    await then.owes(NORTH, "read-care-plan", by="torsdag 15.00", roles="visitator", rule="R06")
    then.is_done("read-care-plan")


async def test_r09_telephone_number_or_a_bed_voids_nothing(
    given: Given, ward: Ward, visitator: Person, then: Then
) -> None:
    await given.admitted("mandag 23.11.2026 09.00")
    await ward.expects("torsdag 10.00", needs="home-nursing")
    await visitator.takes_on("read-care-plan")

    await ward.says(contact_phone="70 00 01 01", bed="4")

    assert (await visitator.task("read-care-plan")).assignee is not None
    await visitator.completes("read-care-plan")
    await ward.says(medicine_until=None, contact_phone="70 00 01 02")
    then.nobody_owes("read-care-plan")


async def test_r09_what_nobody_has_answered_yet_keeps_its_time(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 23.11.2026 09.00")
    await ward.expects("torsdag 10.00", needs="home-nursing")

    await clock.set("14.00")
    await ward.expects("fredag 10.00")

    await then.owes(NORTH, "read-care-plan", by="15.00", roles="visitator", rule="R06")
