"""What has been said of a stay's medicine, and by whom: newest first here, and as lines of the stay's timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from discharge.clock import local
from discharge.identifiers import SorCode
from discharge.medication.lists import ListOrigin, MedicationList
from discharge.medication.record import LineId, MedicationReconciliation, Verdict
from services.persistence.medication_reads import Pairing
from services.stays.medicine import words
from services.web.cards import Reader, place_name, role_words
from services.web.dates import moment
from services.web.presentation import short_name

__all__ = ["Happening", "Told", "history_of", "told_of"]

_MOST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that was said."""

    at: str
    words: str
    who: str
    about: str
    """Which list, or which medicines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One thing that was said, as a fact."""

    at: datetime
    words: str
    who: str
    about: str = ""
    """Which list, which medicines, or why it was signed all the same."""
    text: str = ""
    """A remark, in the writer's words."""
    place: SorCode | None
    """Where it was said; None: at the ward."""


def history_of(record: MedicationReconciliation, reader: Reader) -> tuple[Happening, ...]:
    """The last sixty of them."""
    told = sorted(told_of(record, reader), key=lambda each: each.at, reverse=True)
    return tuple(
        Happening(
            at=moment(each.at, reader.now, reader.lang),
            words=each.words,
            who=each.who,
            about=": ".join(part for part in (each.about, each.text) if part),
        )
        for each in told[:_MOST]
    )


def told_of(record: MedicationReconciliation, reader: Reader, pairings: Sequence[Pairing] = ()) -> tuple[Told, ...]:
    """All that was said, in no order."""
    return (*_of_lists(record, reader), *_of_lines(record, reader), *_of_pairings(pairings, reader))


def _of_lists(record: MedicationReconciliation, reader: Reader) -> Iterator[Told]:
    """What one place stated at once is told once; of what one person wrote line by line on a day, the last."""
    t = reader.lang.text
    replaced = {each.replaces: each for each in record.lists if each.replaces is not None}
    stated: dict[tuple[datetime, str, str, SorCode], list[MedicationList]] = {}
    for each in record.lists:
        if each.id in replaced and _is_continued(each, replaced[each.id]):
            continue
        at_home = each.origin is ListOrigin.HOME
        said = t("Hjemmeplejen melder, hvad der faktisk tages") if at_home else t("En medicinliste er ændret")
        who = place_name(each.source, reader.directory) if each.by is None else short_name(each.by.name)
        stated.setdefault((each.received_at, said, who, each.source), []).append(each)
    for (at, said, who, place), lists in stated.items():
        about = ", ".join(dict.fromkeys(words.column_word(each.column, reader.lang) for each in lists))
        yield Told(at=at, words=said, who=who, about=about, place=place)
    for signed in record.sign_offs:
        said, why = t("Lægen har godkendt medicinlisten"), signed.override_reason or ""
        yield Told(at=signed.at, words=said, who=short_name(signed.by.name), about=why, place=None)


def _is_continued(stated: MedicationList, by: MedicationList) -> bool:
    """True when the same person went on writing on the same day."""
    return (
        stated.by is not None
        and stated.by == by.by
        and local(stated.received_at).date() == local(by.received_at).date()
    )


def _of_lines(record: MedicationReconciliation, reader: Reader) -> Iterator[Told]:
    t = reader.lang.text
    decided: dict[tuple[datetime, str, SorCode, bool], list[LineId]] = {}
    for each in record.decisions:
        key = (each.at, each.by.name, each.organization, each.verdict is Verdict.ASK)
        decided.setdefault(key, []).append(each.line_id)
    for (at, name, place, asks), lines in decided.items():
        said = t("Egen læge spørger om medicinen") if asks else t("Egen læge har taget stilling til medicinen")
        yield Told(at=at, words=said, who=short_name(name), about=_names(record, lines, reader), place=place)
    for answer in record.answers:
        said, about = t("Afdelingen har svaret om medicinen"), _names(record, [answer.line_id], reader)
        who = short_name(answer.by.name)
        yield Told(at=answer.at, words=said, who=who, about=about, place=answer.organization)
    for opening in record.openings:
        said, about = t("En medicinlinje skal ses på igen"), _names(record, [opening.line_id], reader)
        who = short_name(opening.by.name)
        yield Told(at=opening.at, words=said, who=who, about=about, place=opening.organization)
    roles = role_words(reader.lang)
    for comment in record.comments:
        yield Told(
            at=comment.at,
            words=t("Bemærkning om medicinen"),
            who=f"{short_name(comment.by.name)}, {roles[comment.role].lower()}",
            about=_names(record, [comment.line_id], reader),
            text=f"„{comment.text}“",
            place=comment.organization,
        )


def _of_pairings(pairings: Sequence[Pairing], reader: Reader) -> Iterator[Told]:
    """Which lines they were, the table shows: together or apart."""
    said = reader.lang.text("Medicin er koblet sammen eller skilt ad")
    for each in pairings:
        yield Told(at=each.at, words=said, who=short_name(each.by), place=each.place)


def _names(record: MedicationReconciliation, lines: list[LineId], reader: Reader) -> str:
    """The medicines; a line that no list mentions any more has no name."""
    known = (record.lines[each].instruction_line for each in lines if each in record.lines)
    return ", ".join(words.name_of(line, reader.lang) for line in known)
