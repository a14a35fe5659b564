"""What differs between two lines of the same medicine, and what cannot be told.

Words are shown and never weighed: two instructions that are worded differently may ask for the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from discharge.medication.lines import DoseRow, MedicationLine

__all__ = ["Aspect", "Comparison", "compare"]


class Aspect(StrEnum):
    """What of a line is compared. Source: eu-discharge-report digest 6.3, "changed?"."""

    DOSE = "dose"
    """The amount a day."""
    FREQUENCY = "frequency"
    STRENGTH = "strength"
    FORM = "form"
    ROUTE = "route"
    AS_NEEDED = "as-needed"
    END = "end"
    """Until when, or for how long."""
    TAKEN = "taken"
    """Whether it is taken at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What differs for sure, and what may."""

    differs: tuple[Aspect, ...]
    unclear: tuple[Aspect, ...]

    @property
    def is_same(self) -> bool:
        """True when nothing differs, and nothing may."""
        return not self.differs and not self.unclear


def compare(before: MedicationLine, after: MedicationLine) -> Comparison:
    """Hold ``after`` against ``before``. What only one says is no difference, but for dosage and end."""
    said = {
        Aspect.DOSE: _dose(before, after),
        Aspect.FREQUENCY: _frequency(before, after),
        Aspect.STRENGTH: _words(before.strength, after.strength),
        Aspect.FORM: _words(before.form, after.form),
        Aspect.ROUTE: _words(before.route, after.route),
        Aspect.AS_NEEDED: before.as_needed is None or after.as_needed is None or before.as_needed == after.as_needed,
        Aspect.END: before.ends == after.ends and _lengths(before) == _lengths(after),
        Aspect.TAKEN: before.is_taken is None or after.is_taken is None or before.is_taken == after.is_taken,
    }
    return Comparison(
        differs=tuple(aspect for aspect, same in said.items() if same is False),
        unclear=tuple(aspect for aspect, same in said.items() if same is None),
    )


def _dose(before: MedicationLine, after: MedicationLine) -> bool | None:
    """True: the same amount; None: nobody can say."""
    one, other = before.daily, after.daily
    if one is not None and other is not None and one.unit == other.unit and before.strength == after.strength:
        return one.value == other.value
    masses = before.daily_milligrams, after.daily_milligrams
    if None not in masses:
        return masses[0] == masses[1]
    words = _plain(before.instruction), _plain(after.instruction)
    if _is_structured(before) and _structure(before) == _structure(after) and (None in words or words[0] == words[1]):
        return True
    return True if words[0] is not None and words[0] == words[1] else None


def _is_structured(line: MedicationLine) -> bool:
    """True when every row says how much, and how often unless it is as needed."""
    return bool(line.dosage) and all(
        row.dose is not None and (row.as_needed or (row.times is not None and row.days is not None))
        for row in line.dosage
    )


def _structure(line: MedicationLine) -> tuple[DoseRow, ...]:
    return tuple(replace(row, text=None) for row in line.dosage)


def _lengths(line: MedicationLine) -> list[str]:
    return sorted({row.length for row in line.dosage if row.length is not None})


def _frequency(before: MedicationLine, after: MedicationLine) -> bool | None:
    """True also where nobody says how often: the dosage tells that it is not said."""
    one, other = _times(before), _times(after)
    return one is None or other is None or one == other


def _times(line: MedicationLine) -> tuple[tuple[Decimal, Decimal], ...] | None:
    """How often in how many days, row by row; None when a row does not say."""
    said = [(row.times, row.days) for row in line.dosage]
    known = [(times, days) for times, days in said if times is not None and days is not None]
    return tuple(sorted(known)) if known and len(known) == len(said) else None


def _words(one: str | None, other: str | None) -> bool:
    return one is None or other is None or _plain(one) == _plain(other)


def _plain(text: str | None) -> str | None:
    return None if text is None else " ".join(text.casefold().split())
