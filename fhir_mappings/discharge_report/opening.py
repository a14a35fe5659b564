"""A document Bundle, opened: is it a report or a summary, whose, of which stay, and what of it can be read.

Composition, Patient and Encounter must be what FHIR R4 says; of everything else what can be read is read, and the rest
is named. The checks stand here that the models of ``fhir.resources`` do not make.
Source: FHIR R4, documents; HL7 Europe Discharge Report 0.1.0, bdl-dr-1; eu-discharge-report digest 2, 3 and 9.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import orjson

from discharge.commands import Issue
from discharge.documents.report import SUMMARY, DocumentStatus
from fhir_mappings.discharge_report.codes import DOCUMENT_TYPES, ENCOUNTER_STATUSES, LOINC, TYPES
from fhir_mappings.elements import Element, JsonObject
from fhir_mappings.errors import ReportError, finding
from fhir_mappings.instants import read_instant
from fhir_mappings.r4 import shape_findings
from fhir_mappings.references import NOWHERE, places_of, resolved

__all__ = ["Document", "open_document"]

_ENVELOPE: Final = frozenset({"id", "meta"})
"""What a sender's server may write anew each time it sends the same document."""
_MOST_WARNINGS: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document whose header holds."""

    bundle: Element
    composition: Element
    patient: Element
    encounter: Element
    resources: tuple[Element, ...]
    """All of it, in order, the Composition first."""
    digest: str
    warnings: tuple[Issue, ...]
    places: Mapping[str, Element]
    identified: Mapping[tuple[str | None, str | None], Element]
    """Every resource by its business identifiers."""

    @property
    def is_summary(self) -> bool:
        """True: a patient summary, which need not name a stay."""
        return not _codes(self.composition) & TYPES

    def resolve(self, reference: Element) -> Element:
        """What a Reference points at: by fullUrl, by type and id, contained, or by identifier; else nothing."""
        found = resolved(reference, self.places)
        return found if found.exists else self._by_identifier(reference["identifier"])

    def _by_identifier(self, wanted: Element) -> Element:
        found = self.identified.get((wanted.text("system"), wanted.text("value")))
        return NOWHERE if found is None else found


def open_document(content: JsonObject) -> Document:
    """The document in ``content``, a Bundle.

    Raises:
        ReportError: it is neither discharge report nor patient summary of FHIR R4, or its header does not hold; every
            finding is an error.
    """
    bundle = Element("Bundle", content)
    _require(_envelope(bundle))
    entries = bundle.all("entry")
    resources = tuple(entry["resource"] for entry in entries)
    _require(_first(resources))
    composition = resources[0]
    _require((*shape_findings(composition.value, expression=composition.path), *_header(composition)))
    document = Document(
        bundle=bundle,
        composition=composition,
        patient=composition,
        encounter=composition,
        resources=resources,
        digest=_digest(content),
        warnings=(),
        places=places_of(entries),
        identified=_identified(resources),
    )
    patient = document.resolve(composition["subject"])
    encounter = document.resolve(composition["encounter"])
    is_of_no_stay = document.is_summary and not composition["encounter"].exists
    _require(
        (
            *_pointed_at(composition["subject"], patient, "Patient"),
            *(() if is_of_no_stay else _pointed_at(composition["encounter"], encounter, "Encounter")),
        )
    )
    if is_of_no_stay:
        encounter = composition["encounter"]
    others = [each for each in resources if each.path not in {composition.path, patient.path, encounter.path}]
    warnings = (*_oddities(document, encounter), *_unreadable(others), *_dangling(document, resources))
    return replace(document, patient=patient, encounter=encounter, warnings=_bounded(warnings))


def _require(findings: Iterator[Issue] | tuple[Issue, ...]) -> None:
    found = tuple(findings)
    if found:
        raise ReportError(*found)


def _digest(content: JsonObject) -> str:
    lasting = {name: value for name, value in content.items() if name not in _ENVELOPE}
    return hashlib.sha256(orjson.dumps(lasting, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _envelope(bundle: Element) -> Iterator[Issue]:
    if bundle.text("type") != "document":
        text = "This door takes documents (type document) and lists (type collection). Messages go to $process-message."
        yield _error("stafet-document-type", "not-supported", text, bundle["type"])
        return
    if bundle["identifier"].text("value") is None:
        text = "The document has no identifier of this version: a newer one could not be told from a repeat."
        yield _error("bdl-9", "required", text, bundle["identifier"]["value"])
    try:
        read_instant(bundle.text("timestamp") or "")
    except ValueError:
        yield _error("bdl-10", "value", "The time of assembly needs date, seconds and zone.", bundle["timestamp"])
    if not bundle.all("entry"):
        yield _error("stafet-document-empty", "required", "The document holds nothing.", bundle["entry"])
    counted = Counter(full for entry in bundle.all("entry") if (full := entry.text("fullUrl")) is not None)
    for number, entry in enumerate(bundle.all("entry")):
        if not entry["resource"].fields:
            yield _error("stafet-document-entry", "required", "An entry without a resource.", entry["resource"])
        if counted[entry.text("fullUrl") or ""] > 1 and number:
            text = "Two entries have the same fullUrl: it is not clear which one is meant."
            yield _error("bdl-7", "invariant", text, entry["fullUrl"])


def _first(resources: tuple[Element, ...]) -> Iterator[Issue]:
    named = [each for each in resources if each.text("resourceType") == "Composition"]
    if resources[0].text("resourceType") != "Composition":
        yield _error("bdl-11", "invariant", "The first entry of a document is its Composition.", resources[0])
    for surplus in named[1:]:
        yield _error("bdl-hdr-1", "invariant", "A document has one Composition and no more.", surplus)


def _header(composition: Element) -> Iterator[Issue]:
    if composition.text("status") not in set(DocumentStatus):
        text = "The status is none of preliminary, final, amended and entered-in-error."
        yield _error("stafet-document-status", "code-invalid", text, composition["status"])
    if not _codes(composition) & DOCUMENT_TYPES:
        text = (
            "Not a discharge report: the type is none of LOINC 18842-5, 34105-7, 59258-4, 11490-0, 28655-9, 34106-5"
            f" and 34745-0. Nor is it a patient summary ({SUMMARY})."
        )
        yield _error("stafet-document-kind", "not-supported", text, composition["type"])
    if not composition.all("section") and not composition.all("extension"):
        yield _error("stafet-document-sections", "required", "The report has no section.", composition["section"])
    yield from _sections(composition)


def _codes(composition: Element) -> frozenset[str]:
    """What the document is, in LOINC."""
    coded = (each for each in composition["type"].all("coding") if each.text("system") == LOINC)
    return frozenset(code for each in coded if (code := each.text("code")) is not None)


def _sections(place: Element) -> Iterator[Issue]:
    """Source: FHIR R4, Composition, cmp-1; HL7 Europe Discharge Report, cmp-dr-1."""
    for section in place.all("section"):
        holds = (section["text"], section["emptyReason"], section["entry"], section["section"])
        if not any(each.exists for each in holds):
            text = "The section has neither text nor entries, sections or a reason for being empty."
            yield _error("cmp-1", "invariant", text, section)
        yield from _sections(section)


def _pointed_at(reference: Element, found: Element, kind: str) -> tuple[Issue, ...]:
    if found.text("resourceType") == kind:
        return shape_findings(found.value, expression=found.path)
    text = f"The {kind} that the report is about is not in the document."
    return (_error("stafet-document-reference", "not-found", text, reference),)


def _oddities(document: Document, encounter: Element) -> Iterator[Issue]:
    bundle, composition = document.bundle, document.composition
    codes = {c.text("code") for s in composition.all("section") for c in s["code"].all("coding")}
    if not document.is_summary and not codes & {"18842-5", "8648-8"}:
        text = "The report has no section for the course (8648-8) and none for the whole (18842-5)."
        yield _warning("cmp-dr-2", "required", text, composition["section"])
    if encounter.exists and encounter.text("status") not in ENCOUNTER_STATUSES:
        yield _warning("stafet-encounter-status", "code-invalid", "No status of an Encounter.", encounter["status"])
    elif encounter.text("status") == "completed":
        text = "A word of FHIR R5, read as finished."
        yield _warning("stafet-encounter-status", "code-invalid", text, encounter["status"])
    if bundle["signature"].exists:
        text = "The signature is kept with the original. It was not verified."
        yield _warning("stafet-document-signature", "informational", text, bundle["signature"])


def _unreadable(others: list[Element]) -> Iterator[Issue]:
    for resource in others:
        found = shape_findings(resource.value, expression=resource.path)
        if found:
            text = f"Not as FHIR R4 has it: what can be read is read, the original is kept. {found[0].text}"
            yield finding(
                "fhir-r4", "structure", text, expression=found[0].expression or resource.path, severity="warning"
            )


def _dangling(document: Document, resources: tuple[Element, ...]) -> Iterator[Issue]:
    for resource in resources:
        for place in resource.walk():
            target = place.text("reference")
            if target is not None and not document.resolve(place).exists:
                text = "Points at something that the document does not hold. What is said beside it is shown."
                yield _warning("stafet-document-reference", "not-found", text, place)


def _identified(resources: tuple[Element, ...]) -> dict[tuple[str | None, str | None], Element]:
    """Every resource by its business identifiers; the first wins."""
    return {
        (identifier.text("system"), value): resource
        for resource in reversed(resources)
        for identifier in resource.all("identifier")
        if (value := identifier.text("value")) is not None
    }


def _bounded(found: tuple[Issue, ...]) -> tuple[Issue, ...]:
    """The findings, so many as anybody reads."""
    if len(found) <= _MOST_WARNINGS:
        return found
    rest = finding(
        "stafet-document-findings",
        "informational",
        f"{len(found) - _MOST_WARNINGS} more findings are left out.",
        severity="information",
    )
    return (*found[:_MOST_WARNINGS], rest)


def _error(rule: str, code: str, text: str, place: Element) -> Issue:
    return finding(rule, code, text, expression=place.path)


def _warning(rule: str, code: str, text: str, place: Element) -> Issue:
    return finding(rule, code, text, expression=place.path, severity="warning")
