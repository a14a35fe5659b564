"""The guard of one route: it obeys the access rule before the endpoint, or any parser, sees a byte."""

import sys
from typing import Final

from starlette.formparsers import MultiPartParser
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.settings import HttpSettings
from services.web.access import AccessRule, Body, Csrf, Surface
from services.web.limits import answer_format, check_body, limited
from services.web.refusals import ForbiddenError
from services.web.runtime import runtime_of
from services.web.security import authenticate, csrf_protected

__all__ = ["Guard"]

# Files in forms stay in memory: what is written to a disk in clear is out of our hands.
MultiPartParser.spool_max_size = sys.maxsize

_CHANGES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Guard:
    """Wraps the app of one route.

    The order is fixed: who is asking, not too often, may that role, in what form does it come, how much is it, is it
    from our own page; then the endpoint.
    """

    def __init__(self, app: ASGIApp, rule: AccessRule, settings: HttpSettings) -> None:
        self._app = app
        self._rule = rule
        self._limit = {
            Body.ORDINARY: settings.body_bytes,
            Body.MESSAGE: settings.message_body_bytes,
            Body.UPLOAD: settings.upload_body_bytes,
        }[rule.body]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request pass, or raise what is wrong with it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        has_session = False
        if not self._rule.public:
            identity = await authenticate(request)
            has_session = identity.session is not None
            if self._rule.surface is Surface.FHIR:
                await runtime_of(request).rates.count(identity.client)
            if identity.caller.role not in self._rule.roles:
                raise ForbiddenError(rule="role")
        if self._rule.surface is Surface.FHIR:
            answer_format(request.headers, takes=self._rule.takes)
        changes = scope["method"] in _CHANGES
        if changes:
            check_body(request.headers, limit=self._limit, takes=self._rule.takes)
        receive = limited(receive, self._limit)
        if changes and (has_session or (self._rule.public and self._rule.surface is Surface.PAGE)):
            receive = await self._from_our_own_page(scope, receive)
        await self._app(scope, receive, send)

    async def _from_our_own_page(self, scope: Scope, receive: Receive) -> Receive:
        if self._rule.csrf is Csrf.ORIGIN or "x-csrf" in Request(scope).headers:
            await csrf_protected(Request(scope, receive))
            return receive
        # The token stands in the form, so the form is read here and played again for the endpoint.
        body = await Request(scope, receive).body()
        form = Request(scope, _replayed(body, receive))
        try:
            await csrf_protected(form)
        finally:
            await form.close()
        return _replayed(body, receive)


def _replayed(body: bytes, receive: Receive) -> Receive:
    played = False

    async def replay() -> Message:
        nonlocal played
        if played:
            return await receive()
        played = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay
