"""Headers on every answer: what a browser may do with it, and which request it belongs to.

Source: OWASP ASVS 5.0.0, 3.4.1 to 3.4.6, 14.3.2.
"""

import re
import uuid
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.observability import correlation
from services.settings import HttpSettings

__all__ = ["ResponseHeaders", "content_security_policy", "request_id_of"]

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)
# Ten digits of their own, not those inside a longer id: they might be a CPR number.
_LONE_NUMBER: Final = re.compile(r"(?<![0-9A-Za-z])\d{6}[-._]?\d{4}(?![0-9A-Za-z])", re.ASCII)
_STATE: Final = "stafet.request_id"
_YEAR: Final = "max-age=31536000; includeSubDomains"


def content_security_policy(settings: HttpSettings) -> str:
    """Everything from ourselves, nothing inline, no frames; sockets to our own origins only."""
    sockets = sorted(
        f"{'wss' if parts.scheme == 'https' else 'ws'}://{parts.netloc}"
        for parts in (urlsplit(origin) for origin in settings.origins)
    )
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "manifest-src 'self'",
            " ".join(("connect-src 'self'", *sockets)),
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


def request_id_of(scope: Scope) -> str:
    """The id of this request: the client's own when it is a decent one, else ours."""
    known = scope.get(_STATE)
    if isinstance(known, str):
        return known
    offered = Headers(scope=scope).get("x-request-id", "")
    fits = _REQUEST_ID.fullmatch(offered) is not None and _LONE_NUMBER.search(offered) is None
    made = offered if fits else str(uuid.uuid4())
    scope[_STATE] = made
    return made


class ResponseHeaders:
    """Outermost middleware: names the request, and sends the headers that a handler has not set itself."""

    def __init__(self, app: ASGIApp, settings: HttpSettings) -> None:
        self._app = app
        self._defaults = {
            "cache-control": "no-store",
            "content-security-policy": content_security_policy(settings),
            "cross-origin-opener-policy": "same-origin",
            "cross-origin-resource-policy": "same-origin",
            "permissions-policy": "camera=(), geolocation=(), microphone=()",
            # Not no-referrer: with it browsers send `Origin: null` on our own forms.
            "referrer-policy": "same-origin",
            "x-content-type-options": "nosniff",
        }
        if settings.secure:
            self._defaults["strict-transport-security"] = _YEAR

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on under its id."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                for name, value in self._defaults.items():
                    headers.setdefault(name, value)
            await send(message)

        with correlation(request_id):
            await self._app(scope, receive, sending)
