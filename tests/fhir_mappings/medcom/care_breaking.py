"""How a sound care communication is broken, and what must be said of it then."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

from fhir_mappings.medcom.intake import LetterRead, Refused, read_message
from fhir_mappings.medcom.rule import Rule
from tests.fhir_mappings import care
from tests.fhir_mappings.care import communication, letter, of_type, payload
from tests.fhir_mappings.messages import Message, body, edited

__all__ = [
    "COMMUNICATION",
    "Edit",
    "Error",
    "Warned",
    "category",
    "copy",
    "data",
    "drop",
    "entity",
    "file",
    "header",
    "name_of",
    "own",
    "refuses",
    "shown",
    "warns",
    "without",
]

Edit = Callable[[Message], object]
Error = tuple[str, Edit, str, str, str | None]
"""Rule, edit of a sound letter of version 5, FHIRPath, issue code, detail."""
Warned = tuple[str, Edit, str]
COMMUNICATION = "Bundle.entry[1].resource"
ELSEWHERE = {"stafet-cpr-form", "stafet-one-cpr", "stafet-patient-name"}
"""Rules shared with notifications: their firing is shown there."""


def header(message: Message) -> Message:
    """The MessageHeader."""
    return of_type(message, "MessageHeader")


def own(message: Message) -> Message:
    """The message's own Provenance."""
    return of_type(message, "Provenance")


def drop(message: Message, kind: str) -> None:
    """Take out every resource of a kind."""
    message["entry"] = [each for each in message["entry"] if each["resource"]["resourceType"] != kind]


def copy(message: Message, kind: str) -> Message:
    """Put in another of a kind."""
    message["entry"].append({"resource": {**of_type(message, kind), "id": "another"}})
    return message


def category(message: Message) -> Any:
    """The coding of the letter's category."""
    return communication(message)["category"][0]["coding"][0]


def file(message: Message) -> Any:
    """The attachment of the second segment."""
    return payload(message, 1)["contentAttachment"]


def without(place: Message, url: str) -> None:
    """Take out an extension."""
    place["extension"] = [each for each in place["extension"] if each["url"] != url]


def data(content: bytes) -> str:
    """Content as an attachment carries it."""
    return base64.b64encode(content).decode()


def entity(role_: str, reference: str) -> Message:
    """What a Provenance refers to."""
    return {"role": role_, "what": {"reference": reference}}


def name_of(value: object) -> str:
    """What a case is called."""
    return value if isinstance(value, str) else ""


def refuses(rule: str, edit: Edit, expression: str, code: str, detail: str | None) -> None:
    """The broken letter is refused for this, and its number is not repeated."""
    read = read_message(body(edited(edit, letter())), now=care.NOW)

    assert isinstance(read, Refused)
    found = [issue for issue in read.issues if issue.rule == rule]
    assert [(each.severity, each.expression, each.code, each.detail) for each in found][:1] == [
        ("error", expression, code, detail)
    ], [(issue.rule, issue.expression) for issue in read.issues]
    assert care.CPR not in str(read.issues)


def warns(rule: str, edit: Edit, expression: str) -> None:
    """The broken letter is taken, and this alone is said."""
    read = read_message(body(edited(edit, letter())), now=care.NOW)

    assert isinstance(read, LetterRead), read
    assert [(issue.severity, issue.rule, issue.expression) for issue in read.warnings] == [
        ("warning", rule, expression)
    ]


def shown(rules: Sequence[Rule]) -> set[str]:
    """The rules that must be shown to fire on a letter."""
    return {each.id for each in rules} - ELSEWHERE
