"""``Encounter/$plan`` Parameters -> the fields of ``RevisePlan``.

Absent means unchanged; ``need`` replaces the set. Source: design.md 6.5, the ward's plan by machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NoReturn, TypeVar

from discharge.plan import UNCHANGED, WITHOUT_72_HOURS, Need, PlanRevision, Unchanged
from fhir_mappings.elements import Element
from fhir_mappings.errors import ParametersError, PlanValueError, finding
from fhir_mappings.instants import is_plausible, read_date, read_instant
from fhir_mappings.json_text import parse_object
from fhir_mappings.r4 import require_shape

__all__ = ["PlanChange", "read_plan"]

_TYPES: Final = {
    "expected-discharge": "valueDateTime",
    "treatment-finished": "valueDateTime",
    "withdraw-treatment-finished": "valueBoolean",
    "need": "valueCode",
    "first-visit": "valueDateTime",
    "destination": "valueCode",
    "functional-level": "valueCode",
    "frail": "valueBoolean",
    "without-72-hours": "valueCode",
    "medicine-until": "valueDate",
    "contact-phone": "valueString",
    "agreed-by-phone": "valueString",
    "discharged": "valueDateTime",
    "undo-discharged": "valueBoolean",
    "override-reason": "valueString",
}
_REPEATING: Final = frozenset({"need"})
_NONE: Final = "none"
_LONGEST_TEXT: Final = 4000

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChange:
    """What the ward wants: the fields of ``RevisePlan`` that come from the body."""

    revision: PlanRevision
    discharged_at: datetime | None = None
    undo_discharged: bool = False
    override_reason: str | None = None


def read_plan(body: bytes) -> PlanChange:
    """The change of the plan that ``body`` asks for.

    Raises:
        JsonTextError: not JSON as we take it, or no Parameters.
        ResourceShapeError: not Parameters of FHIR R4.
        ParametersError: an unknown parameter, one of the wrong type, or a repeated one.
        PlanValueError: a value outside its meaning, or two that contradict each other.
    """
    content = parse_object(body, expected="Parameters")
    require_shape(content)
    values = _values(Element("Parameters", content))
    finished: datetime | Unchanged | None = _one(values, "treatment-finished", _instant)
    if _flag(values, "withdraw-treatment-finished"):
        if not isinstance(finished, Unchanged):
            _refuse_value(values["treatment-finished"][0], "Treatment cannot be finished and withdrawn at once.")
        finished = None
    discharged = _one(values, "discharged", _instant)
    undo = _flag(values, "undo-discharged")
    if undo and not isinstance(discharged, Unchanged):
        _refuse_value(values["discharged"][0], "A discharge cannot be marked and undone at once.")
    override = _one(values, "override-reason", _text)
    return PlanChange(
        revision=PlanRevision(
            expected_discharge_at=_one(values, "expected-discharge", _instant),
            treatment_finished_at=finished,
            needs=_needs(values.get("need", [])),
            first_visit_at=_one(values, "first-visit", _instant),
            destination=_one(values, "destination", _text),
            functional_level=_one(values, "functional-level", _text),
            frail=_one(values, "frail", _boolean),
            without_72_hours=_one(values, "without-72-hours", _reason),
            medicine_until=_one(values, "medicine-until", _day),
            contact_phone=_one(values, "contact-phone", _text),
            agreed_by_phone=_one(values, "agreed-by-phone", _text),
        ),
        discharged_at=None if isinstance(discharged, Unchanged) else discharged,
        undo_discharged=undo,
        override_reason=None if isinstance(override, Unchanged) else override,
    )


def _values(parameters: Element) -> dict[str, list[Element]]:
    """The value of each parameter, by name."""
    found: dict[str, list[Element]] = {}
    for parameter in parameters.all("parameter"):
        name = parameter.text("name") or ""
        expected = _TYPES.get(name)
        if expected is None:
            _refuse(parameter["name"], "There is no such parameter.", "MSG_PARAM_UNKNOWN")
        if parameter.fields.keys() - {"id"} != {"name", expected}:
            _refuse(parameter, f"The parameter {name} carries a {expected} and nothing else.", "MSG_PARAM_INVALID")
        if name in found and name not in _REPEATING:
            _refuse(parameter["name"], f"The parameter {name} is given twice.", "MSG_PARAM_NO_REPEAT")
        found.setdefault(name, []).append(parameter[expected])
    return found


def _one(values: dict[str, list[Element]], name: str, read: Callable[[Element], T]) -> T | Unchanged:
    return read(values[name][0]) if name in values else UNCHANGED


def _flag(values: dict[str, list[Element]], name: str) -> bool:
    return name in values and _boolean(values[name][0])


def _needs(codes: list[Element]) -> frozenset[Need] | Unchanged:
    if not codes:
        return UNCHANGED
    if any(code.string == _NONE for code in codes):
        if len(codes) > 1:
            _refuse_value(codes[0], "The need none stands alone.")
        return frozenset()
    return frozenset(_need(code) for code in codes)


def _need(code: Element) -> Need:
    try:
        return Need(code.string or "")
    except ValueError:
        known = ", ".join((*(need.value for need in Need), _NONE))
        _refuse_value(code, f"A need is one of: {known}.", "MSG_VALUESET_VALUE_UNKNOWN")


def _reason(code: Element) -> str | None:
    """Why the ward does not answer for 72 hours; ``none`` takes back what was said."""
    if code.string == _NONE:
        return None
    if code.string not in WITHOUT_72_HOURS:
        known = ", ".join((*WITHOUT_72_HOURS, _NONE))
        _refuse_value(code, f"The reason is one of: {known}.", "MSG_VALUESET_VALUE_UNKNOWN")
    return code.string


def _instant(place: Element) -> datetime:
    try:
        instant = read_instant(place.string or "")
    except ValueError:
        _refuse_value(place, "A time needs date, seconds and zone.", "MSG_DATE_FORMAT")
    if not is_plausible(instant):
        _refuse_value(place, "The time lies too far away.")
    return instant


def _day(place: Element) -> date:
    try:
        day = read_date(place.string or "")
    except ValueError:
        _refuse_value(place, "A full date is needed, such as 2026-11-24.", "MSG_DATE_FORMAT")
    if not is_plausible(day):
        _refuse_value(place, "The day lies too far away.")
    return day


def _boolean(place: Element) -> bool:
    return place.value is True


def _text(place: Element) -> str:
    text = place.string
    if text is None or len(text) > _LONGEST_TEXT:
        _refuse_value(place, f"A text of 1 to {_LONGEST_TEXT} characters is needed.")
    return text.strip()


def _refuse(place: Element, text: str, detail: str) -> NoReturn:
    raise ParametersError(finding("stafet-plan-parameters", "invalid", text, expression=place.path, detail=detail))


def _refuse_value(place: Element, text: str, detail: str = "MSG_PARAM_INVALID") -> NoReturn:
    raise PlanValueError(finding("stafet-plan-values", "business-rule", text, expression=place.path, detail=detail))
