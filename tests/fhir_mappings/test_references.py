from __future__ import annotations

from typing import Any

from fhir_mappings.elements import Element
from fhir_mappings.references import NOWHERE, contained, places_of, resolved

BUNDLE: Any = {
    "entry": [
        {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "p"}},
        {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "p"}},
        {"resource": {"resourceType": "Medication", "contained": [{"id": "c"}], "form": {"reference": "#c"}}},
        {"fullUrl": "Patient/p"},
    ]
}


def places() -> Any:
    return places_of(Element("Bundle", BUNDLE).all("entry")[:3])


def path(target: str | None) -> str:
    return resolved(Element("subject", {"reference": target}), places()).path


def test_a_reference_leads_to_the_first_that_bears_the_name() -> None:
    assert path("urn:uuid:1") == "Bundle.entry[0].resource"
    assert path("Patient/p") == "Bundle.entry[0].resource"
    assert path("Patient/p/_history/2") == "Bundle.entry[0].resource"


def test_a_full_url_wins_over_type_and_id() -> None:
    (*_, last) = Element("Bundle", BUNDLE).all("entry")

    assert places_of([*Element("Bundle", BUNDLE).all("entry")])["Patient/p"] == last["resource"]


def test_what_leads_nowhere_is_nothing() -> None:
    assert path("Patient/other") == NOWHERE.path
    assert path(None) == NOWHERE.path
    assert not NOWHERE.exists


def test_a_contained_resource_is_found_where_the_reference_stands() -> None:
    form = Element("Bundle", BUNDLE).all("entry")[2]["resource"]["form"]

    assert resolved(form, places()).path == "Bundle.entry[2].resource.contained[0]"
    assert contained(form, "d") is NOWHERE
