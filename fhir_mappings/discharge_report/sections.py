"""The sections of a report as a tree: routed by code, shown in their own words, none left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from discharge.commands import Issue
from discharge.documents.report import DocumentFile, Section, SectionKind, Statement
from fhir_mappings.discharge_report.codes import LOINC, SECTIONS
from fhir_mappings.discharge_report.files import attachments, file_of
from fhir_mappings.discharge_report.narrative import narrative_lines
from fhir_mappings.discharge_report.opening import Document
from fhir_mappings.elements import Element
from fhir_mappings.errors import finding

__all__ = ["Read", "concept_words", "entries_of", "name_of", "read_sections", "says_more"]

_NAMES: Final = ("code", "medicationCodeableConcept", "vaccineCode", "type")
_VALUES: Final = ("valueCodeableConcept", "value", "result", "summary", "description", "conclusion", "note")
_VALUE: Final = "value"


@dataclass(frozen=True, slots=True)
class Read:
    """The sections, the files beside them, and what was found on the way."""

    sections: tuple[Section, ...]
    files: tuple[DocumentFile, ...]
    findings: tuple[Issue, ...]


@dataclass(slots=True)
class _Reading:
    document: Document
    found: list[Issue] = field(default_factory=list)
    files: dict[str, int] = field(default_factory=dict)
    """Path of an Attachment -> its place among the files."""


def read_sections(document: Document) -> Read:
    """The sections of a report, and all files of the document."""
    reading = _Reading(document)
    files = []
    for number, place in enumerate(attachments(document.composition, document.resources)):
        file, findings = file_of(place)
        reading.files[place.path] = number
        reading.found += findings
        files.append(file)
    sections = tuple(_section(place, reading) for place in document.composition.all("section"))
    return Read(sections, tuple(files), tuple(reading.found))


def entries_of(place: Element, document: Document) -> Iterator[tuple[Element, Element]]:
    """Each reference of a section once, with what it points at."""
    seen: set[str] = set()
    for reference in place.all("entry"):
        resource = document.resolve(reference)
        named = resource.path if resource.exists else (reference.text("reference") or reference.path)
        if named not in seen:
            seen.add(named)
            yield reference, resource


def says_more(section: Element) -> bool:
    """Tell whether its narrative holds more than its entries, by what its author says. Source: narrative-status."""
    return section["text"].text("status") == "additional"


def _section(place: Element, reading: _Reading) -> Section:
    coded = [code for c in place["code"].all("coding") if c.text("system") == LOINC and (code := c.text("code"))]
    code = next((each for each in coded if each in SECTIONS), coded[0] if coded else None)
    title = place.text("title") or concept_words(place["code"]) or ""
    lines, is_active = narrative_lines(place["text"].text("div"))
    if is_active:
        text = "The text holds script or remote content. Only its words are shown."
        reading.found.append(_warning("stafet-document-narrative", "security", text, place["text"]["div"]))
    if not place["code"].exists or not title:
        text = "A section needs a title and a code: without a code it is shown among the others."
        reading.found.append(_warning("stafet-document-section", "required", text, place["code"]))
    entries = tuple(entries_of(place, reading.document))
    return Section(
        place=place.path,
        kind=SectionKind.OTHER if code is None else SECTIONS.get(code, SectionKind.OTHER),
        code=code or next((c.text("code") for c in place["code"].all("coding")), None),
        title=title or (code or ""),
        lines=tuple(lines),
        says_more=says_more(place),
        empty_reason=_empty_reason(place["emptyReason"]),
        statements=tuple(_statement(*each, reading.document) for each in entries),
        files=tuple(number for _, found in entries for number in _files_in(found, reading)),
        sections=tuple(_section(below, reading) for below in place.all("section")),
    )


def _files_in(resource: Element, reading: _Reading) -> Iterator[int]:
    for path, number in reading.files.items():
        if resource.exists and (path == resource.path or path.startswith(f"{resource.path}.")):
            yield number


def _empty_reason(concept: Element) -> str | None:
    codes = (coding.text("code") for coding in concept.all("coding"))
    return next((code for code in codes if code is not None), None) or concept.text("text")


def _statement(reference: Element, resource: Element, document: Document) -> Statement:
    if not resource.exists:
        return Statement(kind="", words=reference.text("display") or "", place=reference.path)
    words = " · ".join(dict.fromkeys(part for part in _said(resource, document) if part))
    kind = resource.text("resourceType") or ""
    return Statement(kind=kind, words=words or reference.text("display") or kind, place=reference.path)


def _said(resource: Element, document: Document) -> Iterator[str | None]:
    """What a resource is about, its value, and its state; of a kind that nobody here knows, its own narrative."""
    yield name_of(resource, document.resolve)
    for name in _VALUES:
        yield _value(resource, name)
    for component in resource.all("component"):
        value = _first(_value(component, name) for name in _VALUES)
        yield ": ".join(part for part in (concept_words(component["code"]), value) if part)
    yield resource.text("title")
    for activity in resource.all("activity"):
        yield activity["detail"].text("description") or concept_words(activity["detail"]["code"])
    if not resource["code"].exists:
        yield " ".join(narrative_lines(resource["text"].text("div"))[0])
    yield _first(resource.text(name) for name in ("effectiveDateTime", "performedDateTime", "onsetDateTime"))


def name_of(resource: Element, resolve: Callable[[Element], Element]) -> str | None:
    """What a resource is about, in words."""
    named = _first(concept_words(resource[name]) for name in _NAMES)
    if named is not None:
        return named
    for name in ("medicationReference", "device", "reference"):
        product = resolve(resource[name])
        found = resource[name].text("display") or _first(concept_words(product[each]) for each in ("code", "type"))
        if found is not None:
            return found
    return _first(concept_words(each) for each in resource.all("category"))


def _value(resource: Element, name: str) -> str | None:
    if name != _VALUE:
        place = resource[name]
        if isinstance(place.value, list):
            return "; ".join(text for each in resource.all(name) if (text := each.text("text") or each.string)) or None
        return place.string or concept_words(place)
    quantity = resource["valueQuantity"]
    if quantity["value"].exists:
        unit = quantity.text("unit") or quantity.text("code") or ""
        return f"{quantity['value'].value} {unit}".strip()
    return _first(resource.text(each) for each in ("valueString", "valueDateTime")) or _plain(resource)


def _plain(resource: Element) -> str | None:
    """A value that is a number or a yes or no."""
    value = next((resource[each].value for each in ("valueInteger", "valueBoolean") if resource[each].exists), None)
    return None if value is None else str(value)


def concept_words(concept: Element) -> str | None:
    """A concept in words: its text, else a display, else a code."""
    codings = concept.all("coding")
    return _first(
        (
            concept.text("text"),
            *(each.text("display") for each in codings),
            *(each.text("code") for each in codings),
        )
    )


def _first(said: Iterable[str | None]) -> str | None:
    return next((each for each in said if each is not None), None)


def _warning(rule: str, code: str, text: str, place: Element) -> Issue:
    return finding(rule, code, text, expression=place.path, severity="warning")
