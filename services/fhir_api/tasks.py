"""Task: read, search, history, and the moves that a PUT asks for."""

from dataclasses import dataclass, field
from typing import NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.commands import DecideLines, MoveTask
from discharge.handlers import decide_lines, move_task
from discharge.handlers.moves import require_reader
from discharge.handlers.resolving import RECONCILE
from discharge.identifiers import CprNumber, FeedId, PatientId, TaskId
from discharge.medication.record import LineId
from discharge.policy import ACTING_ROLES, Caller, Role
from discharge.ports import UnitOfWork
from discharge.stay import Stay
from discharge.task import HandoverTask
from fhir_mappings.bundles import history, searchset
from fhir_mappings.elements import Element, JsonObject
from fhir_mappings.medicine.decide import read_decisions
from fhir_mappings.outcomes import operation_outcome
from fhir_mappings.task import past_rounds, task_resource
from fhir_mappings.task_change import read_put
from services.fhir_api.parameters import Parameters, parameters_of
from services.fhir_api.resources import base_url_of, decided_on, versioned
from services.fhir_api.task_search import read_search
from services.persistence import fhir_reads
from services.persistence.reading import ReadSession
from services.persistence.statement_reads import lines_of
from services.web.access import Party, Surface, access
from services.web.limits import FHIR_JSON, JSON
from services.web.outcome import FhirResponse
from services.web.refusals import PreconditionRequiredError
from services.web.runtime import runtime_of
from services.web.security import audit_of, current_caller

__all__ = ["FORM", "TASK_ROLES", "feed_header", "router"]

router = APIRouter()

TASK_ROLES = ACTING_ROLES | {Role.LEADER}
"""A leader sees the single tasks that were escalated to it."""
_DECIDERS = frozenset({Role.GP, Role.SYSTEM})
FORM = "application/x-www-form-urlencoded"


@router.get("/fhir/Task/{task_id}")
@access(roles=TASK_ROLES, party=Party.STAY, surface=Surface.FHIR, action="read-task")
async def read_task(request: Request, task_id: str) -> Response:
    """The task as it stands. Reading marks nothing as seen."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        found = await fhir_reads.task(session, TaskId(task_id))
        lines = await lines_of(session, [found.task])
    resource = task_resource(found.task, encounter_id=found.encounter_id, lines=lines.get(found.task.stay_id, ()))
    return versioned(request, resource, found.task.version, found.task.changed_at)


@router.get("/fhir/Task")
@access(roles=TASK_ROLES, party=Party.STAY, surface=Surface.FHIR, action="search-tasks")
async def search_tasks(request: Request) -> Response:
    """A page of tasks, with the head of the feed as it stood in the same snapshot."""
    return await _search(request)


@router.post("/fhir/Task/_search")
@access(roles=TASK_ROLES, party=Party.STAY, surface=Surface.FHIR, takes=(FORM,), action="search-tasks")
async def search_tasks_by_post(request: Request) -> Response:
    """The same; here a CPR number may be asked for."""
    return await _search(request)


@router.get("/fhir/Task/{task_id}/_history")
@access(roles=TASK_ROLES, party=Party.STAY, surface=Surface.FHIR, action="read-task-history")
async def read_task_history(request: Request, task_id: str) -> Response:
    """Every version as it began, and every earlier round as it was closed, newest first."""
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        found, earlier = await fhir_reads.task_history(session, TaskId(task_id))
        lines = await lines_of(session, [found.task])
    contact = found.encounter_id
    versions = [task_resource(found.task, encounter_id=contact, lines=lines.get(found.task.stay_id, ()))]
    versions += [task_resource(task, encounter_id=contact) for task in earlier]
    versions += past_rounds(found.task, encounter_id=contact)
    # A stable sort: of what happened at one instant, the higher version stays first.
    versions.sort(key=_last_updated, reverse=True)
    base_url = base_url_of(request)
    return FhirResponse(history(versions, base_url=base_url, self_link=f"{base_url}/Task/{task_id}/_history"))


@router.put("/fhir/Task/{task_id}")
@access(roles=TASK_ROLES, party=Party.STAY, surface=Surface.FHIR, takes=(FHIR_JSON, JSON), action="move-task")
async def put_task(request: Request, task_id: str) -> Response:
    """Accept, reject, propose another time, start, pause, complete, assign, withdraw or give up.

    Raises:
        PreconditionRequiredError: it does not say which version it was decided on.
    """
    expected = decided_on(request)
    if expected is None:
        raise PreconditionRequiredError
    command = _Put(
        caller=await current_caller(request), task_id=TaskId(task_id), expected=expected, body=await request.body()
    )
    task, stay, lines = await runtime_of(request).database.run(audit_of(request), _put, command)
    resource = task_resource(task, encounter_id=stay.encounter.id, lines=lines)
    return versioned(request, resource, task.version, task.changed_at)


@router.post("/fhir/Task/{task_id}/$decide")
@access(roles=_DECIDERS, party=Party.STAY, surface=Surface.FHIR, takes=(FHIR_JSON, JSON), action="decide-lines")
async def decide_by_machine(request: Request, task_id: str) -> Response:
    """The practice decides lines of medicine, all that it names or none: the same command as the practice's page."""
    decisions, by = read_decisions(await request.body())
    command = DecideLines(
        caller=await current_caller(request),
        task_id=TaskId(task_id),
        decisions=decisions,
        task_version=decided_on(request),
        by=by,
    )
    task, stay, lines = await runtime_of(request).database.run(audit_of(request), _decide, command)
    resource = task_resource(task, encounter_id=stay.encounter.id, lines=lines)
    return versioned(request, resource, task.version, task.changed_at)


