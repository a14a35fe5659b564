"""Which element of what was sent an error is about, as FHIRPath for an OperationOutcome."""

from typing import Final

from discharge import errors as domain
from services.web import refusals as web

__all__ = ["element_of"]

_DECISION: Final = "Parameters.parameter.where(name='decision')"
_MEDICINE: Final = {
    "decision": "Task.status",
    "decision.line": f"{_DECISION}.part.where(name='line')",
    "list": "Bundle.entry",
    "identifier": "Bundle.identifier",
}
"""Elements of medicine that stand elsewhere than in a parameter of their own name."""


def element_of(error: Exception) -> str | None:
    """The element, or None where it is about none."""
    found: str | None
    match error:
        case domain.GateClosedError():
            found = _parameter("override-reason")
        case domain.MedicationError():
            found = _MEDICINE.get(error.element, _parameter(error.element))
        case domain.LineChangedError():
            found = _MEDICINE["decision.line"]
        case domain.PlanError():
            found = _parameter(error.element)
        case domain.ReasonRequiredError():
            found = f"{_DECISION}.part.where(name='reason')" if _decides(error.action) else "Task.statusReason"
        case domain.PersonRequiredError():
            named = _parameter("practitioner")
            found = named if _decides(error.action) else "Task.extension.where(url='urn:stafet:assignee')"
        case domain.AgreementError():
            found = error.path
        case domain.DocumentError() | web.BadRequestError():
            found = error.element
        case _:
            found = None
    return found


def _decides(action: str) -> bool:
    return action.partition("-")[0] == "decide"


def _parameter(name: str) -> str:
    return f"Parameters.parameter.where(name='{name}')"
