"""What has become of each medicine, how we know, and what nobody can tell.

A guess is never a fact: what only a substance or a name holds together stays marked, and what two sources say
differently is unclear until a person decides. Source: eu-discharge-report digest 6.2; domain.md F1, D3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from discharge.identifiers import SorCode, in_letters
from discharge.medication.comparing import Aspect, Comparison, compare, is_worded_alike
from discharge.medication.joining import JoinedLine, Pair, join
from discharge.medication.judging import Basis, Doubt, Told, judge
from discharge.medication.lines import Change, MedicationLine
from discharge.medication.lists import Column, ListOrigin, MedicationList, standing

__all__ = ["Basis", "Doubt", "Reconciled", "ReconciledLine", "reconcile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciledLine:
    """One medicine with what has become of it."""

    joined: JoinedLine
    change: Change
    basis: Basis
    doubt: Doubt | None = None
    since_before: Comparison | None = None
    """What differs at discharge from before; None where one of them does not have it."""
    since_discharge: Comparison | None = None
    """What differs now from the discharge, by any of the lists of now."""
    is_missing_now: bool = False
    """True when one of the lists of what is taken now does not have it although it is to be taken."""
    is_missing_before: bool = False
    """True when one of the lists of before does not have it, and another has."""
    pairs: tuple[int, ...] = ()
    """Places in the table of other lines with the same substance."""

    @property
    def is_guess(self) -> bool:
        """True when a person has to confirm that its lines belong together."""
        return self.joined.by.is_guess

    @property
    def is_settled(self) -> bool:
        """True when it goes on as it was, and nothing about it is guessed: it may be accepted with the rest."""
        before, after = map(self.joined.line, (Column.BEFORE, Column.AT_DISCHARGE))
        if self.change is not Change.UNCHANGED or before is None or after is None:
            return False
        doubted = self.is_guess or self.is_missing_before or self.is_missing_now or self.joined.is_double
        now = self.joined.cells.get(Column.NOW, ())
        return not doubted and is_worded_alike(before, after) and all(_confirms(each, after) for each in now)

    @property
    def drifts(self) -> bool:
        """True when something else is taken now than the patient was sent home with."""
        after, compared = self.joined.line(Column.AT_DISCHARGE), self.since_discharge
        if after is None or after.is_words:
            return False
        is_taken = after.is_taken is not False
        turned = any((each.is_taken is not False) is not is_taken for each in self.joined.cells.get(Column.NOW, ()))
        return self.is_missing_now or turned or (compared is not None and bool(compared.differs))

    @property
    def instruction_line(self) -> MedicationLine:
        """What is to be taken: as at discharge, else as now, else as before."""
        order = (Column.AT_DISCHARGE, Column.NOW, Column.BEFORE)
        return next((line for line in map(self.joined.line, order) if line is not None), self.joined.all_lines[0])

    @property
    def reason(self) -> str | None:
        """Why it was changed, as the list says."""
        line = self.joined.line(Column.AT_DISCHARGE)
        return None if line is None else line.change_reason

    @property
    def fingerprint(self) -> str:
        """The same as long as no list says anything else of it: a decision holds for what was shown."""
        shown = (self.change, self.doubt, self.is_guess, self.is_missing_now, self.joined.is_double)
        return in_letters(repr((*shown, *_news(self.joined))), 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The table of a stay."""

    lists: tuple[MedicationList, ...]
    """Those that stand side by side, column by column; of a column the latest statement first."""
    lines: tuple[ReconciledLine, ...]
    """What is to be decided."""
    in_hospital: tuple[JoinedLine, ...]
    """Given during the stay alone."""

    def standing(self, column: Column) -> tuple[MedicationList, ...]:
        """The lists of a column, the latest statement first."""
        return tuple(each for each in self.lists if each.column is column)

    def told(self, column: Column) -> MedicationList | None:
        """The list of a column that counts first: the latest that tells which medicine is taken."""
        held = self.standing(column)
        return next((each for each in held if each.is_told), held[0] if held else None)

    def own(self, column: Column, source: SorCode, origin: ListOrigin) -> MedicationList | None:
        """The list of a place's own that stands in a column, before its later words."""
        held = [each for each in self.standing(column) if (each.source, each.origin) == (source, origin)]
        return next((each for each in held if each.is_told), held[0] if held else None)


