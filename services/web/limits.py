"""How much a body may weigh, in what form it may come, and in what form the answer may go.

Bytes are counted while they stream in, after authentication and before anything is parsed; a
``Content-Length`` that is honest about being too large is refused before the first byte is read.
"""

import re
from collections.abc import Mapping
from typing import Final

from starlette.types import Message, Receive

from fhir_mappings.wire import Format
from services.web.refusals import BodyTooLargeError, MediaTypeError, NotAcceptableError

__all__ = [
    "EITHER_FORMAT",
    "FHIR_JSON",
    "FHIR_XML",
    "JSON",
    "answer_format",
    "body_format",
    "check_body",
    "limited",
    "media_type",
]

FHIR_JSON: Final = "application/fhir+json"
JSON: Final = "application/json"
FHIR_XML: Final = "application/fhir+xml"
_JSON_TYPES: Final = (FHIR_JSON, JSON)
_XML_TYPES: Final = (FHIR_XML, "application/xml", "text/xml")
EITHER_FORMAT: Final = (*_JSON_TYPES, *_XML_TYPES)
"""What a route takes that takes messages: such a route answers in either format, too."""
_WEIGHT: Final = re.compile(r"(?:0(?:\.[0-9]*)?|1(?:\.0*)?)", re.ASCII)
_TYPES: Final[Mapping[Format, tuple[str, ...]]] = {Format.JSON: _JSON_TYPES, Format.XML: _XML_TYPES}


def media_type(value: str | None) -> str | None:
    """The type in a ``Content-Type``, without parameters and in lower case."""
    return value.partition(";")[0].strip().lower() if value else None


def check_body(headers: Mapping[str, str], *, limit: int, takes: tuple[str, ...]) -> None:
    """Refuse what can be told from the headers alone.

    Raises:
        BodyTooLargeError: the announced length is over ``limit``.
        MediaTypeError: the body is compressed, or of another type than ``takes``.
    """
    length = headers.get("content-length")
    has_body = headers.get("transfer-encoding") is not None or length not in {None, "0"}
    if not has_body:
        return
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        # A small body may hold a huge one; nothing here unpacks.
        raise MediaTypeError(takes=("Content-Encoding: identity",))
    if takes and media_type(headers.get("content-type")) not in takes:
        raise MediaTypeError(takes=takes)
    if length is not None and length.isdecimal() and int(length) > limit:
        raise BodyTooLargeError(limit=limit)


def body_format(headers: Mapping[str, str]) -> Format:
    """What the body is said to be; JSON where nothing says XML."""
    return Format.XML if media_type(headers.get("content-type")) in _XML_TYPES else Format.JSON


def answer_format(headers: Mapping[str, str], *, takes: tuple[str, ...]) -> Format:
    """The format that the client wants of an answer: by ``Accept``, and what it sent itself decides a tie.

    Args:
        headers: of the request.
        takes: media types that the route takes; it answers in XML where it takes XML.

    Raises:
        NotAcceptableError: ``Accept`` names only what this route does not make.
    """
    gives = [Format.JSON, Format.XML] if FHIR_XML in takes else [Format.JSON]
    # The format of the body first: of equals, the first wins.
    gives.sort(key=lambda format_: format_ is not body_format(headers))
    accept = headers.get("accept", "").strip()
    if not accept:
        return gives[0]
    weights = dict(_weighed(part) for part in accept.split(","))
    best = max(gives, key=lambda format_: _weight(format_, weights))
    if _weight(best, weights) <= 0:
        raise NotAcceptableError(gives=tuple(kind for format_ in gives for kind in _TYPES[format_]))
    return best


def _weighed(part: str) -> tuple[str, float]:
    kind, *parameters = (each.strip().lower() for each in part.split(";"))
    weight = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            value = value.strip()
            weight = float(value) if _WEIGHT.fullmatch(value) else 0.0
    return kind, weight


def _weight(format_: Format, weights: Mapping[str, float]) -> float:
    """How much a format is wanted: the closest range decides. Source: RFC 9110, section 12.5.1."""
    types = _TYPES[format_]
    for ranges in (types, tuple(f"{kind.partition('/')[0]}/*" for kind in types), ("*/*",)):
        named = [weights[each] for each in ranges if each in weights]
        if named:
            return max(named)
    return 0.0


def limited(receive: Receive, limit: int) -> Receive:
    """``receive`` that counts.

    Raises:
        BodyTooLargeError: when called, the bytes so far are over ``limit``.
    """
    total = 0

    async def counting() -> Message:
        nonlocal total
        message = await receive()
        if message["type"] == "http.request":
            total += len(message.get("body", b""))
            if total > limit:
                raise BodyTooLargeError(limit=limit)
        return message

    return counting
