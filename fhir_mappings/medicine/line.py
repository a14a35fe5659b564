"""MedicationStatement, MedicationRequest and MedicationAdministration -> a line of a list.

What is missing stays missing: no date is padded, no name made up, no shorthand reckoned.
Source: FHIR R4; HL7 Europe base 2.0, medicationStatement-eu-core and medication-eu-core; eu-discharge-report
digest 6.1 to 6.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Final

from discharge.medication.lines import ATC, Change, Coding, DoseRow, LineStatus, MedicationLine, Quantity
from discharge.medication.lists import Saying
from fhir_mappings.elements import Element
from fhir_mappings.instants import read_date
from fhir_mappings.references import NOWHERE

__all__ = [
    "CHANGE_SYSTEM",
    "DATA_ABSENT",
    "LINE_TYPES",
    "PRODUCT",
    "RENDERED",
    "UCUM",
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
UCUM: Final = "http://unitsofmeasure.org"
_ABSENT: Final = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
_SAYINGS: Final = {"no-known-medications": Saying.NONE_KNOWN, "no-medication-info": Saying.NOT_KNOWN}
_DAYS: Final = {"h": Fraction(1, 24), "d": Fraction(1), "wk": Fraction(7)}
"""Periods whose length in days is always the same."""
_IN_ERROR: Final = "entered-in-error"
_UNCOUNTED: Final = ("frequencyMax", "periodMax", "dayOfWeek", "timeOfDay", "boundsRange")
"""Parts of a timing with which an amount a day cannot be reckoned."""
_BULK: Final = frozenset({"mL", "ml", "L", "g"})
"""Units of what is measured out; a strength per any other one is per piece."""
_ROUTES: Final = {
    # SNOMED CT
    "26643006": "oral",
    "78421000": "intramuscular",
    "47625008": "intravenous",
    "34206005": "subcutaneous",
    "37161004": "rectal",
    # EDQM Standard Terms
    "20053000": "oral",
    "20035000": "intramuscular",
    "20045000": "intravenous",
    "20066000": "subcutaneous",
    "20061000": "rectal",
    "20020000": "inhalation",
    "20049000": "nasal",
}
"""Codes of different systems for one route, so that lists that use them can be compared; others stay as they are."""


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
    rows = tuple(_rows(resource))
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
        form=_words(product["form"]) or beside.extension("form").text("valueString"),
        route=next((route for row in _dosages(resource) if (route := _route(row["route"])) is not None), None),
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
    numerator, denominator = _quantity(ratio["numerator"]), _quantity(ratio["denominator"])
    if numerator is None:
        return None
    text = f"{_plain(numerator.value)} {numerator.unit}"
    if denominator is None or (denominator.value == 1 and denominator.unit not in _BULK):
        return text
    amount = "" if denominator.value == 1 else f"{_plain(denominator.value)} "
    return f"{text}/{amount}{denominator.unit}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _quantity(place: Element) -> Quantity | None:
    value = place["value"].value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    code = place.text("code") if place.text("system") == UCUM else None
    return Quantity(Decimal(str(value)), code or place.text("unit") or "1")


def _words(concept: Element) -> str | None:
    """A concept in words: its text, else a display, else a code."""
    codings = concept.all("coding")
    said = (concept.text("text"), *(c.text("display") for c in codings), *(c.text("code") for c in codings))
    return next((text for text in said if text is not None), None)


def _first_words(concepts: Iterable[Element]) -> str | None:
    return next((text for each in concepts if (text := _words(each)) is not None), None)


def _route(concept: Element) -> str | None:
    known = (_ROUTES.get(coding.text("code") or "") for coding in concept.all("coding"))
    return next((route for route in known if route is not None), None) or _words(concept)


def _dosages(resource: Element) -> tuple[Element, ...]:
    single = resource["dosage"]
    if single.fields:
        return (single,)
    return (*resource.all("dosage"), *resource.all("dosageInstruction"))


def _whole_instruction(resource: Element) -> str | None:
    said = (resource.extension(RENDERED.format(kind)).text("valueMarkdown") for kind in sorted(LINE_TYPES))
    return next((text for text in said if text is not None), None)


def _rows(resource: Element) -> Iterator[DoseRow]:
    """The instructions; a row that only says the route is none."""
    return (row for row in map(_row, _dosages(resource)) if row != DoseRow(sequence=row.sequence))


def _row(row: Element) -> DoseRow:
    sequence = row["sequence"].value
    times, days, length = _timing(row["timing"]["repeat"])
    amounts = [_quantity(each["doseQuantity"]) for each in row.all("doseAndRate")] or [_quantity(row["dose"])]
    return DoseRow(
        text=row.text("text"),
        sequence=sequence if isinstance(sequence, int) and not isinstance(sequence, bool) else 1,
        # A range, or two amounts: what is meant is in the text.
        dose=amounts[0] if len(amounts) == 1 else None,
        times=times,
        days=days,
        as_needed=row["asNeededBoolean"].value is True or row["asNeededCodeableConcept"].exists,
        as_needed_for=_words(row["asNeededCodeableConcept"]),
        length=length,
    )


def _timing(repeat: Element) -> tuple[Decimal | None, Decimal | None, str | None]:
    """How often in how many days, and for how long."""
    bounds = _quantity(repeat["boundsDuration"])
    length = None if bounds is None else f"{_plain(bounds.value)} {bounds.unit}"
    if repeat["boundsPeriod"].exists:
        length = "..".join(repeat["boundsPeriod"].text(end) or "" for end in ("start", "end"))
    often, when = _number(repeat["frequency"]), repeat["when"].value
    if often is None and isinstance(when, list):
        often = Decimal(len(when))
    unit = _DAYS.get(repeat.text("periodUnit") or "")
    period = _number(repeat["period"])
    if often is None or unit is None or not period or any(repeat[name].exists for name in _UNCOUNTED):
        return None, None, length
    if unit >= 1:
        return often, period * int(unit), length
    # Hours: 1 in 8 is 3 in a day, to the last digit; what is compared must not differ by rounding.
    a_day = Fraction(often) / Fraction(period) / unit
    return Decimal(a_day.numerator), Decimal(a_day.denominator), length


def _number(place: Element) -> Decimal | None:
    value = place.value
    return Decimal(str(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


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
