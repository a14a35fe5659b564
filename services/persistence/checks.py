"""What PostgreSQL must be like before a yes can be believed: asked by ``serve`` at its start and by ``doctor``."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from cryptography.exceptions import InvalidTag
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.persistence.clock import wall_now
from services.persistence.schema import current_revision, head_revision
from services.persistence.vault import Vault

__all__ = [
    "GUARDED_TABLES",
    "OLDEST_POSTGRES",
    "UnsafeDatabaseError",
    "database_findings",
    "refuse_unsafe",
    "unsafe_settings",
]

OLDEST_POSTGRES: Final = 15
_MUST_BE_ON: Final = ("fsync", "full_page_writes", "synchronous_commit")
_ROLES: Final = ("stafet_app", "stafet_auditor", "stafet_owner", "stafet_reader", "stafet_writer")
_GROWN_APART: Final = timedelta(seconds=2)

GUARDED_TABLES: Final = frozenset(
    {
        "patient", "stay", "encounter", "episode", "notice", "superseded", "party", "plan_version", "task",
        "task_version", "event", "timer", "message", "message_aside", "feed", "feed_entry", "audit", "audit_seal",
        "stalled_stay", "outbound_message", "outbound_receipt", "message_act", "conversation", "conversation_party",
        "care_message", "attachment", "alert_mail", "on_call", "medication", "medication_list",
        "medication_line", "document", "document_ruling",
        "interruption",
    }
)  # fmt: skip
"""Tables with citizens' data: row-level security is on and forced."""


class UnsafeDatabaseError(Exception):
    """PostgreSQL may forget what it has confirmed; the text says which settings must change."""


async def unsafe_settings(connection: AsyncConnection) -> list[str]:
    """Settings of this session with which a confirmed commit can be lost, in words.

    Asked of the session itself: a role or a database may have its own value.
    """
    found = await connection.execute(
        text("SELECT name, current_setting(name) AS value FROM unnest(CAST(:names AS text[])) AS name"),
        {"names": list(_MUST_BE_ON)},
    )
    return [
        f"PostgreSQL runs with {row.name} = off: what it confirmed can be lost; set it to on"
        for row in found
        if row.value == "off"
    ]


async def refuse_unsafe(connection: AsyncConnection) -> None:
    """Let a production process start only where a commit is kept.

    Raises:
        UnsafeDatabaseError: ``fsync``, ``full_page_writes`` or ``synchronous_commit`` is off.
    """
    findings = await unsafe_settings(connection)
    if findings:
        raise UnsafeDatabaseError("\n".join(findings))


async def database_findings(connection: AsyncConnection, vault: Vault | None, *, demo: bool) -> list[str]:
    """Everything that is wrong with the database behind ``connection``, in words.

    Args:
        connection: as the role that ``serve`` signs in as.
        vault: the installation's keys; None when they are not known.
        demo: True in demo mode, where the clock may be moved.
    """
    findings = await _version(connection)
    findings += await unsafe_settings(connection)
    findings += await _roles(connection)
    findings += await _clock(connection)
    schema = await _schema(connection)
    findings += schema
    if not schema:
        findings += await _walls(connection)
        findings += [] if demo else await _moved_clock(connection)
        findings += [] if vault is None else await _keys(connection, vault)
    return findings


async def _version(connection: AsyncConnection) -> list[str]:
    number = int((await connection.execute(text("SHOW server_version_num"))).scalar_one())
    if number // 10_000 >= OLDEST_POSTGRES:
        return []
    return [f"PostgreSQL {number // 10_000} is too old: {OLDEST_POSTGRES} or newer is needed"]


async def _roles(connection: AsyncConnection) -> list[str]:
    rows = await connection.execute(
        text(
            "SELECT rolname AS name, rolsuper, rolbypassrls FROM pg_roles"
            " WHERE rolname = ANY(CAST(:names AS text[])) OR rolname = session_user"
        ),
        {"names": list(_ROLES)},
    )
    known = {row.name: row for row in rows}
    findings = [
        f"the role {name} is missing: run services/persistence/roles.sql as a superuser"
        for name in _ROLES
        if name not in known
    ]
    for name, row in sorted(known.items()):
        if row.rolsuper or row.rolbypassrls:
            power = "is a superuser" if row.rolsuper else "bypasses row-level security"
            findings.append(f"the role {name} {power}: no wall between organisations holds for it")
    return findings


async def _clock(connection: AsyncConnection) -> list[str]:
    theirs = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
    apart = abs(theirs - wall_now())
    if apart <= _GROWN_APART:
        return []
    seconds = round(apart.total_seconds())
    return [f"the clocks of this machine and of PostgreSQL are {seconds} s apart: synchronise both"]


async def _schema(connection: AsyncConnection) -> list[str]:
    stands = await current_revision(connection)
    if stands is None:
        return ["the database is empty: run `stafet migrate`"]
    head = head_revision()
    if stands == head:
        return []
    return [f"the database stands at migration {stands}, this program needs {head}: run `stafet migrate`"]


async def _walls(connection: AsyncConnection) -> list[str]:
    rows = await connection.execute(
        text(
            "SELECT relname AS name, relrowsecurity AND relforcerowsecurity AS walled,"
            " pg_get_userbyid(relowner) = session_user AS owned FROM pg_class"
            " WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
        )
    )
    tables = {row.name: row for row in rows}
    findings = [
        f"row-level security is not forced on the table {name}: run `stafet migrate`, and find out who changed it"
        for name in sorted(GUARDED_TABLES)
        if name not in tables or not tables[name].walled
    ]
    if any(row.owned for row in tables.values()):
        findings.append("this process signs in as the owner of the tables: let it sign in as stafet_app")
    return findings


async def _moved_clock(connection: AsyncConnection) -> list[str]:
    rows = await connection.execute(text("SELECT count(*) FROM demo_clock"))
    return ["this database was a demo: its clock was moved; do not use it in production"] if rows.scalar_one() else []


async def _keys(connection: AsyncConnection, vault: Vault) -> list[str]:
    """One citizen's key is unwrapped; nothing of the citizen is read."""
    await connection.execute(text("SELECT set_config('role', 'stafet_writer', true)"))
    row = (await connection.execute(text("SELECT id, wrapped_key FROM patient LIMIT 1"))).one_or_none()
    try:
        if row is not None:
            vault.unwrap(row.wrapped_key, str(row.id))
    except InvalidTag:
        return ["STAFET_KEYS_MASTER is not the key that the citizens' data were written with: restore that key"]
    return []
