"""What the elements of FHIR R4 are: their order, whether they repeat, and the type that stands in them.

Taken once, type by type, from the models of ``fhir.resources`` when it is first asked for. JSON says of
itself what is a number and what is a list; XML does not, so whoever reads or writes XML asks here.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Final

from msgspec import Struct

from fhir_mappings.r4 import model_of

__all__ = ["RESOURCE", "Form", "Place", "places_of"]

RESOURCE: Final = "Resource"
"""The type of a place where a whole resource stands."""


class Form(StrEnum):
    """How what stands in a place is written in JSON."""

    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    NARRATIVE = "narrative"
    OBJECT = "object"


class Place(Struct, frozen=True):
    """One element of a type."""

    form: Form
    type: str
    """The name of the type that stands here; empty when it is a primitive one."""
    repeats: bool

    @property
    def is_primitive(self) -> bool:
        """True when a value stands here, not an object."""
        return self.form is not Form.OBJECT


_PRIMITIVES: Final[Mapping[object, Form]] = {bool: Form.BOOLEAN, int: Form.INTEGER, Decimal: Form.DECIMAL}


def places_of(name: str) -> Mapping[str, Place] | None:
    """The elements of the type called ``name``, in their order; None when there is no such type."""
    try:
        model = model_of(name)
    except ValueError:
        return None  # Not cached: anything at all may be asked for.
    return _places(model)


@cache
def _places(model: type[typing.Any]) -> Mapping[str, Place]:
    by_name = {field.alias or name: field.annotation for name, field in model.model_fields.items()}
    return {name: _place(by_name[name]) for name in model.elements_sequence()}


def _place(annotation: object) -> Place:
    kind, repeats = _stripped(annotation)
    if typing.get_origin(kind) is not typing.Annotated:
        name = getattr(kind, "__name__", "")
        if kind is bool:
            return Place(Form.BOOLEAN, "", repeats)
        return Place(Form.OBJECT, name.removesuffix("Type"), repeats)
    value, *about = typing.get_args(kind)
    if any(type(each).__name__ == "Xhtml" for each in about):
        return Place(Form.NARRATIVE, "", repeats)
    return Place(_PRIMITIVES.get(value, Form.TEXT), "", repeats)


def _stripped(annotation: object) -> tuple[object, bool]:
    """What is left without Optional and List, and whether there was a List."""
    repeats = False
    while (origin := typing.get_origin(annotation)) not in {None, typing.Annotated}:
        repeats = repeats or origin is list
        annotation = next(each for each in typing.get_args(annotation) if each is not type(None))
    return annotation, repeats
