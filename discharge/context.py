"""What rules are followed in: a stay and its citizen, and what an event brings beside itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import assert_never

from discharge.clock import local
from discharge.directory import Directory, OrganizationKind
from discharge.identifiers import SorCode
from discharge.letter import Category, LetterKind
from discharge.medication.record import MedicationReconciliation, MedicationWork
from discharge.medication.rounds import newly_open
from discharge.patient import Patient
from discharge.stay import Stay

__all__ = ["DocumentFacts", "MedicineFacts", "MessageFacts", "PartyName", "PlanningContext"]


class PartyName(StrEnum):
    """A party by its part in the stay, resolved to an organisation when a task is planned."""

    MUNICIPALITY = "municipality"
    """The receiver's unit for the citizen's district."""
    MUNICIPALITY_ON_DUTY = "municipality-on-duty"
    """The receiver as a whole: whoever is on duty."""
    WARD = "ward"
    HOSPITAL = "hospital"
    GP = "gp"
    REGION = "region"
    ASKER = "asker"
    """Who wrote the message, or asks about the medicine."""
    ASKED = "asked"
    """Whom the message was written to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """What a rule may know of a care message: never its words."""

    category: str
    is_urgent: bool
    is_reply: bool
    asker: SorCode | None
    asked: SorCode | None
    """Who here is told of it; None when it goes to a system outside."""
    from_kind: str | None
    """Kind of organisation that wrote it; None for one that is not registered."""
    to_kind: str | None

    @classmethod
    def told(
        cls,
        directory: Directory,
        *,
        kind: LetterKind,
        category: Category,
        is_urgent: bool,
        sender: SorCode,
        place: SorCode | None,
    ) -> MessageFacts:
        """What is known of a message that ``place`` is told of here."""
        asker = directory.get(sender)
        asked = None if place is None else directory.get(place)
        return cls(
            category=category,
            is_urgent=is_urgent,
            is_reply=kind is LetterKind.REPLY,
            asker=None if asker is None else asker.sor,
            asked=place,
            from_kind=None if asker is None else asker.kind,
            to_kind=None if asked is None else asked.kind,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicineFacts:
    """What a rule may know of somebody's work on the medicine: never a name of any."""

    work: str
    unresolved: int
    """Lines that the practice has still to decide."""
    newly_open: int = 0
    """Those of them that this work has opened, or brought."""
    asked: int = 0
    """Lines whose question the ward has still to answer."""
    asker: SorCode | None = None
    """Where the question was put; None for all else that is done with the medicine."""
    place: SorCode | None = None
    """Where the work was done; None for what a document brings."""

    @property
    def comes_to_others(self) -> bool:
        """True when it opened lines beside some that waited already: those are owed by the time that they were."""
        return self.asker is None and 0 < self.newly_open < self.unresolved

    @classmethod
    def told(
        cls,
        work: MedicationWork,
        before: MedicationReconciliation,
        after: MedicationReconciliation,
        *,
        asker: SorCode | None,
        place: SorCode | None,
    ) -> MedicineFacts:
        """What is known of the work that made ``after`` of ``before``."""
        return cls(
            work=work,
            unresolved=len(after.unresolved),
            newly_open=len(newly_open(before, after)),
            asked=len(after.asked),
            asker=asker,
            place=place,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What a rule may know of the discharge reports of a stay: never their words."""

    in_force: tuple[str, ...] = ()
    """The kinds of which one holds now."""
    taken_back: tuple[str, ...] = ()
    """The kinds of which one held until now, and none does any more."""


@dataclass(frozen=True, kw_only=True)
class PlanningContext:
    """All that a rule may look at."""

    stay: Stay
    patient: Patient
    directory: Directory
    gp: SorCode | None
    """The citizen's practice, where it is registered."""
    municipality_is_party: bool
    report_requested: bool
    ward_answers: bool = False
    """The ward has the responsibility for the treatment, also for a while after the patient has left."""
    received_at: datetime
    closed_days: frozenset[date] = frozenset()
    changed: tuple[str, ...] = ()
    """Fields of the plan that the event changed."""
    message: MessageFacts | None = None
    medicine: MedicineFacts | None = None
    document: DocumentFacts | None = None
    completed: str | None = None
    """Code of the task that the event completed."""
    open_codes: frozenset[str] = frozenset()
    done_codes: frozenset[str] = frozenset()
    _players: dict[PartyName, SorCode | None] = field(default_factory=dict, init=False, repr=False, compare=False)
    owners: dict[tuple[str, str, str], SorCode] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Agreement, version and party -> who that is here: found once, for many rules speak of the same few parties."""

    @cached_property
    def today(self) -> date:
        """The local day of the event."""
        return local(self.received_at).date()

    def organization(self, party: PartyName) -> SorCode | None:
        """The organisation that plays ``party`` in this stay; None where nobody does."""
        if party not in self._players:
            self._players[party] = self._found(party)
        return self._players[party]

    def _found(self, party: PartyName) -> SorCode | None:  # noqa: PLR0911 - one arm per party
        receiver = self.stay.receiver if self.municipality_is_party else None
        match party:
            case PartyName.WARD:
                return self.stay.ward
            case PartyName.HOSPITAL:
                return self.stay.hospital
            case PartyName.MUNICIPALITY:
                return None if receiver is None else self.directory.unit_for(receiver, self.patient.district)
            case PartyName.MUNICIPALITY_ON_DUTY:
                return receiver
            case PartyName.GP:
                return self.gp
            case PartyName.REGION:
                line = self.directory.lineage(self.stay.hospital)
                return next((sor for sor in line if self.directory[sor].kind is OrganizationKind.REGION), None)
            case PartyName.ASKER:
                asks = self.message or self.medicine
                return None if asks is None else asks.asker
            case PartyName.ASKED:
                return None if self.message is None else self.message.asked
            case _:
                assert_never(party)
