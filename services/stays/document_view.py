"""A discharge report as its page shows it: by section, with what is missing and what the version before said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from discharge.documents.changes import difference
from discharge.documents.filling import FILLED, is_confirmable, is_in_plan, may_be_taken
from discharge.documents.report import DischargeReport, DocumentFile, EncounterFacts, FiledReport, Section, Suggestion
from discharge.documents.rulings import Ruling
from discharge.documents.standing import Standing, is_question, questions, replaced_by, standings
from discharge.plan import Need
from services.persistence.views import StayView
from services.stays.document_rulings import ChangeView, SentRuling, Settling, change_views, is_of_ward, settling_of
from services.stays.document_words import (
    empty_words,
    gap_words,
    kind_words,
    standing_words,
    status_words,
    suggestion_words,
    type_words,
)
from services.web.cards import Reader, place_name
from services.web.dates import moment
from services.web.language import Language
from services.web.plan_words import destination_words, need_words
from services.web.presentation import Level

__all__ = ["DocumentLine", "DocumentView", "document_lines", "document_view"]

_VOID: Final = frozenset({Standing.REPLACED, Standing.WITHDRAWN, Standing.HELD, Standing.NOT_OURS})
"""Nobody may act on what it says."""
_KIB: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLine:
    """One document in a list."""

    href: str
    title: str
    kind: str
    at: str
    standing: str
    level: Level
    holds: bool


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
class SuggestionView:
    """Something that the plan could take over."""

    number: int
    label: str
    value: str
    words: str
    is_in_plan: bool
    note: str
    """How it stands between the report and the plan."""
    may_take: bool
    may_confirm: bool
    may_write: bool
    """It is in words only: the ward reads it, and writes it in the plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """Everything that ``stays/document.html`` shows."""

    id: str
    title: str
    kind: str
    language: str
    status: str
    standing: str
    level: Level
    is_void: bool
    is_kept_back: bool
    """Only the ward reads what it says: it is not about this stay."""
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
    settling: Settling


def document_lines(
    filed: Sequence[FiledReport], rulings: Sequence[Ruling], stay_id: str, reader: Reader
) -> tuple[DocumentLine, ...]:
    """The documents of a stay, the latest first."""
    found = standings(filed, rulings)
    unsettled = {each.id for pair in questions(filed, rulings) for each in pair}
    lines = []
    for each in reversed(filed):
        words, level = standing_words(found[each.id], reader.lang, in_question=each.id in unsettled)
        lines.append(
            DocumentLine(
                href=f"/stays/{stay_id}/documents/{each.id}",
                title=each.report.title or type_words(each.report, reader.lang),
                kind=type_words(each.report, reader.lang),
                at=moment(each.report.stated_at, reader.now, reader.lang),
                standing=words,
                level=Level(level),
                holds=found[each.id] is Standing.IN_FORCE,
            )
        )
    return tuple(lines)


def document_view(
    shown: FiledReport,
    filed: Sequence[FiledReport],
    rulings: Sequence[Ruling],
    context: StayView,
    reader: Reader,
    sent: SentRuling | None = None,
) -> DocumentView:
    """One document among all of its stay."""
    report, lang, t = shown.report, reader.lang, reader.lang.text
    replaced = set(replaced_by(report, filed, rulings))
    before = max((each for each in filed if each.id in replaced), key=lambda each: each.report.stated_at, default=None)
    standing = standings(filed, rulings)[shown.id]
    lines = document_lines(filed, rulings, shown.stay_id, reader)
    here = f"/stays/{shown.stay_id}/documents/{shown.id}"
    (line,) = (each for each in lines if each.href == here)
    files = tuple(_file(file, f"{here}/files/{number}", lang) for number, file in enumerate(report.files))
    return DocumentView(
        id=shown.id,
        title=line.title,
        kind=type_words(report, lang),
        language=report.language or "",
        status=status_words(report.status, lang),
        standing=line.standing,
        level=line.level,
        is_void=standing in _VOID,
        is_kept_back=standing is Standing.NOT_OURS and not is_of_ward(context.stay, reader),
        received=moment(shown.received_at, reader.now, lang),
        facts=tuple(_facts(shown, reader)),
        gaps=tuple(gap_words(gap, lang) for gap in report.gaps),
        sections=tuple(_sections(report.sections, files, lang, 0)),
        files=files,
        follow_ups=tuple((each.words, each.when or t("Skal have en dato")) for each in report.follow_ups),
        suggestions=tuple(_suggestions(shown, standing, context, reader)),
        has_before=before is not None,
        before="" if before is None else moment(before.report.stated_at, reader.now, lang),
        changes=() if before is None else change_views(difference(before.report, report), lang),
        others=tuple(each for each in lines if each.href != here),
        is_question=is_question(filed, rulings),
        settling=settling_of(shown, filed, rulings, context.stay, reader, sent or SentRuling()),
    )


