"""Who is asking: a bearer token or a session cookie, and whether a change came from our own page."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from discharge.policy import Caller
from services.persistence.audit import AuditContext
from services.settings import Settings
from services.web.access import Csrf, rule_of
from services.web.headers import request_id_of
from services.web.refusals import CrossSiteError, LoginRequiredError
from services.web.runtime import Runtime, runtime_of
from services.web.sessions import NewSession, Session, cookie_name

__all__ = [
    "Identity",
    "allowed_origins",
    "audit_of",
    "authenticate",
    "authenticate_bearer",
    "authenticate_cookie",
    "clear_session_cookie",
    "csrf_protected",
    "current_caller",
    "current_identity",
    "is_own_origin",
    "known_identity",
    "set_session_cookie",
]

_IDENTITY: Final = "stafet.identity"
_REACHED: Final = "stafet.reached"
_CSRF_FIELD: Final = "csrf"
_CSRF_HEADER: Final = "x-csrf"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who asks, and until when that is believed."""

    caller: Caller
    expires_at: datetime
    session: Session | None = None
    """None: a bearer token."""
    client_id: str | None = None

    @property
    def client(self) -> str:
        """What counts as one client: a registered system, else one person or system at one place."""
        caller = self.caller
        return self.client_id or f"{caller.organization} {caller.unit or ''} {caller.person_id}"


def authenticate_bearer(runtime: Runtime, authorization: str) -> Identity:
    """Who the ``Authorization`` header names.

    Raises:
        LoginRequiredError: it holds no bearer token that we believe.
    """
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise LoginRequiredError(reason="not-a-bearer-token", presented=True)
    bearer = runtime.tokens.verify(token.strip())
    return Identity(caller=bearer.caller, expires_at=bearer.expires_at, client_id=bearer.client_id)


async def authenticate_cookie(connection: HTTPConnection) -> Identity:
    """Who the session cookie names.

    Raises:
        LoginRequiredError: there is none, or its session has ended.
    """
    runtime = runtime_of(connection)
    cookie = connection.cookies.get(cookie_name(secure=runtime.settings.http.secure))
    session = await runtime.sessions.resume(cookie) if cookie else None
    if session is None:
        raise LoginRequiredError(reason="session-ended" if cookie else "no-credentials")
    return Identity(caller=session.caller, expires_at=session.expires_at, session=session)


async def authenticate(connection: HTTPConnection) -> Identity:
    """Who asks, by bearer token when one is there, else by cookie; remembered for this request.

    Raises:
        LoginRequiredError: neither is there, or it is not believed.
    """
    known = known_identity(connection)
    if known is not None:
        return known
    authorization = connection.headers.get("authorization")
    if authorization is None:
        identity = await authenticate_cookie(connection)
    else:
        identity = authenticate_bearer(runtime_of(connection), authorization)
    connection.scope[_IDENTITY] = identity
    return identity


async def current_identity(request: Request) -> Identity:
    """FastAPI dependency: who asks, with the session."""
    return await authenticate(request)


async def current_caller(request: Request) -> Caller:
    """FastAPI dependency: who asks."""
    return (await authenticate(request)).caller


def known_identity(connection: HTTPConnection) -> Identity | None:
    """Who asks, if that has been found out already."""
    known = connection.scope.get(_IDENTITY)
    return known if isinstance(known, Identity) else None


def audit_of(connection: HTTPConnection, action: str | None = None) -> AuditContext:
    """What the audit row of this request says of its caller and address. The address is the template, never the path.

    Raises:
        LoginRequiredError: nobody has signed in.
    """
    identity = known_identity(connection)
    if identity is None:
        raise LoginRequiredError(reason="no-credentials")
    route = connection.scope.get("route")
    endpoint = connection.scope.get("endpoint")
    rule = rule_of(endpoint)
    declared = rule.action if rule is not None else None
    named = action or declared or str(getattr(endpoint, "__name__", "unknown"))
    return AuditContext(
        caller=identity.caller,
        request_id=request_id_of(connection.scope),
        action=named,
        route=f"{connection.scope.get('method', 'SOCKET')} {getattr(route, 'path', '')}",
        reached=connection.scope.setdefault(_REACHED, set()),
    )


def allowed_origins(settings: Settings) -> frozenset[str]:
    """Origins whose pages are ours. A demo answers to every name of this machine's loopback."""
    public = urlsplit(settings.http.public_url)
    if not settings.is_demo or public.hostname not in {"localhost", "127.0.0.1", "::1"}:
        return settings.http.origins
    port = f":{public.port}" if public.port is not None else ""
    return settings.http.origins | {f"{public.scheme}://{host}{port}" for host in _LOOPBACK}


def is_own_origin(connection: HTTPConnection, *, required: bool) -> bool:
    """Tell whether the request came from a page of ours.

    Args:
        connection: the request, or the upgrade to a socket.
        required: True: a request that names neither ``Origin`` nor ``Sec-Fetch-Site`` is not believed.
    """
    site = connection.headers.get("sec-fetch-site")
    if site is not None and site not in {"same-origin", "none"}:
        return False
    origin = connection.headers.get("origin")
    if origin is None:
        return site is not None or not required
    if site == "same-origin" and connection.scope["type"] == "http":
        return True
    return origin in allowed_origins(runtime_of(connection).settings)


async def csrf_protected(request: Request) -> None:
    """Let a change through a session cookie pass only if it shows the session's token and our own origin.

    The guard calls it for every such route; as a FastAPI dependency it may be asked again at no cost.

    Raises:
        CrossSiteError: it shows neither or another one.
    """
    if request.method in _SAFE:
        return
    identity = known_identity(request)
    session = identity.session if identity is not None else None
    rule = rule_of(request.scope.get("endpoint"))
    by_origin = rule is not None and rule.csrf is Csrf.ORIGIN
    if identity is not None and session is None:
        return
    if not is_own_origin(request, required=by_origin and session is not None):
        raise CrossSiteError(rule="origin")
    if session is None or by_origin:
        return
    shown = request.headers.get(_CSRF_HEADER)
    if shown is None:
        field = (await request.form()).get(_CSRF_FIELD)
        shown = field if isinstance(field, str) else ""
    if not hmac.compare_digest(shown.encode(), session.csrf.encode()):
        raise CrossSiteError(rule="token")


def set_session_cookie(response: Response, settings: Settings, new: NewSession) -> None:
    """Hand the browser its new session."""
    secure = settings.http.secure
    response.set_cookie(
        cookie_name(secure=secure),
        new.cookie,
        max_age=settings.session.absolute_seconds,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )


def clear_session_cookie(response: Response, settings: Settings) -> None:
    """Take the session cookie back."""
    secure = settings.http.secure
    response.delete_cookie(cookie_name(secure=secure), path="/", secure=secure, httponly=True, samesite="lax")
