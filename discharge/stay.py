"""The stay: one patient's unbroken time in hospital, as its notices tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from discharge.identifiers import EncounterId, EpisodeOfCareId, MessageId, PatientId, SorCode, StayId
from discharge.notices import EncounterClass, FiledNotice, NoticeKind, StayState
from discharge.plan import DischargePlan
from discharge.story import Contact, Story

__all__ = ["Encounter", "EncounterClass", "NoticeKind", "Party", "PartyBasis", "Stay", "StayState"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """One hospital contact inside a stay."""

    id: EncounterId
    encounter_class: EncounterClass
    ward: SorCode
    started_at: datetime
    ended_at: datetime | None = None
    source: MessageId | None = None
    """The notice that began it."""
    is_cancelled: bool = False
    """True: the notice that began it was taken back."""


class PartyBasis(StrEnum):
    """Why an organisation is party to a stay."""

    TREATS = "treats"
    SERVES = "serves"
    OWES = "owes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One organisation's access to one stay."""

    organization: SorCode
    basis: PartyBasis
    since: datetime
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One patient's unbroken time in hospital: one or more encounters."""

    id: StayId
    patient_id: PatientId
    receiver: SorCode | None
    """The municipality, or its care home, that the hospital's notices go to."""
    hospital: SorCode
    ward: SorCode
    state: StayState
    began_at: datetime
    ended_at: datetime | None = None
    end_received_at: datetime | None = None
    died_at: datetime | None = None
    leave_started_at: datetime | None = None
    """Since when the patient is on leave."""
    medicine_listed_at: datetime | None = None
    """When it was last stated with which medicine the patient goes home."""
    medicine_signed_at: datetime | None = None
    """When a doctor last stood by that list."""
    encounters: tuple[Encounter, ...]
    episodes: tuple[EpisodeOfCareId, ...] = ()
    parties: tuple[Party, ...] = ()
    plan: DischargePlan = field(default_factory=DischargePlan)
    notices: tuple[FiledNotice, ...] = ()
    """Everything that was told of it, in its order: what the rest follows from."""

    @property
    def is_open(self) -> bool:
        """True while the hospital has the patient."""
        return self.state.is_open

    @property
    def encounter(self) -> Encounter:
        """The latest hospital contact that stands."""
        return next((each for each in reversed(self.encounters) if not each.is_cancelled), self.encounters[-1])

    @property
    def known_messages(self) -> frozenset[MessageId]:
        """The messages filed here, and those that their histories name."""
        return frozenset().union(*({each.id} | each.follows for each in self.notices))

    def retold(self, story: Story, *, new_id: Callable[[], str], received_at: datetime) -> Stay:
        """The stay as ``story`` has it: contacts that are known keep their ids."""
        known = {each.source or MessageId(each.id): each for each in self.encounters}
        told = {each.source for each in story.contacts}
        # What was told by another notice until now, and what nobody tells of any more.
        dropped = [each for source, each in known.items() if source not in told]
        contacts = [_encounter(each, known, dropped, new_id) for each in story.contacts]
        contact = story.contact
        end_received_at = self.end_received_at if story.ended_at == self.ended_at else received_at
        return replace(
            self,
            hospital=contact.hospital,
            ward=contact.ward,
            state=story.state,
            began_at=story.began_at,
            ended_at=story.ended_at,
            end_received_at=None if story.ended_at is None else end_received_at,
            died_at=story.died_at,
            leave_started_at=story.leave_started_at,
            notices=story.notices,
            # Cancelled ones first, as the story has them: the last one is where the patient is.
            encounters=(*(replace(each, is_cancelled=True) for each in dropped), *contacts),
        )

    def with_party(self, organization: SorCode, basis: PartyBasis, since: datetime) -> Stay:
        """The stay with one more party; one that is a party already stays as it is, or comes back."""
        theirs = [party for party in self.parties if party.organization == organization]
        if not theirs:
            return replace(self, parties=(*self.parties, Party(organization=organization, basis=basis, since=since)))
        if all(party.until is None for party in theirs):
            return self
        parties = (
            replace(party, until=None) if party.organization == organization else party for party in self.parties
        )
        return replace(self, parties=tuple(parties))

    def is_read_by(self, organization: SorCode, now: datetime) -> bool:
        """Tell whether the access of ``organization`` has not ended."""
        return any(
            party.organization == organization and (party.until is None or now < party.until) for party in self.parties
        )

    def is_of(self, episodes: Iterable[EpisodeOfCareId]) -> bool:
        """Tell whether one of ``episodes`` is its own, however it is written."""
        return not {each.key for each in episodes}.isdisjoint(each.key for each in self.episodes)

    def is_party(self, organization: SorCode) -> bool:
        """Tell whether ``organization`` itself has a row."""
        return any(party.organization == organization for party in self.parties)


def _encounter(
    contact: Contact, known: Mapping[MessageId, Encounter], dropped: list[Encounter], new_id: Callable[[], str]
) -> Encounter:
    """The contact under the id it has: its own notice's, or that of another notice that told of the same contact."""
    before = known.get(contact.source)
    if before is None:
        before = next((each for each in dropped if each.ward == contact.ward), None)
        if before is not None:
            dropped.remove(before)
    return Encounter(
        id=EncounterId(new_id()) if before is None else before.id,
        encounter_class=contact.encounter_class,
        ward=contact.ward,
        started_at=contact.started_at,
        ended_at=contact.ended_at,
        source=contact.source,
        is_cancelled=contact.is_cancelled,
    )
