"""A reconciled line -> MedicationStatement: what is to be taken, with what each list says of it inside.

The lists stand as contained statements that the line is derived from; what has become of it, how that is known,
and what was decided are extensions of ours. What stands beside the numbers of a dosage is an additionalInstruction
each. Not carried: the section of a document, and what was handed over.
Source: FHIR R4, MedicationStatement; design.md 6.5.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Final

from discharge.identifiers import EncounterId, TaskId, in_letters
from discharge.medication.lines import Change, Coding, DoseRow, LineStatus, MedicationLine, Quantity
from discharge.medication.lists import Column, MedicationList
from discharge.medication.reconciling import Doubt, ReconciledLine
from discharge.medication.record import Comment, Decision, LineId, LineState, MedicationReconciliation
from fhir_mappings.elements import Json, JsonObject, codeable
from fhir_mappings.encounter import organization_reference
from fhir_mappings.instants import write_instant
from fhir_mappings.medicine.line import CHANGE_SYSTEM, DATA_ABSENT, PRODUCT, RENDERED
from fhir_mappings.medicine.values import UCUM
from fhir_mappings.outcomes import narrative
from fhir_mappings.task import PERSON_SYSTEM

__all__ = ["COLUMN_SYSTEM", "DECISION", "RECONCILIATION", "shown_in", "statement_resource", "version_of"]

COLUMN_SYSTEM: Final = "urn:stafet:medication-list"
CHANGE: Final = "urn:stafet:medication-change-type"
RECONCILIATION: Final = "urn:stafet:medication-reconciliation"
DECISION: Final = "urn:stafet:medication-decision"
_FLAGS: Final = {
    Change.UNCHANGED: "01",
    Change.CHANGED: "02",
    Change.NEW: "04",
    Change.STOPPED: "05",
    Change.PAUSED: "06",
}
_UNTOLD: Final = frozenset({Doubt.CONTRADICTION, Doubt.LISTS_DISAGREE, Doubt.NO_LONGER_LISTED, Doubt.SOURCE_WITHDRAWN})
_UNTAKEN: Final = {Change.STOPPED: LineStatus.STOPPED, Change.PAUSED: LineStatus.PAUSED}
_WORDS: Final = "Medicin skrevet i ord (medication in words)"
_NAMELESS: Final = "Produktet er ikke nævnt (product not included)"
_LENGTH: Final = re.compile(r"(\d+(?:\.\d+)?) (\S.*)", re.ASCII)
_DAY: Final = re.compile(r"\d{4}(?:-\d\d(?:-\d\d(?:T\S+)?)?)?", re.ASCII)
_LARGEST: Final = 2**31 - 1
"""Of FHIR's whole numbers."""
_TIMES: Final = frozenset({"s", "min", "h", "d", "wk", "mo", "a"})
"""Units of time in UCUM that FHIR knows."""


def statement_resource(
    record: MedicationReconciliation, line_id: LineId, *, encounter_id: EncounterId, tasks: tuple[TaskId, ...] = ()
) -> JsonObject:
    """One line as it stands.

    Args:
        record: the medicine of the stay.
        line_id: one of its lines.
        encounter_id: the hospital contact it is about.
        tasks: the duties under which it is decided.
    """
    line = record.lines[line_id]
    subject: JsonObject = {"reference": f"Patient/{record.patient_id}"}
    contained: list[Json] = []
    derived: list[Json] = []
    for column in Column:
        for number, each in enumerate(line.joined.cells.get(column, ()), start=1):
            name = f"{column.value}-{number}"
            head: JsonObject = {
                "resourceType": "MedicationStatement",
                "id": name,
                "category": codeable(COLUMN_SYSTEM, column.value),
                "subject": subject,
            }
            stated = _stated(record.homes[each.id])
            contained.append(head | stated | _taken(each, each.status, beside=_change_of(each.change)))
            derived.append({"reference": f"#{name}"})
    said = line.instruction_line
    resource: JsonObject = {
        "resourceType": "MedicationStatement",
        "id": line_id,
        "meta": {"versionId": version_of(record, line_id, encounter_id=encounter_id, tasks=tasks)},
        "text": narrative(_title(said), said.instruction or "-"),
        "contained": contained,
        "subject": subject,
        "context": {"reference": f"Encounter/{encounter_id}"},
        "derivedFrom": derived,
    }
    beside = [*_extensions(record, line_id, tasks), *_change_of(line.change)]
    taken = _taken(said, _status(line, said), beside=beside)
    comments = [_comment(each) for each in record.comments_on(line_id)]
    return resource | taken | ({"note": [*_words(said.note), *comments]} if comments else {})


