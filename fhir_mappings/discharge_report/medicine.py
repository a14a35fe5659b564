"""Medicine in a report: which list a section is, what it says when it lists nothing, and what was handed over.

Source: eu-discharge-report digest 6.1 and 6.4; FHIR R4, MedicationDispense; IPS absent-unknown codes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from discharge.commands import Issue
from discharge.documents.report import DocumentId, ReportedMedicine
from discharge.medication.lines import MedicationLine
from discharge.medication.lists import Column, Saying
from fhir_mappings.discharge_report.codes import COLUMNS, LOINC, SECTIONS
from fhir_mappings.discharge_report.narrative import narrative_lines
from fhir_mappings.discharge_report.opening import Document
from fhir_mappings.discharge_report.sections import entries_of, says_more
from fhir_mappings.elements import Element
from fhir_mappings.errors import TooCostlyError, finding
from fhir_mappings.medicine.line import LINE_TYPES, read_line, saying_of

__all__ = ["ONLY_TEXT", "read_medicine"]

ONLY_TEXT: Final = "text-only"
"""Why a list has no lines although its section is there: somebody has to read it."""
_NONE_TAKEN: Final = "nilknown"
_GOES_ON: Final = re.compile(
    r"\b(?:usual|regular|habitual|home)\b[\w\s]{0,40}\bmedic\w+\s+(?:is |are |remains? |continues? )?unchanged\b"
    r"|\bunchanged\s+(?:usual |regular |home )?medic\w+"
    r"|\b(?:vanlig|sædvanlig|fast)e?\s+(?:hjemme)?medicin\s+(?:\w+\s+){0,2}uændret\b"
    r"|\buændret\s+(?:(?:vanlig|sædvanlig|fast)e?\s+)?(?:hjemme)?medicin\b",
    re.IGNORECASE,
)
"""Words that say that the usual medicine goes on. What they stand for is a person's to find out."""


