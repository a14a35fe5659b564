"""Who may see and do what: the first wall, and the source of the second one.

Row-level security in PostgreSQL is fed from here (``Caller.scope``, ``readable_classes``), so the two
walls cannot disagree. Source: Sundhedsloven § 42 a (profession and taking part in the treatment).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from discharge.directory import Directory, OrganizationKind
from discharge.errors import NotAllowedError
from discharge.identifiers import PersonId, SorCode

__all__ = [
    "ACTING_ROLES",
    "COMMENTING_ROLES",
    "READS",
    "STAFF",
    "WRITING_ROLES",
    "Caller",
    "ContentClass",
    "Role",
    "audience_at",
    "require_role",
    "require_sender",
]


class Role(StrEnum):
    """What a caller is, for its organisation."""

    WARD = "ward"
    DOCTOR = "doctor"
    VISITATOR = "visitator"
    HOME_NURSE = "home-nurse"
    GP = "gp"
    PHARMACIST = "pharmacist"
    """Reads medicine wherever it is handled and comments on it; decides nothing, and is called for nothing."""
    LEADER = "leader"
    OPERATOR = "operator"
    AGREEMENT_EDITOR = "agreement-editor"
    SYSTEM = "system"


class ContentClass(StrEnum):
    """What a piece of a stay is about: access is given class by class."""

    NOTICE = "notice"
    PLAN = "plan"
    DOCUMENT = "document"
    MEDICINE = "medicine"
    CONVERSATION = "conversation"


_ALL: Final = frozenset(ContentClass)
_PLANNING: Final = frozenset({ContentClass.NOTICE, ContentClass.PLAN, ContentClass.CONVERSATION})
_MEDICINE: Final = frozenset({ContentClass.NOTICE, ContentClass.MEDICINE})
"""The medicine, and what tells whose it is and where that person is."""
_NONE: Final[frozenset[ContentClass]] = frozenset()

_HOSPITAL: Final = frozenset({OrganizationKind.HOSPITAL, OrganizationKind.WARD})
_MUNICIPAL: Final = frozenset({OrganizationKind.MUNICIPALITY, OrganizationKind.UNIT})
_PRACTICE: Final = frozenset({OrganizationKind.GP})

READS: Final[dict[Role, tuple[frozenset[OrganizationKind], frozenset[ContentClass]]]] = {
    Role.WARD: (_HOSPITAL, _ALL),
    Role.DOCTOR: (_HOSPITAL, _ALL),
    Role.VISITATOR: (_MUNICIPAL, _PLANNING),
    Role.HOME_NURSE: (_MUNICIPAL, _ALL),
    Role.GP: (_PRACTICE, _ALL),
    Role.PHARMACIST: (_HOSPITAL | _MUNICIPAL | _PRACTICE, _MEDICINE),
    Role.LEADER: (_HOSPITAL | _MUNICIPAL | _PRACTICE, _NONE),
    Role.OPERATOR: (_HOSPITAL | _MUNICIPAL | _PRACTICE | {OrganizationKind.REGION}, _NONE),
    Role.AGREEMENT_EDITOR: (frozenset(OrganizationKind), _NONE),
    Role.SYSTEM: (_HOSPITAL | _MUNICIPAL | _PRACTICE, _ALL),
}
"""Role -> the kinds of party it may belong to, and the classes it reads there."""

STAFF: Final[dict[OrganizationKind, frozenset[Role]]] = {
    OrganizationKind.HOSPITAL: frozenset({Role.WARD, Role.DOCTOR}),
    OrganizationKind.WARD: frozenset({Role.WARD, Role.DOCTOR}),
    OrganizationKind.MUNICIPALITY: frozenset({Role.HOME_NURSE, Role.VISITATOR}),
    OrganizationKind.UNIT: frozenset({Role.HOME_NURSE, Role.VISITATOR}),
    OrganizationKind.GP: frozenset({Role.GP}),
    OrganizationKind.REGION: frozenset(),
}
"""Who does the daily work of a kind of place: takes up a duty whose rule did not think of it, and is told its news."""

ACTING_ROLES: Final = frozenset({Role.WARD, Role.DOCTOR, Role.VISITATOR, Role.HOME_NURSE, Role.GP, Role.SYSTEM})
"""Roles that take tasks on. A leader gives up a task that was escalated, and nothing else."""

WRITING_ROLES: Final = frozenset({Role.WARD, Role.DOCTOR, Role.VISITATOR, Role.HOME_NURSE, Role.GP})
"""People who write care messages. A record system sends its own as messages."""

COMMENTING_ROLES: Final = frozenset({Role.PHARMACIST, Role.WARD, Role.DOCTOR, Role.HOME_NURSE, Role.GP})
"""People who read medicine, and so may say something about it. Source: domain.md section 5."""

_CALLED_FOR_NOTHING: Final = frozenset({Role.SYSTEM, Role.PHARMACIST})
"""A call that would reach them alone reaches nobody who can act on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks: a named person or a record system, in a role, for an organisation."""

    person_id: PersonId
    name: str
    role: Role
    organization: SorCode
    unit: SorCode | None = None
    grants: frozenset[SorCode] = frozenset()
    """Others that this record system, such as a message broker, sends for."""

    @property
    def acting(self) -> SorCode:
        """The unit the caller works in, else its organisation."""
        return self.unit or self.organization

    def scope(self, directory: Directory) -> tuple[SorCode, ...]:
        """The organisations whose parties this caller is: its own place and all below it."""
        return directory.within(self.acting)

    def readable_classes(self, directory: Directory) -> frozenset[ContentClass]:
        """What this caller reads of a stay its organisation is party to."""
        organization = directory.get(self.acting)
        kinds, classes = READS[self.role]
        return classes if organization is not None and organization.kind in kinds else _NONE

    def leads(self) -> str | None:
        """The key under which tasks are escalated to this leader, None for everybody else."""
        return f"{self.acting}|{self.role}" if self.role is Role.LEADER else None


def audience_at(directory: Directory, place: SorCode, roles: frozenset[Role]) -> frozenset[Role]:
    """The roles that a duty or a call for help reaches at ``place``: always at least one person's.

    A rule names the roles of the party it thinks of. Where another place takes that party's part,
    the roles that cannot exist there give way to the ones that do the work there.
    """
    organization = directory.get(place)
    return roles if organization is None else _fitting(organization.kind, roles)


@lru_cache(maxsize=512)
def _fitting(kind: OrganizationKind, roles: frozenset[Role]) -> frozenset[Role]:
    fitting = frozenset(role for role in roles if kind in READS[role][0])
    return fitting if fitting - _CALLED_FOR_NOTHING else fitting | STAFF[kind]


def require_role(caller: Caller, action: str, *roles: Role) -> None:
    """Let ``caller`` pass if its role is among ``roles``.

    Raises:
        NotAllowedError: it is not.
    """
    if caller.role not in roles:
        raise NotAllowedError(action=action, rule="role")


def require_sender(caller: Caller, sender: SorCode, directory: Directory) -> None:
    """Let a client send for its own organisation, those that it was granted, and everything below them.

    Raises:
        NotAllowedError: the message's sender is somebody else.
    """
    if not any(sender in directory.within(place) for place in (caller.acting, *caller.grants)):
        raise NotAllowedError(action="send-message", rule="sender-is-not-the-client")
