"""``POST /token``: a registered record system shows a signed assertion and gets a token that soon ends.

Source: SMART App Launch 2.2.0, Backend Services and client-confidential-asymmetric; RFC 6749, 4.4 and 5;
RFC 7523, 3. Refusals are OAuth's own, because the client's library reads those. Assertions are never logged.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import orjson
from fastapi import APIRouter, Request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact
from starlette.responses import Response

from discharge.identifiers import PersonId
from discharge.policy import Caller, Role
from services.observability import get_logger
from services.persistence.audit import AuditContext
from services.persistence.system_clients import SystemClient
from services.web.access import Surface, access
from services.web.headers import request_id_of
from services.web.runtime import Runtime, runtime_of
from services.web.tokens import ALGORITHMS, issue_token

__all__ = ["ASSERTION_TYPE", "SCOPES", "Clients", "token_router"]

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
SCOPES: Final = (
    "system/Bundle.cr",
    "system/Encounter.rs",
    "system/MedicationStatement.rs",
    "system/Patient.rs",
    "system/Task.rus",
)
"""What a system may ask for; fewer letters of one are taken too. The role decides in the end, not the scope."""

_PATH: Final = "/token"
_FORM: Final = "application/x-www-form-urlencoded"
_LIFE: Final = timedelta(minutes=5)
_LONGEST_ASSERTION: Final = 8192
_LONGEST_ASSERTION_LIFE: Final = 300.0
_BAD_REQUEST: Final = 400
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9._:/-]{1,100}", re.ASCII)
_JTI: Final = re.compile(r"[\x21-\x7e]{1,200}", re.ASCII)
_SCOPE: Final = re.compile(r"(system/[A-Za-z]+)\.([a-z]+)", re.ASCII)
_ALLOWED: Final = dict(scope.split(".") for scope in SCOPES)


class Clients(Protocol):
    """Where clients are registered and their assertions noted."""

    async def find(self, client_id: str) -> SystemClient | None:
        """The client that is registered under ``client_id``."""

    async def use(self, client_id: str, jti: str, *, expires_at: datetime, now: datetime, audit: AuditContext) -> bool:
        """Take the assertion ``jti`` of a client, once, and audit it; False when it was used before."""


class _RefusedError(Exception):
    """No token. ``error`` is OAuth's code, ``text`` says why without repeating anything that came."""

    def __init__(self, error: str, text: str) -> None:
        super().__init__(error)
        self.error = error
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class _Assertion:
    jti: str
    expires_at: datetime


def token_router(clients: Clients) -> APIRouter:
    """The token endpoint; only for an installation that has a signing key.

    Args:
        clients: who may ask.
    """
    router = APIRouter()

    @router.post(_PATH)
    @access(public=True, surface=Surface.API, takes=(_FORM,), action="issue-token")
    async def token(request: Request) -> Response:
        """Give a record system its token."""
        client: SystemClient | None = None
        try:
            form = await _form(request)
            client = await _client(form, clients)
            return _answer(200, await _issued(request, form, client, clients))
        except _RefusedError as refused:
            get_logger().warning("token-refused", error=refused.error, reason=refused.text)
            if client is not None and not isinstance(refused, _ReplayedError):
                await runtime_of(request).database.audit_refusal(_audit(request, client), _BAD_REQUEST)
            return _answer(_BAD_REQUEST, {"error": refused.error, "error_description": refused.text})

    return router


class _ReplayedError(_RefusedError):
    """Audited already, with the assertion that it repeats."""


async def _form(request: Request) -> dict[str, str]:
    data = (await request.form()).multi_items()
    form = {name: value for name, value in data if isinstance(value, str)}
    if len(form) != len(data):
        raise _RefusedError("invalid_request", "a parameter comes twice")
    if form.get("grant_type") != "client_credentials":
        raise _RefusedError("unsupported_grant_type", "grant_type must be client_credentials")
    if form.get("client_assertion_type") != ASSERTION_TYPE or not form.get("client_assertion"):
        raise _RefusedError("invalid_client", f"client_assertion_type must be {ASSERTION_TYPE}, with client_assertion")
    return form


