"""Answers with a version: ETag, Last-Modified, 304, and the version that a change was decided on."""

import re
from datetime import datetime
from email.utils import format_datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fhir_mappings.elements import JsonObject
from services.web.outcome import FhirResponse
from services.web.refusals import BadRequestError
from services.web.runtime import runtime_of

__all__ = ["base_url_of", "decided_on", "versioned"]

_ETAG: Final = re.compile(r'(?:W/)?"?(\d{1,9})"?', re.ASCII)


def base_url_of(request: Request) -> str:
    """Where this FHIR door stands, as people and systems address it."""
    return f"{runtime_of(request).settings.http.public_url.rstrip('/')}/fhir"


def versioned(
    request: Request, resource: JsonObject, version: int | str, changed_at: datetime | None = None
) -> Response:
    """The resource with its ETag; 304 without it when the client has that version already."""
    etag = f'W/"{version}"'
    headers = {"etag": etag}
    if changed_at is not None:
        headers["last-modified"] = format_datetime(changed_at, usegmt=True)
    known = request.headers.get("if-none-match") if request.method == "GET" else None
    if known is not None and str(version) in {_bare(part) for part in known.split(",")}:
        return Response(status_code=304, headers=headers)
    return FhirResponse(resource, headers=headers)


def decided_on(request: Request) -> int | None:
    """The version in ``If-Match``, None when there is none or it says ``*``.

    Raises:
        BadRequestError: it is no ETag of ours.
    """
    named = request.headers.get("if-match", "").strip()
    if named in {"", "*"}:
        return None
    number = _number(named)
    if number is None:
        raise BadRequestError(element="If-Match", problem='send the ETag that was read, such as W/"3"', code="value")
    return int(number)


def _bare(etag: str) -> str:
    return etag.strip().removeprefix("W/").strip('"')


def _number(etag: str) -> str | None:
    match = _ETAG.fullmatch(etag.strip())
    return None if match is None else match[1]
