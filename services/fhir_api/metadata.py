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
from fhir_mappings.medcom.care_codes import DEFINITION_5
from services.fhir_api import encounters, patients, plan_definitions, statements, task_search
from services.fhir_api.resources import base_url_of
from services.settings import GatewaySettings
from services.web.access import Surface, access
from services.web.limits import FHIR_JSON, FHIR_XML
from services.web.outcome import FhirResponse
from services.web.runtime import Runtime, runtime_of
from services.web.token_endpoint import SCOPES
from services.web.tokens import ALGORITHMS

__all__ = ["router"]

router = APIRouter()

_RELEASED: Final = datetime(2026, 11, 22, tzinfo=UTC)
_MINUTES_OF_A_DAY: Final = 24 * 60
_DEFINITIONS: Final = "http://medcomfhir.dk/ig/messagedefinitions/MessageDefinition"
_NOTIFICATION: Final = f"{_DEFINITIONS}/MedComHospitalNotificationMessageDefinition"
_ACKNOWLEDGEMENT: Final = f"{_DEFINITIONS}/MedComAcknowledgementMessageDefinition"
_CARE_4: Final = "http://medcomfhir.dk/ig/carecommunication/medcom-careCommunication-message-definition|4.0.0"
_RULE_OF_ANSWERS: Final = (
    "A body that is a Bundle of type message with a legal id and exactly one MessageHeader, standing first, with id and"
    " sender, is answered 200 with a MedCom Acknowledgement whose response code says ok, fatal-error, or"
    " transient-error where the fault was ours and the same message should come again. Before that"
    " point the answer is a 4xx with an OperationOutcome. Messages may be XML; all else is JSON."
    " Repeated messages get the first answer again."
)
_PART_OF: Final = "Our own parameter: Task/{id} finds the lines that are gone through under that duty."
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
                operations=(
                    Operation(
                        "decide",
                        f"{base_url}/OperationDefinition/Task-decide",
                        "The practice decides lines of medicine, all that it names or none: Parameters in, the Task out"
                        " with its version as ETag. The lines are Task.input, each a MedicationStatement.",
                    ),
                ),
                documentation="Only tasks whose stay the caller's organisation is party to. A change needs If-Match.",
            ),
            Resource(
                type="MedicationStatement",
                interactions=("read", "search-type"),
                versioning="versioned",
                search=tuple(
                    SearchParameter(name, kind, _PART_OF if name == "part-of" else None)
                    for name, kind in statements.SEARCH_PARAMETERS.items()
                ),
                documentation="The lines of medicine of a stay, with what each list says of them. Read by the stay's"
                " parties whose role reads medicine; by CPR number in POST _search only.",
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
            Resource(
                type="PlanDefinition",
                interactions=("read", "search-type"),
                search=_parameters(plan_definitions.SEARCH_PARAMETERS),
                documentation="The health agreements in force on a day, with what the caller's municipality changed.",
            ),
            Resource(
                type="Bundle",
                interactions=("create", "read"),
                operations=(
                    Operation(
                        "validate",
                        "http://hl7.org/fhir/OperationDefinition/Resource-validate",
                        "A message held to every rule; 200 with all findings, nothing is kept. JSON or XML.",
                    ),
                ),
                documentation="A document (discharge report) is filed, a collection is taken in as a list of medicine;"
                " read gives a document back as it came. Messages go to $process-message.",
            ),
        ),
        formats=(FHIR_JSON, FHIR_XML),
        messaging=Messaging(
            # A message is known for as long as it is kept.
            reliable_cache_minutes=settings.retention.message_days * _MINUTES_OF_A_DAY,
            receives=(_NOTIFICATION, f"{DEFINITION_5}.0", _CARE_4, _ACKNOWLEDGEMENT),
            sends=(f"{DEFINITION_5}.0", _ACKNOWLEDGEMENT),
            endpoint=f"{base_url}/$process-message",
            documentation=_traffic(settings.gateway),
        ),
    )


def _traffic(gateway: GatewaySettings) -> str:
    """What is taken and sent in which versions, and what is done when no receipt comes."""
    return (
        f"{_RULE_OF_ANSWERS} Taken: HospitalNotification 2.0 to 3.0, CareCommunication 3 to 5, Acknowledgement 2.0."
        " Sent: CareCommunication 5.0 and Acknowledgement 2.0. A message of ours without a receipt is sent again after"
        f" {gateway.resend_minutes:g} minutes, at most {gateway.max_resends} times, with a new Bundle.id and the same"
        " MessageHeader.id. A receipt may come in the HTTP answer or as a message; it is never receipted in turn."
    )


def _parameters(named: dict[str, str]) -> tuple[SearchParameter, ...]:
    return tuple(SearchParameter(name, kind) for name, kind in named.items())