async def _client(form: dict[str, str], clients: Clients) -> SystemClient:
    """The client that the assertion names; nothing is believed yet."""
    unknown = _RefusedError("invalid_client", "the assertion's iss names no client that is registered here")
    assertion = form["client_assertion"]
    if len(assertion) > _LONGEST_ASSERTION:
        raise unknown
    try:
        claims = orjson.loads(extract_compact(assertion.encode()).payload)
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        raise unknown from None
    client_id = claims.get("iss") if isinstance(claims, dict) else None
    if not isinstance(client_id, str) or _CLIENT_ID.fullmatch(client_id) is None:
        raise unknown
    found = await clients.find(client_id)
    if found is None:
        raise unknown
    return found


async def _issued(request: Request, form: dict[str, str], client: SystemClient, clients: Clients) -> dict[str, object]:
    runtime = runtime_of(request)
    now = runtime.wall()
    assertion = _believed(form["client_assertion"], client, runtime, now)
    scope = _scope(form.get("scope", ""))
    audit = _audit(request, client)
    token = issue_token(runtime.settings.token, audit.caller, ttl=_LIFE, now=now, client_id=client.client_id)
    if not await clients.use(client.client_id, assertion.jti, expires_at=assertion.expires_at, now=now, audit=audit):
        raise _ReplayedError("invalid_client", "the assertion was used before: sign one with a new jti")
    return {
        "access_token": token,
        "token_type": "bearer",
        "expires_in": int(_LIFE.total_seconds()),
        "scope": scope,
    }


def _believed(text: str, client: SystemClient, runtime: Runtime, now: datetime) -> _Assertion:
    """What the assertion says, once its signature and every claim hold.

    Raises:
        _RefusedError: one does not.
    """
    try:
        decoded = jwt.decode(text, KeySet.import_key_set({"keys": client.jwks["keys"]}), algorithms=list(ALGORITHMS))
    except (JoseError, ValueError, TypeError, KeyError, RecursionError):
        # Chained causes would carry the assertion into a traceback.
        raise _RefusedError(
            "invalid_client", f"the assertion is not signed with a registered key and one of {', '.join(ALGORITHMS)}"
        ) from None
    claims = decoded.claims
    url = runtime.settings.own_token_url
    audience = claims.get("aud")
    if "kid" not in decoded.header:
        raise _RefusedError("invalid_client", "the assertion's header must name its key as kid")
    if claims.get("iss") != client.client_id or claims.get("sub") != client.client_id:
        raise _RefusedError("invalid_client", "iss and sub must both be the client's id")
    if url is None or url not in (audience if isinstance(audience, list) else [audience]):
        raise _RefusedError("invalid_client", f"aud must be {url}")
    ahead = _seconds(claims.get("exp")) - now.timestamp()
    if not 0 < ahead <= _LONGEST_ASSERTION_LIFE:
        raise _RefusedError("invalid_client", "exp must be in the future, at most 5 minutes ahead")
    if "nbf" in claims and not _seconds(claims["nbf"]) <= now.timestamp():
        raise _RefusedError("invalid_client", "the assertion is not valid yet")
    jti = claims.get("jti")
    if not isinstance(jti, str) or _JTI.fullmatch(jti) is None:
        raise _RefusedError("invalid_client", "jti must be 1 to 200 visible ASCII characters")
    return _Assertion(jti=jti, expires_at=datetime.fromtimestamp(now.timestamp() + ahead, tz=UTC))


def _seconds(value: object) -> float:
    """A NumericDate; what is none compares with nothing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _scope(asked: str) -> str:
    """The scopes that are given: those that were asked for, or all when none was.

    Raises:
        _RefusedError: one of them is not known here.
    """
    for scope in asked.split():
        match = _SCOPE.fullmatch(scope)
        known = None if match is None else _ALLOWED.get(match[1])
        # SMART v2: the letters come in the order c r u d s, each once at most.
        if match is None or known is None or re.fullmatch("".join(f"{c}?" for c in known), match[2]) is None:
            raise _RefusedError("invalid_scope", f"known here: {' '.join(SCOPES)}")
    return " ".join(dict.fromkeys(asked.split())) or " ".join(SCOPES)


def _audit(request: Request, client: SystemClient) -> AuditContext:
    caller = Caller(
        person_id=PersonId(client.client_id),
        name=client.client_id,
        role=Role.SYSTEM,
        organization=client.organization,
        grants=client.grants,
    )
    return AuditContext(
        caller=caller, request_id=request_id_of(request.scope), action="issue-token", route=f"POST {_PATH}"
    )


def _answer(status: int, body: dict[str, object]) -> Response:
    headers = {"cache-control": "no-store", "pragma": "no-cache"}
    return Response(orjson.dumps(body), status_code=status, headers=headers, media_type="application/json")
