"""What tests of reports share: reading one, and what was found in it."""

from typing import Any

import pytest

from discharge.documents.report import DocumentId, ReportedMedicine
from discharge.medication.lists import Column
from fhir_mappings.discharge_report.report import ReportRead, read_report
from fhir_mappings.errors import ReportError
from tests.reports import Json

__all__ = ["NUMBER", "found_in", "medicine_of", "read", "refusals"]

NUMBER = DocumentId("0d0c0000-0000-7000-8000-000000000001")


def read(bundle: Json) -> ReportRead:
    """The report in ``bundle``."""
    return read_report(bundle, NUMBER)


def found_in(bundle: Json, severity: str = "warning") -> dict[str, Any]:
    """The rules of the findings, each with where it was found first."""
    found = [each for each in read(bundle).findings if each.severity == severity]
    return {each.rule: each.expression for each in reversed(found)}


def refusals(bundle: Json) -> dict[str, Any]:
    """Why it is refused: the rules with where they are broken."""
    with pytest.raises(ReportError) as refused:
        read(bundle)
    return {each.rule: each.expression for each in reversed(refused.value.issues)}


def medicine_of(bundle: Json, column: Column) -> ReportedMedicine:
    """What it says of the medicine of one column."""
    return next(each for each in read(bundle).report.medicine if each.column is column)
