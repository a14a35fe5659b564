"""What this service does, and how to get a token: true to what is mounted and set."""

from datetime import UTC, datetime
from importlib.metadata import version
from typing import Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from fhir_mappings.capability import (
    Messaging,
    Operation,
    Resource,
    SearchParameter,
    Server,
    capability_statement,
)
from services.fhir_api import encounters, patients, task_search
from services.fhir_api.resources import base_url_of
from services.web.access import Surface, access
from services.web.outcome import FhirResponse
from services.web.runtime import Runtime, runtime_of
from services.web.token_endpoint import SCOPES
from services.web.tokens import ALGORITHMS

__all__ = ["router"]

router = APIRouter()

_RELEASED: Final = datetime(2026, 11, 22, tzinfo=UTC)
_MINUTES_OF_A_DAY: Final = 24 * 60
_DEFINITIONS: Final = "http://medcomfhir.dk/ig/messagedefinitions/MessageDefinition"
_RULE_OF_ANSWERS: Final = (
    "A body that is a Bundle of type message with a legal id and exactly one MessageHeader, standing first, with id and"
    " sender, is answered 200 with a MedCom Acknowledgement whose response code says ok or fatal-error. Before that"
    " point the answer is a 4xx with an OperationOutcome. JSON only. Repeated messages get the first answer again."
)
_DEMO_TOKENS: Final = "Demo: `stafet token --role ROLE --organization SOR` prints a bearer token."


@router.get("/fhir/metadata")
@access(public=True, surface=Surface.FHIR)
async def read_metadata(request: Request) -> Response:
    """The CapabilityStatement."""
    return FhirResponse(capability_statement(_server(runtime_of(request), base_url_of(request))))


@router.get("/.well-known/smart-configuration")
@router.get("/fhir/.well-known/smart-configuration")
@access(public=True, surface=Surface.API)
async def read_smart_configuration(request: Request) -> Response:
    """How a system gets a token. Source: SMART App Launch 2.2.0, section 4 (conformance)."""
    settings = runtime_of(request).settings
    body: dict[str, object] = {"issuer": settings.token.issuer, "scopes_supported": []}
    if settings.token_url is None:
        body |= {"capabilities": [], "grant_types_supported": [], "token_endpoint_auth_methods_supported": []}
    else:
        body |= {
            "token_endpoint": settings.token_url,
            "capabilities": ["client-confidential-asymmetric"],
            "grant_types_supported": ["client_credentials"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        }
    if settings.own_token_url is not None:
        body["scopes_supported"] = list(SCOPES)
    if settings.is_demo:
        body["documentation"] = _DEMO_TOKENS
    return Response(orjson.dumps(body), media_type="application/json")


def _server(runtime: Runtime, base_url: str) -> Server:
    settings = runtime.settings
    return Server(
        name="Stafet",
        version=version("stafet"),
        released=_RELEASED,
        description="Coordinates discharges: messages in, duties out, proof of every handover.",
        url=base_url,
        token_url=settings.token_url,
        documentation=_DEMO_TOKENS if settings.is_demo else "Bearer tokens of the configured issuer.",
        operations=(
            Operation(
                "process-message",
                "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message",
                _RULE_OF_ANSWERS,
            ),
        ),
        resources=(
            Resource(
                type="Task",
                interactions=("read", "update", "search-type", "history-instance"),
                versioning="versioned-update",
                search=_parameters(task_search.SEARCH_PARAMETERS),
                documentation="Only tasks whose stay the caller's organisation is party to. A change needs If-Match.",
            ),
            Resource(
                type="Patient",
                interactions=("read", "search-type"),
                search=_parameters(patients.SEARCH_PARAMETERS),
                documentation="By CPR number in POST _search only.",
            ),
            Resource(
                type="Encounter",
                interactions=("read", "search-type"),
                versioning="versioned",
                search=_parameters(encounters.SEARCH_PARAMETERS),
                operations=(
                    Operation(
                        "plan",
                        f"{base_url}/OperationDefinition/Encounter-plan",
                        "The ward's plan: Parameters in, the Encounter out with the plan's version as ETag.",
                    ),
                ),
                documentation="Search by POST _search.",
            ),
        ),
        messaging=Messaging(
            # A message is known for as long as it is kept.
            reliable_cache_minutes=settings.retention.message_days * _MINUTES_OF_A_DAY,
            receives=(f"{_DEFINITIONS}/MedComHospitalNotificationMessageDefinition",),
            sends=(f"{_DEFINITIONS}/MedComAcknowledgementMessageDefinition",),
            endpoint=f"{base_url}/$process-message",
            documentation=_RULE_OF_ANSWERS,
        ),
    )


def _parameters(named: dict[str, str]) -> tuple[SearchParameter, ...]:
    return tuple(SearchParameter(name, kind) for name, kind in named.items())
