"""``Task/$decide`` Parameters -> what the practice decides of lines. Source: design.md 6.5, ``$decide``."""

from __future__ import annotations

from typing import Final, NoReturn

from discharge.commands import LineDecision
from discharge.medication.record import LineId, Verdict
from discharge.task import Person
from fhir_mappings.elements import Element
from fhir_mappings.errors import DecisionValueError, ParametersError, finding
from fhir_mappings.json_text import parse_object
from fhir_mappings.medicine.statement import shown_in
from fhir_mappings.people import NOT_A_PERSON, person_named
from fhir_mappings.r4 import require_shape

__all__ = ["read_decisions"]

_DECISION: Final = "decision"
_PERSON: Final = "practitioner"
_STATEMENT: Final = "MedicationStatement/"
_LONGEST_TEXT: Final = 4000


def read_decisions(body: bytes) -> tuple[tuple[LineDecision, ...], Person | None]:
    """The decisions in ``body``, and the practitioner that a record system speaks for.

    Raises:
        JsonTextError: not JSON as we take it, or no Parameters.
        ResourceShapeError: not Parameters of FHIR R4.
        ParametersError: an unknown parameter or part, or one without line or code.
        DecisionValueError: a code that is none, or a reason that is too long.
    """
    content = parse_object(body, expected="Parameters")
    require_shape(content)
    decisions: list[LineDecision] = []
    person: Person | None = None
    for parameter in Element("Parameters", content).all("parameter"):
        match parameter.text("name"):
            case "decision":
                decisions.append(_decision(parameter))
            case "practitioner":
                if person is not None:
                    _refuse(parameter, f"One {_PERSON} decides.")
                _require_only(parameter, "value")
                person = _person(parameter)
            case _:
                _refuse(parameter["name"], f"A parameter is called {_DECISION} or {_PERSON}.")
    if not decisions:
        _refuse(Element("Parameters", content), "At least one decision is needed.")
    return tuple(decisions), person


def _decision(parameter: Element) -> LineDecision:
    _require_only(parameter, "part")
    for part in parameter.all("part"):
        _require_only(part, "value")
    parts = {part.text("name"): part for part in parameter.all("part")}
    unknown = next((part for name, part in parts.items() if name not in {"line", "code", "reason"}), None)
    if unknown is not None or len(parts) < len(parameter.all("part")):
        _refuse(unknown or parameter, "A decision has the parts line, code and reason, each once.")
    missing = next((name for name in ("line", "code") if name not in parts), None)
    if missing is not None:
        _refuse(parameter, f"A decision needs the part {missing}.")
    line_id, shown = _line(parts["line"])
    return LineDecision(
        line_id=line_id,
        verdict=_verdict(parts["code"]),
        reason=_reason(parts["reason"]) if "reason" in parts else None,
        shown=shown,
    )


def _require_only(parameter: Element, kind: str) -> None:
    """A parameter has a value, or parts, or a resource. Source: FHIR R4, Parameters, inv-1."""
    held = {"value" if name.startswith("value") else name for name in parameter.fields}
    if held & {"value", "part", "resource"} != {kind}:
        _refuse(parameter, "A decision has parts; each of them, and the practitioner, has a value.")


def _line(part: Element) -> tuple[LineId, str | None]:
    """The line, and what it said when it was read: a reference to a version of it names that."""
    said = part.text("valueString") or part["valueReference"].text("reference")
    if said is None:
        _refuse(part, "A line is its id as valueString, or a valueReference MedicationStatement/{id}.")
    named, _, version = said.rpartition(_STATEMENT)[2].partition("/_history/")
    return LineId(named), shown_in(version) if version else None


def _verdict(part: Element) -> Verdict:
    try:
        return Verdict(part.text("valueCode") or part.text("valueString") or "")
    except ValueError:
        _refuse_value(part, f"A code is one of: {', '.join(Verdict)}.", "MSG_VALUESET_VALUE_UNKNOWN")


def _reason(part: Element) -> str:
    text = part.text("valueString")
    if text is None:
        _refuse(part, "A reason is a valueString that says something.")
    if len(text) > _LONGEST_TEXT:
        _refuse_value(part, f"A reason has at most {_LONGEST_TEXT} characters.", "MSG_Element_To_Long")
    return text.strip()


def _person(parameter: Element) -> Person:
    reference = parameter["valueReference"]
    value, name = reference["identifier"].text("value"), reference.text("display")
    if value is None or name is None:
        _refuse(parameter, "A practitioner is a valueReference with identifier and display.")
    found = person_named(value, name)
    if found is None:
        _refuse(parameter, NOT_A_PERSON)
    return found


def _refuse(place: Element, text: str) -> NoReturn:
    raise ParametersError(finding("stafet-decide-parameters", "invalid", text, expression=place.path))


def _refuse_value(place: Element, text: str, detail: str) -> NoReturn:
    raise DecisionValueError(
        finding("stafet-decide-values", "business-rule", text, expression=place.path, detail=detail)
    )
