"""HospitalNotification 3.0 as a hospital's record system would write it, for demos and tests.

What is built is valid as a whole: narrative everywhere, every reference bundled, the history as
Provenances. Source: MedCom HospitalNotification 3.0.2; MedCom Messaging 2.1.0.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import orjson

from discharge.directory import Organization
from discharge.stay import EncounterClass, NoticeKind
from fhir_mappings.elements import Json, JsonObject
from fhir_mappings.instants import write_instant
from fhir_mappings.medcom.codes import (
    ACTIVITY_SYSTEM,
    DESTINATION_USE,
    DESTINATION_USE_SYSTEM,
    EVENT_SYSTEM,
    LEAVE_PERIOD,
    REPORT_REQUESTED,
    EventCode,
)
from fhir_mappings.outcomes import narrative
from fhir_mappings.systems import CLASS_SYSTEM, CPR_SYSTEM, GLN_SYSTEMS, SOR_SYSTEM

__all__ = ["Notification", "Sent"]

_NOTIFICATION: Final = "http://medcomfhir.dk/ig/hospitalnotification/StructureDefinition"
_MESSAGING: Final = "http://medcomfhir.dk/ig/messaging/StructureDefinition"
_CORE: Final = "http://medcomfhir.dk/ig/core/StructureDefinition"
_RECIPIENT: Final = f"{_NOTIFICATION}/medcom-messaging-reportOfAdmissionRecipientExtension"
_BASE: Final = "https://medcomfhir.dk/ig/hospitalnotification"

_IN_WORDS: Final = {EncounterClass.INPATIENT: "inpatient", EncounterClass.EMERGENCY: "emergency"}
_STATUS_OF: Final = {
    NoticeKind.AN_STAA: "entered-in-error",
    NoticeKind.AN_STIN: "entered-in-error",
    NoticeKind.STOR: "onleave",
    NoticeKind.RE_STOR: "onleave",
    NoticeKind.AN_SLOR: "onleave",
    NoticeKind.SLHJ: "finished",
    NoticeKind.RE_SLHJ: "finished",
    NoticeKind.MORS: "finished",
    NoticeKind.RE_MORS: "finished",
}
_CLASS_OF: Final = {NoticeKind.STAA: EncounterClass.EMERGENCY, NoticeKind.STIN: EncounterClass.INPATIENT}


@dataclass(frozen=True, slots=True)
class Sent:
    """An earlier message of the same course, as a later one names it."""

    message_id: str
    activity: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """What a hospital states, before it is a message. ``message_id`` makes all other ids."""

    kind: NoticeKind
    message_id: str
    bundle_id: str
    cpr: str
    family: str
    given: tuple[str, ...] = ()
    sender: Organization
    receiver: Organization
    provider: Organization | None = None
    """The ward, where it is another than the sender."""
    episode: str
    encounter_class: EncounterClass | None = None
    """For a discharge; None: inpatient."""
    started_at: datetime
    leave_started_at: datetime | None = None
    leave_ended_at: datetime | None = None
    ended_at: datetime | None = None
    occurred_at: datetime
    report_requested: bool = False
    history: tuple[Sent, ...] = field(default=())

    @property
    def activity(self) -> str:
        """MedCom's code of the current Provenance."""
        if self.kind.base is NoticeKind.MORS:
            # There is no code for a death: the activity of the message before it is repeated.
            return self.history[-1].activity if self.history else f"admit-{_IN_WORDS[self._class]}"
        words = _IN_WORDS[self._class]
        step = {
            NoticeKind.STOR: "start-leave-inpatient",
            NoticeKind.SLOR: "end-leave-inpatient",
            NoticeKind.SLHJ: f"discharge-{words}-home",
        }.get(self.kind.base, f"admit-{words}")
        return f"revise-{step}" if self.kind.corrects else f"cancel-{step}" if self.kind.cancels else step

    @property
    def sent(self) -> Sent:
        """How a later message of the course names this one."""
        return Sent(self.message_id, self.activity, self.occurred_at)

    @property
    def _class(self) -> EncounterClass:
        return _CLASS_OF.get(self.kind.base) or self.encounter_class or EncounterClass.INPATIENT

    def again(self, *, bundle_id: str, at: datetime) -> Notification:
        """The same message sent once more: a new envelope and new sending times, nothing else."""
        return replace(self, bundle_id=bundle_id, occurred_at=at)

    def body(self) -> bytes:
        """The message as it goes over the wire."""
        return orjson.dumps(self.bundle())

    def bundle(self) -> JsonObject:
        """The message as a FHIR Bundle."""
        resources = [
            self._header(),
            self._patient(),
            self._encounter(),
            *(self._organization(each) for each in self._organizations),
            *self._provenances(),
        ]
        entries: list[Json] = [
            {"fullUrl": f"{_BASE}/{each['resourceType']}/{each['id']}", "resource": each} for each in resources
        ]
        return {
            "resourceType": "Bundle",
            "id": self.bundle_id,
            "meta": _meta(f"{_NOTIFICATION}/medcom-hospitalNotification-message"),
            "type": "message",
            "timestamp": write_instant(self.occurred_at),
            "entry": entries,
        }

    @property
    def _organizations(self) -> tuple[Organization, ...]:
        named = (self.receiver, self.sender, *(() if self.provider is None else (self.provider,)))
        return tuple({organization.sor: organization for organization in named}.values())

    def _id(self, what: str) -> str:
        return str(uuid5(UUID(self.message_id), what))

    def _to(self, organization: Organization) -> JsonObject:
        return {"reference": f"Organization/{self._id(organization.sor)}"}

    def _header(self) -> JsonObject:
        extensions: list[Json] = [{"url": REPORT_REQUESTED, "valueBoolean": self.report_requested}]
        if self.report_requested:
            extensions.append({"url": _RECIPIENT, "valueReference": self._to(self.sender)})
        use: JsonObject = {"system": DESTINATION_USE_SYSTEM, "code": "primary"}
        return {
            "resourceType": "MessageHeader",
            "id": self.message_id,
            "meta": _meta(f"{_NOTIFICATION}/medcom-hospitalNotification-messageHeader"),
            "text": narrative("Advis om sygehusophold", self.kind.value),
            "extension": extensions,
            "eventCoding": {"system": EVENT_SYSTEM, "code": EventCode.NOTIFICATION},
            "destination": [
                {
                    "extension": [{"url": DESTINATION_USE, "valueCoding": use}],
                    "endpoint": _endpoint(self.receiver),
                    "receiver": self._to(self.receiver),
                }
            ],
            "sender": self._to(self.sender),
            "source": {"endpoint": _endpoint(self.sender)},
            "focus": [{"reference": f"Encounter/{self._id('encounter')}"}],
        }

    def _patient(self) -> JsonObject:
        name: JsonObject = {"use": "official", "family": self.family}
        if self.given:
            name["given"] = list(self.given)
        told: JsonObject = {"deceasedBoolean": not self.kind.cancels} if self.kind.base is NoticeKind.MORS else {}
        return {
            "resourceType": "Patient",
            "id": self._id("patient"),
            "meta": _meta(f"{_CORE}/medcom-core-patient"),
            "text": narrative("Borger"),
            "identifier": [{"system": CPR_SYSTEM, "value": self.cpr}],
            "name": [name],
            **told,
        }

    def _encounter(self) -> JsonObject:
        period: JsonObject = {"start": write_instant(self.started_at)}
        if self.ended_at is not None:
            period["end"] = write_instant(self.ended_at)
        leave: JsonObject = {}
        if self.leave_started_at is not None:
            span: JsonObject = {"start": write_instant(self.leave_started_at)}
            if self.leave_ended_at is not None:
                span["end"] = write_instant(self.leave_ended_at)
            leave = {"extension": [{"url": LEAVE_PERIOD, "valuePeriod": span}]}
        return {
            "resourceType": "Encounter",
            "id": self._id("encounter"),
            "meta": _meta(f"{_NOTIFICATION}/medcom-hospitalNotification-encounter"),
            "text": narrative("Sygehusophold"),
            **leave,
            "status": _STATUS_OF.get(self.kind, "in-progress"),
            "class": {"system": CLASS_SYSTEM, "code": self._class.value},
            "subject": {"reference": f"Patient/{self._id('patient')}"},
            "episodeOfCare": [{"identifier": {"system": _endpoint(self.sender), "value": self.episode}}],
            "period": period,
            "serviceProvider": self._to(self.provider or self.sender),
        }

    def _organization(self, organization: Organization) -> JsonObject:
        identifiers: list[Json] = [{"system": SOR_SYSTEM, "value": organization.sor}]
        corresponds = organization in {self.sender, self.receiver}
        if corresponds and organization.gln is not None:
            identifiers.insert(0, {"system": GLN_SYSTEMS[0], "value": organization.gln})
        profile = f"{_MESSAGING}/medcom-messaging-organization" if corresponds else f"{_CORE}/medcom-core-organization"
        return {
            "resourceType": "Organization",
            "id": self._id(organization.sor),
            "meta": _meta(profile),
            "text": narrative(organization.name),
            "identifier": identifiers,
            "name": organization.name,
        }

    def _provenances(self) -> list[JsonObject]:
        course = (*self.history, self.sent)
        return [
            self._provenance(each, follows=course[number - 1].message_id if number else None)
            for number, each in enumerate(course)
        ]

    def _provenance(self, sent: Sent, *, follows: str | None) -> JsonObject:
        provenance: JsonObject = {
            "resourceType": "Provenance",
            "id": self._id(f"provenance {sent.message_id}"),
            "meta": _meta(f"{_MESSAGING}/medcom-messaging-provenance"),
            "text": narrative(sent.activity),
            "target": [{"reference": f"MessageHeader/{sent.message_id}"}],
            "occurredDateTime": write_instant(sent.occurred_at),
            "recorded": write_instant(sent.occurred_at),
            "activity": {"coding": [{"system": ACTIVITY_SYSTEM, "code": sent.activity}]},
            "agent": [{"who": self._to(self.sender)}],
        }
        if follows is not None:
            role = "removal" if sent.activity.startswith("cancel-") else "revision"
            provenance["entity"] = [{"role": role, "what": {"reference": f"MessageHeader/{follows}"}}]
        return provenance


def _meta(profile: str) -> JsonObject:
    return {"profile": [profile]}


def _endpoint(organization: Organization) -> str:
    """Source: MedCom Messaging 2.1.0, source.endpoint and destination.endpoint."""
    return f"https://sor2.sum.dsdn.dk/#id={organization.sor}"