def reconcile(
    lists: Iterable[MedicationList],
    *,
    together: Iterable[Pair] = (),
    apart: Iterable[Pair] = (),
    unfounded: Collection[str] = (),
) -> Reconciled:
    """The table out of everything that was stated; of each column the lists that hold.

    Args:
        lists: all that were stated.
        together: pairs of lines that a person said are the same.
        apart: pairs that a person said are not.
        unfounded: ids of lines of withdrawn documents that nothing else says.
    """
    everything = tuple(lists)
    held = tuple(each for column in Column for each in standing(everything, column))
    joined = join(held, together=together, apart=apart)
    only_there = [each for each in joined if set(each.cells) == {Column.IN_HOSPITAL} and not _stands_in(each, held)]
    to_decide = [each for each in joined if each not in only_there]
    told = Told(held)
    pairs = _pairs(to_decide)
    return Reconciled(
        lists=held,
        lines=tuple(_founded(_judged(each, told, pairs[place]), unfounded) for place, each in enumerate(to_decide)),
        in_hospital=tuple(only_there),
    )


def _stands_in(joined: JoinedLine, held: Iterable[MedicationList]) -> bool:
    """True for words on the stay where nobody says what the patient goes home with: it may stand in them."""
    return joined.all_lines[0].is_words and all(each.column is not Column.AT_DISCHARGE for each in held)


def _founded(line: ReconciledLine, unfounded: Collection[str]) -> ReconciledLine:
    """The line; open where what it was copied from does not hold any more."""
    if not any({each.id, each.copied_from} & set(unfounded) for each in line.joined.all_lines):
        return line
    return replace(line, change=Change.UNCLEAR, basis=Basis.COMPARISON, doubt=Doubt.SOURCE_WITHDRAWN)


def _pairs(lines: Sequence[JoinedLine]) -> dict[int, tuple[int, ...]]:
    """Which lines have a substance in common."""
    having: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        for substance in sorted({each.atc for each in line.all_lines if each.atc}):
            having[substance].append(place)
    found: dict[int, set[int]] = defaultdict(set)
    for places in having.values():
        for place in places:
            found[place] |= set(places) - {place}
    return {place: tuple(sorted(found[place])) for place in range(len(lines))}


def _judged(joined: JoinedLine, told: Told, pairs: tuple[int, ...]) -> ReconciledLine:
    before, after = map(joined.line, (Column.BEFORE, Column.AT_DISCHARGE))
    if joined.all_lines[0].is_words:
        is_silent = all(each.instruction is None for each in joined.all_lines)
        unread = Doubt.NO_LIST_AT_DISCHARGE if is_silent else Doubt.IN_WORDS
        return ReconciledLine(joined=joined, change=Change.UNCLEAR, basis=Basis.TEXT, doubt=unread)
    since_before = None if before is None or after is None else compare(before, after)
    change, basis, doubt = judge(joined, since_before, told)
    now = joined.cells.get(Column.NOW, ())
    return ReconciledLine(
        joined=joined,
        change=change,
        basis=basis,
        doubt=doubt,
        since_before=since_before,
        since_discharge=None if after is None or not now else _together(compare(after, each) for each in now),
        is_missing_now=after is not None and after.is_taken is not False and told.misses(joined, Column.NOW),
        is_missing_before=before is not None and told.misses(joined, Column.BEFORE),
        pairs=pairs,
    )


def _together(compared: Iterable[Comparison]) -> Comparison:
    """What differs by one of them, and what may."""
    every = tuple(compared)
    differs = tuple(aspect for aspect in Aspect if any(aspect in each.differs for each in every))
    unclear = tuple(aspect for aspect in Aspect if any(aspect in each.unclear for each in every))
    return Comparison(differs=differs, unclear=unclear)


def _news(joined: JoinedLine) -> Iterator[tuple[Column, tuple[str, ...]]]:
    """What each column says, in no order, but for what only confirms what is there: that is no news of it."""
    after = joined.line(Column.AT_DISCHARGE)
    for column in Column:
        lines = joined.cells.get(column, ())
        if column is Column.NOW:
            lines = tuple(each for each in lines if after is None or not _confirms(each, after))
        if lines:
            yield column, tuple(sorted({repr(each.said) for each in lines}))


def _confirms(now: MedicationLine, after: MedicationLine) -> bool:
    """True when it is taken just as it was to be, and nothing is remarked on it."""
    return compare(after, now).is_same and now.note in {None, after.note}
