"""What kind of document a report is, by its type: what a hospital owes by it, and to whom."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from discharge.documents.report import FiledReport

__all__ = ["ReportKind", "kinds_of"]


class ReportKind(StrEnum):
    """The kinds that rules tell apart."""

    DISCHARGE_LETTER = "discharge-letter"
    """A physician's summary of the stay: the epikrise."""
    NURSING_REPORT = "nursing-report"
    """What nurses hand over: last dose, function, agreements."""


_BY_TYPE: Final = {
    **dict.fromkeys(
        ("18842-5", "34105-7", "59258-4", "11490-0", "28655-9", "34106-5"),
        ReportKind.DISCHARGE_LETTER,
    ),
    "34745-0": ReportKind.NURSING_REPORT,
}
"""Source: LOINC, document ontology. A patient summary is neither."""


def kinds_of(filed: Iterable[FiledReport]) -> frozenset[ReportKind]:
    """The kinds that are among them."""
    return frozenset(_BY_TYPE[each.report.type_code] for each in filed if each.report.type_code in _BY_TYPE)