class _Standing(NamedTuple):
    """A task after a change, with what its resource is made of."""

    task: HandoverTask
    stay: Stay
    lines: tuple[LineId, ...]


async def _decide(command: DecideLines, uow: UnitOfWork) -> _Standing:
    decided = await decide_lines(command, uow)
    stay = await uow.stays.get(decided.stay_id)
    record = await uow.medications.of_stay(stay)
    # What the agreement made of it may have moved the task, too.
    return _Standing(await uow.tasks.get(decided.id), stay, tuple(record.lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Put:
    caller: Caller
    task_id: TaskId
    expected: int
    body: bytes = field(repr=False)


async def _put(command: _Put, uow: UnitOfWork) -> _Standing:
    """Read the body against the locked task, so that nothing changes between the two."""
    stay = await uow.stays.get(await uow.tasks.stay_of(command.task_id))
    task = await uow.tasks.get(command.task_id)
    # Before anything of the body is judged: a finding would tell a stranger that the task exists.
    require_reader(command.caller, task, stay, uow)
    record = await uow.medications.of_stay(stay) if task.code == RECONCILE else None
    change = read_put(
        command.body,
        task,
        encounter_id=stay.encounter.id,
        earlier_encounters=tuple(each.id for each in stay.encounters),
        lines=() if record is None else tuple(each.id for each in record.named),
        stale=command.expected != task.version,
    )
    moved = await move_task(
        MoveTask(
            caller=command.caller,
            task_id=command.task_id,
            expected_version=command.expected,
            is_exact=True,
            move=change.move,
            reason=change.reason,
            proposed_time=change.proposed_time,
            assignee=change.assignee,
            owner=change.owner,
            note=change.note,
        ),
        uow,
    )
    return _Standing(moved, stay, () if record is None else tuple(record.lines))


async def _search(request: Request) -> Response:
    parameters = await parameters_of(request)
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        search = read_search(parameters, session.directory, await people_behind(session, parameters))
        # The head before the rows, in one snapshot: entries above it are not in the rows yet.
        header = await feed_header(session, search.feed(session.caller.acting, session.caller.scope(session.directory)))
        page = await fhir_reads.tasks(session, search.query)
        lines = await lines_of(session, [found.task for found in page.found])
    base_url = base_url_of(request)
    bundle = searchset(
        [
            task_resource(
                found.task,
                encounter_id=found.encounter_id,
                lines=lines.get(found.task.stay_id, ()) if found.task.code == RECONCILE else (),
            )
            for found in page.found
        ],
        base_url=base_url,
        self_link=search.self_link(base_url),
        next_link=search.next_link(base_url, page.after),
        total=page.total,
        outcome=operation_outcome(search.issues) if search.issues else None,
    )
    return FhirResponse(bundle, headers=header)


async def people_behind(session: ReadSession, parameters: Parameters) -> dict[CprNumber, PatientId | None]:
    """Whom the numbers in a search stand for, as far as the caller may know."""
    numbers = {
        cpr
        for parameter in parameters.given
        if parameter.name in {"patient", "subject", "identifier"}
        for cpr in parameter.cpr()
    }
    return {cpr: await fhir_reads.patient_by_cpr(session, cpr) for cpr in numbers}


async def feed_header(session: ReadSession, feed: FeedId) -> dict[str, str]:
    """``X-Stafet-Feed``: from where a client that has this snapshot goes on."""
    head = await session.feed_head(feed)
    return {"x-stafet-feed": f"{head.feed} {head.epoch} {head.offset}"}


def _last_updated(resource: JsonObject) -> str:
    return Element("meta", resource.get("meta")).text("lastUpdated") or ""
