"""Who may use a route: every endpoint carries its rule, and the app refuses to be built without.

The guard (``services.web.guard``) obeys the rules; the matrix test walks them.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeVar

from discharge.policy import Role

__all__ = ["EVERY_ROLE", "AccessRule", "Body", "Csrf", "Party", "Surface", "access", "rule_of"]

EVERY_ROLE: Final = frozenset(Role)
_ATTRIBUTE: Final = "__stafet_access__"
_Endpoint = TypeVar("_Endpoint", bound=Callable[..., object])


class Surface(StrEnum):
    """Who reads the answers, hence how a refusal looks."""

    FHIR = "fhir"
    """Systems: FHIR JSON in, FHIR JSON out; a refusal is an OperationOutcome."""
    API = "api"
    """Scripts: plain JSON; a refusal is an OperationOutcome all the same."""
    PAGE = "page"
    """People: a refusal is a page, and who is not signed in is shown the door."""
    SOCKET = "socket"
    """A WebSocket: it authenticates by itself before it is accepted."""


class Party(StrEnum):
    """What besides the role decides which persons' data the route shows."""

    NONE = "none"
    """It shows no citizen's data."""
    STAY = "stay"
    """Only stays that the caller's organisation is party to; others look as if they did not exist."""
    OWN = "own"
    """Only what belongs to the caller's own organisation, such as its feed or its sendings."""


class Csrf(StrEnum):
    """What a change through a session cookie must show."""

    TOKEN = "token"
    """The session's token, in field ``csrf`` or header ``X-CSRF``, and our own origin."""
    ORIGIN = "origin"
    """Our own origin alone."""


class Body(StrEnum):
    """What a body may be."""

    ORDINARY = "ordinary"
    MESSAGE = "message"
    """A message or document: the large limit, for authenticated systems."""
    UPLOAD = "upload"
    """A form with files: a limit of its own, for people who have signed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """One route's rule."""

    public: bool = False
    roles: frozenset[Role] = frozenset()
    party: Party = Party.NONE
    surface: Surface = Surface.PAGE
    csrf: Csrf = Csrf.TOKEN
    body: Body = Body.ORDINARY
    takes: tuple[str, ...] = ()
    """Media types of a body; empty: any that the endpoint can read."""
    demo_only: bool = False
    action: str | None = None
    """What the audit calls it; None: the endpoint's name."""


def access(  # noqa: PLR0913 - the columns of the access table
    *,
    public: bool = False,
    roles: Iterable[Role] = (),
    party: Party = Party.NONE,
    surface: Surface = Surface.PAGE,
    csrf: Csrf = Csrf.TOKEN,
    body: Body = Body.ORDINARY,
    takes: tuple[str, ...] = (),
    demo_only: bool = False,
    action: str | None = None,
) -> Callable[[_Endpoint], _Endpoint]:
    """Declare who may use the endpoint below.

    Raises:
        ValueError: neither public nor for anybody, or both.
    """
    rule = AccessRule(
        public=public,
        roles=frozenset(roles),
        party=party,
        surface=surface,
        csrf=csrf,
        body=body,
        takes=takes,
        demo_only=demo_only,
        action=action,
    )
    if rule.public is bool(rule.roles):
        msg = "a route is either public or names its roles"
        raise ValueError(msg)

    def declare(endpoint: _Endpoint) -> _Endpoint:
        setattr(endpoint, _ATTRIBUTE, rule)
        return endpoint

    return declare


def rule_of(endpoint: object) -> AccessRule | None:
    """The rule that was declared on ``endpoint``, None when none was."""
    rule = getattr(endpoint, _ATTRIBUTE, None)
    return rule if isinstance(rule, AccessRule) else None
