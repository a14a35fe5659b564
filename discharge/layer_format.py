"""Documents of layers, each value checked: ``discharge.layers`` lays them upon an agreement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from discharge.agreement_format import RULE_KEYS
from discharge.agreement_values import Document, as_day, as_mapping, as_one, as_sequence, as_text, as_texts
from discharge.errors import AgreementError

__all__ = [
    "CHANGES",
    "LAYER_KEYS",
    "Layer",
    "LayerKind",
    "changes_of",
    "is_layer",
    "names_in",
    "parse_layer",
    "require_apart",
]

LAYER_KEYS: Final = frozenset(
    {"kind", "id", "version", "title", "source", "base", "regions", "parties", "valid-from", "valid-to", "changes"}
)
CHANGES: Final = {
    "rule": frozenset({"rule", "code", "set", "suspend"}),
    "gate": frozenset({"gate", "suspend"}),
    "add": frozenset({"add"}),
    "add-gate": frozenset({"add-gate"}),
    "calendars": frozenset({"calendars"}),
    "parties": frozenset({"parties"}),
}
_SETTABLE: Final = RULE_KEYS - {"id", "code", "may-deviate"}
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,63}", re.ASCII)
_VERSION: Final = re.compile(r"[A-Za-z0-9.-]{1,32}", re.ASCII)


class LayerKind(StrEnum):
    """Whose layer it is. Deviations are laid first."""

    DEVIATION = "deviation"
    OVERLAY = "overlay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """Changes to an agreement, with whom and when they hold for."""

    kind: LayerKind
    id: str
    version: str
    title: str
    base: str
    """Id of the agreement that it is laid upon."""
    regions: frozenset[str] = frozenset()
    """Empty: every region of the agreement."""
    parties: frozenset[str] = frozenset()
    """SOR codes of the municipalities it holds for; empty, in an overlay only: everybody."""
    valid_from: date
    valid_to: date | None = None
    changes: tuple[Document, ...]

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.id} {self.version}"

    @property
    def order(self) -> tuple[bool, date, str, str]:
        """Its place among others, whatever order they were loaded in."""
        return (self.kind is LayerKind.OVERLAY, self.valid_from, self.id, self.version)

    def is_valid_on(self, day: date) -> bool:
        """Tell whether it is in force; the last day counts."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def holds_for(self, *, region: str | None, municipality: str | None) -> bool:
        """Tell whether it concerns a stay of ``municipality`` in ``region``."""
        fits_region = not self.regions or region in self.regions
        return fits_region and (not self.parties or municipality in self.parties)


def is_layer(document: Document) -> bool:
    """Tell whether ``document`` is laid upon an agreement, and is none itself."""
    return "kind" in document


def parse_layer(document: object) -> Layer:
    """The layer that ``document`` describes; what it changes is looked at with its agreement only.

    Raises:
        AgreementError: with the path of the first thing that cannot be followed.
    """
    top = as_mapping(document, "$", LAYER_KEYS)
    kind = as_one(LayerKind, top.get("kind"), "$.kind")
    parties = frozenset(as_texts(top.get("parties", ()), "$.parties"))
    if kind is LayerKind.DEVIATION and not parties:
        raise AgreementError(path="$.parties", problem="a deviation names the municipalities that it holds for")
    for sor in parties:
        if not (sor.isascii() and sor.isdigit()):
            raise AgreementError(path="$.parties", problem=f"{sor} is no SOR code")
    valid_from = as_day(top.get("valid-from"), "$.valid-from")
    valid_to = None if top.get("valid-to") is None else as_day(top.get("valid-to"), "$.valid-to")
    if valid_to is not None and valid_to < valid_from:
        raise AgreementError(path="$.valid-to", problem="before valid-from; it would never hold")
    return Layer(
        kind=kind,
        id=_matching(_NAME, top, "id", "small letters, digits and hyphens"),
        version=_matching(_VERSION, top, "version", "letters, digits, dots and hyphens"),
        title=as_text(top, "title", "$"),
        base=as_text(top, "base", "$"),
        regions=frozenset(as_texts(top.get("regions", ()), "$.regions")),
        parties=parties,
        valid_from=valid_from,
        valid_to=valid_to,
        changes=changes_of(top.get("changes")),
    )


