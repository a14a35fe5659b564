"""What people decide of lines, and what a new list leaves of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given

from discharge.errors import MedicationError, ReasonRequiredError
from discharge.identifiers import PatientId, StayId
from discharge.medication.lists import Column, MedicationList
from discharge.medication.reconciling import Doubt
from discharge.medication.record import (
    Answer,
    Decision,
    LineId,
    LineState,
    MedicationReconciliation,
    Opened,
    SignOff,
    Verdict,
)
from tests.discharge.medication.lines import AT, DOCTOR, GP, HOSPITAL, PRACTICE, dose, medicine, stated, tables

BEFORE, AFTER, NOW = Column.BEFORE, Column.AT_DISCHARGE, Column.NOW
HOUR = timedelta(hours=1)
ORDER = frozenset({("urn:order", "1")})


_ids = itertools.count(1)


def new_id() -> str:
    return f"medicine-{next(_ids)}"


def record(*lists: MedicationList) -> MedicationReconciliation:
    made = MedicationReconciliation(stay_id=StayId("stay"), patient_id=PatientId("patient"))
    for each in lists:
        made = made.with_list(each, new_id)
    return made


def decision(
    made: MedicationReconciliation, line: LineId, verdict: Verdict, reason: str | None = None, *, hours: int = 1
) -> Decision:
    return Decision(
        line_id=line,
        verdict=verdict,
        by=GP,
        organization=PRACTICE,
        at=AT + hours * HOUR,
        shown=made.lines[line].fingerprint,
        reason=reason,
    )


def agreed(made: MedicationReconciliation) -> MedicationReconciliation:
    return made.decided([decision(made, line, Verdict.AGREE) for line in made.lines])


def states(made: MedicationReconciliation) -> Sequence[LineState]:
    return [made.state_of(line) for line in made.lines]


def two_lines() -> MedicationReconciliation:
    """One that goes on, and one that is new."""
    goes_on, new = medicine(), medicine("Pinex", "N02BE01")
    return record(stated(BEFORE, goes_on), stated(AFTER, replace(goes_on, id="again"), new))


def test_a_line_keeps_its_id_from_list_to_list() -> None:
    made = two_lines()
    ids = list(made.lines)

    later = made.with_list(
        stated(AFTER, medicine("Ramipril", "C09AA05"), medicine(dosage=(dose("2"),)), received_at=AT + HOUR), new_id
    )

    assert len(set(ids)) == 2
    assert next(iter(later.lines)) == ids[0]
    assert len(later.named) == 3


def test_a_line_that_no_list_mentions_any_more_keeps_its_name_for_later() -> None:
    made = record(stated(AFTER, medicine()))
    (line,) = made.lines
    gone = made.with_list(stated(AFTER, received_at=AT + HOUR), new_id)

    back = gone.with_list(stated(AFTER, medicine(), received_at=AT + 2 * HOUR), new_id)

    assert not gone.lines
    assert list(back.lines) == [line]


def test_all_lines_decided_leave_nothing_unresolved() -> None:
    made = two_lines()

    assert made.unresolved == tuple(made.lines)
    assert agreed(made).unresolved == ()
    assert states(agreed(made)) == [LineState.DECIDED] * 2


def test_the_rest_is_what_goes_on_as_it_was() -> None:
    made = two_lines()
    goes_on, new = made.lines

    assert made.rest == (goes_on,)
    assert made.changes == (new,)
    assert agreed(made).rest == ()


def test_a_question_waits_for_its_answer_and_then_for_the_practice() -> None:
    made = two_lines()
    _, new = made.lines
    asked = made.decided([decision(made, new, Verdict.ASK, "Hvorfor?")])

    answered = asked.answered(Answer(line_id=new, text="Smerter", by=DOCTOR, organization=HOSPITAL, at=AT + 2 * HOUR))
    decided = answered.decided([decision(made, new, Verdict.AGREE, hours=3)])

    assert asked.state_of(new) is LineState.ASKED
    assert answered.state_of(new) is LineState.ANSWERED
    assert decided.state_of(new) is LineState.DECIDED
    assert new in asked.unresolved
    assert new in answered.unresolved


def test_an_answer_needs_a_question() -> None:
    made = two_lines()
    assert made.asked == ()
    answer = Answer(line_id=next(iter(made.lines)), text="Ja", by=DOCTOR, organization=HOSPITAL, at=AT)

    with pytest.raises(MedicationError):
        made.answered(answer)
    with pytest.raises(MedicationError):
        made.answered(replace(answer, line_id=LineId("nobody's")))


def test_what_stands_already_is_not_decided_again() -> None:
    made = two_lines()
    goes_on, new = made.lines
    agreed_to, asked = decision(made, goes_on, Verdict.AGREE), decision(made, new, Verdict.ASK, "Hvorfor?")
    once = made.decided([agreed_to, asked])

    assert once.decided([replace(agreed_to, at=AT + 5 * HOUR), asked]) is once
    for other in (
        replace(agreed_to, by=DOCTOR),
        replace(asked, reason="Hvor længe?"),
        replace(asked, verdict=Verdict.CHANGE),
    ):
        assert len(once.decided([other]).decisions) == 3
    answered = once.answered(Answer(line_id=new, text="Smerter", by=DOCTOR, organization=HOSPITAL, at=AT + 2 * HOUR))
    assert replace(answered, version=2).decided([asked]).state_of(new) is LineState.ASKED


def test_decisions_are_taken_all_or_none() -> None:
    made = two_lines()
    goes_on, new = made.lines
    fine = decision(made, goes_on, Verdict.AGREE)

    with pytest.raises(MedicationError, match="twice"):
        made.decided([fine, fine])
    with pytest.raises(MedicationError, match="no line"):
        made.decided([fine, replace(fine, line_id=LineId("nobody's"))])
    for verdict in (Verdict.CHANGE, Verdict.ASK):
        with pytest.raises(ReasonRequiredError):
            made.decided([fine, decision(made, new, verdict, "  ")])


def test_a_later_list_opens_only_the_lines_that_it_changes() -> None:
    made = agreed(two_lines())
    goes_on, new = made.lines

    later = made.with_list(
        stated(AFTER, medicine(), medicine("Pinex", "N02BE01", dosage=(dose("3"),)), received_at=AT + HOUR), new_id
    )

    assert later.state_of(goes_on) is LineState.DECIDED
    assert later.state_of(new) is LineState.OPEN


def test_a_line_that_a_nurse_opens_must_be_decided_again() -> None:
    made = agreed(two_lines())
    line = next(iter(made.lines))
    opening = Opened(line_id=line, by=GP, organization=PRACTICE, at=AT + 2 * HOUR, note="Tager den ikke")

    opened = made.opened(opening)

    assert opened.unresolved == (line,)
    assert line not in opened.rest, "whoever opened it wants it to be looked at"
    assert opened.decided([decision(opened, line, Verdict.AGREE, hours=3)]).unresolved == ()
    with pytest.raises(MedicationError):
        made.opened(replace(opening, line_id=LineId("nobody's")))


def test_what_changed_since_the_doctor_signed() -> None:
    made = two_lines()
    signed = made.signed(SignOff(by=DOCTOR, at=AT, shown={each: line.fingerprint for each, line in made.lines.items()}))
    goes_on, new = made.lines

    later = signed.with_list(stated(AFTER, medicine(), received_at=AT + HOUR), new_id)

    assert made.changed_since_signed == tuple(made.lines)
    assert (made.signed_off, signed.changed_since_signed) == (None, ())
    assert goes_on not in later.changed_since_signed
    assert list(later.lines) == [goes_on, new]
    assert later.lines[new].doubt is Doubt.NO_LONGER_LISTED
    assert later.is_signed_old


def test_a_guess_is_confirmed_or_taken_apart_by_a_person() -> None:
    one, other = medicine(strength=None), medicine()
    made = record(stated(BEFORE, one), stated(AFTER, other))
    pair = frozenset({one.mark, other.mark})
    (guess,) = made.lines

    confirmed = made.confirmed(pair, new_id)
    apart = confirmed.separated(pair, new_id)
    again = apart.confirmed(pair, new_id)

    assert made.lines[guess].is_guess
    assert not confirmed.lines[guess].is_guess
    assert len(apart.lines) == 2
    assert len(again.lines) == 1


def test_two_lines_that_grow_together_have_one_name() -> None:
    made = record(stated(BEFORE, medicine("Pinex", None)), stated(AFTER, medicine("Panodil", None, orders=ORDER)))
    assert len(made.lines) == 2

    later = made.with_list(stated(BEFORE, medicine("Pinex", None, orders=ORDER), received_at=AT + HOUR), new_id)

    assert len(later.lines) == 1


@given(tables())
def test_every_line_of_the_table_has_an_id_of_its_own(stated_lists: list[MedicationList]) -> None:
    made = record(*stated_lists)

    assert list(made.lines.values()) == list(made.table.lines)
    assert set(made.unresolved) == set(made.lines)
    assert agreed(made).unresolved == ()
