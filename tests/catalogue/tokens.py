"""Tokens that nobody should believe, made with what an attacker has: our public key, or an old token of ours."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta

from joserfc import jwt
from joserfc.jwk import ECKey, import_key

from discharge.policy import Role
from services.persistence.clock import wall_now
from services.settings import TokenSettings
from services.web.tokens import issue_demo_token
from tests.factories import HOSPITAL

__all__ = ["forged"]


def forged(settings: TokenSettings, kind: str) -> str:
    """A token of the hospital's record system: ``expired``, for another ``audience``, alg ``none``, or ``hs256``."""
    ttl = timedelta(seconds=-5 if kind == "expired" else 600)
    token = issue_demo_token(settings, role=Role.SYSTEM, organization=HOSPITAL, ttl=ttl, now=wall_now())
    if kind == "expired":
        return token
    header, payload, _ = token.split(".")
    if kind == "audience":
        key = import_key(json.loads(settings.private_key()))
        claims = json.loads(_bytes(payload)) | {"aud": "urn:somebody-else"}
        return jwt.encode(json.loads(_bytes(header)), claims, key, algorithms=["ES256"])
    if kind == "none":
        return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{payload}."
    public = json.loads(settings.public_keys())["keys"][0]
    text = f"{_part({'alg': 'HS256', 'kid': public['kid']})}.{payload}"
    secret = ECKey.import_key(public).as_pem(private=False)
    return f"{text}.{_text(hmac.digest(secret, text.encode(), 'sha256'))}"


def _part(value: dict[str, str]) -> str:
    return _text(json.dumps(value).encode())


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
