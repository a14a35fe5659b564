"""The keys of one demo: made at its first start, kept in files that only its user may read."""

import base64
import os
import secrets
from pathlib import Path

from services.web.tokens import new_demo_key

__all__ = ["make_keys"]

KEY_BYTES = 32


def make_keys(home: Path) -> dict[str, str]:
    """Makes what is missing, and names the files as `STAFET_*_FILE` variables."""
    folder = home / "keys"
    folder.mkdir(mode=0o700, exist_ok=True)
    master, index, signing, public = (folder / name for name in ("master", "index", "signing.jwk", "public.jwks"))
    for path in (master, index):
        if not path.exists():
            _write(path, base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode())
    if not (signing.exists() and public.exists()):
        key = new_demo_key()
        _write(signing, key.private)
        _write(public, key.public)
    return {
        "STAFET_KEYS_MASTER_FILE": str(master),
        "STAFET_KEYS_INDEX_FILE": str(index),
        "STAFET_TOKEN_SIGNING_KEY_FILE": str(signing),
        "STAFET_TOKEN_JWKS_FILE": str(public),
    }


def _write(path: Path, text: str) -> None:
    """Writes the file in one step, so that a start that is killed leaves a whole key or none."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.rename(path)
