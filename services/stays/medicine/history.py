"""What has been said of a stay's medicine, and by whom: newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from discharge.medication.lists import ListOrigin
from discharge.medication.record import LineId, MedicationReconciliation, Verdict
from services.stays.medicine import words
from services.web.cards import Reader, place_name
from services.web.dates import moment
from services.web.presentation import short_name

__all__ = ["Happening", "history_of"]

_MOST = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One thing that was said."""

    at: str
    words: str
    who: str
    about: str
    """Which list, or which medicines."""


_Told = tuple[datetime, str, str, str]


def history_of(record: MedicationReconciliation, reader: Reader) -> tuple[Happening, ...]:
    """The last sixty of them."""
    told = sorted((*_of_lists(record, reader), *_of_lines(record, reader)), key=lambda each: each[0], reverse=True)
    return tuple(
        Happening(at=moment(at, reader.now, reader.lang), words=said, who=who, about=about)
        for at, said, who, about in told[:_MOST]
    )


def _of_lists(record: MedicationReconciliation, reader: Reader) -> Iterator[_Told]:
    t = reader.lang.text
    for stated in record.lists:
        at_home = stated.origin is ListOrigin.HOME
        said = t("Hjemmeplejen melder, hvad der faktisk tages") if at_home else t("En medicinliste er ændret")
        who = place_name(stated.source, reader.directory) if stated.by is None else short_name(stated.by.name)
        yield stated.received_at, said, who, words.column_word(stated.column, reader.lang)
    for signed in record.sign_offs:
        yield signed.at, t("Lægen har godkendt medicinlisten"), short_name(signed.by.name), signed.override_reason or ""


def _of_lines(record: MedicationReconciliation, reader: Reader) -> Iterator[_Told]:
    t = reader.lang.text
    decided: dict[tuple[datetime, str, bool], list[LineId]] = {}
    for each in record.decisions:
        decided.setdefault((each.at, each.by.name, each.verdict is Verdict.ASK), []).append(each.line_id)
    for (at, name, asks), lines in decided.items():
        said = t("Egen læge spørger om medicinen") if asks else t("Egen læge har taget stilling til medicinen")
        yield at, said, short_name(name), _names(record, lines, reader)
    for answer in record.answers:
        said = t("Afdelingen har svaret om medicinen")
        yield answer.at, said, short_name(answer.by.name), _names(record, [answer.line_id], reader)
    for opening in record.openings:
        said = t("En medicinlinje skal ses på igen")
        yield opening.at, said, short_name(opening.by.name), _names(record, [opening.line_id], reader)


def _names(record: MedicationReconciliation, lines: list[LineId], reader: Reader) -> str:
    """The medicines; a line that no list mentions any more has no name."""
    known = (record.lines[each].instruction_line for each in lines if each in record.lines)
    return ", ".join(words.name_of(line, reader.lang) for line in known)
