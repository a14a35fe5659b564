"""What tests of documents share: a citizen who has gone home, and reports about that stay."""

from __future__ import annotations

from typing import Any

from discharge.documents.commands import DocumentSubject, FileReport
from discharge.documents.report import DischargeReport, Suggestion
from discharge.handlers import Filing, file_report, receive_notice
from discharge.medication.lists import Column
from discharge.policy import Caller
from tests.discharge.handlers.steps import EPISODE, SLHJ, STIN, house
from tests.factories import CPR, HOSPITAL, receive, record_system
from tests.fakes import FakeStore

ABOUT = DocumentSubject(
    number=CPR, patient_at="Patient", encounter_at="Encounter", episodes=(EPISODE,), providers=(HOSPITAL,)
)
HOME = Suggestion(element="destination", value="home", words="Home", place="x")
MEALS = Suggestion(element="need", value="meals", words="Madservice", place="x")
WORDS = Suggestion(element="functional-level", value=None, words="Går med rollator", place="x")


async def gone_home() -> FakeStore:
    """A citizen has gone home."""
    made = house()
    for each in (STIN, SLHJ):
        await made.run(receive_notice, receive(each))
    return made


async def file(
    store: FakeStore, made: DischargeReport, who: Caller | None = None, subject: DocumentSubject = ABOUT, **more: Any
) -> Filing:
    """A report comes in, from the hospital's record system unless somebody else sends it."""
    command = FileReport(caller=who or record_system(), report=made, subject=subject, body=b"{}", **more)
    return await store.run(file_report, command)


def names_at_discharge(store: FakeStore) -> list[str | None]:
    """The lines that the patient goes home with."""
    (record,) = store.state.medications.values()
    told = record.table.told(Column.AT_DISCHARGE)
    return [] if told is None else [line.name for line in told.lines]
