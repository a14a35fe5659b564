"""A dose in the fields of a form: the words beside its numbers, and the dose that was sent.

What an instruction says and no field holds (how often in days that are not one, for what, how long, how much at
most) stands among the words, and holds as long as it stands there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from discharge.medication.lines import DoseRow, MedicationLine, Quantity
from services.stays.medicine.words import dose_words, length_words, most_words
from services.web.language import language

__all__ = ["SaidDose", "dosage_of", "shown_words"]

_DANISH: Final = language("da")
"""What is kept is written in one language, whoever reads it."""
_FIELDS: Final = frozenset({"amount", "unit", "times", "needed", "words"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidDose:
    """What the fields of a dose say."""

    amount: Decimal | None
    unit: str
    times: Decimal | None
    """How many times a day."""
    needed: bool
    words: str


def shown_words(line: MedicationLine) -> str:
    """What a line says of its dose and no other field holds."""
    if len(line.dosage) > 1:
        return dose_words(line, _DANISH)
    row = line.dosage[0] if line.dosage else DoseRow()
    said = line.dosage_text or row.text or ""
    for numbers in (_words(_bare(row)), _words(_fields_of(row))):
        if numbers and f"{said}, ".startswith(f"{numbers}, "):
            said = said.removeprefix(numbers).removeprefix(", ")
            break
    return ", ".join(part for part in (said, *(each for each in _hidden(row) if not _stands(each, said))) if part)


def dosage_of(line: MedicationLine, said: SaidDose, touched: frozenset[str]) -> MedicationLine:
    """The line with what was said of its dose.

    Args:
        line: as it stood.
        said: what the fields say.
        touched: the fields that say something else than before; the others leave it as it was.
    """
    if not touched & _FIELDS:
        return line
    old = line.dosage[0] if len(line.dosage) == 1 else DoseRow()
    row = _kept(replace(old, text=None, dose=_dose(old, said, touched)), said.words)
    if "times" in touched:
        row = replace(row, times=said.times, days=None if said.times is None else Decimal(1))
    if "needed" in touched:
        row = replace(row, as_needed=said.needed, as_needed_for=row.as_needed_for if said.needed else None)
    return replace(
        line,
        dosage=() if row == DoseRow(sequence=row.sequence) else (row,),
        dosage_text=_text(row, said.words),
    )


def _dose(old: DoseRow, said: SaidDose, touched: frozenset[str]) -> Quantity | None:
    """The amount and its unit, each as it was where nobody touched it."""
    before = old.dose
    amount = said.amount if "amount" in touched or before is None else before.value
    unit = said.unit or ("stk." if before is None else before.unit)
    return None if amount is None else Quantity(amount, unit)


def _text(row: DoseRow, words: str) -> str | None:
    """The whole instruction in words; None where the numbers say all of it."""
    more = words
    for each in _hidden(row):
        more = _pattern(each).sub("", more)
    if not more.strip(" ,;."):
        return None
    numbers = _words(_fields_of(row))
    return words if not numbers or _stands(numbers, words) else f"{numbers}, {words}"


def _kept(row: DoseRow, words: str) -> DoseRow:
    """The row with what no field holds as far as the words still say it."""
    if not all(_stands(each, words) for each in _often(row)):
        row = replace(row, times=None, days=None)
    if not all(_stands(each, words) for each in _purpose(row)):
        row = replace(row, as_needed_for=None)
    if not all(_stands(each, words) for each in _length(row)):
        row = replace(row, length=None)
    return replace(
        row,
        beside=tuple(each for each in row.beside if _stands(each, words)),
        maxima=tuple(each for each in row.maxima if _stands(_most(DoseRow(maxima=(each,)))[0], words)),
    )


def _hidden(row: DoseRow) -> tuple[str, ...]:
    """What a row says and no field holds, in words."""
    return (*_often(row), *_purpose(row), *_length(row), *row.beside, *_most(row))


def _often(row: DoseRow) -> tuple[str, ...]:
    if row.times is None or row.days is None or row.days == 1:
        return ()
    return (_words(DoseRow(times=row.times, days=row.days)),)


def _purpose(row: DoseRow) -> tuple[str, ...]:
    if not row.as_needed or row.as_needed_for is None:
        return ()
    needed = DoseRow(as_needed=True)
    said = _words(replace(needed, as_needed_for=row.as_needed_for))
    return (said.removeprefix(_words(needed)).strip(),)


def _length(row: DoseRow) -> tuple[str, ...]:
    said = length_words(row, _DANISH)
    return () if said is None else (said,)


def _most(row: DoseRow) -> tuple[str, ...]:
    return most_words((row,), _DANISH)


def _bare(row: DoseRow) -> DoseRow:
    """Its numbers alone."""
    return DoseRow(
        dose=row.dose, times=row.times, days=row.days, as_needed=row.as_needed, as_needed_for=row.as_needed_for
    )


def _fields_of(row: DoseRow) -> DoseRow:
    """What the fields of a dose hold."""
    is_daily = row.days == 1
    return DoseRow(
        dose=row.dose,
        times=row.times if is_daily else None,
        days=row.days if is_daily else None,
        as_needed=row.as_needed,
    )


def _words(row: DoseRow) -> str:
    return dose_words(MedicationLine(id="", name=None, dosage=(row,)), _DANISH)


def _stands(part: str, words: str) -> bool:
    return _pattern(part).search(words) is not None


def _pattern(part: str) -> re.Pattern[str]:
    """``part`` as words of their own: ``2 gange`` does not stand in ``12 gange``."""
    return re.compile(rf"(?<![\w.,]){re.escape(part)}(?!\w)", re.IGNORECASE)
