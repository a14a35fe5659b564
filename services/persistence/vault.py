"""Citizens' data as ciphertext: one key per patient, itself wrapped; a keyed blind index over CPR.

AES-256-GCM throughout (NIST SP 800-38D, 96-bit random nonces). The additional data bind a
ciphertext to its row, so that no two can be swapped. Destroying a patient's wrapped key erases the
patient, in backups too, once the backup's own key table is gone.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from discharge.identifiers import CprNumber

__all__ = ["DataKey", "Vault"]

_NONCE_BYTES = 12
_KEY_BITS = 256


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key in clear, for the length of one transaction."""

    secret: bytes = field(repr=False)

    def seal(self, clear: bytes, bound_to: str) -> bytes:
        """Return ``clear`` encrypted, readable only with the same ``bound_to``."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self.secret).encrypt(nonce, clear, bound_to.encode())

    def open(self, sealed: bytes, bound_to: str) -> bytes:
        """Return what ``seal`` was given.

        Raises:
            cryptography.exceptions.InvalidTag: another key, another row, or a damaged text.
        """
        return AESGCM(self.secret).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound_to.encode())


@dataclass(frozen=True, slots=True)
class Vault:
    """The installation's two keys: one wraps patients' keys, one keys the blind index."""

    master_key: bytes = field(repr=False)
    index_key: bytes = field(repr=False)

    def new_key(self, bound_to: str) -> tuple[DataKey, bytes]:
        """Return a fresh key and its wrapped form, bound to the row that will keep it."""
        key = DataKey(AESGCM.generate_key(_KEY_BITS))
        return key, DataKey(self.master_key).seal(key.secret, bound_to)

    def unwrap(self, wrapped: bytes, bound_to: str) -> DataKey:
        """Return the key in clear."""
        return DataKey(DataKey(self.master_key).open(wrapped, bound_to))

    def blind_index(self, cpr: CprNumber) -> bytes:
        """The value by which a citizen is found without storing the number: HMAC-SHA-256."""
        return hmac.new(self.index_key, b"cpr:" + cpr.digits.encode(), hashlib.sha256).digest()

    def keyed_hash(self, content: bytes) -> bytes:
        """A hash that says nothing about ``content`` to whoever lacks the key."""
        return hmac.new(self.index_key, b"content:" + content, hashlib.sha256).digest()
