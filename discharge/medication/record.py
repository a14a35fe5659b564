"""MedicationReconciliation: what the lists of a stay say of each medicine, and what people have decided of it.

A decision holds for what was shown: when a list says something else of a line, that line is open again, and
no other. Nothing is ever taken away: lists, decisions, questions, answers and comments stay as they were made.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Final, TypeVar

from discharge.errors import MedicationError, ReasonRequiredError
from discharge.identifiers import PatientId, StayId
from discharge.medication.acts import (
    LONGEST_COMMENT,
    Answer,
    Comment,
    Decision,
    LineState,
    MedicationWork,
    Opened,
    SignOff,
    Verdict,
)
from discharge.medication.copies import ended, retold, unfounded
from discharge.medication.joining import Pair
from discharge.medication.lines import Change
from discharge.medication.lists import Column, MedicationList
from discharge.medication.naming import LineId, NamedLine, lost_line, named
from discharge.medication.reconciling import Doubt, Reconciled, ReconciledLine, reconcile

__all__ = [
    "LONGEST_COMMENT",
    "Answer",
    "Comment",
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

_UNTOLD: Final = frozenset({Doubt.CONTRADICTION, Doubt.LISTS_DISAGREE, Doubt.RIVALS, Doubt.NOT_MENTIONED})
"""Doubts that leave open what is taken."""
_Made = TypeVar("_Made", Decision, Answer, Opened)


def _order(made: Decision | Answer | Opened | Comment) -> tuple[int, datetime]:
    """What came first. Those of before versions were kept have none, and only their instants."""
    return made.version, made.at


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
    comments: tuple[Comment, ...] = ()
    gone: frozenset[str] = frozenset()
    """Ids of lists whose document was replaced or withdrawn: they are kept, and state nothing."""
    withdrawn: frozenset[str] = frozenset()
    """Those of them with a document that was withdrawn, or is about somebody else."""

    @cached_property
    def table(self) -> Reconciled:
        """The lists side by side."""
        silent = self.gone | retold(self.lists)
        standing = (each for each in self.lists if each.id not in silent)
        return reconcile(
            standing,
            together=self.together,
            apart=self.apart,
            unfounded=unfounded(self.lists, self.gone, self.withdrawn),
        )

    @cached_property
    def lines(self) -> Mapping[LineId, ReconciledLine]:
        """The lines of the table by their ids, in its order; then what was relied on and is on no list any more."""
        names = {line: each.id for each in self.named for line in each.lines}
        here = {names[line.joined.all_lines[0].id]: line for line in self.table.lines}
        return here | dict(self._lost(here))

    def _lost(self, here: Mapping[LineId, ReconciledLine]) -> Iterator[tuple[LineId, ReconciledLine]]:
        """What somebody signed or decided and no list mentions any more: it has to be looked at once more."""
        signed: Mapping[LineId, str] = {} if self.signed_off is None else self.signed_off.shown
        decided = {each.line_id for each in self.decisions}
        stated = {line.id: (each.column, line) for each in self.lists for line in each.all_lines}
        for each in self.named:
            if each.id in here or (each.id not in decided and each.id not in signed):
                continue
            lost = lost_line(each, stated, here.values())
            # The doctor who signs that it is gone closes what nobody else has decided on.
            if lost is not None and (each.id in decided or signed[each.id] != lost.fingerprint):
                yield each.id, lost

    @cached_property
    def homes(self) -> Mapping[str, MedicationList]:
        """The list of each line that was ever stated, by the line's id."""
        return {line.id: each for each in self.lists for line in each.all_lines}

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

    def with_documents(
        self, stated: Iterable[MedicationList], new_id: Callable[[], str], taken_back: Collection[str] = ()
    ) -> MedicationReconciliation:
        """With what the documents that hold state: all that documents stated before and do not now is gone.

        ``taken_back`` are the documents that were withdrawn or are not ours.
        """
        holding = {each.id: each for each in stated}
        known = {each.id for each in self.lists}
        added = tuple(each for each in holding.values() if each.id not in known)
        gone, withdrawn = ended(self.lists, holding, taken_back)
        if not added and (self.gone, self.withdrawn) == (gone, withdrawn):
            return self
        changed = replace(self, lists=(*self.lists, *added), gone=gone, withdrawn=withdrawn)
        return changed.renamed(new_id)

    def renamed(self, new_id: Callable[[], str]) -> MedicationReconciliation:
        """With an id for each line that has none yet."""
        return replace(self, named=named(self.named, self.table.lines, new_id))

    def confirmed(self, pair: Pair, new_id: Callable[[], str]) -> MedicationReconciliation:
        """A person says that these lines are the same medicine."""
        return replace(self, together=self.together | {pair}, apart=self.apart - {pair}).renamed(new_id)

    def separated(self, pair: Pair, new_id: Callable[[], str]) -> MedicationReconciliation:
        """A person says that these lines are not the same medicine."""
        return replace(self, together=self.together - {pair}, apart=self.apart | {pair}).renamed(new_id)

    def signed(self, sign_off: SignOff) -> MedicationReconciliation:
        """The doctor stands by the table as it is."""
        return replace(self, sign_offs=(*self.sign_offs, replace(sign_off, lists=self._hospitals_lists)))

    @property
    def is_signed_old(self) -> bool:
        """True when the hospital says something else than what its doctor signed; what others see is no news of it."""
        signed = self.signed_off
        return signed is not None and bool(self.changed_since_signed) and signed.lists != self._hospitals_lists

    @property
    def _hospitals_lists(self) -> frozenset[str]:
        return frozenset(each.id for each in self.table.lists if each.column is not Column.NOW)

    def decided(self, decisions: Sequence[Decision]) -> MedicationReconciliation:
        """With what was decided: all of it or nothing. What the same person says once more is not decided again.

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
        made = tuple(replace(each, version=self.version + 1) for each in decisions if not self._is_repeat(each))
        return replace(self, decisions=(*self.decisions, *made)) if made else self

    def _is_repeat(self, decision: Decision) -> bool:
        """True for what stands already: a system that heard no answer sends the same again."""
        last, is_answered = self.decision_on(decision.line_id), self.state_of(decision.line_id) is LineState.ANSWERED
        if last is None or is_answered:
            return False
        return (last.verdict, last.reason, last.by.id) == (decision.verdict, decision.reason, decision.by.id)

    def answered(self, answer: Answer) -> MedicationReconciliation:
        """With the answer to a question.

        Raises:
            MedicationError: nobody asks about that line.
        """
        if answer.line_id not in self.lines or self.state_of(answer.line_id) is not LineState.ASKED:
            raise MedicationError(element="line", problem="nobody waits for an answer on this line")
        return replace(self, answers=(*self.answers, replace(answer, version=self.version + 1)))

    def opened(self, opening: Opened) -> MedicationReconciliation:
        """With a line that is open again.

        Raises:
            MedicationError: a line that the stay does not have.
        """
        if opening.line_id not in self.lines:
            raise MedicationError(element="line", problem="no line of this stay has that id")
        return replace(self, openings=(*self.openings, replace(opening, version=self.version + 1)))

    def commented(self, comment: Comment) -> MedicationReconciliation:
        """With a remark on a line, which is as far as it was. Pressed twice it is one.

        Raises:
            MedicationError: a line that the stay does not have, or more words than a remark has.
        """
        if comment.line_id not in self.lines:
            raise MedicationError(element="line", problem="no line of this stay has that id")
        if len(comment.text) > LONGEST_COMMENT:
            raise MedicationError(element="comment", problem=f"has more than {LONGEST_COMMENT} characters")
        last = next(reversed(self.comments_on(comment.line_id)), None)
        if last is not None and (last.by.id, last.text) == (comment.by.id, comment.text):
            return self
        return replace(self, comments=(*self.comments, replace(comment, version=self.version + 1)))

    def comments_on(self, line_id: LineId) -> tuple[Comment, ...]:
        """The remarks on a line, oldest first."""
        return tuple(sorted((each for each in self.comments if each.line_id == line_id), key=_order))

    def decision_on(self, line_id: LineId) -> Decision | None:
        """The decision that holds for the line as it stands."""
        last = self._last(self.decisions, line_id)
        if last is None or last.shown != self.lines[line_id].fingerprint or self.is_opened(line_id):
            return None
        return last

    def answer_to(self, decision: Decision) -> Answer | None:
        """What was answered to a question."""
        last = self._last(self.answers, decision.line_id)
        return last if last is not None and _order(last) >= _order(decision) else None

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
        return self.opening_on(line_id) is not None

    def opening_on(self, line_id: LineId) -> Opened | None:
        """What somebody found who opened the line, where nobody has decided it since."""
        opening, decision = self._last(self.openings, line_id), self._last(self.decisions, line_id)
        is_news = opening is not None and (decision is None or _order(decision) < _order(opening))
        return opening if is_news else None

    @staticmethod
    def _last(made: Iterable[_Made], line_id: LineId) -> _Made | None:
        """What was made last of its kind on a line."""
        mine = sorted((each for each in made if each.line_id == line_id), key=_order)
        return mine[-1] if mine else None

    def is_over(self, line_id: LineId) -> bool:
        """True for what no list mentions any more, where the practice agrees that it is taken no longer."""
        decision = self.decision_on(line_id)
        is_gone = self.lines[line_id].doubt is Doubt.NO_LONGER_LISTED
        return is_gone and decision is not None and decision.verdict is Verdict.AGREE

    def is_doubtful(self, line_id: LineId) -> bool:
        """True where nobody can tell how it is taken: who agrees with lists that disagree has not said it."""
        line, decision = self.lines[line_id], self.decision_on(line_id)
        is_said = self.state_of(line_id) is LineState.DECIDED and (
            line.doubt not in _UNTOLD or (decision is not None and decision.reason is not None)
        )
        return (line.change is Change.UNCLEAR or line.is_guess) and not is_said

    @property
    def unresolved(self) -> tuple[LineId, ...]:
        """The lines that stand in the way of being done with."""
        return tuple(each for each in self.lines if self.state_of(each) is not LineState.DECIDED)

    @property
    def asked(self) -> tuple[LineId, ...]:
        """The lines that wait for the ward's answer."""
        return tuple(each for each in self.lines if self.state_of(each) is LineState.ASKED)

    @property
    def rest(self) -> tuple[LineId, ...]:
        """The lines that may be accepted at one go: they go on as they were, and nobody has said anything of them."""
        untouched = (each for each, line in self.lines.items() if line.is_settled and not self.comments_on(each))
        return tuple(each for each in untouched if self.state_of(each) is LineState.OPEN and not self.is_opened(each))

    @property
    def changes(self) -> tuple[LineId, ...]:
        """The lines that do not simply go on."""
        return tuple(each for each, line in self.lines.items() if line.change is not Change.UNCHANGED)
