"""``stafet check``: message files held to the rules offline, a line per finding."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rich.console import Console

from discharge.commands import Issue
from fhir_mappings.medcom.validation import validate
from services.persistence.clock import wall_now

__all__ = ["check_files", "findings_in"]


def check_files(files: Sequence[Path], *, now: datetime | None = None, console: Console | None = None) -> bool:
    """Print what is wrong with each file; True when nothing is an error.

    A line holds file, severity, rule, FHIRPath and text.

    Args:
        files: messages, JSON or XML.
        now: when they are judged; None: now.
        console: where to print; None: standard output.
    """
    out = console or Console(highlight=False)
    clean = True
    for file in files:
        found = findings_in(file.read_bytes(), now=now or wall_now())
        clean &= all(issue.severity != "error" for issue in found)
        for issue in found:
            line = f"{file}: {issue.severity} {issue.rule} {issue.expression or '-'} {issue.text}"
            out.print(line, markup=False, soft_wrap=True, style="red" if issue.severity == "error" else None)
        if not found:
            out.print(f"{file}: ok", markup=False, soft_wrap=True)
    return clean


def findings_in(body: bytes, *, now: datetime) -> tuple[Issue, ...]:
    """What is wrong with the message in ``body``, JSON or XML by its looks."""
    return validate(body, now=now)
