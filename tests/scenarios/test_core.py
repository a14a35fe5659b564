"""R28 to R32: what every stay does, whatever the agreement says."""

from __future__ import annotations

from discharge.policy import Role
from tests.factories import MUNICIPALITY, NORTH, OTHER_WARD, PAPER_WARD, PRACTICE, WARD
from tests.scenarios.people import Given, Hospital, Person, Ward
from tests.scenarios.story import Clock, Story, Then, escalation, overdue, worker

VISITORS = "home-nurse visitator"
ON_LEAVE = "Patient er på orlov. Hospitalet har fortsat ansvaret"


async def test_r28_leave_informs_and_nobody_starts_any_services(
    given: Given, hospital: Hospital, clock: Clock, then: Then
) -> None:
    await given.admitted("onsdag 18.11.2026 09.00")
    await clock.set("fredag 20.11.2026 11.40")

    await hospital.tells("STOR")

    assert ON_LEAVE in then.news_of(NORTH)
    assert ON_LEAVE in then.news_of(WARD)
    then.never_asked("resume-services", "send-discharge-report", "answer-for-72-hours")
    await then.is_silent("resume-services", until="søndag 20.00")


async def test_r28_back_from_leave_nothing_is_paused_a_second_time(
    given: Given, hospital: Hospital, nurse: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("onsdag 18.11.2026 09.00")
    await nurse.completes("pause-services")
    await clock.set("fredag 11.40")
    await hospital.tells("STOR")
    await clock.set("søndag 20.00")

    await hospital.tells("SLOR")

    assert "Patient er tilbage fra orlov" in then.news_of(NORTH)
    then.nobody_owes("pause-services")
    assert then.counts("SELECT count(*) FROM stay") == 1
    assert then.counts("SELECT count(*) FROM task WHERE code = 'pause-services'") == 1


async def test_r29_acute_contact_that_becomes_an_admission_is_one_stay(
    given: Given, hospital: Hospital, clock: Clock, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 11.40", acute=True)
    await clock.set("16.00")

    await hospital.tells("STIN", asks_report=True)

    assert then.counts("SELECT count(*) FROM stay") == 1
    assert then.counts("SELECT state FROM stay") == "admitted"
    assert then.counts("SELECT count(*) FROM task WHERE code = 'pause-services'") == 1
    await then.owes(WARD, "assess-needs", by="lørdag 16.00", roles="ward doctor", rule="R04")
    then.never_asked("resume-services")


async def test_r29_admission_that_becomes_an_acute_contact_is_one_stay(
    given: Given, hospital: Hospital, clock: Clock, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 11.40")
    await clock.set("16.00")

    await hospital.tells("STAA")

    assert then.counts("SELECT count(*) FROM stay") == 1
    assert then.counts("SELECT count(*) FROM task WHERE code = 'check-record'") == 1
    then.never_asked("resume-services")


async def test_r30_open_duties_go_along_to_the_ward_that_has_the_patient_now(
    story: Story, given: Given, ward: Ward, hospital: Hospital, clock: Clock, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 11.40")
    await ward.takes_on("assess-needs")
    await clock.set("16.00")

    await hospital.tells("STIN", ward=OTHER_WARD)

    task = await then.owes(OTHER_WARD, "assess-needs", by="lørdag 11.40", roles="ward doctor", rule="R04")
    assert task.is_unanswered
    await then.owes(NORTH, "check-record", by="lørdag 11.40", roles=VISITORS, rule="R02", asked_by=OTHER_WARD)
    assert then.counts("SELECT count(*) FROM stay") == 1
    assert await story.found(worker(Role.WARD, WARD), "assess-needs") == []
    await then.rings("assess-needs", overdue("lørdag 11.40", OTHER_WARD, "ward doctor"))


async def test_r30_new_ward_plans_and_sends_home(
    story: Story, given: Given, hospital: Hospital, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("tirsdag 16.00")
    await hospital.tells("STIN", ward=OTHER_WARD)
    receiving = Ward(story, worker(Role.WARD, OTHER_WARD))
    await clock.set("fredag 11.40")

    await receiving.discharges()

    await then.owes(NORTH, "resume-services", by="24.00", roles=VISITORS, rule="R17", asked_by=OTHER_WARD)
    await then.owes(OTHER_WARD, "answer-for-72-hours", by="mandag 11.40", roles="ward doctor", rule="R22")


async def test_r30_another_hospitals_admission_is_the_only_sign_of_a_transfer(
    given: Given, hospital: Hospital, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("tirsdag 16.00")

    await hospital.tells("STIN", ward=PAPER_WARD)

    assert then.counts("SELECT count(*) FROM stay") == 1
    assert then.counts("SELECT ward FROM stay") == PAPER_WARD
    then.never_asked("resume-services")


async def test_r31_death_closes_everything_and_rings_at_nobody(
    given: Given, ward: Ward, hospital: Hospital, clock: Clock, then: Then
) -> None:
    await given.admitted("torsdag 19.11.2026 09.00")
    await ward.expects("mandag 10.00", needs="home-nursing aids")
    await clock.set("fredag 11.40")
    rung = then.counts("SELECT count(*) FROM feed_entry WHERE event <> 'task-withdrawn'")

    await hospital.tells("MORS")

    assert then.counts("SELECT count(*) FROM task WHERE status NOT IN ('cancelled', 'completed')") == 0
    assert then.news_of(NORTH)[-1] == "Patient er død. Alle opgaver er lukket"
    told = then.counts("SELECT count(*) FROM feed_entry WHERE event = 'stay-changed'")
    await clock.set("fredag 27.11.2026 12.00")
    later = then.counts("SELECT count(*) FROM feed_entry WHERE event <> 'task-withdrawn'")
    assert later - rung == then.counts("SELECT count(*) FROM feed_entry WHERE title LIKE 'Patient er død%%'")
    assert then.counts("SELECT count(*) FROM feed_entry WHERE event = 'stay-changed'") == told


async def test_r31_death_after_discharge_is_told_to_those_who_were_to_come(
    given: Given, ward: Ward, hospital: Hospital, nurse: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.discharges()
    await nurse.takes_on("resume-services")
    await clock.set("14.00")

    await hospital.tells("MORS")

    then.nobody_owes("resume-services", "take-over-responsibility", "read-discharge-letter")
    assert "Patient er død. Alle opgaver er lukket" in then.news_of(NORTH)
    assert "Patient er død. Alle opgaver er lukket" in then.news_of(PRACTICE)
    then.never_asked("act-already-taken")


async def test_r31_death_that_was_an_error_is_taken_back_in_words(
    given: Given, hospital: Hospital, clock: Clock, then: Then
) -> None:
    await given.admitted("torsdag 19.11.2026 09.00")
    await clock.set("fredag 11.40")
    await hospital.tells("MORS")
    await clock.set("12.00")

    await hospital.tells("AN_MORS", deceased=None)

    assert "Melding om dødsfald er annulleret" in then.news_of(NORTH)
    assert then.counts("SELECT state FROM stay") == "admitted"


async def test_r32_cancelled_discharge_takes_back_what_it_made_and_what_was_begun_is_put_right(
    given: Given, hospital: Hospital, nurse: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await hospital.tells("SLHJ")
    await nurse.takes_on("resume-services")
    await clock.set("12.05")

    await hospital.tells("AN_SLHJ")

    await then.is_taken_back("resume-services", why="Hospitalet har annulleret meldingen")
    await then.is_taken_back("take-over-responsibility", why="Hospitalet har annulleret meldingen")
    task = (await nurse.task("act-already-taken")).title.da
    assert task == "Meldingen er taget tilbage: ret op på det, I allerede har gjort"
    await then.rings("act-already-taken", overdue("13.05", NORTH, VISITORS))
    assert then.counts("SELECT count(*) FROM task WHERE code = 'act-already-taken'") == 1


async def test_r32_discharge_that_was_taken_back_unseen_leaves_nothing_to_put_right(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.discharges()

    await ward.takes_the_discharge_back()

    await then.is_taken_back("resume-services", why="Udskrivningen er taget tilbage")
    then.never_asked("act-already-taken")
    await then.is_silent("resume-services", until="lørdag 12.00")


async def test_r32_corrected_departure_moves_the_duties_that_count_from_it(
    given: Given, hospital: Hospital, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await hospital.tells("SLHJ")
    await clock.set("14.00")

    await hospital.tells("RE_SLHJ", ended_at=then.story.at("fredag 13.00"))

    assert then.counts("SELECT count(*) FROM task WHERE code = 'answer-for-72-hours'") == 1
    await then.owes(WARD, "answer-for-72-hours", by="mandag 13.00", roles="ward doctor", rule="R22")
    await then.owes(NORTH, "resume-services", by="fredag 24.00", roles=VISITORS, rule="R17")
    assert "Udskrivningstidspunktet er rettet" in then.news_of(WARD)


async def test_r32_admission_that_never_was_takes_all_its_duties_along(
    given: Given, hospital: Hospital, nurse: Person, clock: Clock, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 11.40")
    await nurse.completes("pause-services")
    await clock.set("11.50")

    await hospital.tells("AN_STIN")

    await then.is_taken_back("send-admission-report", why="Hospitalet har annulleret meldingen")
    await then.is_taken_back("check-record", why="Hospitalet har annulleret meldingen")
    assert (await nurse.task("act-already-taken")).owner == NORTH
    assert then.counts("SELECT state FROM stay") == "cancelled"
    await then.is_silent("send-admission-report", until="mandag 12.00")
    then.nobody_owes("assess-needs")


async def test_r32_same_message_twice_asks_for_nothing_twice(
    given: Given, hospital: Hospital, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await hospital.tells("SLHJ")
    first = then.counts("SELECT count(*) FROM task")

    await hospital.tells("SLHJ", ended_at=then.story.at("fredag 11.40"))

    assert then.counts("SELECT count(*) FROM task") == first
    await then.rings(
        "resume-services",
        escalation("12.10", MUNICIPALITY, "home-nurse"),
        escalation("12.40", MUNICIPALITY, "leader"),
    )
