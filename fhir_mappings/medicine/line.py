"""MedicationStatement, MedicationRequest and MedicationAdministration -> a line of a list.

What is missing stays missing: no date is padded, no name made up, no shorthand reckoned.
Source: FHIR R4; HL7 Europe base 2.0, medicationStatement-eu-core and medication-eu-core; eu-discharge-report
digest 6.1 to 6.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Final

from discharge.medication.lines import ATC, Change, Coding, LineStatus, MedicationLine
from discharge.medication.lists import Saying
from fhir_mappings.elements import Element
from fhir_mappings.instants import read_date
from fhir_mappings.medicine.dosage import read_dosage
from fhir_mappings.medicine.values import plain, quantity, words
from fhir_mappings.references import NOWHERE

__all__ = [
    "CHANGE_SYSTEM",
    "DATA_ABSENT",
    "LINE_TYPES",
    "PRODUCT",
    "RENDERED",
    "Resolve",
    "read_line",
    "saying_of",
]

Resolve = Callable[[Element], Element]
"""The resource that a Reference names; an Element of nothing where it is not there."""

LINE_TYPES: Final = frozenset({"MedicationStatement", "MedicationRequest", "MedicationAdministration"})
CHANGE_SYSTEM: Final = "urn:oid:1.2.36.1.2001.1001.101.104.16592"
"""The flags of a line: R4 list item flags."""
PRODUCT: Final = "urn:stafet:medication-product"
"""Extension of ours on a line that names its product by a concept: what a Medication would say besides."""
_CHANGES: Final = {
    "01": Change.UNCHANGED,
    "02": Change.CHANGED,
    "03": Change.STOPPED,
    "04": Change.NEW,
    "05": Change.STOPPED,
    "06": Change.PAUSED,
}
_STATUSES: Final = {
    "active": LineStatus.ACTIVE,
    "intended": LineStatus.ACTIVE,
    "in-progress": LineStatus.ACTIVE,
    "taking": LineStatus.ACTIVE,
    "taking-as-directed": LineStatus.ACTIVE,
    "taking-not-as-directed": LineStatus.ACTIVE,
    "completed": LineStatus.ENDED,
    "stopped": LineStatus.STOPPED,
    "stopped-as-directed": LineStatus.STOPPED,
    "stopped-not-as-directed": LineStatus.STOPPED,
    "cancelled": LineStatus.STOPPED,
    "on-hold": LineStatus.PAUSED,
    "on-hold-as-directed": LineStatus.PAUSED,
    "on-hold-not-as-directed": LineStatus.PAUSED,
    "not-taken": LineStatus.NOT_TAKEN,
    "not-done": LineStatus.NOT_TAKEN,
    "not-taking": LineStatus.NOT_TAKEN,
}
DATA_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_ADHERENCE: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-MedicationStatement.adherence"
RENDERED: Final = "http://hl7.org/fhir/5.0/StructureDefinition/extension-{}.renderedDosageInstruction"
"""The whole instruction in words, on a resource of the type that stands in the braces."""
_ABSENT: Final = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
_SAYINGS: Final = {"no-known-medications": Saying.NONE_KNOWN, "no-medication-info": Saying.NOT_KNOWN}
_IN_ERROR: Final = "entered-in-error"
_BULK: Final = frozenset({"mL", "ml", "L", "g"})
"""Units of what is measured out; a strength per any other one is per piece."""


def saying_of(resource: Element) -> Saying | None:
    """What a line says of the whole list, when it is there to say that it is empty. Source: IPS absent-unknown."""
    codes = (c.text("code") for c in resource["medicationCodeableConcept"].all("coding") if c.text("system") == _ABSENT)
    return next((_SAYINGS[code] for code in codes if code in _SAYINGS), None)


def read_line(resource: Element, *, line_id: str, resolve: Resolve, section: str | None = None) -> MedicationLine:
    """The line that ``resource`` is.

    Args:
        resource: a resource of ``LINE_TYPES``.
        line_id: what it is called here.
        resolve: finds what it points at.
        section: where in a document it stands.
    """
    concept, reference = resource["medicationCodeableConcept"], resource["medicationReference"]
    product = resolve(reference) if reference.exists else NOWHERE
    beside = resource.extension(PRODUCT)
    route, rows = read_dosage(resource)
    begins, ends = _period(resource)
    return MedicationLine(
        id=line_id,
        name=_name(concept, product, reference),
        codes=tuple(dict.fromkeys((*_codings(concept), *_codings(product["code"]), *_classified(product)))),
        orders=frozenset(_orders(resource, resolve)),
        products=frozenset(
            (*_identifiers(product), *_numbers(each["valueIdentifier"] for each in beside.all("extension")))
        ),
        strength=_strength(product) or beside.extension("strength").text("valueString"),
        form=words(product["form"]) or beside.extension("form").text("valueString"),
        route=route,
        dosage=rows,
        dosage_text=_whole_instruction(resource),
        status=_status(resource),
        begins=begins,
        ends=ends,
        indication=_first_words(
            (*resource.all("reasonCode"), *(resolve(each)["code"] for each in resource.all("reasonReference")))
        ),
        change=_change(resource),
        change_reason=_first_words(
            (*resource.all("statusReason"), resource["statusReason"], _adherence(resource, "reason"))
        ),
        section=section,
        note="; ".join(text for each in resource.all("note") if (text := each.text("text")) is not None) or None,
    )


def _name(concept: Element, product: Element, reference: Element) -> str | None:
    """What the list calls it, in the order of the digest's 6.3; words for a product that is not known are no name."""
    if concept.extension(DATA_ABSENT).exists:
        return None
    said = (
        concept.text("text"),
        product["code"].text("text"),
        reference.text("display"),
        *(coding.text("display") for coding in (*concept.all("coding"), *product["code"].all("coding"))),
    )
    return next((text.strip() for text in said if text is not None), None)


