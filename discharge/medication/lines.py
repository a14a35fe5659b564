"""Medicine as a list says it: what is taken, how much, since when and why. Nothing is filled in that was not said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Final

__all__ = [
    "ATC",
    "Change",
    "Coding",
    "DoseRow",
    "LineStatus",
    "Maximum",
    "MedicationLine",
    "Quantity",
    "added",
    "name_key",
]

ATC: Final = "http://www.whocc.no/atc"
_SUBSTANCE_LENGTH: Final = 7
"""Letters and digits of an ATC code that names one substance: level 5."""
_MASS: Final = {
    "g": Decimal(1000),
    "mg": Decimal(1),
    "ug": Decimal("0.001"),
    "µg": Decimal("0.001"),
    "mcg": Decimal("0.001"),
}
_HOURS: Final = {"h": Decimal(1), "d": Decimal(24), "wk": Decimal(168)}
_NOT_SAID: Final = frozenset({"id", "section", "orders", "products", "copied_from"})
"""What a line is known by, and where it stands: nothing that anybody takes."""
_WORD: Final = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)?")
_STRENGTH: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]+)")


class Change(StrEnum):
    """What has become of a line from one list to the next."""

    NEW = "new"
    CHANGED = "changed"
    STOPPED = "stopped"
    PAUSED = "paused"
    UNCHANGED = "unchanged"
    UNCLEAR = "unclear"


class LineStatus(StrEnum):
    """What a list says of taking it. Source: FHIR R4, MedicationStatement.status and MedicationRequest.status."""

    ACTIVE = "active"
    STOPPED = "stopped"
    PAUSED = "on-hold"
    ENDED = "completed"
    """A course that came to its end as it was meant to."""
    NOT_TAKEN = "not-taken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Coding:
    """A code in its system. Systems that nobody here knows are kept as they came."""

    system: str | None
    code: str
    display: str | None = None


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount in a unit; the unit as the sender wrote it, UCUM where there is a choice."""

    value: Decimal
    unit: str

    @property
    def milligrams(self) -> Decimal | None:
        """The amount as a mass; None when the unit is none."""
        factor = _MASS.get(self.unit)
        return None if factor is None else self.value * factor


@dataclass(frozen=True, slots=True)
class Maximum:
    """The most that may be taken in a time; where none is said, at one time.

    Source: FHIR R4, Dosage.maxDosePerPeriod and Dosage.maxDosePerAdministration.
    """

    amount: Quantity
    per: Quantity | None = None

    @property
    def hours(self) -> Decimal | None:
        """The time in hours; None when it is not said, or in no unit of a certain length."""
        factor = None if self.per is None else _HOURS.get(self.per.unit)
        return None if self.per is None or factor is None else self.per.value * factor


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRow:
    """One instruction. Rows of one ``sequence`` run side by side, a higher one follows.

    Source: FHIR R4, Dosage.
    """

    text: str | None = None
    sequence: int = 1
    dose: Quantity | None = None
    times: Decimal | None = None
    """How often in ``days``."""
    days: Decimal | None = None
    """The length of the period, in days."""
    as_needed: bool = False
    as_needed_for: str | None = None
    length: str | None = None
    """For how long, as it was bounded: ``3 d``."""
    maxima: tuple[Maximum, ...] = ()
    beside: tuple[str, ...] = ()
    """What else is said of taking it, for which there is no number here, in words: ``ved sengetid``."""

    @property
    def instruction(self) -> str | None:
        """What it says in words; its numbers among them where it says something beside them."""
        return self.text if not self.beside else added(self.text or self._numbers, self.beside)

    @property
    def _numbers(self) -> str:
        dose = "" if self.dose is None else f"{self.dose.value.normalize():f} {self.dose.unit} "
        if self.times is None or self.days is None:
            return dose
        return f"{dose}x {self.times.normalize():f} / {self.days.normalize():f} d"

    @property
    def daily(self) -> Quantity | None:
        """The amount a day; None when it is not said, or only taken as needed."""
        if self.dose is None or self.times is None or not self.days or self.as_needed:
            return None
        return Quantity(self.dose.value * self.times / self.days, self.dose.unit)


