"""Which of a stay's documents hold. The order in which they arrive decides nothing but who was first of two rivals.

Source: eu-discharge-report digest 7; FHIR R4, Composition.relatesTo.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from discharge.documents.report import (
    DischargeReport,
    DocumentId,
    DocumentStatus,
    FiledReport,
    RelationCode,
    ReportedMedicine,
)
from discharge.identifiers import SorCode, StayId
from discharge.medication.lists import Column, ListOrigin, MedicationList, Saying

__all__ = ["Standing", "is_question", "lists_of", "replaced_by", "standings"]


class Standing(StrEnum):
    """What a document counts for."""

    IN_FORCE = "in-force"
    PRELIMINARY = "preliminary"
    """Shown as such: it states no medicine and starts no deadline."""
    COPY = "copy"
    """The same content in another form, or its signature."""
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    HELD = "held"
    """Its identifier was used before for other content: people must find out which is meant."""


_COPIES: Final = frozenset({RelationCode.TRANSFORMS, RelationCode.SIGNS})
_TELLING: Final = (Saying.LISTED, Saying.UNCHANGED, Saying.NOT_KNOWN, Saying.NOT_REPORTED, Saying.NONE_KNOWN)
"""Of several documents' words on one column the first counts: that nothing is taken, only where no other says more."""


def standings(filed: Sequence[FiledReport]) -> Mapping[DocumentId, Standing]:
    """What each of the documents of one stay counts for."""
    held = _held(filed)
    reports = [each.report for each in filed if each.id not in held]
    return {each.id: Standing.HELD if each.id in held else _standing(each.report, reports) for each in filed}


def replaced_by(report: DischargeReport, filed: Iterable[FiledReport]) -> tuple[DocumentId, ...]:
    """The documents whose place ``report`` takes."""
    return tuple(each.id for each in filed if _replaces(report, each.report))


def is_question(filed: Sequence[FiledReport]) -> bool:
    """Tell whether several reports hold and no rule says which of them is the newer version."""
    found = standings(filed)
    roots = [
        each
        for each in filed
        if found[each.id] is Standing.IN_FORCE
        and not any(relation.code is RelationCode.APPENDS for relation in each.report.relations)
    ]
    return len(roots) > 1


def lists_of(stay_id: StayId, filed: Sequence[FiledReport]) -> tuple[MedicationList, ...]:
    """The lists of medicine that the documents in force state together: one a column, whatever came first.

    What an appendix or another report says is added; nothing is taken out by silence.
    """
    found = standings(filed)
    holding = sorted((each for each in filed if found[each.id] is Standing.IN_FORCE), key=_order)
    made = (_list(stay_id, column, holding) for column in Column)
    return tuple(each for each in made if each is not None)


def _order(filed: FiledReport) -> tuple[datetime, str]:
    return filed.report.stated_at, filed.report.digest


def _held(filed: Sequence[FiledReport]) -> frozenset[DocumentId]:
    first: dict[tuple[str, str], FiledReport] = {}
    held = set()
    for each in sorted(filed, key=lambda one: one.position):
        known = first.setdefault(each.report.bundle_key, each)
        if known.report.digest != each.report.digest:
            held.add(each.id)
    return frozenset(held)


def _standing(report: DischargeReport, reports: Sequence[DischargeReport]) -> Standing:
    others = [each for each in reports if each.id != report.id]
    if _is_withdrawn(report, others):
        return Standing.WITHDRAWN
    # What was withdrawn takes nobody's place: the version before it holds again.
    newer = (each for each in others if _replaces(each, report))
    if not all(_is_withdrawn(each, reports) for each in newer):
        return Standing.REPLACED
    if report.status is DocumentStatus.PRELIMINARY:
        return Standing.PRELIMINARY
    copied = {relation.target for relation in report.relations if relation.code in _COPIES}
    if any(copied & each.keys for each in others):
        return Standing.COPY
    return Standing.IN_FORCE


def _is_withdrawn(report: DischargeReport, others: Iterable[DischargeReport]) -> bool:
    return report.status is DocumentStatus.ENTERED_IN_ERROR or any(_withdraws(each, report) for each in others)


def _withdraws(error: DischargeReport, other: DischargeReport) -> bool:
    """Tell whether ``error`` says that ``other`` was entered in error; a version after it stands."""
    if error.status is not DocumentStatus.ENTERED_IN_ERROR:
        return False
    named = any(relation.target == other.bundle_key for relation in error.relations)
    return named or (_is_same_document(error, other) and _is_later(other, error) is not True)


def _replaces(newer: DischargeReport, older: DischargeReport) -> bool:
    if newer.id == older.id or DocumentStatus.ENTERED_IN_ERROR in {newer.status, older.status}:
        return False
    is_draft = newer.status is DocumentStatus.PRELIMINARY and older.status is not DocumentStatus.PRELIMINARY
    if _is_same_document(newer, older):
        return not is_draft and (_is_later(newer, older) is True or _names(newer, older.bundle_key))
    if not any(_names(newer, key) for key in older.keys):
        return False
    # Two that each say they replace the other: the later one does, or none.
    mutual = any(_names(older, key) for key in newer.keys)
    return not mutual or _is_later(newer, older) is True


def _names(newer: DischargeReport, key: tuple[str, str]) -> bool:
    return any(relation.code is RelationCode.REPLACES and relation.target == key for relation in newer.relations)


def _is_same_document(one: DischargeReport, other: DischargeReport) -> bool:
    return one.composition_key is not None and one.composition_key == other.composition_key


def _is_later(one: DischargeReport, other: DischargeReport) -> bool | None:
    """Tell whether ``one`` is the later version: by number, else by date, else by assembly; None: nothing tells."""
    numbers = _number(one.version), _number(other.version)
    pairs = (numbers, (one.dated_at, other.dated_at), (one.assembled_at, other.assembled_at))
    for mine, theirs in pairs:
        if mine is not None and theirs is not None and mine != theirs:
            return bool(mine > theirs)  # type: ignore[operator] # both of one kind: numbers, or instants
    return None


def _number(version: str | None) -> Decimal | None:
    try:
        number = Decimal(version or "")
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _list(stay_id: StayId, column: Column, holding: Sequence[FiledReport]) -> MedicationList | None:
    stating = [(each, said) for each in holding for said in each.report.medicine if said.column is column]
    if not stating:
        return None
    latest = stating[-1][0]
    chief = min((said for _, said in stating), key=lambda said: _TELLING.index(said.saying))
    sources = "+".join(each.id for each, _ in stating)
    return MedicationList(
        id=str(uuid5(NAMESPACE_URL, f"urn:stafet:stay:{stay_id}:{column}:{sources}")),
        column=column,
        origin=ListOrigin.DOCUMENT,
        source=SorCode(latest.sender),
        received_at=max(each.received_at for each, _ in stating),
        as_of=latest.report.stated_at,
        by=latest.by,
        saying=chief.saying,
        why_empty=chief.why_empty,
        lines=tuple(line for _, said in stating for line in said.lines),
        text=_joined(said for _, said in stating),
    )


def _joined(said: Iterable[ReportedMedicine]) -> str | None:
    return "\n\n".join(each.text for each in said if each.text is not None) or None
