"""``stafet score``: how duties went, in the whole installation, as a table or as CSV."""

from __future__ import annotations

import io
from typing import Final

from rich.console import Console
from rich.table import Table

from discharge.proofs import Proof
from services.agreements.commands_replay import console_audit
from services.agreements.scoring import ScoreView, score_csv, score_view
from services.persistence.database import Database
from services.persistence.score import ScoreQuery, read_score
from services.web.language import language

__all__ = ["score_text"]

_WIDTH: Final = 170
_ENGLISH: Final = language("en")
_PROOFS: Final = tuple(proof for proof in Proof if proof is not Proof.SENT)


async def score_text(database: Database, *, days: int, as_csv: bool) -> str:
    """The counts of all organisations, with those of few hidden; one audit row says who asked."""
    audit = console_audit("read-score", "CONSOLE score")
    query = ScoreQuery(caller=audit.caller, days=days, everybody=True)
    view = score_view(await database.run(audit, read_score, query), _ENGLISH)
    return score_csv(view).rstrip("\n") if as_csv else _table(view)


def _table(view: ScoreView) -> str:
    file = io.StringIO()
    console = Console(file=file, width=_WIDTH, highlight=False, markup=False)
    table = Table("Rule", "Task", "Party", box=None, pad_edge=False)
    for head in ("made", "kept", "missed", "withdrawn", "other", "kept %"):
        table.add_column(head, justify="right")
    for proof in _PROOFS:
        table.add_column(f"{proof}, p50 · p95", justify="right")
    for line in view.lines:
        cells = line.cells
        counts = (cells.made, cells.kept, cells.missed, cells.withdrawn, cells.other, cells.share_kept)
        named = ("", "", line.party) if line.sor else (line.rule, line.code, "")
        table.add_row(*named, *map(_shown, counts), *(line.time(proof, _ENGLISH) for proof in _PROOFS))
    console.print(table)
    for day in view.weekdays:
        console.print(f"{day.name}: {_shown(day.made)} made, {_shown(day.share_kept)} % of the deadlines kept")
    console.print(view.friday)
    if view.is_anything_hidden:
        console.print("–: under 5, or would give such a number away")
    return file.getvalue().rstrip()


def _shown(number: int | None) -> str:
    return "–" if number is None else str(number)
