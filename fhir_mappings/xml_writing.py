"""A resource as XML: elements in the order of their definition, values in attributes.

Source: FHIR R4, XML representation of resources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Final
from xml.sax.saxutils import quoteattr

from fhir_mappings.definitions import RESOURCE, Form, Place, places_of
from fhir_mappings.elements import Json, JsonObject
from fhir_mappings.xhtml import written
from fhir_mappings.xml_text import FHIR

__all__ = ["write"]

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,63}", re.ASCII)
_NO_CHARACTER: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNKNOWN: Final = Place(Form.TEXT, "", repeats=False)
_ATTRIBUTES: Final = ("id", "url")


def write(resource: JsonObject) -> bytes:
    """The resource as XML, in UTF-8.

    Raises:
        ValueError: an element has a name that none in FHIR has.
    """
    return (_HEAD + "".join(_resource(resource, root=True))).encode()


def _resource(resource: JsonObject, *, root: bool = False) -> Iterator[str]:
    name = _named(str(resource.get("resourceType")))
    fields = {key: value for key, value in resource.items() if key != "resourceType"}
    yield f'<{name} xmlns="{FHIR}">' if root else f"<{name}>"
    yield from _children(fields, places_of(name) or {}, attributes=())
    yield f"</{name}>"


def _children(fields: JsonObject, places: Mapping[str, Place], *, attributes: Iterable[str]) -> Iterator[str]:
    """The elements of an object in their order, then those that FHIR does not know."""
    given = dict.fromkeys(name.removeprefix("_") for name in fields)
    for name in (*(each for each in places if each in given), *(each for each in given if each not in places)):
        if name not in attributes:
            yield from _element(name, places.get(name, _UNKNOWN), fields.get(name), fields.get(f"_{name}"))


def _element(name: str, place: Place, value: Json, beside: Json) -> Iterator[str]:
    """One element, or as many as it repeats."""
    _named(name)
    values = value if isinstance(value, list) else [] if value is None else [value]
    extras = beside if isinstance(beside, list) else [] if beside is None else [beside]
    for each, extra in zip_longest(values, extras):
        if place.form is Form.NARRATIVE and isinstance(each, str):
            yield written(each)
        elif place.type == RESOURCE and isinstance(each, dict):
            yield f"<{name}>"
            yield from _resource(each)
            yield f"</{name}>"
        elif isinstance(each, dict):
            yield from _object(name, place, each)
        else:
            yield from _primitive(name, each, extra if isinstance(extra, dict) else {})


def _object(name: str, place: Place, fields: JsonObject) -> Iterator[str]:
    places = places_of(place.type) or {}
    said = [each for each in _ATTRIBUTES if isinstance(fields.get(each), str) and f"_{each}" not in fields]
    # `url` is an attribute of extensions alone, `id` of every element.
    attributes = [each for each in said if each == "id" or place.type == "Extension"]
    yield f"<{name}{_attributes({each: fields[each] for each in attributes})}>"
    yield from _children(fields, places, attributes=attributes)
    yield f"</{name}>"


def _primitive(name: str, value: Json, extra: JsonObject) -> Iterator[str]:
    identity = {"id": extra["id"]} if "id" in extra else {}
    said = {} if value is None else {"value": value}
    opening = f"<{name}{_attributes(identity | said)}"
    if "extension" not in extra:
        yield f"{opening}/>"
        return
    yield f"{opening}>"
    yield from _element("extension", Place(Form.OBJECT, "Extension", repeats=True), extra["extension"], None)
    yield f"</{name}>"


def _attributes(named: Mapping[str, Json]) -> str:
    return "".join(f" {name}={quoteattr(_text(value))}" for name, value in named.items())


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NO_CHARACTER.sub("\ufffd", str(value))


def _named(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        msg = "not the name of an element"
        raise ValueError(msg)
    return name