def _matching(form: re.Pattern[str], top: Document, key: str, words: str) -> str:
    text = as_text(top, key, "$")
    if form.fullmatch(text) is None:
        raise AgreementError(path=f"$.{key}", problem=f"only {words}")
    return text


def changes_of(item: object) -> tuple[Document, ...]:
    """The changes that stand under ``$.changes``, each of one kind.

    Raises:
        AgreementError: one cannot be followed, or there is none.
    """
    rows = []
    for number, each in enumerate(as_sequence(item, "$.changes")):
        path = f"$.changes[{number}]"
        row = as_mapping(each, path)
        kinds = [kind for kind in CHANGES if kind in row]
        if len(kinds) != 1:
            raise AgreementError(path=path, problem=f"exactly one of {', '.join(CHANGES)}")
        as_mapping(row, path, CHANGES[kinds[0]])
        if kinds[0] in {"rule", "gate"}:
            as_text(row, kinds[0], path)
            if row.get("suspend", True) is not True or ("set" in row) is ("suspend" in row):
                raise AgreementError(path=path, problem="either set, or suspend: true")
            _require_settable(row, path)
        else:
            as_mapping(row[kinds[0]], f"{path}.{kinds[0]}")
        rows.append(row)
    if not rows:
        raise AgreementError(path="$.changes", problem="at least one; the layer would change nothing")
    return tuple(rows)


def _require_settable(row: Document, path: str) -> None:
    if "set" not in row:
        return
    new = as_mapping(row["set"], f"{path}.set")
    if not new:
        raise AgreementError(path=f"{path}.set", problem="at least one field; it would change nothing")
    for name in new:
        if name not in _SETTABLE:
            raise AgreementError(path=f"{path}.set.{name}", problem=f"known are {', '.join(sorted(_SETTABLE))}")


def require_apart(layer: Layer, others: Iterable[Layer]) -> None:
    """Let ``layer`` pass if nobody needs to ask which of two holds: none of its kind touches the same at that time.

    A later version of the same layer takes over on the day it begins.

    Raises:
        AgreementError: which other layer is in the way, and where.
    """
    touched = _touched(layer)
    for other in others:
        if other.kind is not layer.kind or other.base != layer.base:
            continue
        if other.id == layer.id and other.valid_from != layer.valid_from:
            continue
        if (other.id, other.version) == (layer.id, layer.version) or not _meet(layer, other):
            continue
        shared = sorted(touched & _touched(other))
        if shared:
            problem = f"{other.name} changes {', '.join(shared)} at that time for the same parties; end it first"
            raise AgreementError(path="$.changes", problem=problem)


def _touched(layer: Layer) -> frozenset[str]:
    """What a layer has to do with: rules by their number, since rows of one rule belong together."""
    found = set()
    for change in layer.changes:
        match change:
            case {"rule": rule}:
                found.add(str(rule))
            case {"add": {"id": rule}}:
                found.add(str(rule))
            case {"gate": gate} | {"add-gate": {"id": gate}}:
                found.add(f"gate {gate}")
            case {"calendars": {**parts}} | {"parties": {**parts}}:
                found |= {f"{part}.{name}" for part, names in parts.items() for name in names_in(names)}
            case _:
                found.add("calendars")
    return frozenset(found)


def names_in(item: object) -> Sequence[str]:
    """The keys of a mapping, the items of a list, or a single value, as texts."""
    if isinstance(item, str) or not isinstance(item, Mapping | Sequence):
        return [str(item)]
    return [str(name) for name in item]


def _meet(one: Layer, other: Layer) -> bool:
    days = (one.valid_to is None or other.valid_from <= one.valid_to) and (
        other.valid_to is None or one.valid_from <= other.valid_to
    )
    places = not one.parties or not other.parties or bool(one.parties & other.parties)
    regions = not one.regions or not other.regions or bool(one.regions & other.regions)
    return days and places and regions
