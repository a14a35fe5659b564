"""The file of record systems, read as strictly as the other master data: whose they are, and their public keys."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import import_key

from discharge.directory import Directory
from fhir_mappings.elements import Json, JsonObject
from services.persistence.master_files import (
    BadElementError,
    MasterFileError,
    Problem,
    read_rows,
    require_names,
    require_unique,
    required_sor,
    required_text,
    sors,
)
from services.persistence.system_clients import SystemClient

__all__ = ["read_clients", "require_known_places"]

_CLIENT: Final = frozenset({"client_id", "organization", "jwks", "grants"})
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9._:/-]{1,100}", re.ASCII)
_CURVES: Final = ("P-256", "P-384")
_RSA_MODULUS: Final = 342
"""Letters that 2,048 bits take in base64url."""
_SECRET: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def read_clients(body: bytes) -> tuple[SystemClient, ...]:
    """The record systems in a JSON array.

    Raises:
        MasterFileError: with a line for each row that cannot be taken.
    """
    clients = read_rows(body, _client)
    require_unique((client.client_id for client in clients), "client_id")
    return clients


def require_known_places(clients: Iterable[SystemClient], register: Directory) -> None:
    """Let clients pass whose organisation and grants are registered.

    Raises:
        MasterFileError: with a line for each that is not.
    """
    problems = [
        Problem(f"$[{number}].{name}", "not registered: load organizations first")
        for number, client in enumerate(clients)
        for name, places in (("organization", {client.organization}), ("grants", client.grants))
        if any(place not in register for place in places)
    ]
    if problems:
        raise MasterFileError(*problems)


def _client(row: JsonObject, path: str) -> SystemClient:
    require_names(row, path, _CLIENT)
    client_id = required_text(row, "client_id", path)
    if _CLIENT_ID.fullmatch(client_id) is None:
        raise BadElementError(f"{path}.client_id", "must be 1 to 100 of the characters A-Z a-z 0-9 . _ : / -")
    return SystemClient(
        client_id=client_id,
        organization=required_sor(row, "organization", path),
        jwks=_key_set(row.get("jwks"), f"{path}.jwks"),
        grants=frozenset(sors(row, "grants", path)),
    )


def _key_set(value: Json, path: str) -> dict[str, Json]:
    keys = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(keys, list) or not keys:
        raise BadElementError(path, "must be a JSON Web Key Set with at least one key in `keys`")
    seen: set[str] = set()
    for number, key in enumerate(keys):
        kid = _key(key, f"{path}.keys[{number}]")
        if kid in seen:
            raise BadElementError(f"{path}.keys[{number}].kid", "is the kid of another key")
        seen.add(kid)
    return {"keys": keys}


def _key(key: Json, path: str) -> str:
    """The ``kid`` of a public key that can sign for an allowed algorithm."""
    if not isinstance(key, dict):
        raise BadElementError(path, "must be an object")
    if not _SECRET.isdisjoint(key):
        raise BadElementError(path, "holds a secret part: send the public key, and make a new one")
    modulus = key.get("n")
    elliptic = key.get("kty") == "EC" and key.get("crv") in _CURVES
    rsa = key.get("kty") == "RSA" and isinstance(modulus, str) and len(modulus) >= _RSA_MODULUS
    if not elliptic and not rsa:
        raise BadElementError(path, "must be EC on P-256 or P-384, or RSA of 2,048 bits or more")
    if key.get("use", "sig") != "sig":
        raise BadElementError(f"{path}.use", "must be sig")
    try:
        import_key(orjson.loads(orjson.dumps(key)))
    except (JoseError, ValueError, TypeError, KeyError):
        raise BadElementError(path, "is no whole key") from None
    kid = key.get("kid")
    if not isinstance(kid, str) or not kid:
        raise BadElementError(f"{path}.kid", "is missing")
    return kid
