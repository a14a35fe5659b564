"""A discharge report as it was sent: who says what in which section, and what it does not say.

Nothing is filled in. Source: HL7 Europe Discharge Report 0.1.0 and Hospital Discharge Report 1.0.0, as FHIR R4
documents; eu-discharge-report digest 2 to 7.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

from discharge.identifiers import DocumentId, SorCode, StayId, in_letters
from discharge.medication.lines import MedicationLine
from discharge.medication.lists import Column, Saying
from discharge.task import Person

__all__ = [
    "IN_FILE",
    "SUMMARY",
    "DischargeReport",
    "DocumentFile",
    "DocumentId",
    "DocumentKey",
    "DocumentStatus",
    "EncounterFacts",
    "FiledReport",
    "FollowUp",
    "Gap",
    "Relation",
    "RelationCode",
    "ReportedMedicine",
    "Section",
    "SectionKind",
    "Statement",
    "Suggestion",
]

DocumentKey: TypeAlias = tuple[str, str]
"""System and value of an identifier that its sender gave; the system is empty where none was named."""
IN_FILE: Final = "in-file"
"""Why a list has no lines: what is taken stands in a file of the document, which somebody has to read."""
_MARK_LENGTH: Final = 8
SUMMARY: Final = "60591-5"
"""LOINC type of a patient summary. Source: eu-discharge-report digest 6.1."""


class DocumentStatus(StrEnum):
    """How final it is. Source: FHIR R4, composition-status."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    ENTERED_IN_ERROR = "entered-in-error"


class RelationCode(StrEnum):
    """What a document is to another. Source: FHIR R4, document-relationship-type."""

    REPLACES = "replaces"
    APPENDS = "appends"
    TRANSFORMS = "transforms"
    SIGNS = "signs"


class SectionKind(StrEnum):
    """What a section is about, by its code; its title is the sender's own."""

    ALERT = "alert"
    ADMISSION = "admission"
    VITAL_SIGNS = "vital-signs"
    FINDINGS = "findings"
    FUNCTION = "function"
    SUMMARY = "summary"
    COURSE = "course"
    DIAGNOSES = "diagnoses"
    PROCEDURES = "procedures"
    DEVICES = "devices"
    DEVICES_NEW = "devices-new"
    MEDICINE_BEFORE = "medicine-before"
    MEDICINE_IN_HOSPITAL = "medicine-in-hospital"
    MEDICINE_AT_DISCHARGE = "medicine-at-discharge"
    RESULTS = "results"
    PLAN = "plan"
    ALLERGIES = "allergies"
    HISTORY = "history"
    IMMUNIZATIONS = "immunizations"
    DEPARTURE = "departure"
    INSTRUCTIONS = "instructions"
    SOCIAL = "social"
    FILES = "files"
    OTHER = "other"


class Gap(StrEnum):
    """What a report leaves out, or says in words only."""

    EPISODE = "episode"
    DEPARTURE_TIME = "departure-time"
    MEDICINE_BEFORE = "medicine-before"
    MEDICINE_AT_DISCHARGE = "medicine-at-discharge"
    MEDICINE_LINES = "medicine-lines"
    DOSAGE = "dosage"
    PRODUCT = "product"
    FUNCTION = "function"
    FUNCTION_VALUES = "function-values"
    PLAN = "plan"
    FOLLOW_UP = "follow-up"
    COURSE = "course"
    ALLERGIES = "allergies"
    FILES = "files"
    DOCUMENT_IDENTIFIER = "document-identifier"
    ATTESTER = "attester"
    LANGUAGE = "language"


