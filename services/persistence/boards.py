"""The read side of the pages: each query answers one page in the reader's snapshot.

What a caller may see is decided by row-level security; the conditions here only choose what belongs
on the page. Whoever's data a page shows is noted for the audit row (``ReadSession.saw``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from discharge.agreement import StepKind
from discharge.clock import COPENHAGEN, local
from discharge.errors import NotFoundError
from discharge.identifiers import PatientId, PersonId, SorCode, StayId, TaskId
from discharge.patient import Patient
from discharge.policy import ContentClass, Role
from discharge.stay import Stay, StayState
from discharge.task import CLOSED, HandoverTask, Person, TaskStatus
from services.persistence import views
from services.persistence.course import read_stays
from services.persistence.reading import ReadSession
from services.persistence.rows import plan_from, task_from
from services.persistence.tables import EventRow, MedicationRow, PartyRow, PlanVersionRow, StayRow, TaskRow, TimerRow

__all__ = [
    "medicine_board",
    "plan_page",
    "task_card",
    "task_list",
    "task_page",
    "timeline",
    "ward_board",
    "ward_row",
]

_CLOSED = [status.value for status in CLOSED]
_WORKED_ON = timedelta(days=90)
"""What nobody has worked on for longer is not listed: it is found by its stay."""
_NOBODYS = [StayState.DEAD.value, StayState.CANCELLED.value]
"""Nobody goes through the medicine of a stay that came to this."""


async def ward_board(session: ReadSession) -> views.WardBoard:
    """The stays of the caller's ward or wards that are open, that ended or were told of today, or that it still owes.

    What it owes is a duty, or an answer to a question about the medicine.
    """
    head = await session.feed_head()
    today = datetime.combine(local(session.now).date(), time(), tzinfo=COPENHAGEN)
    ours = session.caller.scope(session.directory)
    owed = exists().where(TaskRow.stay_id == StayRow.id, TaskRow.owner.in_(ours), TaskRow.status.not_in(_CLOSED))
    ids = await session.connection.execute(
        select(StayRow.id)
        .where(
            StayRow.ward.in_(ours),
            or_(
                StayRow.state.in_([state.value for state in StayState if state.is_open]),
                StayRow.ended_at >= today,
                StayRow.end_received_at >= today,
                owed,
                and_(
                    StayRow.state.not_in(_NOBODYS),
                    exists().where(MedicationRow.stay_id == StayRow.id, MedicationRow.asked > 0),
                ),
            ),
        )
        .order_by(StayRow.began_at, StayRow.id)
    )
    rows = await _ward_rows(session, ids.scalars().all())
    return views.WardBoard(now=session.now, feed_head=head, rows=tuple(rows))


async def ward_row(session: ReadSession, stay_id: StayId) -> views.WardRow:
    """One row of the board.

    Raises:
        NotFoundError: no such stay at the caller's ward.
    """
    rows = await _ward_rows(session, [_uuid(stay_id, "Stay")])
    if not rows or rows[0].context.stay.ward not in session.caller.scope(session.directory):
        raise NotFoundError(kind="Stay")
    return rows[0]


async def _ward_rows(session: ReadSession, stay_ids: Sequence[UUID]) -> list[views.WardRow]:
    contexts = await _stay_views(session, stay_ids)
    tasks = await _records(
        session,
        select(TaskRow.__table__)
        .where(TaskRow.stay_id.in_(stay_ids), TaskRow.status != TaskStatus.CANCELLED.value)
        .order_by(TaskRow.created_at, TaskRow.id),
    )
    found = await session.connection.execute(
        select(MedicationRow.stay_id, MedicationRow.asked)
        .join(StayRow, StayRow.id == MedicationRow.stay_id)
        .where(MedicationRow.stay_id.in_(stay_ids), MedicationRow.asked > 0, StayRow.state.not_in(_NOBODYS))
    )
    asked = {StayId(str(row.stay_id)): row.asked for row in found}
    return [
        views.WardRow(
            context=context,
            tasks=tuple(r for r in tasks if r.task.stay_id == stay_id),
            asked=asked.get(stay_id, 0),
        )
        for stay_id, context in contexts.items()
    ]


async def plan_page(session: ReadSession, stay_id: StayId) -> views.PlanPage:
    """What the ward knows of one stay, and what the receivers did.

    Raises:
        NotFoundError: no such stay, or not for this caller.
    """
    head = await session.feed_head()
    context, tasks = await _course(session, stay_id)
    return views.PlanPage(now=session.now, feed_head=head, context=context, tasks=tasks)


async def timeline(session: ReadSession, stay_id: StayId) -> views.Timeline:
    """Everything that a party may see of one stay.

    Raises:
        NotFoundError: no such stay, or not for this caller.
    """
    head = await session.feed_head()
    context, tasks = await _course(session, stay_id)
    return views.Timeline(now=session.now, feed_head=head, context=context, tasks=tasks)


async def _course(session: ReadSession, stay_id: StayId) -> tuple[views.StayView, tuple[views.TaskRecord, ...]]:
    contexts = await _stay_views(session, [_uuid(stay_id, "Stay")])
    if stay_id not in contexts:
        raise NotFoundError(kind="Stay")
    tasks = await _records(
        session,
        select(TaskRow.__table__).where(TaskRow.stay_id == UUID(stay_id)).order_by(TaskRow.created_at, TaskRow.id),
    )
    return contexts[stay_id], tuple(tasks)


async def medicine_board(session: ReadSession, *, page: int = 1) -> views.MedicineBoard:
    """The medicine of the stays that the caller reads, what was worked on last first."""
    head = await session.feed_head()
    ours = session.caller.scope(session.directory)
    readable = (
        select(
            MedicationRow.stay_id,
            MedicationRow.unresolved,
            MedicationRow.asked,
            MedicationRow.changed_at,
            MedicationRow.signed_at,
        )
        .join(StayRow, StayRow.id == MedicationRow.stay_id)
        # What is not readable is hidden anyway: this has the store begin with the place's own stays.
        .where(MedicationRow.stay_id.in_(select(PartyRow.stay_id).where(PartyRow.organization.in_(ours))))
        .where(StayRow.state.not_in(_NOBODYS))
        .where(MedicationRow.changed_at > session.now - _WORKED_ON)
    )
    total = (await session.connection.execute(select(func.count()).select_from(readable.subquery()))).scalar_one()
    part = views.Part.of(total, page)
    found = await session.connection.execute(
        readable.order_by(MedicationRow.changed_at.desc(), MedicationRow.stay_id).slice(part.rows.start, part.rows.stop)
    )
    rows = {StayId(str(row.stay_id)): row for row in found}
    contexts = await _stay_views(session, [UUID(stay_id) for stay_id in rows])
    return views.MedicineBoard(
        now=session.now,
        feed_head=head,
        part=part,
        rows=tuple(
            views.MedicineRow(
                context=context,
                unresolved=rows[stay_id].unresolved,
                asked=rows[stay_id].asked,
                changed_at=rows[stay_id].changed_at,
                signed_at=rows[stay_id].signed_at,
            )
            for stay_id, context in contexts.items()
        ),
    )


def _by_deadline(record: views.TaskRecord) -> tuple[float, ...]:
    return (float("inf") if record.next_due is None else record.next_due.timestamp(),)


async def task_list(
    session: ReadSession,
    *,
    show: views.Show = views.Show.UNOWNED,
    page: int = 1,
    at: str = "",
    order: Callable[[views.TaskRecord], tuple[float, ...]] = _by_deadline,
) -> views.TaskList:
    """The duties of the caller's place, and how many each counter stands for.

    Args:
        session: of whoever asks.
        show: the counter that filters.
        page: which page of the list, from 1; the nearest that there is.
        at: a task's id: the page that it stands on goes before ``page``.
        order: what the list is sorted by, over all its pages.
    """
    head = await session.feed_head()
    today = datetime.combine(local(session.now).date(), time(), tzinfo=COPENHAGEN)
    records = await _records(
        session,
        select(TaskRow.__table__)
        .where(_is_ours(session), or_(TaskRow.status.not_in(_CLOSED), TaskRow.changed_at >= today))
        .order_by(TaskRow.due_at.nulls_last(), TaskRow.id),
    )
    person_id = session.caller.person_id
    shown = [r for r in records if views.is_shown(show, r, person_id=person_id, now=session.now)]
    shown.sort(key=order)
    sought = next((place for place, record in enumerate(shown) if record.task.id == at), None)
    part = views.Part.of(len(shown), page) if sought is None else views.Part.holding(len(shown), sought)
    return views.TaskList(
        now=session.now,
        feed_head=head,
        show=show,
        counts=views.counted(records, person_id=person_id, now=session.now),
        part=part,
        cards=tuple(await _cards(session, shown[part.rows])),
    )


async def task_card(session: ReadSession, task_id: TaskId) -> views.TaskCard:
    """One task as a list shows it.

    Raises:
        NotFoundError: no such task, or not for this caller.
    """
    records = await _records(session, select(TaskRow.__table__).where(TaskRow.id == _uuid(task_id, "Task")))
    if not records:
        raise NotFoundError(kind="Task")
    return (await _cards(session, records))[0]


async def task_page(session: ReadSession, task_id: TaskId) -> views.TaskPage:
    """One task, with the other duties of the same stay that the caller may see.

    Raises:
        NotFoundError: no such task, or not for this caller.
    """
    head = await session.feed_head()
    card = await task_card(session, task_id)
    task = card.record.task
    others = await _records(
        session,
        select(TaskRow.__table__)
        .where(TaskRow.stay_id == UUID(task.stay_id), TaskRow.id != UUID(task.id))
        .order_by(TaskRow.created_at, TaskRow.id),
    )
    return views.TaskPage(now=session.now, feed_head=head, card=card, others=tuple(others))


def _is_ours(session: ReadSession) -> ColumnElement[bool]:
    """Owned by the caller's place and meant for its role; for a leader, what was escalated to it."""
    leads = session.caller.leads()
    if leads is not None:
        return TaskRow.escalated_to.contains([leads])
    return and_(
        TaskRow.owner.in_(session.caller.scope(session.directory)),
        TaskRow.audience.contains([session.caller.role.value]),
    )


