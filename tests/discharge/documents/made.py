"""Reports of the tests, as the domain has them."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from discharge.documents.commands import DocumentSubject, FileReport
from discharge.documents.report import (
    DischargeReport,
    DocumentId,
    DocumentStatus,
    EncounterFacts,
    FiledReport,
    Relation,
    RelationCode,
    ReportedMedicine,
    Section,
    SectionKind,
)
from discharge.identifiers import StayId
from discharge.medication.lines import MedicationLine
from discharge.medication.lists import Column, Saying
from discharge.policy import Caller
from tests.factories import HOSPITAL, NOW

_NUMBERS = itertools.count(1)
STAY = StayId("00000000-0000-7000-8000-0000000000aa")
DOCUMENT = ("urn:document", "1")


def later(hours: int) -> datetime:
    """So many hours after ``NOW``."""
    return NOW + timedelta(hours=hours)


def section(*lines: str, code: str | None = "8648-8", title: str = "Forløb", **changes: Any) -> Section:
    """A section with that text."""
    made = Section(place="Bundle.entry[0].resource.section[0]", kind=SectionKind.COURSE, code=code, title=title)
    return replace(made, lines=lines, **changes)


def report(**changes: Any) -> DischargeReport:
    """A final report under numbers of its own."""
    number = f"{next(_NUMBERS):012x}"
    made = DischargeReport(
        id=DocumentId(f"00000000-0000-7000-8000-{number}"),
        bundle_key=("urn:version", number),
        composition_key=None,
        digest=number,
        version=None,
        status=DocumentStatus.FINAL,
        type_code="34105-7",
        type_name=None,
        dated=NOW.isoformat(),
        dated_at=NOW,
        assembled_at=NOW,
        title="Udskrivningsrapport",
        language="da",
        encounter=EncounterFacts(status="finished"),
        sections=(section("Indlagt med fald"),),
    )
    return replace(made, **changes)


def version(hours: int, **changes: Any) -> DischargeReport:
    """A version of the one document, dated so many hours later."""
    return report(**{"composition_key": DOCUMENT, "dated_at": later(hours), **changes})


def naming(code: RelationCode, target: DischargeReport, **changes: Any) -> DischargeReport:
    """A report that says what it is to ``target``."""
    return report(relations=(Relation(code, target.bundle_key),), **changes)


def listing(*lines: MedicationLine, saying: Saying = Saying.LISTED, **changes: Any) -> tuple[ReportedMedicine, ...]:
    """What a report says of the medicine at discharge."""
    made = ReportedMedicine(column=Column.AT_DISCHARGE, saying=saying, lines=lines)
    return (replace(made, **changes),)


def filed(*reports: DischargeReport) -> list[FiledReport]:
    """The reports as they came, one after another."""
    return [
        FiledReport(report=each, stay_id=STAY, position=position, received_at=later(position), sender=HOSPITAL)
        for position, each in enumerate(reports)
    ]


def a_report(who: Caller, stay_id: StayId, **changes: Any) -> FileReport:
    """A person puts a report to a stay."""
    subject = DocumentSubject(number=None, patient_at="Patient", encounter_at="Encounter")
    return FileReport(caller=who, report=report(**changes), subject=subject, stay_id=stay_id, body=b"Hemmelix")
