"""Plays the demo's stays through the handlers, so that boards, feeds, timers and audit are the real ones.

Domain time is moved from one fact to the next; what falls due in between fires when it is due.
"""

from __future__ import annotations

import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.commands import (
    AnswerLine,
    BeginStay,
    CommentLine,
    ConfirmDelivered,
    DecideLines,
    LineDecision,
    MoveTask,
    ReceiveNotice,
    RevisePlan,
    SignOffMedication,
    StateMedication,
)
from discharge.directory import Directory
from discharge.handlers import (
    FireTimers,
    answer_line,
    begin_stay,
    comment_line,
    confirm_delivered,
    decide_lines,
    fire_timers,
    move_task,
    receive_notice,
    revise_plan,
    sign_off_medication,
    state_medication,
)
from discharge.handlers.resolving import RECONCILE
from discharge.identifiers import FeedId, SorCode
from discharge.medication.lists import Column, ListOrigin, MedicationList
from discharge.medication.record import LineId, LineState, MedicationReconciliation
from discharge.patient import Patient
from discharge.plan import PlanRevision
from discharge.policy import Caller, Role
from discharge.ports import UnitOfWork
from discharge.stay import NoticeKind, Stay
from discharge.task import HandoverTask, Move, Person
from fhir_mappings.medcom.intake import NoticeRead, read_message
from services.demo.courses import Act, Course
from services.demo.medicine import Answers, Decides, MedicineAct, Remarks, Signs, States, medicine_of
from services.demo.messages import Notification
from services.demo.people import AT_WORK, person_at
from services.persistence.audit import AuditContext
from services.persistence.clock import set_ahead, wall_now
from services.persistence.database import Database
from services.persistence.demo_clock import some_due

__all__ = ["play", "set_clock"]

_IDS: Final = uuid.UUID("5b1f9f3e-0d3c-5d5e-9a52-7f6a2b1c4d90")
_EVERYTHING: Final = 2**62
_Happen = Callable[[UnitOfWork], Awaitable[object]]


async def set_clock(database: Database, to: datetime) -> None:
    """Let it be ``to`` in the demo, whatever it was; nothing fires."""
    await database.move_clock(to)


async def play(
    database: Database,
    patients: Mapping[str, Patient],
    courses: Sequence[Course],
    now: datetime,
    *,
    begin: int = 0,
    note: Callable[[AsyncConnection, int], Awaitable[None]],
) -> None:
    """Play ``courses`` in the order of their facts, and leave the clock at ``now``.

    Args:
        database: a migrated store with organisations, agreement and citizens.
        patients: the citizens by family name.
        courses: what happened.
        now: where it ends; no fact lies later.
        begin: which fact to begin with; it may have happened already.
        note: told in a transaction before each fact which one comes.
    """
    directory = (await database.master()).directory
    facts = [
        fact
        for course in courses
        for fact in _Stage(directory=directory, patient=patients[course.family], course=course).facts()
    ]
    facts.sort(key=lambda fact: fact.at)
    for number, fact in enumerate(facts[begin:], start=begin):
        async with database.writing() as connection:
            await note(connection, number)
            due = await _reach(connection, fact.at)
        await _fire(database, fact.at, due=due)
        audit = AuditContext(caller=fact.caller, request_id="demo", action=fact.action, route="demo")
        await database.run(audit, _happening, fact.happen)
    await _fire(database, now, due=True)


async def _reach(connection: AsyncConnection, at: datetime) -> bool:
    """Let it become ``at``; nobody else moves anything meanwhile. True when something falls due until then."""
    await set_ahead(connection, at - wall_now())
    return await some_due(connection, at)


async def _fire(database: Database, until: datetime, *, due: bool) -> None:
    while due:
        due = await database.run(None, fire_timers, FireTimers(until=until)) > 0


async def _happening(happen: _Happen, uow: UnitOfWork) -> object:
    return await happen(uow)


