"""The id of a medicine of a stay: the same whatever the next list calls it, and kept when no list has it any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NewType

from discharge.identifiers import in_letters
from discharge.medication.joining import JoinedLine
from discharge.medication.judging import Basis, Doubt
from discharge.medication.lines import Change, MedicationLine
from discharge.medication.lists import Column
from discharge.medication.reconciling import ReconciledLine

__all__ = ["LineId", "NamedLine", "lost_line", "named"]

LineId = NewType("LineId", str)
"""Our own id of a medicine of a stay: the same whatever the next list calls it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedLine:
    """A line's id, with what it is known by."""

    id: LineId
    marks: frozenset[str]
    lines: frozenset[str]
    """The ids of the lines of the lists that it is now; none while no list mentions it."""
    said: frozenset[str] = frozenset()
    """Digests of what those lines say."""
    last: frozenset[str] = frozenset()
    """The ids of the lines that it was when a list last mentioned it."""


def named(
    known: Sequence[NamedLine], lines: Iterable[ReconciledLine], new_id: Callable[[], str]
) -> tuple[NamedLine, ...]:
    """``known`` and those that are new, each with what it is now.

    A line keeps the id of the very lines that are in it, else of one that says the same, else of one that is known
    by the same: each over all lines before the next, so that two alike that change places keep their own.
    """
    fresh = [_as_named(line.joined.all_lines) for line in lines]
    spare = list(known)
    ids: dict[int, LineId] = {}
    for mark_of in (_its_lines, _its_words, _its_marks):
        for place, each in enumerate(fresh):
            mine = next((old for old in spare if place not in ids and mark_of(old) & mark_of(each)), None)
            if mine is not None:
                spare.remove(mine)
                ids[place] = mine.id
    found = {each.id: replace(each, lines=frozenset()) for each in known}
    for place, each in enumerate(fresh):
        line_id = ids.get(place) or LineId(new_id())
        before = found.get(line_id, each)
        found[line_id] = replace(each, id=line_id, marks=before.marks | each.marks)
    return tuple(found.values())


def _as_named(lines: Iterable[MedicationLine]) -> NamedLine:
    every = tuple(lines)
    ids = frozenset(each.id for each in every)
    return NamedLine(
        id=LineId(""),
        marks=frozenset(each.mark for each in every),
        lines=ids,
        said=frozenset(in_letters(repr(each.said), 16) for each in every),
        last=ids,
    )


def _its_lines(each: NamedLine) -> frozenset[str]:
    return each.lines


def _its_words(each: NamedLine) -> frozenset[str]:
    return each.said if each.lines else frozenset()


def _its_marks(each: NamedLine) -> frozenset[str]:
    return each.marks


def lost_line(
    line: NamedLine, stated: Mapping[str, tuple[Column, MedicationLine]], here: Iterable[ReconciledLine]
) -> ReconciledLine | None:
    """A medicine that lists told of and none mentions any more, as they last had it: a question, never a stop.

    Args:
        line: which.
        stated: every line that was ever stated with its column, by its id.
        here: the lines of the table.

    Returns:
        None for what was not to be taken, and where the table has another line that it may have become.
    """
    last = [stated[each] for each in sorted(line.last) if each in stated]
    mine = tuple(each for _, each in last)
    if not mine or any(_may_be(line, mine, each) for each in here):
        return None
    cells = {column: tuple(each for where, each in last if where is column) for column in Column}
    found = JoinedLine(cells={column: lines for column, lines in cells.items() if lines})
    lost = ReconciledLine(joined=found, change=Change.UNCLEAR, basis=Basis.COMPARISON, doubt=Doubt.NO_LONGER_LISTED)
    return None if lost.instruction_line.is_taken is False else lost


def _may_be(line: NamedLine, mine: Sequence[MedicationLine], other: ReconciledLine) -> bool:
    """True when the other is known by the same, has its substance or name, or writes down what stood in words."""
    theirs = other.joined.all_lines
    if mine[0].is_words and not theirs[0].is_words and other.joined.line(Column.AT_DISCHARGE) is not None:
        return True
    atc, names = {each.atc for each in mine if each.atc}, {each.name_key for each in mine if each.name_key}
    return any(each.mark in line.marks or each.atc in atc or each.name_key in names for each in theirs)
