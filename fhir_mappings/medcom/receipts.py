"""What an Acknowledgement that came in says besides its code: the findings in its OperationOutcome.

Read liberally: code systems changed their names between versions, and published receipts disagree with
themselves. Source: MedCom Acknowledgement 2.0.3, MessageHeader.response.details.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from discharge.commands import Issue
from fhir_mappings.bundles import MessageBundle
from fhir_mappings.elements import Element

__all__ = ["receipt_issues"]

_MOST: Final = 20
_LONGEST: Final = 500
_SEVERITIES: Final = frozenset({"fatal", "error", "warning", "information"})


def receipt_issues(bundle: MessageBundle) -> tuple[Issue, ...]:
    """The findings, at most twenty, each shortened to what a person reads."""
    named = bundle.resolve(bundle.header["response"]["details"])
    outcomes = [named] if named is not None else list(bundle.of_type("OperationOutcome"))
    return tuple(_found(outcomes))[:_MOST]


def _found(outcomes: list[Element]) -> Iterator[Issue]:
    for outcome in outcomes:
        for issue in outcome.all("issue"):
            severity, code = issue.text("severity"), issue.text("code")
            details = issue["details"]
            coded = next((found for coding in details.all("coding") if (found := coding.text("code"))), None)
            said = details.text("text") or issue.text("diagnostics") or ""
            yield Issue(
                severity=severity if severity in _SEVERITIES else "error",
                code=(code or "processing")[:64],
                detail=None if coded is None else coded[:64],
                rule="receipt",
                text=said[:_LONGEST],
            )
