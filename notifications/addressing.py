"""Events to the feeds of those who must know: pure, and the only place that decides it.

A unit's entries also stand in the feeds of the municipal organisations above it; a ward's stay in the ward's
feed, because intake must never queue on a feed that a whole hospital shares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Final, assert_never

from discharge.directory import Directory, OrganizationKind
from discharge.documents.standing import Standing
from discharge.events import (
    AgreementMissing,
    CareMessageWritten,
    DeathWithdrawn,
    DischargeUndone,
    DocumentFiled,
    DocumentRuled,
    Event,
    LadderStalled,
    LeaveBegan,
    LeaveEnded,
    MedicationRevised,
    MessageRefused,
    MessageUndelivered,
    NoticeUnexpected,
    PatientDied,
    PatientDischarged,
    PlanRevised,
    StayBegan,
    StayCancelled,
    StayContinued,
    TaskDelivered,
    TaskEscalated,
    TaskMoved,
    TaskOverdue,
    TaskRedated,
    TaskReminded,
    TaskRequested,
    TaskSettled,
)
from discharge.identifiers import FeedId, SorCode, StayId
from discharge.medication.record import MedicationWork
from discharge.policy import READS, STAFF, ContentClass, Role
from discharge.task import HandoverTask, Move, Priority
from notifications.entry import Addressed, EntryEvent
from notifications.titles import (
    ARRIVED,
    BEGAN,
    DOCUMENT_CLASH,
    MEDICINE,
    document_title,
)

__all__ = ["entries_for", "entries_for_all", "feeds_of", "staff_of"]

_MUNICIPAL: Final = frozenset({OrganizationKind.MUNICIPALITY, OrganizationKind.UNIT})
_WARD_STAFF: Final = STAFF[OrganizationKind.WARD]
_TOLD: Final[dict[type[TaskReminded | TaskEscalated | TaskOverdue], EntryEvent]] = {
    TaskReminded: EntryEvent.TASK_REMINDER,
    TaskEscalated: EntryEvent.TASK_ESCALATED,
    TaskOverdue: EntryEvent.TASK_OVERDUE,
}
_IN_HOSPITAL: Final = "Patient er på hospitalet"
_NEWS: Final[dict[type[LeaveBegan | LeaveEnded | PatientDied | DeathWithdrawn | StayCancelled], str]] = {
    LeaveBegan: "Patient er på orlov. Hospitalet har fortsat ansvaret",
    LeaveEnded: "Patient er tilbage fra orlov",
    PatientDied: "Patient er død. Alle opgaver er lukket",
    DeathWithdrawn: "Melding om dødsfald er annulleret",
    StayCancelled: "Melding om sygehusophold er annulleret",
}
_UNEXPECTED: Final = "En melding passer ikke til opholdet. Se på den"
_CONTINUED: Final = "Opholdet fortsætter i en ny kontakt"
_DISCHARGED: Final = "Patient er udskrevet"
_REDATED: Final = "Udskrivningstidspunktet er rettet"
_UNCOVERED: Final = "Ingen sundhedsaftale gælder her. Ring: ingen har fået en opgave"
_UNDONE: Final = "Udskrivningen er taget tilbage"
_PLAN: Final = "Udskrivningsplanen er ændret"
_REFUSED: Final = "En besked er afvist"
_WRITTEN: Final = "En besked er sendt"
_UNDELIVERED: Final = "En besked kom ikke frem. Ring til modtageren"
_ASKS: Final = frozenset({MedicationWork.ASKED, MedicationWork.OPENED})
_READERS: Final = {
    content: frozenset(role for role, (_, classes) in READS.items() if content in classes) for content in ContentClass
}
_STALLED: Final = "Fristerne i et forløb kan ikke behandles. Driften skal se på det nu"


def feeds_of(sor: SorCode, directory: Directory) -> tuple[FeedId, ...]:
    """The feed of ``sor``, and for a unit those of every municipal organisation above it."""
    organization = directory.get(sor)
    if organization is None or organization.kind is not OrganizationKind.UNIT:
        return (FeedId(sor),)
    above = (s for s in directory.lineage(sor)[1:] if directory[s].kind in _MUNICIPAL)
    return (FeedId(sor), *(FeedId(s) for s in above))


def staff_of(sor: SorCode, directory: Directory) -> frozenset[Role]:
    """The roles that do the daily work at ``sor``; the operators where nobody does, as in a place we do not know."""
    organization = directory.get(sor)
    staff = frozenset[Role]() if organization is None else STAFF[organization.kind]
    return staff or frozenset({Role.OPERATOR})


def entries_for(event: Event, directory: Directory) -> tuple[Addressed, ...]:
    """What ``event`` writes into which feeds: at most one entry per feed."""
    merged: dict[FeedId, Addressed] = {}
    for entry in _addressed(event, directory):
        first = merged.get(entry.feed)
        # The first says what it is (a duty of theirs before somebody's news); it rings at all who should know.
        merged[entry.feed] = entry if first is None else replace(first, audience=first.audience | entry.audience)
    return tuple(merged.values())


def entries_for_all(events: Iterable[Event], directory: Directory) -> tuple[Addressed, ...]:
    """The entries of one commit: one per feed, kind and task (or stay), as the last event left it."""
    merged: dict[tuple[object, ...], Addressed] = {}
    for event in events:
        for entry in entries_for(event, directory):
            about = entry.task_id or entry.stay_id
            # Two refused messages are two entries. So are two rungs: one rings at the nurses, the next at their leader.
            own = about is None or isinstance(event, TaskReminded | TaskEscalated | TaskOverdue)
            key = (id(event), entry.feed) if own else (entry.feed, entry.event, about)
            before = merged.get(key)
            merged[key] = entry if before is None else replace(entry, audience=before.audience | entry.audience)
    return tuple(merged.values())


def _addressed(event: Event, directory: Directory) -> Iterator[Addressed]:
    match event:
        case TaskReminded() | TaskEscalated() | TaskOverdue():
            yield from _told(event, directory)
        case TaskRequested() | TaskMoved() | TaskRedated() | TaskSettled() | TaskDelivered():
            yield from _about_task(event, directory)
        case MessageRefused():
            yield _refused(event, directory)
        case CareMessageWritten():
            yield from _written(event, directory)
        case MedicationRevised():
            yield from _medicine(event, directory)
        case DocumentFiled() | DocumentRuled():
            yield from _document(event, directory)
        case MessageUndelivered():
            yield from _undelivered(event, directory)
        case LadderStalled():
            for place in event.places:
                entry = replace(_of_stay(place, event.at, event.stay_id, _STALLED), priority=Priority.STAT)
                yield replace(entry, audience=frozenset({Role.OPERATOR}))
        case _:
            yield from _about_stay(event, directory)


def _about_task(
    event: TaskRequested | TaskMoved | TaskRedated | TaskSettled | TaskDelivered, directory: Directory
) -> Iterator[Addressed]:
    task = event.task
    match event:
        case TaskRequested():
            yield from _to_owner(task, EntryEvent.TASK_REQUESTED, event.at, directory)
            if task.requester != task.owner:
                yield from _to_requester(task, EntryEvent.TASK_CHANGED, event.at, directory)
        case TaskMoved():
            yield from _moved(event, directory)
        case TaskRedated():
            yield from _to_owner(task, EntryEvent.TASK_CHANGED, event.at, directory)
            yield from _to_requester(task, EntryEvent.TASK_CHANGED, event.at, directory)
        case TaskSettled():
            yield from _to_owner(task, EntryEvent.TASK_CHANGED, event.at, directory)
        case TaskDelivered():
            # Never a feed whose followers would confirm it in turn.
            if task.requester != task.owner:
                entry = _of_task(task, EntryEvent.TASK_CHANGED, event.at)
                yield replace(entry, feed=FeedId(task.requester), audience=staff_of(task.requester, directory))
        case _:
            assert_never(event)


def _about_stay(
    event: StayBegan
    | StayContinued
    | AgreementMissing
    | PatientDischarged
    | DischargeUndone
    | PlanRevised
    | LeaveBegan
    | LeaveEnded
    | PatientDied
    | DeathWithdrawn
    | StayCancelled
    | NoticeUnexpected,
    directory: Directory,
) -> Iterator[Addressed]:
    match event:
        case StayBegan():
            yield _of_stay(event.ward, event.at, event.stay_id, BEGAN.get(event.kind.base, _IN_HOSPITAL))
        case StayContinued():
            yield _of_stay(event.ward, event.at, event.stay_id, _CONTINUED)
            yield _of_stay(event.previous_ward, event.at, event.stay_id, _CONTINUED)
        case AgreementMissing():
            entry = replace(_of_stay(event.ward, event.at, event.stay_id, _UNCOVERED), priority=Priority.STAT)
            yield replace(entry, audience=_WARD_STAFF | {Role.OPERATOR})
            if event.receiver is not None:
                audience = staff_of(event.receiver, directory) | {Role.OPERATOR}
                yield replace(entry, feed=FeedId(event.receiver), audience=audience)
        case PatientDischarged():
            yield _of_stay(event.ward, event.at, event.stay_id, _REDATED if event.redated else _DISCHARGED)
        case DischargeUndone():
            yield _of_stay(event.ward, event.at, event.stay_id, _UNDONE)
        case PlanRevised():
            yield from _plan_revised(event, directory)
        case LeaveBegan() | LeaveEnded() | PatientDied() | DeathWithdrawn() | StayCancelled():
            yield from _news(event, directory)
        case NoticeUnexpected():
            entry = _of_stay(event.ward, event.at, event.stay_id, _UNEXPECTED)
            yield replace(entry, audience=entry.audience | {Role.OPERATOR})
        case _:
            assert_never(event)


def _moved(event: TaskMoved, directory: Directory) -> Iterator[Addressed]:
    task = event.task
    if event.move is Move.WITHDRAW:
        kind = EntryEvent.TASK_WITHDRAWN
    elif event.move is Move.ASSIGN and (left := _previous_owner(task)) is not None:
        # Handed to another unit: a new duty there, and gone from the list here.
        yield from _to_owner(task, EntryEvent.TASK_REQUESTED, event.at, directory)
        yield from _to_owner(replace(task, owner=left), EntryEvent.TASK_WITHDRAWN, event.at, directory)
        kind = EntryEvent.TASK_CHANGED
    else:
        kind = EntryEvent.TASK_CHANGED
    yield from _to_owner(task, kind, event.at, directory)
    yield from _to_requester(task, kind, event.at, directory)


def _previous_owner(task: HandoverTask) -> SorCode | None:
    if not task.rounds or task.rounds[-1].closed_at != task.changed_at or task.rounds[-1].owner == task.owner:
        return None
    return task.rounds[-1].owner


def _of_task(
    task: HandoverTask,
    kind: EntryEvent,
    at: datetime,
    *,
    feed: FeedId | None = None,
    audience: frozenset[Role] | None = None,
) -> Addressed:
    return Addressed(
        feed=feed or FeedId(task.owner),
        at=at,
        event=kind,
        task_id=task.id,
        stay_id=task.stay_id,
        priority=task.priority,
        due_at=task.due_at,
        title=task.title.da,
        audience=task.audience if audience is None else audience,
    )


def _to_owner(task: HandoverTask, kind: EntryEvent, at: datetime, directory: Directory) -> Iterator[Addressed]:
    entry = _of_task(task, kind, at)
    for feed in feeds_of(task.owner, directory):
        yield replace(entry, feed=feed)


def _to_requester(task: HandoverTask, kind: EntryEvent, at: datetime, directory: Directory) -> Iterator[Addressed]:
    entry = replace(_of_task(task, kind, at), audience=staff_of(task.requester, directory))
    for feed in feeds_of(task.requester, directory):
        yield replace(entry, feed=feed)


def _told(event: TaskReminded | TaskEscalated | TaskOverdue, directory: Directory) -> Iterator[Addressed]:
    kind = _TOLD[type(event)]
    first, *above = feeds_of(event.organization, directory)
    entry = _of_task(event.task, kind, event.at, feed=first, audience=event.roles)
    yield entry
    for feed in above:
        yield replace(entry, feed=feed)
    if kind is EntryEvent.TASK_OVERDUE:
        yield from _to_requester(event.task, kind, event.at, directory)


def _of_stay(ward: SorCode, at: datetime, stay_id: StayId, title: str) -> Addressed:
    return Addressed(
        feed=FeedId(ward), at=at, event=EntryEvent.STAY_CHANGED, stay_id=stay_id, title=title, audience=_WARD_STAFF
    )


def _news(
    event: LeaveBegan | LeaveEnded | PatientDied | DeathWithdrawn | StayCancelled, directory: Directory
) -> Iterator[Addressed]:
    entry = _of_stay(event.ward, event.at, event.stay_id, _NEWS[type(event)])
    yield entry
    for receiver in event.receivers:
        for feed in feeds_of(receiver, directory):
            yield replace(entry, feed=feed, audience=staff_of(receiver, directory))


def _plan_revised(event: PlanRevised, directory: Directory) -> Iterator[Addressed]:
    entry = replace(_of_stay(event.ward, event.at, event.stay_id, _PLAN), event=EntryEvent.PLAN_CHANGED)
    yield entry
    for receiver in event.receivers:
        audience = staff_of(receiver, directory)
        for feed in feeds_of(receiver, directory):
            yield replace(entry, feed=feed, audience=audience)


def _medicine(event: MedicationRevised, directory: Directory) -> Iterator[Addressed]:
    entry = replace(
        _of_stay(SorCode(""), event.at, event.stay_id, MEDICINE[event.work]),
        event=EntryEvent.MEDICATION_CHANGED,
        priority=Priority.URGENT if event.work in _ASKS else Priority.ROUTINE,
    )
    yield from _to_readers(entry, event.places, ContentClass.MEDICINE, directory)


def _document(event: DocumentFiled | DocumentRuled, directory: Directory) -> Iterator[Addressed]:
    filed = event if isinstance(event, DocumentFiled) else None
    is_held = filed is not None and filed.standing is Standing.HELD
    entry = replace(
        _of_stay(SorCode(""), event.at, event.stay_id, document_title(event)),
        event=EntryEvent.DOCUMENT_FILED,
        priority=Priority.URGENT if is_held or (filed is not None and filed.is_question) else Priority.ROUTINE,
    )
    yield from _to_readers(entry, event.places, ContentClass.DOCUMENT, directory)
    if filed is not None and is_held:
        operators = frozenset({Role.OPERATOR})
        yield replace(entry, feed=FeedId(filed.hospital), title=DOCUMENT_CLASH, audience=operators)


def _to_readers(
    entry: Addressed, places: Iterable[SorCode], content: ContentClass, directory: Directory
) -> Iterator[Addressed]:
    """Everybody who treats the citizen, in the roles that read it; never a feed that a whole hospital shares."""
    for place in places:
        audience = staff_of(place, directory) & _READERS[content]
        organization = directory.get(place)
        if not audience or organization is None or organization.kind is OrganizationKind.HOSPITAL:
            continue
        for feed in feeds_of(place, directory):
            yield replace(entry, feed=feed, audience=audience)


def _written(event: CareMessageWritten, directory: Directory) -> Iterator[Addressed]:
    """The place that is written to, and the writer's own colleagues."""
    entry = Addressed(
        feed=FeedId(event.sender),
        at=event.at,
        event=EntryEvent.MESSAGE,
        stay_id=event.stay_id,
        priority=Priority.URGENT if event.is_urgent else Priority.ROUTINE,
        title=ARRIVED[event.kind],
        audience=frozenset(),
    )
    if event.place is not None:
        for feed in feeds_of(event.place, directory):
            yield replace(entry, feed=feed, audience=staff_of(event.place, directory))
    if event.by is not None:
        yield replace(entry, title=_WRITTEN, priority=Priority.ROUTINE, audience=staff_of(event.sender, directory))


def _refused(event: MessageRefused, directory: Directory) -> Addressed:
    known = event.receiver if event.receiver is not None and event.receiver in directory else None
    return Addressed(
        feed=FeedId(known or event.sender),
        at=event.at,
        event=EntryEvent.MESSAGE,
        priority=Priority.URGENT,
        title=_REFUSED,
        audience=frozenset({Role.OPERATOR}),
    )


def _undelivered(event: MessageUndelivered, directory: Directory) -> Iterator[Addressed]:
    """The place that wrote it must find another way; operators there and above it must find out why."""
    operators = frozenset({Role.OPERATOR})
    entry = Addressed(
        feed=FeedId(event.place),
        at=event.at,
        event=EntryEvent.MESSAGE,
        stay_id=event.stay_id,
        priority=Priority.URGENT,
        title=_UNDELIVERED,
        audience=staff_of(event.place, directory) | operators,
    )
    for feed in feeds_of(event.place, directory):
        yield replace(entry, feed=feed)
    for above in (*directory.lineage(event.place)[1:], event.sender):
        yield replace(entry, feed=FeedId(above), audience=operators)
