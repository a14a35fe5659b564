"""Where References in a Bundle lead: by fullUrl, by type and id, or into the resource that they stand in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from fhir_mappings.elements import Element

__all__ = ["NOWHERE", "contained", "places_of", "resolved"]

NOWHERE: Final = Element("Reference", None)
"""What a Reference leads to that leads nowhere."""


def places_of(entries: Iterable[Element]) -> Mapping[str, Element]:
    """Every resource by what it may be pointed at; a fullUrl wins over type and id, the first over the second."""
    by_id: dict[str, Element] = {}
    by_url: dict[str, Element] = {}
    for entry in entries:
        resource, full = entry["resource"], entry.text("fullUrl")
        kind, named = resource.text("resourceType"), resource.text("id")
        if kind is not None and named is not None:
            by_id.setdefault(f"{kind}/{named}", resource)
        if full is not None:
            by_url.setdefault(full, resource)
    return by_id | by_url


def resolved(reference: Element, places: Mapping[str, Element]) -> Element:
    """What ``reference`` leads to; ``NOWHERE`` where it leads to nothing that came with it."""
    target = reference.text("reference")
    if target is None:
        return NOWHERE
    if target.startswith("#"):
        return contained(reference, target[1:])
    return places.get(target.partition("/_history/")[0], NOWHERE)


def contained(reference: Element, wanted: str) -> Element:
    """The resource called ``wanted`` inside the one that ``reference`` stands in."""
    place: Element | None = reference
    while place is not None:
        found = next((each for each in place.all("contained") if each.text("id") == wanted), None)
        if found is not None:
            return found
        place = place.above
    return NOWHERE
