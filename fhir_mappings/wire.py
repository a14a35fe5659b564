"""The two formats in which FHIR travels. Whatever reads, reads the same value out of either."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import orjson

from fhir_mappings import json_text, xml_text, xml_writing
from fhir_mappings.elements import JsonObject
from fhir_mappings.errors import XmlTextError

__all__ = ["Format", "format_of", "parse_resource", "rendered"]

_BLANK: Final = b" \t\r\n"
_MARK: Final = b"\xef\xbb\xbf"


class Format(StrEnum):
    """A format, by its media type."""

    JSON = "application/fhir+json"
    XML = "application/fhir+xml"


def format_of(body: bytes) -> Format:
    """What ``body`` looks like: no JSON begins with an angle bracket, and all XML does."""
    return Format.XML if body[:64].removeprefix(_MARK).lstrip(_BLANK).startswith(b"<") else Format.JSON


def parse_resource(body: bytes, *, expected: str, media: Format | None = None) -> JsonObject:
    """The resource of type ``expected`` that ``body`` holds, as JSON.

    Args:
        body: the resource as it travelled.
        expected: the only type that is taken.
        media: what it was said to be; None: what it looks like.

    Raises:
        JsonTextError: it is not JSON as we take it, or another kind of thing.
        XmlTextError: it is not XML as we take it, or another kind of thing.
    """
    if (media or format_of(body)) is Format.JSON:
        return json_text.parse_object(body, expected=expected)
    resource = xml_text.parse(body)
    if resource["resourceType"] != expected:
        raise XmlTextError(json_text.another_type(expected))
    return resource


def rendered(resource: JsonObject, media: Format) -> bytes:
    """The resource as it travels."""
    return orjson.dumps(resource) if media is Format.JSON else xml_writing.write(resource)
