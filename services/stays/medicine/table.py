"""The table of a stay's medicine: one row a medicine, its lists side by side, and how far each row has come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from discharge.clock import local
from discharge.medication.joining import JoinedBy
from discharge.medication.lines import Change, LineStatus, MedicationLine
from discharge.medication.lists import Column, MedicationList, Saying
from discharge.medication.reconciling import ReconciledLine
from discharge.medication.record import Answer, Decision, LineId, LineState, MedicationReconciliation, Opened, Verdict
from discharge.task import Person
from services.stays.medicine import words
from services.web.cards import Reader, place_name
from services.web.dates import moment
from services.web.presentation import short_name

__all__ = ["COLUMNS", "Cell", "Head", "LineRef", "LineView", "Said", "Table", "table_of"]

COLUMNS: Final = (Column.BEFORE, Column.AT_DISCHARGE, Column.NOW)
_ACTIVE: Final = frozenset({LineStatus.ACTIVE, LineStatus.UNKNOWN})
_RANKS: Final = {Change.UNCLEAR: 0, Change.UNCHANGED: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of one list's column."""

    key: str
    word: str
    age: str
    """Empty: nobody has stated the list."""
    source: str
    saying: str
    """What an empty list says."""
    is_old: bool = False
    text: str = ""
    """What stands in words only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What one list says of a medicine."""

    word: str
    text: str
    is_said: bool
    differs: bool = False
    more: tuple[str, ...] = ()
    """What the list says beside it, where it names the medicine twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something that somebody said of a line, with who and when."""

    words: str
    by: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRef:
    """Another line, to be pointed at."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineView:
    """One row."""

    id: str
    name: str
    kind: str
    icon: str
    mark: str
    mark_class: str
    what: str
    doubt: str
    guess: str
    """What a guess rests on; empty: nothing is guessed."""
    confirmed: bool
    """A person said that its lines belong together."""
    cells: tuple[Cell, ...]
    reason: str
    indication: str
    supply: str
    notes: tuple[str, ...]
    others: tuple[LineRef, ...]
    """Lines of the same substance that stand on other lists: they may be the same medicine."""
    state: str
    verdict: str
    decided: Said | None
    answer: Said | None
    opened: Said | None
    earlier: tuple[Said, ...]
    shown: str
    """What a decision is about: sent back with it."""

    @property
    def is_done(self) -> bool:
        """True when the practice has decided."""
        return self.state == LineState.DECIDED.value

    @property
    def is_asked(self) -> bool:
        """True when a question waits for the ward."""
        return self.state == LineState.ASKED.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Everything that the table shows."""

    version: int
    heads: tuple[Head, ...]
    lines: tuple[LineView, ...]
    """What is to be looked at one by one, unclear first."""
    unchanged: tuple[LineView, ...]
    """What goes on as it was."""
    rest: int
    """How many of these may be accepted at one go."""
    missing: tuple[LineRef, ...]
    """Lines that are not decided."""
    changes: int
    signed: str
    is_signed_old: bool
    """A list says something else than what was signed."""
    override: str
    in_hospital: tuple[str, ...]

    @property
    def all(self) -> tuple[LineView, ...]:
        """Every row."""
        return (*self.lines, *self.unchanged)

    @property
    def is_empty(self) -> bool:
        """True when nobody has stated any list."""
        return not any(head.age for head in self.heads)

    @property
    def asked(self) -> tuple[LineView, ...]:
        """Rows with a question that waits."""
        return tuple(line for line in self.all if line.is_asked)

    @property
    def done(self) -> int:
        """How many rows are decided."""
        return len(self.all) - len(self.missing)


def table_of(record: MedicationReconciliation, reader: Reader) -> Table:
    """The table for one reader."""
    views = {line_id: _line(record, line_id, reader) for line_id in record.lines}
    settled = {line_id for line_id, line in record.lines.items() if line.is_settled and _is_quiet(record, line_id)}
    ranked = sorted((each for each in record.lines if each not in settled), key=lambda each: _rank(record.lines[each]))
    sign_off = record.signed_off
    shown = tuple(views[each] for each in ranked)
    unchanged = tuple(views[each] for each in record.lines if each in settled)
    undecided = set(record.unresolved)
    return Table(
        version=record.version,
        heads=tuple(_head(record.table.told(column), column, reader) for column in COLUMNS),
        lines=shown,
        unchanged=unchanged,
        rest=len(record.rest),
        missing=tuple(LineRef(id=each.id, name=each.name) for each in (*shown, *unchanged) if each.id in undecided),
        changes=len(record.changes),
        signed="" if sign_off is None else _by(sign_off.by, sign_off.at, reader),
        is_signed_old=_is_signed_old(record),
        override="" if sign_off is None else sign_off.override_reason or "",
        in_hospital=tuple(_brief(each.all_lines[0], reader) for each in record.table.in_hospital),
    )


def _is_signed_old(record: MedicationReconciliation) -> bool:
    """Tell whether the hospital says something else than what its doctor signed; what others see is no news of it."""
    sign_off = record.signed_off
    if sign_off is None or not record.changed_since_signed:
        return False
    return any(each.column is not Column.NOW and each.received_at >= sign_off.at for each in record.lists)


def _rank(line: ReconciledLine) -> int:
    return 1 if line.is_guess and line.change is not Change.UNCLEAR else _RANKS.get(line.change, 2)


def _head(stated: MedicationList | None, column: Column, reader: Reader) -> Head:
    lang = reader.lang
    word = words.column_word(column, lang)
    if stated is None:
        return Head(key=column.value, word=word, age="", source="", saying=lang.text("ingen liste"))
    source = place_name(stated.source, reader.directory)
    said = words.origin_words(stated, lang)
    return Head(
        key=column.value,
        word=word,
        age=words.age_words(stated.stated_at, reader.now, lang),
        source=f"{source}, {said}" if source else said,
        saying=words.saying_words(stated.saying, lang),
        is_old=reader.now - stated.stated_at >= words.OLD,
        text=stated.text or stated.why_empty or "",
    )


def _line(record: MedicationReconciliation, line_id: LineId, reader: Reader) -> LineView:
    line, lang = record.lines[line_id], reader.lang
    shown = line.instruction_line
    icon, mark, mark_class = words.change_mark(line, lang)
    decision = record.decision_on(line_id)
    answer = None if decision is None else record.answer_to(decision)
    return LineView(
        id=line_id,
        name=words.name_of(shown, lang),
        kind=words.kind_of(shown, lang),
        icon=icon,
        mark=mark,
        mark_class=mark_class,
        what=words.differs_words(line, lang),
        doubt="" if line.doubt is None else words.doubt_words(line.doubt, lang),
        guess=words.guess_words(line.joined.by, lang) if line.is_guess else "",
        confirmed=line.joined.by is JoinedBy.CONFIRMED,
        cells=tuple(_cell(record, line, column, reader) for column in COLUMNS),
        reason=line.reason or "",
        indication=shown.indication or "",
        supply=shown.supply or "",
        notes=tuple(_notes(record, line, reader)),
        others=tuple(_others(record, line, reader)),
        state=record.state_of(line_id).value,
        verdict="" if decision is None else decision.verdict.value,
        decided=None if decision is None else _decided(decision, reader),
        answer=None
        if answer is None
        else Said(words=lang.text("Svar"), by=_by(answer.by, answer.at, reader), text=answer.text),
        opened=_opened(record, line_id, decision, reader),
        earlier=tuple(_earlier(record, line_id, decision, reader)),
        shown=line.fingerprint,
    )


def _cell(record: MedicationReconciliation, line: ReconciledLine, column: Column, reader: Reader) -> Cell:
    lang = reader.lang
    said = line.joined.cells.get(column, ())
    word = words.column_word(column, lang)
    differs = column is Column.NOW and _drifts(record, line)
    if not said:
        return Cell(word=word, text=_unsaid(record.table.told(column), reader), is_said=False, differs=differs)
    texts = [words.taking_words(each, local(reader.now), lang) for each in said]
    return Cell(word=word, text=texts[0], is_said=True, differs=differs, more=tuple(texts[1:]))


