"""What a report holds for the plan of the stay: suggestions with their words, follow-ups, and nothing decided.

Source: eu-discharge-report digest 5 and 10; FHIR R4, CarePlan.activity; FSIII as published by KL.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from discharge.documents.report import FollowUp, Section, SectionKind, Suggestion
from discharge.plan import Need
from fhir_mappings.discharge_report.codes import DESTINATIONS, FSIII, need_of
from fhir_mappings.discharge_report.opening import Document
from fhir_mappings.discharge_report.sections import concept_words, name_of
from fhir_mappings.elements import Element

__all__ = ["read_follow_ups", "read_suggestions"]

_TIMES: Final = ("scheduledString", "scheduledPeriod", "scheduledTiming", "occurrenceDateTime", "occurrencePeriod")
_APPOINTMENTS: Final = frozenset({"Appointment", "ServiceRequest"})
_FIRST_DAY: Final = frozenset({SectionKind.DEPARTURE, SectionKind.INSTRUCTIONS})


def read_suggestions(document: Document, sections: tuple[Section, ...]) -> tuple[Suggestion, ...]:
    """What the plan could take over: each once."""
    found = (
        *_destination(document.encounter),
        *_needs(document),
        *_of_sections(sections),
    )
    return tuple({(each.element, each.value, each.words): each for each in reversed(found)}.values())[::-1]


def read_follow_ups(document: Document) -> tuple[FollowUp, ...]:
    """What shall happen after the departure, with its time where one is said."""
    return tuple(
        FollowUp(words=words, when=when, place=activity.path)
        for activity, words, when in _activities(document)
        if _is_appointment(activity, document) or when is not None
    )


def _destination(encounter: Element) -> Iterator[Suggestion]:
    disposition = encounter["hospitalization"]["dischargeDisposition"]
    words = concept_words(disposition)
    if words is not None:
        codes = (coding.text("code") or "" for coding in disposition.all("coding"))
        value = next((DESTINATIONS[code] for code in codes if code in DESTINATIONS), None)
        yield Suggestion(element="destination", value=value, words=words, place=disposition.path)


def _needs(document: Document) -> Iterator[Suggestion]:
    for activity, words, _ in _activities(document):
        need = next((found for code in _fsiii(activity, document) if (found := need_of(code)) is not None), None)
        value = None if need is None else str(need)
        yield Suggestion(element="need", value=value, words=words, place=activity.path)
    for resource in document.resources:
        if resource.text("resourceType") == "DeviceUseStatement":
            words_of_device = name_of(resource, document.resolve)
            if words_of_device is not None:
                yield Suggestion(element="need", value=str(Need.AIDS), words=words_of_device, place=resource.path)


def _of_sections(sections: tuple[Section, ...]) -> Iterator[Suggestion]:
    for section in (each for top in sections for each in top.walk()):
        words = "\n".join(section.lines) or "; ".join(each.words for each in section.statements)
        if section.kind in _FIRST_DAY and words:
            yield Suggestion(element="first-24-hours", value=words, words=words, place=section.place)
        elif section.kind is SectionKind.FUNCTION and words:
            yield Suggestion(element="functional-level", value=None, words=words, place=section.place)


def _activities(document: Document) -> Iterator[tuple[Element, str, str | None]]:
    """Each activity of the care plans, in words, with its time as it was written."""
    for plan in document.resources:
        if plan.text("resourceType") != "CarePlan":
            continue
        for activity in plan.all("activity"):
            asked, detail = document.resolve(activity["reference"]), activity["detail"]
            said = (
                detail.text("description"),
                concept_words(detail["code"]),
                activity["reference"].text("display"),
                concept_words(asked["code"]),
                asked.text("description"),
            )
            words = next((each for each in said if each is not None), None)
            if words is not None:
                yield activity, words, _time(detail) or _time(asked)


def _time(place: Element) -> str | None:
    for name in _TIMES:
        said = place.text(name) or place[name].text("start")
        if said is not None:
            return said
    events = place["scheduledTiming"]["event"].value
    first = events[0] if isinstance(events, list) and events else place.text("start")
    return first if isinstance(first, str) else None


def _is_appointment(activity: Element, document: Document) -> bool:
    asked = document.resolve(activity["reference"])
    return activity["detail"].text("kind") in _APPOINTMENTS or asked.text("resourceType") in _APPOINTMENTS


def _fsiii(activity: Element, document: Document) -> Iterator[str]:
    asked = document.resolve(activity["reference"])
    for concept in (activity["detail"]["code"], asked["code"]):
        for coding in concept.all("coding"):
            if coding.text("system") == FSIII and (code := coding.text("code")) is not None:
                yield code
