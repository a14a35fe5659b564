"""What several commands do to a stay's course: begin, continue, end, reopen, and the duties that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from discharge.agreement import (
    HealthAgreement,
    PlannedStep,
    PlannedTask,
    PlanningContext,
    Rule,
    StepKind,
    Trigger,
    instant_after,
    planned_steps,
)
from discharge.clock import local
from discharge.directory import Directory, OrganizationKind
from discharge.errors import TransitionError
from discharge.events import (
    AgreementMissing,
    DischargeUndone,
    PatientDischarged,
    StayBegan,
    StayContinued,
    TaskMoved,
    TaskRedated,
    TaskRequested,
)
from discharge.identifiers import EncounterId, EpisodeOfCareId, SorCode, StayId, TaskId
from discharge.patient import Patient
from discharge.policy import audience_at
from discharge.ports import UnitOfWork
from discharge.stay import Encounter, EncounterClass, NoticeKind, Party, PartyBasis, Stay, StayState
from discharge.task import HandoverTask, Move, Person, Proofs, TaskStatus

__all__ = [
    "audience_at",
    "begin",
    "close_access",
    "continue_in",
    "discharge",
    "plan_tasks",
    "reopen",
    "restart_ladder",
    "serve",
]

_UNDONE: Final = "discharge-undone"
"""The reason on what an undone discharge withdrew: the next discharge makes it anew."""
_BEGINS: Final = {NoticeKind.STAA: StayState.ACUTE, NoticeKind.STIN: StayState.ADMITTED}


def begin(  # noqa: PLR0913 - the particulars of one admission
    uow: UnitOfWork,
    *,
    patient: Patient,
    ward: SorCode,
    receiver: SorCode | None,
    kind: NoticeKind,
    encounter_class: EncounterClass,
    started_at: datetime,
    episodes: tuple[EpisodeOfCareId, ...] = (),
    by: Person | None = None,
) -> Stay:
    """A new stay with its hospital as the only party. The kind decides the state, the class only confirms.

    Source: MedCom HospitalNotification 3.0.2, use cases: no invariant ties class and activity together.
    """
    hospital = uow.directory.hospital_of(ward)
    by_class = StayState.ACUTE if encounter_class is EncounterClass.EMERGENCY else StayState.ADMITTED
    stay = Stay(
        id=StayId(uow.new_id()),
        patient_id=patient.id,
        receiver=receiver,
        hospital=hospital,
        ward=ward,
        state=_BEGINS.get(kind, by_class),
        began_at=started_at,
        encounters=(
            Encounter(id=EncounterId(uow.new_id()), encounter_class=encounter_class, ward=ward, started_at=started_at),
        ),
        episodes=episodes,
    )
    stay = stay.with_party(ward, PartyBasis.TREATS, uow.now).with_party(hospital, PartyBasis.TREATS, uow.now)
    uow.record(StayBegan(at=uow.now, stay_id=stay.id, by=by, ward=ward, kind=kind))
    return stay


def serve(uow: UnitOfWork, stay: Stay, patient: Patient) -> Stay:
    """Make the municipality, and its unit for the citizen's district, parties to the stay."""
    if stay.receiver is None or stay.receiver not in uow.directory:
        return stay
    unit = uow.directory.unit_for(stay.receiver, patient.district)
    for sor in (*municipal_line(uow.directory, stay.receiver), unit):
        stay = stay.with_party(sor, PartyBasis.SERVES, uow.now)
    return stay


def municipal_line(directory: Directory, sor: SorCode) -> tuple[SorCode, ...]:
    """``sor`` and what is above it in its municipality."""
    municipal = {OrganizationKind.MUNICIPALITY, OrganizationKind.UNIT}
    return tuple(s for s in directory.lineage(sor) if directory[s].kind in municipal)


def continue_in(
    uow: UnitOfWork, stay: Stay, *, ward: SorCode, kind: NoticeKind, encounter_class: EncounterClass, at: datetime
) -> Stay:
    """The open stay goes on: acute turned admitted, or another ward took over.

    The same contact again changes nothing, nor does a place above the ward: it says less than is known.
    """
    state = stay.after(kind)
    if ward in uow.directory.lineage(stay.ward):
        ward = stay.ward
    if stay.ward == ward and stay.encounter.encounter_class is encounter_class:
        return stay if stay.state is state else replace(stay, state=state)
    hospital = uow.directory.hospital_of(ward)
    encounter = Encounter(
        id=EncounterId(uow.new_id()),
        encounter_class=encounter_class,
        ward=ward,
        started_at=max(at, stay.encounter.started_at),
    )
    moved = stay.continued(encounter, hospital=hospital, state=state)
    moved = moved.with_party(ward, PartyBasis.TREATS, uow.now).with_party(hospital, PartyBasis.TREATS, uow.now)
    if ward != stay.ward:
        moved = _left_behind(moved, uow.now)
    uow.record(StayContinued(at=uow.now, stay_id=stay.id, ward=ward, previous_ward=stay.ward, kind=kind))
    return moved