def _facts(shown: FiledReport, reader: Reader) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The header, as far as it says something."""
    report, t = shown.report, reader.lang.text
    sender = place_name(shown.sender, reader.directory) or f"SOR {shown.sender}"
    rows = (
        (t("Type"), (report.type_name or type_words(report, reader.lang),)),
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
        told = tuple(each.words for each in section.statements if each.says_something)
        yield SectionView(
            depth=depth,
            kind=kind_words(section.kind, lang),
            title=section.title,
            lines=section.lines,
            empty=_empty(section, lang),
            says_more=section.says_more,
            statements=told,
            unresolved=sum(not each.words for each in section.statements),
            files=tuple(files[number] for number in section.files),
        )
        yield from _sections(section.sections, files, lang, depth + 1)


def _empty(section: Section, lang: Language) -> str:
    """Why it is empty, where its own words do not say just that."""
    said = "" if section.empty_reason is None else empty_words(section.empty_reason, lang)
    return "" if said in section.lines else said


def _file(file: DocumentFile, href: str, lang: Language) -> FileView:
    t = lang.text
    if file.media_type is None:
        return FileView(title=file.title or t("Fil"), kind=t("vises ikke: {kind}").format(kind=file.said_type or "?"))
    size = t("{n} kB").format(n=-(-file.size // _KIB))
    return FileView(title=file.title or t("Fil"), kind=f"{file.media_type} · {size}", href=href)


def _suggestions(shown: FiledReport, standing: Standing, context: StayView, reader: Reader) -> Iterator[SuggestionView]:
    plan = context.stay.plan
    writes = may_be_taken(standing, context.stay.state) and is_of_ward(context.stay, reader)
    for number, each in enumerate(shown.report.suggestions):
        stands = is_in_plan(each, plan)
        may_take = writes and each.value is not None and not stands
        yield SuggestionView(
            number=number,
            label=suggestion_words(each.element, reader.lang),
            value=_value(each, reader.lang),
            words=each.words,
            is_in_plan=stands,
            note="" if may_take else _note(each, shown, context, reader.lang),
            may_take=may_take,
            may_write=writes and each.value is None,
            may_confirm=writes and plan.filled_from == shown.id and is_confirmable(each, plan),
        )


def _note(suggestion: Suggestion, shown: FiledReport, context: StayView, lang: Language) -> str:
    """How it stands between the report and the plan: what a report filled goes with it, a person's word stays."""
    t, plan = lang.text, context.stay.plan
    stands = is_in_plan(suggestion, plan)
    past = any(version.plan.filled_from == shown.id for version in context.plans) or FILLED in shown.filled
    was_filled = past and suggestion.element == FILLED and suggestion.value is not None
    if stands and was_filled and plan.filled_from == shown.id:
        return t("Feltet var tomt og er udfyldt fra rapporten")
    if stands and was_filled and plan.filled_from is None:
        return t("Blev udfyldt fra rapporten. Afdelingen har selv sagt det siden, så det bliver stående")
    if stands:
        return t("Står i planen")
    if was_filled and plan.destination is None:
        return t("Blev udfyldt fra rapporten og er taget ud af planen igen")
    if was_filled:
        return t("Blev udfyldt fra rapporten. Planen siger noget andet nu")
    return t("Står ikke i planen")


def _value(suggestion: Suggestion, lang: Language) -> str:
    """The value in our words, where it has any of its own."""
    if suggestion.value is None:
        return ""
    if suggestion.element == "need":
        return need_words(lang)[Need(suggestion.value)]
    return destination_words(lang).get(suggestion.value, "")
