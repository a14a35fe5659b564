"""What differs between two lines of the same medicine, and what cannot be told.

Words are shown and never weighed: two instructions that are worded differently may ask for the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from discharge.medication.lines import DoseRow, Maximum, MedicationLine
from discharge.medication.wording import form_key, plain, route_key, strength_key

__all__ = ["Aspect", "Comparison", "compare", "is_worded_alike"]


class Aspect(StrEnum):
    """What of a line is compared. Source: eu-discharge-report digest 6.3, "changed?"."""

    DOSE = "dose"
    """The amount a day."""
    FREQUENCY = "frequency"
    STRENGTH = "strength"
    FORM = "form"
    ROUTE = "route"
    AS_NEEDED = "as-needed"
    MAXIMUM = "maximum"
    """The most at one time, or in a time."""
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
        Aspect.STRENGTH: _words(before.strength, after.strength, strength_key),
        Aspect.FORM: _words(before.form, after.form, form_key),
        Aspect.ROUTE: _words(before.route, after.route, route_key),
        Aspect.AS_NEEDED: before.as_needed is None or after.as_needed is None or before.as_needed == after.as_needed,
        Aspect.MAXIMUM: _maximum(before, after),
        Aspect.END: before.ends == after.ends and _lengths(before) == _lengths(after),
        Aspect.TAKEN: before.is_taken is None or after.is_taken is None or before.is_taken == after.is_taken,
    }
    return Comparison(
        differs=tuple(aspect for aspect, same in said.items() if same is False),
        unclear=tuple(aspect for aspect, same in said.items() if same is None),
    )


def _dose(before: MedicationLine, after: MedicationLine) -> bool | None:
    """True: the same amount, in the same way; None: nobody can say."""
    same_way = True if not _beside(before) or not _beside(after) or _beside(before) == _beside(after) else None
    one, other = before.daily, after.daily
    if one is not None and other is not None and one.unit == other.unit and _is_as_strong(before, after):
        return same_way if one.value == other.value else False
    masses = before.daily_milligrams, after.daily_milligrams
    if None not in masses:
        return same_way if masses[0] == masses[1] else False
    unsaid = before.instruction is None or after.instruction is None
    same = _is_said_the_same(before, after)
    if _is_structured(before) and _structure(before) == _structure(after) and (unsaid or same):
        return True
    return True if same else None


def _beside(line: MedicationLine) -> tuple[str, ...]:
    """What stands beside the numbers, such as the time of day."""
    return tuple(sorted(plain(words) for row in line.dosage for words in row.beside))


def _is_said_the_same(before: MedicationLine, after: MedicationLine) -> bool:
    one, other = before.instruction, after.instruction
    return one is not None and other is not None and plain(one) == plain(other)


def _is_as_strong(before: MedicationLine, after: MedicationLine) -> bool:
    """True when a piece of the one is as strong as a piece of the other, or neither says how strong it is."""
    one, other = before.strength, after.strength
    if one is None or other is None:
        return one is other
    return _words(one, other, strength_key) is True


def _is_structured(line: MedicationLine) -> bool:
    """True when every row says how much, and how often unless it is as needed."""
    return bool(line.dosage) and all(
        row.dose is not None and (row.as_needed or (row.times is not None and row.days is not None))
        for row in line.dosage
    )


def _structure(line: MedicationLine) -> tuple[DoseRow, ...]:
    return tuple(replace(row, text=None, maxima=()) for row in line.dosage)


def _maximum(before: MedicationLine, after: MedicationLine) -> bool | None:
    """True: the same; None: only one of them says it, or in units that nobody can compare."""
    one, other = _maxima(before), _maxima(after)
    if one == other:
        return True
    same = [
        _is_same_most(
            {each for each in one if each.is_timed is timed}, {each for each in other if each.is_timed is timed}
        )
        for timed in (False, True)
    ]
    if False in same:
        return False
    return True if None not in same or _is_said_the_same(before, after) else None


def _is_same_most(one: set[_Most], other: set[_Most]) -> bool | None:
    if one == other:
        return True
    return False if one and {each.unit for each in one} == {each.unit for each in other} else None


@dataclass(frozen=True, slots=True)
class _Most:
    """A maximum in units that can be compared: milligrams and hours, or what the sender wrote."""

    amount: Decimal
    time: Decimal
    unit: tuple[str, str]
    is_timed: bool


def _maxima(line: MedicationLine) -> tuple[_Most, ...]:
    return tuple(_most(each) for row in line.dosage for each in row.maxima)


def _most(maximum: Maximum) -> _Most:
    amount, per, mass, hours = maximum.amount, maximum.per, maximum.amount.milligrams, maximum.hours
    plain = Decimal() if per is None else per.value
    unit = "" if per is None else per.unit
    return _Most(
        amount.value if mass is None else mass,
        plain if hours is None else hours,
        (amount.unit if mass is None else "mg", unit if hours is None else "h"),
        per is not None,
    )


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


def _words(one: str | None, other: str | None, key: Callable[[str], str | None]) -> bool | None:
    """True: the same, or said by one only; None: words that nobody here knows to be the same or not."""
    if one is None or other is None or plain(one) == plain(other):
        return True
    keys = key(one), key(other)
    return None if None in keys else keys[0] == keys[1]


def is_worded_alike(one: MedicationLine, other: MedicationLine) -> bool:
    """True when ``other`` says nothing in words that ``one`` does not say as well, and is said to be as strong."""
    is_alike = (one.strength is None) is (other.strength is None) and _beside(one) == _beside(other)
    return is_alike and all(
        theirs is None or (mine is not None and plain(mine) == plain(theirs))
        for mine, theirs in ((one.instruction, other.instruction), (one.note, other.note))
    )
