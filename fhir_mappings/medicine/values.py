"""What stands in many places of a line: amounts, numbers and concepts."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from discharge.medication.lines import Quantity
from fhir_mappings.elements import Element

__all__ = ["UCUM", "number", "plain", "quantity", "words"]

UCUM: Final = "http://unitsofmeasure.org"
_ABSURD: Final = 10**9


def number(place: Element) -> Decimal | None:
    """The number that stands there; True is none."""
    value = place.value
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def quantity(place: Element) -> Quantity | None:
    """The amount; ``more than 5`` is none, nor is what nobody can take: those stay words."""
    value = number(place["value"])
    if value is None or place["comparator"].exists or abs(value) >= _ABSURD:
        return None
    code = place.text("code") if place.text("system") == UCUM else None
    return Quantity(value, code or place.text("unit") or "1")


def plain(value: Decimal) -> str:
    """The number without needless zeros."""
    return f"{value.normalize():f}"


def words(concept: Element) -> str | None:
    """A concept in words: its text, else a display, else a code."""
    codings = concept.all("coding")
    said = (concept.text("text"), *(c.text("display") for c in codings), *(c.text("code") for c in codings))
    return next((text for text in said if text is not None), None)
