"""What has become of each medicine, how we know, and what nobody can tell.

A guess is never a fact: what only a substance or a name holds together stays marked, and what two sources say
differently is unclear until a person decides. Source: eu-discharge-report digest 6.2; domain.md F1, D3.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from discharge.medication.comparing import Comparison, compare
from discharge.medication.joining import JoinedLine, Pair, join
from discharge.medication.lines import Change, LineStatus, MedicationLine
from discharge.medication.lists import Column, MedicationList, Saying, latest

__all__ = ["Basis", "Doubt", "Reconciled", "ReconciledLine", "reconcile"]


_LETTERS: Final = str.maketrans("0123456789", "ghijklmnop")


class Basis(StrEnum):
    """How we know what has become of a line, the strongest first."""

    CODE = "code"
    STATUS = "status"
    COMPARISON = "comparison"
    TEXT = "text"


class Doubt(StrEnum):
    """Why nobody can tell what has become of a line."""

    PRODUCT_MISSING = "product-missing"
    CONTRADICTION = "contradiction"
    DOSE_UNCLEAR = "dose-unclear"
    STATUS_UNKNOWN = "status-unknown"
    COURSE_ENDED = "course-ended"
    """Ended as it was meant to: no order to stop."""
    RIVALS = "several-of-the-substance"
    NOT_MENTIONED = "not-mentioned"
    ASSERTED_UNCHANGED = "asserted-unchanged"
    NO_LIST_BEFORE = "no-list-before"
    NO_LIST_AT_DISCHARGE = "no-list-at-discharge"
    ONLY_NOW = "only-now"


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
    """What differs now from the discharge."""
    is_missing_now: bool = False
    """True when a list of what is taken now is there, and does not have it although it is to be taken."""
    pairs: tuple[int, ...] = ()
    """Places in the table of other lines with the same substance."""

    @property
    def is_guess(self) -> bool:
        """True when a person has to confirm that its lines belong together."""
        return self.joined.by.is_guess

    @property
    def is_settled(self) -> bool:
        """True when it goes on as it was, and nothing about it is guessed: it may be accepted with the rest."""
        drifted = self.is_missing_now or (self.since_discharge is not None and not self.since_discharge.is_same)
        return self.change is Change.UNCHANGED and not self.is_guess and not drifted and not self.joined.is_double

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
        shown = (
            self.change,
            self.doubt,
            self.is_guess,
            *((column, _said(lines)) for column, lines in _cells(self.joined)),
        )
        # In letters alone: digits in a row could be taken for somebody's number.
        return hashlib.sha256(repr(shown).encode()).hexdigest()[:32].translate(_LETTERS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """The table of a stay."""

    lists: tuple[MedicationList, ...]
    """Those that stand side by side, at most one a column."""
    lines: tuple[ReconciledLine, ...]
    """What is to be decided."""
    in_hospital: tuple[JoinedLine, ...]
    """Given during the stay alone."""

    def told(self, column: Column) -> MedicationList | None:
        """The list of a column."""
        return next((each for each in self.lists if each.column is column), None)


def reconcile(
    lists: Iterable[MedicationList], *, together: Iterable[Pair] = (), apart: Iterable[Pair] = ()
) -> Reconciled:
    """The table out of everything that was stated; of each column the list that holds.

    Args:
        lists: all that were stated.
        together: pairs of lines that a person said are the same.
        apart: pairs that a person said are not.
    """
    everything = tuple(lists)
    standing = tuple(found for column in Column if (found := latest(everything, column)) is not None)
    joined = join(standing, together=together, apart=apart)
    to_decide = [each for each in joined if set(each.cells) != {Column.IN_HOSPITAL}]
    telling = {each.column: each for each in standing}
    pairs = _pairs(to_decide)
    return Reconciled(
        lists=standing,
        lines=tuple(_judged(each, telling, pairs[place]) for place, each in enumerate(to_decide)),
        in_hospital=tuple(each for each in joined if set(each.cells) == {Column.IN_HOSPITAL}),
    )


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


def _judged(joined: JoinedLine, telling: dict[Column, MedicationList], pairs: tuple[int, ...]) -> ReconciledLine:
    before, after, now = map(joined.line, (Column.BEFORE, Column.AT_DISCHARGE, Column.NOW))
    since_before = None if before is None or after is None else compare(before, after)
    change, basis, doubt = _change(joined, since_before, telling)
    return ReconciledLine(
        joined=joined,
        change=change,
        basis=basis,
        doubt=doubt,
        since_before=since_before,
        since_discharge=None if after is None or now is None else compare(after, now),
        is_missing_now=now is None
        and after is not None
        and after.is_taken is not False
        and _tells(telling, Column.NOW),
        pairs=pairs,
    )


def _tells(telling: dict[Column, MedicationList], column: Column) -> bool:
    stated = telling.get(column)
    return stated is not None and stated.is_told


_Judgement = tuple[Change, Basis, Doubt | None]
_BY_STATUS: Final = {
    LineStatus.STOPPED: Change.STOPPED,
    LineStatus.NOT_TAKEN: Change.STOPPED,
    LineStatus.PAUSED: Change.PAUSED,
}


def _unclear(doubt: Doubt, basis: Basis = Basis.COMPARISON) -> _Judgement:
    return Change.UNCLEAR, basis, doubt


def _change(joined: JoinedLine, since_before: Comparison | None, telling: dict[Column, MedicationList]) -> _Judgement:
    after = joined.line(Column.AT_DISCHARGE)
    if any(line.is_nameless for line in joined.all_lines):
        return _unclear(Doubt.PRODUCT_MISSING)
    if after is None:
        return _not_at_discharge(joined, telling)
    if after.change is not None:
        return _coded(after.change, after, joined, since_before, telling)
    if after.status is not LineStatus.ACTIVE:
        return _by_status(after.status)
    return _only_at_discharge(joined, telling) if since_before is None else _compared(since_before)


def _by_status(status: LineStatus) -> _Judgement:
    change = _BY_STATUS.get(status)
    if change is None:
        doubt = Doubt.COURSE_ENDED if status is LineStatus.ENDED else Doubt.STATUS_UNKNOWN
        return _unclear(doubt, Basis.STATUS)
    return change, Basis.STATUS, None


def _compared(since_before: Comparison) -> _Judgement:
    if since_before.differs:
        return Change.CHANGED, Basis.COMPARISON, None
    return _unclear(Doubt.DOSE_UNCLEAR) if since_before.unclear else (Change.UNCHANGED, Basis.COMPARISON, None)


def _coded(
    code: Change,
    after: MedicationLine,
    joined: JoinedLine,
    since_before: Comparison | None,
    telling: dict[Column, MedicationList],
) -> _Judgement:
    """What the list itself says, unless the rest of what is said contradicts it."""
    if code is Change.UNCLEAR:
        return _unclear(Doubt.STATUS_UNKNOWN, Basis.CODE)
    sure = since_before if not joined.by.is_guess else None
    ended = after.is_taken is False
    contradicted = (
        (code in {Change.UNCHANGED, Change.NEW} and ended)
        or (code is Change.UNCHANGED and sure is not None and bool(sure.differs))
        or (code is Change.NEW and sure is not None)
        or (code in {Change.STOPPED, Change.PAUSED} and after.is_taken is True)
        or (code is Change.CHANGED and sure is not None and sure.is_same)
    )
    if contradicted:
        return _unclear(Doubt.CONTRADICTION, Basis.CODE)
    if code is Change.UNCHANGED and since_before is None:
        # It goes on as what? Nothing is there that it could be held against.
        return _unclear(Doubt.CONTRADICTION if _tells(telling, Column.BEFORE) else Doubt.NO_LIST_BEFORE, Basis.CODE)
    if code is Change.UNCHANGED and since_before is not None and since_before.unclear:
        return _unclear(Doubt.DOSE_UNCLEAR, Basis.CODE)
    return code, Basis.CODE, None


def _only_at_discharge(joined: JoinedLine, telling: dict[Column, MedicationList]) -> _Judgement:
    if joined.has_rivals:
        return _unclear(Doubt.RIVALS)
    if not _tells(telling, Column.BEFORE):
        return _unclear(Doubt.NO_LIST_BEFORE)
    return Change.NEW, Basis.COMPARISON, None


def _not_at_discharge(joined: JoinedLine, telling: dict[Column, MedicationList]) -> _Judgement:
    """A line that the discharge does not mention is a question, never a stop."""
    at_discharge = telling.get(Column.AT_DISCHARGE)
    if at_discharge is not None and at_discharge.saying is Saying.UNCHANGED and joined.line(Column.BEFORE) is not None:
        return _unclear(Doubt.ASSERTED_UNCHANGED, Basis.TEXT)
    if joined.line(Column.BEFORE) is None:
        return _unclear(Doubt.ONLY_NOW)
    if not _tells(telling, Column.AT_DISCHARGE):
        return _unclear(Doubt.NO_LIST_AT_DISCHARGE)
    return _unclear(Doubt.RIVALS if joined.has_rivals else Doubt.NOT_MENTIONED)


def _cells(joined: JoinedLine) -> Iterable[tuple[Column, tuple[MedicationLine, ...]]]:
    return ((column, joined.cells[column]) for column in Column if column in joined.cells)


def _said(lines: tuple[MedicationLine, ...]) -> tuple[object, ...]:
    """What the lines say, whatever their ids: a list that repeats them changes nothing."""
    return tuple(
        (
            line.name, line.codes, line.strength, line.form, line.route, line.dosage, line.dosage_text, line.status,
            line.begins, line.ends, line.indication, line.change, line.change_reason, line.supply, line.note,
        )
        for line in lines
    )  # fmt: skip
