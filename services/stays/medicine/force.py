"""The medicine as it is to be taken now, and how much of it the practice has still to decide."""

from __future__ import annotations

from dataclasses import dataclass

from discharge.clock import local
from discharge.medication.record import LineId, LineState, MedicationReconciliation, Verdict
from services.stays.medicine import words
from services.stays.medicine.table import Table
from services.web.cards import Reader

__all__ = ["ForceLine", "in_force_of", "waits_words"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForceLine:
    """A medicine as it is to be taken."""

    name: str
    kind: str
    take: str
    note: str
    """What the practice wants otherwise, or asks."""
    is_unclear: bool
    """Nobody can tell for sure, and nobody has said in words how it is taken."""


def in_force_of(record: MedicationReconciliation, reader: Reader) -> tuple[ForceLine, ...]:
    """Every medicine: as at discharge, else as now, else as before."""
    return tuple(_line(record, each, reader) for each in record.lines if not record.is_over(each))


def _line(record: MedicationReconciliation, line_id: LineId, reader: Reader) -> ForceLine:
    line, lang, t = record.lines[line_id], reader.lang, reader.lang.text
    shown, decision, state = line.instruction_line, record.decision_on(line_id), record.state_of(line_id)
    opened = record.opening_on(line_id)
    if decision is not None and decision.verdict is Verdict.CHANGE:
        note = t("Egen læge: {what}").format(what=decision.reason or "")
    elif state is LineState.ASKED:
        note = t("Egen læge har spurgt afdelingen")
    elif opened is not None:
        note = t("Passer ikke: {what}. Venter på egen læge").format(what=opened.note)
    else:
        is_told = state is LineState.DECIDED or record.is_doubtful(line_id)
        note = "" if is_told else t("Venter på egen læge")
    return ForceLine(
        name=words.name_of(shown, lang),
        kind=words.kind_of(shown, lang),
        take=words.taking_words(shown, local(reader.now), lang),
        note=note,
        is_unclear=record.is_doubtful(line_id),
    )


def waits_words(table: Table, reader: Reader) -> str:
    """How many lines the practice has still to decide, for those who wait for it."""
    lang = reader.lang
    if table.is_empty:
        return ""
    if not table.missing:
        return lang.text("Egen læge har taget stilling til alle linjer.")
    said = lang.choose(len(table.missing), "1 linje venter på egen læge.", "{n} linjer venter på egen læge.")
    if not table.asked:
        return said
    asked = lang.choose(len(table.asked), "1 af dem venter på afdelingen.", "{n} af dem venter på afdelingen.")
    return f"{said} {asked}"
