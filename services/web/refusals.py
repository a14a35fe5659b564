"""What the web refuses before a domain rule is asked.

The tree::

    RefusedRequestError
    ├── LoginRequiredError        no credentials, or none that are believed
    ├── ForbiddenError            known, but not for this route
    ├── CrossSiteError            a form or script of another site
    ├── BodyTooLargeError         more bytes than this route takes
    ├── MediaTypeError            a content type or encoding that this route does not take
    ├── NotAcceptableError        none of the formats that the client accepts is made here
    ├── BadRequestError           a parameter or header that cannot be read
    ├── NothingHereError          no such address, or no such method
    ├── PreconditionRequiredError a change without `If-Match`
    └── ThrottledError            more requests than this client may make in so short a time

``services.web.errors`` gives each its status and words. No field holds what the client sent, except
names of parameters and headers.
"""

from dataclasses import dataclass, field

__all__ = [
    "BadRequestError",
    "BodyTooLargeError",
    "CrossSiteError",
    "ForbiddenError",
    "LoginRequiredError",
    "MediaTypeError",
    "NotAcceptableError",
    "NothingHereError",
    "PreconditionRequiredError",
    "RefusedRequestError",
    "ThrottledError",
]


class RefusedRequestError(Exception):
    """A request that is refused for its form or its credentials."""


@dataclass(eq=False)
class LoginRequiredError(RefusedRequestError):
    """No credentials, or none that are believed. ``reason`` is for the log and ``WWW-Authenticate``."""

    reason: str
    presented: bool = False
    """True when a bearer token came but was refused."""


@dataclass(eq=False)
class ForbiddenError(RefusedRequestError):
    """The caller is known, but its role does not use this route."""

    rule: str


@dataclass(eq=False)
class CrossSiteError(RefusedRequestError):
    """A change that did not demonstrably come from our own page."""

    rule: str


@dataclass(eq=False)
class BodyTooLargeError(RefusedRequestError):
    """More bytes than ``limit``."""

    limit: int


@dataclass(eq=False)
class MediaTypeError(RefusedRequestError):
    """A content type or encoding that this route does not take; ``takes`` lists what it does."""

    takes: tuple[str, ...]


@dataclass(eq=False)
class NotAcceptableError(RefusedRequestError):
    """The client accepts none of ``gives``."""

    gives: tuple[str, ...]


@dataclass(eq=False)
class BadRequestError(RefusedRequestError):
    """A parameter, header or body that cannot be read. ``code`` is the FHIR issue type."""

    element: str
    problem: str
    code: str = "invalid"


@dataclass(eq=False)
class NothingHereError(RefusedRequestError):
    """No such address (404), or not with this method (405)."""

    status: int


@dataclass(eq=False)
class PreconditionRequiredError(RefusedRequestError):
    """A change must name the version that it was decided on."""


@dataclass(eq=False)
class ThrottledError(RefusedRequestError):
    """More requests than this client may make in so short a time; ``wait_seconds`` until it may again."""

    wait_seconds: int
    first: bool = field(default=True, repr=False)
    """True for the first refusal of its window: one is noted, not thousands."""
