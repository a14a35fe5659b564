"""Letter -> CareCommunication 5.0, as it is sent.

What is written here passes our own rules and reads back as the same letter; a property test holds
both against each other. Not carried: who may read the thread here, and what has been taken back.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import orjson

from discharge.identifiers import CprNumber, SorCode
from discharge.letter import Attachment, Author, Contact, Letter, Segment, Step, TextSegment
from discharge.patient import Patient
from fhir_mappings.elements import Json, JsonObject, codeable
from fhir_mappings.instants import write_instant
from fhir_mappings.medcom.acknowledgement import Correspondent
from fhir_mappings.medcom.care_codes import (
    AUTHOR,
    CARE_PROFILES,
    CATEGORY_SYSTEM,
    CONTACT,
    CORE,
    DEFINITION_5,
    REPLACEMENT_SYSTEMS,
    SEGMENT_AT,
    SEGMENT_ID,
    SENDER_CONTACT,
)
from fhir_mappings.medcom.codes import (
    ACTIVITY_SYSTEM,
    DESTINATION_USE,
    DESTINATION_USE_SYSTEM,
    EVENT_SYSTEM,
    EventCode,
)
from fhir_mappings.outcomes import narrative
from fhir_mappings.systems import CLASS_SYSTEM, CPR_SYSTEM, GLN_SYSTEMS, SOR_SYSTEM

__all__ = ["LetterContext", "render_letter"]

_MESSAGING: Final = "http://medcomfhir.dk/ig/messaging/StructureDefinition"
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterContext:
    """What a letter needs besides itself to be sent."""

    patient: Patient
    sender: Correspondent
    recipient: Correspondent
    others: Mapping[SorCode, Correspondent] = field(default_factory=dict)
    """Organisations that its history names, as far as the register knows them."""
    now: datetime
    """When the bundle is built."""
    new_id: Callable[[], str]
    """Makes globally unique ids."""
    encounter_class: str = "IMP"
    """v3-ActCode of the stay whose episode id is sent along."""
    base_url: str = "https://stafet.invalid/fhir"


def render_letter(letter: Letter, context: LetterContext) -> bytes:
    """The letter as a CareCommunication 5.0 message, in JSON. Every call makes a new Bundle.id.

    Source: MedCom CareCommunication 5.0.2; MedCom Messaging 4.0.2; MedCom Core 3.0.1.
    """
    return orjson.dumps(_Writing(letter, context).bundle())


class _Writing:
    """One rendering: resources in the order in which they are first named."""

    def __init__(self, letter: Letter, context: LetterContext) -> None:
        self._letter = letter
        self._context = context
        self._resources: list[JsonObject] = []
        self._organizations: dict[SorCode, str] = {}
        self._roles: dict[tuple[object, ...], str] = {}

    def bundle(self) -> JsonObject:
        """The whole message."""
        context = self._context
        header = self._header()
        first: list[JsonObject] = [header, self._communication(header)]
        provenances = [self._provenance(step) for step in reversed(self._letter.history)]
        base = context.base_url.rstrip("/")
        return {
            "resourceType": "Bundle",
            "id": context.new_id(),
            "meta": _meta(f"{CARE_PROFILES}/medcom-careCommunication-message"),
            "type": "message",
            "timestamp": write_instant(context.now),
            "entry": [
                {"fullUrl": f"{base}/{each['resourceType']}/{each['id']}", "resource": each}
                for each in (*first, *self._resources, *provenances)
            ],
        }

    def _header(self) -> JsonObject:
        letter, context = self._letter, self._context
        use: JsonObject = {
            "url": DESTINATION_USE,
            "valueCoding": {"system": DESTINATION_USE_SYSTEM, "code": "primary"},
        }
        return {
            "resourceType": "MessageHeader",
            "id": letter.id,
            "meta": _meta(f"{CARE_PROFILES}/medcom-careCommunication-messageHeader"),
            "text": narrative("Korrespondancemeddelelse"),
            "eventCoding": {"system": EVENT_SYSTEM, "code": EventCode.CARE_COMMUNICATION},
            "destination": [
                {
                    "extension": [use],
                    "endpoint": context.recipient.endpoint,
                    "receiver": {"reference": self._organization(letter.recipient)},
                }
            ],
            "sender": {"reference": self._organization(letter.sender)},
            "source": {"endpoint": context.sender.endpoint},
            "focus": [{"reference": f"Communication/{context.new_id()}"}],
            "definition": f"{DEFINITION_5}.0",
        }

    def _communication(self, header: JsonObject) -> JsonObject:
        letter = self._letter
        focus = header["focus"]
        assert isinstance(focus, list)
        assert isinstance(focus[0], dict)
        patient = self._patient()
        said = [segment.text for segment in letter.own if isinstance(segment, TextSegment)]
        made: JsonObject = {
            "resourceType": "Communication",
            "id": str(focus[0]["reference"]).partition("/")[2],
            "meta": _meta(f"{CARE_PROFILES}/medcom-careCommunication-communication"),
            "text": narrative(letter.topic or letter.category, *said),
        }
        if letter.sender_contact is not None:
            contact = self._contact(letter.sender_contact, letter.sender)
            made["extension"] = [{"url": SENDER_CONTACT, "valueReference": {"reference": contact}}]
        made["identifier"] = [{"value": letter.thread}]
        made["status"] = "unknown"
        made["category"] = [codeable(CATEGORY_SYSTEM, letter.category)]
        if letter.priority is not None:
            made["priority"] = letter.priority.value
        made["subject"] = {"reference": patient}
        if letter.topic is not None:
            made["topic"] = {"text": letter.topic}
        if letter.episodes:
            made["encounter"] = {"reference": self._encounter(patient)}
        if letter.recipient_contact is not None:
            made["recipient"] = [{"reference": self._contact(letter.recipient_contact, letter.recipient)}]
        made["payload"] = [self._payload(segment) for segment in letter.segments]
        return made

    @property
    def _ends(self) -> dict[SorCode, Correspondent]:
        """Sender and recipient."""
        return {self._letter.sender: self._context.sender, self._letter.recipient: self._context.recipient}

    def _add(self, resource: JsonObject) -> str:
        self._resources.append(resource)
        return f"{resource['resourceType']}/{resource['id']}"

    def _organization(self, sor: SorCode | None) -> str:
        """The reference to an organisation; what nobody is known for is the sender's."""
        sor = sor or self._letter.sender
        if sor not in self._organizations:
            ends = self._ends
            known = ends.get(sor) or self._context.others.get(sor) or Correspondent(sor=sor)
            is_messaging = sor in ends or known.gln is not None
            profile = f"{_MESSAGING}/medcom-messaging" if is_messaging else f"{CORE}/medcom-core"
            identifiers: list[Json] = [{"system": SOR_SYSTEM, "value": sor}]
            if known.gln is not None:
                identifiers.append({"system": GLN_SYSTEMS[0], "value": known.gln})
            made: JsonObject = {
                "resourceType": "Organization",
                "id": self._context.new_id(),
                "meta": _meta(f"{profile}-organization"),
                "text": narrative(known.name or f"SOR {sor}"),
                "identifier": identifiers,
            }
            self._organizations[sor] = self._add(made if known.name is None else made | {"name": known.name})
        return self._organizations[sor]

    def _agent(self, sor: SorCode) -> JsonObject:
        """Who sent a step: by reference with a location number, which must be there, else by SOR code alone."""
        known = self._ends.get(sor) or self._context.others.get(sor)
        if known is None or known.gln is None:
            return {"identifier": {"system": SOR_SYSTEM, "value": sor}}
        return {"reference": self._organization(sor)}

    def _patient(self) -> str:
        patient = self._context.patient
        name: JsonObject = {"use": "official"}
        if patient.family is None:
            name["_family"] = {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}
        else:
            name["family"] = patient.family
        if patient.given:
            name["given"] = list(patient.given)
        return self._add(
            {
                "resourceType": "Patient",
                "id": self._context.new_id(),
                "meta": _meta(f"{CORE}/medcom-core-patient"),
                "text": narrative("Borger"),
                "identifier": [_number(patient.cpr)],
                "name": [name],
            }
        )

    def _encounter(self, patient: str) -> str:
        return self._add(
            {
                "resourceType": "Encounter",
                "id": self._context.new_id(),
                "meta": _meta(f"{CORE}/medcom-core-encounter"),
                "text": narrative("Forløb"),
                "status": "unknown",
                "class": {"system": CLASS_SYSTEM, "code": self._context.encounter_class},
                "subject": {"reference": patient},
                "episodeOfCare": [
                    {
                        "identifier": {"system": episode.system, "value": episode.value}
                        if episode.system
                        else {"value": episode.value}
                    }
                    for episode in self._letter.episodes
                ],
            }
        )

    def _payload(self, segment: Segment) -> JsonObject:
        identifier: JsonObject = {
            "value": segment.id,
            "assigner": {"reference": self._organization(segment.organization)},
        }
        extensions: list[Json] = [
            {"url": SEGMENT_AT, "valueDateTime": write_instant(segment.at)},
            {"url": SEGMENT_ID, "valueIdentifier": identifier},
        ]
        if segment.author is not None:
            author = self._role(segment.author, segment.organization)
            extensions.append({"url": AUTHOR, "valueReference": {"reference": author}})
        if segment.phone is not None:
            extensions.append({"url": CONTACT, "valueContactPoint": {"system": "phone", "value": segment.phone}})
        if isinstance(segment, TextSegment):
            return {"extension": extensions, "contentString": segment.text}
        return {"extension": extensions, "contentAttachment": _attachment(segment)}

    def _role(self, author: Author | Contact, organization: SorCode | None) -> str:
        organization = organization or self._letter.sender
        key = (author.name, author.title, author.code, organization)
        if key not in self._roles:
            *given, family = author.name.split(" ")
            name: JsonObject = {"family": family} if not given else {"family": family, "given": list(given)}
            practitioner = self._add(
                {
                    "resourceType": "Practitioner",
                    "id": self._context.new_id(),
                    "meta": _meta(f"{CORE}/medcom-core-practitioner"),
                    "text": narrative(author.name),
                    "name": [name],
                }
            )
            role: JsonObject = {
                "resourceType": "PractitionerRole",
                "id": self._context.new_id(),
                "meta": _meta(f"{CORE}/medcom-core-practitionerrole"),
                "text": narrative(author.title or author.name),
                "practitioner": {"reference": practitioner},
                "organization": {"reference": self._organization(organization)},
                "code": [_title(author)],
            }
            self._roles[key] = self._add(role)
        return self._roles[key]

    def _contact(self, contact: Contact, organization: SorCode) -> str:
        if not contact.is_team:
            return self._role(contact, organization)
        return self._add(
            {
                "resourceType": "CareTeam",
                "id": self._context.new_id(),
                "meta": _meta(f"{CORE}/medcom-core-careteam"),
                "text": narrative(contact.name),
                "name": contact.name,
                "managingOrganization": [{"reference": self._organization(organization)}],
            }
        )

    def _provenance(self, step: Step) -> JsonObject:
        entities: list[Json] = [
            {"role": "source", "what": {"identifier": {"value": segment_id}}} for segment_id in step.segments
        ]
        for role, message_id in (("revision", step.follows), ("removal", step.removes)):
            if message_id is not None:
                entities.append({"role": role, "what": {"reference": f"MessageHeader/{message_id}"}})
        if step.foreign is not None:
            entities.append({"role": "revision", "what": {"identifier": {"value": step.foreign}}})
        made: JsonObject = {
            "resourceType": "Provenance",
            "id": self._context.new_id(),
            "meta": _meta(f"{CARE_PROFILES}/medcom-careCommunication-provenance"),
            "text": narrative(f"{step.kind}: {step.message_id}"),
            "target": [{"reference": f"MessageHeader/{step.message_id}"}],
            "occurredDateTime": write_instant(step.at),
            "recorded": write_instant(step.at),
            "activity": codeable(ACTIVITY_SYSTEM, step.kind),
            "agent": [{"who": self._agent(step.organization or self._letter.sender)}],
        }
        return made | {"entity": entities} if entities else made


def _title(author: Author | Contact) -> JsonObject:
    if author.code is None:
        return {"text": author.title}
    system, _, code = author.code.rpartition("|")
    coding: JsonObject = {"code": code, "display": author.title}
    return {"coding": [{"system": system, **coding} if system else coding]}


def _attachment(segment: Attachment) -> JsonObject:
    made: JsonObject = {}
    if segment.media_type is not None:
        made["contentType"] = segment.media_type
    if segment.content is not None:
        made["data"] = base64.b64encode(segment.content).decode()
    if segment.link is not None:
        made["url"] = segment.link
    made["title"] = segment.title
    if segment.created_at is not None:
        made["creation"] = write_instant(segment.created_at)
    return made


def _number(number: CprNumber) -> JsonObject:
    """The citizen's number: a region's own numbers go without the region's part, which nobody has told us."""
    if not number.is_replacement:
        return {"system": CPR_SYSTEM, "value": number.digits}
    national, regional = REPLACEMENT_SYSTEMS
    return {"use": "temp", "system": national if number.is_national else regional, "value": number.digits}


def _meta(profile: str) -> JsonObject:
    return {"profile": [profile]}
