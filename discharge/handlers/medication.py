"""Medicine: lists are stated, signed for, decided line by line, remarked on; every answer reaches those who asked.

Source: domain.md R14, R19 and R21, journey B; the contract of ``$decide``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from discharge.agreement import Since, Trigger
from discharge.commands import (
    AnswerLine,
    CommentLine,
    DecideLines,
    OpenLine,
    PairLines,
    SignOffMedication,
    StateMedication,
)
from discharge.context import MedicineFacts
from discharge.errors import (
    ConcurrentUpdateError,
    LineChangedError,
    MedicationError,
    NotAllowedError,
    NotFoundError,
    PersonRequiredError,
    ReasonRequiredError,
    RoundClosedError,
    TaskTakenError,
)
from discharge.events import MedicationRevised
from discharge.handlers import duties, moves
from discharge.handlers.resolving import RECONCILE
from discharge.identifiers import SorCode, StayId
from discharge.medication.copies import BY_HAND, passes_over
from discharge.medication.lists import Column, ListOrigin, MedicationList
from discharge.medication.record import (
    Answer,
    Comment,
    Decision,
    MedicationReconciliation,
    MedicationWork,
    Opened,
    SignOff,
    Verdict,
)
from discharge.policy import COMMENTING_ROLES, Caller, ContentClass, Role, require_role
from discharge.ports import UnitOfWork
from discharge.stay import Stay, StayState
from discharge.task import HandoverTask, Move, Person

__all__ = [
    "answer_line",
    "comment_line",
    "decide_lines",
    "keep",
    "open_line",
    "pair_lines",
    "sign_off_medication",
    "state_medication",
]

_STATES: Final[dict[Column, frozenset[Role]]] = {
    Column.BEFORE: frozenset({Role.WARD, Role.DOCTOR, Role.SYSTEM}),
    Column.AT_DISCHARGE: frozenset({Role.WARD, Role.DOCTOR, Role.SYSTEM}),
    Column.IN_HOSPITAL: frozenset({Role.WARD, Role.DOCTOR, Role.SYSTEM}),
    Column.NOW: frozenset({Role.GP, Role.HOME_NURSE, Role.SYSTEM}),
}
"""Who states what: the hospital what it found and sends home, practice and nurse what is taken now."""


async def state_medication(command: StateMedication, uow: UnitOfWork) -> MedicationReconciliation:
    """Take in a list; what it says otherwise than the one before is open again.

    Raises:
        NotAllowedError: the role does not state that list.
        NotFoundError: the caller's place is no party that reads medicine, or not the ward.
        MedicationError: a list of that id is there already, or it takes the place of another column's, of
            somebody else's word on what is taken now, or of a list beside one's own.
    """
    caller, stated = command.caller, command.stated
    require_role(caller, "state-medication", *_STATES[stated.column])
    stay, record = await _opened(command.stay_id, caller, uow)
    if stated.column is not Column.NOW:
        _require_ward(caller, stay, uow)
    if any(each.id == stated.id for each in record.lists):
        raise MedicationError(element="list", problem="a list of that id is there already")
    if stated.replaces is not None and any(each.replaces == stated.replaces for each in record.lists):
        # Two wrote on the same list: the second would take away what the first one wrote.
        raise ConcurrentUpdateError(kind="MedicationList", expected=record.version - 1, actual=record.version)
    _require_own(stated, record)
    if stated.origin in BY_HAND:
        stated = replace(stated, received_at=uow.now)
    after = record.with_list(stated, uow.new_id)
    work = MedicationWork.SEEN_AT_HOME if stated.origin is ListOrigin.HOME else MedicationWork.LISTED
    return await _kept(uow, stay, record, after, work, _person(caller), place=caller.acting)


async def sign_off_medication(command: SignOffMedication, uow: UnitOfWork) -> MedicationReconciliation:
    """The doctor at discharge stands by the table as it is.

    Raises:
        NotAllowedError: no doctor, or a record system that speaks for none.
        NotFoundError: not the caller's ward.
        ConcurrentUpdateError: the table has moved on since the doctor read it.
        MedicationError: nobody has stated what the patient goes home with.
    """
    require_role(command.caller, "sign-off-medication", Role.DOCTOR)
    stay, record = await _opened(command.stay_id, command.caller, uow)
    _require_ward(command.caller, stay, uow)
    if command.expected_version is not None and command.expected_version != record.version:
        raise ConcurrentUpdateError(
            kind="MedicationReconciliation", expected=command.expected_version, actual=record.version
        )
    if record.table.told(Column.AT_DISCHARGE) is None and not (command.override_reason or "").strip():
        raise MedicationError(element="list", problem="no list with which the patient goes home; state it, or say why")
    by = _person(command.caller)
    signed = SignOff(
        by=by,
        at=uow.now,
        shown={each: line.fingerprint for each, line in record.lines.items()},
        override_reason=command.override_reason,
    )
    stay = replace(stay, medicine_signed_at=uow.now)
    return await _kept(uow, stay, record, record.signed(signed), MedicationWork.SIGNED, by, place=command.caller.acting)


async def decide_lines(command: DecideLines, uow: UnitOfWork) -> HandoverTask:
    """Decide lines of the practice's task, all of them or none; whoever decides has taken the task on.

    Raises:
        NotFoundError: the caller's place is no party.
        NotAllowedError: not the owner of the task, or a task of another kind.
        RoundClosedError: the task is done or withdrawn.
        TaskTakenError: a colleague has it.
        MedicationError: an unknown line, or one decided twice.
        ReasonRequiredError: a change or a question without words.
        PersonRequiredError: a record system that names nobody.
        ConcurrentUpdateError: the rest was seen in an older version, or the task.
        LineChangedError: a line says something else than what was decided on.
    """
    caller = command.caller
    stay = await uow.stays.get(await uow.tasks.stay_of(command.task_id))
    task = await uow.tasks.get(command.task_id)
    moves.require_reader(caller, task, stay, uow)
    # Where no practice is known the ward keeps the duty, and its doctor decides.
    require_role(caller, "decide", Role.GP, Role.DOCTOR, Role.SYSTEM)
    if task.code != RECONCILE or task.owner not in caller.scope(uow.directory):
        raise NotAllowedError(action="decide", rule="owner-of-the-reconciliation")
    if not task.is_open:
        raise RoundClosedError(state=task.status)
    by = _decider(command, task)
    if command.task_version is not None and command.task_version != task.version:
        raise ConcurrentUpdateError(kind="Task", expected=command.task_version, actual=task.version)
    record = await uow.medications.of_stay(stay)
    _require_seen(command, record)
    asked = [(each.line_id, each.verdict, each.reason) for each in command.decisions]
    if command.accept_rest:
        named = {line for line, _, _ in asked}
        asked += [(line, Verdict.AGREE, None) for line in record.rest if line not in named]
    after = record.decided(
        [
            Decision(
                line_id=line,
                verdict=verdict,
                by=by,
                organization=task.owner,
                at=uow.now,
                shown=record.lines[line].fingerprint if line in record.lines else "",
                reason=reason,
            )
            for line, verdict, reason in asked
        ]
    )
    if task.is_unanswered:
        taken = task.moved(Move.ACCEPT, by=by, at=uow.now)
        task, stay = await moves.let_follow(uow, stay, task, taken, Move.ACCEPT, by)
    elif after is record:
        await uow.commit()
        return task
    asks = any(each.verdict is Verdict.ASK for each in after.decisions[len(record.decisions) :])
    work = MedicationWork.ASKED if asks else MedicationWork.DECIDED
    await _kept(uow, stay, record, after, work, by, asker=task.owner if asks else None, place=task.owner)
    return task


async def answer_line(command: AnswerLine, uow: UnitOfWork) -> MedicationReconciliation:
    """The ward answers a question; the practice has then to decide.

    Raises:
        NotAllowedError: not a role of the ward.
        NotFoundError: not the caller's ward.
        MedicationError: nobody asks about that line.
        ReasonRequiredError: an answer without words.
    """
    require_role(command.caller, "answer-line", Role.WARD, Role.DOCTOR)
    stay, record = await _opened(command.stay_id, command.caller, uow)
    _require_ward(command.caller, stay, uow)
    _require_words(command.text, "answer-line")
    by = _person(command.caller)
    answer = Answer(line_id=command.line_id, text=command.text, by=by, organization=stay.ward, at=uow.now)
    return await _kept(uow, stay, record, record.answered(answer), MedicationWork.ANSWERED, by, place=stay.ward)


async def open_line(command: OpenLine, uow: UnitOfWork) -> MedicationReconciliation:
    """Somebody who sees the citizen says that a line does not hold; the practice has to decide it again.

    Raises:
        NotAllowedError: the role does not.
        NotFoundError: the caller's place is no party that reads medicine.
        MedicationError: no such line.
        ReasonRequiredError: without a word of what is seen.
    """
    require_role(command.caller, "open-line", Role.HOME_NURSE, Role.GP, Role.WARD, Role.DOCTOR)
    stay, record = await _opened(command.stay_id, command.caller, uow)
    _require_words(command.note, "open-line")
    by = _person(command.caller)
    opening = Opened(line_id=command.line_id, by=by, organization=command.caller.acting, at=uow.now, note=command.note)
    return await _kept(uow, stay, record, record.opened(opening), MedicationWork.OPENED, by, place=opening.organization)


async def comment_line(command: CommentLine, uow: UnitOfWork) -> MedicationReconciliation:
    """Somebody who reads the medicine remarks on a line: all who read it are told, and nobody's duty changes.

    Raises:
        NotAllowedError: the role does not.
        NotFoundError: the caller's place is no party that reads medicine.
        MedicationError: no such line, or more words than a remark has.
        ReasonRequiredError: a comment without words.
    """
    caller = command.caller
    require_role(caller, "comment-line", *COMMENTING_ROLES)
    stay, record = await _opened(command.stay_id, caller, uow)
    _require_words(command.text, "comment-line")
    by = _person(caller)
    comment = Comment(
        line_id=command.line_id,
        text=command.text,
        by=by,
        role=caller.role,
        organization=caller.acting,
        at=uow.now,
    )
    after = record.commented(comment)
    if after is record:
        await uow.commit()
        return record
    # No rule is asked: whatever an agreement says of work on the medicine, a remark begins no round and ends none.
    kept = await _told(uow, stay, record, after, MedicationWork.COMMENTED, by)
    await uow.commit()
    return kept


async def pair_lines(command: PairLines, uow: UnitOfWork) -> MedicationReconciliation:
    """A person confirms that two lines are the same medicine, or takes them apart.

    Raises:
        NotAllowedError: neither a doctor nor the practice.
        NotFoundError: the caller's place is no party that reads medicine.
    """
    require_role(command.caller, "pair-lines", Role.DOCTOR, Role.GP)
    stay, record = await _opened(command.stay_id, command.caller, uow)
    after = (record.confirmed if command.same else record.separated)(command.pair, uow.new_id)
    return await _kept(
        uow, stay, record, after, MedicationWork.PAIRED, _person(command.caller), place=command.caller.acting
    )


async def _opened(stay_id: StayId, caller: Caller, uow: UnitOfWork) -> tuple[Stay, MedicationReconciliation]:
    """The stay under its lock and its medicine, for a caller whose place reads it."""
    stay = await uow.stays.get(stay_id)
    reads = ContentClass.MEDICINE in caller.readable_classes(uow.directory)
    if not (reads and any(stay.is_read_by(sor, uow.now) for sor in caller.scope(uow.directory))):
        raise NotFoundError(kind="Stay")
    return stay, await uow.medications.of_stay(stay)


def _require_seen(command: DecideLines, record: MedicationReconciliation) -> None:
    """Nobody agrees to what they have not seen: a list that came meanwhile is looked at first."""
    kind, actual = "MedicationReconciliation", record.version
    expected = actual - 1 if command.expected_version is None else command.expected_version
    shown = {each.line_id: each.shown for each in command.decisions if each.shown is not None}
    changed = tuple(each for each in shown if each in record.lines and record.lines[each].fingerprint != shown[each])
    if changed:
        raise LineChangedError(kind=kind, expected=expected, actual=actual, lines=changed)
    if command.accept_rest and command.expected_version not in {None, actual}:
        raise ConcurrentUpdateError(kind=kind, expected=expected, actual=actual)


def _require_ward(caller: Caller, stay: Stay, uow: UnitOfWork) -> None:
    if stay.ward not in caller.scope(uow.directory):
        raise NotFoundError(kind="Stay")


def _require_own(stated: MedicationList, record: MedicationReconciliation) -> None:
    own = record.table.own(stated.column, stated.source, stated.origin)
    if passes_over(stated, record.lists, own):
        problem = "the list that it is to replace is another's, not there, or beside one of the sender's own"
        raise MedicationError(element="list", problem=problem)


def _require_words(text: str, action: str) -> None:
    if not text.strip():
        raise ReasonRequiredError(action=action)


def _person(caller: Caller) -> Person:
    return Person(caller.person_id, caller.name)


def _decider(command: DecideLines, task: HandoverTask) -> Person:
    """The caller, or the practitioner that a record system speaks for; nobody decides on a colleague's task."""
    by = command.by or task.assignee if command.caller.role is Role.SYSTEM else _person(command.caller)
    if by is None:
        raise PersonRequiredError(action="decide")
    if task.assignee is not None and task.assignee.id != by.id:
        raise TaskTakenError(holder=task.assignee.name, since=task.proofs.accepted_at or task.created_at)
    return by


