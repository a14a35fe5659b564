"""Findings as OperationOutcome."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from discharge.commands import Issue
from fhir_mappings.elements import JsonObject
from fhir_mappings.systems import detail_system

__all__ = ["narrative", "operation_outcome"]


def operation_outcome(issues: Iterable[Issue]) -> JsonObject:
    """The findings as an OperationOutcome: details, rule (in diagnostics) and FHIRPath."""
    found = tuple(issues)
    return {
        "resourceType": "OperationOutcome",
        "text": narrative(*(issue.text for issue in found)),
        "issue": [_issue(issue) for issue in found],
    }


def narrative(*lines: str) -> JsonObject:
    """Generated narrative of plain paragraphs."""
    paragraphs = "".join(f"<p>{escape(line)}</p>" for line in lines) or "<p>-</p>"
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{paragraphs}</div>'}


def _issue(issue: Issue) -> JsonObject:
    details: JsonObject = {"text": issue.text}
    if issue.detail is not None:
        details["coding"] = [{"system": detail_system(issue.detail), "code": issue.detail}]
    rendered: JsonObject = {
        "severity": issue.severity,
        "code": issue.code,
        "details": details,
        "diagnostics": issue.rule,
    }
    if issue.expression is not None:
        rendered["expression"] = [issue.expression]
    return rendered
