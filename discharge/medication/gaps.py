"""What the doctor should close before the patient leaves.

Source: domain.md R14 and R19; eu-discharge-report digest 6.3 (dosage missing) and 10 (first 24 hours).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from discharge.medication.lines import Change
from discharge.medication.lists import Column
from discharge.medication.reconciling import Doubt, ReconciledLine
from discharge.medication.record import LineId, MedicationReconciliation

__all__ = ["Gap", "GapKind", "gaps"]

_NEEDS_REASON: Final = frozenset({Change.NEW, Change.CHANGED, Change.STOPPED, Change.PAUSED})
_TAKEN: Final = frozenset({Change.NEW, Change.CHANGED})


class GapKind(StrEnum):
    """What is missing."""

    NO_LIST = "no-list"
    """Nobody has said what the patient goes home with."""
    UNCLEAR = "unclear"
    GUESSED = "guessed"
    """Lines that only a substance or a name holds together."""
    NO_REASON = "no-reason"
    NO_SUPPLY = "no-supply"
    """New or changed, nothing handed over, and the medicine does not last until a pharmacy is open."""
    DISPENSING_PAUSED = "dose-dispensing-paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing that is missing, of one line or of the whole list."""

    kind: GapKind
    line_id: LineId | None = None


def gaps(
    record: MedicationReconciliation, *, dispensing_paused: bool, medicine_until: date | None, next_pharmacy_day: date
) -> tuple[Gap, ...]:
    """Everything that is missing, the list first and then line by line.

    Args:
        record: the stay's medicine.
        dispensing_paused: dose dispensing was paused at admission and nobody has started it again.
        medicine_until: the day the medicine lasts to, as the ward says; None: it does not.
        next_pharmacy_day: the first day after the departure on which a pharmacy is open.
    """
    lasts = medicine_until is not None and medicine_until >= next_pharmacy_day
    return tuple(_gaps(record, dispensing_paused=dispensing_paused, lasts=lasts))


def _gaps(record: MedicationReconciliation, *, dispensing_paused: bool, lasts: bool) -> Iterator[Gap]:
    told = record.table.told(Column.AT_DISCHARGE)
    if told is None or not told.is_told:
        yield Gap(kind=GapKind.NO_LIST)
    if dispensing_paused:
        yield Gap(kind=GapKind.DISPENSING_PAUSED)
    for line_id, line in record.lines.items():
        for kind in _of_line(line, lasts=lasts):
            yield Gap(kind=kind, line_id=line_id)


def _of_line(line: ReconciledLine, *, lasts: bool) -> Iterator[GapKind]:
    if line.doubt is Doubt.NO_LIST_AT_DISCHARGE and line.instruction_line.is_words:
        return  # The list as a whole is missing, which is a gap of its own.
    if line.change is Change.UNCLEAR:
        yield GapKind.UNCLEAR
    elif line.is_guess:
        yield GapKind.GUESSED
    # What it is for tells why it is new, and never why it was changed.
    is_explained = line.reason or (line.change is Change.NEW and line.instruction_line.indication)
    if line.change in _NEEDS_REASON and not is_explained:
        yield GapKind.NO_REASON
    if line.change in _TAKEN and not lasts and not line.instruction_line.supply:
        yield GapKind.NO_SUPPLY
