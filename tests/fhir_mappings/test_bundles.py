from __future__ import annotations

from typing import Any

from discharge.identifiers import PatientId
from fhir_mappings import r4
from fhir_mappings.bundles import history, searchset
from fhir_mappings.errors import finding
from fhir_mappings.outcomes import operation_outcome
from fhir_mappings.patient import patient_resource
from fhir_mappings.task import past_rounds, task_resource
from tests.fhir_mappings.tasks import AT, ENCOUNTER, task

BASE = "https://stafet.example/fhir/"


def test_a_page_of_results_has_links_total_and_full_urls() -> None:
    page: Any = searchset(
        [patient_resource(PatientId("p1"))],
        base_url=BASE,
        self_link="Patient?_id=p1",
        next_link="Patient?page=2",
        total=1,
        outcome=operation_outcome([finding("x", "not-supported", "Unknown parameter.", severity="warning")]),
    )

    assert page["total"] == 1
    assert page["link"] == [
        {"relation": "self", "url": "Patient?_id=p1"},
        {"relation": "next", "url": "Patient?page=2"},
    ]
    match, outcome = page["entry"]
    assert match["fullUrl"] == "https://stafet.example/fhir/Patient/p1"
    assert (match["search"], outcome["search"]) == ({"mode": "match"}, {"mode": "outcome"})
    r4.Bundle.model_validate(page)


def test_an_empty_page_has_no_entries() -> None:
    page: Any = searchset([], base_url=BASE, self_link="Task", total=0)

    assert "entry" not in page
    assert "total" not in searchset([], base_url=BASE, self_link="Task")
    r4.Bundle.model_validate(page)


def test_a_history_shows_each_version_as_it_was_answered() -> None:
    renewed = task().renewed(AT)
    versions: list[Any] = [
        task_resource(renewed, encounter_id=ENCOUNTER),
        *past_rounds(renewed, encounter_id=ENCOUNTER),
        {"resourceType": "Task", "id": "task-1"},
    ]

    bundle: Any = history(versions, base_url=BASE, self_link="Task/task-1/_history")

    newest, oldest, bare = bundle["entry"]
    assert newest["response"] == {"status": "200", "etag": 'W/"1"', "lastModified": "2026-11-20T10:40:00Z"}
    assert oldest["response"] == {"status": "200", "lastModified": "2026-11-20T10:40:00Z"}
    assert bare["response"] == {"status": "200"}
    assert newest["request"] == {"method": "PUT", "url": "Task/task-1"}
    bundle["entry"].pop()
    r4.Bundle.model_validate(bundle)
