"""What several commands do to a stay's course: file what was told, and let follow what the new story means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from discharge.agreement import Trigger
from discharge.directory import Directory, OrganizationKind
from discharge.events import (
    DeathWithdrawn,
    DischargeUndone,
    LeaveBegan,
    LeaveEnded,
    NoticeUnexpected,
    PatientDied,
    PatientDischarged,
    StayBegan,
    StayCancelled,
    StayContinued,
)
from discharge.handlers import duties, planner
from discharge.handlers.questions import owe_answers
from discharge.handlers.waiting import settle
from discharge.identifiers import EpisodeOfCareId, MessageId, SorCode, StayId
from discharge.notices import Effect, EncounterClass, FiledNotice, NoticeKind, StayState
from discharge.patient import Patient
from discharge.policy import audience_at
from discharge.ports import UnitOfWork
from discharge.stay import Party, PartyBasis, Stay
from discharge.story import story_of
from discharge.task import HandoverTask, Person

__all__ = ["audience_at", "begin", "close_access", "file", "follow", "press", "serve", "told_before"]

_UNDOING_IS_READ: Final = timedelta(hours=24)
_IN_HOSPITAL: Final = frozenset({StayState.ACUTE, StayState.ADMITTED})
_AFTERWARDS: Final = frozenset({Trigger.MEDICATION_REVISED, Trigger.DOCUMENT_FILED})
"""Events that go on making duties when the patient has left."""


def begin(
    uow: UnitOfWork,
    notice: FiledNotice,
    patient: Patient,
    *,
    receiver: SorCode | None,
    episodes: tuple[EpisodeOfCareId, ...] = (),
) -> Stay:
    """A new stay that nothing is known of but ``notice``; its hospital is the only party."""
    story = story_of((notice,), uow.directory)
    contact = story.contact
    stay = Stay(
        id=StayId(uow.new_id()),
        patient_id=patient.id,
        receiver=receiver,
        hospital=contact.hospital,
        ward=contact.ward,
        state=story.state,
        began_at=story.began_at,
        encounters=(),
        episodes=episodes,
    )
    return _treated(stay.retold(story, new_id=uow.new_id, received_at=uow.now), uow.now)


def file(uow: UnitOfWork, stay: Stay, notice: FiledNotice) -> Stay:
    """The stay as it is told with one more notice."""
    story = story_of((*(stay.notices or told_before(stay)), notice), uow.directory)
    retold = _treated(stay.retold(story, new_id=uow.new_id, received_at=uow.now), uow.now)
    return _left_behind(retold, uow.now)


def press(uow: UnitOfWork, stay: Stay, pressed: FiledNotice) -> Stay:
    """The stay after a person's press, which comes behind everything known by now; one that changes nothing is none."""
    known = frozenset(each.id for each in stay.notices or told_before(stay))
    filed = file(uow, stay, replace(pressed, follows=known))
    return stay if replace(filed, notices=stay.notices) == stay else filed


def told_before(stay: Stay) -> tuple[FiledNotice, ...]:
    """What a stay that was kept before notices were filed must have been told: its contacts, and its end."""
    told: list[FiledNotice] = []
    for encounter in stay.encounters:
        acute = encounter.encounter_class is EncounterClass.EMERGENCY
        told.append(
            FiledNotice(
                id=MessageId(encounter.id),
                sender=stay.hospital,
                kind=NoticeKind.STAA if acute else NoticeKind.STIN,
                encounter_class=encounter.encounter_class,
                hospital=stay.hospital,
                ward=encounter.ward,
                started_at=encounter.started_at,
                occurred_at=encounter.started_at,
                received_at=encounter.started_at,
                follows=frozenset(each.id for each in told),
            )
        )
    if stay.ended_at is not None:
        end = replace(told[-1], id=MessageId(f"{stay.id}-end"), kind=NoticeKind.SLHJ, ended_at=stay.ended_at)
        told.append(replace(end, occurred_at=stay.ended_at, follows=frozenset(each.id for each in told)))
    return tuple(told)