def _left_behind(stay: Stay, now: datetime) -> Stay:
    """After a transfer the places that no longer treat the patient see nothing new."""
    treating = {stay.ward, stay.hospital}
    parties = tuple(
        replace(party, until=party.until or now)
        if party.basis is PartyBasis.TREATS and party.organization not in treating
        else party
        for party in stay.parties
    )
    return replace(stay, parties=parties)


async def plan_tasks(
    uow: UnitOfWork,
    stay: Stay,
    patient: Patient,
    trigger: Trigger,
    *,
    report_requested: bool = False,
    redate: bool = False,
) -> Stay:
    """Commit the duties that ``trigger`` makes; one that the stay already has is never doubled.

    With ``redate`` the fact behind them has a new time, and what is still open is owed by another
    instant. Without it deadlines stand: an agreed time outlives a new telephone number, and a second
    admission notice gives nobody more minutes.
    """
    agreement = await _agreement_of(uow, stay)
    if agreement is None:
        uow.record(AgreementMissing(at=uow.now, stay_id=stay.id, ward=stay.ward, receiver=stay.receiver))
        return stay
    context = _context(uow, stay, patient, report_requested=report_requested)
    existing = {
        (task.rule, task.code): task
        for task in await uow.tasks.of_stay(stay.id)
        if task.status is not TaskStatus.REJECTED
        and not (task.status is TaskStatus.CANCELLED and task.status_reason == _UNDONE)
    }
    for planned in agreement.plan(trigger, context):
        known = existing.get((planned.rule.id, planned.rule.code))
        if known is not None:
            if redate:
                await _redate(uow, known, planned)
            continue
        task = _task_of(uow, stay, planned, trigger)
        stay = stay.with_party(task.owner, PartyBasis.OWES, uow.now)
        await uow.tasks.save(task)
        await _arm(uow, task, planned.steps)
        uow.record(TaskRequested(at=uow.now, stay_id=stay.id, task=task))
    return stay


async def restart_ladder(uow: UnitOfWork, stay: Stay, task: HandoverTask) -> None:
    """Nobody has taken on what the task now is: its ladder begins again, from now and from its owner."""
    if task.due_at is None:
        return
    rule = await _rule_of(uow, task)
    if rule is None:
        await uow.timers.arm(task, (_overdue(uow, task, task.due_at),))
        return
    context = _context(uow, stay, await uow.patients.get(stay.patient_id))
    await _arm(uow, task, planned_steps(rule, context, owner=task.owner, due_at=task.due_at))


async def _rule_of(uow: UnitOfWork, task: HandoverTask) -> Rule | None:
    """The rule that made the task, unless nobody's rule did or its agreement was loaded anew without it."""
    if task.agreement is None:
        return None
    agreement = await uow.agreements.get(task.agreement)
    return next((rule for rule in agreement.rules if (rule.id, rule.code) == (task.rule, task.code)), None)


def _overdue(uow: UnitOfWork, task: HandoverTask, due_at: datetime) -> PlannedStep:
    return PlannedStep(kind=StepKind.OVERDUE, at=max(due_at, uow.now), organization=task.owner, roles=task.audience)


async def _arm(uow: UnitOfWork, task: HandoverTask, steps: Sequence[PlannedStep]) -> None:
    """Set the rungs; one that waits for another task has its instant at once when that is done already."""
    if all(step.after_code is None for step in steps):
        await uow.timers.arm(task, steps)
        return
    done_at = {
        other.code: other.proofs.done_at
        for other in await uow.tasks.of_stay(task.stay_id)
        if other.status is TaskStatus.COMPLETED
    }
    closed_days = uow.agreements.closed_days(local(uow.now).date())
    ready = []
    for step in steps:
        since = None if step.after_code is None else done_at.get(step.after_code)
        at = step.at if since is None else max(instant_after(step, since, closed_days), uow.now)
        ready.append(replace(step, at=at))
    await uow.timers.arm(task, ready)


async def _redate(uow: UnitOfWork, task: HandoverTask, planned: PlannedTask) -> None:
    redated = task.redated(uow.now, planned.due_at)
    if redated is task or not task.is_open:
        return
    await uow.tasks.save(redated)
    await _arm(uow, redated, planned.steps)
    uow.record(TaskRedated(at=uow.now, stay_id=task.stay_id, task=redated))


