"""A message as the rules look at it: its parts found once, its content not yet judged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from discharge.commands import Sending
from discharge.errors import InvalidIdentifierError
from discharge.identifiers import CprNumber, MessageId
from discharge.notices import NoticeKind
from fhir_mappings.bundles import MessageBundle
from fhir_mappings.elements import Element
from fhir_mappings.instants import read_instant
from fhir_mappings.medcom.codes import ACTIVITY_SYSTEM, KNOWN_ACTIVITIES, NOTICE_KINDS, REPORT_RECIPIENT
from fhir_mappings.systems import CPR_SYSTEM

__all__ = ["Message", "activity_of", "instant_of", "sending_of"]

_EARLIER: Final = re.compile(r"MessageHeader/([A-Za-z0-9\-.]{1,64})", re.ASCII)
_ROLES: Final = frozenset({"revision", "removal", "source"})
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
    parties: tuple[Element, ...]
    """The Organizations that send, receive or act: those that have a location number."""
    _resources: Mapping[str, tuple[Element, ...]]

    @classmethod
    def of(cls, bundle: MessageBundle, *, now: datetime) -> Message:
        """Return the parts of ``bundle``, judged at ``now``."""
        encounter, parties = _focus(bundle), _parties(bundle)
        resources = {kind: bundle.of_type(kind) for kind in {entry.type for entry in bundle.entries}}
        resources |= {
            "Bundle": (bundle.root,),
            "Encounter": (encounter,) if encounter.exists else (),
            "Organization": _organizations(bundle, encounter, parties),
        }
        return cls(
            bundle=bundle,
            now=now,
            patients=resources.get("Patient", ()),
            encounter=encounter,
            provenances=resources.get("Provenance", ()),
            current=_current_provenance(bundle),
            parties=parties,
            _resources=resources,
        )

    def held_to(self, context: str) -> tuple[Element, ...]:
        """The resources of the type ``context`` that a profile is about.

        That is all of them, but of Encounters the one in focus, and of Organizations those that are named where
        a profile says which they must be. What else rides along is surplus.
        """
        return self._resources.get(context, ())

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
    def deceased(self) -> bool | None:
        """Whether the patient is said to be dead; None when nothing is said of it."""
        if self.patient["deceasedDateTime"].exists:
            return True
        told = self.patient["deceasedBoolean"].value
        return told if isinstance(told, bool) else None

    @property
    def kind(self) -> NoticeKind | None:
        """The notice it is by its activity; a death repeats an older one, so ``deceased`` is looked at first."""
        return NOTICE_KINDS.get(self.activity or "")

    @property
    def about(self) -> MessageId | None:
        """The message that this one corrects, cancels or continues, as its own Provenance names it."""
        entities = () if self.current is None else self.current.all("entity")
        named = (entity["what"].text("reference") for entity in entities)
        reference = next((each for each in named if each), None)
        return None if reference is None else MessageId(reference.rpartition("/")[2])

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


def _parties(bundle: MessageBundle) -> tuple[Element, ...]:
    """Each one once, in the order of the bundle."""
    header = bundle.header
    named = [header["sender"], header.extension(REPORT_RECIPIENT)["valueReference"]]
    named += [destination["receiver"] for destination in header.all("destination")]
    named += [agent["who"] for provenance in bundle.of_type("Provenance") for agent in provenance.all("agent")]
    return _named(bundle, named)


def _organizations(bundle: MessageBundle, encounter: Element, parties: tuple[Element, ...]) -> tuple[Element, ...]:
    others = [encounter["serviceProvider"], *(each["managingOrganization"] for each in bundle.of_type("Patient"))]
    known = {id(each) for each in parties}
    return (*parties, *(each for each in _named(bundle, others) if id(each) not in known))


def _named(bundle: MessageBundle, references: Iterable[Element]) -> tuple[Element, ...]:
    found = {id(resource) for each in references if (resource := bundle.resolve(each)) is not None}
    return tuple(each for each in bundle.of_type("Organization") if id(each) in found)


def _messages_named(provenance: Element) -> Iterator[Element]:
    yield from provenance.all("target")
    for entity in provenance.all("entity"):
        yield entity["what"]


def _current_provenance(bundle: MessageBundle) -> Element | None:
    """The Provenance whose target is this message's header; the latest of them, should there be several."""
    own = [
        provenance
        for provenance in bundle.of_type("Provenance")
        if any(bundle.names_header(target) for target in provenance.all("target"))
    ]
    return max(own, key=lambda provenance: instant_of(provenance["occurredDateTime"]) or _NEVER, default=None)


def sending_of(provenance: Element | None) -> Sending:
    """What the current Provenance says: what an answer to the message repeats, and nothing unsound."""
    if provenance is None:
        return Sending()
    activity = activity_of(provenance)
    return Sending(
        occurred_at=instant_of(provenance["occurredDateTime"]),
        recorded_at=instant_of(provenance["recorded"]),
        activity=activity if activity in KNOWN_ACTIVITIES else None,
        follows=tuple(_followed(provenance)),
    )


def _followed(provenance: Element) -> Iterator[tuple[str, MessageId]]:
    for entity in provenance.all("entity"):
        role, what = entity.text("role"), _EARLIER.fullmatch(entity["what"].text("reference") or "")
        if role in _ROLES and what is not None:
            yield role, MessageId(what[1])


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
