import json
from typing import Any

import pytest

from discharge.agreement import HealthAgreement
from discharge.agreement_format import parse_agreement
from fhir_mappings.elements import Element
from fhir_mappings.errors import ResourceShapeError
from fhir_mappings.plan_definition import activity_definitions_of, document_from, plan_definition_of
from fhir_mappings.r4 import require_shape
from services.agreements.reading import check_document
from services.agreements.shipped import PROFILES, profile
from tests import factories

MIDTJYLLAND = profile("dk-midtjylland")


def _resource(agreement: str = "dk-midtjylland") -> dict[str, Any]:
    resource: dict[str, Any] = json.loads(json.dumps(plan_definition_of(profile(agreement))))
    return resource


def _read_back(resource: dict[str, Any]) -> HealthAgreement:
    checked = check_document(document_from(resource))
    assert checked.errors == ()
    assert checked.document is not None
    return parse_agreement(checked.document)


@pytest.mark.parametrize("agreement", list(PROFILES))
def test_a_shipped_agreement_comes_back_as_the_same(agreement: str) -> None:
    resource = _resource(agreement)

    assert _read_back(resource) == parse_agreement(profile(agreement))


def test_an_agreement_with_every_part_comes_back_as_the_same() -> None:
    document = {
        **factories.small_document(),
        "valid-to": "2027-12-31",
        "calendars": {
            "country": "SE",
            "closed-days": ["06-05", "2026-12-24"],
            "hours": {"ward": "08:00-15:00", "999000000002000": "08:00-16:00 working-days"},
            "on-call": {"team": "ward"},
        },
        "parties": {
            "team": [{"to": "2026-12-31", "operator": "municipality"}, {"from": "2027-01-01", "operator": "gp"}]
        },
    }

    resource = json.loads(json.dumps(plan_definition_of(document)))

    assert _read_back(resource) == parse_agreement(document)


@pytest.mark.parametrize("agreement", list(PROFILES))
def test_what_is_made_is_a_resource_of_fhir_r4(agreement: str) -> None:
    require_shape(_resource(agreement))
    for resource in activity_definitions_of(profile(agreement)):
        require_shape(resource)


def test_what_fhir_has_a_place_for_stands_there() -> None:
    resource = _resource()

    first = resource["action"][0]
    assert resource["url"] == "urn:stafet:agreement:dk-midtjylland"
    assert resource["jurisdiction"] == [{"coding": [{"system": "urn:iso:std:iso:3166:-2", "code": "DK-82"}]}]
    assert first["prefix"] == "R01"
    assert first["trigger"] == [{"type": "named-event", "name": "stay-began"}]
    assert first["condition"][0]["expression"] == {
        "language": "text/cel",
        "expression": "stay.municipality_is_party && stay.report_requested",
    }
    assert first["definitionCanonical"] == "urn:stafet:agreement:dk-midtjylland:rule:R01|1.0.0"
    assert {part["role"]["coding"][0]["code"]: part["type"] for part in first["participant"]}["system"] == "device"


def test_each_rule_has_one_activity_with_the_tasks_it_makes() -> None:
    activities = activity_definitions_of(MIDTJYLLAND)

    rules = parse_agreement(MIDTJYLLAND).rules
    assert [each["url"] for each in activities] == list(
        dict.fromkeys(f"urn:stafet:agreement:dk-midtjylland:rule:{rule.id}" for rule in rules)
    )
    codings = [coding for each in activities for coding in Element("code", each)["code"].all("coding")]
    codes = [coding.text("code") for coding in codings]
    assert sorted(map(str, codes)) == sorted(rule.code for rule in rules)


def test_extensions_of_others_are_not_looked_at() -> None:
    resource = _resource()
    resource["extension"].append({"url": "https://example.org/colour", "valueString": "green"})
    resource["action"][0]["extension"].append({"url": "https://example.org/colour", "valueString": "green"})

    assert _read_back(resource) == parse_agreement(MIDTJYLLAND)


@pytest.mark.parametrize(
    "change",
    [
        {"resourceType": "ActivityDefinition", "action": None, "type": None},
        {"status": None},
        {"action": [{"colour": "green"}]},
        {
            "action": [
                {"condition": [{"kind": "applicability", "expression": {"language": "text/cql", "expression": "1"}}]}
            ]
        },
    ],
)
def test_what_is_no_such_resource_is_refused(change: dict[str, Any]) -> None:
    resource = {key: value for key, value in (_resource() | change).items() if value is not None}

    with pytest.raises(ResourceShapeError):
        document_from(resource)


def test_a_rule_that_lacks_what_every_rule_has_is_told_like_one_in_a_file() -> None:
    resource = _resource()
    resource["action"] = [{"prefix": "R99"}]

    errors = [str(finding) for finding in check_document(document_from(resource)).errors]

    assert errors
    assert all(error.startswith("rule R99") for error in errors)


def test_numbers_and_truths_of_an_agreement_keep_their_type() -> None:
    document = {**profile("dk-midtjylland"), "edition": 3, "tried": True}

    resource: Any = plan_definition_of(document)

    said = [{key: value for key, value in each.items() if key != "url"} for each in resource["extension"]]
    assert {"valueInteger": 3} in said
    assert {"valueBoolean": True} in said
