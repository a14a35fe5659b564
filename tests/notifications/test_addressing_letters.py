"""Whom letters and work on the medicine are told to."""

from dataclasses import replace

import pytest

from discharge.documents.report import DocumentId
from discharge.documents.rulings import RulingKind
from discharge.documents.standing import Standing
from discharge.events import CareMessageWritten, DocumentFiled, DocumentRuled, MedicationRevised
from discharge.identifiers import ConversationId, FeedId, PersonId
from discharge.letter import LetterKind
from discharge.medication.record import MedicationWork
from discharge.policy import Role
from discharge.task import Person, Priority
from notifications.addressing import entries_for, entries_for_all, feeds_of, staff_of
from notifications.entry import EntryEvent
from notifications.titles import DOCUMENT_RULED
from tests.fakes_notifications import (
    CLINIC,
    HOSPITAL,
    MUNICIPALITY,
    NOON,
    NORTH,
    TEAM,
    WARD,
)
from tests.notifications.test_addressing import DENMARK, STAY, UNKNOWN, WARD_STAFF, told


@pytest.mark.parametrize("work", MedicationWork)
def test_medicine_goes_to_who_reads_it_and_to_no_feed_of_a_whole_hospital(work: MedicationWork) -> None:
    places = (WARD, NORTH, CLINIC, HOSPITAL, UNKNOWN)
    event = MedicationRevised(at=NOON, stay_id=STAY, work=work, version=2, unresolved=1, places=places)
    entries = entries_for(event, DENMARK)

    assert told(entries) == {
        WARD: ("medication-changed", WARD_STAFF),
        NORTH: ("medication-changed", frozenset({Role.HOME_NURSE})),
        MUNICIPALITY: ("medication-changed", frozenset({Role.HOME_NURSE})),
        CLINIC: ("medication-changed", frozenset({Role.GP})),
    }
    urgent = work in {MedicationWork.ASKED, MedicationWork.OPENED}
    assert {entry.priority for entry in entries} == {Priority.URGENT if urgent else Priority.ROUTINE}


def a_document(standing: Standing, *, is_question: bool = False, is_summary: bool = False) -> DocumentFiled:
    return DocumentFiled(
        at=NOON,
        stay_id=STAY,
        document_id=DocumentId("018f3e6a-0000-7000-8000-000000000005"),
        standing=standing,
        is_question=is_question,
        is_summary=is_summary,
        hospital=HOSPITAL,
        places=(WARD, NORTH, CLINIC, HOSPITAL, UNKNOWN),
    )


@pytest.mark.parametrize("standing", [each for each in Standing if each is not Standing.HELD])
def test_document_goes_to_who_reads_it_and_to_no_feed_of_a_whole_hospital(standing: Standing) -> None:
    entries = entries_for(a_document(standing), DENMARK)

    assert told(entries) == {
        WARD: ("document-filed", WARD_STAFF),
        NORTH: ("document-filed", frozenset({Role.HOME_NURSE})),
        MUNICIPALITY: ("document-filed", frozenset({Role.HOME_NURSE})),
        CLINIC: ("document-filed", frozenset({Role.GP})),
    }
    assert {entry.priority for entry in entries} == {Priority.ROUTINE}


def test_report_that_people_must_clear_up_is_urgent() -> None:
    entries = entries_for(a_document(Standing.IN_FORCE, is_question=True), DENMARK)

    assert {(entry.priority, entry.title) for entry in entries} == {
        (Priority.URGENT, "Der er to udskrivningsrapporter. Afklar, hvilken der gælder")
    }


@pytest.mark.parametrize("is_question", [True, False])
def test_identifier_used_twice_is_told_to_the_operators_of_the_hospital(is_question: bool) -> None:  # noqa: FBT001 - an example
    entries = entries_for(a_document(Standing.HELD, is_question=is_question), DENMARK)

    audience = {entry.feed: entry.audience for entry in entries}
    assert audience[FeedId(HOSPITAL)] == frozenset({Role.OPERATOR})
    assert audience[FeedId(WARD)] == WARD_STAFF
    assert {entry.priority for entry in entries} == {Priority.URGENT}


