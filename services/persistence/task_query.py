"""What a search for tasks asks, and how it is said in SQL: filters, order, and the place where a page ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, Generic, TypeVar, assert_never
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Select, and_, case, false, func, literal, not_, or_, select

from discharge.identifiers import EncounterId, PatientId, SorCode, TaskId
from discharge.task import Priority, TaskStatus
from services.persistence.tables import EncounterRow, TaskRow

__all__ = [
    "Comparison",
    "DateTest",
    "Place",
    "SortBy",
    "Sorting",
    "TaskQuery",
    "TaskSlice",
    "conditions",
    "keys_of",
    "order_of",
    "uuids_of",
    "values_of",
]

_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
_RANK: Final = {Priority.STAT: 0, Priority.ASAP: 1, Priority.URGENT: 2, Priority.ROUTINE: 3}

Found = TypeVar("Found")
Place = tuple[str | int | datetime, ...]
"""Where a page ended: the sort keys of its last row, the id last."""


class Comparison(StrEnum):
    """FHIR's date prefixes. Source: FHIR R4, Search, prefixes."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    GT = "gt"
    LE = "le"
    GE = "ge"
    SA = "sa"
    EB = "eb"


@dataclass(frozen=True, slots=True)
class DateTest:
    """A comparison with a date of some precision: the instants from ``low`` until just before ``high``."""

    comparison: Comparison
    low: datetime
    high: datetime


class SortBy(StrEnum):
    """What tasks may be sorted by."""

    ID = "_id"
    LAST_UPDATED = "_lastUpdated"
    DUE = "due"
    PRIORITY = "priority"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Sorting:
    """One sort key."""

    by: SortBy
    descending: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuery:
    """Which tasks are asked for; None: any. Every part that is given must hold."""

    ids: frozenset[TaskId] | None = None
    owners: frozenset[SorCode] | None = None
    requesters: frozenset[SorCode] | None = None
    patients: frozenset[PatientId] | None = None
    statuses: frozenset[TaskStatus] | None = None
    codes: frozenset[str] | None = None
    priorities: frozenset[Priority] | None = None
    encounters: frozenset[EncounterId] | None = None
    due: tuple[DateTest, ...] = ()
    period: tuple[DateTest, ...] = ()
    last_updated: tuple[DateTest, ...] = ()
    sort: tuple[Sorting, ...] = ()
    count: int = 100
    total: bool = False
    after: Place | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSlice(Generic[Found]):
    """One page; ``after`` is where the next one begins, None when this is the last."""

    found: tuple[Found, ...]
    after: Place | None = None
    total: int | None = None


def conditions(query: TaskQuery) -> list[ColumnElement[bool]]:
    """The filters of ``query``; where its page begins is not among them."""
    wanted: list[ColumnElement[bool]] = []
    for column, values in (
        (TaskRow.id, None if query.ids is None else uuids_of(query.ids)),
        (TaskRow.owner, query.owners),
        (TaskRow.requester, query.requesters),
        (TaskRow.patient_id, None if query.patients is None else uuids_of(query.patients)),
        (TaskRow.status, query.statuses),
        (TaskRow.code, query.codes),
        (TaskRow.priority, query.priorities),
    ):
        if values is not None:
            wanted.append(column.in_(list(values)) if values else false())
    if query.encounters is not None:
        contacts = select(EncounterRow.stay_id).where(EncounterRow.id.in_(uuids_of(query.encounters)))
        wanted.append(TaskRow.stay_id.in_(contacts))
    wanted += [_at(test, _column(TaskRow.due_at)) for test in query.due]
    wanted += [_at(test, _column(TaskRow.changed_at)) for test in query.last_updated]
    wanted += [_during(test) for test in query.period]
    return wanted


def keys_of(query: TaskQuery) -> list[ColumnElement[Any]]:
    """The sort keys as extra columns, so that the last row says where its page ended."""
    return [_key(sorting.by).label(f"sort_{number}") for number, sorting in enumerate(query.sort)]


def order_of(page: Select[Any], query: TaskQuery) -> Select[Any]:
    """``page`` in the order asked for, from where the last one ended. The id makes the order total."""
    last = Sorting(SortBy.ID, bool(query.sort) and query.sort[-1].descending)
    keys = [(_key(sorting.by), sorting) for sorting in (*query.sort, last)]
    page = page.order_by(*(key.desc() if sorting.descending else key.asc() for key, sorting in keys))
    if query.after is None:
        return page
    later: list[ColumnElement[bool]] = []
    same: list[ColumnElement[bool]] = []
    for (key, sorting), value in zip(keys, query.after, strict=True):
        bound = UUID(str(value)) if sorting.by is SortBy.ID else value
        later.append(and_(*same, key < bound if sorting.descending else key > bound))
        same.append(key == bound)
    return page.where(or_(*later))


def values_of(query: TaskQuery, row: Mapping[Any, Any]) -> Place:
    """Where the page ends that has ``row`` as its last."""
    keys = (row[f"sort_{number}"] for number, _ in enumerate(query.sort))
    return (*(str(key) if isinstance(key, UUID) else key for key in keys), str(row["id"]))


def _key(by: SortBy) -> ColumnElement[Any]:
    match by:
        case SortBy.ID:
            return _column(TaskRow.id)
        case SortBy.LAST_UPDATED:
            return _column(TaskRow.changed_at)
        case SortBy.DUE:
            return func.coalesce(TaskRow.due_at, literal(_NEVER, DateTime(timezone=True)))
        case SortBy.PRIORITY:
            return case({priority.value: rank for priority, rank in _RANK.items()}, value=TaskRow.priority)
        case SortBy.STATUS:
            return _column(TaskRow.status)
        case _:
            assert_never(by)


def _at(test: DateTest, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """An instant against a date; a task without the instant matches nothing, not even ``ne``."""
    within = and_(column >= test.low, column < test.high)
    holds: dict[Comparison, ColumnElement[bool]] = {
        Comparison.EQ: within,
        Comparison.NE: not_(within),
        Comparison.LT: column < test.low,
        Comparison.EB: column < test.low,
        Comparison.GT: column >= test.high,
        Comparison.SA: column >= test.high,
        Comparison.LE: column < test.high,
        Comparison.GE: column >= test.low,
    }
    return holds[test.comparison]


def _during(test: DateTest) -> ColumnElement[bool]:
    """Task.executionPeriod, from accepted to done, against a date; while it is not done it is open-ended."""
    start = _column(TaskRow.accepted_at)
    end = func.coalesce(TaskRow.done_at, literal(_NEVER, DateTime(timezone=True)))
    within = and_(start >= test.low, end < test.high)
    holds = {
        Comparison.EQ: within,
        Comparison.NE: not_(within),
        Comparison.LT: start < test.low,
        Comparison.LE: start < test.high,
        Comparison.GT: end >= test.high,
        Comparison.GE: end >= test.low,
        Comparison.SA: start >= test.high,
        Comparison.EB: end < test.low,
    }
    return and_(start.is_not(None), holds[test.comparison])


def _column(column: Any) -> ColumnElement[Any]:
    expression: ColumnElement[Any] = column.expression
    return expression


def uuids_of(texts: Iterable[str]) -> list[UUID]:
    """The ids that could be ours; another text names nothing."""
    found = []
    for text in texts:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
