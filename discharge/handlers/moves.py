"""A person does something to a task, or a device confirms that it has it."""

from __future__ import annotations

from dataclasses import replace

from discharge.agreement import Trigger
from discharge.commands import ConfirmDelivered, MoveTask
from discharge.errors import (
    ConcurrentUpdateError,
    NotAllowedError,
    NotFoundError,
    PersonRequiredError,
    ReasonRequiredError,
    TransitionError,
)
from discharge.events import TaskDelivered, TaskMoved, TaskRequested
from discharge.handlers import course, duties
from discharge.handlers.resolving import require_resolved
from discharge.handlers.waiting import release_waiting, require_released, settle
from discharge.identifiers import FeedId, SorCode, TaskId
from discharge.policy import ACTING_ROLES, Caller, Role, audience_at
from discharge.ports import UnitOfWork
from discharge.stay import PartyBasis, Stay
from discharge.task import HandoverTask, Move, Person, Priority, Proofs, TaskStatus

__all__ = ["confirm_delivered", "let_follow", "move_task", "require_reader"]

_OF_REQUESTER = frozenset({Move.AGREE_TIME, Move.DECLINE_TIME, Move.WITHDRAW})
_OF_HOLDER = frozenset(
    {Move.ACCEPT, Move.RELEASE, Move.REJECT, Move.PROPOSE_TIME, Move.START, Move.PAUSE, Move.RESUME, Move.COMPLETE}
)


async def move_task(command: MoveTask, uow: UnitOfWork) -> HandoverTask:
    """Move a task. What is already so changes nothing; a rejected duty finds a new owner in the same commit.

    Raises:
        NotFoundError: the caller's organisation is no party.
        NotAllowedError: the role may not.
        TaskTakenError: somebody else has it, also when the caller's version is old.
        ConcurrentUpdateError: the caller decided on an older version.
        TransitionError: the state machine has no such move.
        ReasonRequiredError: the move must be explained.
        MedicationError: a list of medicine is to be done with while lines of it are open, or a question about one
            is to be ended or handed to another place while it waits for its answer.
        TaskWaitsError: another duty comes first, and nobody says why this one was done all the same.
        PersonRequiredError: a record system takes a duty of people on and names nobody.
    """
    stay = await uow.stays.get(await uow.tasks.stay_of(command.task_id))
    task = await uow.tasks.get(command.task_id)
    _require_may(command, task, stay, uow)
    by = _person(command, task)
    try:
        moved = task.moved(
            command.move,
            by=by,
            at=uow.now,
            reason=command.reason,
            proposed_time=command.proposed_time,
            assignee=command.assignee,
            owner=command.owner,
            note=command.note,
        )
    except (TransitionError, ReasonRequiredError):
        _require_current(command, task)
        raise
    if moved is task:
        _require_current(command, task, is_repeat=True)
        await uow.commit()
        return task
    _require_current(command, task)
    await require_resolved(uow, stay, task, moved)
    if command.move is Move.COMPLETE:
        moved = require_released(task, moved, command.reason)
    moved, after = await let_follow(uow, stay, task, moved, command.move, by)
    if after is not stay:
        await uow.stays.save(after)
    await uow.commit()
    return moved


async def let_follow(
    uow: UnitOfWork, stay: Stay, task: HandoverTask, moved: HandoverTask, move: Move, by: Person
) -> tuple[HandoverTask, Stay]:
    """Keep a moved task, and let follow what that means for its stay; returns both as they are then."""
    if moved.owner != task.owner:
        moved = replace(moved, audience=audience_at(uow.directory, moved.owner, task.audience))
        stay = stay.with_party(moved.owner, PartyBasis.OWES, uow.now)
    await uow.tasks.save(moved)
    uow.record(TaskMoved(at=uow.now, stay_id=task.stay_id, by=by, task=moved, move=move))
    if moved.status is TaskStatus.REJECTED:
        stay = await _pass_on(uow, stay, moved)
    if not moved.is_open:
        await uow.timers.arm(moved, ())
    elif move is Move.RELEASE or (moved.owner, moved.due_at) != (task.owner, task.due_at):
        await duties.restart_ladder(uow, stay, moved)
    if moved.status is TaskStatus.COMPLETED:
        await release_waiting(uow, moved)
        patient = await uow.patients.get(stay.patient_id)
        news = duties.News(by=by, completed=moved.code)
        stay = await duties.plan_tasks(uow, stay, patient, Trigger.TASK_COMPLETED, news=news)
    if not moved.is_open:
        await settle(uow, stay.id)
    if not moved.is_open or moved.owner != task.owner:
        stay = await course.close_access(uow, stay)
    return moved, stay


def _require_current(command: MoveTask, task: HandoverTask, *, is_repeat: bool = False) -> None:
    if is_repeat and not command.is_exact:
        return
    if command.expected_version is not None and command.expected_version != task.version:
        raise ConcurrentUpdateError(kind="Task", expected=command.expected_version, actual=task.version)


