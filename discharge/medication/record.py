"""MedicationReconciliation: what the lists of a stay say of each medicine, and what people have decided of it.

A decision holds for what was shown: when a list says something else of a line, that line is open again, and
no other. Nothing is ever taken away: lists, decisions, questions and answers stay as they were made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import NewType

from discharge.errors import MedicationError, ReasonRequiredError
from discharge.identifiers import PatientId, SorCode, StayId
from discharge.medication.joining import Pair
from discharge.medication.lines import Change
from discharge.medication.lists import ListOrigin, MedicationList
from discharge.medication.reconciling import Reconciled, ReconciledLine, reconcile
from discharge.task import Person

__all__ = [
    "Answer",
    "Decision",
    "LineId",
    "LineState",
    "MedicationReconciliation",
    "MedicationWork",
    "NamedLine",
    "Opened",
    "SignOff",
    "Verdict",
]

LineId = NewType("LineId", str)
"""Our own id of a medicine of a stay: the same whatever the next list calls it."""


class MedicationWork(StrEnum):
    """What somebody did with the medicine of a stay."""

    LISTED = "listed"
    SEEN_AT_HOME = "seen-at-home"
    SIGNED = "signed"
    DECIDED = "decided"
    ASKED = "asked"
    ANSWERED = "answered"
    OPENED = "opened"
    PAIRED = "paired"


class Verdict(StrEnum):
    """What the practice decides of a line. Codes as in ``$decide``."""

    AGREE = "agree"
    CHANGE = "change"
    ASK = "ask"


class LineState(StrEnum):
    """How far a line has come."""

    OPEN = "open"
    ASKED = "asked"
    ANSWERED = "answered"
    """The answer is there; the practice has still to decide."""
    DECIDED = "decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedLine:
    """A line's id, with the marks that it was known by."""

    id: LineId
    marks: frozenset[str]
    lines: frozenset[str]
    """The ids of the lines of the lists that it is now; none while no list mentions it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody decided of a line as it was shown."""

    line_id: LineId
    verdict: Verdict
    by: Person
    organization: SorCode
    at: datetime
    shown: str
    """The line's fingerprint."""
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered to the question about a line."""

    line_id: LineId
    text: str
    by: Person
    organization: SorCode
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Somebody who sees the citizen found that a line does not hold: what was decided of it before counts no more."""

    line_id: LineId
    by: Person
    organization: SorCode
    at: datetime
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """The doctor at discharge stands by the list."""

    by: Person
    at: datetime
    shown: Mapping[LineId, str]
    """Fingerprint of each line as it was signed."""
    override_reason: str | None = None
    """Why it was signed with gaps left."""


