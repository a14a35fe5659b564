"""What has become of one medicine, how we know, and why nobody can tell.

Source: eu-discharge-report digest 6.2: code, status, comparison, text, in that order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from discharge.medication.comparing import Comparison, compare
from discharge.medication.joining import JoinedLine
from discharge.medication.lines import Change, LineStatus, MedicationLine
from discharge.medication.lists import Column, MedicationList, Saying

__all__ = ["Basis", "Doubt", "Judgement", "Told", "judge"]


class Basis(StrEnum):
    """How we know what has become of a line, the strongest first."""

    CODE = "code"
    STATUS = "status"
    COMPARISON = "comparison"
    TEXT = "text"


class Doubt(StrEnum):
    """Why nobody can tell what has become of a line."""

    IN_WORDS = "in-words"
    """A list says it in words alone: somebody has to read them."""
    PRODUCT_MISSING = "product-missing"
    CONTRADICTION = "contradiction"
    LISTS_DISAGREE = "lists-disagree"
    """Two lists of one column do not say the same of it."""
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
    SOURCE_WITHDRAWN = "source-withdrawn"
    """It was copied from a document that was withdrawn since, or is about somebody else."""
    NO_LONGER_LISTED = "no-longer-listed"
    """It was signed or decided, and no list mentions it any more."""


class Told:
    """Which of the lists that hold tell what is taken, and which of them has a line."""

    def __init__(self, held: Sequence[MedicationList]) -> None:
        self._held = held
        self._homes = {line.id: each.id for each in held for line in each.all_lines}

    def says(self, column: Column) -> bool:
        """True when one of the lists of ``column`` tells which medicine is taken, or that none is."""
        return any(each.is_told for each in self._of(column))

    def goes_on_in_words(self, column: Column) -> bool:
        """True when all that the lists of ``column`` say is that the usual medicine goes on."""
        return not self.says(column) and any(each.saying is Saying.UNCHANGED for each in self._of(column))

    def misses(self, joined: JoinedLine, column: Column) -> bool:
        """True when one of the lists of ``column`` tells which medicine is taken, and does not have this one."""
        having = {self._homes[line.id] for line in joined.cells.get(column, ())}
        return any(each.is_told and each.id not in having for each in self._of(column))

    def _of(self, column: Column) -> Iterator[MedicationList]:
        return (each for each in self._held if each.column is column)


Judgement = tuple[Change, Basis, Doubt | None]
_STATED: Final = (Column.BEFORE, Column.AT_DISCHARGE)
_GOES_ON: Final = frozenset({Change.UNCHANGED, Change.NEW, Change.CHANGED})
_BY_STATUS: Final = {
    LineStatus.STOPPED: Change.STOPPED,
    LineStatus.NOT_TAKEN: Change.STOPPED,
    LineStatus.PAUSED: Change.PAUSED,
}


def _unclear(doubt: Doubt, basis: Basis = Basis.COMPARISON) -> Judgement:
    return Change.UNCLEAR, basis, doubt


def judge(joined: JoinedLine, since_before: Comparison | None, told: Told) -> Judgement:
    """Judge a medicine.

    Args:
        joined: what every list says of it.
        since_before: what differs at discharge from before; None where one of them does not have it.
        told: what the lists tell as a whole.
    """
    after = joined.line(Column.AT_DISCHARGE)
    if any(line.is_nameless for line in joined.all_lines):
        return _unclear(Doubt.PRODUCT_MISSING)
    if after is None:
        return _not_at_discharge(joined, told)
    dispute = _dispute(joined, told)
    if dispute is not None:
        return _unclear(dispute)
    if after.change is not None:
        return _coded(after.change, after, joined, since_before, told)
    if after.status is not LineStatus.ACTIVE:
        return _by_status(after.status)
    return _only_at_discharge(joined, told) if since_before is None else _compared(since_before)


def _dispute(joined: JoinedLine, told: Told) -> Doubt | None:
    """What stands between two lists of one column: the discharge's must name the same medicines as well."""
    if told.misses(joined, Column.AT_DISCHARGE):
        return Doubt.LISTS_DISAGREE
    rivals = [
        (lines[0], each)
        for column in _STATED
        for lines in (joined.cells.get(column, ()),)
        for each in lines[1:]
        if each.said != lines[0].said
    ]
    if any(_contradict(first, other) for first, other in rivals):
        return Doubt.LISTS_DISAGREE
    return Doubt.DOSE_UNCLEAR if any(compare(first, other).unclear for first, other in rivals) else None


def _contradict(one: MedicationLine, other: MedicationLine) -> bool:
    return bool(compare(one, other).differs) or (one.change, one.status) != (other.change, other.status)


def _by_status(status: LineStatus) -> Judgement:
    change = _BY_STATUS.get(status)
    if change is None:
        doubt = Doubt.COURSE_ENDED if status is LineStatus.ENDED else Doubt.STATUS_UNKNOWN
        return _unclear(doubt, Basis.STATUS)
    return change, Basis.STATUS, None


def _compared(since_before: Comparison) -> Judgement:
    if since_before.differs:
        return Change.CHANGED, Basis.COMPARISON, None
    return _unclear(Doubt.DOSE_UNCLEAR) if since_before.unclear else (Change.UNCHANGED, Basis.COMPARISON, None)


def _coded(
    code: Change,
    after: MedicationLine,
    joined: JoinedLine,
    since_before: Comparison | None,
    told: Told,
) -> Judgement:
    """What the list itself says, unless the rest of what is said contradicts it."""
    if code is Change.UNCLEAR:
        return _unclear(Doubt.STATUS_UNKNOWN, Basis.CODE)
    sure = since_before if not joined.by.is_guess else None
    ended = after.is_taken is False
    contradicted = (
        (code in _GOES_ON and ended)
        or (code is Change.UNCHANGED and sure is not None and bool(sure.differs))
        or (code is Change.NEW and sure is not None)
        or (code not in _GOES_ON and (after.is_taken is True or _BY_STATUS.get(after.status, code) is not code))
        or (code is Change.CHANGED and sure is not None and sure.is_same)
    )
    if contradicted:
        return _unclear(Doubt.CONTRADICTION, Basis.CODE)
    if code is Change.UNCHANGED and since_before is None:
        # It goes on as what? Nothing is there that it could be held against.
        return _unclear(Doubt.CONTRADICTION if told.says(Column.BEFORE) else Doubt.NO_LIST_BEFORE, Basis.CODE)
    if code is Change.UNCHANGED and since_before is not None and since_before.unclear:
        return _unclear(Doubt.DOSE_UNCLEAR, Basis.CODE)
    return code, Basis.CODE, None


def _only_at_discharge(joined: JoinedLine, told: Told) -> Judgement:
    if joined.has_rivals:
        return _unclear(Doubt.RIVALS)
    if not told.says(Column.BEFORE):
        return _unclear(Doubt.NO_LIST_BEFORE)
    return Change.NEW, Basis.COMPARISON, None


def _not_at_discharge(joined: JoinedLine, told: Told) -> Judgement:
    """A line that the discharge does not mention is a question, never a stop."""
    if told.goes_on_in_words(Column.AT_DISCHARGE) and joined.line(Column.BEFORE) is not None:
        return _unclear(Doubt.ASSERTED_UNCHANGED, Basis.TEXT)
    if joined.line(Column.BEFORE) is None:
        return _unclear(Doubt.ONLY_NOW)
    if not told.says(Column.AT_DISCHARGE):
        return _unclear(Doubt.NO_LIST_AT_DISCHARGE)
    return _unclear(Doubt.RIVALS if joined.has_rivals else Doubt.NOT_MENTIONED)
