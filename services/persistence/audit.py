"""What an audit row says of the request behind it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from discharge.identifiers import PersonId, SorCode
from discharge.policy import Caller, Role
from services.persistence.clock import wall_now

__all__ = ["AuditContext", "audit_row", "own_audit"]


_NOBODYS: Final = SorCode("")
"""Where no single organisation is behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditContext:
    """Who did what through which door. ``route`` is a template, never a path with ids or numbers."""

    caller: Caller
    request_id: str
    action: str
    route: str
    reached: set[str] = field(default_factory=set, compare=False, repr=False)
    """Ids of the stays that the request had reached when it was refused."""


def own_audit(action: str, route: str, organization: SorCode = _NOBODYS) -> AuditContext:
    """What this installation does of itself, or as the person at its console says."""
    caller = Caller(person_id=PersonId("stafet"), name="Stafet", role=Role.SYSTEM, organization=organization)
    return AuditContext(caller=caller, request_id=f"{action}-{uuid.uuid4()}", action=action, route=route)


def audit_row(audit: AuditContext, *, outcome: int, stays: Sequence[str], audit_id: str) -> dict[str, Any]:
    """The columns of one audit row: one per request, listing the stays it touched.

    Args:
        audit: who and through which door.
        outcome: the HTTP status, 200 for whatever succeeded.
        stays: ids of the stays that were read or changed.
        audit_id: made by us, so that a row can be sealed later.
    """
    caller = audit.caller
    return {
        "id": UUID(audit_id),
        "at": wall_now(),
        "request_id": audit.request_id,
        "person_id": caller.person_id,
        "person_name": caller.name,
        "role": caller.role.value,
        "organization": caller.organization,
        "unit": caller.unit,
        "action": audit.action,
        "route": audit.route,
        "outcome": outcome,
        "stays": list(stays),
    }
