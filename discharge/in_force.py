"""Which agreement holds where on which day, and what is laid upon it then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from discharge.agreement_values import Document, as_day, as_texts
from discharge.layer_format import Layer, is_layer, parse_layer

__all__ = ["InForce", "ever_in_force", "in_force"]


@dataclass(frozen=True, kw_only=True)
class InForce:
    """What holds at a place on a day."""

    base: Document
    layers: tuple[Document, ...]


_Laid = tuple[Layer, Document]


def in_force(
    documents: Iterable[Document], *, region: str | None, municipality: str | None, day: date
) -> InForce | None:
    """What holds on ``day`` for a stay of ``municipality`` in ``region``; None where nothing does.

    Of several versions the one that began last holds, for as long as it is valid.
    """
    agreements, layers = _apart(documents)
    base = _base_on(agreements, region, day)
    if base is None:
        return None
    theirs = [(parse_layer(each), each) for each in layers if each.get("base") == base.get("id")]
    laid = _laid_on(theirs, region, municipality, day)
    return InForce(base=base, layers=tuple(document for _, document in laid))


def _anywhere(_: str) -> None:
    """Nobody knows where the municipality lies."""


def ever_in_force(
    documents: Iterable[Document], *, region_of: Callable[[str], str | None] = _anywhere
) -> Iterator[InForce]:
    """Everything that holds somewhere on some day, each combination once.

    Args:
        documents: agreements and what is laid upon them.
        region_of: where a municipality lies; None for one that may lie anywhere.
    """
    agreements, documents_of_layers = _apart(documents)
    layers = [(parse_layer(each), each) for each in documents_of_layers]
    seen: set[tuple[tuple[str, str], ...]] = set()
    for region in sorted({region for each in agreements for region in _texts(each, "regions")}):
        days = sorted({day for each in (*agreements, *documents_of_layers) for day in _turning_days(each)})
        parties = sorted({party for layer, _ in layers for party in layer.parties})
        for municipality in (None, *parties):
            if municipality is not None and region_of(municipality) not in {None, region}:
                continue
            near = [each for each in layers if each[0].holds_for(region=region, municipality=municipality)]
            for day in days:
                base = _base_on(agreements, region, day)
                if base is None:
                    continue
                theirs = [each for each in near if each[0].base == base.get("id")]
                laid = tuple(document for _, document in _laid_on(theirs, region, municipality, day))
                names = tuple(_name_of(each) for each in (base, *laid))
                if names not in seen:
                    seen.add(names)
                    yield InForce(base=base, layers=laid)


def _apart(documents: Iterable[Document]) -> tuple[list[Document], list[Document]]:
    agreements: list[Document] = []
    layers: list[Document] = []
    for document in documents:
        (layers if is_layer(document) else agreements).append(document)
    return agreements, layers


def _base_on(agreements: Sequence[Document], region: str | None, day: date) -> Document | None:
    fitting = [each for each in agreements if region in _texts(each, "regions") and _is_valid(each, day)]
    return max(fitting, key=_newest) if fitting else None


def _laid_on(layers: Iterable[_Laid], region: str | None, municipality: str | None, day: date) -> list[_Laid]:
    """Of each layer the version that began last, in the order in which they are laid."""
    valid = [
        (layer, each)
        for layer, each in layers
        if layer.is_valid_on(day) and layer.holds_for(region=region, municipality=municipality)
    ]
    newest: dict[str, _Laid] = {}
    for layer, each in sorted(valid, key=lambda pair: (pair[0].valid_from, pair[0].version)):
        newest[layer.id] = (layer, each)
    return sorted(newest.values(), key=lambda pair: pair[0].order)


def _turning_days(document: Document) -> Iterator[date]:
    """The days on which what holds may change for this document."""
    yield as_day(document.get("valid-from"), "$.valid-from")
    ends = document.get("valid-to")
    if ends is not None:
        yield as_day(ends, "$.valid-to") + timedelta(days=1)


def _name_of(document: Document) -> tuple[str, str]:
    return str(document.get("id")), str(document.get("version"))


def _newest(document: Document) -> tuple[date, str]:
    return as_day(document.get("valid-from"), "$.valid-from"), str(document.get("version"))


def _texts(document: Document, key: str) -> tuple[str, ...]:
    return as_texts(document.get(key, ()), f"$.{key}")


def _is_valid(document: Document, day: date) -> bool:
    begins = as_day(document.get("valid-from"), "$.valid-from")
    ends = document.get("valid-to")
    return begins <= day and (ends is None or day <= as_day(ends, "$.valid-to"))
