"""Rules of HospitalNotification 3.0.2, the published invariants among them.

The invariants are re-implemented: as published they name canonical addresses that no longer exist.
No rule ties status, class and activity together as an error: odd combinations are valid and accepted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from discharge.errors import InvalidIdentifierError
from discharge.identifiers import CprNumber
from discharge.notices import NoticeKind
from fhir_mappings.bundles import sor_of
from fhir_mappings.elements import Element
from fhir_mappings.medcom.codes import (
    DESTINATION_USE,
    ENCOUNTER_CLASSES,
    ENCOUNTER_STATUSES,
    LEAVE_PERIOD,
    NOTICE_ACTIVITIES,
    NOTICE_KINDS,
)
from fhir_mappings.medcom.message import Message, activity_of, instant_of
from fhir_mappings.medcom.rule import Fault, rule
from fhir_mappings.systems import CLASS_SYSTEM

__all__ = ["NOTICE_RULES"]

_FORBIDDEN: Final = (
    "type",
    "serviceType",
    "priority",
    "basedOn",
    "participant",
    "appointment",
    "length",
    "reasonCode",
    "reasonReference",
    "diagnosis",
    "account",
    "hospitalization",
    "location",
    "partOf",
)
_STATUS_AFTER: Final = {
    "STAA": "in-progress",
    "STIN": "in-progress",
    "STOR": "onleave",
    "SLOR": "in-progress",
    "SLHJ": "finished",
}
_STATUS_AFTER_CANCELLING: Final = {
    "STAA": "entered-in-error",
    "STIN": "entered-in-error",
    "STOR": "in-progress",
    "SLOR": "onleave",
    "SLHJ": "in-progress",
}
_STATUS_OF: Final = {
    activity: (_STATUS_AFTER_CANCELLING if kind.cancels else _STATUS_AFTER)[kind.base]
    for activity, kind in NOTICE_KINDS.items()
}
_CLASS_OF: Final = {activity: "EMER" if "emergency" in activity else "IMP" for activity in NOTICE_KINDS}
_ENDS: Final = frozenset({NoticeKind.SLHJ, NoticeKind.RE_SLHJ})


@rule("hospitalNotification-2", code="invariant", detail="MSG_RESOURCE_REQUIRED")
def one_patient(message: Message) -> Iterator[Fault]:
    """A notification is about exactly one patient.

    Source: MedCom HospitalNotification 3.0.2, invariant medcom-hospitalNotification-2.
    """
    if len(message.patients) != 1:
        yield Fault(Element("Bundle.entry.resource.ofType(Patient)", None), "There must be exactly one Patient.")


@rule("hospitalNotification-3", code="code-invalid", detail="MSG_VALUESET_VALUE_UNKNOWN")
def activities_are_known(message: Message) -> Iterator[Fault]:
    """The activity of every Provenance is one of a notification.

    Source: MedCom HospitalNotification 3.0.2, invariant medcom-hospitalNotification-3.
    """
    for provenance in message.provenances:
        if activity_of(provenance) not in NOTICE_ACTIVITIES:
            yield Fault(provenance["activity"], "The activity is missing or is none of a hospital notification.")


@rule("hospitalNotification-4", code="invariant", detail="MSG_PARAM_INVALID")
def patient_has_cpr(message: Message) -> Iterator[Fault]:
    """The patient is identified by an official CPR number.

    Source: MedCom HospitalNotification 3.0.2, invariant medcom-hospitalNotification-4.
    """
    if message.patients and not message.cpr_elements:
        yield Fault(
            message.patient["identifier"],
            "A notification identifies the patient by an official CPR number, never by a replacement number. "
            "Phone the municipality, and send the notification once the number is known.",
        )


@rule("stafet-cpr-form", code="value", detail="MSG_Datatype_Wrong")
def cpr_has_its_form(message: Message) -> Iterator[Fault]:
    """A CPR number has ten digits, the first six a date. Modulus 11 is not asked for.

    Source: dk-core 2.0.0, cpr-identifier; CPR-kontoret (numbers without modulus 11 since 2007).
    """
    for element in message.cpr_elements:
        try:
            CprNumber.parse(element.string or "")
        except InvalidIdentifierError:
            yield Fault(element, "Not a CPR number: ten digits of which the first six are a date.")


@rule("stafet-one-cpr", code="invariant", detail="MSG_PARAM_NO_REPEAT")
def cpr_is_unambiguous(message: Message) -> Iterator[Fault]:
    """The patient has one CPR number.

    Source: ours: a notification with two numbers might reach the wrong citizen's record.
    """
    if len({element.string for element in message.cpr_elements}) > 1:
        yield Fault(message.patient["identifier"], "The patient has two different CPR numbers.")


@rule("hospitalNotification-5", code="invariant", detail="MSG_PARAM_INVALID")
def receiver_is_primary(message: Message) -> Iterator[Fault]:
    """The receiver is a primary one, and there are no copies.

    Source: MedCom HospitalNotification 3.0.2, invariant medcom-hospitalNotification-5; destination:cc 0..0.
    """
    for number, place in enumerate(message.header.all("destination")):
        use = place.extension(DESTINATION_USE)["valueCoding"].text("code")
        if number > 0 or use not in {None, "primary"}:
            yield Fault(place, "A notification has one destination, a primary one.")


@rule("stafet-focus", code="required", detail="MSG_RESOURCE_REQUIRED")
def focus_is_one_encounter(message: Message) -> Iterator[Fault]:
    """The message is about one Encounter.

    Source: MedCom HospitalNotification 3.0.2, MessageHeader.focus 1..1.
    """
    if not message.encounter.exists or len(message.header.all("focus")) != 1:
        yield Fault(message.header["focus"], "The focus must be the one Encounter of the message.")


@rule("stafet-encounter-status", code="code-invalid", detail="MSG_VALUESET_VALUE_UNKNOWN")
def status_is_known(message: Message) -> Iterator[Fault]:
    """Encounter.status is in-progress, onleave, finished or entered-in-error.

    Source: MedCom HospitalNotification 3.0.2, Encounter.status (required binding).
    """
    if message.encounter.exists and message.encounter.text("status") not in ENCOUNTER_STATUSES:
        yield Fault(message.encounter["status"], "The status is none of a hospital notification.")


@rule("stafet-encounter-class", code="code-invalid", detail="MSG_VALUESET_VALUE_UNKNOWN")
def class_is_known(message: Message) -> Iterator[Fault]:
    """Encounter.class is IMP or EMER of v3-ActCode.

    Source: MedCom HospitalNotification 3.0.2, Encounter.class (required binding).
    """
    coding = message.encounter["class"]
    known = coding.text("code") in ENCOUNTER_CLASSES and coding.text("system") in {None, CLASS_SYSTEM}
    if message.encounter.exists and not known:
        yield Fault(coding, "The class is neither IMP nor EMER.")


@rule("stafet-encounter-subject", code="required", detail="MSG_RESOURCE_REQUIRED")
def subject_is_the_patient(message: Message) -> Iterator[Fault]:
    """The Encounter is the patient's.

    Source: MedCom HospitalNotification 3.0.2, Encounter.subject 1..1.
    """
    subject = message.encounter["subject"]
    found = message.bundle.resolve(subject)
    named = subject.text("reference") is not None
    if message.encounter.exists and (not named or (found is not None and found not in message.patients)):
        yield Fault(subject, "The Encounter must name the Patient of the message.")


@rule("stafet-episode-of-care", code="required")
def episode_is_given(message: Message) -> Iterator[Fault]:
    """The Encounter carries at least one episode of care identifier.

    Source: MedCom HospitalNotification 3.0.2, Encounter.episodeOfCare.identifier 1..*.
    """
    episodes = message.encounter.all("episodeOfCare")
    if message.encounter.exists and not any(each["identifier"].text("value") for each in episodes):
        yield Fault(message.encounter["episodeOfCare"], "The episode of care identifier is missing.")


@rule("stafet-encounter-start", code="required")
def start_is_given(message: Message) -> Iterator[Fault]:
    """The Encounter says when the patient arrived.

    Source: MedCom HospitalNotification 3.0.2, Encounter.period.start 1..1.
    """
    place = message.encounter["period"]["start"]
    if message.encounter.exists and not place.exists:
        yield Fault(place, "The time of arrival is missing.")


@rule("stafet-discharge-end", code="required", severity="warning")
def discharge_has_an_end(message: Message) -> Iterator[Fault]:
    """A discharge says when the patient left.

    The element is optional, so a warning: the message's own time stands in for it (docs/spec-gaps.md).
    Source: MedCom HospitalNotification 3.0.2, use case SLHJ, Encounter.period.end 0..1.
    """
    place = message.encounter["period"]["end"]
    if message.encounter.exists and message.kind in _ENDS and not place.exists:
        yield Fault(place, "The time of discharge is missing.")


@rule("stafet-period-order", code="business-rule")
def end_follows_start(message: Message) -> Iterator[Fault]:
    """Nobody leaves before arriving.

    Source: FHIR R4, Period, invariant per-1.
    """
    period = message.encounter["period"]
    start, end = instant_of(period["start"]), instant_of(period["end"])
    if start is not None and end is not None and end < start:
        yield Fault(period["end"], "The end lies before the start.")


@rule("stafet-service-provider", code="required", detail="MSG_RESOURCE_REQUIRED")
def provider_is_named(message: Message) -> Iterator[Fault]:
    """The Encounter names the hospital department, by SOR code.

    Source: MedCom HospitalNotification 3.0.2, Encounter.serviceProvider 1..1; Organization.identifier:SOR-ID.
    """
    place = message.encounter["serviceProvider"]
    found = message.bundle.resolve(place)
    if not message.encounter.exists:
        return
    if place.text("reference") is None or (found is not None and sor_of(found) is None):
        yield Fault(place, "The hospital department is missing or has no SOR code.")


@rule("hospitalNotification-6", code="invariant", detail="MSG_RESOURCE_REQUIRED")
def leave_has_a_start(message: Message) -> Iterator[Fault]:
    """A patient on leave has a time when the leave began.

    Source: MedCom HospitalNotification 3.0.2, invariant medcom-hospitalNotification-6.
    """
    start = message.encounter.extension(LEAVE_PERIOD)["valuePeriod"]["start"]
    if message.encounter["status"].value == "onleave" and not start.exists:
        yield Fault(start, "The start of the leave is missing.")


@rule("stafet-lawful-content", code="business-rule", detail="MSG_PARAM_INVALID")
def content_is_lawful(message: Message) -> Iterator[Fault]:
    """The Encounter carries none of the elements that the law keeps out of notifications.

    Source: MedCom HospitalNotification 3.0.2, Encounter, elements 0..0; Retssikkerhedsloven § 12 c.
    """
    for name in _FORBIDDEN:
        if message.encounter[name].exists:
            yield Fault(message.encounter[name], "This element must not be in a notification. Leave it out.")


@rule("stafet-patient-name", code="required")
def patient_has_a_name(message: Message) -> Iterator[Fault]:
    """The patient has a name; the family name itself may be withheld.

    Source: MedCom Core 2.0.0, Patient.name:official 1..1.
    """
    if message.patients and not message.patient.all("name"):
        yield Fault(message.patient["name"], "The patient's name is missing.")


@rule("stafet-status-fits", code="business-rule", severity="warning")
def status_fits_the_activity(message: Message) -> Iterator[Fault]:
    """Encounter.status is the one that goes with the activity.

    Source: MedCom HospitalNotification 3.0.2, code table; no invariant demands it, so a warning.
    """
    place = message.encounter["status"]
    expected = "finished" if message.deceased else _STATUS_OF.get(message.activity or "")
    # Who is not dead after all has the status of before, whichever that was.
    told = expected is not None and message.deceased is not False
    if told and place.string in ENCOUNTER_STATUSES - {expected}:
        yield Fault(place, "The status contradicts the activity; the activity counts.")


@rule("stafet-class-fits", code="business-rule", severity="warning")
def class_fits_the_activity(message: Message) -> Iterator[Fault]:
    """Encounter.class is the one that goes with the activity.

    Source: MedCom HospitalNotification 3.0.2, code table; no invariant demands it, so a warning.
    """
    code = message.encounter["class"].text("code")
    expected = _CLASS_OF.get(message.activity or "")
    if expected is not None and code in ENCOUNTER_CLASSES - {expected}:
        yield Fault(message.encounter["class"], "The class contradicts the activity; the activity counts.")


NOTICE_RULES: Final = (
    one_patient,
    activities_are_known,
    patient_has_cpr,
    cpr_has_its_form,
    cpr_is_unambiguous,
    patient_has_a_name,
    receiver_is_primary,
    focus_is_one_encounter,
    status_is_known,
    class_is_known,
    subject_is_the_patient,
    episode_is_given,
    start_is_given,
    discharge_has_an_end,
    end_follows_start,
    provider_is_named,
    leave_has_a_start,
    content_is_lawful,
    status_fits_the_activity,
    class_fits_the_activity,
)
