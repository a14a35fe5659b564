"""MedCom's code systems, as far as we use them.

Misspelt canonical names are copied as published.
Source: MedCom Terminology 2.0.2; HospitalNotification 3.0.2; Messaging 2.1.0; Acknowledgement 2.0.3.
"""

from __future__ import annotations

from typing import Final

from discharge.notices import NoticeKind

__all__ = [
    "ACTIVITY_SYSTEM",
    "DESTINATION_USE",
    "DESTINATION_USE_SYSTEM",
    "ENCOUNTER_CLASSES",
    "ENCOUNTER_STATUSES",
    "EVENT_SYSTEM",
    "KNOWN_ACTIVITIES",
    "LEAVE_PERIOD",
    "NOTICE_ACTIVITIES",
    "NOTICE_KINDS",
    "REPORT_RECIPIENT",
    "REPORT_REQUESTED",
    "EventCode",
]

_TERMINOLOGY: Final = "http://medcomfhir.dk/ig/terminology/CodeSystem"
EVENT_SYSTEM: Final = f"{_TERMINOLOGY}/medcom-messaging-eventCodes"
ACTIVITY_SYSTEM: Final = f"{_TERMINOLOGY}/medcom-messaging-activityCodes"
DESTINATION_USE_SYSTEM: Final = f"{_TERMINOLOGY}/medcom-messaging-destinationUse"

DESTINATION_USE: Final = (
    "http://medcomfhir.dk/ig/messaging/StructureDefinition/medcom-messaging-destinationUseExtension"
)
_NOTIFICATION: Final = "http://medcomfhir.dk/ig/hospitalnotification/StructureDefinition"
REPORT_REQUESTED: Final = f"{_NOTIFICATION}/medcom-messaging-reportOfAdmissionExtension"
REPORT_RECIPIENT: Final = f"{_NOTIFICATION}/medcom-messaging-reportOfAdmissionRecipientExtension"
LEAVE_PERIOD: Final = f"{_NOTIFICATION}/medcom-hospitalnotifiation-leave-period-extension"


class EventCode:
    """MedCom's event codes. Source: CodeSystem medcom-messaging-eventCodes 2.0.2."""

    NOTIFICATION: Final = "hospital-notification-message"
    ACKNOWLEDGEMENT: Final = "acknowledgement-message"
    CARE_COMMUNICATION: Final = "care-communication-message"
    EMPTY: Final = "empty-message"


ENCOUNTER_STATUSES: Final = frozenset({"in-progress", "onleave", "finished", "entered-in-error"})
"""Source: ValueSet medcom-hospitalNotification-encounterStatus, required."""
ENCOUNTER_CLASSES: Final = frozenset({"IMP", "EMER"})
"""Source: ValueSet medcom-hospitalNotification-encounterClass, required."""

_STAA: Final = "Start sygehusophold - akut ambulant"
_STIN: Final = "Start sygehusophold - indlagt"
_SLHJ: Final = "Slut sygehusophold - afsluttet til hjemmet/primær sektor"

NOTICE_ACTIVITIES: Final[dict[str, tuple[str, str]]] = {
    "admit-emergency": ("STAA", _STAA),
    "revise-admit-emergency": ("RE_STAA", f"Rettelse {_STAA}"),
    "cancel-admit-emergency": ("AN_STAA", f"Annullering {_STAA}"),
    "admit-inpatient": ("STIN", _STIN),
    "revise-admit-inpatient": ("RE_STIN", f"Rettelse {_STIN}"),
    "cancel-admit-inpatient": ("AN_STIN", f"Annullering {_STIN}"),
    "start-leave-inpatient": ("STOR", "Start orlov"),
    "revise-start-leave-inpatient": ("RE_STOR", "Rettelse Start orlov"),
    "cancel-start-leave-inpatient": ("AN_STOR", "Annullering Start orlov"),
    "end-leave-inpatient": ("SLOR", "Slut orlov"),
    "revise-end-leave-inpatient": ("RE_SLOR", "Rettelse Slut orlov"),
    "cancel-end-leave-inpatient": ("AN_SLOR", "Annullering Slut orlov"),
    "discharge-emergency-home": ("SLHJ", _SLHJ),
    "revise-discharge-emergency-home": ("RE_SLHJ", f"Rettelse {_SLHJ}"),
    "cancel-discharge-emergency-home": ("AN_SLHJ", f"Annullering {_SLHJ}"),
    "discharge-inpatient-home": ("SLHJ", _SLHJ),
    "revise-discharge-inpatient-home": ("RE_SLHJ", f"Rettelse {_SLHJ}"),
    "cancel-discharge-inpatient-home": ("AN_SLHJ", f"Annullering {_SLHJ}"),
}
"""Activity -> use-case code and Danish text. Source: ValueSet medcom-hospitalNotification-messageActivities."""

NOTICE_KINDS: Final[dict[str, NoticeKind]] = {
    activity: NoticeKind(code) for activity, (code, _) in NOTICE_ACTIVITIES.items()
}
"""Which notice an activity makes; a death repeats the activity of an older one, so deceased is looked at first."""

KNOWN_ACTIVITIES: Final = frozenset(NOTICE_ACTIVITIES) | {
    "acknowledgement",
    "carboncopy-message",
    "forward-message",
    "modified-message",
    "new-message",
    "reply-message",
    "retract-message",
}
"""Source: MedCom Terminology 2.0.2, CodeSystem medcom-messaging-activityCodes."""
