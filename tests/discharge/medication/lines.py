"""Lines and lists that tests of medication reconciliation are made of."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from discharge.identifiers import PersonId, SorCode
from discharge.medication.lines import ATC, Change, Coding, DoseRow, LineStatus, Maximum, MedicationLine, Quantity
from discharge.medication.lists import Column, ListOrigin, MedicationList, Saying
from discharge.medication.reconciling import ReconciledLine, reconcile
from discharge.task import Person

__all__ = [
    "AT", "DOCTOR", "GP", "HOSPITAL", "PRACTICE", "dose", "lists", "medicine", "medicines", "only", "stated", "tables",
]  # fmt: skip

AT = datetime(2026, 11, 20, 10, tzinfo=UTC)
HOSPITAL = SorCode("91000000000")
PRACTICE = SorCode("94000000000")
DOCTOR = Person(PersonId("doctor"), "Dr. Dorthe Prøve")
GP = Person(PersonId("gp"), "Læge Gerda Prøve")

_numbers = itertools.count(1)


def dose(amount: str, unit: str = "tablet", *, times: str = "1", days: str = "1", **changes: Any) -> DoseRow:
    """``amount`` of ``unit``, ``times`` in ``days``."""
    row = DoseRow(dose=Quantity(Decimal(amount), unit), times=Decimal(times), days=Decimal(days))
    return replace(row, **changes)


def medicine(name: str | None = "Metoprolol", atc: str | None = "C07AB02", **changes: Any) -> MedicationLine:
    """A tablet of 50 mg once a day, under an id of its own."""
    line = MedicationLine(
        id=f"line-{next(_numbers)}",
        name=name,
        codes=() if atc is None else (Coding(ATC, atc),),
        strength="50 mg",
        form="tablet",
        route="oral",
        dosage=(dose("1"),),
        status=LineStatus.ACTIVE,
    )
    return replace(line, **changes)


def stated(column: Column, *lines: MedicationLine, **changes: Any) -> MedicationList:
    """A list of ``lines`` that the hospital states."""
    made = MedicationList(
        id=f"list-{next(_numbers)}",
        column=column,
        origin=ListOrigin.HAND,
        source=HOSPITAL,
        received_at=AT,
        lines=lines,
    )
    return replace(made, **changes)


def only(*lists: MedicationList) -> ReconciledLine:
    """The only line of the table of ``lists``."""
    (line,) = reconcile(lists).lines
    return line


_few = st.sampled_from
_rows = st.builds(
    DoseRow,
    text=_few([None, "1 tablet", "efter behov"]),
    sequence=_few([1, 2]),
    dose=_few([None, Quantity(Decimal(1), "tablet"), Quantity(Decimal("50.0"), "mg")]),
    times=_few([None, Decimal(1), Decimal(2)]),
    days=_few([None, Decimal(0), Decimal(1), Decimal(7)]),
    as_needed=st.booleans(),
    length=_few([None, "3 d"]),
    maxima=_few([(), (Maximum(Quantity(Decimal(4), "g"), Quantity(Decimal(1), "d")),)]),
)
_lines = st.builds(
    MedicationLine,
    id=st.just(""),
    name=_few([None, "Metoprolol", "metoprolol 50 mg", "Pinex", "Panodil 500 mg"]),
    codes=_few(
        [(), (Coding(ATC, "C07AB02"),), (Coding(ATC, "N02BE01"),), (Coding("urn:local", "7"),), (Coding(ATC, "N02"),)]
    ),
    orders=_few([frozenset(), frozenset({("urn:order", "1")}), frozenset({("urn:order", "2")})]),
    products=_few([frozenset(), frozenset({("urn:vnr", "12")})]),
    strength=_few([None, "50 mg", "100 MG", "strong"]),
    form=_few([None, "tablet"]),
    route=_few([None, "oral", "rectal"]),
    dosage=st.lists(_rows, max_size=2).map(tuple),
    dosage_text=_few([None, "1 tablet morgen"]),
    status=st.sampled_from(LineStatus),
    change=st.none() | st.sampled_from(Change),
    change_reason=_few([None, "lavt blodtryk"]),
)


def medicines() -> st.SearchStrategy[MedicationLine]:
    """Whatever a line may say."""
    return _lines


@st.composite
def lists(draw: st.DrawFn, column: Column) -> MedicationList:
    """Whatever somebody may state in ``column``: the same twice, contradictions, no product, words alone."""
    lines = draw(st.lists(_lines, max_size=4))
    return stated(
        column,
        *(_with_id(line) for line in lines),
        saying=draw(st.sampled_from(Saying)) if not lines else Saying.LISTED,
        text=draw(_few([None, "Vanlig medicin", "Se brevet"])),
        says_more=draw(_few([False, True])),
        source=draw(_few([HOSPITAL, PRACTICE])),
        origin=draw(_few([ListOrigin.HAND, ListOrigin.SYSTEM, ListOrigin.DOCUMENT])),
        received_at=AT + timedelta(hours=draw(st.integers(0, 2))),
    )


def _with_id(line: MedicationLine) -> MedicationLine:
    return replace(line, id=f"line-{next(_numbers)}")


def tables() -> st.SearchStrategy[list[MedicationList]]:
    """Lists of any columns; of one column several."""
    return st.lists(st.sampled_from(Column).flatmap(lists), max_size=5)