def _treated(stay: Stay, now: datetime) -> Stay:
    for encounter in stay.encounters:
        if not encounter.is_cancelled and not stay.is_party(encounter.ward):
            stay = stay.with_party(encounter.ward, PartyBasis.TREATS, now)
    return stay.with_party(stay.ward, PartyBasis.TREATS, now).with_party(stay.hospital, PartyBasis.TREATS, now)


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


def _left_behind(stay: Stay, now: datetime) -> Stay:
    """After a transfer the places that no longer treat the patient see nothing new."""
    treating = {stay.ward, stay.hospital}

    def is_left(party: Party) -> bool:
        return party.basis is PartyBasis.TREATS and party.organization not in treating and party.until is None

    if not any(map(is_left, stay.parties)):
        return stay
    parties = tuple(replace(party, until=now) if is_left(party) else party for party in stay.parties)
    return replace(stay, parties=parties)


async def follow(
    uow: UnitOfWork,
    before: Stay | None,
    stay: Stay,
    patient: Patient,
    notice: FiledNotice,
) -> Stay:
    """Let follow what the new story of ``stay`` means for its duties, and tell those who must know.

    Args:
        uow: the transaction.
        before: the stay before ``notice`` was filed; None for a new one.
        stay: the stay as it is told now.
        patient: the citizen.
        notice: what was filed last.
    """
    if any(each.id == notice.id and each.effect is Effect.UNEXPECTED for each in stay.notices):
        uow.record(NoticeUnexpected(at=uow.now, stay_id=stay.id, by=notice.by, ward=stay.ward, kind=notice.kind))
    if stay.state is StayState.CANCELLED:
        return await _cancelled(uow, before, stay, notice)
    if before is None:
        uow.record(StayBegan(at=uow.now, stay_id=stay.id, by=notice.by, ward=stay.ward, kind=notice.kind))
    else:
        stay = await _reports_dropped(uow, before, stay, notice)
        stay = await _changed(uow, before, stay, notice)
    if stay.state is StayState.DEAD:
        return await _died(uow, before, stay, notice)
    if stay.state is StayState.ENDED:
        return await _ended(uow, before, stay, patient, notice)
    if _begins_duties(before, notice):
        stay = await duties.plan_tasks(uow, stay, patient, *_beginnings(stay))
        if before is not None and not before.is_open and stay.plan.version > 0:
            # An end that was none: what the plan says counts again, by its own times.
            finished = () if stay.plan.treatment_finished_at is None else (Trigger.TREATMENT_FINISHED,)
            stay = await duties.plan_tasks(uow, stay, patient, Trigger.PLAN_REVISED, *finished, redate=True)
    return await close_access(uow, stay)


def _beginnings(stay: Stay) -> Iterator[Trigger]:
    """What is true of a patient in hospital."""
    yield Trigger.STAY_BEGAN
    if stay.state is StayState.ADMITTED:
        yield Trigger.ADMITTED


def _begins_duties(before: Stay | None, notice: FiledNotice) -> bool:
    """What says that the patient is in hospital makes duties; leave, and coming back from it, begins nothing."""
    return before is None or not before.is_open or notice.kind.base.begins


async def _changed(uow: UnitOfWork, before: Stay, stay: Stay, notice: FiledNotice) -> Stay:
    """What lies between two stories of one stay, up to its end."""
    if before.ward != stay.ward:
        await duties.hand_over(uow, stay, before.ward)
    begun = {each.source for each in before.encounters if not each.is_cancelled}
    went_on = any(each.source not in begun for each in stay.encounters if not each.is_cancelled)
    state_changed = before.state in _IN_HOSPITAL and stay.state in _IN_HOSPITAL and before.state is not stay.state
    if stay.is_open and (went_on or before.ward != stay.ward or state_changed) and before.is_open:
        uow.record(
            StayContinued(
                at=uow.now,
                stay_id=stay.id,
                by=notice.by,
                ward=stay.ward,
                previous_ward=before.ward,
                kind=notice.kind,
            )
        )
    if stay.state is StayState.ON_LEAVE and before.state is not StayState.ON_LEAVE:
        uow.record(LeaveBegan(at=uow.now, stay_id=stay.id, by=notice.by, ward=stay.ward, receivers=_told(stay)))
    if before.state is StayState.ON_LEAVE and stay.state in _IN_HOSPITAL:
        uow.record(LeaveEnded(at=uow.now, stay_id=stay.id, by=notice.by, ward=stay.ward, receivers=_told(stay)))
    if before.state in {StayState.ENDED, StayState.DEAD, StayState.CANCELLED} and stay.is_open:
        stay = await _opened(uow, before, stay, notice)
    elif before.state is StayState.DEAD and stay.state is StayState.ENDED:
        uow.record(DeathWithdrawn(at=uow.now, stay_id=stay.id, by=notice.by, ward=stay.ward, receivers=_told(stay)))
    return stay


