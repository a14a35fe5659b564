"""Turns whatever went wrong into an answer: an OperationOutcome, or a page; and has refusals audited."""

from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhir_mappings.wire import Format
from services.observability import get_logger
from services.web.access import Surface, rule_of
from services.web.errors import Answer, answer_to, headers_of, is_audited, is_foreseen, issues_of, unwrapped
from services.web.headers import request_id_of
from services.web.limits import answer_format
from services.web.outcome import outcome_response
from services.web.refusals import NotAcceptableError, ThrottledError
from services.web.runtime import runtime_of
from services.web.security import audit_of, known_identity
from services.web.shell import framed
from services.web.templating import page

__all__ = ["Refusals", "raise_on", "refuse"]

_MACHINES: Final = ("/fhir", "/.well-known", "/demo/clock", "/live", "/livez", "/readyz", "/metrics", "/static")
_UNFORESEEN: Final = 500


class Refusals:
    """Middleware around the router: no exception passes it, and no answer is without its outcome or page."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer for what it raises."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except ClientDisconnect:
            # Nobody is there to answer; the transaction rolled back.
            return
        except Exception as error:
            response = await refuse(Request(scope, receive), error)
            if begun:
                # Half an answer cannot be taken back: let the server cut the connection.
                raise
            await response(scope, receive, send)


async def refuse(request: Request, error: Exception) -> Response:
    """The answer to ``error``, after it has been logged and, where due, audited."""
    error = unwrapped(error)
    answer = answer_to(error)
    if not is_foreseen(error):
        get_logger().error("unforeseen-error", error=type(error).__name__, exc_info=error)
    elif answer.status >= _UNFORESEEN:
        get_logger().warning("store-away", error=type(error).__name__)
    elif isinstance(error, ThrottledError):
        _note_haste(request, error)
    if is_audited(error):
        await _audit(request, answer.status)
    return _answer(request, error, answer)


def _note_haste(request: Request, error: ThrottledError) -> None:
    runtime_of(request).metrics.throttled_requests.inc()
    identity = known_identity(request)
    if error.first and identity is not None:
        get_logger().warning("client-throttled", client=identity.client, seconds=error.wait_seconds)


async def _audit(request: Request, status: int) -> None:
    if known_identity(request) is None:
        return
    try:
        await runtime_of(request).database.audit_refusal(audit_of(request), status)
    except Exception as failed:  # noqa: BLE001 - a refusal shows no data, so it stands without its row; the log tells
        get_logger().error("refusal-not-audited", error=type(failed).__name__, status=status)


def _answer(request: Request, error: Exception, answer: Answer) -> Response:
    headers = headers_of(error)
    if not _is_page(request):
        return outcome_response(answer.status, *issues_of(error), headers=headers, media=_media(request))
    request_id = request_id_of(request.scope)
    if answer.code == "login":
        if request.headers.get("hx-request"):
            # A fragment cannot be redirected to the door; the whole page can.
            return Response(status_code=answer.status, headers={"hx-redirect": "/"})
        return Response(status_code=303, headers={"location": "/"})
    shell = framed(request, known_identity(request), None, None)
    text = shell.lang.text
    response = page(
        shell,
        "web/error.html",
        status=answer.status,
        error_status=answer.status,
        title=text(answer.title),
        text=text(answer.words),
        request_id=request_id,
    )
    response.headers.update(headers)
    return response


def _media(request: Request) -> Format:
    rule = rule_of(request.scope.get("endpoint"))
    try:
        return answer_format(request.headers, takes=() if rule is None else rule.takes)
    except NotAcceptableError:
        return Format.JSON


def _is_page(request: Request) -> bool:
    rule = rule_of(request.scope.get("endpoint"))
    if rule is not None:
        return rule.surface is Surface.PAGE
    path = request.url.path
    return not any(path == start or path.startswith(f"{start}/") for start in _MACHINES)


async def raise_on(_request: Request, error: Exception) -> Response:
    """Exception handler that hands FastAPI's own errors to ``Refusals``."""
    raise error
