"""What the domain refuses, as types.

The tree::

    DischargeError
    ├── InvalidIdentifierError        text that is not the identifier it claims to be
    ├── AgreementError                an agreement that cannot be followed
    ├── NotAllowedError               this caller may not do this
    ├── NotFoundError                 no such thing, or not for this caller
    ├── ConcurrentUpdateError         the caller decided on an older version
    │   └── LineChangedError          lines of medicine say something else than what was decided on
    ├── TaskTakenError                somebody else has the task
    ├── TaskWaitsError                another task of the stay comes first
    ├── TransitionError               the state machine has no such move
    ├── ReasonRequiredError           a move that must be explained
    ├── PersonRequiredError           a record system that names nobody
    ├── LetterError                   a message that cannot be sent as it is
    ├── MedicationError               a list or a decision that cannot be taken as it is
    ├── DocumentError                 a document that cannot be filed with a stay
    ├── RoundClosedError              decisions on a list that has been done with
    ├── PlanError                     a plan that contradicts itself or a rule
    ├── GateClosedError               a rule of the agreement wants something first
    ├── UnsupportedNoticeError        a notice this version does not act on
    └── ClockError                    the demo clock cannot run backwards

Errors carry fields, not sentences; they know no HTTP. ``services.web.errors`` is the one table from
class to status. No field ever holds a CPR number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from discharge._typing import override

if TYPE_CHECKING:
    from datetime import datetime

    from discharge.words import Title

__all__ = [
    "AgreementError",
    "ClockError",
    "ConcurrentUpdateError",
    "DischargeError",
    "DocumentError",
    "GateClosedError",
    "InvalidIdentifierError",
    "LetterError",
    "LineChangedError",
    "MedicationError",
    "NotAllowedError",
    "NotFoundError",
    "PersonRequiredError",
    "PlanError",
    "ReasonRequiredError",
    "RoundClosedError",
    "TaskTakenError",
    "TaskWaitsError",
    "TransitionError",
    "UnsupportedNoticeError",
]


class DischargeError(Exception):
    """Something the domain refuses."""

    @override
    def __str__(self) -> str:
        """Return the class and its fields: none of them ever holds personal data."""
        return repr(self)


@dataclass(eq=False)
class InvalidIdentifierError(DischargeError):
    """A text is not the kind of identifier it was given as. The text itself is never repeated."""

    kind: str
    rule: str


@dataclass(eq=False)
class AgreementError(DischargeError):
    """An agreement document cannot be followed as it stands."""

    path: str
    problem: str


@dataclass(eq=False)
class GateClosedError(DischargeError):
    """The health agreement holds an act back until something is in place; a named reason passes it."""

    rule: str
    element: str
    """The parameter of ``$plan`` that opens the gate."""
    text: Title
    """What is missing and what to do, in words of the agreement."""


@dataclass(eq=False)
class NotAllowedError(DischargeError):
    """The caller's role or organisation does not allow this action."""

    action: str
    rule: str


@dataclass(eq=False)
class NotFoundError(DischargeError):
    """No such thing, or nothing this caller may know of: the two look alike on purpose."""

    kind: str


@dataclass(eq=False)
class ConcurrentUpdateError(DischargeError):
    """The caller decided on version ``expected``; the thing now stands at ``actual``."""

    kind: str
    expected: int
    actual: int


@dataclass(eq=False)
class LineChangedError(ConcurrentUpdateError):
    """Lines of medicine say something else than what the caller decided on. ``lines`` are their ids."""

    lines: tuple[str, ...]


@dataclass(eq=False)
class TaskTakenError(DischargeError):
    """Somebody else took the task first."""

    holder: str
    since: datetime


@dataclass(eq=False)
class TaskWaitsError(DischargeError):
    """The task waits for another one of its stay; a reason passes it."""

    rule: str | None
    """The rule that has it wait."""
    waits_for: str
    """Code of the other task."""


@dataclass(eq=False)
class TransitionError(DischargeError):
    """The state machine of ``kind`` has no ``move`` from ``state``."""

    kind: str
    state: str
    move: str


@dataclass(eq=False)
class ReasonRequiredError(DischargeError):
    """This move needs words that the receivers will read."""

    action: str


@dataclass(eq=False)
class PersonRequiredError(DischargeError):
    """A duty for people is taken on by a named person: a record system must say whom it speaks for."""

    action: str


@dataclass(eq=False)
class LetterError(DischargeError):
    """A care message cannot be sent as it is. ``element`` names the field of the form."""

    element: str
    problem: str


@dataclass(eq=False)
class MedicationError(DischargeError):
    """A list of medicine, or a decision on a line, cannot be taken as it is. ``element`` names the parameter."""

    element: str
    problem: str


@dataclass(eq=False)
class DocumentError(DischargeError):
    """A document that can be read, but belongs to no stay that its sender may write to. ``element`` is its FHIRPath."""

    element: str
    problem: str


@dataclass(eq=False)
class RoundClosedError(DischargeError):
    """The task under which lines were decided is over; another list begins another round."""

    state: str


@dataclass(eq=False)
class PlanError(DischargeError):
    """The plan contradicts itself. ``element`` names the parameter of ``$plan``."""

    element: str
    problem: str


@dataclass(eq=False)
class UnsupportedNoticeError(DischargeError):
    """A well-formed notice that this version does not act on."""

    what: str


@dataclass(eq=False)
class ClockError(DischargeError):
    """The demo clock was asked to run backwards."""

    now: datetime
    asked: datetime