@dataclass(frozen=True, kw_only=True)
class MedicationReconciliation:
    """The medicine of one stay."""

    stay_id: StayId
    patient_id: PatientId
    version: int = 0
    lists: tuple[MedicationList, ...] = ()
    """All that were stated, in the order of their arrival."""
    named: tuple[NamedLine, ...] = ()
    together: frozenset[Pair] = frozenset()
    apart: frozenset[Pair] = frozenset()
    sign_offs: tuple[SignOff, ...] = ()
    decisions: tuple[Decision, ...] = ()
    answers: tuple[Answer, ...] = ()
    openings: tuple[Opened, ...] = ()
    gone: frozenset[str] = frozenset()
    """Ids of lists whose document was replaced or withdrawn: they are kept, and state nothing."""

    @cached_property
    def table(self) -> Reconciled:
        """The lists side by side."""
        standing = (each for each in self.lists if each.id not in self.gone)
        return reconcile(standing, together=self.together, apart=self.apart)

    @cached_property
    def lines(self) -> Mapping[LineId, ReconciledLine]:
        """The lines of the table by their ids, in its order."""
        names = {line: each.id for each in self.named for line in each.lines}
        return {names[line.joined.all_lines[0].id]: line for line in self.table.lines}

    @property
    def signed_off(self) -> SignOff | None:
        """The doctor's last word."""
        return self.sign_offs[-1] if self.sign_offs else None

    @property
    def changed_since_signed(self) -> tuple[LineId, ...]:
        """The lines that say something else than what the doctor signed; all of them while nobody has."""
        shown: Mapping[LineId, str] = {} if self.signed_off is None else self.signed_off.shown
        return tuple(each for each, line in self.lines.items() if shown.get(each) != line.fingerprint)

    def with_list(self, stated: MedicationList, new_id: Callable[[], str]) -> MedicationReconciliation:
        """With one more list; every line of the table has an id afterwards."""
        return replace(self, lists=(*self.lists, stated)).renamed(new_id)

    def with_documents(self, stated: Iterable[MedicationList], new_id: Callable[[], str]) -> MedicationReconciliation:
        """With what the documents that hold state: all that documents stated before and do not now is gone."""
        holding = {each.id: each for each in stated}
        known = {each.id for each in self.lists}
        documents = {each.id for each in self.lists if each.origin is ListOrigin.DOCUMENT}
        added = tuple(each for each in holding.values() if each.id not in known)
        if not added and self.gone == documents - holding.keys():
            return self
        changed = replace(self, lists=(*self.lists, *added), gone=frozenset(documents - holding.keys()))
        return changed.renamed(new_id)

    def renamed(self, new_id: Callable[[], str]) -> MedicationReconciliation:
        """With an id for each line that has none yet."""
        return replace(self, named=_named(self.named, self.table.lines, new_id))

    def confirmed(self, pair: Pair, new_id: Callable[[], str]) -> MedicationReconciliation:
        """A person says that these lines are the same medicine."""
        return replace(self, together=self.together | {pair}, apart=self.apart - {pair}).renamed(new_id)

    def separated(self, pair: Pair, new_id: Callable[[], str]) -> MedicationReconciliation:
        """A person says that these lines are not the same medicine."""
        return replace(self, together=self.together - {pair}, apart=self.apart | {pair}).renamed(new_id)

    def signed(self, sign_off: SignOff) -> MedicationReconciliation:
        """The doctor stands by the table as it is."""
        return replace(self, sign_offs=(*self.sign_offs, sign_off))

    def decided(self, decisions: Sequence[Decision]) -> MedicationReconciliation:
        """With what was decided: all of it or nothing.

        Raises:
            MedicationError: a line that the stay does not have, or one of two decisions on it.
            ReasonRequiredError: a change or a question without words.
        """
        if len({each.line_id for each in decisions}) < len(decisions):
            raise MedicationError(element="decision.line", problem="the same line is decided twice")
        for each in decisions:
            if each.line_id not in self.lines:
                raise MedicationError(element="decision.line", problem="no line of this stay has that id")
            if each.verdict is not Verdict.AGREE and not (each.reason or "").strip():
                raise ReasonRequiredError(action=f"decide-{each.verdict}")
        return replace(self, decisions=(*self.decisions, *decisions))

    def answered(self, answer: Answer) -> MedicationReconciliation:
        """With the answer to a question.

        Raises:
            MedicationError: nobody asks about that line.
        """
        if answer.line_id not in self.lines or self.state_of(answer.line_id) is not LineState.ASKED:
            raise MedicationError(element="line", problem="nobody waits for an answer on this line")
        return replace(self, answers=(*self.answers, answer))

    def opened(self, opening: Opened) -> MedicationReconciliation:
        """With a line that is open again.

        Raises:
            MedicationError: a line that the stay does not have.
        """
        if opening.line_id not in self.lines:
            raise MedicationError(element="line", problem="no line of this stay has that id")
        return replace(self, openings=(*self.openings, opening))

    def decision_on(self, line_id: LineId) -> Decision | None:
        """The decision that holds for the line as it stands."""
        shown = self.lines[line_id].fingerprint
        opened_at = max((each.at for each in self.openings if each.line_id == line_id), default=None)
        mine = [each for each in self.decisions if each.line_id == line_id]
        last = mine[-1] if mine else None
        if last is None or last.shown != shown or (opened_at is not None and last.at < opened_at):
            return None
        return last

    def answer_to(self, decision: Decision) -> Answer | None:
        """What was answered to a question."""
        later = (each for each in self.answers if each.line_id == decision.line_id and each.at >= decision.at)
        return next(later, None)

    def state_of(self, line_id: LineId) -> LineState:
        """How far a line has come."""
        decision = self.decision_on(line_id)
        if decision is None:
            return LineState.OPEN
        if decision.verdict is not Verdict.ASK:
            return LineState.DECIDED
        return LineState.ASKED if self.answer_to(decision) is None else LineState.ANSWERED

    def is_opened(self, line_id: LineId) -> bool:
        """True when somebody opened the line, and nobody has decided it since."""
        opened_at = max((each.at for each in self.openings if each.line_id == line_id), default=None)
        decided_at = max((each.at for each in self.decisions if each.line_id == line_id), default=None)
        return opened_at is not None and (decided_at is None or decided_at < opened_at)

    @property
    def unresolved(self) -> tuple[LineId, ...]:
        """The lines that stand in the way of being done with."""
        return tuple(each for each in self.lines if self.state_of(each) is not LineState.DECIDED)

    @property
    def rest(self) -> tuple[LineId, ...]:
        """The lines that may be accepted at one go: they go on as they were, and nobody has a question."""
        return tuple(
            each
            for each, line in self.lines.items()
            if line.is_settled and self.state_of(each) is LineState.OPEN and not self.is_opened(each)
        )

    @property
    def changes(self) -> tuple[LineId, ...]:
        """The lines that do not simply go on."""
        return tuple(each for each, line in self.lines.items() if line.change is not Change.UNCHANGED)


def _named(
    known: Sequence[NamedLine], lines: Iterable[ReconciledLine], new_id: Callable[[], str]
) -> tuple[NamedLine, ...]:
    """``known`` and those that are new, each with what it is now."""
    spare = list(known)
    named = {each.id: replace(each, lines=frozenset()) for each in known}
    for line in lines:
        marks = frozenset(each.mark for each in line.joined.all_lines)
        ids = frozenset(each.id for each in line.joined.all_lines)
        found = next((each for each in spare if each.lines & ids), None)
        found = found or next((each for each in spare if each.marks & marks), None)
        if found is None:
            found = NamedLine(id=LineId(new_id()), marks=marks, lines=ids)
        else:
            spare.remove(found)
        named[found.id] = replace(found, marks=found.marks | marks, lines=ids)
    return tuple(named.values())