@dataclass(frozen=True, slots=True)
class _Fact:
    """One thing that happened, who did it, and how it is done again."""

    at: datetime
    caller: Caller
    action: str
    happen: _Happen


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """One course with those it concerns."""

    directory: Directory
    patient: Patient
    course: Course

    def facts(self) -> Iterator[_Fact]:
        """Everything that happens in it."""
        course = self.course
        if course.by_hand:
            yield self._marked(course.begins[0][0])
        else:
            yield from self._told()
        for at, revision in course.plans:
            yield self._planned(at, revision)
        if course.left_at is not None and course.by_hand:
            yield self._planned(course.left_at, PlanRevision(), left=True)
        yield from (self._acted(act) for act in course.acts)
        yield from (self._medicated(act) for act in medicine_of(course))

    @property
    def _ward(self) -> SorCode:
        return self.course.begins[-1][2]

    @property
    def _nurse(self) -> Caller:
        return person_at(self._ward, Role.WARD, self.directory)

    def _id(self, what: str) -> str:
        return str(uuid.uuid5(_IDS, f"{self.course.family} {what}"))

    def _marked(self, at: datetime) -> _Fact:
        """The ward begins the stay by hand."""
        command = BeginStay(
            caller=self._nurse,
            cpr=self.patient.cpr,
            family=self.course.family,
            given=self.patient.given,
            municipality=self.patient.municipality,
            gp=self.patient.gp,
            ward=self._ward,
            started_at=at,
            bed=self.course.bed,
        )
        return _Fact(at, self._nurse, "begin-stay", lambda uow: begin_stay(command, uow))

    def _told(self) -> Iterator[_Fact]:
        """The hospital's record system tells of the whole course."""
        sent: list[Notification] = []
        for at, kind, ward in self.course.begins:
            sent.append(self._notification(at, kind, ward, sent))
            yield self._message(sent[-1])
        if self.course.bed is not None:
            yield self._planned(self.course.begins[-1][0], PlanRevision(bed=self.course.bed))
        if self.course.left_at is not None:
            yield self._message(self._notification(self.course.left_at, NoticeKind.SLHJ, self._ward, sent))

    def _notification(
        self, at: datetime, kind: NoticeKind, ward: SorCode, sent: Sequence[Notification]
    ) -> Notification:
        assert self.patient.municipality is not None, "the citizens of the demo's stays live somewhere"
        ends = kind is NoticeKind.SLHJ
        return Notification(
            kind=kind,
            message_id=self._id(f"{kind} {at.isoformat()}"),
            bundle_id=self._id(f"envelope {kind} {at.isoformat()}"),
            cpr=self.patient.cpr.digits,
            family=self.course.family,
            given=self.patient.given,
            sender=self.directory[self.directory.hospital_of(ward)],
            receiver=self.directory[self.patient.municipality],
            provider=self.directory[ward],
            episode=self._id("episode"),
            started_at=sent[-1].started_at if ends else at,
            ended_at=at if ends else None,
            occurred_at=at,
            report_requested=not sent,
            history=tuple(each.sent for each in sent),
        )

    def _message(self, notification: Notification) -> _Fact:
        caller = person_at(notification.sender.sor, Role.SYSTEM, self.directory)
        read = read_message(notification.body(), now=notification.occurred_at)
        assert isinstance(read, NoticeRead), "the demo writes valid messages"
        command = ReceiveNotice(caller=caller, envelope=read.envelope, notice=read.notice, warnings=read.warnings)
        return _Fact(notification.occurred_at, caller, "process-message", lambda uow: receive_notice(command, uow))

    def _planned(self, at: datetime, revision: PlanRevision, *, left: bool = False) -> _Fact:
        """The ward changes the plan, or marks that the patient left."""

        async def happen(uow: UnitOfWork) -> None:
            stay = await self._stay(uow)
            command = RevisePlan(
                caller=self._nurse, stay_id=stay.id, revision=revision, discharged_at=at if left else None
            )
            await revise_plan(command, uow)

        return _Fact(at, self._nurse, "revise-plan", happen)

    def _acted(self, act: Act) -> _Fact:
        """Somebody at the owner of a task does something to it."""

        async def happen(uow: UnitOfWork) -> None:
            stay = await self._stay(uow)
            meant = [task for task in await uow.tasks.of_stay(stay.id) if task.code == act.code]
            task = next((task for task in meant if task.is_open), None)
            if task is None or (act.move is Move.REJECT and len(meant) > 1):
                return  # It happened before the player was killed.
            caller = self._at(task, act.role)
            if act.move is None:
                delivered = ConfirmDelivered(caller=caller, feed=FeedId(task.owner), offset=_EVERYTHING)
                await confirm_delivered(delivered, uow)
            else:
                await move_task(MoveTask(caller=caller, task_id=task.id, move=act.move, reason=act.reason), uow)

        return _Fact(act.at, self._nurse, "move-task", happen)

    def _medicated(self, act: MedicineAct) -> _Fact:
        """Somebody says something of the medicine."""

        async def happen(uow: UnitOfWork) -> None:
            stay = await self._stay(uow)
            record = await uow.medications.of_stay(stay)
            match act:
                case States():
                    if all(each.id != act.id for each in record.lists):
                        await state_medication(self._statement(act, stay), uow)
                case Signs():
                    doctor = person_at(self._ward, Role.DOCTOR, self.directory)
                    command = SignOffMedication(caller=doctor, stay_id=stay.id, override_reason=act.override)
                    await sign_off_medication(command, uow)
                case Decides():
                    await self._decide(act, _line_called(record, act.name), stay, uow)
                case Answers():
                    line = _line_called(record, act.name)
                    if record.state_of(line) is LineState.ASKED:
                        answer = AnswerLine(caller=self._nurse, stay_id=stay.id, line_id=line, text=act.text)
                        await answer_line(answer, uow)
                case Remarks():
                    line = _line_called(record, act.name)
                    if not record.comments_on(line):
                        pharmacist = person_at(self._ward, Role.PHARMACIST, self.directory)
                        remark = CommentLine(caller=pharmacist, stay_id=stay.id, line_id=line, text=act.text)
                        await comment_line(remark, uow)

        return _Fact(act.at, self._nurse, "state-medication", happen)

    def _statement(self, act: States, stay: Stay) -> StateMedication:
        at_home = act.column is Column.NOW
        assert stay.receiver is not None or not at_home, "who is visited at home has a municipality"
        caller = person_at(stay.receiver, Role.HOME_NURSE, self.directory) if at_home and stay.receiver else self._nurse
        stated = MedicationList(
            id=act.id,
            column=act.column,
            origin=ListOrigin.HOME if at_home else ListOrigin.HAND,
            source=caller.acting,
            received_at=act.at,
            by=Person(caller.person_id, caller.name),
            lines=act.lines,
        )
        return StateMedication(caller=caller, stay_id=stay.id, stated=stated)

    async def _decide(self, act: Decides, line: LineId, stay: Stay, uow: UnitOfWork) -> None:
        task = next(task for task in await uow.tasks.of_stay(stay.id) if task.code == RECONCILE and task.is_open)
        decision = LineDecision(line_id=line, verdict=act.verdict, reason=act.reason)
        await decide_lines(DecideLines(caller=self._at(task, None), task_id=task.id, decisions=(decision,)), uow)

    def _at(self, task: HandoverTask, role: Role | None) -> Caller:
        return person_at(task.owner, role or AT_WORK[self.directory[task.owner].kind], self.directory)

    async def _stay(self, uow: UnitOfWork) -> Stay:
        return next(iter(await uow.stays.of_patient(self.patient.id)))


def _line_called(record: MedicationReconciliation, name: str) -> LineId:
    return next(each for each, line in record.lines.items() if line.instruction_line.name == name)
