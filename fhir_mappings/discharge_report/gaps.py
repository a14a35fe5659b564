"""What a report leaves out, by name: where it should stand, and what follows from its not being there.

Source: eu-discharge-report digest 2 to 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from discharge.commands import Issue
from discharge.documents.commands import DocumentSubject
from discharge.documents.report import DischargeReport, Gap, ReportedMedicine, Section, SectionKind
from discharge.medication.lines import MedicationLine
from discharge.medication.lists import Column, Saying
from fhir_mappings.discharge_report.codes import COLUMNS
from fhir_mappings.errors import finding

__all__ = ["gap_findings", "gaps_of"]

_COMPOSITION: Final = "Bundle.entry[0].resource"
_SECTION: Final = f"{_COMPOSITION}.section"
_OF_SUMMARY: Final = frozenset(
    {
        Gap.EPISODE, Gap.MEDICINE_BEFORE, Gap.MEDICINE_LINES, Gap.DOSAGE, Gap.PRODUCT, Gap.ALLERGIES,
        Gap.DOCUMENT_IDENTIFIER, Gap.ATTESTER, Gap.LANGUAGE,
    }
)  # fmt: skip
"""What a patient summary should have: it is about no discharge."""
_WORDS: Final[dict[Gap, tuple[str, str]]] = {
    Gap.EPISODE: ("{encounter}.identifier", "No id of the stay: it was joined by citizen, time and hospital."),
    Gap.DEPARTURE_TIME: ("{encounter}.period.end", "No time of departure: it is taken from the notices."),
    Gap.MEDICINE_BEFORE: (_SECTION, "No section with medicine before the stay (10160-0, 8677-7, 42346-7)."),
    Gap.MEDICINE_AT_DISCHARGE: (_SECTION, "No section with medicine at discharge (75311-1)."),
    Gap.MEDICINE_LINES: (_SECTION, "Medicine in words only: there are no lines to reconcile, a person reads it."),
    Gap.DOSAGE: (_SECTION, "Lines of medicine without dosage: a question to the ward."),
    Gap.PRODUCT: (_SECTION, "Lines of medicine without product and name: a question to the ward."),
    Gap.FUNCTION: (_SECTION, "No section with the functional level (47420-5)."),
    Gap.FUNCTION_VALUES: (_SECTION, "The functional level is in words only: the field of the plan stays as it is."),
    Gap.PLAN: (_SECTION, "No section with the plan of care (18776-5)."),
    Gap.FOLLOW_UP: (_SECTION, "No follow-up as an activity of a care plan."),
    Gap.COURSE: (_SECTION, "No section for the course (8648-8) and none for the whole (18842-5)."),
    Gap.ALLERGIES: (_SECTION, "No section with allergies (48765-2)."),
    Gap.FILES: (_SECTION, "No file beside the text (77599-9)."),
    Gap.DOCUMENT_IDENTIFIER: (
        f"{_COMPOSITION}.identifier",
        "No identifier across versions: a newer version is only known if it names this one (relatesTo).",
    ),
    Gap.ATTESTER: (f"{_COMPOSITION}.attester", "Nobody attests the report."),
    Gap.LANGUAGE: ("Bundle.language", "No language is named."),
}


def gaps_of(report: DischargeReport, subject: DocumentSubject) -> tuple[Gap, ...]:
    """What ``report`` leaves out, in the order of ``Gap``."""
    found = {*_of_header(report, subject), *_of_sections(report), *_of_medicine(report)}
    return tuple(gap for gap in Gap if gap in found and (gap in _OF_SUMMARY or not report.is_summary))


def gap_findings(gaps: tuple[Gap, ...], report: DischargeReport, subject: DocumentSubject) -> Iterator[Issue]:
    """The same as findings: information, each with the place where it would stand."""
    for gap in gaps:
        where, text = _WORDS[gap]
        expression = _place(gap, report) or where.format(encounter=subject.encounter_at)
        yield finding(f"stafet-gap-{gap}", "informational", text, expression=expression, severity="information")


def _of_header(report: DischargeReport, subject: DocumentSubject) -> Iterator[Gap]:
    if not subject.episodes:
        yield Gap.EPISODE
    if subject.ended_at is None:
        yield Gap.DEPARTURE_TIME
    if report.composition_key is None:
        yield Gap.DOCUMENT_IDENTIFIER
    if not report.attesters:
        yield Gap.ATTESTER
    if report.language is None:
        yield Gap.LANGUAGE
    if not report.files:
        yield Gap.FILES
    if not report.follow_ups:
        yield Gap.FOLLOW_UP


def _of_sections(report: DischargeReport) -> Iterator[Gap]:
    kinds = {each.kind for each in report.all_sections}
    for gap, wanted in (
        (Gap.FUNCTION, {SectionKind.FUNCTION}),
        (Gap.PLAN, {SectionKind.PLAN}),
        (Gap.COURSE, {SectionKind.COURSE, SectionKind.SUMMARY}),
        (Gap.ALLERGIES, {SectionKind.ALLERGIES}),
    ):
        if kinds.isdisjoint(wanted):
            yield gap
    function = [each for each in report.all_sections if each.kind is SectionKind.FUNCTION]
    if function and not any(each.statements for each in function):
        yield Gap.FUNCTION_VALUES


def _of_medicine(report: DischargeReport) -> Iterator[Gap]:
    told = {each.column: each for each in report.medicine}
    for gap, column in ((Gap.MEDICINE_BEFORE, Column.BEFORE), (Gap.MEDICINE_AT_DISCHARGE, Column.AT_DISCHARGE)):
        if column not in told:
            yield gap
    lines = [line for each in report.medicine for line in each.lines]
    if any(_is_silent(each) for each in report.medicine):
        yield Gap.MEDICINE_LINES
    yield from (gap for gap in (Gap.DOSAGE, Gap.PRODUCT) if any(_lacks(gap, line) for line in lines))


def _place(gap: Gap, report: DischargeReport) -> str | None:
    """The section that a gap is in; None where there is none."""
    if gap in {Gap.DOSAGE, Gap.PRODUCT}:
        return next(line.section for each in report.medicine for line in each.lines if _lacks(gap, line))
    if gap is Gap.FUNCTION_VALUES:
        return _first(report, {SectionKind.FUNCTION}).place
    if gap is Gap.MEDICINE_LINES:
        silent = {each.column for each in report.medicine if _is_silent(each)}
        kinds = {kind for kind, column in COLUMNS.items() if column in silent}
        return _first(report, kinds).place
    return None


def _first(report: DischargeReport, kinds: set[SectionKind]) -> Section:
    return next(each for each in report.all_sections if each.kind in kinds)


def _lacks(gap: Gap, line: MedicationLine) -> bool:
    return line.is_nameless if gap is Gap.PRODUCT else line.instruction is None and not line.dosage


def _is_silent(medicine: ReportedMedicine) -> bool:
    """Tell whether it says in words only what is taken."""
    return not medicine.lines and medicine.saying is not Saying.NONE_KNOWN and medicine.text is not None
