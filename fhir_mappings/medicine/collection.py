"""A Bundle of type ``collection`` -> one list of medicine: whose it is, which list, and its lines.

A line is kept whatever it says; what nobody can reckon with stays text. Refused is only what would leave open whose
list it is, which list, or whether it is one at all.
Source: FHIR R4, Bundle, MedicationStatement, MedicationRequest, List.emptyReason; IPS absent-unknown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn

from discharge.commands import Issue
from discharge.errors import InvalidIdentifierError
from discharge.identifiers import CprNumber, EncounterId, EpisodeOfCareId, PatientId, StayId
from discharge.medication.lines import MedicationLine
from discharge.medication.lists import Column, Saying
from discharge.medication.placing import NamedStay
from fhir_mappings.elements import Element, JsonObject
from fhir_mappings.encounter import STAY_SYSTEM, episodes_of
from fhir_mappings.errors import MedicineListError, ResourceShapeError, TooCostlyError, finding
from fhir_mappings.instants import is_plausible, read_instant
from fhir_mappings.medicine.line import read_line, saying_of
from fhir_mappings.medicine.statement import COLUMN_SYSTEM
from fhir_mappings.r4 import shape_findings
from fhir_mappings.references import places_of, resolved
from fhir_mappings.systems import CPR_SYSTEM

__all__ = ["ListRead", "read_collection"]

_LINES: Final = frozenset({"MedicationStatement", "MedicationRequest"})
_USED: Final = _LINES | {"Medication", "Patient", "List", "Encounter", "EpisodeOfCare"}
_ENTRIES_PER_LINE: Final = 4
"""A line, its product, and as much again that nobody asked for."""
_MOST_FINDINGS: Final = 100
_NONE_TAKEN: Final = "nilknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRead:
    """A list as it was sent."""

    citizen: CprNumber | PatientId
    stay: NamedStay | None
    """None: it does not say which stay it is about."""
    stay_place: str
    """Where it says so, or would."""
    column: Column | None
    """Which list it says it is; None: it does not say."""
    column_place: str
    """Where it says so."""
    saying: Saying
    why_empty: str | None
    as_of: datetime | None
    identifier: str | None
    """System and value of the Bundle: the same when it is sent again."""
    lines: tuple[MedicationLine, ...]
    """Their ids are their numbers."""
    findings: tuple[Issue, ...]
    """What was not used, and what is missing."""


def read_collection(content: JsonObject, *, most_lines: int) -> ListRead:
    """The list in ``content``, a Bundle of type ``collection``.

    Args:
        content: the Bundle.
        most_lines: more than that are refused.

    Raises:
        TooCostlyError: too many lines or entries.
        ResourceShapeError: an entry that is not what FHIR R4 says.
        MedicineListError: nobody could tell whose list it is, which, or whether it is empty.
    """
    bundle = Element("Bundle", content)
    entries = bundle.all("entry")
    resources = tuple(entry["resource"] for entry in entries)
    lines = tuple(each for each in resources if _kind(each) in _LINES)
    _require_few(bundle, entries, lines, most_lines)
    _require_shapes(entries, resources)
    lists = tuple(each for each in resources if _kind(each) == "List")
    places = places_of(entries)
    told = tuple(line for line in lines if saying_of(line) is None)
    saying, why_empty = _saying(bundle, lines, told, lists)
    column, column_place = _column((*lines, *lists))
    stay, stay_place = _stay((*lines, *lists), places)
    read = tuple(
        read_line(line, line_id=str(number), resolve=lambda reference: resolved(reference, places))
        for number, line in enumerate(told, start=1)
    )
    return ListRead(
        citizen=_citizen((*lines, *lists), places),
        stay=stay,
        stay_place=stay_place,
        column=column,
        column_place=column_place,
        saying=saying,
        why_empty=why_empty,
        as_of=_as_of(bundle, lists),
        identifier=_identifier(bundle["identifier"]),
        lines=read,
        findings=_bounded((*_unused(resources), *_missing(told, read))),
    )


def _kind(resource: Element) -> str | None:
    return resource.text("resourceType")


def _require_few(bundle: Element, entries: Sequence[Element], lines: Sequence[Element], most: int) -> None:
    if len(lines) > most or len(entries) > _ENTRIES_PER_LINE * most:
        text = f"A list has at most {most} lines here, and a Bundle {_ENTRIES_PER_LINE} times as many entries."
        raise TooCostlyError(finding("stafet-list-size", "too-costly", text, expression=bundle["entry"].path))


def _require_shapes(entries: Sequence[Element], resources: Sequence[Element]) -> None:
    found: list[Issue] = []
    for entry, resource in zip(entries, resources, strict=True):
        if not resource.fields:
            text = "An entry without a resource."
            found.append(finding("stafet-list-entry", "required", text, expression=entry.path))
        elif _kind(resource) in _USED:
            found += shape_findings(resource.value, expression=resource.path)
    if found:
        raise ResourceShapeError(*found[:_MOST_FINDINGS])


def _saying(
    bundle: Element, lines: Sequence[Element], told: Sequence[Element], lists: Sequence[Element]
) -> tuple[Saying, str | None]:
    """What the list says: no medicine is not the same as nothing known, and silence is neither."""
    empty = [saying for line in lines if (saying := saying_of(line)) is not None]
    reasons = [each["emptyReason"] for each in lists if each["emptyReason"].exists]
    if (empty or reasons) and told:
        _refuse("stafet-list-contradiction", "It says that there is none, and lists some.", told[0])
    if len(set(empty)) > 1:
        _refuse("stafet-list-contradiction", "It says that none is taken, and that nothing is known.", bundle["entry"])
    if told:
        return Saying.LISTED, None
    if empty:
        return empty[0], None
    if not reasons:
        text = "Nothing is listed. Say no-known-medications, no-medication-info, or a List.emptyReason."
        _refuse("stafet-list-empty", text, bundle["entry"], "required")
    codes = {coding.text("code") for reason in reasons for coding in reason.all("coding")}
    if codes == {_NONE_TAKEN}:
        return Saying.NONE_KNOWN, None
    words = reasons[0].text("text") or next((code for code in sorted(map(str, codes))), None)
    return Saying.NOT_KNOWN, words


def _column(resources: Sequence[Element]) -> tuple[Column | None, str]:
    """Which list it is: one at a time."""
    said: Column | None = None
    place = "Bundle.entry"
    for resource in resources:
        for coding in _categories(resource):
            column = _named(coding)
            if said is not None and column is not said:
                _refuse("stafet-list-column", "Another list than the one before. Send one list at a time.", coding)
            said, place = column, coding.path
    return said, place


def _categories(resource: Element) -> Iterator[Element]:
    """Statements have one category, requests several, and a List its code."""
    for concept in (resource["category"], *resource.all("category"), resource["code"]):
        yield from (coding for coding in concept.all("coding") if coding.text("system") == COLUMN_SYSTEM)


def _named(coding: Element) -> Column:
    try:
        return Column(coding.text("code") or "")
    except ValueError:
        _refuse("stafet-list-column", f"A list is one of: {', '.join(Column)}.", coding, "value")


def _citizen(resources: Sequence[Element], places: Mapping[str, Element]) -> CprNumber | PatientId:
    """The one citizen that every line is about; there is at least one, or a List that says that there is none."""
    first, *others = resources
    citizen = _subject(first["subject"], places)
    for resource in others:
        if _subject(resource["subject"], places) != citizen:
            text = "Another citizen than in the entry before, or named in another way. Send one list at a time."
            _refuse("stafet-list-subject", text, resource["subject"])
    return citizen


def _subject(subject: Element, places: Mapping[str, Element]) -> CprNumber | PatientId:
    identifier = subject["identifier"]
    if identifier.text("system") == CPR_SYSTEM:
        return _cpr(identifier)
    patient = resolved(subject, places)
    if patient.exists:
        numbers = (each for each in patient.all("identifier") if each.text("system") == CPR_SYSTEM)
        number = next(numbers, None)
        if number is None:
            _refuse("stafet-list-subject", "The Patient has no CPR number.", patient["identifier"], "required")
        return _cpr(number)
    kind, _, named = (subject.text("reference") or "").rpartition("/")
    if kind.rpartition("/")[2] != "Patient":
        text = "Name the citizen: a Patient in the Bundle, a CPR number in subject.identifier, or our Patient/{id}."
        _refuse("stafet-list-subject", text, subject, "required")
    return PatientId(named)


def _cpr(identifier: Element) -> CprNumber:
    try:
        return CprNumber.parse(identifier.text("value") or "")
    except InvalidIdentifierError:
        _refuse("stafet-list-subject", "This is no CPR number. It is not repeated here.", identifier["value"], "value")


def _stay(resources: Sequence[Element], places: Mapping[str, Element]) -> tuple[NamedStay | None, str]:
    """The one stay that is named; not every entry has to name it."""
    said: NamedStay | None = None
    at = resources[0]["context" if _kind(resources[0]) == "MedicationStatement" else "encounter"].path
    for resource in resources:
        for place in (resource["context"], resource["encounter"]):
            named = _named_stay(place, places)
            if named is None:
                continue
            if said is not None and named != said:
                text = "Another stay than in the entry before, or named in another way. Send one list at a time."
                _refuse("stafet-list-stay", text, place)
            said, at = named, place.path
    return said, at


def _named_stay(place: Element, places: Mapping[str, Element]) -> NamedStay | None:
    """What one entry says: our own id of it, or identifiers, here or in the Encounter that came with the list."""
    target, beside = resolved(place, places), place["identifier"]
    found = [*episodes_of(target, lambda each: resolved(each, places))]
    if beside.text("value") is not None:
        found.append(EpisodeOfCareId(beside.text("system") or "", beside.text("value") or ""))
    reference = "" if target.exists else (place.text("reference") or "").partition("/_history/")[0]
    kind, _, named = reference.rpartition("/")
    is_ours = kind.rpartition("/")[2] == "Encounter"
    if not found and not is_ours:
        if place.text("reference") is None:
            return None
        text = "Name the stay: our Encounter/{id}, or an identifier with the id of the episode of care."
        _refuse("stafet-list-stay", text, place, "required")
    return NamedStay(
        encounter_id=EncounterId(named) if is_ours else None,
        stay_id=next((StayId(each.value) for each in found if each.system == STAY_SYSTEM), None),
        episodes=frozenset(each for each in found if each.system != STAY_SYSTEM),
    )


def _as_of(bundle: Element, lists: Sequence[Element]) -> datetime | None:
    """The time that the list is said to hold for; a date alone is no time."""
    for place in (bundle["timestamp"], *(each["date"] for each in lists)):
        try:
            said = read_instant(place.string or "")
        except ValueError:
            continue
        if not is_plausible(said):
            _refuse("stafet-list-time", "The time lies too far away.", place, "value")
        return said
    return None


def _identifier(identifier: Element) -> str | None:
    value = identifier.text("value")
    return None if value is None else f"{identifier.text('system') or ''}|{value}"


def _unused(resources: Sequence[Element]) -> Iterator[Issue]:
    for each in resources:
        if _kind(each) not in _USED:
            text = "Not used: a list is made of MedicationStatement and MedicationRequest, with Medication and Patient."
            yield finding("stafet-list-not-used", "not-supported", text, expression=each.path, severity="warning")


def _missing(told: Sequence[Element], read: Sequence[MedicationLine]) -> Iterator[Issue]:
    for place, line in zip(told, read, strict=True):
        if line.is_nameless:
            text = "No product and no name: the line is kept, and joined to no other."
            yield finding("stafet-line-product", "incomplete", text, expression=place.path, severity="warning")
        if line.instruction is None and not line.dosage:
            text = "No dosage: the line is kept, and somebody has to ask."
            yield finding("stafet-line-dosage", "incomplete", text, expression=place.path, severity="warning")
        elif line.daily is None and line.as_needed is not True:
            text = "The dosage is shown as it was written and not reckoned with."
            yield finding("stafet-line-dose", "informational", text, expression=place.path, severity="information")


def _bounded(found: tuple[Issue, ...]) -> tuple[Issue, ...]:
    """The findings, so many as anybody reads, the warnings first."""
    first = sorted(found, key=lambda issue: issue.severity != "warning")
    if len(first) <= _MOST_FINDINGS:
        return tuple(first)
    text = f"And {len(first) - _MOST_FINDINGS} more of the same kinds."
    return (*first[:_MOST_FINDINGS], finding("stafet-list-findings", "informational", text, severity="information"))


def _refuse(rule: str, text: str, place: Element, code: str = "business-rule") -> NoReturn:
    raise MedicineListError(finding(rule, code, text, expression=place.path))
