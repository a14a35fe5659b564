"""Remarks on lines: they are kept for ever, and a line is as far as it was."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.errors import MedicationError
from discharge.medication.record import (
    LONGEST_COMMENT,
    Comment,
    LineId,
    LineState,
    MedicationReconciliation,
    Verdict,
)
from discharge.policy import Role
from tests.discharge.medication.lines import AT, DOCTOR, HOSPITAL, dose, medicine, stated
from tests.discharge.medication.test_record import AFTER, HOUR, agreed, decision, new_id, states, two_lines


def remark(
    line: LineId, text: str = "Frarådes med warfarin", *, role: Role = Role.PHARMACIST, hours: int = 2
) -> Comment:
    return Comment(line_id=line, text=text, by=DOCTOR, role=role, organization=HOSPITAL, at=AT + hours * HOUR)


def kept(made: MedicationReconciliation, *comments: Comment) -> MedicationReconciliation:
    for each in comments:
        made = replace(made.commented(each), version=made.version + 1)
    return made


def test_a_remark_changes_nothing_of_how_far_a_line_has_come() -> None:
    made = two_lines()
    goes_on, new = made.lines
    before = made.decided([decision(made, goes_on, Verdict.AGREE), decision(made, new, Verdict.ASK, "Hvor længe?")])

    after = before.commented(remark(goes_on)).commented(remark(new))

    assert states(after) == states(before) == [LineState.DECIDED, LineState.ASKED]
    assert (after.unresolved, after.changed_since_signed) == (before.unresolved, before.changed_since_signed)
    assert after.decision_on(new) == before.decision_on(new)


def test_remarks_stand_in_the_order_in_which_they_were_made_whatever_the_clocks_said() -> None:
    made = two_lines()
    goes_on, new = made.lines

    after = kept(made, remark(goes_on, "først", hours=5), remark(new, "et andet"), remark(goes_on, "så", hours=1))

    assert [each.text for each in after.comments_on(goes_on)] == ["først", "så"]
    assert [each.version for each in after.comments] == [1, 2, 3]


def test_a_remark_stays_when_a_list_says_something_else_of_its_line() -> None:
    made = agreed(two_lines())
    goes_on, _ = made.lines
    made = made.commented(remark(goes_on))

    later = made.with_list(stated(AFTER, medicine(dosage=(dose("2"),)), received_at=AT + timedelta(days=1)), new_id)

    assert later.state_of(goes_on) is LineState.OPEN
    assert [each.text for each in later.comments_on(goes_on)] == ["Frarådes med warfarin"]


def test_a_line_that_somebody_remarked_on_is_accepted_by_itself() -> None:
    made = two_lines()
    goes_on, _ = made.lines

    assert made.rest == (goes_on,)
    assert made.commented(remark(goes_on)).rest == ()


def test_a_remark_that_is_sent_twice_is_one() -> None:
    made = two_lines()
    goes_on, new = made.lines
    said = made.commented(remark(goes_on))

    assert said.commented(remark(goes_on)) is said
    assert len(said.commented(remark(new)).commented(remark(goes_on, "andet")).comments) == 3


def test_a_remark_is_about_a_line_of_the_stay() -> None:
    with pytest.raises(MedicationError) as refused:
        two_lines().commented(remark(LineId("nobody's")))

    assert refused.value.element == "line"


@given(over=st.integers(min_value=1, max_value=200))
def test_a_remark_has_at_most_two_thousand_characters(over: int) -> None:
    made = two_lines()
    line = next(iter(made.lines))

    assert made.commented(remark(line, "æ" * LONGEST_COMMENT)).comments_on(line)
    with pytest.raises(MedicationError) as refused:
        made.commented(remark(line, "æ" * (LONGEST_COMMENT + over)))
    assert refused.value.element == "comment"
