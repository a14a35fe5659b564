"""The file of those on call, read as strictly as the other master data."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, time
from typing import Final

from discharge.directory import Directory
from discharge.policy import Role
from fhir_mappings.elements import JsonObject
from notifications.outside import OnCall, QuietHours
from services.persistence.master_files import (
    BadElementError,
    MasterFileError,
    Problem,
    read_rows,
    require_names,
    require_unique,
    required_sor,
    required_text,
)

__all__ = ["is_address", "read_on_call", "require_known_organizations"]

_ENTRY: Final = frozenset({"organization", "roles", "address", "quiet_from", "quiet_to", "valid_from", "valid_to"})
_ADDRESS: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", re.ASCII)
_LONGEST: Final = 254
_CLOCK: Final = re.compile(r"\d{2}:\d{2}", re.ASCII)
_CALLED: Final = frozenset(Role) - {Role.SYSTEM, Role.PHARMACIST}


def is_address(text: str) -> bool:
    """Tell whether ``text`` is an address that mail can be sent to. Source: RFC 5321, 4.5.3.1; ASCII only."""
    return len(text) <= _LONGEST and _ADDRESS.fullmatch(text) is not None


def read_on_call(body: bytes, new_id: Callable[[], str]) -> tuple[OnCall, ...]:
    """The entries in a JSON array.

    Args:
        body: the file.
        new_id: makes an id for each; the store keeps the id of one it has already.

    Raises:
        MasterFileError: with a line for each row that cannot be taken.
    """
    entries = read_rows(body, lambda row, path: _entry(row, path, new_id))
    require_unique((f"{entry.organization} {entry.address}" for entry in entries), "address")
    return entries


def require_known_organizations(entries: Iterable[OnCall], register: Directory) -> None:
    """Let entries pass whose organisation is registered.

    Raises:
        MasterFileError: with a line for each that is not.
    """
    problems = [
        Problem(f"$[{number}].organization", "not registered: load organizations first")
        for number, entry in enumerate(entries)
        if entry.organization not in register
    ]
    if problems:
        raise MasterFileError(*problems)


def _entry(row: JsonObject, path: str, new_id: Callable[[], str]) -> OnCall:
    require_names(row, path, _ENTRY)
    address = required_text(row, "address", path)
    if not is_address(address):
        raise BadElementError(f"{path}.address", "must be an e-mail address in plain letters")
    valid_from, valid_to = _day(row, "valid_from", path), _day(row, "valid_to", path)
    if valid_from is not None and valid_to is not None and valid_to < valid_from:
        raise BadElementError(f"{path}.valid_to", "is before valid_from")
    return OnCall(
        id=new_id(),
        organization=required_sor(row, "organization", path),
        roles=_roles(row, path),
        address=address,
        quiet=_quiet(row, path),
        valid_from=valid_from,
        valid_to=valid_to,
    )


def _roles(row: JsonObject, path: str) -> frozenset[Role]:
    value = row.get("roles")
    if value is None:
        return frozenset()
    if not isinstance(value, list) or not all(isinstance(role, str) and role in _CALLED for role in value):
        raise BadElementError(f"{path}.roles", f"must be an array of {', '.join(sorted(_CALLED))}")
    return frozenset(Role(str(role)) for role in value)


def _quiet(row: JsonObject, path: str) -> QuietHours | None:
    begin, end = _clock(row, "quiet_from", path), _clock(row, "quiet_to", path)
    if begin is None and end is None:
        return None
    if begin is None or end is None or begin == end:
        raise BadElementError(f"{path}.quiet_to", "quiet hours need a beginning and another end")
    return QuietHours(begin, end)


def _clock(row: JsonObject, name: str, path: str) -> time | None:
    value = row.get(name)
    if value is None:
        return None
    try:
        if isinstance(value, str) and _CLOCK.fullmatch(value):
            return time.fromisoformat(value)
    except ValueError:
        raise BadElementError(f"{path}.{name}", "is no time of the day") from None
    raise BadElementError(f"{path}.{name}", "must be a local time as 22:00")


def _day(row: JsonObject, name: str, path: str) -> date | None:
    value = row.get(name)
    if value is None:
        return None
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise BadElementError(f"{path}.{name}", "must be a date as 2026-11-20") from None
