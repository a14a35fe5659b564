"""The only import of ``fhir.resources``: R4B models by name, and parsing as the structural stage.

The national profiles are FHIR 4.0.1, which the library's R4B models describe for every resource we
use. Importing them takes half a second and building one takes tens of milliseconds, so both wait for
the first use; ``warm`` does it ahead of time. Parsing is not conformance: the models accept any string
as a code and know no profile (``fhir_mappings.medcom.rules`` does). What ``fhir_mappings.shapes`` says
yes to, the models would accept, so they are asked about the rest only.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from fhir_mappings.elements import Json, JsonObject, expression_of
from fhir_mappings.errors import ResourceShapeError, finding
from fhir_mappings.shapes import stands

if TYPE_CHECKING:
    from fhir.resources.R4B.bundle import Bundle as Bundle
    from fhir.resources.R4B.capabilitystatement import CapabilityStatement as CapabilityStatement
    from fhir.resources.R4B.encounter import Encounter as Encounter
    from fhir.resources.R4B.operationoutcome import OperationOutcome as OperationOutcome
    from fhir.resources.R4B.parameters import Parameters as Parameters
    from fhir.resources.R4B.patient import Patient as Patient
    from fhir.resources.R4B.task import Task as Task
    from pydantic import BaseModel, ValidationError

    from discharge.commands import Issue

__all__ = [
    "Bundle",
    "CapabilityStatement",
    "Encounter",
    "OperationOutcome",
    "Parameters",
    "Patient",
    "Task",
    "model_of",
    "require_shape",
    "shape_findings",
    "warm",
]

_MODELS: Final = frozenset(
    {"Bundle", "CapabilityStatement", "Encounter", "OperationOutcome", "Parameters", "Patient", "Task"}
)
_MESSAGE_MODELS: Final = ("Bundle", "MessageHeader", "Patient", "Encounter", "Organization", "Provenance")
_TIME_FIELDS: Final = frozenset({"start", "end", "timestamp", "recorded", "occurredDateTime", "deceasedDateTime"})


def __getattr__(name: str) -> type[BaseModel]:
    if name in _MODELS:
        return _model(name)
    raise AttributeError(name)


@cache
def _model(name: str) -> type[BaseModel]:
    model: type[BaseModel] = import_module("fhir.resources.R4B").get_fhir_model_class(name)
    return model


def model_of(name: str) -> type[BaseModel]:
    """The model of the type called ``name``: a resource, a data type, or a part such as ``BundleEntry``.

    Raises:
        ValueError: FHIR R4 has no such type.
    """
    return _model(name)


def warm() -> None:
    """Import and build the models of a message now rather than with the first one."""
    for name in _MESSAGE_MODELS:
        _model_findings({"resourceType": name}, kind=name, expression=name)


def shape_findings(resource: Json, *, expression: str) -> tuple[Issue, ...]:
    """What keeps ``resource`` from being the FHIR resource it says it is; nothing when it is one."""
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(resource, dict) or not isinstance(kind, str):
        return (_wrong("A resource names its type.", f"{expression}.resourceType", "MSG_UNKNOWN_TYPE"),)
    return () if stands(resource, kind=kind) else _model_findings(resource, kind=kind, expression=expression)


def _model_findings(resource: JsonObject, *, kind: str, expression: str) -> tuple[Issue, ...]:
    # The library raises its own error for a wrong element, but KeyError, TypeError and others for an
    # unknown or misused resourceType.
    try:
        _model(kind).model_validate(resource)
    except _validation_error() as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        return tuple(_named(each["type"], each["loc"], expression) for each in found)
    except (AttributeError, KeyError, TypeError, ValueError):
        return (_wrong("Not a resource of FHIR R4.", f"{expression}.resourceType", "MSG_UNKNOWN_TYPE"),)
    return ()


def require_shape(resource: JsonObject) -> None:
    """Let ``resource`` pass when it is the FHIR resource it says it is.

    Raises:
        ResourceShapeError: it is not.
    """
    found = shape_findings(resource, expression=str(resource.get("resourceType")))
    if found:
        raise ResourceShapeError(*found)


@cache
def _validation_error() -> type[ValidationError]:
    error: type[ValidationError] = import_module("pydantic").ValidationError
    return error


def _named(kind: str, steps: tuple[str | int, ...], root: str) -> Issue:
    # A primitive is reported at a "root" of its own below the element.
    steps = tuple(step for step in steps if step != "root")
    expression = expression_of(root, steps)
    if kind == "missing":
        return finding("fhir-r4", "required", "A mandatory element is missing.", expression=expression)
    if kind == "extra_forbidden":
        return _wrong("FHIR R4 knows no such element here.", expression, "MSG_BAD_FORMAT")
    if steps and steps[-1] in _TIME_FIELDS:
        return finding(
            "fhir-r4",
            "value",
            "Not a time with date, seconds and zone.",
            expression=expression,
            detail="MSG_DATE_FORMAT",
        )
    return _wrong("Not a value of this element's type.", expression, "MSG_Datatype_Wrong")


def _wrong(text: str, expression: str, detail: str) -> Issue:
    return finding("fhir-r4", "structure", text, expression=expression, detail=detail)
