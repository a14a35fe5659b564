"""A file of somebody else as an answer: to be saved, never run or shown by us."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from starlette.responses import Response

__all__ = ["download_response"]

_SUFFIXES: Final = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/tiff": "tiff",
    "image/bmp": "bmp",
    "text/plain": "txt",
}
_SANDBOX: Final = "sandbox; default-src 'none'"
"""Whatever it holds, it runs nowhere and reaches nothing."""


def download_response(content: bytes, *, media_type: str, title: str | None) -> Response:
    """The file under its title."""
    name = quote(f"{title or 'fil'}.{_SUFFIXES[media_type]}", safe="")
    return Response(
        content,
        media_type=media_type,
        headers={
            "content-disposition": f"attachment; filename*=UTF-8''{name}",
            "content-security-policy": _SANDBOX,
            "x-content-type-options": "nosniff",
        },
    )
