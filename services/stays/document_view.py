"""A discharge report as its page shows it: by section, with what is missing and what the version before said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from discharge.documents.changes import SectionChange, difference
from discharge.documents.filling import is_in_plan
from discharge.documents.report import DischargeReport, DocumentFile, EncounterFacts, FiledReport, Section, Suggestion
from discharge.documents.standing import is_question, replaced_by, standings
from discharge.plan import DischargePlan, Need
from discharge.policy import Role
from services.stays.document_words import (
    empty_words,
    gap_words,
    kind_words,
    standing_words,
    status_words,
    suggestion_words,
    work_words,
)
from services.web.cards import Reader, place_name
from services.web.dates import moment
from services.web.language import Language
from services.web.plan_words import destination_words, need_words
from services.web.presentation import Level

__all__ = ["DocumentLine", "DocumentView", "document_lines", "document_view"]

_WRITERS: Final = frozenset({Role.WARD, Role.DOCTOR})
_KIB: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """One document in a list."""

    href: str
    title: str
    at: str
    standing: str
    level: Level
    is_shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One file; without an address it is not handed out."""

    title: str
    kind: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """One section, at its depth."""

    depth: int
    kind: str
    title: str
    lines: tuple[str, ...]
    empty: str
    says_more: bool
    statements: tuple[str, ...]
    unresolved: int
    files: tuple[FileView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """One section that differs from the version before; a line with whether it came."""

    work: str
    title: str
    lines: tuple[tuple[bool, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionView:
    """Something that the plan could take over."""

    number: int
    label: str
    value: str
    words: str
    is_in_plan: bool
    was_filled: bool
    may_take: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """Everything that ``stays/document.html`` shows."""

    id: str
    title: str
    language: str
    status: str
    standing: str
    level: Level
    received: str
    facts: tuple[tuple[str, tuple[str, ...]], ...]
    gaps: tuple[str, ...]
    sections: tuple[SectionView, ...]
    files: tuple[FileView, ...]
    follow_ups: tuple[tuple[str, str], ...]
    suggestions: tuple[SuggestionView, ...]
    has_before: bool
    before: str
    changes: tuple[ChangeView, ...]
    others: tuple[DocumentLine, ...]
    is_question: bool


def document_lines(filed: Sequence[FiledReport], stay_id: str, reader: Reader) -> tuple[DocumentLine, ...]:
    """The documents of a stay, the latest first."""
    found = standings(filed)
    lines = []
    for each in reversed(filed):
        words, level = standing_words(found[each.id], reader.lang)
        lines.append(
            DocumentLine(
                href=f"/stays/{stay_id}/documents/{each.id}",
                title=each.report.title,
                at=moment(each.report.stated_at, reader.now, reader.lang),
                standing=words,
                level=Level(level),
            )
        )
    return tuple(lines)


def document_view(
    shown: FiledReport, filed: Sequence[FiledReport], plan: DischargePlan, reader: Reader
) -> DocumentView:
    """One document among all of its stay."""
    report, lang, t = shown.report, reader.lang, reader.lang.text
    replaced = set(replaced_by(report, filed))
    before = max((each for each in filed if each.id in replaced), key=lambda each: each.report.stated_at, default=None)
    words, level = standing_words(standings(filed)[shown.id], lang)
    here = f"/stays/{shown.stay_id}/documents/{shown.id}"
    files = tuple(_file(file, f"{here}/files/{number}", lang) for number, file in enumerate(report.files))
    return DocumentView(
        id=shown.id,
        title=report.title,
        language=report.language or "",
        status=status_words(report.status, lang),
        standing=words,
        level=Level(level),
        received=moment(shown.received_at, reader.now, lang),
        facts=tuple(_facts(shown, reader)),
        gaps=tuple(gap_words(gap, lang) for gap in report.gaps),
        sections=tuple(_sections(report.sections, files, lang, 0)),
        files=files,
        follow_ups=tuple((each.words, each.when or t("Skal have en dato")) for each in report.follow_ups),
        suggestions=tuple(_suggestions(shown, plan, reader)),
        has_before=before is not None,
        before="" if before is None else moment(before.report.stated_at, reader.now, lang),
        changes=() if before is None else tuple(_changes(difference(before.report, report), lang)),
        others=document_lines([each for each in filed if each.id != shown.id], shown.stay_id, reader),
        is_question=is_question(filed),
    )


def _facts(shown: FiledReport, reader: Reader) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The header, as far as it says something."""
    report, t = shown.report, reader.lang.text
    sender = place_name(shown.sender, reader.directory) or f"SOR {shown.sender}"
    rows = (
        (t("Type"), (report.type_name or report.type_code,)),
        (t("Dateret"), (_dated(report, reader),)),
        (t("Skrevet af"), report.authors),
        (t("Står inde for den"), report.attesters),
        (t("Fra"), (report.custodian or sender,)),
        (t("Modtagere"), report.recipients),
        (t("Sprog"), (report.language or "",)),
        (t("Version"), (report.version or "",)),
        *_stay_facts(report.encounter, reader),
        (t("Lagt på forløbet af"), ("" if shown.by is None else shown.by.name,)),
    )
    for label, values in rows:
        said = tuple(value for value in values if value)
        if said:
            yield label, said


def _stay_facts(encounter: EncounterFacts, reader: Reader) -> Iterator[tuple[str, tuple[str, ...]]]:
    t = reader.lang.text
    times = (encounter.started_at, encounter.ended_at)
    yield t("Ophold"), (" - ".join(moment(at, reader.now, reader.lang) for at in times if at is not None),)
    yield t("Årsag"), encounter.reasons
    yield t("Diagnoser"), encounter.diagnoses
    yield t("Deltagere"), encounter.participants
    yield t("Udskrevet til"), (encounter.disposition or "", encounter.destination or "")


def _dated(report: DischargeReport, reader: Reader) -> str:
    """A date that is only a day or a month is shown as it was written."""
    is_instant = report.dated_at is not None and "T" in report.dated
    return moment(report.stated_at, reader.now, reader.lang) if is_instant else report.dated


def _sections(
    sections: Iterable[Section], files: Sequence[FileView], lang: Language, depth: int
) -> Iterator[SectionView]:
    for section in sections:
        told = tuple(each.words for each in section.statements if each.words)
        yield SectionView(
            depth=depth,
            kind=kind_words(section.kind, lang),
            title=section.title,
            lines=section.lines,
            empty="" if section.empty_reason is None else empty_words(section.empty_reason, lang),
            says_more=section.says_more,
            statements=told,
            unresolved=len(section.statements) - len(told),
            files=tuple(files[number] for number in section.files),
        )
        yield from _sections(section.sections, files, lang, depth + 1)


def _file(file: DocumentFile, href: str, lang: Language) -> FileView:
    t = lang.text
    if file.media_type is None:
        return FileView(title=file.title or t("Fil"), kind=t("vises ikke: {kind}").format(kind=file.said_type or "?"))
    size = t("{n} kB").format(n=-(-file.size // _KIB))
    return FileView(title=file.title or t("Fil"), kind=f"{file.media_type} · {size}", href=href)


def _changes(changes: Iterable[SectionChange], lang: Language) -> Iterator[ChangeView]:
    for change in changes:
        yield ChangeView(
            work=work_words(change.work, lang),
            title=change.section.title or kind_words(change.section.kind, lang),
            lines=tuple((line.is_added, line.text) for line in change.lines),
        )


def _suggestions(shown: FiledReport, plan: DischargePlan, reader: Reader) -> Iterator[SuggestionView]:
    writes = reader.caller.role in _WRITERS
    for number, each in enumerate(shown.report.suggestions):
        stands = is_in_plan(each, plan)
        yield SuggestionView(
            number=number,
            label=suggestion_words(each.element, reader.lang),
            value=_value(each, reader.lang),
            words=each.words,
            is_in_plan=stands,
            was_filled=each.element in shown.filled and stands,
            may_take=writes and each.value is not None and not stands,
        )


def _value(suggestion: Suggestion, lang: Language) -> str:
    """The value in our words, where it has any of its own."""
    if suggestion.value is None or suggestion.value == suggestion.words:
        return ""
    if suggestion.element == "need":
        return need_words(lang)[Need(suggestion.value)]
    return destination_words(lang)[suggestion.value]