async def _opened(uow: UnitOfWork, before: Stay, stay: Stay, notice: FiledNotice) -> Stay:
    """The end was no end: what it had made is taken back."""
    if before.state is StayState.DEAD:
        uow.record(DeathWithdrawn(at=uow.now, stay_id=stay.id, by=notice.by, ward=stay.ward, receivers=_told(stay)))
    if before.state is StayState.CANCELLED:
        uow.record(StayBegan(at=uow.now, stay_id=stay.id, by=notice.by, ward=stay.ward, kind=notice.kind))
    made = _made_by_the_end(await uow.tasks.of_stay(stay.id))
    if not made and before.state is not StayState.ENDED:
        return stay
    # Also of the dead: a discharge may be undone while nobody is told of anything.
    uow.record(DischargeUndone(at=uow.now, stay_id=stay.id, by=notice.by, ward=stay.ward))
    reason = duties.CANCELLED_BY_NOTICE if notice.by is None else duties.UNDONE_BY_WARD
    return await _take_back(uow, stay, made, reason=reason, by=notice.by)


def _made_by_the_end(tasks: Sequence[HandoverTask]) -> list[HandoverTask]:
    """The duties that the departure made, and those that lists and reports made once it had."""
    first = min((task.created_at for task in tasks if task.cause == Trigger.DISCHARGED), default=None)
    return [
        task
        for task in tasks
        if first is not None
        and (task.cause == Trigger.DISCHARGED or (task.cause in _AFTERWARDS and task.created_at >= first))
    ]


async def _take_back(
    uow: UnitOfWork, stay: Stay, tasks: Sequence[HandoverTask], *, reason: str, by: Person | None
) -> Stay:
    """The fact behind ``tasks`` is none any more: what is open is withdrawn, and what ended answers to no other."""
    await duties.withdraw(uow, tasks, reason=reason, by=by)
    await settle(uow, stay.id)
    theirs = {task.id for task in tasks}
    for task in await uow.tasks.of_stay(stay.id):
        if task.id in theirs:
            await uow.tasks.save(task.groundless())
    return await duties.put_right(uow, stay, tasks, reason=reason)


async def _reports_dropped(uow: UnitOfWork, before: Stay, stay: Stay, notice: FiledNotice) -> Stay:
    """A hospital asks for no report any more: what it asked for is not owed, and who sent it must know.

    A correction drops nothing, for corrections never ask: only a notice that is taken out takes its asking along.

    Source: MedCom HospitalNotification 3.0.2, reportOfAdmission.
    """
    asking = {each.hospital for each in planner.reports_asked(stay)}
    dropped = {each.hospital for each in planner.reports_asked(before)} - asking
    if not dropped or stay.state is StayState.DEAD:
        return stay
    tasks = []
    for task in await uow.tasks.of_stay(stay.id):
        made_by = await planner.rule_of(uow, task)
        is_theirs = not asking or uow.directory.hospital_of(task.requester) in dropped
        if made_by is not None and planner.asks_for_report(made_by[1]) and is_theirs:
            tasks.append(task)
    return await _take_back(uow, stay, tasks, reason=duties.REPORT_NOT_ASKED, by=notice.by)


async def _cancelled(uow: UnitOfWork, before: Stay | None, stay: Stay, notice: FiledNotice) -> Stay:
    """There was no stay after all: everything that was asked for is taken back."""
    if before is None or before.state is StayState.CANCELLED:
        return await close_access(uow, stay)
    tasks = await uow.tasks.of_stay(stay.id)
    uow.record(StayCancelled(at=uow.now, stay_id=stay.id, by=notice.by, ward=stay.ward, receivers=_told(stay)))
    stay = await _take_back(uow, stay, tasks, reason=duties.CANCELLED_BY_NOTICE, by=notice.by)
    return await close_access(uow, stay)


