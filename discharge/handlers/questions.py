"""What the practice asks about the medicine outlives an end that was taken back."""

from __future__ import annotations

from discharge.agreement import Trigger
from discharge.context import MedicineFacts
from discharge.handlers import duties
from discharge.medication.record import MedicationWork
from discharge.patient import Patient
from discharge.ports import UnitOfWork
from discharge.stay import Stay

__all__ = ["owe_answers"]


async def owe_answers(uow: UnitOfWork, stay: Stay, patient: Patient) -> Stay:
    """The patient has left once more: questions that nobody answered meanwhile are asked as if they were put now."""
    record = await uow.medications.of_stay(stay)
    asked = frozenset(record.asked)
    askers = [each.organization for each in record.decisions if each.line_id in asked]
    if not askers:
        return stay
    medicine = MedicineFacts(
        work=MedicationWork.ASKED,
        unresolved=len(record.unresolved),
        asked=len(asked),
        asker=askers[-1],
        place=askers[-1],
    )
    return await duties.plan_tasks(uow, stay, patient, Trigger.MEDICATION_REVISED, news=duties.News(medicine=medicine))
