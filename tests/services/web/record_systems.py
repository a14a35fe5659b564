"""Record systems with keys of their own, registered at an installation of the tests."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from typing import Any

import httpx
from joserfc import jws
from joserfc.jwk import ECKey, Key

from discharge.identifiers import SorCode
from services.persistence.clock import wall_now
from services.persistence.system_clients import SystemClient, put_clients
from services.web.token_endpoint import ASSERTION_TYPE
from tests.factories import HOSPITAL
from tests.services.installation import Installation

URL = "http://localhost:8000/token"


def new_key() -> ECKey:
    return ECKey.generate_key("P-384", {"use": "sig"}, auto_kid=True)


@dataclass
class RecordSystem:
    """A client, its secret key, and how it asks."""

    house: Installation
    client_id: str = "ehr.example"
    organization: SorCode = HOSPITAL
    grants: frozenset[SorCode] = frozenset()
    key: Key = field(default_factory=new_key)
    alg: str = "ES384"

    async def registered(self) -> RecordSystem:
        """The installation knows it."""
        client = SystemClient(
            client_id=self.client_id,
            organization=self.organization,
            jwks={"keys": [self.key.as_dict(private=False)]},
            grants=self.grants,
        )
        async with self.house.database.writing() as connection:
            await put_clients(connection, [client])
        return self

    def assertion(self, *, header: dict[str, Any] | None = None, key: Key | None = None, **changes: object) -> str:
        """A signed assertion with changed claims; None leaves one out."""
        made = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": URL,
            "exp": int(wall_now().timestamp()) + 240,
            "jti": str(uuid.uuid4()),
        } | changes
        claims = {name: value for name, value in made.items() if value is not None}
        head: dict[str, Any] = {"alg": self.alg, "kid": self.key.kid} if header is None else header
        # Plain JWS, so that claims may be such as no library would write.
        return jws.serialize_compact(head, json.dumps(claims).encode(), key or self.key, algorithms=[head["alg"]])

    async def ask(self, assertion: str | None = None, **changes: str | None) -> httpx.Response:
        """Ask for a token with changed parameters; None leaves one out."""
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion or self.assertion(),
        } | changes
        data = {name: value for name, value in form.items() if value is not None}
        return await self.house.client.post("/token", data=data)
