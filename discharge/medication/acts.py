"""What people do with the medicine of a stay: decide, ask, answer, open, remark, sign."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from discharge.identifiers import SorCode
from discharge.medication.naming import LineId
from discharge.policy import Role
from discharge.task import Person

__all__ = [
    "LONGEST_COMMENT",
    "Answer",
    "Comment",
    "Decision",
    "LineState",
    "MedicationWork",
    "Opened",
    "SignOff",
    "Verdict",
]

LONGEST_COMMENT: Final = 2_000
"""Characters: what is longer is a letter, and is written as one."""


class MedicationWork(StrEnum):
    """What somebody did with the medicine of a stay."""

    LISTED = "listed"
    SEEN_AT_HOME = "seen-at-home"
    SIGNED = "signed"
    DECIDED = "decided"
    ASKED = "asked"
    ANSWERED = "answered"
    OPENED = "opened"
    PAIRED = "paired"
    COMMENTED = "commented"


class Verdict(StrEnum):
    """What the practice decides of a line. Codes as in ``$decide``."""

    AGREE = "agree"
    CHANGE = "change"
    ASK = "ask"


class LineState(StrEnum):
    """How far a line has come."""

    OPEN = "open"
    ASKED = "asked"
    ANSWERED = "answered"
    """The answer is there; the practice has still to decide."""
    DECIDED = "decided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What somebody decided of a line as it was shown."""

    line_id: LineId
    verdict: Verdict
    by: Person
    organization: SorCode
    at: datetime
    shown: str
    """The line's fingerprint."""
    reason: str | None = None
    version: int = 0
    """The version of the stay's medicine that it made: what came first is told by this, and not by clocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was answered to the question about a line."""

    line_id: LineId
    text: str
    by: Person
    organization: SorCode
    at: datetime
    version: int = 0
    """As of a decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """Somebody who sees the citizen found that a line does not hold: what was decided of it before counts no more."""

    line_id: LineId
    by: Person
    organization: SorCode
    at: datetime
    note: str
    version: int = 0
    """As of a decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """What somebody who reads the medicine remarks on a line. It decides nothing and asks nothing."""

    line_id: LineId
    text: str
    by: Person
    role: Role
    """What the writer was when writing: a pharmacist is read otherwise than a nurse."""
    organization: SorCode
    at: datetime
    version: int = 0
    """As of a decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOff:
    """The doctor at discharge stands by the list."""

    by: Person
    at: datetime
    shown: Mapping[LineId, str]
    """Fingerprint of each line as it was signed."""
    override_reason: str | None = None
    """Why it was signed with gaps left."""
    lists: frozenset[str] = frozenset()
    """The hospital's lists that held."""
