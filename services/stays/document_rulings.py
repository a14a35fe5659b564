"""Which documents are in question, what the ward may say of them, and what somebody has said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from discharge.documents.changes import SectionChange, difference
from discharge.documents.report import FiledReport
from discharge.documents.rulings import Ruling, RulingKind, holding
from discharge.documents.standing import Standing, may_replace, questions, standings
from discharge.identifiers import DocumentId
from discharge.policy import Role
from discharge.stay import Stay
from services.stays.document_words import (
    CHOICES,
    choice_words,
    empty_words,
    kind_words,
    ruling_words,
    type_words,
    work_words,
)
from services.web.cards import Reader
from services.web.dates import moment
from services.web.forms import FieldError
from services.web.language import Language

__all__ = ["ChangeView", "SentRuling", "Settling", "change_views", "is_of_ward", "settling_of"]

_WRITERS: Final = frozenset({Role.WARD, Role.DOCTOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One section that differs from another document; a line with whether it came."""

    work: str
    title: str
    lines: tuple[tuple[bool, str], ...]


def change_views(changes: Iterable[SectionChange], lang: Language) -> tuple[ChangeView, ...]:
    """What differs, section by section."""
    return tuple(
        ChangeView(
            work=work_words(change.work, lang),
            title=change.section.title or kind_words(change.section.kind, lang),
            lines=tuple((line.is_added, empty_words(line.text, lang)) for line in change.lines),
        )
        for change in changes
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRuling:
    """A form about two documents that was not saved."""

    other: str = ""
    choice: str = ""
    reason: str = ""
    errors: Mapping[str, FieldError] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentName:
    """What tells one document from another of the same title."""

    href: str
    title: str
    at: str
    received: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """The other document of a pair of which nothing says what they are to each other."""

    other_id: str
    other: DocumentName
    is_clash: bool
    """True: both bear one number."""
    choices: tuple[tuple[str, str], ...]
    """What may be said, and its words."""
    changes: tuple[ChangeView, ...]
    """What the document that is shown says otherwise than the other one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulingView:
    """What somebody said about the document that is shown."""

    position: int
    words: str
    other: DocumentName | None
    said: str
    reason: str
    undone: str
    """By whom it was taken back, and when; empty: it holds."""
    may_undo: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """Everything about what is and was in question."""

    here: str
    version: int
    may_rule: bool
    may_disown: bool = False
    """Nothing is in question about it, but it may be about somebody else."""
    questions: tuple[QuestionView, ...] = ()
    rulings: tuple[RulingView, ...] = ()
    sent: SentRuling = field(default_factory=SentRuling)


def is_of_ward(stay: Stay, reader: Reader) -> bool:
    """Tell whether the reader writes for the ward of the stay, as the handlers ask it."""
    return reader.caller.role in _WRITERS and stay.ward in reader.scope


def settling_of(
    shown: FiledReport,
    filed: Sequence[FiledReport],
    rulings: Sequence[Ruling],
    stay: Stay,
    reader: Reader,
    sent: SentRuling,
) -> Settling:
    """What is in question about the document that is shown, and what was said of it."""
    may_rule = is_of_ward(stay, reader)
    asked = tuple(_questions(shown, filed, rulings, reader))
    is_ours = standings(filed, rulings)[shown.id] is not Standing.NOT_OURS
    return Settling(
        here=f"/stays/{shown.stay_id}/documents/{shown.id}",
        version=len(filed) + len(rulings),
        may_rule=may_rule,
        may_disown=may_rule and is_ours and not asked,
        questions=asked,
        rulings=tuple(_rulings(shown, filed, rulings, reader, may_rule=may_rule)),
        sent=sent,
    )


def _questions(
    shown: FiledReport, filed: Sequence[FiledReport], rulings: Sequence[Ruling], reader: Reader
) -> Iterator[QuestionView]:
    for pair in questions(filed, rulings):
        if shown.id not in {each.id for each in pair}:
            continue
        other = pair[0] if pair[1].id == shown.id else pair[1]
        impossible = {
            code
            for code, newer, older in (("this-newer", shown, other), ("other-newer", other, shown))
            if not may_replace(newer.report, older.report)
        }
        yield QuestionView(
            other_id=other.id,
            other=_name(other, reader),
            is_clash=shown.report.bundle_key == other.report.bundle_key,
            choices=tuple((code, choice_words(code, reader.lang)) for code in CHOICES if code not in impossible),
            changes=change_views(difference(other.report, shown.report), reader.lang),
        )


def _rulings(
    shown: FiledReport, filed: Sequence[FiledReport], rulings: Sequence[Ruling], reader: Reader, *, may_rule: bool
) -> Iterator[RulingView]:
    held = {each.position for each in holding(rulings)}
    undone = {each.takes_back: each for each in rulings if each.kind is RulingKind.TAKEN_BACK}
    by_id = {each.id: each for each in filed}
    for each in reversed(rulings):
        if each.kind is RulingKind.TAKEN_BACK or shown.id not in {each.document_id, each.other_id}:
            continue
        other = _other(each, shown.id)
        yield RulingView(
            position=each.position,
            words=ruling_words(each.kind, is_first=each.document_id == shown.id, lang=reader.lang),
            other=None if other is None else _name(by_id[other], reader),
            said=_said(each, reader),
            reason=each.reason or "",
            undone="" if each.position in held else _said(undone[each.position], reader),
            may_undo=may_rule and each.position in held,
        )


def _other(ruling: Ruling, shown: DocumentId) -> DocumentId | None:
    return ruling.other_id if ruling.document_id == shown else ruling.document_id


def _said(ruling: Ruling, reader: Reader) -> str:
    return f"{ruling.by.name}, {moment(ruling.at, reader.now, reader.lang)}"


def _name(filed: FiledReport, reader: Reader) -> DocumentName:
    return DocumentName(
        href=f"/stays/{filed.stay_id}/documents/{filed.id}",
        title=filed.report.title or type_words(filed.report, reader.lang),
        at=moment(filed.report.stated_at, reader.now, reader.lang),
        received=moment(filed.received_at, reader.now, reader.lang),
    )
