"""How much a body may weigh, in what form it may come, and in what form the answer may go.

Bytes are counted while they stream in, after authentication and before anything is parsed; a
``Content-Length`` that is honest about being too large is refused before the first byte is read.
"""

from collections.abc import Mapping
from typing import Final

from starlette.types import Message, Receive

from services.web.refusals import BodyTooLargeError, MediaTypeError, NotAcceptableError

__all__ = ["FHIR_JSON", "JSON", "check_accept", "check_body", "limited", "media_type"]

FHIR_JSON: Final = "application/fhir+json"
JSON: Final = "application/json"
_GIVES: Final = (FHIR_JSON, JSON)
_ACCEPTED: Final = frozenset({FHIR_JSON, JSON, "application/*", "*/*"})


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


def check_accept(headers: Mapping[str, str]) -> None:
    """Refuse a client that accepts no JSON.

    Raises:
        NotAcceptableError: ``Accept`` names other types only.
    """
    accept = headers.get("accept", "").strip()
    if accept and not any(_wanted(part) for part in accept.split(",")):
        raise NotAcceptableError(gives=_GIVES)


def _wanted(part: str) -> bool:
    kind, _, parameters = part.partition(";")
    refused = any(
        name.strip().lower() == "q" and value.strip().strip("0") in {"", "."}
        for name, _, value in (parameter.partition("=") for parameter in parameters.split(";"))
    )
    return kind.strip().lower() in _ACCEPTED and not refused


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
