"""How a sound notification is broken, and what must be said of it then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from fhir_mappings.medcom.intake import Refused
from tests.fhir_mappings.medcom.reading import notice_of, read
from tests.fhir_mappings.messages import Message, edited, of_type, provenance

__all__ = [
    "CPR_SYSTEM",
    "ECPR_SYSTEM",
    "Edit",
    "Error",
    "Warned",
    "add_history",
    "destination",
    "drop",
    "identify",
    "named",
    "organization",
    "refuses",
    "repeats_no_number",
    "twice",
    "warns",
]

Edit = Callable[[Message], object]
Error = tuple[str, Edit, str, str, str | None]
"""Rule, edit of a sound STIN, FHIRPath, issue code, detail."""
Warned = tuple[str, Edit, str]
CPR_SYSTEM = "urn:oid:1.2.208.176.1.2"
ECPR_SYSTEM = "urn:oid:1.2.208.176.1.6.1.1"


def drop(message: Message, kind: str) -> None:
    """Take out every resource of a kind."""
    message["entry"] = [each for each in message["entry"] if each["resource"]["resourceType"] != kind]


def twice(message: Message, kind: str) -> None:
    """Put in another of a kind."""
    found = next(each for each in message["entry"] if each["resource"]["resourceType"] == kind)
    message["entry"].append({"resource": {**found["resource"], "id": "another"}})


def destination(message: Message) -> Message:
    """To whom it is sent."""
    found: Message = of_type(message, "MessageHeader")["destination"][0]
    return found


def organization(message: Message, identity: str) -> Message:
    """The organisation of that id."""
    found: Message = next(each["resource"] for each in message["entry"] if each["resource"]["id"] == identity)
    return found


def add_history(message: Message, **fields: object) -> None:
    """Put in an earlier Provenance."""
    history = provenance("history", "an-earlier-one", "admit-emergency", after=-timedelta(days=1)) | fields
    message["entry"].append({"resource": history})


def identify(message: Message, *identifiers: tuple[str, str]) -> None:
    """Give the patient these identifiers."""
    of_type(message, "Patient")["identifier"] = [{"system": system, "value": value} for system, value in identifiers]


def named(cases: Sequence[Error] | Sequence[Warned]) -> list[str]:
    """What the cases are called."""
    return [f"{each[0]}-{number}" for number, each in enumerate(cases)]


def refuses(rule: str, edit: Edit, expression: str, code: str, detail: str | None) -> None:
    """The broken message is refused for this, and for nothing else in the same place."""
    found = read(edited(edit))

    assert isinstance(found, Refused)
    told = [issue for issue in found.issues if issue.rule == rule]
    assert [(issue.expression, issue.code, issue.detail, issue.severity) for issue in told] == [
        (expression, code, detail, "error")
    ]
    # Whatever else is found about the same place is left to the rule.
    assert [issue.rule for issue in found.issues if issue.expression == expression] == [rule]


def warns(rule: str, edit: Edit, expression: str) -> None:
    """The broken message is taken, and this alone is said."""
    found = notice_of(edited(edit))

    assert [(issue.rule, issue.expression, issue.severity) for issue in found.warnings] == [
        (rule, expression, "warning")
    ]


def repeats_no_number(edit: Edit) -> None:
    """Nothing that is said of the broken message holds a number of it."""
    found = read(edited(edit))

    assert isinstance(found, Refused)
    for issue in found.issues:
        assert "0404509995" not in repr(issue)
        assert not any(part.isdigit() and len(part) > 6 for part in repr(issue).replace("'", " ").split())
