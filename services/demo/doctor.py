"""``stafet doctor``: what is wrong with an installation, in words, most important first."""

from __future__ import annotations

import asyncio
import shutil
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import redis
from joserfc.errors import JoseError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from discharge.fitting import misfits
from discharge.identifiers import PersonId, SorCode
from discharge.policy import Caller, Role
from services.persistence.checks import database_findings
from services.persistence.clock import wall_now
from services.persistence.database import engine_for
from services.persistence.master import read_master
from services.persistence.schema import current_revision, head_revision
from services.persistence.sealing import first_broken_seal
from services.persistence.vault import Vault
from services.settings import Settings, SettingsError, TokenSettings, secret_files
from services.web.refusals import LoginRequiredError
from services.web.tokens import Tokens, issue_token

__all__ = ["diagnose"]

_GIB: Final = 1024**3
_OLDEST_REDIS: Final = (6, 2)
_ANSWER_SECONDS: Final = 3.0
# What a demo begins with are addresses that reach nobody.
_MAILS: Final = text(
    "SELECT (SELECT count(*) FROM on_call WHERE address NOT LIKE '%@demo.example') AS entries,"
    " (SELECT count(*) FROM alert_mail WHERE state = 'failed' AND changed_at > now() - interval '1 day') AS lost"
)
_PROBE: Final = Caller(
    person_id=PersonId("doctor"), name="doctor", role=Role.SYSTEM, organization=SorCode("0000000000000000")
)


def diagnose(settings: Settings) -> list[str]:
    """Everything that is wrong; nothing when the list is empty."""
    return [
        *_missing(settings),
        *_database(settings),
        *_redis(settings),
        *_key_files(settings),
        *_disk(settings.home if settings.is_demo else Path.cwd()),
    ]


def _missing(settings: Settings) -> list[str]:
    needed: tuple[Callable[[], object], ...] = (
        settings.database.app_url,
        settings.keys.master_bytes,
        settings.keys.index_bytes,
        settings.token.public_keys,
    )
    findings = []
    for read in needed:
        try:
            read()
        except SettingsError as error:
            findings.append(str(error))
    if not settings.is_demo and not settings.http.secure:
        findings.append("STAFET_HTTP_PUBLIC_URL is not https: people's sessions could be overheard")
    findings += _gateway(settings)
    findings += _smtp(settings)
    if settings.token.signing_key is not None and settings.token.jwks is not None:
        findings += _signing_key(settings.token)
    return findings


def _gateway(settings: Settings) -> list[str]:
    """What keeps messages from leaving, or lets others read them."""
    gateway = settings.gateway
    findings = []
    if not settings.is_demo and gateway.url is not None and not gateway.url.startswith("https://"):
        findings.append("STAFET_GATEWAY_URL is not https: messages about citizens could be read on the way")
    if gateway.key is not None and gateway.certificate is None:
        findings.append("STAFET_GATEWAY_KEY is set without STAFET_GATEWAY_CERTIFICATE: it is not used")
    named = {"CERTIFICATE": gateway.certificate, "KEY": gateway.key, "AUTHORITIES": gateway.authorities}
    return findings + [
        f"STAFET_GATEWAY_{name} names {path}, which cannot be read"
        for name, path in named.items()
        if path is not None and not path.is_file()
    ]


def _smtp(settings: Settings) -> list[str]:
    """What lets others read the password for the mail server."""
    if not settings.is_demo and settings.smtp.host is not None and not settings.smtp.starttls:
        return ["STAFET_SMTP_STARTTLS is off: the mail server's password could be read on the way"]
    return []


def _signing_key(token: TokenSettings) -> list[str]:
    try:
        own = issue_token(token, _PROBE, ttl=timedelta(minutes=1), now=wall_now())
    except (JoseError, ValueError, TypeError, KeyError):
        return ["STAFET_TOKEN_SIGNING_KEY is no private JSON Web Key on P-256 or P-384, nor of RSA"]
    try:
        Tokens(token, wall_now).verify(own)
    except (LoginRequiredError, JoseError, ValueError, TypeError, KeyError):
        return ["STAFET_TOKEN_JWKS lacks the public half of STAFET_TOKEN_SIGNING_KEY: tokens from /token are refused"]
    return []


