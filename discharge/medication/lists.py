"""Lists of medicine: whose, of when, and what it means when one is empty."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from discharge.identifiers import SorCode
from discharge.medication.lines import MedicationLine
from discharge.task import Person

__all__ = ["Column", "ListOrigin", "MedicationList", "Saying", "standing"]


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

    @property
    def is_told(self) -> bool:
        """True when it says which medicine is taken, or that none is."""
        return self in {Saying.LISTED, Saying.NONE_KNOWN}


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
    says_more: bool = False
    """True: whoever wrote it says that its words hold more than its lines."""
    replaces: str | None = None
    documents: tuple[str, ...] = ()
    """Ids of the documents that it stands in."""

    @property
    def stated_at(self) -> datetime:
        """What its age is counted from."""
        return self.as_of or self.received_at

    @property
    def is_told(self) -> bool:
        """True when it says which medicine is taken, or that none is."""
        return self.saying.is_told

    @property
    def is_in_words(self) -> bool:
        """True when what it says stands in words alone: nobody knows it before somebody has read them."""
        return bool(self.text) and not self.lines and not self.is_told

    @property
    def has_words(self) -> bool:
        """True when somebody has to read it: it stands in words, or says nothing of what the patient goes home with.

        Words beside lines count where they say more than those, and beside "none" where nobody typed that by hand.
        """
        is_silent = self.column is Column.AT_DISCHARGE and not self.is_told
        by_hand = self.origin in {ListOrigin.HAND, ListOrigin.HOME}
        beside_none = self.saying is Saying.NONE_KNOWN and bool(self.text) and not by_hand
        beside_lines = self.says_more and bool(self.text) and self.column is not Column.IN_HOSPITAL
        return self.is_in_words or beside_lines or (not self.lines and (is_silent or beside_none))

    @property
    def all_lines(self) -> tuple[MedicationLine, ...]:
        """Its lines; words to be read are one more, so that they are shown, decided and never passed over."""
        if not self.has_words:
            return self.lines
        return (
            *self.lines,
            MedicationLine(id=f"{self.id}:words", name=None, dosage_text=self.text, is_words=True),
        )


def standing(lists: Iterable[MedicationList], column: Column) -> tuple[MedicationList, ...]:
    """The lists that hold in ``column``, the latest statement first: of each source the newest that tells.

    Who knows nothing takes nothing away from what was known, and neither do words: later ones of the same source
    stand beside its list. What a place writes by hand, what its record system sends and what its documents say
    are told apart; which documents hold is settled among themselves. The order in which lists arrive decides only
    between two of the same time.
    """
    among = [each for each in lists if each.column is column]
    gone = {each.replaces for each in among}
    voices: dict[tuple[str, ...], list[MedicationList]] = defaultdict(list)
    for each in among:
        if each.id not in gone:
            of_its_own = (each.id,) if each.origin is ListOrigin.DOCUMENT else ()
            voices[(each.source, each.origin, *of_its_own)].append(each)
    return tuple(_newest_first(held for voice in voices.values() for held in _holding(voice)))


def _newest_first(lists: Iterable[MedicationList]) -> Sequence[MedicationList]:
    """In the order of what they state; of equals the last that came is first."""
    latest_arrival_first = [*lists][::-1]
    return sorted(latest_arrival_first, key=lambda each: (each.stated_at, each.received_at), reverse=True)


def _holding(voice: Sequence[MedicationList]) -> Sequence[MedicationList]:
    """What counts of the lists of one source: at most one that tells, and one in words that came after it."""
    ordered = _newest_first(voice)
    told = next((place for place, each in enumerate(ordered) if each.is_told), None)
    worded = next((place for place, each in enumerate(ordered) if each.is_in_words), None)
    if told is None:
        return [ordered[worded or 0]]
    later_words = worded is not None and worded < told
    return [ordered[told], ordered[worded]] if later_words and worded is not None else [ordered[told]]