async def _cards(session: ReadSession, records: Sequence[views.TaskRecord]) -> list[views.TaskCard]:
    contexts: dict[StayId, views.StayView] = {}
    if session.caller.role is not Role.LEADER:
        ids = dict.fromkeys(UUID(record.task.stay_id) for record in records)
        contexts = await _stay_views(session, list(ids))
    session.saw(*(record.task.stay_id for record in records))
    return [views.TaskCard(record=record, context=contexts.get(record.task.stay_id)) for record in records]


async def _stay_views(session: ReadSession, stay_ids: Sequence[UUID]) -> dict[StayId, views.StayView]:
    stays = await read_stays(session.talk, session.patients, stay_ids)
    session.saw(*(stay.id for stay in stays))
    people = await session.patients.of_ids([stay.patient_id for stay in stays])
    plans = await _plan_versions(session, stays)
    return {
        stay.id: views.StayView(
            stay=stay,
            patient=_patient_view(people[stay.patient_id], session.now),
            gp=people[stay.patient_id].gp,
            plans=plans.get(stay.id, ()),
            override_reason=stay.plan.override_reason,
        )
        for stay in stays
        if stay.patient_id in people
    }


def _patient_view(patient: Patient, now: datetime) -> views.PatientView:
    return views.PatientView(
        name=patient.name,
        age=patient.cpr.age_on(local(now).date()),
        cpr_masked=patient.cpr.masked,
        protected=patient.protected,
    )


