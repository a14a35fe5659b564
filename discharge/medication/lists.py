"""Lists of medicine: whose, of when, and what it means when one is empty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from discharge.identifiers import SorCode
from discharge.medication.lines import MedicationLine
from discharge.task import Person

__all__ = ["Column", "ListOrigin", "MedicationList", "Saying", "latest"]


class Column(StrEnum):
    """The three lists that stand side by side, and what was given in between."""

    BEFORE = "before"
    """What was taken before the stay."""
    AT_DISCHARGE = "at-discharge"
    """What the hospital sends the patient home with."""
    NOW = "now"
    """What is taken now, as practice, municipality or the citizen says."""
    IN_HOSPITAL = "in-hospital"
    """Given during the stay and ended: shown, and never an instruction."""


class Saying(StrEnum):
    """What a list says. Only ``none-known`` means that no medicine is taken.

    Source: IPS absent-unknown codes; FHIR R4 list-empty-reason; eu-discharge-report digest 6.4.
    """

    LISTED = "listed"
    NONE_KNOWN = "none-known"
    NOT_KNOWN = "not-known"
    NOT_REPORTED = "not-reported"
    UNCHANGED = "unchanged-in-text"
    """The text says that the usual medicine goes on, and lists nothing."""


_SILENT: Final = frozenset({Saying.NOT_KNOWN, Saying.NOT_REPORTED})


class ListOrigin(StrEnum):
    """How a list came here."""

    DOCUMENT = "document"
    SYSTEM = "system"
    HAND = "hand"
    HOME = "home"
    """A nurse saw at the citizen's home what is really taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationList:
    """One list, as somebody stated it at one time. What it says is never altered: a newer one takes its place."""

    id: str
    column: Column
    origin: ListOrigin
    source: SorCode
    """The organisation that states it."""
    received_at: datetime
    as_of: datetime | None = None
    """The time that it is said to hold for; None: it does not say."""
    by: Person | None = None
    saying: Saying = Saying.LISTED
    why_empty: str | None = None
    lines: tuple[MedicationLine, ...] = ()
    text: str | None = None
    """What stands in words only, verbatim."""
    replaces: str | None = None

    @property
    def stated_at(self) -> datetime:
        """What its age is counted from."""
        return self.as_of or self.received_at

    @property
    def is_told(self) -> bool:
        """True when it says which medicine is taken, or that none is."""
        return self.saying in {Saying.LISTED, Saying.NONE_KNOWN}


def latest(lists: Iterable[MedicationList], column: Column) -> MedicationList | None:
    """The list that holds in ``column``: of those that nothing replaces the one that states the latest time.

    The order in which they arrive decides only between two of the same time.
    """
    among = [each for each in lists if each.column is column]
    gone = {each.replaces for each in among}
    standing = [each for each in among if each.id not in gone]
    # Who knows nothing takes nothing away from what somebody knew.
    standing = [each for each in standing if each.saying not in _SILENT] or standing
    # Of equals ``max`` takes the first: the last that came.
    return max(reversed(standing), key=lambda each: (each.stated_at, each.received_at), default=None)
