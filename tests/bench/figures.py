"""A figure, the limit beside it, and how both are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

__all__ = ["Figure", "percentile", "show", "write"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row of the table. ``ratio`` is value / limit."""

    name: str
    value: float
    unit: str
    limit_name: str = ""
    limit: float | None = None
    goal: str = ""

    @property
    def ratio(self) -> float | None:
        """The value in units of its limit."""
        return None if not self.limit else self.value / self.limit


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` (0 to 1) of ``values`` lie; nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(figures: Sequence[Figure]) -> None:
    """Print the table."""
    table = Table(
        "What", "Measured", "Beside", "Limit", "Ratio", "First version: goal", title="Stafet, this machine, now"
    )
    for figure in figures:
        limit = "" if figure.limit is None else f"{figure.limit:,.2f} {figure.unit}"
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f} x"
        table.add_row(figure.name, f"{figure.value:,.2f} {figure.unit}", figure.limit_name, limit, ratio, figure.goal)
    Console().print(table)


def write(figures: Sequence[Figure], path: Path) -> None:
    """Keep the rows as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(figure), "ratio": figure.ratio} for figure in figures]
    path.write_bytes(orjson.dumps({"rows": rows}, option=orjson.OPT_INDENT_2))
