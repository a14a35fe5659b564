"""FHIR JSON as an answer, and OperationOutcome as the one shape of every refusal to a machine."""

from collections.abc import Mapping
from typing import Final

import orjson
from starlette.responses import Response

from discharge.commands import Issue
from fhir_mappings.elements import JsonObject
from fhir_mappings.outcomes import operation_outcome

__all__ = ["FHIR_CONTENT", "FhirResponse", "outcome_response"]

FHIR_CONTENT: Final = "application/fhir+json; charset=utf-8"


class FhirResponse(Response):
    """A FHIR resource as JSON."""

    def __init__(
        self, content: JsonObject | bytes, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> None:
        body = content if isinstance(content, bytes) else orjson.dumps(content)
        super().__init__(body, status_code=status, headers={**(headers or {}), "content-type": FHIR_CONTENT})


def outcome_response(status: int, *issues: Issue, headers: Mapping[str, str] | None = None) -> FhirResponse:
    """An OperationOutcome as the answer."""
    return FhirResponse(operation_outcome(issues), status, headers)
