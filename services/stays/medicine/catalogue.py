"""Medicine to choose from: a small sample of common substances, shipped so that a ward can write a list by hand.

A sample for finding names and codes, and no source of doses: what is prescribed stands on the list alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from discharge.medication.lines import name_key

__all__ = ["Product", "Substance", "by_name", "search", "substances"]

_FEW = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One choice: a substance in one strength and form."""

    name: str
    atc: str
    strength: str
    form: str
    route: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Substance:
    """A substance with what it comes in."""

    name: str
    atc: str
    strengths: tuple[str, ...]
    forms: tuple[str, ...]
    route: str

    @property
    def products(self) -> Iterator[Product]:
        """Each strength in each form."""
        return (
            Product(name=self.name, atc=self.atc, strength=strength, form=form, route=self.route)
            for form in self.forms
            for strength in self.strengths
        )


@cache
def substances() -> tuple[Substance, ...]:
    """All of them, by name."""
    text = (files("services.stays.medicine") / "substances.csv").read_text(encoding="utf-8")
    return tuple(
        Substance(
            name=row["name"],
            atc=row["atc"],
            strengths=tuple(row["strengths"].split("|")),
            forms=tuple(row["forms"].split("|")),
            route=row["route"],
        )
        for row in csv.DictReader(text.splitlines())
    )


@cache
def _names() -> dict[str, Substance]:
    return {name_key(each.name): each for each in substances()}


def by_name(name: str) -> Substance | None:
    """The substance that is called so; a strength behind the name does not matter."""
    return _names().get(name_key(name))


def search(words: str) -> tuple[Product, ...]:
    """What begins with ``words``, then what has them anywhere, or an ATC code that begins so; at most 20."""
    said = words.casefold().strip()
    if not said:
        return ()
    begins = [each for each in substances() if each.name.casefold().startswith(said)]
    has = [
        each
        for each in substances()
        if each not in begins and (said in each.name.casefold() or each.atc.casefold().startswith(said))
    ]
    return tuple(product for each in (*begins, *has) for product in each.products)[:_FEW]
