"""What a rule is: one id, one source, one function that finds where a message breaks it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from discharge.commands import Issue
from fhir_mappings.elements import Element
from fhir_mappings.medcom.message import Message

__all__ = ["Check", "Fault", "Rule", "rule"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One place where a message breaks a rule."""

    element: Element
    text: str
    """What is wrong and what to do. Never a value of the message."""


Check = Callable[[Message], Iterator[Fault]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. A warning is accepted; an error refuses the message."""

    id: str
    severity: str
    code: str
    """FHIR R4 issue-type of its findings."""
    detail: str | None
    """Code of MedCom's acknowledgement issue details."""
    summary: str
    """What holds, in one line."""
    source: str
    """Where the rule comes from."""
    check: Check

    def findings(self, message: Message) -> Iterator[Issue]:
        """Where ``message`` breaks this rule."""
        for fault in self.check(message):
            yield Issue(
                severity=self.severity,
                code=self.code,
                detail=self.detail,
                rule=self.id,
                expression=fault.element.path,
                text=fault.text,
            )


def rule(name: str, *, code: str, detail: str | None = None, severity: str = "error") -> Callable[[Check], Rule]:
    """Make a rule of a function that yields faults; its docstring says what holds, and the source."""

    def made(check: Check) -> Rule:
        lines = [line.strip() for line in (check.__doc__ or "").splitlines()]
        return Rule(
            id=name,
            severity=severity,
            code=code,
            detail=detail,
            summary=lines[0],
            source=next(line.removeprefix("Source:").strip() for line in lines if line.startswith("Source:")),
            check=check,
        )

    return made