@dataclass(frozen=True, slots=True)
class Relation:
    """That it replaces, continues, repeats or signs another document."""

    code: RelationCode
    target: DocumentKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One resource of a section, in words."""

    kind: str
    """Its FHIR type; empty where the document does not hold what it points at."""
    words: str
    place: str
    """FHIRPath of the reference."""

    @property
    def says_something(self) -> bool:
        """False: nothing is known of it but what kind of thing it is."""
        return self.words not in {"", self.kind}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section with those below it."""

    place: str
    """FHIRPath."""
    kind: SectionKind
    code: str | None
    title: str
    lines: tuple[str, ...] = ()
    """Its narrative as plain text."""
    says_more: bool = False
    """True: its author wrote more than the statements say."""
    empty_reason: str | None = None
    statements: tuple[Statement, ...] = ()
    files: tuple[int, ...] = ()
    """Places of its files among those of the document."""
    sections: tuple[Section, ...] = ()

    def walk(self) -> Iterator[Section]:
        """This section and all below it."""
        yield self
        for below in self.sections:
            yield from below.walk()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFile:
    """A file inside a document; its content stays in the original."""

    title: str | None
    media_type: str | None
    """What its content shows; None: nothing that is handed out."""
    said_type: str | None
    size: int
    sha256: str | None
    """None: the document holds no content, only an address."""
    place: str
    """FHIRPath of the Attachment."""

    @property
    def name(self) -> str:
        """What to call it: its title, else its type."""
        return self.title or self.media_type or self.said_type or "?"

    @property
    def marked_name(self) -> str:
        """Its name with letters that are others for other content: who has read one has not read the other."""
        return self.name if self.sha256 is None else f"{self.name} ({in_letters(self.sha256, _MARK_LENGTH)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncounterFacts:
    """The stay as the document tells it."""

    status: str
    encounter_class: str | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    provider: str | None = None
    reasons: tuple[str, ...] = ()
    diagnoses: tuple[str, ...] = ()
    participants: tuple[str, ...] = ()
    disposition: str | None = None
    destination: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedMedicine:
    """What one document says of the medicine of one column."""

    column: Column
    saying: Saying
    why_empty: str | None = None
    lines: tuple[MedicationLine, ...] = ()
    text: str | None = None
    says_more: bool = False
    """True: its author wrote more than the lines say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """Something that shall happen after the departure; ``when`` as it was written, None: to be dated."""

    words: str
    when: str | None
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """What the plan could take from the report."""

    element: str
    """The parameter of ``$plan``."""
    value: str | None
    """None: a person has to read ``words`` and choose."""
    words: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DischargeReport:
    """One document."""

    id: DocumentId
    bundle_key: DocumentKey
    """Of this version."""
    composition_key: DocumentKey | None
    """Of the document across its versions."""
    digest: str
    """Hash of its content: the same for a resend."""
    version: str | None
    status: DocumentStatus
    type_code: str
    type_name: str | None
    dated: str
    """Composition.date as it was written: it may be a day or a month."""
    dated_at: datetime | None
    assembled_at: datetime
    title: str
    language: str | None
    profiles: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    attesters: tuple[str, ...] = ()
    custodian: str | None = None
    recipients: tuple[str, ...] = ()
    encounter: EncounterFacts
    sections: tuple[Section, ...] = ()
    files: tuple[DocumentFile, ...] = ()
    relations: tuple[Relation, ...] = ()
    medicine: tuple[ReportedMedicine, ...] = ()
    follow_ups: tuple[FollowUp, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @property
    def is_summary(self) -> bool:
        """True: a patient summary, which states what was taken before the stay and nothing else."""
        return self.type_code == SUMMARY

    @property
    def stated(self) -> tuple[ReportedMedicine, ...]:
        """What it states of medicine: a patient summary only what was taken before the stay.

        Where it says nothing of medicine and brings files, what the patient goes home with may stand in those.
        """
        if self.is_summary:
            return tuple(each for each in self.medicine if each.column is Column.BEFORE)
        if self.medicine or not self.files:
            return self.medicine
        names = "\n".join(file.marked_name for file in self.files)
        unread = ReportedMedicine(column=Column.AT_DISCHARGE, saying=Saying.NOT_REPORTED, why_empty=IN_FILE, text=names)
        return (unread,)

    @property
    def keys(self) -> frozenset[DocumentKey]:
        """Everything that other documents may name it by."""
        return frozenset({self.bundle_key} if self.composition_key is None else {self.bundle_key, self.composition_key})

    @property
    def all_sections(self) -> tuple[Section, ...]:
        """Its sections and those below them, in their order."""
        return tuple(each for section in self.sections for each in section.walk())

    @property
    def header(self) -> DischargeReport:
        """What it is and how it is known, without anything that it says of anybody."""
        return replace(
            self,
            title="",
            language=None,
            authors=(),
            attesters=(),
            recipients=(),
            encounter=EncounterFacts(status=self.encounter.status),
            sections=(),
            files=(),
            medicine=(),
            follow_ups=(),
            suggestions=(),
            gaps=(),
        )

    @property
    def stated_at(self) -> datetime:
        """The time that it speaks of: of its date, else of its assembly."""
        return self.dated_at or self.assembled_at


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledReport:
    """A report with how it came here."""

    report: DischargeReport
    stay_id: StayId
    position: int
    """The order of arrival within the stay."""
    received_at: datetime
    sender: SorCode
    by: Person | None = None
    """The person who put it to the stay; None: a record system sent it."""
    filled: tuple[str, ...] = ()
    """Parameters of ``$plan`` that were empty and were filled from it."""

    @property
    def id(self) -> DocumentId:
        """The document's."""
        return self.report.id
