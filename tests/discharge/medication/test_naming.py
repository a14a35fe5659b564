"""A line keeps its id whatever the next list calls it, and is not forgotten when no list has it any more."""

from __future__ import annotations

import itertools
from datetime import timedelta

from discharge.identifiers import PatientId, StayId
from discharge.medication.lines import LineStatus, MedicationLine
from discharge.medication.lists import Column, ListOrigin, MedicationList, Saying
from discharge.medication.reconciling import Doubt
from discharge.medication.record import Decision, LineId, LineState, MedicationReconciliation, SignOff, Verdict
from tests.discharge.medication.lines import AT, DOCTOR, GP, PRACTICE, dose, medicine, stated

BEFORE, AFTER = Column.BEFORE, Column.AT_DISCHARGE
LATER = AT + timedelta(hours=1)
MORNING, EVENING = medicine(dosage_text="morgen"), medicine(dosage_text="aften")
PINEX = ("Pinex", "N02BE01")


def record(*lists: MedicationList) -> MedicationReconciliation:
    made = MedicationReconciliation(stay_id=StayId("stay"), patient_id=PatientId("patient"))
    for each in lists:
        made = add(made, each)
    return made


def add(made: MedicationReconciliation, each: MedicationList) -> MedicationReconciliation:
    numbers = itertools.count(len(made.named))
    return made.with_list(each, lambda: f"id-{next(numbers)}")


def later(*lines: MedicationLine, **changes: object) -> MedicationList:
    """The hospital's next list."""
    return stated(AFTER, *lines, **({"received_at": LATER} | changes))


def agreed(made: MedicationReconciliation) -> MedicationReconciliation:
    return made.decided([decision(made, each) for each in made.lines])


def decision(made: MedicationReconciliation, line: LineId) -> Decision:
    shown = made.lines[line].fingerprint
    return Decision(line_id=line, verdict=Verdict.AGREE, by=GP, organization=PRACTICE, at=LATER, shown=shown)


def signed(made: MedicationReconciliation) -> MedicationReconciliation:
    return made.signed(SignOff(by=DOCTOR, at=AT, shown={each: line.fingerprint for each, line in made.lines.items()}))


def again(line: MedicationLine) -> MedicationLine:
    """The same under another id, as the next list has it."""
    return medicine(dosage_text=line.dosage_text)


def test_two_alike_that_change_places_keep_their_own_ids() -> None:
    made = agreed(record(stated(AFTER, MORNING, EVENING)))

    swapped = add(made, later(again(EVENING), again(MORNING)))

    assert swapped.unresolved == ()
    assert {each: line.instruction_line.instruction for each, line in swapped.lines.items()} == {
        each: line.instruction_line.instruction for each, line in made.lines.items()
    }


def test_what_was_decided_and_is_on_no_list_any_more_has_to_be_looked_at() -> None:
    made = agreed(record(stated(AFTER, medicine(), medicine(*PINEX))))
    goes_on, gone = made.lines

    dropped = add(made, later(medicine()))

    assert (dropped.lines[gone].doubt, dropped.unresolved) == (Doubt.NO_LONGER_LISTED, (gone,))
    assert dropped.lines[gone].instruction_line.name == "Pinex"
    assert not dropped.is_over(gone)
    closed = dropped.decided([decision(dropped, gone)])
    assert closed.unresolved == ()
    assert closed.is_over(gone)
    assert not closed.is_over(goes_on)
    back = add(closed, later(medicine(), medicine(*PINEX), received_at=LATER + timedelta(hours=1)))
    assert back.state_of(gone) is LineState.OPEN, "what was agreed to is that it is over"


def test_the_doctor_who_signs_that_it_is_gone_closes_what_nobody_has_decided() -> None:
    made = signed(record(stated(AFTER, medicine(), medicine(*PINEX))))
    _, gone = made.lines

    dropped = add(made, later(medicine()))

    assert dropped.changed_since_signed == (gone,)
    assert dropped.is_signed_old
    assert gone not in signed(dropped).lines
    assert not signed(dropped).is_signed_old


def test_a_withdrawn_document_leaves_a_question_for_each_line_that_was_relied_on() -> None:
    report = stated(AFTER, medicine(), origin=ListOrigin.DOCUMENT)
    made = agreed(record(report))

    withdrawn = made.with_documents([], lambda: "unused")

    (line,) = withdrawn.unresolved
    assert withdrawn.lines[line].doubt is Doubt.NO_LONGER_LISTED


def test_what_nobody_relied_on_or_was_stopped_goes_quietly() -> None:
    stopped = medicine(*PINEX, status=LineStatus.STOPPED)

    assert len(add(record(stated(AFTER, medicine(), medicine(*PINEX))), later(medicine())).lines) == 1
    assert len(add(agreed(record(stated(AFTER, medicine(), stopped))), later(medicine())).lines) == 1


def test_what_became_another_line_is_not_missed() -> None:
    made = agreed(record(stated(AFTER, medicine())))
    nameless = agreed(record(stated(AFTER, medicine("Hjemmelavet", None))))

    assert len(add(made, later(medicine(strength="100 mg"))).lines) == 1
    assert len(add(nameless, later(medicine("hjemmelavet 3", None, strength=None))).lines) == 1


def test_words_that_were_written_down_are_not_missed_and_words_that_are_withdrawn_are() -> None:
    words = stated(AFTER, saying=Saying.NOT_KNOWN, text="Pinex", origin=ListOrigin.DOCUMENT)
    made = agreed(record(words))

    assert len(add(made, later(medicine(*PINEX), replaces=words.id)).lines) == 1
    (gone,) = made.with_documents([], lambda: "unused").lines.values()
    assert gone.doubt is Doubt.NO_LONGER_LISTED


def test_what_is_kept_of_a_line_that_no_list_of_ours_has_is_nothing() -> None:
    made = agreed(record(stated(AFTER, medicine())))
    older = MedicationReconciliation(
        stay_id=made.stay_id,
        patient_id=made.patient_id,
        decisions=made.decisions,
        named=made.named,
    )

    assert older.lines == {}


def test_nobody_who_agrees_with_lists_that_disagree_has_said_how_it_is_taken() -> None:
    lists = stated(AFTER, medicine()), stated(AFTER, medicine(dosage=(dose("2"),)), origin=ListOrigin.SYSTEM)
    made = record(*lists)
    (line,) = made.lines

    assert made.is_doubtful(line)
    assert agreed(made).is_doubtful(line)
    changed = Decision(
        line_id=line,
        verdict=Verdict.CHANGE,
        by=GP,
        organization=PRACTICE,
        at=AT,
        shown=made.lines[line].fingerprint,
        reason="1 daglig",
    )
    assert not made.decided([changed]).is_doubtful(line)
    sure = record(stated(BEFORE, medicine()), stated(AFTER, medicine()))
    assert not sure.is_doubtful(next(iter(sure.lines)))
