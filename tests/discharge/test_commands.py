from dataclasses import FrozenInstanceError

import pytest

from discharge.commands import RevisePlan
from discharge.plan import DischargePlan, PlanRevision
from tests.factories import CPR, envelope, new_id, notice, receive, revise


def test_a_command_shows_neither_a_cpr_number_nor_a_body() -> None:
    shown = repr(receive(notice(), sent=envelope(body=CPR.digits.encode())))

    assert CPR.digits not in shown
    assert CPR.digits[6:] not in shown.replace(CPR.digits[:6], "")


def test_a_command_is_frozen() -> None:
    command = receive()

    with pytest.raises(FrozenInstanceError):
        command.warnings = ()  # type: ignore[misc] # what must fail


def test_a_plan_command_that_says_nothing_changes_nothing() -> None:
    command = revise(new_id())  # type: ignore[arg-type] # any id will do

    assert isinstance(command, RevisePlan)
    assert command.revision == PlanRevision()
    assert DischargePlan().revised(command.revision) == DischargePlan()
