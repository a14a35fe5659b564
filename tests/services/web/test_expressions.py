"""Every refusal names the element of what was sent that it is about."""

import pytest

from discharge.errors import (
    AgreementError,
    DocumentError,
    GateClosedError,
    MedicationError,
    NotFoundError,
    PersonRequiredError,
    PlanError,
    ReasonRequiredError,
)
from discharge.task import Title
from services.web.expressions import element_of
from services.web.refusals import BadRequestError


@pytest.mark.parametrize(
    ("error", "element"),
    [
        (PlanError(element="need", problem="x"), "Parameters.parameter.where(name='need')"),
        (
            GateClosedError(element="need", rule="R19", text=Title(da="Først", en="First")),
            "Parameters.parameter.where(name='override-reason')",
        ),
        (MedicationError(element="line", problem="x"), "Parameters.parameter.where(name='line')"),
        (
            MedicationError(element="decision.line", problem="x"),
            "Parameters.parameter.where(name='decision').part.where(name='line')",
        ),
        (MedicationError(element="decision", problem="x"), "Task.status"),
        (MedicationError(element="list", problem="x"), "Bundle.entry"),
        (MedicationError(element="identifier", problem="x"), "Bundle.identifier"),
        (
            ReasonRequiredError(action="decide-change"),
            "Parameters.parameter.where(name='decision').part.where(name='reason')",
        ),
        (ReasonRequiredError(action="reject"), "Task.statusReason"),
        (PersonRequiredError(action="decide"), "Parameters.parameter.where(name='practitioner')"),
        (PersonRequiredError(action="accept"), "Task.extension.where(url='urn:stafet:assignee')"),
        (AgreementError(path="rules[0]", problem="x"), "rules[0]"),
        (DocumentError(element="Bundle.entry[0]", problem="x"), "Bundle.entry[0]"),
        (BadRequestError(element="due", problem="x"), "due"),
        (NotFoundError(kind="Task"), None),
    ],
)
def test_an_error_is_about_one_element_or_none(error: Exception, element: str | None) -> None:
    assert element_of(error) == element
