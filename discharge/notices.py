"""What hospitals tell about a stay: the kinds of notice, the states they lead to, and a notice as it is filed.

Source: MedCom HospitalNotification 3.0.2, use cases and state machine; Messaging 2.1.0, Provenance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from discharge.identifiers import MessageId, SorCode
from discharge.proofs import Person

__all__ = ["STAY_TRANSITIONS", "Effect", "EncounterClass", "FiledNotice", "NoticeKind", "StayState"]


class NoticeKind(StrEnum):
    """Which notice it is, by its Danish use-case code.

    Source: MedCom HospitalNotification 3.0.2, use cases. RE_ corrects, AN_ cancels.
    """

    STAA = "STAA"
    RE_STAA = "RE_STAA"
    AN_STAA = "AN_STAA"
    STIN = "STIN"
    RE_STIN = "RE_STIN"
    AN_STIN = "AN_STIN"
    STOR = "STOR"
    RE_STOR = "RE_STOR"
    AN_STOR = "AN_STOR"
    SLOR = "SLOR"
    RE_SLOR = "RE_SLOR"
    AN_SLOR = "AN_SLOR"
    SLHJ = "SLHJ"
    RE_SLHJ = "RE_SLHJ"
    AN_SLHJ = "AN_SLHJ"
    MORS = "MORS"
    RE_MORS = "RE_MORS"
    AN_MORS = "AN_MORS"

    @property
    def base(self) -> NoticeKind:
        """What is corrected or cancelled; the kind itself when it does neither."""
        return _BASES[self]

    @property
    def corrects(self) -> bool:
        """True for RE_."""
        return self.value.startswith("RE_")

    @property
    def cancels(self) -> bool:
        """True for AN_."""
        return self.value.startswith("AN_")

    @property
    def begins(self) -> bool:
        """True for what puts somebody into hospital."""
        return self in _BEGINNINGS


_BEGINNINGS: Final = frozenset({NoticeKind.STAA, NoticeKind.STIN})
_BASES: Final = {kind: NoticeKind(kind.value.rpartition("_")[2]) for kind in NoticeKind}


class StayState(StrEnum):
    """Where a stay stands."""

    ACUTE = "acute-ambulant"
    ADMITTED = "admitted"
    ON_LEAVE = "on-leave"
    ENDED = "ended"
    DEAD = "dead"
    CANCELLED = "cancelled"
    """Everything that was told of it was taken back: it never was."""

    @property
    def is_open(self) -> bool:
        """True while the hospital has the patient."""
        return self in _OPEN


_OPEN: Final = frozenset({StayState.ACUTE, StayState.ADMITTED, StayState.ON_LEAVE})


class EncounterClass(StrEnum):
    """v3-ActCode of one hospital contact."""

    INPATIENT = "IMP"
    EMERGENCY = "EMER"


_K, _S = NoticeKind, StayState
STAY_TRANSITIONS: Final[dict[tuple[StayState | None, NoticeKind], StayState]] = {
    (None, _K.STAA): _S.ACUTE,
    (None, _K.STIN): _S.ADMITTED,
    (None, _K.STOR): _S.ON_LEAVE,
    (None, _K.SLOR): _S.ADMITTED,
    (None, _K.SLHJ): _S.ENDED,
    (None, _K.MORS): _S.DEAD,
    (_S.ACUTE, _K.STAA): _S.ACUTE,
    (_S.ACUTE, _K.STIN): _S.ADMITTED,
    (_S.ACUTE, _K.STOR): _S.ON_LEAVE,
    (_S.ACUTE, _K.SLHJ): _S.ENDED,
    (_S.ACUTE, _K.MORS): _S.DEAD,
    (_S.ADMITTED, _K.STAA): _S.ACUTE,
    (_S.ADMITTED, _K.STIN): _S.ADMITTED,
    (_S.ADMITTED, _K.STOR): _S.ON_LEAVE,
    (_S.ADMITTED, _K.SLOR): _S.ADMITTED,
    (_S.ADMITTED, _K.SLHJ): _S.ENDED,
    (_S.ADMITTED, _K.MORS): _S.DEAD,
    (_S.ON_LEAVE, _K.STAA): _S.ACUTE,
    (_S.ON_LEAVE, _K.STIN): _S.ADMITTED,
    (_S.ON_LEAVE, _K.STOR): _S.ON_LEAVE,
    (_S.ON_LEAVE, _K.SLOR): _S.ADMITTED,
    (_S.ON_LEAVE, _K.SLHJ): _S.ENDED,
    (_S.ON_LEAVE, _K.MORS): _S.DEAD,
    (_S.ENDED, _K.SLHJ): _S.ENDED,
    (_S.ENDED, _K.MORS): _S.DEAD,
    (_S.DEAD, _K.MORS): _S.DEAD,
}
"""Source: MedCom HospitalNotification 3.0.2, state machine. RE_ and AN_ change the notice they are about instead."""


class Effect(StrEnum):
    """What became of a filed notice."""

    STANDS = "stands"
    CORRECTED = "corrected"
    CANCELLED = "cancelled"
    UNEXPECTED = "unexpected"
    """The standard has no such step from here: kept and shown, and nothing follows from it."""


_HOLDING: Final = frozenset({Effect.STANDS, Effect.CORRECTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledNotice:
    """One notice about a stay, or a person's press that says the same."""

    id: MessageId
    """MessageHeader.id; an id of ours for a press."""
    sender: SorCode
    kind: NoticeKind
    """By its activity; ``deceased`` says more."""
    encounter_class: EncounterClass
    hospital: SorCode
    ward: SorCode
    started_at: datetime
    leave_started_at: datetime | None = None
    leave_ended_at: datetime | None = None
    ended_at: datetime | None = None
    occurred_at: datetime
    deceased: bool | None = None
    """What the Patient says of a death; None when it says nothing."""
    report_requested: bool = False
    """A report of admission is asked for."""
    report_recipient: SorCode | None = None
    """Who shall have it; None: the sender."""
    about: MessageId | None = None
    """The notice that is corrected or cancelled, as it names it."""
    follows: frozenset[MessageId] = frozenset()
    """Earlier messages that its history names, seen or not."""
    received_at: datetime
    by: Person | None = None
    """The person who pressed; None for a message."""
    effect: Effect = Effect.STANDS

    @property
    def holds(self) -> bool:
        """True unless it was taken back, or nothing can follow from it."""
        return self.effect in _HOLDING

    @property
    def at(self) -> datetime:
        """The instant that it tells of."""
        if self.deceased:
            return self.ended_at or self.occurred_at
        match self.kind.base:
            case NoticeKind.STOR:
                told = self.leave_started_at
            case NoticeKind.SLOR:
                told = self.leave_ended_at
            case NoticeKind.SLHJ | NoticeKind.MORS:
                told = self.ended_at
            case _:
                told = self.started_at
        return told or self.occurred_at
