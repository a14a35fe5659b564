"""A document Bundle -> a discharge report: header, stay, sections, medicine, and what it leaves out, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Final

from discharge.commands import Issue
from discharge.documents.commands import DocumentSubject
from discharge.documents.report import (
    DischargeReport,
    DocumentId,
    DocumentKey,
    DocumentStatus,
    EncounterFacts,
    Relation,
    RelationCode,
)
from discharge.errors import InvalidIdentifierError
from discharge.identifiers import CprNumber, SorCode, parse_sor
from fhir_mappings.discharge_report.codes import DOCUMENT_TYPES, LOINC, TYPES
from fhir_mappings.discharge_report.gaps import gap_findings, gaps_of
from fhir_mappings.discharge_report.medicine import read_medicine
from fhir_mappings.discharge_report.opening import Document, open_document
from fhir_mappings.discharge_report.plan import read_follow_ups, read_suggestions
from fhir_mappings.discharge_report.sections import concept_words, read_sections
from fhir_mappings.elements import Element, JsonObject
from fhir_mappings.encounter import episodes_of
from fhir_mappings.errors import ReportError, finding
from fhir_mappings.instants import read_date, read_instant
from fhir_mappings.medcom.care_codes import REPLACEMENT_SYSTEMS
from fhir_mappings.systems import CPR_SYSTEM, SOR_SYSTEM

__all__ = ["MOST_LINES", "ReportRead", "read_report"]

MOST_LINES: Final = 1_000
"""Lines of medicine that a report may have, unless a setting says otherwise."""
_VERSION: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Composition.version"
_RECIPIENT: Final = "information-recipient"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRead:
    """A report with whom it is about, and what was found on the way."""

    report: DischargeReport
    subject: DocumentSubject
    findings: tuple[Issue, ...]
    """Warnings, and by name what is missing."""


def read_report(content: JsonObject, document_id: DocumentId, *, most_lines: int = MOST_LINES) -> ReportRead:
    """Read a document Bundle.

    Args:
        content: the Bundle.
        document_id: what the document is called here; the lines of its lists are named after it.
        most_lines: how many lines of medicine are taken.

    Raises:
        TooCostlyError: it has more lines than that.
        ReportError: it is neither discharge report nor patient summary, or its header cannot be read.
    """
    document = open_document(content)
    composition = document.composition
    subject = _subject(document)
    read = read_sections(document)
    medicine, supplies = read_medicine(document, document_id, most_lines=most_lines)
    follow_ups = read_follow_ups(document)
    type_coding = next(
        each
        for each in composition["type"].all("coding")
        if each.text("system") == LOINC and each.text("code") in (DOCUMENT_TYPES if document.is_summary else TYPES)
    )
    report = DischargeReport(
        id=document_id,
        bundle_key=_key(document.bundle["identifier"]) or ("", ""),
        composition_key=_key(composition["identifier"]),
        digest=document.digest,
        version=composition.extension(_VERSION).text("valueString"),
        status=DocumentStatus(composition.text("status") or ""),
        type_code=type_coding.text("code") or "",
        type_name=composition["type"].text("text") or type_coding.text("display"),
        dated=composition.text("date") or "",
        dated_at=_moment(composition.text("date")),
        assembled_at=read_instant(document.bundle.text("timestamp") or ""),
        title=composition.text("title") or "",
        language=document.bundle.text("language") or composition.text("language"),
        profiles=_texts(composition["meta"]["profile"]),
        authors=tuple(_party(each, document) for each in composition.all("author")),
        attesters=tuple(_attester(each, document) for each in composition.all("attester")),
        custodian=_party(composition["custodian"], document) or None,
        recipients=tuple(_recipients(composition, document)),
        encounter=_encounter(document),
        sections=read.sections,
        files=read.files,
        relations=tuple(_relations(composition, document)),
        medicine=medicine,
        follow_ups=follow_ups,
        suggestions=() if document.is_summary else read_suggestions(document, read.sections),
    )
    gaps = gaps_of(report, subject)
    findings = (*document.warnings, *read.findings, *supplies, *gap_findings(gaps, report, subject))
    return ReportRead(report=replace(report, gaps=gaps), subject=subject, findings=findings)


def _subject(document: Document) -> DocumentSubject:
    """Whom and which stay it is about."""
    encounter = document.encounter
    return DocumentSubject(
        number=_number(document.patient),
        patient_at=document.patient.path,
        encounter_at=encounter.path,
        episodes=tuple(episodes_of(encounter, document.resolve)),
        began_at=_moment(encounter["period"].text("start")),
        ended_at=_moment(encounter["period"].text("end"), is_end=True),
        providers=tuple(dict.fromkeys(_providers(document))),
    )


def _number(patient: Element) -> CprNumber | None:
    """The CPR number, else a replacement number; numbers of other countries name nobody here.

    Raises:
        ReportError: it has not the form of one, or there are two. The number is not repeated.
    """
    found: set[CprNumber] = set()
    spare: CprNumber | None = None
    for identifier in patient.all("identifier"):
        system, place = identifier.text("system"), identifier["value"]
        try:
            if system == CPR_SYSTEM and place.exists:
                found.add(CprNumber.parse(place.string or ""))
            elif system in REPLACEMENT_SYSTEMS and place.exists:
                spare = CprNumber.parse_replacement(place.string or "")
        except InvalidIdentifierError:
            text = "Not a number of the form that its system has. Check what was typed."
            raise ReportError(finding("stafet-document-cpr", "value", text, expression=place.path)) from None
    if len(found) > 1:
        text = "Two different CPR numbers: it is not clear whom the report is about."
        raise ReportError(finding("stafet-document-cpr", "invariant", text, expression=patient["identifier"].path))
    return next(iter(found), spare)


def _providers(document: Document) -> Iterator[SorCode]:
    for reference in (document.encounter["serviceProvider"], document.composition["custodian"]):
        organization = document.resolve(reference)
        for identifier in (*organization.all("identifier"), reference["identifier"]):
            if identifier.text("system") == SOR_SYSTEM:
                try:
                    yield parse_sor(identifier.text("value") or "")
                except InvalidIdentifierError:
                    text = "Not a SOR code."
                    raise ReportError(
                        finding("stafet-document-sor", "value", text, expression=identifier["value"].path)
                    ) from None


def _key(identifier: Element) -> DocumentKey | None:
    value = identifier.text("value")
    return None if value is None else (identifier.text("system") or "", value)


def _moment(text: str | None, *, is_end: bool = False) -> datetime | None:
    """The instant; of a day its beginning or end in UTC, to compare with; None of a month or a year."""
    try:
        if text is None or "T" in text:
            return None if text is None else read_instant(text)
        return datetime.combine(read_date(text), time.max if is_end else time.min, tzinfo=UTC)
    except ValueError:
        return None


def _texts(place: Element) -> tuple[str, ...]:
    return tuple(each for each in place.value if isinstance(each, str)) if isinstance(place.value, list) else ()


def _party(reference: Element, document: Document) -> str:
    """Who it is, in words: the name and role of a person, the name of a place or device."""
    found = document.resolve(reference)
    people = [found, document.resolve(found["practitioner"]), document.resolve(found["organization"])]
    names = [name for each in people if (name := _name(each)) is not None]
    roles = [words for each in found.all("code") if (words := concept_words(each)) is not None]
    return " · ".join(dict.fromkeys((*names, *roles))) or reference.text("display") or ""


def _name(resource: Element) -> str | None:
    name = resource["name"]
    if name.string is not None:
        return name.string
    human = next(iter(resource.all("name")), Element("HumanName", None))
    said = human.text("text") or " ".join(
        (*_texts(human["prefix"]), *_texts(human["given"]), human.text("family") or "")
    )
    device = next((each.text("name") for each in resource.all("deviceName")), None)
    return said.strip() or device


def _attester(attester: Element, document: Document) -> str:
    said = (_party(attester["party"], document), attester.text("mode"), attester.text("time"))
    return " · ".join(each for each in said if each)


def _recipients(composition: Element, document: Document) -> Iterator[str]:
    for extension in composition.all("extension"):
        if (extension.text("url") or "").endswith(_RECIPIENT):
            words = _party(extension["valueReference"], document)
            if words:
                yield words


def _relations(composition: Element, document: Document) -> Iterator[Relation]:
    for relation in composition.all("relatesTo"):
        pointed = relation["targetReference"]
        named = (relation["targetIdentifier"], pointed["identifier"], document.resolve(pointed)["identifier"])
        key = next((found for each in named if (found := _key(each)) is not None), None)
        code = relation.text("code")
        if key is not None and code in set(RelationCode):
            yield Relation(RelationCode(code), key)


def _encounter(document: Document) -> EncounterFacts:
    encounter = document.encounter
    stay = encounter["hospitalization"]
    status = encounter.text("status") or "unknown"
    return EncounterFacts(
        status="finished" if status == "completed" else status,
        encounter_class=encounter["class"].text("code"),
        started_at=_moment(encounter["period"].text("start")),
        ended_at=_moment(encounter["period"].text("end"), is_end=True),
        provider=_party(encounter["serviceProvider"], document) or None,
        reasons=tuple(
            _words(
                (*map(concept_words, encounter.all("reasonCode")), *_pointed(encounter, "reasonReference", document))
            )
        ),
        diagnoses=tuple(_words(_diagnosis(each, document) for each in encounter.all("diagnosis"))),
        participants=tuple(_words(_participant(each, document) for each in encounter.all("participant"))),
        disposition=concept_words(stay["dischargeDisposition"]),
        destination=_party(stay["destination"], document) or None,
    )


def _pointed(encounter: Element, name: str, document: Document) -> Iterator[str | None]:
    for reference in encounter.all(name):
        yield concept_words(document.resolve(reference)["code"]) or reference.text("display")


def _diagnosis(diagnosis: Element, document: Document) -> str | None:
    reference = diagnosis["condition"]
    return concept_words(document.resolve(reference)["code"]) or reference.text("display")


def _participant(participant: Element, document: Document) -> str:
    kinds = (words for each in participant.all("type") if (words := concept_words(each)) is not None)
    return ": ".join(each for each in (", ".join(kinds), _party(participant["individual"], document)) if each)


def _words(said: Iterable[str | None]) -> Iterator[str]:
    return iter(dict.fromkeys(each for each in said if each))