def version_of(
    record: MedicationReconciliation, line_id: LineId, *, encounter_id: EncounterId, tasks: tuple[TaskId, ...] = ()
) -> str:
    """The version of a line's statement: the record's, where it is decided, and last what the line says.

    A decision is about the last part.
    """
    around = in_letters(repr((encounter_id, tasks)), 8)
    return f"{record.version}-{around}-{record.lines[line_id].fingerprint}"


def shown_in(version: str) -> str:
    """What the line said in ``version`` of its statement; a version that is none of ours says what no line says."""
    return version.rpartition("-")[2]


def _status(line: ReconciledLine, said: MedicationLine) -> LineStatus:
    """Whether it is to be taken; what nobody can tell is not told."""
    is_told = line.joined.line(Column.AT_DISCHARGE) is not None or line.doubt is Doubt.ONLY_NOW
    if line.doubt in _UNTOLD or (line.doubt is not None and not is_told):
        return LineStatus.UNKNOWN
    return _UNTAKEN.get(line.change, said.status)


def _title(line: MedicationLine) -> str:
    name = line.name or (_WORDS if line.is_words else _NAMELESS)
    return ", ".join(part for part in (name, line.strength, line.form) if part is not None)


def _stated(stated: MedicationList) -> JsonObject:
    """Whose list it is and of when."""
    return {
        "dateAsserted": write_instant(stated.stated_at),
        "informationSource": organization_reference(stated.source),
    }


def _taken(line: MedicationLine, status: LineStatus, *, beside: list[Json]) -> JsonObject:
    """What a line says, without whose it is; the extensions ``beside`` stand with its own."""
    period = {"start": line.begins, "end": line.ends}
    found: JsonObject = {
        "extension": [*beside, *_product(line), *_whole_instruction(line)],
        "basedOn": [{"type": "MedicationRequest", "identifier": _identifier(order)} for order in sorted(line.orders)],
        "effectivePeriod": {name: day.isoformat() for name, day in period.items() if day is not None},
        "reasonCode": _words(line.indication),
        "statusReason": _words(line.change_reason),
        "note": _words(line.note),
        "dosage": _dosages(line),
    }
    taken: JsonObject = {"status": status.value, "medicationCodeableConcept": _concept(line)}
    return taken | {name: value for name, value in found.items() if value}


def _concept(line: MedicationLine) -> JsonObject:
    if line.is_words or line.is_nameless:
        code, text = ("as-text" if line.instruction else "unknown", _WORDS) if line.is_words else ("unknown", _NAMELESS)
        return {"extension": [{"url": DATA_ABSENT, "valueCode": code}], "text": text}
    concept: JsonObject = {} if line.name is None else {"text": line.name}
    return concept | ({"coding": [_coding(each) for each in line.codes]} if line.codes else {})


def _words(text: str | None) -> list[Json]:
    return [] if text is None else [{"text": text}]


def _comment(comment: Comment) -> JsonObject:
    """What a person remarked; the line's own note has no author."""
    author = f"{comment.by.name}, {comment.role.value}"
    return {"authorString": author, "time": write_instant(comment.at), "text": comment.text}


def _coding(coding: Coding) -> JsonObject:
    said = {"system": coding.system, "code": coding.code, "display": coding.display}
    return {name: value for name, value in said.items() if value is not None}


def _identifier(number: tuple[str, str]) -> JsonObject:
    return {"system": number[0], "value": number[1]}


def _product(line: MedicationLine) -> list[Json]:
    """What a concept cannot say of a product."""
    words = {"strength": line.strength, "form": line.form}
    parts: list[Json] = [{"url": name, "valueString": text} for name, text in words.items() if text is not None]
    parts += [{"url": "product", "valueIdentifier": _identifier(each)} for each in sorted(line.products)]
    return [{"url": PRODUCT, "extension": parts}] if parts else []


def _whole_instruction(line: MedicationLine) -> list[Json]:
    if line.dosage_text is None:
        return []
    return [{"url": RENDERED.format("MedicationStatement"), "valueMarkdown": line.dosage_text}]


def _change_of(change: Change | None) -> list[Json]:
    flag = None if change is None else _FLAGS.get(change)
    return [] if flag is None else [{"url": CHANGE, "valueCodeableConcept": codeable(CHANGE_SYSTEM, flag)}]


def _dosages(line: MedicationLine) -> list[Json]:
    """The instructions; where there is only a route, a row that says it."""
    if line.dosage:
        return [_dosage(row, line.route) for row in line.dosage]
    bare: JsonObject = {} if line.dosage_text is None else {"text": line.dosage_text}
    if line.route is not None:
        bare["route"] = {"text": line.route}
    return [bare] if bare else []


