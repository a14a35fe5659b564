"""What people do with the medicine of the one stay, in tests of handlers."""

from __future__ import annotations

from typing import Any

from discharge.commands import DecideLines, LineDecision, StateMedication
from discharge.events import MedicationRevised
from discharge.handlers import decide_lines, state_medication
from discharge.medication.lists import Column
from discharge.medication.record import LineId, MedicationReconciliation, MedicationWork, Verdict
from discharge.policy import Caller, Role
from discharge.task import HandoverTask
from tests.discharge.medication.lines import medicine, stated
from tests.factories import HOSPITAL, WARD, caller, gp
from tests.fakes import FakeStore

__all__ = [
    "AFTER", "BEFORE", "DOCTOR", "NOW_TAKEN", "decide", "kept", "reconciliation", "state", "two_lists", "works",
]  # fmt: skip

DOCTOR = caller(Role.DOCTOR, HOSPITAL, unit=WARD)
BEFORE, AFTER, NOW_TAKEN = Column.BEFORE, Column.AT_DISCHARGE, Column.NOW


async def state(
    store: FakeStore, column: Column, *lines: Any, who: Caller = DOCTOR, **changes: object
) -> MedicationReconciliation:
    """``who`` states a list."""
    made = stated(column, *lines, received_at=store.now, **changes)
    return await store.run(state_medication, StateMedication(caller=who, stay_id=store.stay().id, stated=made))


async def two_lists(store: FakeStore) -> MedicationReconciliation:
    """One medicine goes on, one is new."""
    await state(store, BEFORE, medicine())
    return await state(store, AFTER, medicine(), medicine("Pinex", "N02BE01"))


def reconciliation(store: FakeStore) -> HandoverTask:
    return store.task("R21")


async def decide(
    store: FakeStore, *decisions: tuple[LineId, Verdict, str | None], who: Caller | None = None, **changes: Any
) -> HandoverTask:
    command = DecideLines(
        caller=who or gp(),
        task_id=reconciliation(store).id,
        decisions=tuple(LineDecision(line_id=line, verdict=verdict, reason=why) for line, verdict, why in decisions),
        **changes,
    )
    return await store.run(decide_lines, command)


def kept(store: FakeStore) -> MedicationReconciliation:
    (record,) = store.state.medications.values()
    return record


def works(store: FakeStore) -> list[MedicationWork]:
    return [event.work for event in store.events if isinstance(event, MedicationRevised)]