def _task_of(uow: UnitOfWork, stay: Stay, planned: PlannedTask, trigger: Trigger) -> HandoverTask:
    rule = planned.rule
    return HandoverTask(
        id=TaskId(uow.new_id()),
        stay_id=stay.id,
        patient_id=stay.patient_id,
        rule=rule.id,
        agreement=planned.agreement,
        cause=trigger,
        code=rule.code,
        title=rule.title,
        content_class=rule.content_class,
        priority=rule.priority,
        requester=planned.requester,
        owner=planned.owner,
        audience=audience_at(uow.directory, planned.owner, rule.roles),
        chain=planned.chain,
        created_at=uow.now,
        changed_at=uow.now,
        due_at=planned.due_at,
        proofs=Proofs(sent_at=uow.now),
    )


def _context(uow: UnitOfWork, stay: Stay, patient: Patient, *, report_requested: bool = False) -> PlanningContext:
    return PlanningContext(
        stay=stay,
        directory=uow.directory,
        district=patient.district,
        gp=patient.gp if patient.gp in uow.directory else None,
        municipality_is_party=stay.receiver is not None and stay.is_party(stay.receiver),
        report_requested=report_requested,
        received_at=uow.now,
        closed_days=uow.agreements.closed_days(local(uow.now).date()),
    )


async def _agreement_of(uow: UnitOfWork, stay: Stay) -> HealthAgreement | None:
    """The agreement of the addressee municipality's region; the hospital's where there is no municipality."""
    place = stay.receiver if stay.receiver is not None else stay.hospital
    region = uow.directory.region_of(place) or uow.directory.region_of(stay.hospital)
    return await uow.agreements.for_region(region, local(uow.now).date())


async def discharge(uow: UnitOfWork, stay: Stay, patient: Patient, at: datetime, by: Person | None = None) -> Stay:
    """The patient left for home at ``at``. A second report confirms or re-dates the first."""
    again = not stay.is_open
    if again and stay.ended_at == at:
        ended = stay
    else:
        ended = stay.discharged(at, received_at=uow.now)
        uow.record(PatientDischarged(at=uow.now, stay_id=stay.id, by=by, ward=ended.ward, left_at=at, redated=again))
    # Also on a mere confirmation: it may have brought the municipality in.
    ended = await plan_tasks(uow, ended, patient, Trigger.DISCHARGED, redate=ended is not stay)
    return await close_access(uow, ended)


async def reopen(uow: UnitOfWork, stay: Stay, by: Person) -> Stay:
    """The discharge was a mistake: the stay is open again and the duties it made are withdrawn.

    Raises:
        TransitionError: it is not ended, or the citizen came back meanwhile: nobody is in hospital twice.
    """
    opened = stay.reopened()
    if await uow.stays.is_another_open(stay):
        raise TransitionError(kind="Stay", state=stay.state, move="undo-discharged")
    for task in await uow.tasks.of_stay(stay.id):
        if task.cause != Trigger.DISCHARGED or not task.is_open:
            continue
        withdrawn = task.moved(Move.WITHDRAW, by=by, at=uow.now, reason=_UNDONE)
        await uow.tasks.save(withdrawn)
        await uow.timers.arm(withdrawn, ())
        uow.record(TaskMoved(at=uow.now, stay_id=stay.id, by=by, task=withdrawn, move=Move.WITHDRAW))
    uow.record(DischargeUndone(at=uow.now, stay_id=stay.id, by=by, ward=opened.ward))
    return await close_access(uow, opened)


async def close_access(uow: UnitOfWork, stay: Stay) -> Stay:
    """Set when each party stops reading: some days after the end, never while it owes something.

    Counted from the later of the end and its receipt, so that an old message does not arrive at
    people who may no longer read it.
    """
    owing = _owing(uow.directory, await uow.tasks.of_stay(stay.id))
    end = None
    if stay.ended_at is not None and stay.end_received_at is not None:
        end = max(stay.ended_at, stay.end_received_at) + timedelta(days=uow.access_days)
    parties = tuple(replace(party, until=_until(party, stay, owing, end)) for party in stay.parties)
    return replace(stay, parties=parties)


def _until(party: Party, stay: Stay, owing: frozenset[SorCode], end: datetime | None) -> datetime | None:
    if party.organization in owing:
        return None
    treated_earlier = party.basis is PartyBasis.TREATS and party.organization not in {stay.ward, stay.hospital}
    return party.until if treated_earlier and party.until is not None else end


def _owing(directory: Directory, tasks: Sequence[HandoverTask]) -> frozenset[SorCode]:
    """Owners of open tasks, and what is above them: a municipality reads on while its unit owes."""
    return frozenset(sor for task in tasks if task.is_open for sor in directory.lineage(task.owner))