def _unsaid(stated: MedicationList | None, reader: Reader) -> str:
    """Why a list says nothing of a medicine: nobody stated one, it knows nothing, or the medicine is not on it."""
    t = reader.lang.text
    if stated is None:
        return t("ingen liste")
    if stated.saying is Saying.LISTED:
        return t("står ikke på listen")
    return words.saying_words(stated.saying, reader.lang)


def _is_quiet(record: MedicationReconciliation, line_id: LineId) -> bool:
    """True when nobody has opened it, asked or answered: such a line must be looked at by itself."""
    return not record.is_opened(line_id) and record.state_of(line_id) in {LineState.OPEN, LineState.DECIDED}


def _drifts(record: MedicationReconciliation, line: ReconciledLine) -> bool:
    """Tell whether what is taken now is something else than what the patient was sent home with."""
    after, now = line.joined.line(Column.AT_DISCHARGE), line.joined.line(Column.NOW)
    if after is None:
        return False
    if now is None:
        told = record.table.told(Column.NOW)
        return told is not None and told.is_told and after.status in _ACTIVE
    compared = line.since_discharge
    return (after.status in _ACTIVE) is not (now.status in _ACTIVE) or (compared is not None and bool(compared.differs))


def _notes(record: MedicationReconciliation, line: ReconciledLine, reader: Reader) -> Iterator[str]:
    t, lang = reader.lang.text, reader.lang
    for column, lines in line.joined.cells.items():
        if len(lines) > 1:
            where = words.column_word(column, lang).lower()
            yield t("Står {n} gange på listen „{column}“").format(n=len(lines), column=where)
    for place in line.pairs:
        other = record.table.lines[place].instruction_line
        yield t("Samme indholdsstof som {name}").format(name=_brief(other, reader))


def _others(record: MedicationReconciliation, line: ReconciledLine, reader: Reader) -> Iterator[LineRef]:
    ids = tuple(record.lines)
    for place in line.pairs:
        other = record.table.lines[place]
        if not set(other.joined.cells) & set(line.joined.cells):
            yield LineRef(id=ids[place], name=_brief(other.instruction_line, reader))


def _brief(line: MedicationLine, reader: Reader) -> str:
    kind = words.kind_of(line, reader.lang)
    name = words.name_of(line, reader.lang)
    return f"{name} {kind}" if kind else name


def _by(person: Person, at: datetime, reader: Reader) -> str:
    return f"{short_name(person.name)}, {moment(at, reader.now, reader.lang)}"


def _decided(decision: Decision, reader: Reader) -> Said:
    t = reader.lang.text
    said = {Verdict.AGREE: t("Enig"), Verdict.CHANGE: t("Ændr"), Verdict.ASK: t("Spurgt afdelingen")}
    return Said(words=said[decision.verdict], by=_by(decision.by, decision.at, reader), text=decision.reason or "")


def _opened(
    record: MedicationReconciliation, line_id: LineId, decision: Decision | None, reader: Reader
) -> Said | None:
    """Why the line is open again, as long as nobody has decided it since."""
    found = [each for each in record.openings if each.line_id == line_id]
    if not found or decision is not None:
        return None
    return _said_opening(found[-1], reader)


def _said_opening(opening: Opened, reader: Reader) -> Said:
    return Said(words=reader.lang.text("Passer ikke"), by=_by(opening.by, opening.at, reader), text=opening.note)


def _earlier(
    record: MedicationReconciliation, line_id: LineId, decision: Decision | None, reader: Reader
) -> Iterator[Said]:
    """Everything that was said of the line before what holds now, oldest first."""
    t = reader.lang.text
    current = None if decision is None else record.answer_to(decision)
    told = [
        *((each.at, _decided(each, reader)) for each in record.decisions if _is_past(each, line_id, decision)),
        *(
            (each.at, Said(words=t("Svar"), by=_by(each.by, each.at, reader), text=each.text))
            for each in record.answers
            if _is_past(each, line_id, current)
        ),
        *(
            (each.at, _said_opening(each, reader))
            for each in record.openings
            if each.line_id == line_id and decision is not None
        ),
    ]
    return (said for _, said in sorted(told, key=lambda each: each[0]))


def _is_past(each: Decision | Answer, line_id: LineId, current: Decision | Answer | None) -> bool:
    return each.line_id == line_id and each is not current