async def _plan_versions(session: ReadSession, stays: Sequence[Stay]) -> dict[StayId, tuple[views.PlanVersion, ...]]:
    if ContentClass.PLAN not in session.caller.readable_classes(session.directory):
        return {}
    rows = await session.connection.execute(
        select(PlanVersionRow)
        .where(PlanVersionRow.stay_id.in_([UUID(stay.id) for stay in stays]))
        .order_by(PlanVersionRow.stay_id, PlanVersionRow.version)
    )
    patient_of = {stay.id: stay.patient_id for stay in stays}
    found: dict[StayId, tuple[views.PlanVersion, ...]] = {}
    for row in rows:
        stay_id = StayId(str(row.stay_id))
        key = await session.patients.key_of(patient_of[stay_id])
        version = views.PlanVersion(
            plan=plan_from(row.plan, stay_id, row.version, key),
            at=row.at,
            by=None if row.by_id is None else Person(PersonId(row.by_id), row.by_name or ""),
        )
        found[stay_id] = (*found.get(stay_id, ()), version)
    return found


async def _records(session: ReadSession, query: Select[Any]) -> list[views.TaskRecord]:
    """The tasks of ``query`` with what their timers and escalations say."""
    rows = (await session.connection.execute(query)).mappings().all()
    await session.patients.load_keys([PatientId(str(row["patient_id"])) for row in rows])
    tasks = [task_from(row, await session.patients.key_of(PatientId(str(row["patient_id"])))) for row in rows]
    records = await _with_timers(session, tasks)
    return await _with_told(session, records)


async def _with_timers(session: ReadSession, tasks: Sequence[HandoverTask]) -> list[views.TaskRecord]:
    ids = [UUID(task.id) for task in tasks]
    is_escalation = and_(TimerRow.kind == StepKind.ESCALATE.value, TimerRow.while_unanswered)
    rows = await session.connection.execute(
        select(
            TimerRow.task_id,
            func.min(TimerRow.due_at).filter(TimerRow.kind == StepKind.REMIND.value).label("remind_at"),
            func.min(TimerRow.due_at).filter(is_escalation).label("take_by"),
        )
        .where(TimerRow.task_id.in_(ids))
        .group_by(TimerRow.task_id)
    )
    timers = {TaskId(str(row.task_id)): row for row in rows}
    return [
        views.TaskRecord(task=task)
        if task.id not in timers
        else views.TaskRecord(task=task, remind_at=timers[task.id].remind_at, take_by=timers[task.id].take_by)
        for task in tasks
    ]


async def _with_told(session: ReadSession, records: Sequence[views.TaskRecord]) -> list[views.TaskRecord]:
    rows = await session.connection.execute(
        select(EventRow.task_id, EventRow.at, EventRow.detail)
        .where(EventRow.task_id.in_([UUID(r.task.id) for r in records]), EventRow.kind == "task-escalated")
        .order_by(EventRow.number)
    )
    told: dict[TaskId, tuple[views.Told, ...]] = {}
    for row in rows:
        task_id = TaskId(str(row.task_id))
        one = views.Told(
            organization=SorCode(row.detail["organization"]),
            roles=frozenset(Role(role) for role in row.detail["roles"]),
            at=row.at,
        )
        told[task_id] = (*told.get(task_id, ()), one)
    return [replace(record, told=told[record.task.id]) if record.task.id in told else record for record in records]


def _uuid(text_id: str, kind: str) -> UUID:
    try:
        return UUID(text_id)
    except ValueError:
        raise NotFoundError(kind=kind) from None
