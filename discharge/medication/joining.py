"""Which lines of different lists speak of the same medicine.

The strongest key decides; what only a substance or a name holds together is proposed, and a person confirms it
or takes it apart. No line is ever left out, and none of one list is joined to another of the same list unless
the two say the same.

Source of the keys and their order: eu-discharge-report digest 6.3, join key.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from types import MappingProxyType
from typing import Final

from discharge.medication.lines import MedicationLine
from discharge.medication.lists import Column, MedicationList
from discharge.medication.wording import form_key, plain, route_key, strength_key

__all__ = ["JoinedBy", "JoinedLine", "Pair", "join"]

Pair = frozenset[str]
"""The marks of two lines; one mark alone is every line that bears it."""
_Key = tuple[str, ...]


class JoinedBy(IntEnum):
    """What holds lines together, strongest first."""

    ALONE = -1
    """Nothing: it stands on one list only."""
    WORDS = 0
    """They are what their lists say in words: they are read side by side."""
    CONFIRMED = 1
    """A person said so."""
    ORDER = 2
    PRODUCT = 3
    EXACT = 4
    """Substance, strength, form, route, and where there are several of it the dosage."""
    SUBSTANCE = 5
    NAME = 6

    @property
    def is_guess(self) -> bool:
        """True when a person has to confirm it."""
        return self >= JoinedBy.SUBSTANCE


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedLine:
    """One medicine, with what each list says of it."""

    cells: Mapping[Column, tuple[MedicationLine, ...]]
    by: JoinedBy = JoinedBy.ALONE
    has_rivals: bool = False
    """True when another line of the same substance could as well have been meant."""
    is_double: bool = False
    """True when a list says it twice."""

    def line(self, column: Column) -> MedicationLine | None:
        """What ``column`` says of it, by the latest of its lists that does."""
        found = self.cells.get(column)
        return found[0] if found else None

    @property
    def all_lines(self) -> tuple[MedicationLine, ...]:
        """Every line of every list that is in it."""
        return tuple(line for column in Column for line in self.cells.get(column, ()))


def join(
    lists: Iterable[MedicationList],
    *,
    together: Iterable[Pair] = (),
    apart: Iterable[Pair] = (),
) -> tuple[JoinedLine, ...]:
    """The medicines of ``lists``, in their order.

    Args:
        lists: what is to be joined; of one column the latest first.
        together: pairs of lines that a person said are the same.
        apart: pairs that a person said are not; no guess joins them.
    """
    groups = _Groups(tuple(lists), frozenset(apart))
    groups.confirm(together)
    for by, keys_of in _LEVELS:
        groups.merge(by, keys_of)
    return groups.joined()


def _cells(medication: MedicationList) -> Iterator[tuple[MedicationLine, ...]]:
    """The lines of a list; those that say the same are one."""
    alike: dict[MedicationLine, list[MedicationLine]] = defaultdict(list)
    for line in medication.all_lines:
        alike[line if line.is_nameless else replace(line, id="", section=None)].append(line)
    return (tuple(lines) for lines in alike.values())


def _words(line: MedicationLine) -> Iterator[_Key]:
    if line.is_words:
        yield ("words",)


def _orders(line: MedicationLine) -> Iterator[_Key]:
    return iter(line.orders)


def _products(line: MedicationLine) -> Iterator[_Key]:
    return iter(line.products)


def _exact(line: MedicationLine) -> Iterator[_Key]:
    if line.atc and line.strength and line.form and line.route:
        strength, form, route = line.strength, line.form, line.route
        yield (
            line.atc,
            strength_key(strength) or plain(strength),
            form_key(form) or plain(form),
            route_key(route) or plain(route),
        )


def _exact_and_dosage(line: MedicationLine) -> Iterator[_Key]:
    return ((*key, line.instruction or "") for key in _exact(line))


def _substance(line: MedicationLine) -> Iterator[_Key]:
    if line.atc:
        yield (line.atc,)


def _name(line: MedicationLine) -> Iterator[_Key]:
    if line.name_key:
        yield (line.name_key,)


_LEVELS: Final[tuple[tuple[JoinedBy, Callable[[MedicationLine], Iterator[_Key]]], ...]] = (
    (JoinedBy.WORDS, _words),
    (JoinedBy.ORDER, _orders),
    (JoinedBy.PRODUCT, _products),
    (JoinedBy.EXACT, _exact_and_dosage),
    (JoinedBy.EXACT, _exact),
    (JoinedBy.SUBSTANCE, _substance),
    (JoinedBy.NAME, _name),
)


_DECIDED: Final = frozenset({Column.BEFORE, Column.AT_DISCHARGE, Column.NOW})


class _Groups:
    """Lines on their way into groups. At each step a group has at most one cell a list."""

    def __init__(self, lists: Sequence[MedicationList], apart: frozenset[Pair]) -> None:
        self._columns = [each.column for each in lists]
        self._groups: list[dict[int, tuple[MedicationLine, ...]]] = [
            {place: lines} for place, each in enumerate(lists) for lines in _cells(each)
        ]
        self._by = [JoinedBy.ALONE] * len(self._groups)
        self._rivals: set[int] = set()
        self._into = list(range(len(self._groups)))
        self._apart = apart

    def confirm(self, pairs: Iterable[Pair]) -> None:
        """Put together what people said is the same, as far as it stands on different lists."""
        bearing: dict[str, set[int]] = defaultdict(set)
        for place, group in enumerate(self._groups):
            for line in _lines(group):
                bearing[line.mark].add(place)
        for pair in sorted(pairs, key=sorted):
            places = {self._root(place) for mark in pair for place in bearing[mark]}
            if len(places) > 1 and self._is_one_each(places):
                self._unite(places, JoinedBy.CONFIRMED)

    def merge(self, by: JoinedBy, keys_of: Callable[[MedicationLine], Iterator[_Key]]) -> None:
        """Unite the groups that share a key, unless that would leave a choice."""
        having: dict[_Key, set[int]] = defaultdict(set)
        for place, group in enumerate(self._groups):
            for line in _lines(group):
                for key in keys_of(line):
                    having[key].add(place)
        for key in sorted(having):
            places = {self._root(place) for place in having[key]}
            for part in self._parts(places) if by.is_guess else [places]:
                self._merge_part(part, by)

    def _merge_part(self, places: set[int], by: JoinedBy) -> None:
        if len(places) == 1:
            return
        if not self._is_one_each(places) or not self._is_one_substance(places):
            # A number that stands on several lines tells nothing of any of them.
            self._rivals |= places if by >= JoinedBy.EXACT else set()
        elif not by.is_guess or not self._is_apart(places):
            self._unite(places, by)

    def _parts(self, places: Iterable[int]) -> Sequence[set[int]]:
        """Those that may be guessed to be one medicine: never across routes, and never with what was given there.

        Where there are several routes, whatever names none could be any of them: nobody can tell which.
        """
        ours = [place for place in places if any(self._columns[each] in _DECIDED for each in self._groups[place])]
        by_route: dict[str | None, set[int]] = defaultdict(set)
        for place in ours:
            known = {key for line in _lines(self._groups[place]) if line.route and (key := route_key(line.route))}
            by_route[known.pop() if len(known) == 1 else None].add(place)
        unknown = by_route.pop(None, set())
        if len(by_route) > 1:
            self._rivals |= set(ours)
            return [*by_route.values(), *({place} for place in unknown)]
        return [set(ours)] if ours else []

    def joined(self) -> tuple[JoinedLine, ...]:
        """The groups as they are now."""
        rivals = {self._root(place) for place in self._rivals}
        return tuple(
            JoinedLine(
                cells=MappingProxyType(self._by_column(group)),
                by=self._by[place],
                has_rivals=place in rivals,
                is_double=any(len(lines) > 1 for lines in group.values()),
            )
            for place, group in enumerate(self._groups)
            if group
        )

    def _by_column(self, group: Mapping[int, tuple[MedicationLine, ...]]) -> dict[Column, tuple[MedicationLine, ...]]:
        """The lines of a group, of one column those of its latest list first."""
        cells: dict[Column, tuple[MedicationLine, ...]] = {}
        for place in sorted(group):
            column = self._columns[place]
            cells[column] = cells.get(column, ()) + group[place]
        return cells

    def _root(self, place: int) -> int:
        while self._into[place] != place:
            place = self._into[place]
        return place

    def _is_one_each(self, places: Iterable[int]) -> bool:
        lists = [each for place in places for each in self._groups[place]]
        return len(lists) == len(set(lists))

    def _is_one_substance(self, places: Iterable[int]) -> bool:
        """No number makes one medicine of two substances."""
        return len({line.atc for place in places for line in _lines(self._groups[place]) if line.atc}) <= 1

    def _is_apart(self, places: Iterable[int]) -> bool:
        """True when a person said that two of them are not the same."""
        marks = {line.mark for place in places for line in _lines(self._groups[place])}
        return any(pair <= marks for pair in self._apart)

    def _unite(self, places: Iterable[int], by: JoinedBy) -> None:
        first, *others = sorted(places)
        for place in others:
            self._groups[first] |= self._groups[place]
            self._groups[place] = {}
            self._into[place] = first
            self._by[first] = max(self._by[first], self._by[place])
        self._by[first] = max(self._by[first], by)


def _lines(group: Mapping[int, tuple[MedicationLine, ...]]) -> Iterator[MedicationLine]:
    return (line for lines in group.values() for line in lines)