async def _died(uow: UnitOfWork, before: Stay | None, stay: Stay, notice: FiledNotice) -> Stay:
    """A death closes and silences: nobody is rung at, and those who came to the citizen's home know."""
    if before is not None and before.state is StayState.DEAD and before.died_at == stay.died_at:
        return await close_access(uow, stay)
    redated = before is not None and before.state is StayState.DEAD
    await duties.withdraw(uow, await uow.tasks.of_stay(stay.id), reason=duties.DEATH)
    uow.record(
        PatientDied(at=uow.now, stay_id=stay.id, by=notice.by, ward=stay.ward, receivers=_told(stay), redated=redated)
    )
    return await close_access(uow, stay)


async def _ended(uow: UnitOfWork, before: Stay | None, stay: Stay, patient: Patient, notice: FiledNotice) -> Stay:
    """The patient left for home. A second report confirms or re-dates the first."""
    assert stay.ended_at is not None, "an ended stay has its end"
    again = before is not None and before.state is StayState.ENDED
    redated = again and before is not None and before.ended_at != stay.ended_at
    if not again or redated:
        uow.record(
            PatientDischarged(
                at=uow.now, stay_id=stay.id, by=notice.by, ward=stay.ward, left_at=stay.ended_at, redated=again
            )
        )
    # Also on a mere confirmation: it may have brought the municipality in.
    redate, news = not again or redated, duties.News(by=notice.by)
    stay = await duties.plan_tasks(uow, stay, patient, Trigger.DISCHARGED, redate=redate, news=news)
    if not again:
        stay = await owe_answers(uow, stay, patient)
    return await close_access(uow, stay)


def _told(stay: Stay) -> tuple[SorCode, ...]:
    """Who learns of it beside the ward: those who serve the citizen, or owe something."""
    bases = {PartyBasis.SERVES, PartyBasis.OWES}
    return tuple(
        party.organization for party in stay.parties if party.basis in bases and party.organization != stay.ward
    )


async def close_access(uow: UnitOfWork, stay: Stay) -> Stay:
    """Set when each party stops reading: some days after the end, never while it owes something.

    Counted from the later of the end and its receipt, so that an old message does not arrive at
    people who may no longer read it.
    """
    owing = _owing(uow.directory, await uow.tasks.of_stay(stay.id))
    over = _over_since(stay)
    end = None if over is None else over + timedelta(days=uow.access_days)
    ends = [(party, _until(uow, party, stay, owing, end)) for party in stay.parties]
    if all(party.until == until for party, until in ends):
        return stay
    return replace(stay, parties=tuple(replace(party, until=until) for party, until in ends))


def _over_since(stay: Stay) -> datetime | None:
    """Since when nothing new is to be expected; None while the patient is in hospital."""
    if stay.state is StayState.CANCELLED:
        return max(notice.received_at for notice in stay.notices)
    if stay.ended_at is None or stay.end_received_at is None:
        return None
    return max(stay.ended_at, stay.end_received_at)


def _until(
    uow: UnitOfWork, party: Party, stay: Stay, owing: frozenset[SorCode], end: datetime | None
) -> datetime | None:
    if party.organization in owing:
        return None
    if stay.is_open and _is_practice(uow.directory, party.organization):
        # Its discharge was taken back: it must be able to read that, and reads no admission after it.
        return party.until or uow.now + _UNDOING_IS_READ
    treated_earlier = party.basis is PartyBasis.TREATS and party.organization not in {stay.ward, stay.hospital}
    return party.until if treated_earlier and party.until is not None else end


def _is_practice(directory: Directory, sor: SorCode) -> bool:
    found = directory.get(sor)
    return found is not None and found.kind is OrganizationKind.GP


def _owing(directory: Directory, tasks: Sequence[HandoverTask]) -> frozenset[SorCode]:
    """Owners of open tasks, and what is above them: a municipality reads on while its unit owes."""
    owners = {task.owner for task in tasks if task.is_open}
    return frozenset(sor for owner in owners for sor in directory.lineage(owner))
