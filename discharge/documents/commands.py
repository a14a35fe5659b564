"""What somebody asks for with documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from discharge.documents.report import DischargeReport
from discharge.documents.rulings import RulingKind
from discharge.identifiers import CprNumber, DocumentId, EpisodeOfCareId, SorCode, StayId
from discharge.policy import Caller

__all__ = ["DocumentSubject", "FileReport", "RuleDocuments", "TakeSuggestion"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSubject:
    """Whom and which stay a document is about, with the FHIRPath of what says so."""

    number: CprNumber | None
    """None: the citizen has another country's number, and a person must say whose stay it is."""
    patient_at: str
    encounter_at: str
    episodes: tuple[EpisodeOfCareId, ...] = ()
    began_at: datetime | None = None
    ended_at: datetime | None = None
    providers: tuple[SorCode, ...] = ()
    """The hospital places that it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """A discharge report came in."""

    caller: Caller
    report: DischargeReport
    subject: DocumentSubject
    stay_id: StayId | None = None
    """The stay that a person put it to."""
    body: bytes = field(repr=False)
    """The document verbatim. Written only encrypted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeSuggestion:
    """The ward takes something of a report over into its plan."""

    caller: Caller
    stay_id: StayId
    document_id: DocumentId
    number: int
    """Its place among the report's suggestions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleDocuments:
    """The ward says what documents in question are to each other, or takes such a word back."""

    caller: Caller
    stay_id: StayId
    kind: RulingKind
    document_id: DocumentId
    other_id: DocumentId | None = None
    takes_back: int | None = None
    """The place of the ruling that was wrong."""
    reason: str | None = None
    expected_version: int
    """How many documents and rulings the person saw."""