def _person(command: MoveTask, task: HandoverTask) -> Person:
    """Who moves: the caller; behind a record system the practitioner it names, else the one who has the task.

    Only a duty that is addressed to systems (an automatic report) is taken on by the system itself.
    """
    caller = command.caller
    if caller.role is not Role.SYSTEM:
        return Person(caller.person_id, caller.name)
    holder = task.assignee if command.move in _OF_HOLDER else None
    named = command.assignee or holder
    if named is None and command.move is Move.ACCEPT and Role.SYSTEM not in task.audience:
        raise PersonRequiredError(action=command.move)
    return named or Person(caller.person_id, caller.name)


def require_reader(caller: Caller, task: HandoverTask, stay: Stay, uow: UnitOfWork) -> None:
    """Let pass who may read the task, as row-level security does: a party, in a role that reads it or led to it.

    Raises:
        NotFoundError: nobody else is told that there is such a task.
    """
    is_party = any(stay.is_read_by(sor, uow.now) for sor in caller.scope(uow.directory))
    readable = task.content_class in caller.readable_classes(uow.directory)
    if not (is_party and (readable or caller.leads() in task.escalated_to)):
        raise NotFoundError(kind="Task")


def _require_may(command: MoveTask, task: HandoverTask, stay: Stay, uow: UnitOfWork) -> None:
    caller = command.caller
    scope = caller.scope(uow.directory)
    require_reader(caller, task, stay, uow)
    escalated = caller.leads() in task.escalated_to
    if command.move is Move.GIVE_UP:
        if not escalated:
            raise NotAllowedError(action=command.move, rule="escalated-to-this-leader")
        return
    if caller.role not in ACTING_ROLES:
        raise NotAllowedError(action=command.move, rule="role")
    if command.move in _OF_REQUESTER:
        _require_requester(command.move, caller, task, scope)
        return
    if task.owner not in scope or (caller.role is not Role.SYSTEM and caller.role not in task.audience):
        raise NotAllowedError(action=command.move, rule="addressee")
    if command.move is Move.REJECT and _next_owner(task) == task.owner:
        raise NotAllowedError(action=command.move, rule="own-duty")
    if command.owner is not None and uow.directory.root(command.owner) != uow.directory.root(task.owner):
        raise NotAllowedError(action=command.move, rule="same-organization")


def _require_requester(move: Move, caller: Caller, task: HandoverTask, scope: tuple[SorCode, ...]) -> None:
    if task.requester not in scope or (move is Move.WITHDRAW and task.owner in scope):
        raise NotAllowedError(action=move, rule="requester")
    if caller.role is Role.VISITATOR:
        raise NotAllowedError(action=move, rule="role")


def _next_owner(task: HandoverTask) -> SorCode:
    """Who owes it when its owner will not: the next of the chain, after them the one who asked."""
    return next((sor for sor in task.chain if sor != task.owner), task.requester)


async def _pass_on(uow: UnitOfWork, stay: Stay, rejected: HandoverTask) -> Stay:
    """The next party of the chain owes it now, else the one who asked: never nobody."""
    owner = _next_owner(rejected)
    task = replace(
        rejected,
        id=TaskId(uow.new_id()),
        version=1,
        owner=owner,
        chain=tuple(sor for sor in rejected.chain if sor not in {rejected.owner, owner}),
        audience=audience_at(uow.directory, owner, rejected.audience),
        priority=Priority.URGENT if rejected.priority is Priority.ROUTINE else rejected.priority,
        status=TaskStatus.REQUESTED,
        status_reason=None,
        note=None,
        note_en=None,
        proposed_time=None,
        created_at=uow.now,
        changed_at=uow.now,
        proofs=Proofs(sent_at=uow.now),
        rounds=(),
        escalated_to=frozenset(),
        replaces=rejected.id,
    )
    await uow.tasks.save(task)
    await duties.restart_ladder(uow, stay, task)
    uow.record(TaskRequested(at=uow.now, stay_id=stay.id, task=task))
    return stay.with_party(owner, PartyBasis.OWES, uow.now)


async def confirm_delivered(command: ConfirmDelivered, uow: UnitOfWork) -> None:
    """A device of the owner has its feed up to an offset: proof of delivery, the first time only."""
    # A page that never shows a duty delivers none.
    if command.feed != FeedId(command.caller.acting) or command.caller.role is Role.PHARMACIST:
        return
    tasks = await uow.tasks.undelivered(command.feed, command.offset)
    if not tasks:
        return
    for task in tasks:
        delivered = task.delivered(uow.now)
        await uow.tasks.save(delivered)
        uow.record(TaskDelivered(at=uow.now, stay_id=task.stay_id, task=delivered))
    await uow.commit()
