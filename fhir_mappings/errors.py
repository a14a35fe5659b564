"""What the translation refuses, as types.

The tree::

    MappingError
    ├── UnreadableError           the body is not what this door takes
    │   ├── JsonTextError         not JSON as we take it
    │   ├── XmlTextError          not XML as we take it
    │   ├── NotAMessageError      no message that could be acknowledged
    │   ├── ResourceShapeError    not the resource it claims to be
    │   └── ParametersError       unknown, repeated or wrongly typed parameters
    ├── TooCostlyError            more of something than anybody needs
    └── UnprocessableError        readable, but it asks for what cannot be
        ├── ReportError           a document that is no discharge report that can be read
        ├── TaskChangeError       a change of a Task that a PUT cannot make
        ├── PlanValueError        a value of ``$plan`` outside its meaning
        ├── DecisionValueError    a value of ``$decide`` outside its meaning
        └── MedicineListError     a list of medicine that nobody can take in as it is

Every error carries findings: rule, element, what is wrong and what to do. None of them repeats a
value of the input, because any value might be a CPR number. They know no HTTP.
"""

from __future__ import annotations

from typing_extensions import override

from discharge.commands import Issue

__all__ = [
    "DecisionValueError",
    "JsonTextError",
    "MappingError",
    "MedicineListError",
    "NotAMessageError",
    "ParametersError",
    "PlanValueError",
    "ReportError",
    "ResourceShapeError",
    "TaskChangeError",
    "TooCostlyError",
    "UnprocessableError",
    "UnreadableError",
    "XmlTextError",
    "finding",
]


def finding(
    rule: str,
    code: str,
    text: str,
    *,
    expression: str | None = None,
    detail: str | None = None,
    severity: str = "error",
) -> Issue:
    """One finding, an error unless said otherwise."""
    return Issue(severity=severity, code=code, detail=detail, rule=rule, expression=expression, text=text)


class MappingError(Exception):
    """Something the translation refuses, with one or more findings."""

    def __init__(self, first: Issue, *others: Issue) -> None:
        super().__init__(first, *others)
        self.issues: tuple[Issue, ...] = (first, *others)

    @property
    def issue(self) -> Issue:
        """The first finding."""
        return self.issues[0]

    @override
    def __str__(self) -> str:
        return "; ".join(f"{issue.rule} at {issue.expression or '-'}" for issue in self.issues)


class UnreadableError(MappingError):
    """The body is not what this door takes."""


class JsonTextError(UnreadableError):
    """The text is not JSON as we take it."""


class XmlTextError(UnreadableError):
    """The text is not XML as we take it."""


class NotAMessageError(UnreadableError):
    """No message that could be acknowledged: there is no id or no sender to answer."""


class ResourceShapeError(UnreadableError):
    """The content is not the FHIR R4 resource it claims to be."""


class ParametersError(UnreadableError):
    """Parameters that are unknown, repeated or of the wrong type."""


class TooCostlyError(MappingError):
    """More of something than anybody needs."""


class UnprocessableError(MappingError):
    """The body can be read, but it asks for what cannot be."""


class ReportError(UnprocessableError):
    """A document that is no discharge report, or one whose header cannot be read."""


class TaskChangeError(UnprocessableError):
    """A change of a Task that a PUT cannot make."""


class PlanValueError(UnprocessableError):
    """A value of ``$plan`` outside its meaning."""


class DecisionValueError(UnprocessableError):
    """A value of ``$decide`` outside its meaning."""


class MedicineListError(UnprocessableError):
    """A list of medicine that nobody can take in as it is: whose, of when, or whether it is one, is not told."""
