"""PlanDefinition: the health agreements in force, as one who is at the caller's place meets them. No citizen's data."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.agreement_values import Document, as_texts
from discharge.clock import local
from discharge.errors import AgreementError, NotFoundError
from discharge.in_force import InForce, in_force
from discharge.layer_format import is_layer, parse_layer
from discharge.layers import resolve
from fhir_mappings.bundles import searchset
from fhir_mappings.outcomes import operation_outcome
from fhir_mappings.plan_definition import REGION_SYSTEM, plan_definition_of
from services.fhir_api.parameters import parameters_of, refuse
from services.fhir_api.resources import base_url_of
from services.persistence.reading import ReadSession
from services.web.access import EVERY_ROLE, Party, Surface, access
from services.web.outcome import FhirResponse
from services.web.runtime import runtime_of
from services.web.security import audit_of

__all__ = ["SEARCH_PARAMETERS", "router"]

router = APIRouter()

SEARCH_PARAMETERS: Final = {"_id": "token", "date": "date", "jurisdiction": "token"}


@router.get("/fhir/PlanDefinition/{plan_id}")
@access(roles=EVERY_ROLE, party=Party.OWN, surface=Surface.FHIR, action="read-agreement")
async def read_plan_definition(request: Request, plan_id: str) -> Response:
    """The agreement that holds today under this id; its version is the agreement's."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        resources = [plan_definition_of(document) for document in _holding(session, _today(session))]
    found = next((each for each in resources if each["id"] == plan_id), None)
    if found is None:
        raise NotFoundError(kind="PlanDefinition")
    return FhirResponse(found)


@router.get("/fhir/PlanDefinition")
@access(roles=EVERY_ROLE, party=Party.OWN, surface=Surface.FHIR, action="search-agreements")
async def search_plan_definitions(request: Request) -> Response:
    """The agreements that hold on a day, today unless one is named: one for each region that has one."""
    parameters = await parameters_of(request)
    ids = [frozenset(parameter.plain()) for parameter in parameters.take("_id")]
    regions = [parameter.tokens(REGION_SYSTEM) for parameter in parameters.take("jurisdiction")]
    named = parameters.one("date")
    issues = parameters.finish()
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        day = _today(session) if named is None else _day(named)
        resources = [plan_definition_of(document) for document in _holding(session, day, regions)]
    found = [each for each in resources if all(each["id"] in wanted for wanted in ids)]
    base_url = base_url_of(request)
    return FhirResponse(
        searchset(
            found,
            base_url=base_url,
            self_link=f"{base_url}/PlanDefinition?date={day.isoformat()}",
            total=len(found),
            outcome=operation_outcome(issues) if issues else None,
        )
    )


def _today(session: ReadSession) -> date:
    return local(session.now).date()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text.removeprefix("eq"))
    except ValueError:
        refuse("date", "one day such as 2026-11-20 is needed")


def _holding(session: ReadSession, day: date, wanted: Iterable[frozenset[str]] = ()) -> Iterator[Document]:
    """What holds on ``day`` where it is ``wanted``, each agreement once; as the caller's own place has it."""
    documents = session.agreements
    own = session.directory.root(session.caller.acting)
    seen: set[tuple[str, str]] = set()
    regions = {region for each in documents if not is_layer(each) for region in _regions(each)}
    for region in sorted(regions.intersection(*wanted)):
        found = in_force(documents, region=region, municipality=own, day=day)
        if found is None:
            continue
        document = _laid(found)
        name = (str(document["id"]), str(document["version"]))
        if name not in seen:
            seen.add(name)
            yield document


def _laid(found: InForce) -> Document:
    """What is followed: a layer that cannot be laid there is left out, as it is for duties."""
    kept: list[Document] = []
    document = found.base
    for layer in found.layers:
        try:
            document = resolve(found.base, map(parse_layer, (*kept, layer))).document
        except AgreementError:
            continue
        kept.append(layer)
    return document


def _regions(document: Document) -> Iterable[str]:
    return as_texts(document.get("regions", ()), "$.regions")
