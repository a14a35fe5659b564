"""Search parameters of Task -> ``TaskQuery``, and the addresses of its pages.

Addresses are written anew from what was understood, so none ever holds a CPR number.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

import orjson

from discharge.commands import Issue
from discharge.directory import Directory
from discharge.identifiers import CprNumber, EncounterId, FeedId, PatientId, SorCode, TaskId
from discharge.task import Priority, TaskStatus
from fhir_mappings.task import CODE_SYSTEM
from services.fhir_api.parameters import Parameter, Parameters, both, link, refuse
from services.persistence.task_query import Place, SortBy, Sorting, TaskQuery

__all__ = ["SEARCH_PARAMETERS", "TaskSearch", "read_search"]

SEARCH_PARAMETERS: Final = {
    "_id": "token",
    "owner": "reference",
    "requester": "reference",
    "patient": "reference",
    "status": "token",
    "code": "token",
    "priority": "token",
    "focus": "reference",
    "period": "date",
    "due": "date",
    "_lastUpdated": "date",
}
_STATUS_SYSTEM: Final = "http://hl7.org/fhir/task-status"
_PRIORITY_SYSTEM: Final = "http://hl7.org/fhir/request-priority"
_DEFAULT_COUNT: Final = 100
_CURSOR: Final = "_cursor"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSearch:
    """A search as it was understood."""

    query: TaskQuery
    pairs: tuple[tuple[str, str], ...]
    """The parameters that were understood, without page and number of a person."""
    owner: SorCode | None
    """The single owner asked for."""
    issues: tuple[Issue, ...]

    def feed(self, default: SorCode, scope: tuple[SorCode, ...]) -> FeedId:
        """The feed whose head goes with the answer: the single owner's, when it is the caller's to follow."""
        return FeedId(self.owner if self.owner in scope and self.owner is not None else default)

    def self_link(self, base_url: str) -> str:
        """The address of this search."""
        return link(base_url, "Task", self.pairs)

    def next_link(self, base_url: str, after: Place | None) -> str | None:
        """The address of the next page; None when this was the last."""
        if after is None:
            return None
        return link(base_url, "Task", (*self.pairs, (_CURSOR, _written(after))))


def read_search(
    parameters: Parameters, directory: Directory, patients_by_cpr: dict[CprNumber, PatientId | None]
) -> TaskSearch:
    """What the client asks for.

    Args:
        parameters: as they came.
        directory: finds the units below an organisation.
        patients_by_cpr: whom the numbers in the body stand for, as far as the caller may know.

    Raises:
        BadRequestError: a value that cannot be read, or an unknown parameter where the client is strict.
    """
    reader = _Reader(parameters, directory, patients_by_cpr)
    query = TaskQuery(
        ids=reader.each("_id", lambda p: map(TaskId, p.plain())),
        owners=reader.each("owner", lambda p: p.organizations(directory, below=True)),
        requesters=reader.each("requester", lambda p: p.organizations(directory, below=True)),
        patients=reader.each("patient", reader.patients),
        statuses=reader.each("status", lambda p: _members(p, TaskStatus, _STATUS_SYSTEM)),
        codes=reader.each("code", lambda p: _unmodified(p).tokens(CODE_SYSTEM)),
        priorities=reader.each("priority", lambda p: _members(p, Priority, _PRIORITY_SYSTEM)),
        encounters=reader.each("focus", lambda p: map(EncounterId, p.references("Encounter"))),
        due=tuple(p.dates() for p in reader.taken("due")),
        period=tuple(p.dates() for p in reader.taken("period")),
        last_updated=tuple(p.dates() for p in reader.taken("_lastUpdated")),
        sort=_sort(reader.single("_sort")),
        total=_total(reader.single("_total")),
        count=reader.count(),
    )
    cursor = parameters.one(_CURSOR)
    if cursor is not None:
        query = replace(query, after=_place(cursor, query))
    return TaskSearch(query=query, pairs=tuple(reader.pairs), owner=reader.only_owner(), issues=parameters.finish())


class _Reader:
    """Takes parameters and keeps note of what was understood."""

    def __init__(
        self, parameters: Parameters, directory: Directory, patients_by_cpr: dict[CprNumber, PatientId | None]
    ) -> None:
        self._parameters = parameters
        self._directory = directory
        self._patients_by_cpr = patients_by_cpr
        self.pairs: list[tuple[str, str]] = []

    def taken(self, name: str) -> tuple[Parameter, ...]:
        found = self._parameters.take(name)
        self.pairs += [(parameter.written, ",".join(parameter.values)) for parameter in found]
        return found

    def each(self, name: str, read: Callable[[Parameter], Any]) -> frozenset[Any] | None:
        known: frozenset[Any] | None = None
        found = self._parameters.take(name) if name == "patient" else self.taken(name)
        for parameter in found:
            known = both(known, read(parameter))
        return known

    def single(self, name: str) -> str | None:
        value = self._parameters.one(name)
        if value is not None:
            self.pairs.append((name, value))
        return value

    def count(self) -> int:
        self.taken("_count")
        return self._parameters.count(_DEFAULT_COUNT)

    def patients(self, parameter: Parameter) -> frozenset[PatientId]:
        if parameter.modifier == "identifier":
            found = {self._patients_by_cpr.get(cpr) for cpr in parameter.cpr()}
            ids = frozenset(patient_id for patient_id in found if patient_id is not None)
        else:
            ids = frozenset(map(PatientId, parameter.references("Patient")))
        # A number that stands for nobody must not turn into a search for everybody.
        self.pairs.append(("patient", ",".join(f"Patient/{identity}" for identity in sorted(ids)) or "Patient/none"))
        return ids

    def only_owner(self) -> SorCode | None:
        found = self._parameters.take("owner")
        if len(found) != 1:
            return None
        named = found[0].organizations(self._directory, below=False)
        return next(iter(named)) if len(named) == 1 else None


def _unmodified(parameter: Parameter) -> Parameter:
    parameter.plain()
    return parameter


_Member = TypeVar("_Member", TaskStatus, Priority)


def _members(parameter: Parameter, kind: type[_Member], system: str) -> frozenset[_Member]:
    """Codes of an enumeration; a code that no task ever has matches nothing."""
    codes = parameter.tokens(system)
    members = frozenset(member for member in kind if member.value in codes)
    if parameter.modifier == "not":
        return frozenset(kind) - members
    _unmodified(parameter)
    return members


def _sort(text: str | None) -> tuple[Sorting, ...]:
    if text is None:
        return ()
    sorting = []
    for part in text.split(","):
        name = part.strip()
        try:
            sorting.append(Sorting(SortBy(name.removeprefix("-")), name.startswith("-")))
        except ValueError:
            refuse("_sort", f"sort by {', '.join(by.value for by in SortBy)}")
    return tuple(sorting)


def _total(text: str | None) -> bool:
    if text not in {None, "none", "estimate", "accurate"}:
        refuse("_total", "none, estimate or accurate")
    return text in {"estimate", "accurate"}


def _written(after: Place) -> str:
    return orjson.dumps(after).hex()


def _place(cursor: str, query: TaskQuery) -> Place:
    """Where the last page ended, as ``_written`` said it."""
    try:
        values = orjson.loads(bytes.fromhex(cursor))
        *keys, identity = values
        place = tuple(_value(sorting.by, key) for sorting, key in zip(query.sort, keys, strict=True))
        return (*place, _value(SortBy.ID, identity))
    except (ValueError, TypeError):
        refuse(_CURSOR, "take the address of the next page as it was given")


def _value(by: SortBy, value: object) -> str | int | datetime:
    match by, value:
        case ((SortBy.LAST_UPDATED | SortBy.DUE), str()):
            return datetime.fromisoformat(value)
        case SortBy.PRIORITY, int():
            return value
        case SortBy.STATUS, str():
            return TaskStatus(value).value
        case SortBy.ID, str():
            return str(UUID(value))
        case _:
            raise ValueError(by)
