"""The table of a stay's medicine: one row a medicine, its lists side by side, and how far each row has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from discharge.clock import local
from discharge.medication.joining import JoinedBy
from discharge.medication.lines import Change, LineStatus, MedicationLine
from discharge.medication.lists import Column, MedicationList, Saying
from discharge.medication.reconciling import Doubt, ReconciledLine
from discharge.medication.record import LineId, LineState, MedicationReconciliation
from discharge.policy import ContentClass
from services.stays.medicine import words
from services.stays.medicine.sayings import Said, by_words, talk_on
from services.web.cards import Reader, place_name

__all__ = ["COLUMNS", "Cell", "Head", "HeadList", "LineRef", "LineView", "Table", "table_of"]

COLUMNS: Final = (Column.BEFORE, Column.AT_DISCHARGE, Column.NOW)
_ACTIVE: Final = frozenset({LineStatus.ACTIVE, LineStatus.UNKNOWN})
_RANKS: Final = {Change.UNCLEAR: 0, Change.UNCHANGED: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadList:
    """One of the lists that stand in a column."""

    age: str
    source: str
    saying: str
    """What a list without lines says."""
    is_old: bool
    text: str
    """What it says in words beside its lines."""
    href: str
    """The document that it stands in, for those who read documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The head of one column."""

    key: str
    word: str
    lists: tuple[HeadList, ...]
    """The one that counts first comes first; none: nobody has stated any."""


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
    is_words: bool
    """It is what the lists say in words alone."""
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
    comments: tuple[Said, ...]
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
        return not any(head.lists for head in self.heads)

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
        heads=tuple(_head(record, column, reader) for column in COLUMNS),
        lines=shown,
        unchanged=unchanged,
        rest=len(record.rest),
        missing=tuple(LineRef(id=each.id, name=each.name) for each in (*shown, *unchanged) if each.id in undecided),
        changes=len(record.changes),
        signed="" if sign_off is None else by_words(sign_off.by, sign_off.at, reader),
        is_signed_old=record.is_signed_old,
        override="" if sign_off is None else sign_off.override_reason or "",
        in_hospital=tuple(_brief(each.all_lines[0], reader) for each in record.table.in_hospital),
    )


def _rank(line: ReconciledLine) -> int:
    return 1 if line.is_guess and line.change is not Change.UNCLEAR else _RANKS.get(line.change, 2)


def _head(record: MedicationReconciliation, column: Column, reader: Reader) -> Head:
    told = record.table.told(column)
    ordered = sorted(record.table.standing(column), key=lambda each: each is not told)
    return Head(
        key=column.value,
        word=words.column_word(column, reader.lang),
        lists=tuple(_head_list(each, record, reader) for each in ordered),
    )


def _head_list(stated: MedicationList, record: MedicationReconciliation, reader: Reader) -> HeadList:
    may_read = ContentClass.DOCUMENT in reader.caller.readable_classes(reader.directory)
    said = words.origin_words(stated, reader.lang)
    source = place_name(stated.source, reader.directory)
    return HeadList(
        age=words.age_words(stated.stated_at, reader.now, reader.lang),
        source=f"{source}, {said}" if source else said,
        saying=words.stated_words(stated, reader.lang),
        is_old=reader.now - stated.stated_at >= words.OLD,
        # Words that have to be read stand in a row of their own, to be answered.
        text="" if stated.has_words else stated.text or "",
        href=f"/stays/{record.stay_id}/documents/{stated.documents[-1]}" if may_read and stated.documents else "",
    )


def _line(record: MedicationReconciliation, line_id: LineId, reader: Reader) -> LineView:
    line, lang = record.lines[line_id], reader.lang
    shown = line.instruction_line
    icon, mark, mark_class = words.change_mark(line, lang)
    decision, talk = record.decision_on(line_id), talk_on(record, line_id, reader)
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
        is_words=shown.is_words,
        confirmed=line.joined.by is JoinedBy.CONFIRMED,
        cells=tuple(_cell(record, line, column, reader) for column in COLUMNS),
        reason=line.reason or "",
        indication=shown.indication or "",
        supply=shown.supply or "",
        notes=tuple(_notes(record, line, reader)),
        others=tuple(_others(record, line, reader)),
        state=record.state_of(line_id).value,
        verdict="" if decision is None else decision.verdict.value,
        decided=talk.decided,
        answer=talk.answer,
        opened=talk.opened,
        comments=talk.comments,
        earlier=talk.earlier,
        shown=line.fingerprint,
    )


def _cell(record: MedicationReconciliation, line: ReconciledLine, column: Column, reader: Reader) -> Cell:
    lang = reader.lang
    said = line.joined.cells.get(column, ())
    word = words.column_word(column, lang)
    differs = column is Column.NOW and line.drifts
    if line.doubt is Doubt.NO_LONGER_LISTED:
        texts = [words.taking_words(each, local(reader.now), lang) for each in said]
        return Cell(word=word, text=" · ".join(texts) or lang.text("stod der ikke"), is_said=False)
    is_words = line.instruction_line.is_words
    if not said and is_words:
        return Cell(word=word, text=lang.text("ingen tekst"), is_said=False)
    if not said:
        return Cell(word=word, text=_unsaid(record.table.told(column), reader), is_said=False, differs=differs)
    having = {record.homes[each.id].id for each in said}
    others = () if is_words else record.table.standing(column)
    silent = [each for each in others if each.is_told and each.id not in having]
    several = len(having) + len(silent) > 1
    name = words.name_of(line.instruction_line, lang)
    texts = [_said_in(record.homes[each.id], each, name, reader, with_source=several) for each in said]
    texts += [f"{place_name(each.source, reader.directory)}: {_unsaid(each, reader)}" for each in silent]
    return Cell(word=word, text=texts[0], is_said=True, differs=differs, more=tuple(texts[1:]))


def _said_in(stated: MedicationList, line: MedicationLine, name: str, reader: Reader, *, with_source: bool) -> str:
    """What a list says of a medicine: who says it where several do, and its name where it is another."""
    theirs = words.name_of(line, reader.lang)
    parts = (
        place_name(stated.source, reader.directory) if with_source else "",
        "" if theirs == name else theirs,
        words.taking_words(line, local(reader.now), reader.lang),
    )
    return ": ".join(part for part in parts if part)


def _unsaid(stated: MedicationList | None, reader: Reader) -> str:
    """Why a list says nothing of a medicine: nobody stated one, it knows nothing, or the medicine is not on it."""
    t = reader.lang.text
    if stated is None:
        return t("ingen liste")
    if stated.saying is Saying.LISTED:
        return t("står ikke på listen")
    return words.saying_words(stated.saying, reader.lang)


def _is_quiet(record: MedicationReconciliation, line_id: LineId) -> bool:
    """True when nobody has opened it, asked, answered or remarked: such a line must be looked at by itself."""
    if record.comments_on(line_id):
        return False
    return not record.is_opened(line_id) and record.state_of(line_id) in {LineState.OPEN, LineState.DECIDED}


def _notes(record: MedicationReconciliation, line: ReconciledLine, reader: Reader) -> Iterator[str]:
    t, lang = reader.lang.text, reader.lang
    stated = Counter(record.homes[each.id].id for each in line.joined.all_lines)
    for told in line.joined.cells.get(Column.IN_HOSPITAL, ()):
        if told.is_words and told.instruction is not None:
            yield t("Skrevet om indlæggelsen: {text}").format(text=told.instruction)
    for each in record.table.lists:
        if stated[each.id] > 1 and line.doubt is not Doubt.NO_LONGER_LISTED:
            where = words.column_word(each.column, lang).lower()
            yield t("Står {n} gange på listen „{column}“").format(n=stated[each.id], column=where)
    for place in line.pairs:
        other = record.table.lines[place].instruction_line
        yield t("Samme indholdsstof som {name}").format(name=_brief(other, reader))


def _others(record: MedicationReconciliation, line: ReconciledLine, reader: Reader) -> Iterator[LineRef]:
    ids = tuple(record.lines)
    for place in line.pairs:
        other = record.table.lines[place]
        if not _lists_of(record, other) & _lists_of(record, line):
            yield LineRef(id=ids[place], name=_brief(other.instruction_line, reader))


def _lists_of(record: MedicationReconciliation, line: ReconciledLine) -> set[str]:
    return {record.homes[each.id].id for each in line.joined.all_lines}


def _brief(line: MedicationLine, reader: Reader) -> str:
    kind = words.kind_of(line, reader.lang)
    name = words.name_of(line, reader.lang)
    return f"{name} {kind}" if kind else name
