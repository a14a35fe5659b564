"""Sessions of signed-in people: an unguessable cookie here, everything else in PostgreSQL.

The cookie is a random name for the row; the row's key is the hash of it, so a stolen table signs nobody in.
Source: OWASP ASVS 5.0.0, 3.3.3, 7.2.4, 7.3.1, 7.3.2.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from discharge.policy import Caller
from services.persistence.browser_sessions import SessionRow
from services.settings import SessionSettings
from services.web.tokens import caller_of, claims_of

__all__ = [
    "DEMO_COOKIE",
    "SECURE_COOKIE",
    "NewSession",
    "Session",
    "SessionStore",
    "Sessions",
    "cookie_name",
]

SECURE_COOKIE: Final = "__Host-stafet"
DEMO_COOKIE: Final = "stafet"
"""Browsers refuse the prefix ``__Host-`` over plain http."""

_TOUCH_EVERY: Final = timedelta(seconds=30)
_LONGEST_COOKIE: Final = 128


def cookie_name(*, secure: bool) -> str:
    """What the session cookie is called, depending on whether people come by https."""
    return SECURE_COOKIE if secure else DEMO_COOKIE


class SessionStore(Protocol):
    """Where sessions are kept."""

    async def add(self, row: SessionRow) -> None:
        """Keep ``row``."""

    async def find(self, id_hash: bytes) -> SessionRow | None:
        """Return the row of ``id_hash``."""

    async def touch(self, id_hash: bytes, at: datetime) -> None:
        """Note that the session was used ``at``."""

    async def remove(self, id_hash: bytes) -> None:
        """Forget the session."""

    async def remove_ended(self, *, before: datetime, idle_since: datetime) -> None:
        """Forget every session that expired before ``before`` or was last used before ``idle_since``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A running session."""

    id_hash: bytes
    caller: Caller
    csrf: str
    expires_at: datetime
    """The absolute end, whatever happens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session that has just begun; ``cookie`` is shown to nobody but its browser."""

    cookie: str
    session: Session


class Sessions:
    """Begins, resumes and ends sessions.

    Args:
        store: where they are kept.
        settings: absolute and idle limits.
        wall: the real clock; sessions never follow the demo clock.
    """

    def __init__(self, store: SessionStore, settings: SessionSettings, wall: Callable[[], datetime]) -> None:
        self._store = store
        self._absolute = timedelta(seconds=settings.absolute_seconds)
        self._idle = timedelta(seconds=settings.idle_seconds)
        self._wall = wall

    async def begin(self, caller: Caller) -> NewSession:
        """Sign ``caller`` in; sessions that have ended are swept on the way."""
        now = self._wall()
        cookie = secrets.token_urlsafe(32)
        row = SessionRow(
            id_hash=_hash(cookie),
            claims=claims_of(caller),
            csrf=secrets.token_urlsafe(32),
            created_at=now,
            last_seen_at=now,
            expires_at=now + self._absolute,
        )
        await self._store.remove_ended(before=now, idle_since=now - self._idle)
        await self._store.add(row)
        return NewSession(cookie=cookie, session=_session(row))

    async def resume(self, cookie: str) -> Session | None:
        """The session of ``cookie``, or None when there is none or it has ended. Counts as use."""
        if len(cookie) > _LONGEST_COOKIE:
            return None
        row = await self._alive(_hash(cookie))
        if row is None:
            return None
        now = self._wall()
        if now - row.last_seen_at >= min(_TOUCH_EVERY, self._idle / 2):
            await self._store.touch(row.id_hash, now)
        return _session(row)

    async def check(self, id_hash: bytes) -> Session | None:
        """The session if it still runs. An open socket asks this; asking does not count as use."""
        row = await self._alive(id_hash)
        return None if row is None else _session(row)

    async def end(self, cookie: str) -> None:
        """Sign out."""
        await self._store.remove(_hash(cookie))

    async def _alive(self, id_hash: bytes) -> SessionRow | None:
        row = await self._store.find(id_hash)
        now = self._wall()
        if row is None or now >= row.expires_at or now - row.last_seen_at >= self._idle:
            return None
        return row


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode()).digest()


def _session(row: SessionRow) -> Session:
    return Session(id_hash=row.id_hash, caller=caller_of(row.claims), csrf=row.csrf, expires_at=row.expires_at)
