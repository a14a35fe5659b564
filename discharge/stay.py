"""The stay: one patient's unbroken time in hospital, and what a notice does to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from discharge.errors import TransitionError
from discharge.identifiers import EncounterId, EpisodeOfCareId, MessageId, PatientId, SorCode, StayId
from discharge.plan import DischargePlan

__all__ = [
    "STAY_TRANSITIONS",
    "Encounter",
    "EncounterClass",
    "NoticeKind",
    "Party",
    "PartyBasis",
    "Stay",
    "StayState",
]


class NoticeKind(StrEnum):
    """Which notice it is, by its Danish use-case code.

    Source: MedCom HospitalNotification 3.0.2, use cases. The others are not acted on yet.
    """

    STAA = "STAA"
    STIN = "STIN"
    SLHJ = "SLHJ"


class StayState(StrEnum):
    """Where a stay stands."""

    ACUTE = "acute-ambulant"
    ADMITTED = "admitted"
    ENDED = "ended"


STAY_TRANSITIONS: Final[dict[tuple[StayState | None, NoticeKind], StayState]] = {
    (None, NoticeKind.STAA): StayState.ACUTE,
    (None, NoticeKind.STIN): StayState.ADMITTED,
    (None, NoticeKind.SLHJ): StayState.ENDED,
    (StayState.ACUTE, NoticeKind.STAA): StayState.ACUTE,
    (StayState.ACUTE, NoticeKind.STIN): StayState.ADMITTED,
    (StayState.ACUTE, NoticeKind.SLHJ): StayState.ENDED,
    (StayState.ADMITTED, NoticeKind.STAA): StayState.ACUTE,
    (StayState.ADMITTED, NoticeKind.STIN): StayState.ADMITTED,
    (StayState.ADMITTED, NoticeKind.SLHJ): StayState.ENDED,
    (StayState.ENDED, NoticeKind.SLHJ): StayState.ENDED,
}
"""Source: MedCom HospitalNotification 3.0.2, state machine. A second SLHJ confirms or re-dates the first."""


class EncounterClass(StrEnum):
    """v3-ActCode of one hospital contact."""

    INPATIENT = "IMP"
    EMERGENCY = "EMER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encounter:
    """One hospital contact inside a stay."""

    id: EncounterId
    encounter_class: EncounterClass
    ward: SorCode
    started_at: datetime
    ended_at: datetime | None = None


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
    encounters: tuple[Encounter, ...]
    episodes: tuple[EpisodeOfCareId, ...] = ()
    superseded: frozenset[MessageId] = frozenset()
    """Messages already known through the history of later ones: old news when they arrive."""
    parties: tuple[Party, ...] = ()
    plan: DischargePlan = field(default_factory=DischargePlan)

    @property
    def is_open(self) -> bool:
        """True until the patient has left."""
        return self.state is not StayState.ENDED

    @property
    def encounter(self) -> Encounter:
        """The latest hospital contact."""
        return self.encounters[-1]

    def after(self, kind: NoticeKind) -> StayState:
        """The state that ``kind`` leads to.

        Raises:
            TransitionError: the standard has no such step.
        """
        state = STAY_TRANSITIONS.get((self.state, kind))
        if state is None:
            raise TransitionError(kind="Stay", state=self.state, move=kind)
        return state

    def continued(self, encounter: Encounter, *, hospital: SorCode, state: StayState) -> Stay:
        """The same stay in another contact: acute turned admitted, or another ward took over."""
        closed = replace(self.encounter, ended_at=encounter.started_at)
        return replace(
            self,
            hospital=hospital,
            ward=encounter.ward,
            state=state,
            encounters=(*self.encounters[:-1], closed, encounter),
        )

    def discharged(self, at: datetime, *, received_at: datetime) -> Stay:
        """The stay ended by going home at ``at``; calling it again re-dates the end."""
        last = replace(self.encounter, ended_at=at)
        return replace(
            self,
            state=StayState.ENDED,
            ended_at=at,
            end_received_at=received_at,
            encounters=(*self.encounters[:-1], last),
        )

    def reopened(self) -> Stay:
        """The stay as it was before the discharge was marked.

        Raises:
            TransitionError: it is not ended.
        """
        if self.is_open:
            raise TransitionError(kind="Stay", state=self.state, move="undo-discharged")
        last = replace(self.encounter, ended_at=None)
        state = StayState.ADMITTED if last.encounter_class is EncounterClass.INPATIENT else StayState.ACUTE
        return replace(self, state=state, ended_at=None, end_received_at=None, encounters=(*self.encounters[:-1], last))

    def with_party(self, organization: SorCode, basis: PartyBasis, since: datetime) -> Stay:
        """The stay with one more party; one that is a party already stays as it is, or comes back."""
        if self.is_party(organization):
            parties = tuple(
                replace(party, until=None) if party.organization == organization else party for party in self.parties
            )
            return self if parties == self.parties else replace(self, parties=parties)
        return replace(self, parties=(*self.parties, Party(organization=organization, basis=basis, since=since)))

    def is_read_by(self, organization: SorCode, now: datetime) -> bool:
        """Tell whether the access of ``organization`` has not ended."""
        return any(
            party.organization == organization and (party.until is None or now < party.until) for party in self.parties
        )

    def is_party(self, organization: SorCode) -> bool:
        """Tell whether ``organization`` itself has a row."""
        return any(party.organization == organization for party in self.parties)
