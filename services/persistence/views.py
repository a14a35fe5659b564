"""What the board queries return: frozen facts for one page, read in one transaction.

Views hold domain objects and plain strings. Names and masked CPR numbers are strings because the
vault has already decided what this caller may read; names of organisations come from the
``Directory`` of the same session. Nothing here formats: ``services.web.presentation`` does.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self, assert_never

from discharge.clock import local
from discharge.identifiers import FeedId, PersonId, SorCode
from discharge.plan import DischargePlan
from discharge.policy import Role
from discharge.stay import Stay
from discharge.task import HandoverTask, Person, TaskStatus

__all__ = [
    "PAGE_SIZE",
    "FeedHead",
    "MedicineBoard",
    "MedicineRow",
    "Part",
    "PatientView",
    "PlanPage",
    "PlanVersion",
    "Show",
    "StayView",
    "TaskCard",
    "TaskCounts",
    "TaskList",
    "TaskPage",
    "TaskRecord",
    "Timeline",
    "Told",
    "WardBoard",
    "WardRow",
    "counted",
    "is_shown",
]

PAGE_SIZE = 100
"""Cards or rows on one page; counters count all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which rows of a list stand on one page."""

    page: int
    """From 1."""
    total: int
    """Rows on all pages."""

    @classmethod
    def of(cls, total: int, page: int) -> Self:
        """The page that was asked for, or the nearest that there is."""
        return cls(page=min(max(1, page), max(1, -(-total // PAGE_SIZE))), total=total)

    @classmethod
    def holding(cls, total: int, place: int) -> Self:
        """The page with the row at ``place``, from 0."""
        return cls.of(total, place // PAGE_SIZE + 1)

    @property
    def rows(self) -> slice:
        """Where its rows stand in the whole list."""
        return slice((self.page - 1) * PAGE_SIZE, self.page * PAGE_SIZE)

    @property
    def has_more(self) -> bool:
        """True when rows stand on later pages."""
        return self.page * PAGE_SIZE < self.total


@dataclass(frozen=True, slots=True)
class FeedHead:
    """Where the caller's default feed stood when the page was read: entries at or below are in it."""

    feed: FeedId
    epoch: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientView:
    """Who the patient is, as far as this caller may know."""

    name: str
    age: int
    cpr_masked: str
    protected: bool = False
    """Name and address are protected: shown as initials on boards and prints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersion:
    """One version of the plan, when it was saved and by whom."""

    plan: DischargePlan
    at: datetime
    by: Person | None = None
    """None: a record system sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StayView:
    """A stay with its patient and the history of its plan."""

    stay: Stay
    patient: PatientView
    gp: SorCode | None = None
    plans: tuple[PlanVersion, ...] = ()
    """Oldest first, version 0 left out; empty when the caller may not read plans."""
    override_reason: str | None = None
    """Why the ward marked the patient as gone although something was missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Somebody was told because nobody answered."""

    organization: SorCode
    roles: frozenset[Role]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskRecord:
    """A task with what its timers say."""

    task: HandoverTask
    remind_at: datetime | None = None
    """When the rule first reminds, past or future; None: it has no reminder."""
    take_by: datetime | None = None
    """When the rule first escalates, past or future, if nobody has taken it; None: it never does."""
    told: tuple[Told, ...] = ()
    """Escalations that have happened, oldest first."""

    @property
    def next_due(self) -> datetime | None:
        """The next thing that falls due: being taken while nobody has it, then being done."""
        ends = (self.task.due_at, self.take_by if self.task.is_unanswered else None)
        return min((end for end in ends if end is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCard:
    """A task as its owner's list shows it."""

    record: TaskRecord
    context: StayView | None
    """None when this caller sees the duty but not the person, as a leader does."""


class Show(StrEnum):
    """The counters of a task list that filter it. The values stand in page addresses."""

    UNOWNED = "unowned"
    LATE = "late"
    MINE = "mine"
    GROUP = "group"
    DONE = "done"


def is_shown(show: Show, record: TaskRecord, *, person_id: PersonId, now: datetime) -> bool:
    """Tell whether a task belongs under ``show``; counters and lists both ask here.

    A task that was withdrawn today stays in the group's list for those who had seen it.
    """
    task = record.task
    match show:
        case Show.UNOWNED:
            return task.is_unanswered
        case Show.LATE:
            return task.is_open and record.next_due is not None and record.next_due < now
        case Show.MINE:
            return task.is_open and task.assignee is not None and task.assignee.id == person_id
        case Show.GROUP:
            return task.is_open or (
                task.status is TaskStatus.CANCELLED
                and task.proofs.seen_at is not None
                and local(task.changed_at).date() == local(now).date()
            )
        case Show.DONE:
            done_at = task.proofs.done_at
            return (
                task.status is TaskStatus.COMPLETED
                and done_at is not None
                and local(done_at).date() == local(now).date()
            )
        case _:
            assert_never(show)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCounts:
    """How many tasks each counter stands for, over all pages."""

    unowned: int = 0
    late: int = 0
    mine: int = 0
    group: int = 0
    done: int = 0

    def of(self, show: Show) -> int:
        """The number beside ``show``."""
        match show:
            case Show.UNOWNED:
                return self.unowned
            case Show.LATE:
                return self.late
            case Show.MINE:
                return self.mine
            case Show.GROUP:
                return self.group
            case Show.DONE:
                return self.done
            case _:
                assert_never(show)


def counted(records: Iterable[TaskRecord], *, person_id: PersonId, now: datetime) -> TaskCounts:
    """The counters over ``records``. A withdrawn task is shown but owes nothing, so it is not counted."""
    owed = tuple(record for record in records if record.task.status is not TaskStatus.CANCELLED)
    numbers = {
        show.value: sum(is_shown(show, record, person_id=person_id, now=now) for record in owed) for show in Show
    }
    return TaskCounts(**numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskList:
    """The feed of a municipality's unit, or a practice's inbox."""

    now: datetime
    feed_head: FeedHead
    show: Show
    counts: TaskCounts
    part: Part
    """Which of those under ``show`` the cards are; a withdrawn task is among them, though no counter counts it."""
    cards: tuple[TaskCard, ...]
    """At most ``PAGE_SIZE``, in the order that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """One task, with the other duties of the same stay that the caller may see."""

    now: datetime
    feed_head: FeedHead
    card: TaskCard
    others: tuple[TaskRecord, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WardRow:
    """One patient on the ward's board."""

    context: StayView
    tasks: tuple[TaskRecord, ...] = ()
    """Every task of the stay except those that were withdrawn, oldest first."""
    asked: int = 0
    """Lines of its medicine that wait for the ward's answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WardBoard:
    """Open stays of the caller's ward or wards, and those that ended today."""

    now: datetime
    feed_head: FeedHead
    rows: tuple[WardRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicineRow:
    """One citizen of whose medicine somebody has stated a list."""

    context: StayView
    unresolved: int
    """Lines that the practice has still to decide."""
    asked: int
    """Those of them that wait for the ward's answer."""
    changed_at: datetime
    """When somebody last did something with the medicine."""
    signed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicineBoard:
    """The medicine that the caller's place is party to, what was worked on last first."""

    now: datetime
    feed_head: FeedHead
    part: Part
    rows: tuple[MedicineRow, ...]
    """Those of the part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPage:
    """What the ward knows of one stay, and what the receivers did."""

    now: datetime
    feed_head: FeedHead
    context: StayView
    tasks: tuple[TaskRecord, ...] = ()
    """Every task of the stay, withdrawn ones too, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Everything that a party may see of one stay; the page derives the events from the facts."""

    now: datetime
    feed_head: FeedHead
    context: StayView
    tasks: tuple[TaskRecord, ...] = ()
