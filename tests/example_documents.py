"""The page of discharge reports with example reports, beside the pages of medicine: everything that is clinical."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeAlias

from discharge.documents.report import FiledReport
from discharge.documents.rulings import Ruling, RulingKind
from discharge.identifiers import DocumentId, PersonId
from discharge.policy import Role
from discharge.task import Person
from fhir_mappings.discharge_report.report import read_report
from services.stays.document_rulings import SentRuling
from services.stays.document_view import document_view
from services.web.cards import Reader
from services.web.forms import FieldError
from services.web.patient_bar import bar_of
from tests import factories_views as made
from tests import reports
from tests.example_medicine import MEDICINE_TEMPLATES, medicine_examples

__all__ = ["CLINICAL_TEMPLATES", "clinical_examples"]

_Example: TypeAlias = tuple[Role, FiledReport, list[FiledReport], tuple[Ruling, ...], SentRuling | None]
CLINICAL_TEMPLATES = ("stays/document.html", *MEDICINE_TEMPLATES)


def clinical_examples(
    reader: Callable[[Role], Reader], framed: Callable[[str, Role, str, Mapping[str, object]], str]
) -> dict[str, str]:
    """Every example by its name.

    Args:
        reader: who looks, by role.
        framed: renders a template for a role at a path.
    """
    header = reports.whole_header(identifier=reports.IDENTIFIER, date="2026-11-20T12:00:00+01:00")
    header["section"][0] = reports.section("8648-8", "Forløb", "<p>Indlagt med hoftebrud.</p>")
    first, second = _filed(reports.whole(), 0), _filed(reports.whole(header=header, identifier="urn:uuid:2"), 1)
    alone, rival = _filed(reports.report(), 0), _filed(reports.report(identifier="urn:uuid:3"), 1)
    ruled = (
        _ruling(0, RulingKind.NOT_OURS, alone, reason="Forkert borger"),
        _ruling(1, RulingKind.TAKEN_BACK, alone, takes_back=0),
        _ruling(2, RulingKind.REPLACES, rival, other=alone),
    )
    missing = FieldError(field="reason", label="Hvorfor?", words="Skriv, hvorfor rapporten ikke er jeres.")
    sent = SentRuling(other=rival.id, choice="not-ours", errors={"reason": missing})
    found: dict[str, _Example] = {
        "document": (Role.WARD, second, [first, second], (), None),
        "document-replaced": (Role.GP, first, [first, second], (), None),
        "document-empty": (Role.HOME_NURSE, alone, [alone], (), None),
        "document-question": (Role.WARD, alone, [alone, rival], (), sent),
        "document-question-read": (Role.GP, alone, [alone, rival], (), None),
        "document-kept-back": (Role.GP, alone, [alone], ruled[:1], None),
        "document-ruled": (Role.WARD, alone, [alone, rival], ruled, None),
    }
    documents = {name: _shown(each, reader=reader, framed=framed) for name, each in found.items()}
    return documents | medicine_examples(reader, framed)


def _ruling(
    position: int,
    kind: RulingKind,
    one: FiledReport,
    *,
    other: FiledReport | None = None,
    takes_back: int | None = None,
    reason: str | None = None,
) -> Ruling:
    return Ruling(
        position=position,
        kind=kind,
        document_id=one.id,
        other_id=None if other is None else other.id,
        takes_back=takes_back,
        reason=reason,
        at=made.NOW,
        by=Person(PersonId("person-1"), "Mette Holm"),
    )


def _filed(bundle: reports.Json, position: int) -> FiledReport:
    read = read_report(bundle, DocumentId(f"document-{position}"))
    received = made.NOW - timedelta(hours=2 - position)
    return FiledReport(
        report=read.report, stay_id=made.stay().id, position=position, received_at=received, sender=made.HOSPITAL
    )


def _shown(
    example: _Example,
    *,
    reader: Callable[[Role], Reader],
    framed: Callable[[str, Role, str, Mapping[str, object]], str],
) -> str:
    role, shown, filed, rulings, sent = example
    view, looks = made.timeline(ended=True), reader(role)
    context: dict[str, object] = {
        "stay_id": "stay-1",
        "bar": bar_of(view.context, view.tasks, looks),
        "document": document_view(shown, filed, rulings, view.context, looks, sent),
        "problem": sent is not None,
    }
    return framed("stays/document.html", role, f"/stays/stay-1/documents/{shown.id}", context)
