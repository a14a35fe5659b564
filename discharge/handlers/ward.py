"""The ward marks by hand: begins a stay, says what it knows, marks the patient as gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from discharge.agreement import Act, Gate, Trigger
from discharge.commands import BeginStay, RevisePlan
from discharge.errors import ConcurrentUpdateError, GateClosedError, NotFoundError, PlanError, TransitionError
from discharge.events import PlanRevised
from discharge.handlers import course, duties, planner
from discharge.identifiers import MessageId, PatientId
from discharge.notices import FiledNotice
from discharge.patient import Patient
from discharge.plan import PARAMETER_OF, DischargePlan, PlanChange, PlanRevision, Unchanged, difference
from discharge.planning import closed_gates
from discharge.policy import ContentClass, Role, require_role
from discharge.ports import UnitOfWork
from discharge.stay import EncounterClass, NoticeKind, PartyBasis, Stay, StayState
from discharge.task import HandoverTask, Person

__all__ = ["begin_stay", "revise_plan", "spread"]

_AHEAD: Final = timedelta(hours=24)


async def begin_stay(command: BeginStay, uow: UnitOfWork) -> Stay:
    """Begin a stay by hand; a citizen who is in hospital already has that stay continued at this ward.

    Raises:
        NotAllowedError: the caller is no ward.
        NotFoundError: the ward is not the caller's, or the municipality or practice is not registered.
        PlanError: a start more than a day ahead.
    """
    require_role(command.caller, "begin-stay", Role.WARD, Role.DOCTOR)
    if command.ward not in command.caller.scope(uow.directory):
        raise NotFoundError(kind="Organization")
    if command.started_at > uow.now + _AHEAD:
        raise PlanError(element="started-at", problem="more than 24 hours ahead")
    for sor in (command.municipality, command.gp):
        if sor is not None:
            uow.directory[sor]
    patient = await uow.patients.by_cpr(command.cpr)
    if patient is None:
        patient = await uow.patients.add(
            Patient(
                id=PatientId(uow.new_id()),
                cpr=command.cpr,
                family=command.family,
                given=command.given,
                gp=command.gp,
            )
        )
    elif patient.gp is None and command.gp is not None:
        patient = replace(patient, gp=command.gp)
        await uow.patients.save(patient)
    acute = command.kind is NoticeKind.STAA
    pressed = FiledNotice(
        id=MessageId(uow.new_id()),
        sender=command.ward,
        kind=command.kind,
        encounter_class=EncounterClass.EMERGENCY if acute else EncounterClass.INPATIENT,
        hospital=uow.directory.hospital_of(command.ward),
        ward=command.ward,
        started_at=command.started_at,
        occurred_at=uow.now,
        report_requested=True,
        received_at=uow.now,
        by=Person(command.caller.person_id, command.caller.name),
    )
    receiver = command.municipality or patient.municipality
    before = next((s for s in await uow.stays.of_patient(patient.id) if s.is_open), None)
    if before is None:
        stay = course.begin(uow, pressed, patient, receiver=receiver)
    else:
        before = replace(before, receiver=before.receiver or receiver)
        stay = course.press(uow, before, pressed)
    if command.bed is not None:
        stay = replace(stay, plan=stay.plan.revised(PlanRevision(bed=command.bed)))
    if stay.receiver is not None and patient.is_known_to(stay.receiver, uow.directory):
        stay = course.serve(uow, stay, patient)
    stay = await course.follow(uow, before, stay, patient, pressed)
    await uow.stays.save(stay)
    await uow.commit()
    return stay


async def revise_plan(command: RevisePlan, uow: UnitOfWork) -> Stay:
    """Change what the ward knows, mark the patient as gone, or take that back; the same for click and machine.

    Raises:
        NotAllowedError: the caller is no ward.
        NotFoundError: the stay is not at the caller's ward, or the ward's access has ended.
        ConcurrentUpdateError: the plan has moved on since the caller read it.
        PlanError: the plan contradicts itself, or the departure cannot be.
        GateClosedError: the agreement wants something in place first, and no reason is given.
        TransitionError: undo without a discharge, or when the citizen is in hospital again.
    """
    require_role(command.caller, "revise-plan", Role.WARD, Role.DOCTOR, Role.SYSTEM)
    stay = await uow.stays.get(command.stay_id)
    if stay.ward not in command.caller.scope(uow.directory) or not stay.is_read_by(stay.ward, uow.now):
        raise NotFoundError(kind="Stay")
    before = stay.plan
    if command.expected_version is not None and command.expected_version != before.version:
        raise ConcurrentUpdateError(kind="DischargePlan", expected=command.expected_version, actual=before.version)
    if command.discharged_at is not None and command.undo_discharged:
        raise PlanError(element="undo-discharged", problem="not together with discharged")
    by = Person(command.caller.person_id, command.caller.name)
    patient = await uow.patients.get(stay.patient_id)
    stay = replace(stay, plan=before.revised(command.revision))
    await _require_open_gates(uow, stay, patient, command)
    if stay.plan is not before:
        stay = await spread(uow, stay, patient, before, by)
    if command.undo_discharged:
        stay = await _undo(uow, stay, patient, by)
    if command.discharged_at is not None:
        if stay.state in {StayState.DEAD, StayState.CANCELLED}:
            raise TransitionError(kind="Stay", state=stay.state, move="discharged")
        _require_possible(command.discharged_at, stay, uow.now)
        stay = await _press(uow, stay, patient, by, NoticeKind.SLHJ, ended_at=command.discharged_at)
    await uow.stays.save(stay)
    await uow.commit()
    return stay


async def _undo(uow: UnitOfWork, stay: Stay, patient: Patient, by: Person) -> Stay:
    """The discharge was a mistake: the stay is open again and the duties it made are withdrawn."""
    if stay.state is not StayState.ENDED or await uow.stays.is_another_open(stay):
        # Nobody is in hospital twice: who came back meanwhile has another stay.
        raise TransitionError(kind="Stay", state=stay.state, move="undo-discharged")
    return await _press(uow, stay, patient, by, NoticeKind.AN_SLHJ)


async def _press(
    uow: UnitOfWork, stay: Stay, patient: Patient, by: Person, kind: NoticeKind, *, ended_at: datetime | None = None
) -> Stay:
    """A press says the same as a notice."""
    pressed = FiledNotice(
        id=MessageId(uow.new_id()),
        sender=stay.ward,
        kind=kind,
        encounter_class=stay.encounter.encounter_class,
        hospital=stay.hospital,
        ward=stay.ward,
        started_at=stay.encounter.started_at,
        ended_at=ended_at,
        occurred_at=uow.now,
        received_at=uow.now,
        by=by,
    )
    return await course.follow(uow, stay, course.press(uow, stay, pressed), patient, pressed)


def _require_possible(at: datetime, stay: Stay, now: datetime) -> None:
    if at < stay.began_at:
        raise PlanError(element="discharged", problem="before the stay began")
    if at > now + _AHEAD:
        raise PlanError(element="discharged", problem="more than 24 hours ahead")


async def spread(uow: UnitOfWork, stay: Stay, patient: Patient, before: DischargePlan, by: Person) -> Stay:
    """Tell the receivers of a new version, and ask again where an earlier yes no longer holds."""
    changes = tuple(change for change in difference(before, stay.plan) if change.concerns_receivers)
    if not changes:
        return stay
    if stay.plan.names_municipal_need:
        stay = course.serve(uow, stay, patient)
    receivers = tuple(party.organization for party in stay.parties if party.basis is PartyBasis.SERVES)
    uow.record(
        PlanRevised(
            at=uow.now,
            stay_id=stay.id,
            by=by,
            ward=stay.ward,
            version=stay.plan.version,
            fields=tuple(change.field for change in changes),
            receivers=receivers,
        )
    )
    news = duties.News(by=by, changed=tuple(PARAMETER_OF[change.field] for change in changes))
    triggers = [Trigger.PLAN_REVISED]
    if "treatment_finished_at" in {change.field for change in changes}:
        resumed = stay.plan.treatment_finished_at is None
        triggers.append(Trigger.TREATMENT_RESUMED if resumed else Trigger.TREATMENT_FINISHED)
    if stay.state is StayState.ENDED:
        await _ask_again(uow, stay, changes, by)
        redate = any(change.field == "first_visit_at" for change in changes)
        stay = await duties.plan_tasks(uow, stay, patient, Trigger.DISCHARGED, redate=redate)
    if stay.state not in {StayState.DEAD, StayState.CANCELLED}:
        stay = await duties.plan_tasks(uow, stay, patient, *triggers, news=news)
        stay = await course.close_access(uow, stay)
    return stay


async def _require_open_gates(uow: UnitOfWork, stay: Stay, patient: Patient, command: RevisePlan) -> None:
    """Hold back what the agreement holds back, unless the ward passes it with a reason that the receivers read."""
    reason = command.revision.override_reason
    if not isinstance(reason, Unchanged) and reason is not None and reason.strip():
        return
    agreement = await planner.agreement_in_force(uow, stay)
    if agreement is None or not agreement.gates:
        return
    # A need that the same command names brings the municipality in: the gate must see it.
    told = course.serve(uow, stay, patient) if stay.plan.names_municipal_need else stay
    context = planner.context_of(uow, told, patient, agreement, await uow.tasks.of_stay(stay.id))
    closed: tuple[Gate, ...] = ()
    if command.discharged_at is not None and command.discharged_at != stay.ended_at:
        gone = replace(told, state=StayState.ENDED, ended_at=command.discharged_at)
        closed += closed_gates(agreement, Act.DISCHARGE, replace(context, stay=gone))
    if not isinstance(command.revision.treatment_finished_at, Unchanged | None):
        closed += closed_gates(agreement, Act.TREATMENT_FINISHED, context)
    if closed:
        raise GateClosedError(rule=closed[0].id, element=closed[0].element, text=closed[0].text)


async def _ask_again(uow: UnitOfWork, stay: Stay, changes: tuple[PlanChange, ...], by: Person) -> None:
    """A plan that changed after the patient left voids what was accepted on the old one."""
    if all(change.field in {"contact_phone", "agreed_by_phone"} for change in changes):
        return
    for task in await uow.tasks.of_stay(stay.id):
        if _rests_on_plan(task, stay):
            await duties.ask_again(uow, stay, task, by=by)


def _rests_on_plan(task: HandoverTask, stay: Stay) -> bool:
    return (
        task.is_open
        and task.content_class is ContentClass.PLAN
        and task.owner != stay.ward
        and task.cause == Trigger.DISCHARGED
    )
