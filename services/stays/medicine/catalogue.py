"""Medicine to choose from when a list is written by hand: a small sample, or the list that an operator names.

A source of names and codes, and none of doses: what is prescribed stands on the list alone.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final

from discharge.medication.lines import name_key
from services.settings import SettingsError

__all__ = ["Catalogue", "Product", "Substance", "catalogue_of", "read_catalogue"]

_FEW: Final = 20
_COLUMNS: Final = ("name", "atc", "strengths", "forms", "route")


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


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Substances in the order of their file."""

    substances: tuple[Substance, ...]

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """Every form that something comes in."""
        return tuple(dict.fromkeys(form for each in self.substances for form in each.forms))

    @cached_property
    def _names(self) -> dict[str, Substance]:
        return {name_key(each.name): each for each in reversed(self.substances)}

    def by_name(self, name: str) -> Substance | None:
        """The substance that is called so; a strength behind the name does not matter."""
        return self._names.get(name_key(name))

    def by_code(self, atc: str) -> Substance | None:
        """The first substance with this ATC code."""
        return next((each for each in self.substances if each.atc == atc), None)

    def search(self, words: str) -> tuple[Product, ...]:
        """What begins with ``words``, then what has them anywhere, or an ATC code that begins so; at most 20."""
        said = words.casefold().strip()
        if not said:
            return ()
        begins = [each for each in self.substances if each.name.casefold().startswith(said)]
        has = [
            each
            for each in self.substances
            if not each.name.casefold().startswith(said)
            and (said in each.name.casefold() or each.atc.casefold().startswith(said))
        ]
        return tuple(product for each in (*begins, *has) for product in each.products)[:_FEW]


@cache
def catalogue_of(file: Path | None) -> Catalogue:
    """The catalogue in ``file``; None: the sample that is shipped.

    Raises:
        SettingsError: it cannot be read, or a row of it has no name, code, strength, form or route.
    """
    if file is None:
        return read_catalogue((files("services.stays.medicine") / "substances.csv").read_text(encoding="utf-8"))
    try:
        return read_catalogue(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"STAFET_MEDICINE_CATALOGUE, {file}: {error}") from None


def read_catalogue(text: str) -> Catalogue:
    """A table with the columns name, atc, strengths, forms and route; several strengths and forms with ``|`` between.

    Raises:
        ValueError: a column is missing, or a row leaves one empty; it names the row.
    """
    rows = csv.DictReader(text.splitlines())
    missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
    if missing:
        msg = f"the first row names no column {missing[0]}"
        raise ValueError(msg)
    return Catalogue(substances=tuple(_substance(row, number) for number, row in enumerate(rows, start=2)))


def _substance(row: dict[str, str], number: int) -> Substance:
    empty = next((name for name in _COLUMNS if not (row[name] or "").strip()), None)
    if empty is not None:
        msg = f"row {number} leaves {empty} empty"
        raise ValueError(msg)
    return Substance(
        name=row["name"].strip(),
        atc=row["atc"].strip(),
        strengths=tuple(row["strengths"].split("|")),
        forms=tuple(row["forms"].split("|")),
        route=row["route"].strip(),
    )