def test_patient_summary_is_told_by_its_own_name() -> None:
    titles = {
        standing: {entry.title for entry in entries_for(a_document(standing, is_summary=True), DENMARK)}
        for standing in (Standing.IN_FORCE, Standing.WITHDRAWN)
    }

    assert titles == {
        Standing.IN_FORCE: {"Et patientresumé er kommet"},
        Standing.WITHDRAWN: {"Et patientresumé er trukket tilbage"},
    }


@pytest.mark.parametrize("kind", list(RulingKind))
def test_what_the_ward_settles_is_told_to_who_reads_documents(kind: RulingKind) -> None:
    event = DocumentRuled(
        at=NOON,
        stay_id=STAY,
        document_id=DocumentId("018f3e6a-0000-7000-8000-000000000005"),
        kind=kind,
        is_question=False,
        places=(WARD, NORTH, CLINIC, HOSPITAL, UNKNOWN),
    )

    entries = entries_for(event, DENMARK)

    assert told(entries) == {
        WARD: ("document-filed", WARD_STAFF),
        NORTH: ("document-filed", frozenset({Role.HOME_NURSE})),
        MUNICIPALITY: ("document-filed", frozenset({Role.HOME_NURSE})),
        CLINIC: ("document-filed", frozenset({Role.GP})),
    }
    assert {(entry.priority, entry.title) for entry in entries} == {(Priority.ROUTINE, DOCUMENT_RULED[kind])}


def written(**changes: object) -> CareMessageWritten:
    made = CareMessageWritten(
        at=NOON,
        stay_id=STAY,
        conversation_id=ConversationId("018f3e6a-0000-7000-8000-000000000004"),
        sender=WARD,
        recipient=MUNICIPALITY,
        place=TEAM,
        kind=LetterKind.NEW,
    )
    return replace(made, **changes)  # type: ignore[arg-type] # the test says which


def test_a_care_message_is_told_to_the_unit_it_is_for_and_to_those_above_it() -> None:
    entries = entries_for(written(), DENMARK)

    assert {entry.feed for entry in entries} == set(feeds_of(TEAM, DENMARK))
    assert {entry.event for entry in entries} == {EntryEvent.MESSAGE}
    assert {entry.title for entry in entries} == {"Ny besked om en borger"}
    assert {entry.audience for entry in entries} == {staff_of(TEAM, DENMARK)}


@pytest.mark.parametrize("kind", list(LetterKind))
def test_the_title_of_a_care_message_says_what_it_does_and_names_nobody(kind: LetterKind) -> None:
    (entry, *_) = entries_for(written(kind=kind), DENMARK)

    assert entry.title
    assert entry.stay_id == STAY
    assert entry.task_id is None


def test_writers_colleagues_are_told_of_what_was_written_here() -> None:
    event = written(by=Person(PersonId("p"), "Bente"), is_urgent=True)

    own = next(entry for entry in entries_for(event, DENMARK) if entry.feed == FeedId(WARD))
    others = [entry for entry in entries_for(event, DENMARK) if entry.feed != FeedId(WARD)]

    assert (own.title, own.priority, own.audience) == ("En besked er sendt", Priority.ROUTINE, WARD_STAFF)
    assert {entry.priority for entry in others} == {Priority.URGENT}


def test_a_care_message_that_leaves_is_told_to_its_writers_place_alone() -> None:
    event = written(place=None, stay_id=None, by=Person(PersonId("p"), "Bente"))

    (entry,) = entries_for(event, DENMARK)

    assert (entry.feed, entry.stay_id) == (FeedId(WARD), None)


def test_two_care_messages_about_no_stay_are_two_entries() -> None:
    assert (
        len(entries_for_all([written(stay_id=None, place=CLINIC), written(stay_id=None, place=CLINIC)], DENMARK)) == 2
    )
