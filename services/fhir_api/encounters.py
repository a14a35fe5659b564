"""Encounter: the hospital contacts of a stay, and the ward's plan by machine."""

from dataclasses import replace
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.commands import Issue, RevisePlan
from discharge.handlers import revise_plan
from discharge.identifiers import EncounterId, EpisodeOfCareId, PatientId, StayId
from discharge.policy import ACTING_ROLES, Role
from fhir_mappings.bundles import searchset
from fhir_mappings.encounter import STAY_SYSTEM, encounter_resource
from fhir_mappings.outcomes import operation_outcome
from fhir_mappings.plan import read_plan
from services.fhir_api.parameters import Parameters, both, parameters_of
from services.fhir_api.resources import base_url_of, decided_on, versioned
from services.fhir_api.tasks import FORM, people_behind
from services.persistence import fhir_reads
from services.persistence.fhir_reads import EncounterQuery, FoundEncounter
from services.persistence.reading import ReadSession
from services.web.access import Party, Surface, access
from services.web.limits import FHIR_JSON, JSON
from services.web.outcome import FhirResponse
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller

__all__ = ["SEARCH_PARAMETERS", "router"]

router = APIRouter()

SEARCH_PARAMETERS: Final = {
    "_id": "token",
    "patient": "reference",
    "identifier": "token",
    "episode-of-care": "reference",
    "status": "token",
}
_PLANNERS: Final = frozenset({Role.WARD, Role.DOCTOR, Role.SYSTEM})
_STATUSES: Final = {"in-progress": False, "finished": True}
_DEFAULT_COUNT: Final = 100


@router.get("/fhir/Encounter/{encounter_id}")
@access(roles=ACTING_ROLES, party=Party.STAY, surface=Surface.FHIR, action="read-encounter")
async def read_encounter(request: Request, encounter_id: str) -> Response:
    """One hospital contact. Its version is that of the ward's plan."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        found = await fhir_reads.encounter(session, EncounterId(encounter_id))
    resource = encounter_resource(found.stay, found.encounter)
    return versioned(request, resource, found.stay.plan.version)


@router.post("/fhir/Encounter/_search")
@access(roles=ACTING_ROLES, party=Party.STAY, surface=Surface.FHIR, takes=(FORM,), action="search-encounters")
async def search_encounters(request: Request) -> Response:
    """The hospital contacts of a citizen or a stay, oldest first."""
    parameters = await parameters_of(request)
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        found, issues = await _found(session, parameters)
    base_url = base_url_of(request)
    return FhirResponse(
        searchset(
            [encounter_resource(each.stay, each.encounter) for each in found],
            base_url=base_url,
            self_link=f"{base_url}/Encounter?_id={','.join(each.encounter.id for each in found)}",
            total=len(found),
            outcome=operation_outcome(issues) if issues else None,
        )
    )


@router.post("/fhir/Encounter/{encounter_id}/$plan")
@access(roles=_PLANNERS, party=Party.STAY, surface=Surface.FHIR, takes=(FHIR_JSON, JSON), action="revise-plan")
async def revise_plan_by_machine(request: Request, encounter_id: str) -> Response:
    """What the ward knows, from its record system: the same command as the ward's page."""
    database = runtime_of(request).database
    async with database.reading(audit_of(request)) as session:
        found = await fhir_reads.encounter(session, EncounterId(encounter_id))
    change = read_plan(await request.body())
    revision = change.revision
    if change.override_reason is not None:
        revision = replace(revision, override_reason=change.override_reason)
    command = RevisePlan(
        caller=await current_caller(request),
        stay_id=found.stay.id,
        expected_version=decided_on(request),
        revision=revision,
        discharged_at=change.discharged_at,
        undo_discharged=change.undo_discharged,
    )
    stay = await database.run(audit_of(request), revise_plan, command)
    contact = next(each for each in stay.encounters if each.id == found.encounter.id)
    return versioned(request, encounter_resource(stay, contact), stay.plan.version)


async def _found(session: ReadSession, parameters: Parameters) -> tuple[tuple[FoundEncounter, ...], tuple[Issue, ...]]:
    behind = await people_behind(session, parameters)
    ids: frozenset[EncounterId] | None = None
    patients: frozenset[PatientId] | None = None
    stays: frozenset[StayId] | None = None
    episodes: frozenset[str] | None = None
    statuses: frozenset[bool] | None = None
    for parameter in parameters.take("_id"):
        ids = both(ids, map(EncounterId, parameter.plain()))
    for parameter in (*parameters.take("patient"), *parameters.take("subject")):
        if parameter.modifier == "identifier":
            known = (behind[cpr] for cpr in parameter.cpr())
            patients = both(patients, (each for each in known if each is not None))
        else:
            patients = both(patients, map(PatientId, parameter.references("Patient")))
    for parameter in parameters.take("identifier"):
        stays = both(stays, map(StayId, parameter.tokens(STAY_SYSTEM)))
    for parameter in parameters.take("episode-of-care"):
        values = (value.rpartition("|")[2] for value in parameter.values)
        episodes = both(episodes, (EpisodeOfCareId("", value).key for value in values))
    for parameter in parameters.take("status"):
        statuses = both(statuses, (_STATUSES[code] for code in parameter.plain() if code in _STATUSES))
    count = parameters.count(_DEFAULT_COUNT)
    issues = parameters.finish()
    if statuses is not None and not statuses:
        return (), issues
    query = EncounterQuery(
        ids=ids,
        patients=patients,
        stays=stays,
        episodes=episodes,
        finished=None if statuses is None or len(statuses) > 1 else next(iter(statuses)),
        limit=count,
    )
    return await fhir_reads.encounters(session, query), issues
