"""FHIR as an answer, and OperationOutcome as the one shape of every refusal to a machine."""

from collections.abc import Mapping

from starlette.responses import Response

from discharge.commands import Issue
from fhir_mappings.elements import JsonObject
from fhir_mappings.outcomes import operation_outcome
from fhir_mappings.wire import Format, rendered

__all__ = ["FhirResponse", "outcome_response"]


class FhirResponse(Response):
    """A FHIR resource as JSON, or as XML where that is asked for."""

    def __init__(
        self,
        content: JsonObject | bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        media: Format = Format.JSON,
    ) -> None:
        body = content if isinstance(content, bytes) else rendered(content, media)
        kind = f"{media}; charset=utf-8"
        super().__init__(body, status_code=status, headers={**(headers or {}), "content-type": kind})


def outcome_response(
    status: int,
    *issues: Issue,
    headers: Mapping[str, str] | None = None,
    media: Format = Format.JSON,
) -> FhirResponse:
    """An OperationOutcome as the answer."""
    return FhirResponse(operation_outcome(issues), status, headers, media)
