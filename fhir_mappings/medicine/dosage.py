"""Dosage -> the rows of a line, and how it is given.

What is said in numbers is read as numbers; all else stands beside them in words.
Source: FHIR R4, Dosage, Timing and MedicationAdministration.dosage; eu-discharge-report digest 6.3.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Final

from discharge.medication.lines import DoseRow, Maximum
from fhir_mappings.elements import Element
from fhir_mappings.medicine.beside import words_beside
from fhir_mappings.medicine.values import number, plain, quantity, words

__all__ = ["read_dosage"]

_DAYS: Final = {"h": Fraction(1, 24), "d": Fraction(1), "wk": Fraction(7)}
"""Periods whose length in days is always the same."""
_UNCOUNTED: Final = (
    "frequencyMax", "periodMax", "dayOfWeek", "timeOfDay", "boundsRange", "count", "countMax",
)  # fmt: skip
"""Parts of a timing with which an amount a day cannot be reckoned."""
_ROUTES: Final = {
    # SNOMED CT
    "26643006": "oral",
    "78421000": "intramuscular",
    "47625008": "intravenous",
    "34206005": "subcutaneous",
    "37161004": "rectal",
    # EDQM Standard Terms
    "20053000": "oral",
    "20035000": "intramuscular",
    "20045000": "intravenous",
    "20066000": "subcutaneous",
    "20061000": "rectal",
    "20020000": "inhalation",
    "20049000": "nasal",
}
"""Codes of different systems for one route, so that lists that use them can be compared; others stay as they are."""


def read_dosage(resource: Element) -> tuple[str | None, tuple[DoseRow, ...]]:
    """The route, and the instructions; one that only says the route is none."""
    dosages = _dosages(resource)
    route = next((route for row in dosages if (route := _route(row["route"])) is not None), None)
    rows = (_row(row, route) for row in dosages)
    return route, tuple(row for row in rows if row != DoseRow(sequence=row.sequence))


def _dosages(resource: Element) -> tuple[Element, ...]:
    single = resource["dosage"]
    if single.fields:
        return (single,)
    return (*resource.all("dosage"), *resource.all("dosageInstruction"))


def _route(concept: Element) -> str | None:
    known = (_ROUTES.get(coding.text("code") or "") for coding in concept.all("coding"))
    return next((route for route in known if route is not None), None) or words(concept)


def _row(row: Element, line_route: str | None) -> DoseRow:
    sequence = row["sequence"].value
    times, days = _often(row)
    amounts = [quantity(each["doseQuantity"]) for each in row.all("doseAndRate")] or [quantity(row["dose"])]
    # A range, or two amounts: they are said beside the numbers.
    dose = amounts[0] if len(amounts) == 1 else None
    route = _route(row["route"])
    return DoseRow(
        text=row.text("text"),
        sequence=sequence if isinstance(sequence, int) and not isinstance(sequence, bool) else 1,
        dose=dose,
        times=times,
        days=days,
        as_needed=row["asNeededBoolean"].value is True or row["asNeededCodeableConcept"].exists,
        as_needed_for=words(row["asNeededCodeableConcept"]),
        length=_length(row["timing"]["repeat"]),
        maxima=tuple(_maxima(row)),
        beside=words_beside(
            row, often=times is None, amount=dose is None, route=None if route == line_route else route
        ),
    )


def _maxima(row: Element) -> Iterator[Maximum]:
    """The most at one time, and the most in a time; a time that is not said is none."""
    each, ratio = quantity(row["maxDosePerAdministration"]), row["maxDosePerPeriod"]
    if each is not None:
        yield Maximum(each)
    amount, per = quantity(ratio["numerator"]), quantity(ratio["denominator"])
    if amount is not None and per is not None:
        yield Maximum(amount, per)


def _often(row: Element) -> tuple[Decimal | None, Decimal | None]:
    """How often in how many days."""
    timing, repeat = row["timing"], row["timing"]["repeat"]
    often, when = number(repeat["frequency"]), repeat["when"].value
    if often is None and isinstance(when, list):
        often = Decimal(len(when))
    unit = _DAYS.get(repeat.text("periodUnit") or "")
    period = number(repeat["period"])
    is_more = any(place["modifierExtension"].exists for place in (row, timing)) or timing["event"].exists
    if often is None or unit is None or not period or is_more or any(repeat[name].exists for name in _UNCOUNTED):
        return None, None
    if unit >= 1:
        return often, period * int(unit)
    # Hours: 1 in 8 is 3 in a day, to the last digit; what is compared must not differ by rounding.
    a_day = Fraction(often) / Fraction(period) / unit
    return Decimal(a_day.numerator), Decimal(a_day.denominator)


def _length(repeat: Element) -> str | None:
    """For how long, as it is bounded."""
    bounds, period = quantity(repeat["boundsDuration"]), repeat["boundsPeriod"]
    if period.text("start") is not None or period.text("end") is not None:
        return "..".join(period.text(end) or "" for end in ("start", "end"))
    return None if bounds is None else f"{plain(bounds.value)} {bounds.unit}"
