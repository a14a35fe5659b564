"""R14, R19 and R21: dose dispensing, the medicine at departure, and the practice that goes through it."""

from __future__ import annotations

from tests.factories import MUNICIPALITY, NORTH, PRACTICE, WARD
from tests.scenarios.people import Given, Person, Ward
from tests.scenarios.story import Clock, Then, escalation, overdue, reminder

PACKED = "home-nursing dose-dispensing"


async def test_r14_doctor_pauses_the_dose_dispensing_within_a_day(given: Given, then: Then) -> None:
    await given.admitted("fredag 20.11.2026 11.40", services=PACKED)

    await then.owes(WARD, "pause-dose-dispensing", by="lørdag 11.40", roles="doctor", rule="R14")
    await then.rings("pause-dose-dispensing", overdue("lørdag 11.40", WARD, "doctor"))


async def test_r14_asks_nothing_about_a_citizen_without_dose_dispensing(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects("fredag 15.00", needs="home-nursing")
    await clock.set("fredag 15.00")
    await ward.agrees_by_phone_with("Vibeke")

    await ward.discharges()

    then.never_asked(
        "pause-dose-dispensing", "restart-dose-dispensing", "resume-dose-dispensing", "settle-paused-dose-dispensing"
    )


async def test_r14_what_is_paused_is_started_again_by_the_expected_departure(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00", services=PACKED)
    await ward.expects("fredag 15.00")
    then.never_asked("restart-dose-dispensing")

    await doctor.completes("pause-dose-dispensing")

    await then.owes(WARD, "restart-dose-dispensing", by="fredag 15.00", roles="doctor", rule="R14")
    await clock.set("onsdag 10.00")
    await ward.expects("lørdag 21.11.2026 11.00")
    await then.owes(WARD, "restart-dose-dispensing", by="lørdag 11.00", roles="doctor", rule="R14")
    await ward.expects(None, needs="home-nursing")
    await then.is_taken_back("restart-dose-dispensing", why="Planen er ændret")


async def test_r14_packs_that_are_still_paused_at_departure_are_the_practices_and_the_nurse_knows_at_once(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00", services=PACKED)
    await doctor.completes("pause-dose-dispensing")
    await ward.expects("fredag 15.00", needs=PACKED)
    await clock.set("fredag 15.00")

    await ward.discharges()

    await then.is_taken_back("restart-dose-dispensing", why="Patienten er udskrevet")
    await then.owes(NORTH, "resume-dose-dispensing", by="mandag 24.00", roles="home-nurse", rule="R14")
    await then.owes(PRACTICE, "settle-paused-dose-dispensing", by="mandag 15.00", roles="gp", rule="R14")
    await then.rings(
        "settle-paused-dose-dispensing",
        escalation("fredag 15.00", NORTH, "home-nurse"),
        overdue("mandag 15.00", PRACTICE, "gp"),
        escalation("mandag 15.00", WARD, "doctor"),
    )
    await then.rings(
        "resume-dose-dispensing",
        escalation("tirsdag 08.00", MUNICIPALITY, "home-nurse"),
        overdue("tirsdag 08.00", NORTH, "home-nurse"),
    )


async def test_r14_packs_that_were_started_again_trouble_no_practice(
    given: Given, ward: Ward, doctor: Ward, gp: Person, nurse: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00", services=PACKED)
    await doctor.completes("pause-dose-dispensing")
    await ward.expects("onsdag 15.00", needs=PACKED)
    await doctor.completes("restart-dose-dispensing")
    await clock.set("onsdag 15.00")

    await ward.discharges()
    await gp.completes("reconcile-medication")
    await nurse.completes("resume-dose-dispensing")

    then.never_asked("settle-paused-dose-dispensing")
    await then.is_silent("resume-dose-dispensing", until="fredag 12.00")


async def test_r14_next_working_day_after_the_wednesday_before_easter_is_the_tuesday_after_it(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 22.3.2027 09.00", services=PACKED)
    await clock.set("onsdag 24.3.2027 14.00")

    await ward.discharges()

    await then.owes(NORTH, "resume-dose-dispensing", by="tirsdag 30.3.2027 24.00", roles="home-nurse", rule="R14")


async def test_r19_medicine_is_reconciled_by_the_departure_which_moves(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    then.never_asked("reconcile-at-discharge")

    await ward.expects("fredag 15.00", needs="home-nursing")
    await then.owes(WARD, "reconcile-at-discharge", by="fredag 15.00", roles="doctor", rule="R19")
    await clock.set("torsdag 12.00")
    await ward.expects("torsdag 16.00")

    await then.owes(WARD, "reconcile-at-discharge", by="torsdag 16.00", roles="doctor", rule="R19")


async def test_r19_departure_without_it_warns_the_nurse_within_the_hour(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects("fredag 15.00", needs="home-nursing")
    await clock.set("fredag 11.40")

    await ward.discharges()

    await then.owes(WARD, "reconcile-at-discharge", by="11.40", roles="doctor", rule="R19")
    await then.rings(
        "reconcile-at-discharge", overdue("12.40", WARD, "doctor"), escalation("12.40", NORTH, "home-nurse")
    )


async def test_r19_what_was_reconciled_before_departure_is_owed_no_more(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects("torsdag 15.00", needs="home-nursing")
    await doctor.completes("reconcile-at-discharge")
    await clock.set("torsdag 15.00")

    await ward.discharges()

    then.nobody_owes("reconcile-at-discharge")
    await then.is_silent("reconcile-at-discharge", until="fredag 12.00")


async def test_r21_practice_goes_through_the_medicine_within_72_hours(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")

    await ward.discharges()

    await then.owes(PRACTICE, "reconcile-medication", by="mandag 11.40", roles="gp", rule="R21", asked_by=WARD)
    await then.rings(
        "reconcile-medication",
        reminder("søndag 23.40", PRACTICE, "gp"),
        overdue("mandag 11.40", PRACTICE, "gp"),
        escalation("mandag 11.40", PRACTICE, "gp"),
        escalation("mandag 11.40", NORTH, "home-nurse"),
    )


async def test_r21_practice_that_has_done_it_hears_no_more(
    given: Given, ward: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.discharges()

    await gp.completes("reconcile-medication")

    await then.is_silent("reconcile-medication", until="tirsdag 12.00")


async def test_r21_72_hours_are_72_hours_over_the_night_of_25_hours(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("onsdag 21.10.2026 09.00")
    await clock.set("fredag 23.10.2026 11.40")

    await ward.discharges()

    await then.owes(PRACTICE, "reconcile-medication", by="mandag 26.10.2026 10.40", roles="gp", rule="R21")


async def test_r21_72_hours_are_72_hours_over_the_night_of_23_hours(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("onsdag 24.3.2027 09.00")
    await ward.expects(None, needs="")
    await clock.set("langfredag 26.3.2027 11.40")

    await ward.discharges()

    await then.owes(PRACTICE, "reconcile-medication", by="mandag 29.3.2027 12.40", roles="gp", rule="R21")


async def test_r19_doctor_who_signs_the_list_has_reconciled(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await ward.expects("torsdag 15.00", needs="home-nursing")
    await doctor.lists_medicine("Metoprolol")

    await doctor.signs_medicine()

    then.is_done("reconcile-at-discharge")
    await clock.set("torsdag 15.00")
    await ward.discharges()
    await then.owes(PRACTICE, "reconcile-medication", by="søndag 15.00", roles="gp", rule="R21")


async def test_r21_a_signature_after_the_departure_gives_72_hours_from_then(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.discharges()
    await doctor.lists_medicine("Metoprolol")
    await clock.set("fredag 16.00")

    await doctor.signs_medicine()

    await then.owes(PRACTICE, "reconcile-medication", by="mandag 16.00", roles="gp", rule="R21")


async def test_r21_a_later_list_begins_another_round_for_what_it_changes(
    given: Given, ward: Ward, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await doctor.lists_medicine("Metoprolol")
    await ward.discharges()
    await gp.decides_medicine()
    await gp.completes("reconcile-medication")
    await clock.set("fredag 18.00")

    await doctor.lists_medicine("Metoprolol")
    then.nobody_owes("reconcile-medication")
    await doctor.lists_medicine("Metoprolol", "Pinex")

    await then.owes(PRACTICE, "reconcile-medication", by="mandag 11.40", roles="gp", rule="R21")


async def test_r21_round_that_begins_a_week_later_gets_a_day(
    given: Given, ward: Ward, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await doctor.lists_medicine("Metoprolol")
    await ward.discharges()
    await gp.decides_medicine()
    await gp.completes("reconcile-medication")
    await clock.set("fredag 27.11.2026 10.00")

    await doctor.lists_medicine("Metoprolol", "Pinex")

    await then.owes(PRACTICE, "reconcile-medication", by="lørdag 10.00", roles="gp", rule="R21")


async def test_r21_round_that_a_half_written_list_began_is_taken_back_when_the_rest_stands(
    given: Given, ward: Ward, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await doctor.lists_medicine("Metoprolol", "Pinex")
    await ward.discharges()
    await gp.decides_medicine()
    await gp.completes("reconcile-medication")

    await doctor.lists_medicine("Metoprolol", "Pinex", "Furix")
    await then.owes(PRACTICE, "reconcile-medication", by="mandag 11.40", roles="gp", rule="R21")
    await doctor.lists_medicine("Metoprolol", "Pinex")

    then.nobody_owes("reconcile-medication")


async def test_r21_list_that_changes_while_the_practice_has_it_is_asked_again(
    given: Given, ward: Ward, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await doctor.lists_medicine("Metoprolol")
    await ward.discharges()
    await gp.decides_medicine()
    assert not (await gp.task("reconcile-medication")).is_unanswered

    await doctor.lists_medicine("Metoprolol", "Pinex")

    assert (await gp.task("reconcile-medication")).is_unanswered


async def test_r21_without_a_practice_on_record_the_ward_keeps_it(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00", gp=None)
    await clock.set("onsdag 11.40")

    await ward.discharges()

    await then.owes(WARD, "reconcile-medication", by="lørdag 11.40", roles="ward doctor", rule="R21")
