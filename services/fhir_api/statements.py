"""MedicationStatement: the lines of medicine of a stay, each with what every list says of it."""

from collections.abc import Iterable
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.commands import Issue
from discharge.identifiers import PatientId, TaskId, in_letters
from discharge.medication.record import LineId
from discharge.policy import READS, ContentClass
from fhir_mappings.bundles import searchset
from fhir_mappings.elements import JsonObject
from fhir_mappings.medicine.statement import statement_resource, version_of
from fhir_mappings.outcomes import operation_outcome
from services.fhir_api.parameters import Parameters, both, link, parameters_of, refuse
from services.fhir_api.resources import base_url_of, versioned
from services.fhir_api.tasks import FORM, people_behind
from services.persistence import statement_reads
from services.persistence.reading import ReadSession
from services.persistence.statement_reads import FoundLines, LineQuery
from services.web.access import Party, Surface, access
from services.web.outcome import FhirResponse
from services.web.runtime import runtime_of
from services.web.security import audit_of

__all__ = ["READERS", "SEARCH_PARAMETERS", "router", "statement_of"]

router = APIRouter()

SEARCH_PARAMETERS: Final = {"_id": "token", "patient": "reference", "subject": "reference", "part-of": "reference"}
READERS: Final = frozenset(role for role, (_, classes) in READS.items() if ContentClass.MEDICINE in classes)
_CURSOR: Final = "_cursor"
_EVERYTHING: Final = 500


@router.get("/fhir/MedicationStatement/{line_id}")
@access(roles=READERS, party=Party.STAY, surface=Surface.FHIR, action="read-medication-line")
async def read_statement(request: Request, line_id: str) -> Response:
    """One line as it stands. Its version names the reconciliation's, and what the line says."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        found = await statement_reads.line(session, LineId(line_id))
    (known,) = found.ids
    version = version_of(found.record, known, encounter_id=found.encounter_id, tasks=found.tasks)
    return versioned(request, statement_of(found, known), version)


@router.get("/fhir/MedicationStatement")
@access(roles=READERS, party=Party.STAY, surface=Surface.FHIR, action="search-medication-lines")
async def search_statements(request: Request) -> Response:
    """The lines of a citizen or of a duty. A CPR number in the address is refused."""
    return await _search(request)


@router.post("/fhir/MedicationStatement/_search")
@access(roles=READERS, party=Party.STAY, surface=Surface.FHIR, takes=(FORM,), action="search-medication-lines")
async def search_statements_by_post(request: Request) -> Response:
    """The same; here a CPR number may be asked for."""
    return await _search(request)


def statement_of(found: FoundLines, line_id: LineId) -> JsonObject:
    """One of the lines as a resource."""
    return statement_resource(found.record, line_id, encounter_id=found.encounter_id, tasks=found.tasks)


async def _search(request: Request) -> Response:
    parameters = await parameters_of(request)
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        query, pairs = await _query(session, parameters)
        cursor, count = parameters.one(_CURSOR), parameters.count(_EVERYTHING)
        issues: tuple[Issue, ...] = parameters.finish()
        found = await statement_reads.lines(session, query)
    if len(found) > query.most:
        refuse("patient", f"the lines of at most {query.most} stays are found at a time: ask for fewer", "too-costly")
    listed = [(stay, line_id) for stay in found for line_id in stay.ids]
    seal = _seal(line_id for _, line_id in listed)
    begins = _begins(cursor, seal)
    ends = begins + count
    base_url = base_url_of(request)
    path = "MedicationStatement"
    further = (*pairs, ("_count", str(count)), (_CURSOR, f"{ends}-{seal}"))
    return FhirResponse(
        searchset(
            [statement_of(stay, line_id) for stay, line_id in listed[begins:ends]],
            base_url=base_url,
            self_link=link(base_url, path, pairs),
            next_link=link(base_url, path, further) if count > 0 and ends < len(listed) else None,
            total=len(listed),
            outcome=operation_outcome(issues) if issues else None,
        )
    )


async def _query(session: ReadSession, parameters: Parameters) -> tuple[LineQuery, list[tuple[str, str]]]:
    """What is asked for, and the same as parameters without the number of a person."""
    behind = await people_behind(session, parameters)
    ids: frozenset[LineId] | None = None
    patients: frozenset[PatientId] | None = None
    tasks: frozenset[TaskId] | None = None
    for parameter in parameters.take("_id"):
        ids = both(ids, map(LineId, parameter.plain()))
    for parameter in (*parameters.take("patient"), *parameters.take("subject")):
        if parameter.modifier == "identifier":
            known = (behind[cpr] for cpr in parameter.cpr())
            patients = both(patients, (each for each in known if each is not None))
        else:
            patients = both(patients, map(PatientId, parameter.references("Patient")))
    for parameter in parameters.take("part-of"):
        tasks = both(tasks, map(TaskId, parameter.references("Task")))
    query = LineQuery(ids=ids, patients=patients, tasks=tasks)
    named = {
        "_id": ids,
        "patient": None if patients is None else [f"Patient/{each}" for each in patients] or ["Patient/none"],
        "part-of": None if tasks is None else [f"Task/{each}" for each in tasks],
    }
    return query, [(name, ",".join(sorted(values))) for name, values in named.items() if values is not None]


def _seal(line_ids: Iterable[LineId]) -> str:
    """Which lines there are, and in which order."""
    return in_letters(",".join(line_ids), 16)


def _begins(cursor: str | None, seal: str) -> int:
    """Where the page begins. Between two pages no line may be passed over: when they changed, all begins anew."""
    begins, _, sealed = (cursor or f"0-{seal}").partition("-")
    if not (begins.isascii() and begins.isdecimal() and len(begins) < len(str(10**9)) and sealed):
        refuse(_CURSOR, "take the address of the next page as it was given")
    if sealed != seal:
        refuse(_CURSOR, "other lines stand there since the first page: search again", "conflict")
    return int(begins)
