"""The part of the report on interoperability that is about discharge reports: what is read, and what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from discharge.documents.report import DischargeReport, DocumentId
from fhir_mappings.discharge_report.report import read_report
from fhir_mappings.errors import MappingError, ReportError
from fhir_mappings.json_text import parse_object

__all__ = ["REPORTS", "report_rows"]

REPORTS: Final = Path(__file__).parents[2] / "shared" / "eu-discharge-report" / "examples"


def report_rows(files: Iterable[Path]) -> Iterator[tuple[str, ...]]:
    """A row for each file."""
    for file in sorted(files, key=lambda each: each.name):
        yield f"`{file.name}`", *_done(file.read_bytes())


def _done(body: bytes) -> tuple[str, str, str, str]:
    try:
        read = read_report(parse_object(body, expected="Bundle"), DocumentId("example"))
    except ReportError as refused:
        return "document", "refused", _rules((each.severity, each.rule) for each in refused.issues), "-"
    except MappingError as refused:
        return "no Bundle", "answer 4xx", _rules((each.severity, each.rule) for each in refused.issues), "-"
    warned = ((each.severity, each.rule) for each in read.findings if each.severity == "warning")
    return _is(read.report), "filed", _rules(warned), ", ".join(read.report.gaps) or "nothing"


def _is(report: DischargeReport) -> str:
    lines = sum(len(each.lines) for each in report.medicine)
    sections = len(report.all_sections)
    return f"type {report.type_code}, sections: {sections}, lines of medicine: {lines}, files: {len(report.files)}"


def _rules(found: Iterable[tuple[str, str]]) -> str:
    return ", ".join(dict.fromkeys(f"{severity} `{rule}`" for severity, rule in found)) or "none"