@dataclass(slots=True)
class _Told:
    """What the sections of one column say, as they come."""

    lines: list[MedicationLine] = field(default_factory=list)
    sayings: list[tuple[Saying, str | None]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    says_more: bool = False


def read_medicine(
    document: Document, document_id: DocumentId, *, most_lines: int
) -> tuple[tuple[ReportedMedicine, ...], tuple[Issue, ...]]:
    """What the report says of medicine, by column; a column that no section is about is not reported at all.

    Raises:
        TooCostlyError: more than ``most_lines`` lines.
    """
    told: dict[Column, _Told] = {}
    found: list[Issue] = []
    handed_over = _Supplies(document)
    for section, column in _sections(document.composition, None):
        _read_section(section, told.setdefault(column, _Told()), document, document_id, handed_over)
        if sum(len(each.lines) for each in told.values()) > most_lines:
            text = f"More than {most_lines} lines of medicine."
            raise TooCostlyError(finding("stafet-document-lines", "too-costly", text, expression=section.path))
    for place in handed_over.left:
        text = "The product that was handed over belongs to no line: it is shown in its section only."
        found.append(finding("stafet-document-supply", "not-found", text, expression=place.path, severity="warning"))
    return tuple(_reported(column, each) for column, each in told.items()), tuple(found)


def _sections(place: Element, above: Column | None) -> Iterator[tuple[Element, Column]]:
    """The sections about medicine; one without a code of its own belongs to the list above it."""
    for section in place.all("section"):
        codes = (c.text("code") or "" for c in section["code"].all("coding") if c.text("system") == LOINC)
        kind = next((SECTIONS[code] for code in codes if code in SECTIONS), None)
        column = above if kind is None else COLUMNS.get(kind)
        if column is not None:
            yield section, column
        yield from _sections(section, column)


def _read_section(
    section: Element, told: _Told, document: Document, document_id: DocumentId, supplies: _Supplies
) -> None:
    lines, says = [], []
    for reference, resource in entries_of(section, document):
        kind = resource.text("resourceType")
        if not resource.exists:
            lines.append(_unknown(reference, section, document_id))
        elif kind in LINE_TYPES:
            saying = saying_of(resource)
            if saying is None:
                lines.append(supplies.on(_line(reference, resource, section, document, document_id), resource))
            else:
                says.append((saying, None))
    text = "\n".join(narrative_lines(section["text"].text("div"))[0])
    told.lines += lines
    if text:
        told.words.append(text)
        told.says_more |= says_more(section)
    if not lines:
        told.sayings += says or _silence(section, text)


def _line(
    reference: Element, resource: Element, section: Element, document: Document, document_id: DocumentId
) -> MedicationLine:
    line_id = f"{document_id}:{reference.path}"
    return read_line(resource, line_id=line_id, resolve=document.resolve, section=section.path)


def _unknown(reference: Element, section: Element, document_id: DocumentId) -> MedicationLine:
    """Something that the document does not hold: a question to who wrote it, under the words beside it if any."""
    name = reference.text("display")
    return MedicationLine(id=f"{document_id}:{reference.path}", name=name, section=section.path)


def _silence(section: Element, text: str) -> list[tuple[Saying, str | None]]:
    """What a section without lines says."""
    codes = (coding.text("code") for coding in section["emptyReason"].all("coding"))
    reason = next((code for code in codes if code is not None), None)
    if reason == _NONE_TAKEN:
        return [(Saying.NONE_KNOWN, reason)]
    if section["emptyReason"].exists:
        return [(Saying.NOT_KNOWN, reason or section["emptyReason"].text("text"))]
    if _GOES_ON.search(text):
        return [(Saying.UNCHANGED, None)]
    return [(Saying.NOT_KNOWN, ONLY_TEXT)] if text else []


def _reported(column: Column, told: _Told) -> ReportedMedicine:
    says: tuple[Saying, str | None] = (Saying.NOT_REPORTED, None)
    if told.lines:
        says = (Saying.LISTED, None)
    elif told.sayings:
        says = told.sayings[0] if len(set(told.sayings)) == 1 else (Saying.NOT_KNOWN, "contradiction")
    return ReportedMedicine(
        column=column,
        saying=says[0],
        why_empty=says[1],
        lines=tuple(told.lines),
        text="\n\n".join(told.words) or None,
        says_more=told.says_more,
    )


class _Supplies:
    """What was handed over, each at most on one line: never a line of its own."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._waiting: dict[str, Element] = {}
        self._about: dict[tuple[str, str], list[str]] = defaultdict(list)
        for resource in document.resources:
            if resource.text("resourceType") == "MedicationDispense":
                self._waiting[resource.path] = resource
                for key in self._keys(resource):
                    self._about[key].append(resource.path)

    @property
    def left(self) -> Sequence[Element]:
        """Those that belong to no line."""
        return tuple(self._waiting.values())

    def on(self, line: MedicationLine, resource: Element) -> MedicationLine:
        """The line with what was handed over of it."""
        keys = [("order", resource.path), *self._product(resource)]
        if line.atc is not None:
            keys.append(("atc", line.atc))
        paths = dict.fromkeys(path for key in keys for path in self._about.get(key, ()))
        mine = [self._waiting.pop(path) for path in paths if path in self._waiting]
        said = "; ".join(words for each in mine if (words := _supply(each)))
        return replace(line, supply=said) if said else line

    def _keys(self, dispense: Element) -> Iterator[tuple[str, str]]:
        """What tells its line: the prescription, else the very product, else the substance; a name is no proof."""
        prescriptions = [self._document.resolve(each) for each in dispense.all("authorizingPrescription")]
        known = [("order", each.path) for each in prescriptions if each.exists]
        if known:
            yield from known
        elif dispense["medicationReference"].exists:
            yield from self._product(dispense)
        else:
            substance = read_line(dispense, line_id=dispense.path, resolve=self._document.resolve).atc
            if substance is not None:
                yield "atc", substance

    def _product(self, resource: Element) -> Iterator[tuple[str, str]]:
        reference = resource["medicationReference"]
        pointed, named = self._document.resolve(reference), reference.text("reference")
        if pointed.exists:
            yield "product", pointed.path
        elif named is not None:
            yield "product", named


def _supply(dispense: Element) -> str:
    """``3 tablets · 3 d · 2026-11-20``, as far as it is said."""
    said = (_amount(dispense["quantity"]), _amount(dispense["daysSupply"]), dispense.text("whenHandedOver"))
    return " · ".join(part for part in said if part)


def _amount(quantity: Element) -> str:
    fields: Mapping[str, object] = quantity.fields
    value, unit = fields.get("value"), quantity.text("unit") or quantity.text("code") or ""
    return "" if value is None else f"{value} {unit}".strip()
