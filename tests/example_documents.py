"""The page of discharge reports with example reports, beside the pages of medicine: everything that is clinical."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from discharge.documents.report import DocumentId, FiledReport
from discharge.policy import Role
from fhir_mappings.discharge_report.report import read_report
from services.stays.document_view import document_view
from services.web.cards import Reader
from services.web.patient_bar import bar_of
from tests import factories_views as made
from tests import reports
from tests.example_medicine import MEDICINE_TEMPLATES, medicine_examples

__all__ = ["CLINICAL_TEMPLATES", "clinical_examples"]

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
    alone = _filed(reports.report(), 0)
    found = {
        "document": (Role.WARD, second, [first, second]),
        "document-replaced": (Role.GP, first, [first, second]),
        "document-empty": (Role.HOME_NURSE, alone, [alone]),
    }
    documents = {name: _shown(*each, reader=reader, framed=framed) for name, each in found.items()}
    return documents | medicine_examples(reader, framed)


def _filed(bundle: reports.Json, position: int) -> FiledReport:
    read = read_report(bundle, DocumentId(f"document-{position}"))
    received = made.NOW - timedelta(hours=2 - position)
    return FiledReport(
        report=read.report, stay_id=made.stay().id, position=position, received_at=received, sender=made.HOSPITAL
    )


def _shown(
    role: Role,
    shown: FiledReport,
    filed: list[FiledReport],
    *,
    reader: Callable[[Role], Reader],
    framed: Callable[[str, Role, str, Mapping[str, object]], str],
) -> str:
    view, looks = made.timeline(ended=True), reader(role)
    context: dict[str, object] = {
        "stay_id": "stay-1",
        "bar": bar_of(view.context, view.tasks, looks),
        "document": document_view(shown, filed, view.context.stay.plan, looks),
    }
    return framed("stays/document.html", role, f"/stays/stay-1/documents/{shown.id}", context)
