"""What was written down out of documents: nothing altered comes back, nothing withdrawn stays agreed."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from discharge.identifiers import PatientId, StayId
from discharge.medication.copies import passes_over, retold
from discharge.medication.lines import Change, LineStatus, MedicationLine
from discharge.medication.lists import Column, ListOrigin, MedicationList, Saying
from discharge.medication.reconciling import Doubt
from discharge.medication.record import Decision, LineId, LineState, MedicationReconciliation, Verdict
from tests.discharge.medication.lines import AT, GP, HOSPITAL, PRACTICE, dose, medicine, stated

AFTER, NOW = Column.AT_DISCHARGE, Column.NOW
MAREVAN, DIGOXIN = medicine("Marevan", "B01AA03"), medicine("Digoxin", "C01AA05")


def ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"medicine-{next(numbers)}"


def report(*lines: MedicationLine, document: str = "letter", **changes: object) -> MedicationList:
    """What a document says, under ids of its own."""
    own = tuple(replace(line, id=f"{document}-{line.id}") for line in lines)
    fields: dict[str, object] = {"origin": ListOrigin.DOCUMENT, "documents": (document,)}
    return stated(AFTER, *own, **(fields | changes))


def copied(source: MedicationList, *more: MedicationLine, **changes: object) -> MedicationList:
    """What the ward writes, having begun with a document."""
    lines = (replace(line, id=f"copy-{line.id}", copied_from=line.id) for line in source.lines)
    fields: dict[str, object] = {"replaces": source.id, "received_at": AT + timedelta(hours=1)}
    return stated(AFTER, *lines, *more, **(fields | changes))


def record() -> MedicationReconciliation:
    return MedicationReconciliation(stay_id=StayId("stay"), patient_id=PatientId("patient"))


def decided(known: MedicationReconciliation) -> MedicationReconciliation:
    """The practice agrees to all of it."""
    every = [
        Decision(line_id=each, verdict=Verdict.AGREE, by=GP, organization=PRACTICE, at=AT, shown=line.fingerprint)
        for each, line in known.lines.items()
    ]
    return known.decided(every)


def by_name(known: MedicationReconciliation) -> dict[str | None, LineId]:
    return {line.instruction_line.name: each for each, line in known.lines.items()}


def agreed(
    source: MedicationList, new_id: Callable[[], str], *more: MedicationLine, **changes: object
) -> MedicationReconciliation:
    """A document came, the ward wrote on its list, and the practice agreed to all of it."""
    return decided(record().with_documents([source], new_id).with_list(copied(source, *more, **changes), new_id))


def test_copy_of_a_document_that_is_withdrawn_is_open_again_and_says_why() -> None:
    new_id, letter = ids(), report(MAREVAN, DIGOXIN)
    before = agreed(letter, new_id, medicine("Pinex", "N02BE01"))
    assert before.unresolved == ()

    after = before.with_documents([], new_id, ["letter"])

    names = by_name(after)
    assert set(after.unresolved) == {names["Marevan"], names["Digoxin"]}
    for each in after.unresolved:
        assert (after.lines[each].change, after.lines[each].doubt) == (Change.UNCLEAR, Doubt.SOURCE_WITHDRAWN)
    assert after.state_of(names["Pinex"]) is LineState.DECIDED
    assert after.with_documents([], new_id, ["letter"]) is after
    assert decided(after).unresolved == (), "who has looked at it may say that it holds"


def test_copy_of_a_document_that_a_newer_version_replaced_stays_agreed() -> None:
    new_id, letter = ids(), report(MAREVAN)
    before = agreed(letter, new_id)

    after = before.with_documents([report(MAREVAN, document="second")], new_id)

    assert after.unresolved == ()
    assert after.withdrawn == frozenset()


def test_copy_that_another_document_says_as_well_stays_agreed() -> None:
    new_id = ids()
    both = report(MAREVAN, DIGOXIN, documents=("letter", "of-somebody-else"))
    before = agreed(both, new_id)

    after = before.with_documents([report(MAREVAN)], new_id, ["of-somebody-else"])

    found = {line.instruction_line.name: line.doubt for line in after.lines.values()}
    assert found["Digoxin"] is Doubt.SOURCE_WITHDRAWN
    assert found["Marevan"] is not Doubt.SOURCE_WITHDRAWN


def test_document_that_holds_after_all_ends_the_doubt() -> None:
    new_id, letter = ids(), report(MAREVAN)
    before = agreed(letter, new_id)

    again = before.with_documents([], new_id, ["letter"]).with_documents([letter], new_id)

    assert again.unresolved == ()
    assert again.withdrawn == frozenset()


def test_words_that_were_carried_over_from_a_withdrawn_document_are_open_again() -> None:
    new_id = ids()
    letter = report(MAREVAN, text="Digoxin fra mandag", says_more=True)
    before = agreed(letter, new_id, text=letter.text, says_more=True)
    assert before.unresolved == ()

    after = before.with_documents([], new_id, ["letter"])

    assert [line.doubt for line in after.lines.values()] == [Doubt.SOURCE_WITHDRAWN] * 2


def test_new_version_that_says_the_same_brings_nothing_back_that_was_altered_by_hand() -> None:
    new_id, letter = ids(), report(MAREVAN, DIGOXIN)
    stopped = replace(DIGOXIN, id="stopped", status=LineStatus.STOPPED, dosage=())
    written = stated(AFTER, replace(MAREVAN, id="goes-on"), stopped, replaces=letter.id)
    before = decided(record().with_documents([letter], new_id).with_list(written, new_id))

    same = before.with_documents([report(DIGOXIN, MAREVAN, document="second")], new_id)
    other = before.with_documents([report(replace(MAREVAN, dosage=(dose("2"),)), DIGOXIN, document="third")], new_id)

    assert same.unresolved == ()
    assert [each.id for each in same.table.standing(AFTER)] == [written.id]
    assert set(other.unresolved) == set(before.lines)


@pytest.mark.parametrize(
    "other",
    [
        replace(report(MAREVAN), column=Column.BEFORE),
        report(saying=Saying.NONE_KNOWN),
        report(MAREVAN, text="Digoxin fra mandag", says_more=True),
        stated(AFTER, MAREVAN),
    ],
)
def test_what_says_anything_else_is_news(other: MedicationList) -> None:
    letter = report(MAREVAN)
    rewritten = copied(letter)

    assert retold([letter, rewritten, other]) == {letter.id}
    assert retold([letter, other]) == frozenset()


def test_new_version_holds_where_all_that_was_written_is_taken_away_again() -> None:
    letter, newer = report(MAREVAN), report(MAREVAN, document="second")
    written = copied(letter)
    emptied = stated(AFTER, saying=Saying.NOT_REPORTED, replaces=written.id)

    assert retold([letter, written, newer]) == {letter.id, newer.id}
    assert retold([letter, written, emptied, newer]) == frozenset()


def test_place_writes_on_its_own_list_and_not_on_one_beside_it() -> None:
    letter, newer = report(MAREVAN), report(DIGOXIN, document="second")
    own, lists = copied(letter), [letter, copied(letter), newer]
    silent = replace(own, saying=Saying.NOT_REPORTED, lines=())
    sent = replace(own, origin=ListOrigin.SYSTEM)
    theirs = stated(NOW, MAREVAN, source=PRACTICE)
    on_newer = stated(AFTER, replaces=newer.id)

    assert not passes_over(stated(AFTER), lists, own), "a list that replaces none"
    assert not passes_over(stated(AFTER, replaces=own.id), [*lists, own], own)
    assert passes_over(on_newer, lists, own)
    assert not passes_over(on_newer, lists, None)
    assert not passes_over(on_newer, lists, silent)
    assert not passes_over(on_newer, lists, sent)
    assert passes_over(stated(AFTER, replaces="nobody's"), lists, None)
    assert passes_over(stated(NOW, replaces=newer.id), lists, None)
    assert passes_over(stated(NOW, replaces=theirs.id), [theirs], None)
    assert not passes_over(stated(NOW, replaces=theirs.id, source=PRACTICE), [theirs], None)


def test_own_list_comes_before_ones_own_later_words() -> None:
    listed = stated(AFTER, MAREVAN)
    words = stated(AFTER, saying=Saying.NOT_KNOWN, text="Se brevet", received_at=AT + timedelta(hours=1))
    known = record().with_list(listed, ids())

    assert known.with_list(words, ids()).table.own(AFTER, HOSPITAL, ListOrigin.HAND) == listed
    assert record().with_list(words, ids()).table.own(AFTER, HOSPITAL, ListOrigin.HAND) == words
    assert known.table.own(AFTER, PRACTICE, ListOrigin.HAND) is None
