from __future__ import annotations

import subprocess
import sys

import pytest

from fhir_mappings import r4
from fhir_mappings.errors import ResourceShapeError


def test_models_are_there_by_name() -> None:
    for name in r4.__all__:
        assert getattr(r4, name) is not None
    with pytest.raises(AttributeError):
        _ = r4.Nonsense


def test_importing_the_package_does_not_import_the_models() -> None:
    code = (
        "import sys, fhir_mappings.medcom.intake, fhir_mappings.task_change, fhir_mappings.plan; "
        "sys.exit('fhir.resources' in sys.modules or 'pydantic' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_models_can_be_warmed() -> None:
    r4.warm()


@pytest.mark.parametrize(
    "resource", [None, [], {"resourceType": 7}, {"resourceType": "Nonsense"}, {"resourceType": ""}]
)
def test_an_unknown_type_is_a_finding_and_no_crash(resource: object) -> None:
    [found] = r4.shape_findings(resource, expression="Bundle.entry[0].resource")  # type: ignore[arg-type] # any JSON

    assert found.detail == "MSG_UNKNOWN_TYPE"
    assert found.expression == "Bundle.entry[0].resource.resourceType"


@pytest.mark.parametrize("contained", [{"resourceType": "Nonsense"}, {"resourceType": ["Patient"]}])
def test_an_unknown_contained_type_is_a_finding_and_no_crash(contained: object) -> None:
    resource = {"resourceType": "Patient", "contained": [contained]}

    [found] = r4.shape_findings(resource, expression="Patient")  # type: ignore[arg-type] # any JSON

    assert found.detail == "MSG_UNKNOWN_TYPE"


def test_a_sound_resource_passes() -> None:
    r4.require_shape({"resourceType": "Patient", "name": [{"family": "Sørensen"}]})


def test_a_broken_resource_is_refused_with_every_place() -> None:
    with pytest.raises(ResourceShapeError) as caught:
        r4.require_shape({"resourceType": "Encounter", "period": {"start": "2026-11-20T11:40:00"}, "foo": 1})

    assert {(i.expression, i.code, i.detail) for i in caught.value.issues} == {
        ("Encounter.class", "required", None),
        ("Encounter.period.start", "value", "MSG_DATE_FORMAT"),
        ("Encounter.foo", "structure", "MSG_BAD_FORMAT"),
    }
