"""Patient: read by our id, or found by CPR number in the body of a search."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.commands import Issue
from discharge.identifiers import PatientId
from discharge.patient import Patient
from discharge.policy import ACTING_ROLES
from fhir_mappings.bundles import searchset
from fhir_mappings.elements import JsonObject
from fhir_mappings.outcomes import operation_outcome
from fhir_mappings.patient import patient_resource
from services.fhir_api.parameters import Parameters, both, parameters_of
from services.fhir_api.resources import base_url_of
from services.fhir_api.tasks import FORM, people_behind
from services.persistence import fhir_reads
from services.persistence.reading import ReadSession
from services.web.access import Party, Surface, access
from services.web.outcome import FhirResponse
from services.web.runtime import runtime_of
from services.web.security import audit_of

__all__ = ["SEARCH_PARAMETERS", "router"]

router = APIRouter()

SEARCH_PARAMETERS = {"_id": "token", "identifier": "token"}


@router.get("/fhir/Patient/{patient_id}")
@access(roles=ACTING_ROLES, party=Party.STAY, surface=Surface.FHIR, action="read-patient")
async def read_patient(request: Request, patient_id: str) -> Response:
    """The citizen, for a party to one of the citizen's stays."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        found = await fhir_reads.patient(session, PatientId(patient_id))
    return FhirResponse(_resource(found))


@router.get("/fhir/Patient")
@access(roles=ACTING_ROLES, party=Party.STAY, surface=Surface.FHIR, action="search-patients")
async def search_patients(request: Request) -> Response:
    """By our id. A CPR number in the address is refused."""
    return await _search(request)


@router.post("/fhir/Patient/_search")
@access(roles=ACTING_ROLES, party=Party.STAY, surface=Surface.FHIR, takes=(FORM,), action="search-patients")
async def search_patients_by_post(request: Request) -> Response:
    """By our id or by CPR number."""
    return await _search(request)


async def _search(request: Request) -> Response:
    parameters = await parameters_of(request)
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        found, issues = await _found(session, parameters)
    base_url = base_url_of(request)
    return FhirResponse(
        searchset(
            [_resource(patient) for patient in found],
            base_url=base_url,
            self_link=f"{base_url}/Patient?_id={','.join(patient.id for patient in found)}",
            total=len(found),
            outcome=operation_outcome(issues) if issues else None,
        )
    )


async def _found(session: ReadSession, parameters: Parameters) -> tuple[tuple[Patient, ...], tuple[Issue, ...]]:
    behind = await people_behind(session, parameters)
    ids: frozenset[PatientId] | None = None
    for parameter in parameters.take("_id"):
        ids = both(ids, map(PatientId, parameter.plain()))
    for parameter in parameters.take("identifier"):
        parameter.plain()
        ids = both(ids, (known for cpr in parameter.cpr() if (known := behind[cpr]) is not None))
    count = parameters.count(100)
    parameters.take("_count")
    issues = parameters.finish()
    # Nobody asks for everybody.
    found = await fhir_reads.patients(session, ids) if ids else ()
    return found[:count], issues


def _resource(patient: Patient) -> JsonObject:
    return patient_resource(patient.id, family=patient.family, given=patient.given, cpr=patient.cpr)