@dataclass(frozen=True, kw_only=True)
class MedicationLine:
    """One line of one list.

    ``id`` is unique among all lists of a stay.
    """

    id: str
    name: str | None
    """As the list shows it; None: it names no product, which is a question to whoever wrote it."""
    codes: tuple[Coding, ...] = ()
    orders: frozenset[tuple[str, str]] = frozenset()
    """System and value of the prescriptions that it comes from: the same from list to list."""
    products: frozenset[tuple[str, str]] = frozenset()
    """System and value of package or product numbers."""
    strength: str | None = None
    form: str | None = None
    route: str | None = None
    dosage: tuple[DoseRow, ...] = ()
    dosage_text: str | None = None
    """The whole instruction in the sender's words."""
    status: LineStatus = LineStatus.UNKNOWN
    begins: date | None = None
    ends: date | None = None
    indication: str | None = None
    change: Change | None = None
    """What the list itself says has become of it."""
    change_reason: str | None = None
    supply: str | None = None
    """What was handed over, in words: ``3 tablets on 2026-11-20``."""
    section: str | None = None
    """Where in its document it stands."""
    note: str | None = None
    copied_from: str | None = None
    """The id of the line in a document that a person began with when writing this one."""
    is_words: bool = False
    """True: no medicine of its own but what a list says in words alone, which somebody has to read."""

    @cached_property
    def atc(self) -> str | None:
        """The substance: ATC level 5; None when no code goes that far."""
        found = (each.code.strip().upper() for each in self.codes if each.system == ATC)
        return next((code for code in found if len(code) == _SUBSTANCE_LENGTH), None)

    @property
    def is_taken(self) -> bool | None:
        """Whether it is to be taken; None when the list does not say."""
        return None if self.status is LineStatus.UNKNOWN else self.status is LineStatus.ACTIVE

    @cached_property
    def said(self) -> tuple[object, ...]:
        """What it says, whatever it is called here, where it stands, and how its numbers are written."""
        return tuple(_canonical(getattr(self, each.name)) for each in fields(self) if each.name not in _NOT_SAID)

    @property
    def is_nameless(self) -> bool:
        """True when nobody can tell which product it is: no name and no code."""
        return self.name is None and not self.codes and not self.is_words

    @cached_property
    def mark(self) -> str:
        """What the line is known by from list to list: the strongest that it has."""
        if self.is_words:
            return "words"
        known = min(self.orders, default=None) or min(self.products, default=None)
        if known is not None:
            return "|".join(known)
        if self.is_nameless:
            return f"line|{self.id}"
        parts = (self.atc or (self.name or self.codes[0].code).casefold(), self.strength, self.form, self.route)
        return "|".join((part or "").casefold() for part in parts)

    @cached_property
    def name_key(self) -> str | None:
        """The name for comparing, without case, strength and what follows."""
        return None if self.name is None else name_key(self.name)

    @property
    def instruction(self) -> str | None:
        """What the list says of taking it, in its own words."""
        if self.dosage_text:
            return added(self.dosage_text, (words for row in self.dosage for words in row.beside))
        return "; ".join(words for row in self.dosage if (words := row.instruction)) or None

    @cached_property
    def daily(self) -> Quantity | None:
        """The amount a day; None when it changes over time, is not said, or its parts cannot be added."""
        if not self.dosage or len({row.sequence for row in self.dosage}) > 1:
            return None
        parts = [row.daily for row in self.dosage]
        known = [part for part in parts if part is not None]
        if (
            len(known) < len(parts)
            or len({part.unit for part in known}) > 1
            or len({row.length for row in self.dosage}) > 1
        ):
            return None
        return Quantity(sum((part.value for part in known), Decimal()), known[0].unit)

    @property
    def daily_milligrams(self) -> Decimal | None:
        """The mass of substance a day: said, or counted in pieces of a known strength; None when neither is."""
        daily = self.daily
        if daily is None or daily.milligrams is not None:
            return None if daily is None else daily.milligrams
        piece = None if self.strength is None else _STRENGTH.fullmatch(self.strength.strip())
        if piece is None:
            return None
        each = Quantity(Decimal(piece[1].replace(",", ".")), piece[2].lower()).milligrams
        return None if each is None else daily.value * each

    @property
    def as_needed(self) -> bool | None:
        """True: taken as needed; None: the list says nothing of dosage, or mixes both."""
        said = {row.as_needed for row in self.dosage}
        return said.pop() if len(said) == 1 else None


def added(said: str, words: Iterable[str]) -> str:
    """``said`` with what stands beside it, but for what it says itself."""
    spoken = said.casefold()
    more = (each for each in dict.fromkeys(words) if not _says(spoken, each.casefold()))
    return ", ".join(part for part in (said.strip(), *more) if part)


def _says(spoken: str, words: str) -> bool:
    """True where the words stand as they are: ``formiddag`` says nothing of ``middag``."""
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", spoken) is not None


def _canonical(value: object) -> object:
    """The same for the same: ``1`` and ``1.0`` are one number."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, tuple):
        return tuple(map(_canonical, value))
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(_canonical(getattr(value, each.name)) for each in fields(value))
    return value


def name_key(name: str) -> str:
    """``name`` as it is compared: lower case, one space, up to the first number.

    That number is the strength or the package: ``Pinex 500 mg`` is ``pinex``. A name that begins with one keeps it.
    """
    words = [word.casefold() for word in _WORD.findall(name)]
    ends = next((place for place, word in enumerate(words) if place and word[0].isdigit()), len(words))
    return " ".join(words[:ends])
