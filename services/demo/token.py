"""``stafet token``: a bearer token for the demo's person of a role and place."""

from __future__ import annotations

from datetime import timedelta

from discharge.errors import InvalidIdentifierError
from discharge.identifiers import parse_sor
from discharge.policy import Role
from services.persistence.clock import wall_now
from services.settings import Settings, SettingsError
from services.web.tokens import issue_demo_token

__all__ = ["bearer_token"]


def bearer_token(
    settings: Settings, *, role: str, organization: str, unit: str | None = None, ttl_seconds: int = 3600
) -> str:
    """A token; its life follows the real clock, and a negative one has ended already.

    Raises:
        SettingsError: not in demo mode, or a role or code that means nothing.
    """
    if not settings.is_demo:
        raise SettingsError("tokens are made in demo mode only; ask your identity provider")
    if role not in set(Role):
        raise SettingsError(f"no such role: {role}; one of {', '.join(Role)}")
    try:
        place, part = parse_sor(organization), None if unit is None else parse_sor(unit)
    except InvalidIdentifierError:
        raise SettingsError("--organization and --unit are SOR codes: digits only") from None
    return issue_demo_token(
        settings.token,
        role=Role(role),
        organization=place,
        unit=part,
        ttl=timedelta(seconds=ttl_seconds),
        now=wall_now(),
    )