def _codings(concept: Element) -> Iterator[Coding]:
    for coding in concept.all("coding"):
        code = coding.text("code")
        if code is not None:
            yield Coding(coding.text("system"), code, coding.text("display"))


def _classified(product: Element) -> Iterator[Coding]:
    """The ATC code, wherever among the product's extensions it stands."""
    for extension in product.all("extension"):
        for coding in _codings(extension["valueCodeableConcept"]):
            if coding.system == ATC:
                yield coding


def _identifiers(place: Element) -> Iterator[tuple[str, str]]:
    return _numbers((*place.all("identifier"), place["identifier"]))


def _numbers(identifiers: Iterable[Element]) -> Iterator[tuple[str, str]]:
    """Numbers that say whose they are: without a system a number is nobody's."""
    for identifier in identifiers:
        system, value = identifier.text("system"), identifier.text("value")
        if system is not None and value is not None:
            yield system, value


def _orders(resource: Element, resolve: Resolve) -> Iterator[tuple[str, str]]:
    """Its own identifiers, and those of what it was ordered by."""
    yield from _identifiers(resource)
    for reference in (*resource.all("basedOn"), *resource.all("derivedFrom"), resource["request"]):
        target = resolve(reference)
        kind = (
            target.text("resourceType") or reference.text("type") or (reference.text("reference") or "").split("/")[0]
        )
        # A care plan is behind many lines: its number makes them no one medicine.
        if kind in LINE_TYPES:
            yield from _identifiers(reference)
            yield from _identifiers(target)


def _strength(product: Element) -> str | None:
    """The strength of each substance, as ``50 mg`` or ``250 mg/5 mL``."""
    said = [text for part in product.all("ingredient") if (text := _ratio(part["strength"])) is not None]
    return " + ".join(said) or None


def _ratio(ratio: Element) -> str | None:
    numerator, denominator = quantity(ratio["numerator"]), quantity(ratio["denominator"])
    if numerator is None:
        return None
    text = f"{plain(numerator.value)} {numerator.unit}"
    if denominator is None or (denominator.value == 1 and denominator.unit not in _BULK):
        return text
    amount = "" if denominator.value == 1 else f"{plain(denominator.value)} "
    return f"{text}/{amount}{denominator.unit}"


def _first_words(concepts: Iterable[Element]) -> str | None:
    return next((text for each in concepts if (text := words(each)) is not None), None)


def _whole_instruction(resource: Element) -> str | None:
    said = (resource.extension(RENDERED.format(kind)).text("valueMarkdown") for kind in sorted(LINE_TYPES))
    return next((text for text in said if text is not None), None)


def _status(resource: Element) -> LineStatus:
    """What is said of taking it; an order not to give it is one to stop."""
    if resource["doNotPerform"].value is True:
        return LineStatus.STOPPED
    codes = (coding.text("code") for coding in _adherence(resource, "code").all("coding"))
    adhered = next((_STATUSES[code] for code in codes if code in _STATUSES), None)
    said = _STATUSES.get(resource.text("status") or "", LineStatus.UNKNOWN)
    if adhered is None or resource.text("status") == _IN_ERROR:
        return said
    # Taken, says the one, and stopped the other: nobody can tell. What is not taken is never read as taken.
    is_ended = said not in {LineStatus.ACTIVE, LineStatus.UNKNOWN}
    return LineStatus.UNKNOWN if adhered is LineStatus.ACTIVE and is_ended else adhered


def _adherence(resource: Element, part: str) -> Element:
    return resource.extension(_ADHERENCE).extension(part)["valueCodeableConcept"]


def _change(resource: Element) -> Change | None:
    for extension in resource.all("extension"):
        for coding in extension["valueCodeableConcept"].all("coding"):
            if coding.text("system") == CHANGE_SYSTEM:
                return _CHANGES.get(coding.text("code") or "")
    return None


def _period(resource: Element) -> tuple[date | None, date | None]:
    period = resource["effectivePeriod"]
    begins = period.text("start") or resource.text("effectiveDateTime") or resource.text("authoredOn")
    return _day(begins), _day(period.text("end"))


def _day(text: str | None) -> date | None:
    """The day, as the sender's calendar has it; a year or a month is no day."""
    try:
        return None if text is None else read_date(text.partition("T")[0])
    except ValueError:
        return None
