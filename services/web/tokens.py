"""Bearer tokens: signed JWTs of one issuer for one audience, on the real clock.

Sources: RFC 7519; RFC 8725 (fixed algorithms, never the token's own choice); SMART Backend Services
2.2.0 (ES384 and RS384, here also ES256).
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import ECKey, Key, KeySet, import_key

from discharge.errors import InvalidIdentifierError
from discharge.identifiers import PersonId, SorCode, parse_sor
from discharge.policy import Caller, Role
from services.settings import TokenSettings
from services.web.people import demo_person
from services.web.refusals import LoginRequiredError

__all__ = [
    "ALGORITHMS",
    "BearerToken",
    "DemoKey",
    "Tokens",
    "caller_of",
    "claims_of",
    "issue_demo_token",
    "issue_token",
    "new_demo_key",
]

ALGORITHMS: Final = ("ES256", "ES384", "RS384")
_LONGEST_TOKEN: Final = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class BearerToken:
    """A token that was believed."""

    caller: Caller
    expires_at: datetime
    token_id: str
    client_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoKey:
    """A signing key of a demo, and the key set that verifies it, both as JSON."""

    private: str = field(repr=False)
    public: str


class Tokens:
    """Verifies bearer tokens against the issuer's public keys.

    Args:
        settings: issuer, audience and public keys.
        wall: the real clock; tokens never follow the demo clock.
        remembered: how many believed tokens are kept in mind until they expire.
    """

    def __init__(self, settings: TokenSettings, wall: Callable[[], datetime], *, remembered: int = 1000) -> None:
        self._keys = KeySet.import_key_set(json.loads(settings.public_keys()))
        self._issuer = settings.issuer
        self._audience = settings.audience
        self._wall = wall
        self._remembered = remembered
        self._believed: dict[bytes, BearerToken] = {}
        """Tokens by their digest: a system shows the same one with every message of an hour."""

    def verify(self, token: str) -> BearerToken:
        """Return what ``token`` says of its bearer.

        Raises:
            LoginRequiredError: it is no token, not signed by the issuer with an allowed algorithm, for
                somebody else, not valid now, or lacks a claim.
        """
        if len(token) > _LONGEST_TOKEN:
            raise LoginRequiredError(reason="malformed", presented=True)
        digest = hashlib.sha256(token.encode()).digest()
        known = self._believed.get(digest)
        if known is not None and self._wall() < known.expires_at:
            return known
        bearer = self._verified(token)
        self._believed.pop(digest, None)
        while len(self._believed) >= self._remembered:
            del self._believed[next(iter(self._believed))]
        self._believed[digest] = bearer
        return bearer

    def _verified(self, token: str) -> BearerToken:
        try:
            claims = jwt.decode(token, self._keys, algorithms=list(ALGORITHMS)).claims
            self._registry().validate(claims)
            return BearerToken(
                caller=caller_of(claims),
                expires_at=datetime.fromtimestamp(int(claims["exp"]), tz=UTC),
                token_id=str(claims["jti"]),
                client_id=_optional(claims, "client_id"),
            )
        except ExpiredTokenError:
            raise LoginRequiredError(reason="expired", presented=True) from None
        except (JoseError, InvalidIdentifierError, ValueError, TypeError, KeyError, OverflowError, OSError):
            # Chained causes would carry the token into a traceback.
            raise LoginRequiredError(reason="not-believed", presented=True) from None

    def _registry(self) -> jwt.JWTClaimsRegistry:
        return jwt.JWTClaimsRegistry(
            now=int(self._wall().timestamp()),
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self._audience},
            exp={"essential": True},
            iat={"essential": True},
            jti={"essential": True},
            sub={"essential": True},
            name={"essential": True},
            role={"essential": True},
            organization={"essential": True},
        )


def claims_of(caller: Caller) -> dict[str, str]:
    """The claims that name ``caller``, in a token and in a session alike."""
    claims = {
        "sub": caller.person_id,
        "name": caller.name,
        "role": caller.role.value,
        "organization": caller.organization,
    }
    if caller.unit is not None:
        claims["unit"] = caller.unit
    if caller.grants:
        claims["grants"] = " ".join(sorted(caller.grants))
    return claims


def caller_of(claims: Mapping[str, object]) -> Caller:
    """The caller that ``claims`` name.

    Raises:
        KeyError: a claim is missing.
        ValueError: the role is none of ours.
        InvalidIdentifierError: an organisation is no SOR code.
    """
    unit = _optional(claims, "unit")
    return Caller(
        person_id=PersonId(str(claims["sub"])),
        name=str(claims["name"]),
        role=Role(str(claims["role"])),
        organization=parse_sor(str(claims["organization"])),
        unit=None if unit is None else parse_sor(unit),
        grants=frozenset(map(parse_sor, (_optional(claims, "grants") or "").split())),
    )


def _optional(claims: Mapping[str, object], name: str) -> str | None:
    value = claims.get(name)
    return str(value) if value else None


def issue_demo_token(
    settings: TokenSettings,
    *,
    role: Role,
    organization: SorCode,
    unit: SorCode | None = None,
    ttl: timedelta = timedelta(hours=1),
    now: datetime,
) -> str:
    """A token for the demo's named person of ``role`` at ``unit``, else at ``organization``.

    Args:
        settings: issuer, audience and the demo's signing key.
        role: what the bearer is there.
        organization: its organisation.
        unit: the unit it works in.
        ttl: how long it holds from now; negative: it has already ended.
        now: the real time.

    Raises:
        SettingsError: this installation has no signing key.
    """
    person = demo_person(role, unit or organization)
    caller = Caller(person_id=person.id, name=person.name, role=role, organization=organization, unit=unit)
    return issue_token(settings, caller, ttl=ttl, now=now)


def issue_token(
    settings: TokenSettings, caller: Caller, *, ttl: timedelta, now: datetime, client_id: str | None = None
) -> str:
    """A token that names ``caller``, signed with this installation's own key.

    Args:
        settings: issuer, audience and the signing key.
        caller: its bearer.
        ttl: how long it holds from now; negative: it has already ended.
        now: the real time.
        client_id: the registered client that it is for.

    Raises:
        SettingsError: this installation has no signing key.
    """
    key = import_key(json.loads(settings.private_key()))
    key.ensure_kid()
    issued = int(min(now, now + ttl).timestamp())
    claims = claims_of(caller) | {
        "iss": settings.issuer,
        "aud": settings.audience,
        "iat": issued,
        "nbf": issued,
        "exp": int((now + ttl).timestamp()),
        "jti": str(uuid.uuid4()),
    }
    if client_id is not None:
        claims["client_id"] = client_id
    header = {"alg": _algorithm_of(key), "typ": "JWT", "kid": key.kid}
    return jwt.encode(header, claims, key, algorithms=list(ALGORITHMS))


def _algorithm_of(key: Key) -> str:
    if key.key_type == "RSA":
        return "RS384"
    return "ES384" if key.as_dict(private=False).get("crv") == "P-384" else "ES256"


def new_demo_key() -> DemoKey:
    """A fresh P-256 key for a demo: its secret half signs, its public half is what `serve` believes."""
    key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
    return DemoKey(
        private=json.dumps(key.as_dict(private=True)),
        public=json.dumps({"keys": [key.as_dict(private=False)]}),
    )