def _database(settings: Settings) -> list[str]:
    if settings.database.url is None:
        return []
    return asyncio.run(_ask_database(settings))


async def _ask_database(settings: Settings) -> list[str]:
    vault = None
    if settings.keys.master is not None and settings.keys.index is not None:
        vault = Vault(settings.keys.master_bytes(), settings.keys.index_bytes())
    engine = engine_for(settings.database.app_url(), pool_size=1, overflow=0)
    try:
        async with asyncio.timeout(_ANSWER_SECONDS * 3), engine.connect() as connection:
            migrated = await current_revision(connection) == head_revision()
            findings = await database_findings(connection, vault, demo=settings.is_demo)
        if not migrated:
            return findings
        return [*findings, *await _agreements(engine), *await _audit(engine), *await _on_call(engine, settings)]
    except (SQLAlchemyError, OSError) as error:
        # The driver's own text may repeat the address, and with it a password.
        return [f"PostgreSQL cannot be used ({type(error).__name__}): is it running, and STAFET_DATABASE_URL right?"]
    finally:
        await engine.dispose()


async def _agreements(engine: AsyncEngine) -> list[str]:
    """What is stored, and followed by nobody here."""
    async with engine.connect() as connection:
        await connection.execute(text("SET ROLE stafet_writer"))
        master = await read_master(connection, None)
    unread = [
        f"the agreement {each.name} cannot be read by this program and is passed over ({each.path}: {each.problem}):"
        " upgrade this program, or load the agreement again"
        for each in master.passed_over
    ]
    unfit = [
        f"{each.layer.name} cannot be laid upon {each.base.get('id')} {each.base.get('version')} and is passed over"
        f" ({each.path}: {each.problem}): load a version of it that can"
        for each in misfits(master.documents, master.directory)
    ]
    return [*unread, *unfit]


async def _audit(engine: AsyncEngine) -> list[str]:
    """The whole chain is read, however long that takes: nobody else looks whether it is whole."""
    async with engine.connect() as connection:
        broken = await first_broken_seal(connection)
    if broken is None:
        return []
    return [
        f"the audit was changed: seal {broken} does not fit its row or its neighbours; find out who could write there"
    ]


async def _on_call(engine: AsyncEngine, settings: Settings) -> list[str]:
    """What keeps those on call from being mailed."""
    async with engine.connect() as connection:
        await connection.execute(text("SET ROLE stafet_writer"))
        found = (await connection.execute(_MAILS)).one()
    findings = []
    if found.entries and settings.smtp.host is None:
        findings.append(
            f"{found.entries} on-call entries exist and STAFET_SMTP_HOST is not set: nobody is mailed when a task is"
            " left unanswered"
        )
    if found.lost:
        findings.append(
            f"{found.lost} mails to those on call were given up in the last day: see /alerts for the reason"
        )
    return findings


def _redis(settings: Settings) -> list[str]:
    address = settings.redis.address()
    if address is None:
        return []
    try:
        with redis.Redis.from_url(
            address, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS
        ) as client:
            version = str(client.info("server")["redis_version"])
    except (redis.RedisError, OSError, ValueError) as error:
        problem = type(error).__name__
        return [f"Redis cannot be used ({problem}): PostgreSQL alone wakes the feeds; check STAFET_REDIS_URL"]
    if tuple(int(part) for part in version.split(".")[:2]) < _OLDEST_REDIS:
        return [f"Redis {version} is too old: 6.2 or newer is needed"]
    return []


def _key_files(settings: Settings) -> list[str]:
    named = [path for _, path in secret_files()]
    own = sorted((settings.home / "keys").glob("*")) if settings.is_demo else []
    return [
        f"{path} can be read by others: chmod 600 {path}"
        for path in dict.fromkeys((*named, *own))
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]


def _disk(folder: Path) -> list[str]:
    place = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(place).free
    return [f"only {free / _GIB:.1f} GiB are free on the disk of {place}"] if free < _GIB else []