def _dosage(row: DoseRow, route: str | None) -> JsonObject:
    written: JsonObject = {"sequence": row.sequence}
    if row.text is not None:
        written["text"] = row.text
    repeat = _bounds(row) | _often(row)
    beside = row.beside if row.length is None or _bounds(row) else (*row.beside, row.length)
    if beside:
        written["additionalInstruction"] = [{"text": each} for each in beside]
    if repeat:
        written["timing"] = {"repeat": repeat}
    if row.as_needed_for is not None:
        written["asNeededCodeableConcept"] = {"text": row.as_needed_for}
    elif row.as_needed:
        written["asNeededBoolean"] = True
    if route is not None:
        written["route"] = {"text": route}
    if row.dose is not None:
        written["doseAndRate"] = [{"doseQuantity": _quantity(row.dose)}]
    for most in row.maxima:
        if most.per is None:
            written["maxDosePerAdministration"] = _quantity(most.amount)
        else:
            written["maxDosePerPeriod"] = {"numerator": _quantity(most.amount), "denominator": _time(most.per)}
    return written


def _quantity(quantity: Quantity) -> JsonObject:
    return {"value": _number(quantity.value), "unit": quantity.unit}


def _time(quantity: Quantity) -> JsonObject:
    """A quantity of time, in UCUM where it is one that FHIR knows."""
    unit = quantity.unit
    return _quantity(quantity) | ({"system": UCUM, "code": unit} if unit in _TIMES else {})


def _bounds(row: DoseRow) -> JsonObject:
    """For how long; nothing where FHIR has no number for it."""
    said = row.length or ""
    duration, days = _LENGTH.fullmatch(said), dict(zip(("start", "end"), said.split(".."), strict=False))
    period: JsonObject = {end: day for end, day in days.items() if _DAY.fullmatch(day)}
    if ".." in said and period:
        return {"boundsPeriod": period}
    return {} if duration is None else {"boundsDuration": _time(Quantity(Decimal(duration[1]), duration[2]))}


def _often(row: DoseRow) -> JsonObject:
    """How often. A frequency is a whole number in FHIR: a half a day is one in two days."""
    if row.times is None or row.days is None or row.times <= 0 or row.days <= 0:
        return {}
    times = Fraction(row.times)
    if times.numerator > _LARGEST or row.days * times.denominator > _LARGEST:
        return {}  # No positiveInt. The words beside it say how often.
    return {"frequency": times.numerator, "period": _number(row.days * times.denominator), "periodUnit": "d"}


def _number(value: Decimal) -> int | float:
    return int(value) if abs(value) <= _LARGEST and value == int(value) else float(value)


def _extensions(record: MedicationReconciliation, line_id: LineId, tasks: tuple[TaskId, ...]) -> list[Json]:
    line, signed = record.lines[line_id], record.signed_off
    how: list[Json] = [
        {"url": "change", "valueCode": line.change.value},
        {"url": "basis", "valueCode": line.basis.value},
        {"url": "guessed", "valueBoolean": line.is_guess},
        {"url": "signed", "valueBoolean": signed is not None and signed.shown.get(line_id) == line.fingerprint},
        {"url": "state", "valueCode": record.state_of(line_id).value},
    ]
    if line.doubt is not None:
        how.append({"url": "doubt", "valueCode": line.doubt.value})
    how += [{"url": "part-of", "valueReference": {"reference": f"Task/{task_id}"}} for task_id in tasks]
    found: list[Json] = [{"url": RECONCILIATION, "extension": how}]
    decision = record.decision_on(line_id)
    if decision is not None:
        found.append({"url": DECISION, "extension": _decided(record, decision)})
    return found


def _decided(record: MedicationReconciliation, decision: Decision) -> list[Json]:
    by: JsonObject = {
        "identifier": {"system": PERSON_SYSTEM, "value": decision.by.id},
        "display": decision.by.name,
    }
    parts: list[Json] = [
        {"url": "code", "valueCode": decision.verdict.value},
        {"url": "at", "valueInstant": write_instant(decision.at)},
        {"url": "by", "valueReference": by},
    ]
    if decision.reason is not None:
        parts.append({"url": "reason", "valueString": decision.reason})
    answer = record.answer_to(decision) if record.state_of(decision.line_id) is LineState.ANSWERED else None
    if answer is not None:
        parts.append({"url": "answer", "valueString": answer.text})
    return parts
