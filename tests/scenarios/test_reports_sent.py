"""R18 and R20: a report that the hospital files is the duty to send it done; taken back, it is owed again."""

from __future__ import annotations

from discharge.documents.report import DocumentStatus, Relation, RelationCode
from tests.factories import PRACTICE, WARD
from tests.scenarios.people import Given, Person, Ward
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
