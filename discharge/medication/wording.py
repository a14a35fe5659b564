"""Different words for the same form, route or strength, as far as they are known; what is not known is not guessed."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from discharge.medication.lines import Quantity

__all__ = ["form_key", "plain", "route_key", "strength_key"]

_ROUTE_WORDS: Final = {
    "oral": ("oral", "oralt", "oral use", "oral route", "per os", "p.o.", "po", "peroral", "peroralt", "gennem munden"),
    "intravenous": ("intravenous", "intravenøs", "intravenøst", "intravenous use", "i.v.", "iv", "i en blodåre"),
    "subcutaneous": ("subcutaneous", "subkutan", "subkutant", "subcutaneous use", "s.c.", "sc", "under huden"),
    "intramuscular": ("intramuscular", "intramuskulær", "intramuskulært", "intramuscular use", "i.m.", "im"),
    "rectal": ("rectal", "rektal", "rektalt", "rectal use", "i endetarmen"),
    "inhalation": ("inhalation", "inhalation use", "til inhalation"),
    "nasal": ("nasal", "nasalt", "nasal use", "i næsen"),
    "transdermal": ("transdermal", "transdermalt", "transdermal use", "på huden"),
}
_FORM_WORDS: Final = {
    "tablet": (
        "tablet", "tabletter", "tablets", "filmovertrukken tablet", "filmovertrukne tabletter",
        "film-coated tablet", "film-coated tablets",
    ),
    "depottablet": ("depottablet", "depottabletter", "prolonged-release tablet", "prolonged-release tablets"),
    "enterotablet": ("enterotablet", "enterotabletter", "gastro-resistant tablet", "gastro-resistant tablets"),
    "capsule": ("kapsel", "kapsler", "capsule", "capsules", "kapsel, hård", "hårde kapsler", "capsule, hard"),
    "depotcapsule": ("depotkapsel", "depotkapsler", "prolonged-release capsule", "prolonged-release capsules"),
    "patch": ("plaster", "plastre", "depotplaster", "depotplastre", "transdermal patch"),
    "solution": ("oral opløsning", "oral solution", "mikstur", "opløsning"),
    "injection": ("injektionsvæske", "injektionsvæske, opløsning", "solution for injection"),
}  # fmt: skip
_ROUTES: Final = MappingProxyType({word: key for key, words in _ROUTE_WORDS.items() for word in words})
_FORMS: Final = MappingProxyType({word: key for key, words in _FORM_WORDS.items() for word in words})
_AMOUNT: Final = re.compile(r"(\d+(?:[.,]\d+)?)\s*([^\W\d_]+)")


@lru_cache(maxsize=1024)
def route_key(text: str) -> str | None:
    """The route that ``text`` is a word for; None when it is not known."""
    return _ROUTES.get(plain(text))


@lru_cache(maxsize=1024)
def form_key(text: str) -> str | None:
    """The form that ``text`` is a word for; None when it is not known. A depot tablet is no tablet."""
    return _FORMS.get(plain(text))


@lru_cache(maxsize=4096)
def strength_key(text: str) -> str | None:
    """The strength as milligrams, else as amount and unit; None when it is not one amount in one unit."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        return None
    amount = Quantity(Decimal(found[1].replace(",", ".")), found[2].lower())
    mass = amount.milligrams
    value, unit = (amount.value, amount.unit) if mass is None else (mass, "mg")
    return f"{value.normalize():f} {unit}"


def plain(text: str) -> str:
    """``text`` without case and needless spaces."""
    return " ".join(text.casefold().split())
