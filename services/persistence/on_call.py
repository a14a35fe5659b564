"""The address book of those on call: kept by leaders and operators, or loaded from a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from discharge.errors import NotFoundError
from discharge.identifiers import SorCode
from discharge.policy import Caller, Role, require_role
from notifications.outside import OnCall
from services.persistence.calls import entry_from, set_trial
from services.persistence.pipeline import ask
from services.persistence.reading import ReadSession
from services.persistence.unit_of_work import SqlUnitOfWork

__all__ = ["EDITORS", "KeepOnCall", "SendTest", "keep_on_call", "on_call_entries", "put_on_call", "send_test"]

EDITORS: Final = (Role.LEADER, Role.OPERATOR)
"""Who keeps a place's entries."""

_PUT: Final = text(
    "INSERT INTO on_call (id, organization, roles, address, quiet_from, quiet_to, valid_from, valid_to)"
    " VALUES (:id, :organization, :roles, :address, :quiet_from, :quiet_to, :valid_from, :valid_to)"
    " ON CONFLICT (organization, address) DO UPDATE"
    " SET roles = excluded.roles, quiet_from = excluded.quiet_from, quiet_to = excluded.quiet_to,"
    " valid_from = excluded.valid_from, valid_to = excluded.valid_to"
)
_READ: Final = "SELECT * FROM on_call ORDER BY organization, address"
_WHOSE: Final = "SELECT organization FROM on_call WHERE id = %(id)s"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepOnCall:
    """Add an entry, or replace the one of the same place and address."""

    caller: Caller
    entry: OnCall


@dataclass(frozen=True, slots=True, kw_only=True)
class SendTest:
    """Mail an entry's address once, so that people know it works."""

    caller: Caller
    entry_id: str


async def put_on_call(connection: AsyncConnection, entries: Iterable[OnCall]) -> int:
    """Add or replace entries by place and address; return how many. An id once given is kept."""
    rows = [_row(entry) for entry in entries]
    if rows:
        await connection.execute(_PUT, rows)
    return len(rows)


async def keep_on_call(command: KeepOnCall, uow: SqlUnitOfWork) -> None:
    """Keep an entry of a place that the caller leads or operates.

    Raises:
        NotAllowedError: another role.
        NotFoundError: the place is none of the caller's.
    """
    require_role(command.caller, "keep-on-call", *EDITORS)
    _require_own(command.caller, command.entry.organization, uow)
    await put_on_call(uow.talk.connection, [command.entry])
    await uow.commit()


async def send_test(command: SendTest, uow: SqlUnitOfWork) -> None:
    """Have a test mail sent.

    Raises:
        NotAllowedError: another role.
        NotFoundError: no such entry, or not the caller's.
    """
    require_role(command.caller, "send-test-mail", *EDITORS)
    try:
        key = UUID(command.entry_id)
    except ValueError:
        raise NotFoundError(kind="OnCall") from None
    found = await uow.talk.ask(_WHOSE, {"id": key})
    if not found:
        raise NotFoundError(kind="OnCall")
    place = SorCode(found[0]["organization"])
    _require_own(command.caller, place, uow)
    await set_trial(uow.talk.connection, uow.writes, uow.new_id(), command.entry_id, place)
    await uow.commit()


async def on_call_entries(session: ReadSession) -> Sequence[OnCall]:
    """The entries of the places that the reader leads or operates."""
    return [entry_from(row) for row in await ask(session.connection, _READ, {})]


def _require_own(caller: Caller, place: SorCode, uow: SqlUnitOfWork) -> None:
    if place not in caller.scope(uow.directory):
        raise NotFoundError(kind="OnCall")


def _row(entry: OnCall) -> dict[str, Any]:
    return {
        "id": UUID(entry.id),
        "organization": entry.organization,
        "roles": sorted(role.value for role in entry.roles),
        "address": entry.address,
        "quiet_from": None if entry.quiet is None else entry.quiet.begin,
        "quiet_to": None if entry.quiet is None else entry.quiet.end,
        "valid_from": entry.valid_from,
        "valid_to": entry.valid_to,
    }
