"""R15 and R16: the treatment is finished, the citizen waits, and it is not finished after all."""

from __future__ import annotations

from tests.factories import HOSPITAL, MUNICIPALITY, NORTH, WARD
from tests.scenarios.people import Given, Hospital, Person, Ward
from tests.scenarios.story import Clock, Then, escalation, overdue


async def test_r15_citizen_is_taken_home_before_the_dear_day_and_both_leaders_know_before_each_step(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("torsdag 10.00")

    await ward.finds_treatment_finished()

    await then.owes(NORTH, "take-home", by="lørdag 24.00", roles="visitator", rule="R15", asked_by=WARD)
    await then.rings(
        "take-home",
        escalation("fredag 12.00", MUNICIPALITY, "leader"),
        escalation("fredag 12.00", HOSPITAL, "leader"),
        escalation("lørdag 12.00", MUNICIPALITY, "leader"),
        escalation("lørdag 12.00", HOSPITAL, "leader"),
        overdue("mandag 08.00", NORTH, "visitator"),
    )


async def test_r15_taking_it_on_is_no_place_yet_and_the_leaders_hear_all_the_same(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("torsdag 10.00")
    await ward.finds_treatment_finished()

    await visitator.takes_on("take-home")
    await then.rings(
        "take-home",
        escalation("fredag 12.00", MUNICIPALITY, "leader"),
        escalation("fredag 12.00", HOSPITAL, "leader"),
    )
    await visitator.completes("take-home")

    await then.is_silent("take-home", until="mandag 12.00")


async def test_r15_is_over_when_the_citizen_goes_home(given: Given, ward: Ward, clock: Clock, then: Then) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("torsdag 10.00")
    await ward.finds_treatment_finished()
    await clock.set("fredag 10.00")

    await ward.discharges()

    await then.is_taken_back("take-home", why="Patienten er udskrevet")
    await then.is_silent("take-home", until="mandag 12.00")


async def test_r15_is_over_as_well_when_only_the_hospitals_system_says_so(
    given: Given, ward: Ward, hospital: Hospital, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("torsdag 10.00")
    await ward.finds_treatment_finished()
    await clock.set("fredag 10.00")

    await hospital.tells("SLHJ")

    await then.is_taken_back("take-home", why="Patienten er udskrevet")
    await then.is_silent("take-home", until="mandag 12.00")


async def test_r15_is_the_visitators_deed_who_had_taken_it_on(
    given: Given, ward: Ward, visitator: Person, hospital: Hospital, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("torsdag 10.00")
    await ward.finds_treatment_finished()
    await visitator.takes_on("take-home")
    await clock.set("fredag 10.00")

    await hospital.tells("SLHJ")

    then.is_done("take-home")
    done = await visitator.task("take-home")
    assert done.proofs.done_by is not None
    assert done.proofs.done_by.id == visitator.caller.person_id


async def test_r15_is_asked_of_no_municipality_that_does_not_know_the_citizen(
    given: Given, ward: Ward, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00", services="")

    await ward.finds_treatment_finished()

    then.never_asked("take-home")


async def test_r15_days_are_days_of_the_calendar_also_when_one_has_25_hours(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("onsdag 21.10.2026 09.00")
    await clock.set("fredag 23.10.2026 23.30")

    await ward.finds_treatment_finished()

    await then.owes(NORTH, "take-home", by="søndag 25.10.2026 24.00", roles="visitator", rule="R15")


async def test_r16_treatment_that_goes_on_stops_the_clock(given: Given, ward: Ward, clock: Clock, then: Then) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("torsdag 10.00")
    await ward.finds_treatment_finished()
    await clock.set("fredag 09.00")

    await ward.goes_on_treating()

    await then.is_taken_back("take-home", why="Færdigmeldingen er taget tilbage")
    await then.is_silent("take-home", until="mandag 12.00")
    then.never_asked("cancel-place")


async def test_r16_place_that_was_found_is_given_back(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("torsdag 10.00")
    await ward.finds_treatment_finished()
    await visitator.completes("take-home")
    await clock.set("fredag 09.00")

    await ward.goes_on_treating()

    task = await then.owes(NORTH, "cancel-place", by="fredag 24.00", roles="visitator", rule="R16")
    assert task.note == "Betalingen er stoppet."
    await then.rings("cancel-place", overdue("mandag 08.00", NORTH, "visitator"))


async def test_r16_what_was_begun_is_put_right(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.finds_treatment_finished()
    await visitator.takes_on("take-home")
    await clock.set("tirsdag 09.00")

    await ward.goes_on_treating()

    await then.is_taken_back("take-home", why="Færdigmeldingen er taget tilbage")
    found = await visitator.task("act-already-taken")
    assert found.owner == NORTH
    assert found.note is not None
    assert "Færdigmeldingen er taget tilbage" in found.note


async def test_r16_finished_again_begins_a_new_count(given: Given, ward: Ward, clock: Clock, then: Then) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.finds_treatment_finished()
    await ward.goes_on_treating()
    await clock.set("onsdag 09.00")

    await ward.finds_treatment_finished()

    await then.owes(NORTH, "take-home", by="fredag 24.00", roles="visitator", rule="R15")


async def test_r16_discharge_that_was_none_found_no_place_to_give_back(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.finds_treatment_finished()
    await visitator.takes_on("take-home")
    await clock.set("tirsdag 10.00")
    await ward.discharges()
    then.is_done("take-home")
    await ward.takes_the_discharge_back()
    await then.owes(NORTH, "take-home", by="onsdag 24.00", roles="visitator", rule="R15")

    await ward.goes_on_treating()

    await then.is_taken_back("take-home", why="Færdigmeldingen er taget tilbage")
    then.never_asked("cancel-place")


async def test_r16_place_is_kept_when_the_treatment_is_finished_again(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.finds_treatment_finished()
    await visitator.completes("take-home")
    await ward.goes_on_treating()
    await clock.set("14.00")

    await ward.finds_treatment_finished()

    await then.is_taken_back("cancel-place", why="Grunden til opgaven er faldet væk")
    then.nobody_owes("take-home")


async def test_r16_place_that_was_given_back_is_asked_for_again(
    given: Given, ward: Ward, visitator: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.finds_treatment_finished()
    await visitator.completes("take-home")
    await ward.goes_on_treating()
    await visitator.completes("cancel-place")
    await clock.set("onsdag 14.00")

    await ward.finds_treatment_finished()

    await then.owes(NORTH, "take-home", by="fredag 24.00", roles="visitator", rule="R15")
