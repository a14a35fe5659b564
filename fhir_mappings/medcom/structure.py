"""The structural stage: each resource of a message against the model of its type."""

from __future__ import annotations

from discharge.commands import Issue
from fhir_mappings.elements import Element, Json
from fhir_mappings.medcom.message import Message
from fhir_mappings.r4 import shape_findings

__all__ = ["structure"]


def structure(message: Message) -> tuple[Issue, ...]:
    """What keeps a resource of the message, or the bundle round them, from being what it says it is."""
    bundle = message.bundle
    placed: list[Json] = [_without_resource(place) for place in bundle.root.all("entry")]
    shell = bundle.root.fields | {"entry": placed}
    resources = (
        issue
        for entry in bundle.entries
        for issue in shape_findings(entry.resource.value, expression=entry.resource.path)
    )
    return (*shape_findings(shell, expression="Bundle"), *resources)


def _without_resource(place: Element) -> Json:
    if not isinstance(place.value, dict):
        return place.value
    return {name: value for name, value in place.value.items() if name != "resource"}
