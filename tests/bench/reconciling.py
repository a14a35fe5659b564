"""Two lists of sixty lines joined and judged, beside a join of the same lines by their codes alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

from discharge.medication.lines import MedicationLine
from discharge.medication.lists import Column
from discharge.medication.reconciling import reconcile
from tests.bench.figures import Figure
from tests.discharge.medication.lines import dose, medicine, stated

__all__ = ["measure_reconciling"]

_LINES = 60
_ROUNDS = 200


def measure_reconciling() -> list[Figure]:
    """Sixty lines before, sixty at discharge; a third is changed, a tenth is new and a tenth gone."""
    return [
        Figure(
            name=f"reconciling {_LINES} + {_LINES} lines",
            value=_median(_reconciled) * 1e3,
            unit="ms",
            limit_name="the same lines joined by code and strength in one dictionary",
            limit=_median(_by_code) * 1e3,
            goal="< 10 ms",
        )
    ]


def _reconciled(before: list[MedicationLine], after: list[MedicationLine]) -> object:
    return reconcile((stated(Column.BEFORE, *before), stated(Column.AT_DISCHARGE, *after))).lines


def _line(number: int, amount: str) -> MedicationLine:
    return medicine(f"Middel {number}", f"C{number % 100:02d}AB{number % 90:02d}", dosage=(dose(amount),))


def _by_code(before: list[MedicationLine], after: list[MedicationLine]) -> dict[object, list[MedicationLine]]:
    joined: dict[object, list[MedicationLine]] = {}
    for line in (*before, *after):
        joined.setdefault((line.atc, line.strength), []).append(line)
    return joined


def _median(join: Callable[[list[MedicationLine], list[MedicationLine]], object]) -> float:
    seconds = []
    for _ in range(_ROUNDS):
        # Lines remember what they worked out about themselves: each round has lines of its own.
        before = [_line(number, "1") for number in range(_LINES)]
        after = [_line(number, "2" if number % 3 == 0 else "1") for number in range(6, _LINES + 6)]
        began = time.perf_counter()
        join(before, after)
        seconds.append(time.perf_counter() - began)
    return median(seconds)
