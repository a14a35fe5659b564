"""R18 and R20: a report that the hospital files is the duty to send it done; taken back, it is owed again."""

from __future__ import annotations

import pytest

from discharge.documents.report import DocumentStatus, Relation, RelationCode
from discharge.task import Move
from tests.factories import OTHER_WARD, PAPER_WARD, PRACTICE, WARD
from tests.scenarios.people import Given, Hospital, Person, Ward
from tests.scenarios.story import Clock, Then, escalation

LETTER = "send-discharge-letter"
REPORT = "send-discharge-report"
READ = "read-discharge-letter"
NURSING = "34745-0"
"""LOINC, nurse's discharge summary."""


async def _left(given: Given, ward: Ward, clock: Clock) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.discharges()


async def test_r20_physicians_summary_that_comes_in_is_the_letter_sent(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await _left(given, ward, clock)

    await doctor.files_report()

    then.is_done(LETTER)
    assert (await doctor.task(LETTER)).proofs.done_by is not None
    await then.owes(WARD, REPORT, by="11.40", roles="ward doctor", rule="R18")


async def test_r20_practice_is_called_a_working_day_after_the_letter_came_in(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await _left(given, ward, clock)
    await doctor.files_report()

    await then.rings(READ, escalation("mandag 11.40", WARD, "ward doctor"))


async def test_r18_nurses_summary_is_the_report_sent_and_no_letter(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await _left(given, ward, clock)

    await ward.files_report(type_code=NURSING)

    then.is_done(REPORT)
    await then.owes(WARD, LETTER, by="mandag 24.00", roles="ward doctor", rule="R20")


async def test_r20_letter_that_came_before_the_departure_is_sent_with_it(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await doctor.files_report()
    then.never_asked(LETTER)
    await clock.set("fredag 11.40")

    await ward.discharges()

    then.is_done(LETTER)
    asked = "SELECT count(*) FROM feed_entry f JOIN task t ON t.id = f.task_id WHERE t.code = %(c)s AND f.event = %(e)s"
    assert then.counts(asked, c=LETTER, e="task-requested") == 0
    assert then.counts(asked, c=REPORT, e="task-requested") > 0
    await then.owes(PRACTICE, READ, by="mandag 24.00", roles="gp", rule="R20")


async def test_r20_preliminary_letter_sends_nothing(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await _left(given, ward, clock)

    await doctor.files_report(status=DocumentStatus.PRELIMINARY)

    await then.owes(WARD, LETTER, by="mandag 24.00", roles="ward doctor", rule="R20")


async def test_r20_letter_that_is_taken_back_is_owed_again(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await _left(given, ward, clock)
    filed = await doctor.files_report()

    wrong = Relation(RelationCode.REPLACES, filed.bundle_key)
    await doctor.files_report(status=DocumentStatus.ENTERED_IN_ERROR, relations=(wrong,))

    await then.owes(WARD, LETTER, by="mandag 24.00", roles="ward doctor", rule="R20")
    then.is_done(LETTER)
    await doctor.files_report()
    then.is_done(LETTER, times=2)


async def test_r20_draft_that_is_taken_back_leaves_what_a_person_sent(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await _left(given, ward, clock)
    await doctor.completes(LETTER)
    filed = await doctor.files_report(status=DocumentStatus.PRELIMINARY)

    wrong = Relation(RelationCode.REPLACES, filed.bundle_key)
    await doctor.files_report(status=DocumentStatus.ENTERED_IN_ERROR, relations=(wrong,))

    then.nobody_owes(LETTER)


async def test_r20_letter_that_another_ward_was_to_send_is_sent_by_who_files_it(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await _left(given, ward, clock)
    await doctor.moves(LETTER, Move.ASSIGN, owner=OTHER_WARD)

    await doctor.files_report()

    then.is_done(LETTER)
    await then.rings(READ, escalation("mandag 11.40", WARD, "ward doctor"))


async def test_r20_practice_that_read_what_was_taken_back_reads_the_right_letter(
    given: Given, ward: Ward, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, ward, clock)
    filed = await doctor.files_report()
    await gp.completes(READ)
    await clock.set("mandag 10.00")

    wrong = Relation(RelationCode.REPLACES, filed.bundle_key)
    await doctor.files_report(status=DocumentStatus.ENTERED_IN_ERROR, relations=(wrong,))

    await then.owes(PRACTICE, READ, by="mandag 24.00", roles="gp", rule="R20")
    await then.is_silent(READ, until="tirsdag 10.00")
    await doctor.files_report()
    await then.rings(READ, escalation("onsdag 10.00", WARD, "ward doctor"))
    then.is_done(READ)


@pytest.mark.parametrize("presses", [(), (Move.ACCEPT,)], ids=["unseen", "taken on"])
async def test_r20_nobody_rings_at_a_practice_for_a_letter_that_was_taken_back(
    presses: tuple[Move, ...], given: Given, ward: Ward, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, ward, clock)
    filed = await doctor.files_report()
    for press in presses:
        await gp.moves(READ, press)
    await clock.set("mandag 10.00")

    wrong = Relation(RelationCode.REPLACES, filed.bundle_key)
    await doctor.files_report(status=DocumentStatus.ENTERED_IN_ERROR, relations=(wrong,))

    task = await then.owes(PRACTICE, READ, by="mandag 24.00", roles="gp", rule="R20")
    assert task.is_unanswered
    await then.is_silent(READ, until="tirsdag 10.00")
    await doctor.files_report()
    await then.rings(READ, escalation("onsdag 10.00", WARD, "ward doctor"))


async def test_r20_newer_version_of_the_letter_is_no_other_duty(
    given: Given, ward: Ward, doctor: Ward, gp: Person, clock: Clock, then: Then
) -> None:
    await _left(given, ward, clock)
    filed = await doctor.files_report()
    await gp.takes_on(READ)

    await doctor.files_report(relations=(Relation(RelationCode.REPLACES, filed.bundle_key),))

    then.nobody_owes(LETTER)
    then.is_done(LETTER)
    assert not (await gp.task(READ)).is_unanswered


async def test_r18_r20_reports_of_an_end_that_was_none_send_nothing_of_the_next(
    given: Given, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await _left(given, ward, clock)
    await doctor.files_report()
    await ward.files_report(type_code=NURSING)
    await clock.set("fredag 13.00")
    await ward.takes_the_discharge_back()
    await clock.set("torsdag 3.12.2026 11.00")

    await ward.discharges()

    await then.owes(WARD, LETTER, by="søndag 24.00", roles="ward doctor", rule="R20")
    await then.owes(WARD, REPORT, by="11.00", roles="ward doctor", rule="R18")
    await ward.files_report(type_code=NURSING)
    then.is_done(REPORT, times=2)
    await then.owes(WARD, LETTER, by="søndag 24.00", roles="ward doctor", rule="R20")


async def test_r18_r20_reports_of_another_hospital_are_not_those_of_the_one_that_sends_home(
    given: Given, hospital: Hospital, ward: Ward, doctor: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("tirsdag 11.40")
    await doctor.files_report()
    await ward.files_report(type_code=NURSING)
    await clock.set("onsdag 10.00")
    await hospital.tells("STIN", ward=PAPER_WARD)
    await clock.set("onsdag 18.00")

    await hospital.tells("SLHJ", ward=PAPER_WARD)

    await then.owes(PAPER_WARD, LETTER, by="lørdag 24.00", roles="ward doctor", rule="R20")
    await then.owes(PAPER_WARD, REPORT, by="18.00", roles="ward doctor", rule="R18")


async def test_r20_letter_of_the_contact_before_is_not_that_of_the_ward_which_sends_home(
    given: Given, hospital: Hospital, doctor: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await doctor.files_report()
    await clock.set("lørdag 10.00")
    await hospital.tells("STIN", ward=OTHER_WARD)
    await clock.set("lørdag 18.00")

    await hospital.tells("SLHJ", ward=OTHER_WARD)

    await then.owes(OTHER_WARD, LETTER, by="tirsdag 24.00", roles="ward doctor", rule="R20")


async def test_r18_nurses_summary_of_days_before_the_departure_holds_no_last_dose(
    given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 11.40")
    await ward.files_report(type_code=NURSING)
    await clock.set("mandag 23.11.2026 11.00")

    await ward.discharges()

    await then.owes(WARD, REPORT, by="11.00", roles="ward doctor", rule="R18")