async def _kept(
    uow: UnitOfWork,
    stay: Stay,
    before: MedicationReconciliation,
    after: MedicationReconciliation,
    work: MedicationWork,
    by: Person,
    *,
    place: SorCode,
    asker: SorCode | None = None,
) -> MedicationReconciliation:
    """Keep it, and commit."""
    kept, planned = await keep(uow, stay, before, after, work, by, asker=asker, place=place)
    await uow.stays.save(planned)
    await uow.commit()
    return kept


async def keep(
    uow: UnitOfWork,
    stay: Stay,
    before: MedicationReconciliation,
    after: MedicationReconciliation,
    work: MedicationWork,
    by: Person,
    *,
    asker: SorCode | None = None,
    place: SorCode | None = None,
) -> tuple[MedicationReconciliation, Stay]:
    """Keep it, tell the parties, and let the agreement follow: the stay is still to be saved.

    ``asker`` is the place whose question it is, where it is one; ``place`` where it was done, if that is known.
    """
    if any(each.column is Column.AT_DISCHARGE for each in after.lists[len(before.lists) :]):
        stay = replace(stay, medicine_listed_at=uow.now)
    kept = await _told(uow, stay, before, after, work, by, place if work is MedicationWork.PAIRED else None)
    if stay.state in {StayState.DEAD, StayState.CANCELLED}:
        return kept, stay
    patient = await uow.patients.get(stay.patient_id)
    news = duties.News(
        by=by,
        changed=(Since.SIGN_OFF.value,) if work is MedicationWork.SIGNED else (),
        medicine=MedicineFacts.told(work, before, kept, asker=asker, place=place),
    )
    return kept, await duties.plan_tasks(uow, stay, patient, Trigger.MEDICATION_REVISED, news=news)


async def _told(
    uow: UnitOfWork,
    stay: Stay,
    before: MedicationReconciliation,
    after: MedicationReconciliation,
    work: MedicationWork,
    by: Person,
    place: SorCode | None = None,
) -> MedicationReconciliation:
    """Keep it as its next version, and tell every place that reads the stay."""
    kept = replace(after, version=before.version + 1)
    await uow.medications.save(kept)
    readers = tuple(
        sorted({party.organization for party in stay.parties if stay.is_read_by(party.organization, uow.now)})
    )
    uow.record(
        MedicationRevised(
            at=uow.now,
            stay_id=stay.id,
            by=by,
            work=work,
            version=kept.version,
            unresolved=len(kept.unresolved),
            place=place,
            places=readers,
        )
    )
    return kept
