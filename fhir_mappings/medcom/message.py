"""A message as the rules look at it: its parts found once, its content not yet judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from discharge.errors import InvalidIdentifierError
from discharge.identifiers import CprNumber, MessageId
from discharge.stay import NoticeKind
from fhir_mappings.bundles import MessageBundle
from fhir_mappings.elements import Element
from fhir_mappings.instants import read_instant
from fhir_mappings.medcom.codes import ACTIVITY_SYSTEM, NOTICE_KINDS
from fhir_mappings.systems import CPR_SYSTEM

__all__ = ["Message", "activity_of", "current_provenance", "instant_of"]

_NEVER: Final = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The parts of a message that rules speak of."""

    bundle: MessageBundle
    now: datetime
    patients: tuple[Element, ...]
    encounter: Element
    """The Encounter in focus; an empty place when there is none."""
    provenances: tuple[Element, ...]
    current: Element | None
    """The Provenance of this very message; the others are its history."""

    @classmethod
    def of(cls, bundle: MessageBundle, *, now: datetime) -> Message:
        """Return the parts of ``bundle``, judged at ``now``."""
        return cls(
            bundle=bundle,
            now=now,
            patients=bundle.of_type("Patient"),
            encounter=_focus(bundle),
            provenances=bundle.of_type("Provenance"),
            current=current_provenance(bundle),
        )

    @property
    def header(self) -> Element:
        """The MessageHeader."""
        return self.bundle.header

    @property
    def patient(self) -> Element:
        """The Patient; an empty place when there is none."""
        return self.patients[0] if self.patients else Element("Bundle.entry.resource.ofType(Patient)", None)

    @property
    def activity(self) -> str | None:
        """The activity of the current Provenance: which message it is."""
        return None if self.current is None else activity_of(self.current)

    @property
    def is_of_the_dead(self) -> bool:
        """True when the patient is said to be dead, or said not to be: both are about a death."""
        return self.patient["deceasedBoolean"].exists or self.patient["deceasedDateTime"].exists

    @property
    def kind(self) -> NoticeKind | None:
        """The notice it is, when it is one that is acted on; deceased is looked at before the activity."""
        return None if self.is_of_the_dead else NOTICE_KINDS.get(self.activity or "")

    @property
    def cpr_elements(self) -> tuple[Element, ...]:
        """The values of the patient's CPR identifiers."""
        return tuple(each["value"] for each in self.patient.all("identifier") if each.text("system") == CPR_SYSTEM)

    @property
    def cpr(self) -> CprNumber | None:
        """The patient's CPR number, where it has the right form."""
        for element in self.cpr_elements:
            try:
                return CprNumber.parse(element.string or "")
            except InvalidIdentifierError:
                continue
        return None

    @property
    def history(self) -> tuple[MessageId, ...]:
        """Earlier messages that the Provenances name, as targets or as what was followed."""
        own = self.header.text("id")
        named = dict.fromkeys(
            reference.rpartition("/")[2]
            for provenance in self.provenances
            for place in _messages_named(provenance)
            if (reference := place.text("reference")) is not None
        )
        return tuple(MessageId(each) for each in named if each and each != own)


def _focus(bundle: MessageBundle) -> Element:
    for reference in bundle.header.all("focus"):
        found = bundle.resolve(reference)
        if found is not None and found.text("resourceType") == "Encounter":
            return found
    return Element("Bundle.entry.resource.ofType(Encounter)", None)


def _messages_named(provenance: Element) -> Iterator[Element]:
    yield from provenance.all("target")
    for entity in provenance.all("entity"):
        yield entity["what"]


def current_provenance(bundle: MessageBundle) -> Element | None:
    """The Provenance whose target is this message's header; the latest of them, should there be several."""
    own = [
        provenance
        for provenance in bundle.of_type("Provenance")
        if any(bundle.names_header(target) for target in provenance.all("target"))
    ]
    return max(own, key=lambda provenance: instant_of(provenance["occurredDateTime"]) or _NEVER, default=None)


def activity_of(provenance: Element) -> str | None:
    """The MedCom activity code of a Provenance; a coding without system counts as MedCom's."""
    for coding in provenance["activity"].all("coding"):
        if coding.text("system") in {None, ACTIVITY_SYSTEM}:
            return coding.text("code")
    return None


def instant_of(element: Element) -> datetime | None:
    """The instant at ``element``, unless there is none or it has no zone."""
    try:
        return read_instant(element.string or "")
    except ValueError:
        return None
