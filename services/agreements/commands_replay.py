"""``stafet agreement replay``: a draft in a file, tried on the stays of the last days."""

from __future__ import annotations

import asyncio
import getpass
import os
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from discharge.identifiers import PersonId
from services.agreements.loading import finding_in
from services.agreements.reading import read_agreement
from services.agreements.replay_words import as_csv, told
from services.agreements.trial import Bounds, try_agreement
from services.persistence.audit import AuditContext, own_audit
from services.persistence.database import Database

__all__ = ["console_audit", "replay_file"]


def console_audit(action: str, route: str) -> AuditContext:
    """What the audit says of whoever sits at the console: the name by which the machine knows them."""
    audit = own_audit(action, route)
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        # A container may give its user no name.
        name = f"uid {os.getuid()}"
    return replace(audit, caller=replace(audit.caller, person_id=PersonId(f"console:{name}"), name=name))


async def replay_file(database: Database, file: Path, *, days: int, csv: Path | None) -> str:
    """Try the draft in ``file``, say what came of it, and write all of it to ``csv``.

    Raises:
        AgreementFileError: it cannot be followed; nothing was read.
        AgreementError: it does not fit to what is stored.
    """
    body = await asyncio.to_thread(file.read_bytes)
    master = await database.master()
    document = await asyncio.to_thread(read_agreement, body, find=finding_in(master))
    bounds = Bounds(days=days, processes=os.cpu_count() or 1)
    with _progress() as bar:
        shown = bar.add_task("stays", total=None)
        trial = await try_agreement(
            database,
            document,
            bounds,
            console_audit("replay-agreement", "CONSOLE agreement replay"),
            progress=lambda done, total: bar.update(shown, completed=done, total=total),
        )
    if csv is not None:
        await asyncio.to_thread(csv.write_text, as_csv(trial), encoding="utf-8")
    return told(trial)


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)
