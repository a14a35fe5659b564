"""The citizen, as the master data of the parties know them."""

from __future__ import annotations

from dataclasses import dataclass

from discharge.directory import Directory
from discharge.identifiers import CprNumber, PatientId, SorCode

__all__ = ["Patient"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One citizen."""

    id: PatientId
    cpr: CprNumber
    family: str | None
    given: tuple[str, ...] = ()
    municipality: SorCode | None = None
    """Who gives the services; a care home counts."""
    district: str | None = None
    services: frozenset[str] = frozenset()
    gp: SorCode | None = None
    relatives: tuple[str, ...] = ()
    protected: bool = False
    """Name and address are protected: hidden on boards and prints."""
    blocks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Given names and family name, as far as they are known."""
        return " ".join((*self.given, self.family or "")).strip() or "Navn ikke oplyst"

    def is_known_to(self, receiver: SorCode, directory: Directory) -> bool:
        """Tell whether ``receiver``, or one above or below it, gives at least one service.

        Source: Retssikkerhedsloven § 12 c; MedCom HospitalNotification 3.0.2, legal basis: a receiver
        stores and shows a notice only for citizens with an active service.
        """
        return (
            bool(self.services) and self.municipality is not None and self.municipality in directory.related(receiver)
        )
