"""HospitalNotification -> Notice, or what keeps it from being one.

Not carried over: names of organisations (the register has them), narrative, what the profile leaves
open, and the recipient of the report of admission (the sender gets it).
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from discharge.commands import Issue, Notice
from discharge.identifiers import EpisodeOfCareId
from discharge.notices import EncounterClass, NoticeKind
from fhir_mappings.bundles import sor_of
from fhir_mappings.elements import Element
from fhir_mappings.medcom.codes import LEAVE_PERIOD, REPORT_RECIPIENT, REPORT_REQUESTED
from fhir_mappings.medcom.message import Message, instant_of
from fhir_mappings.medcom.rules import NOTIFICATION_RULES, findings
from fhir_mappings.medcom.structure import structure

__all__ = ["Judged", "judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a notification says; no notice when a finding is an error."""

    notice: Notice | None
    issues: tuple[Issue, ...]


def judge(message: Message) -> Judged:
    """The notice that ``message`` holds, with warnings; or the findings that refuse it."""
    found = findings(message, NOTIFICATION_RULES)
    named = {issue.expression for issue in found}
    # A rule says more than the model does about the same place.
    shape = tuple(issue for issue in structure(message) if issue.expression not in named)
    issues = (*found, *shape)
    refused = any(issue.severity == "error" for issue in issues)
    return Judged(notice=None if refused else _notice(message), issues=issues)


def _notice(message: Message) -> Notice:
    encounter, current = message.encounter, message.current
    kind, cpr, provider = message.kind, message.cpr, sor_of(message.bundle.resolve(encounter["serviceProvider"]))
    occurred = None if current is None else instant_of(current["occurredDateTime"])
    started = instant_of(encounter["period"]["start"])
    # The rules have made sure of these; the type checker cannot know.
    assert kind is not None
    assert cpr is not None
    assert provider is not None
    assert occurred is not None
    assert started is not None
    return Notice(
        kind=kind,
        cpr=cpr,
        family=_family(message.patient),
        given=_given(message.patient),
        episodes=_episodes(encounter),
        encounter_class=EncounterClass(encounter["class"].text("code") or ""),
        started_at=started,
        leave_started_at=instant_of(_leave(encounter)["start"]),
        leave_ended_at=instant_of(_leave(encounter)["end"]),
        ended_at=_end(message),
        deceased=message.deceased,
        service_provider=provider,
        occurred_at=occurred,
        report_requested=message.header.extension(REPORT_REQUESTED)["valueBoolean"].value is True,
        report_recipient=sor_of(message.bundle.resolve(message.header.extension(REPORT_RECIPIENT)["valueReference"])),
        about=message.about,
        history=message.history,
    )


def _end(message: Message) -> datetime | None:
    """When the patient left or died; an end in any other notice is not believed."""
    ends = message.deceased or (message.kind is not None and message.kind.base is NoticeKind.SLHJ)
    return instant_of(message.encounter["period"]["end"]) if ends else None


def _leave(encounter: Element) -> Element:
    return encounter.extension(LEAVE_PERIOD)["valuePeriod"]


def _episodes(encounter: Element) -> tuple[EpisodeOfCareId, ...]:
    return tuple(
        EpisodeOfCareId(identifier.text("system") or "", value)
        for identifier in (each["identifier"] for each in encounter.all("episodeOfCare"))
        if (value := identifier.text("value")) is not None
    )


def _official(patient: Element) -> Element:
    names = patient.all("name")
    return next((name for name in names if name.text("use") == "official"), names[0])


def _family(patient: Element) -> str | None:
    family = _official(patient).text("family")
    return None if family is None else unicodedata.normalize("NFC", family.strip())


def _given(patient: Element) -> tuple[str, ...]:
    return tuple(
        unicodedata.normalize("NFC", given.string.strip())
        for given in _official(patient).all("given")
        if given.string is not None
    )
