"""Which of a stay's documents hold. The order in which they arrive decides nothing but who was first of two rivals.

Source: eu-discharge-report digest 7; FHIR R4, Composition.relatesTo.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from itertools import combinations
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from discharge.documents.report import (
    DischargeReport,
    DocumentKey,
    DocumentStatus,
    FiledReport,
    RelationCode,
    ReportedMedicine,
)
from discharge.documents.rulings import Ruling, Settled, settled_by
from discharge.identifiers import DocumentId, SorCode, StayId
from discharge.medication.lines import MedicationLine
from discharge.medication.lists import Column, ListOrigin, MedicationList, Saying

__all__ = [
    "TAKEABLE",
    "Standing",
    "in_force",
    "is_question",
    "lists_of",
    "may_replace",
    "questions",
    "replaced_by",
    "standings",
]


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
    NOT_OURS = "not-ours"
    """A person says so of it, or of all that it repeats: it is about somebody else, or another stay."""


TAKEABLE: Final = frozenset({Standing.IN_FORCE, Standing.COPY})
"""What a person may take something of over into the plan."""
_APART: Final = frozenset({Standing.HELD, Standing.NOT_OURS})
_COPIES: Final = frozenset({RelationCode.TRANSFORMS, RelationCode.SIGNS})
_TELLING: Final = (Saying.LISTED, Saying.UNCHANGED, Saying.NOT_KNOWN, Saying.NOT_REPORTED, Saying.NONE_KNOWN)
"""Of several documents' words on one column the first counts: that nothing is taken, only where no other says more."""


def standings(filed: Sequence[FiledReport], rulings: Sequence[Ruling] = ()) -> Mapping[DocumentId, Standing]:
    """What each of the documents of one stay counts for, by what they say and what people said of them."""
    settled = settled_by(rulings)
    held = {each.id for each, _ in _clashes(filed, settled)}
    reports = [each.report for each in filed if each.id not in held]
    originals = {each.id: frozenset(_originals(each, reports, settled)) for each in reports}
    not_ours = _with_copies(settled.not_ours, originals)
    counted = _counted([each for each in reports if each.id not in not_ours], originals, settled)
    counted |= dict.fromkeys(held, Standing.HELD) | dict.fromkeys(not_ours, Standing.NOT_OURS)
    return {each.id: counted[each.id] for each in filed}


def replaced_by(
    report: DischargeReport, filed: Sequence[FiledReport], rulings: Sequence[Ruling] = ()
) -> tuple[DocumentId, ...]:
    """The documents whose place ``report`` takes; none while it is held or said to be nobody's here."""
    settled, found = settled_by(rulings), standings(filed, rulings)
    if found[report.id] in _APART:
        return ()
    # What holds was replaced by nobody, whatever a circle of documents says of itself.
    others = (each for each in filed if found[each.id] not in {*_APART, Standing.IN_FORCE})
    return tuple(each.id for each in others if _replaces(report, each.report, settled))


def questions(
    filed: Sequence[FiledReport], rulings: Sequence[Ruling] = ()
) -> tuple[tuple[FiledReport, FiledReport], ...]:
    """The pairs of which nothing says what they are to each other, the earlier arrival first.

    Reports that all hold without a word which is the newer version, and whatever bears an identifier used before.
    Patient summaries stand beside one another: each says what was taken at its time.
    """
    settled, found = settled_by(rulings), standings(filed, rulings)
    roots = [
        each
        for each in sorted(filed, key=lambda one: one.position)
        if found[each.id] is Standing.IN_FORCE
        and not each.report.is_summary
        and not any(relation.code is RelationCode.APPENDS for relation in each.report.relations)
    ]
    rivals = (pair for pair in combinations(roots, 2) if not settled.is_settled(pair[0].id, pair[1].id))
    return (*rivals, *((first, each) for each, first in _clashes(filed, settled)))


def is_question(
    filed: Sequence[FiledReport], rulings: Sequence[Ruling] = (), *, about: DocumentId | None = None
) -> bool:
    """Tell whether several reports hold and neither a rule nor a person says which of them is the newer version.

    ``about`` asks of one of them only.
    """
    found = standings(filed, rulings)
    return any(
        found[one.id] is found[other.id] is Standing.IN_FORCE and (about is None or about in {one.id, other.id})
        for one, other in questions(filed, rulings)
    )


def lists_of(
    stay_id: StayId, filed: Sequence[FiledReport], rulings: Sequence[Ruling] = ()
) -> tuple[MedicationList, ...]:
    """The lists of medicine that the documents in force state together, whatever came first.

    What an appendix or another report says is added; nothing is taken out by silence. A patient summary states what
    was taken before, and nothing else.
    """
    holding = in_force(filed, rulings)
    return tuple(each for column in Column for each in _lists(stay_id, column, holding))


def in_force(filed: Sequence[FiledReport], rulings: Sequence[Ruling] = ()) -> tuple[FiledReport, ...]:
    """The documents that count, the latest last, whatever came first."""
    found = standings(filed, rulings)
    return tuple(sorted((each for each in filed if found[each.id] is Standing.IN_FORCE), key=_order))


def _order(filed: FiledReport) -> tuple[datetime, str]:
    return filed.report.stated_at, filed.report.digest


def _clashes(filed: Sequence[FiledReport], settled: Settled) -> Iterator[tuple[FiledReport, FiledReport]]:
    """Each that bears an identifier used before for other content, with the one that came first under it."""
    first: dict[DocumentKey, FiledReport] = {}
    for each in sorted(filed, key=lambda one: one.position):
        if each.id in settled.not_ours:
            continue
        known = first.setdefault(each.report.bundle_key, each)
        if known.report.digest != each.report.digest and not settled.is_settled(known.id, each.id):
            yield each, known


def _counted(
    reports: Sequence[DischargeReport], originals: Mapping[DocumentId, Collection[DocumentId]], settled: Settled
) -> dict[DocumentId, Standing]:
    """What each counts for among ``reports``: a draft or a circle leaves one that holds.

    What was withdrawn takes nobody's place: the version before it holds again.
    """
    among = {each.id for each in reports}
    repeated = {each: among.intersection(originals[each]) for each in among}
    withdrawn = _with_copies((each.id for each in reports if _is_withdrawn(each, reports, settled)), repeated)
    live = [each for each in reports if each.id not in withdrawn]
    newer = {each.id: {other.id for other in live if _replaces(other, each, settled)} for each in live}
    # What takes the place of a report takes that of its copies too.
    above = {each: newer[each] | (repeated[each] - withdrawn) for each in newer}
    holding = {each.id for each in _unbeaten([each for each in live if not _is_draft(each)], above)}
    counted = dict.fromkeys(withdrawn, Standing.WITHDRAWN)
    for each in live:
        if each.id in holding:
            counted[each.id] = Standing.IN_FORCE
        elif newer[each.id]:
            counted[each.id] = Standing.REPLACED
        elif _is_draft(each):
            counted[each.id] = Standing.PRELIMINARY
        else:
            is_copy = not holding.isdisjoint(_reached(each.id, repeated))
            counted[each.id] = Standing.COPY if is_copy else Standing.REPLACED
    return counted


def _originals(report: DischargeReport, reports: Iterable[DischargeReport], settled: Settled) -> Iterator[DocumentId]:
    """Which of ``reports`` it repeats in another form, or signs; not those that it is a newer version of."""
    copied = {relation.target for relation in report.relations if relation.code in _COPIES}
    if not copied:
        return
    for each in reports:
        is_named = each.id != report.id and not copied.isdisjoint(each.keys)
        if is_named and not settled.is_settled(report.id, each.id) and not _is_version_after(report, each):
            yield each.id


def _with_copies(
    gone: Iterable[DocumentId], originals: Mapping[DocumentId, Collection[DocumentId]]
) -> frozenset[DocumentId]:
    """``gone``, and what repeats nothing but that: it is the same content."""
    found = frozenset(gone)
    while more := {each for each, of in originals.items() if of and each not in found and found.issuperset(of)}:
        found |= more
    return found


def _unbeaten(
    among: Sequence[DischargeReport], above: Mapping[DocumentId, Collection[DocumentId]]
) -> Iterator[DischargeReport]:
    """Those of ``among`` that no other stands above; of a circle the latest, or all where nothing tells which it is."""
    below: dict[DocumentId, set[DocumentId]] = {each: set() for each in above}
    for each, higher in above.items():
        for one in higher:
            below[one].add(each)
    # Of a circle that nothing leads down to, and of no other, one is left both ways.
    heads = _leading(_leading([each.id for each in among], below)[::-1], below)
    for head in heads:
        circle = {head} | _reached(head, above)
        yield from _latest([each for each in among if each.id in circle])


def _leading(ids: Iterable[DocumentId], below: Mapping[DocumentId, Collection[DocumentId]]) -> list[DocumentId]:
    """Those of ``ids`` that none before them leads down to."""
    found, seen = list[DocumentId](), set[DocumentId]()
    for each in ids:
        if each not in seen:
            found.append(each)
            seen |= {each} | _reached(each, below, seen)
    return found


def _reached(
    start: DocumentId,
    steps: Mapping[DocumentId, Collection[DocumentId]],
    known: Collection[DocumentId] = frozenset(),
) -> set[DocumentId]:
    """Everything that ``steps`` lead to from ``start``, without going through what is ``known``."""
    found, waiting = set[DocumentId](), {start}
    while waiting:
        further = {each for each in steps[waiting.pop()] if each not in found and each not in known}
        found |= further
        waiting |= further
    return found


def _latest(circle: Sequence[DischargeReport]) -> Sequence[DischargeReport]:
    """The latest of them: that no other is later than; the last by date where even that goes in a circle."""
    last = [each for each in circle if not any(_is_later(other, each) for other in circle)]
    newest = max((each.stated_at, each.assembled_at) for each in circle)
    return last or [each for each in circle if (each.stated_at, each.assembled_at) == newest]


def _is_withdrawn(report: DischargeReport, reports: Iterable[DischargeReport], settled: Settled) -> bool:
    if report.status is DocumentStatus.ENTERED_IN_ERROR:
        return True
    return any(_withdraws(each, report, settled) for each in reports)


def _withdraws(error: DischargeReport, other: DischargeReport, settled: Settled) -> bool:
    """Tell whether ``error`` says that ``other`` was entered in error; a version after it stands."""
    if error.status is not DocumentStatus.ENTERED_IN_ERROR or error.is_summary is not other.is_summary:
        return False
    if settled.is_settled(error.id, other.id):
        return (error.id, other.id) in settled.newer
    named = any(relation.target == other.bundle_key for relation in error.relations)
    return named or (_is_same_document(error, other) and _is_later(other, error) is not True)


def _replaces(newer: DischargeReport, older: DischargeReport, settled: Settled) -> bool:
    if newer.id == older.id or DocumentStatus.ENTERED_IN_ERROR in {newer.status, older.status}:
        return False
    if newer.is_summary is not older.is_summary or _is_draft_of(newer, older):
        return False
    if settled.is_settled(newer.id, older.id):
        return (newer.id, older.id) in settled.newer
    return _is_version_after(newer, older)


def _is_version_after(newer: DischargeReport, older: DischargeReport) -> bool:
    """Tell whether ``newer`` says that it is a later version of ``older``."""
    if _is_same_document(newer, older):
        return _is_later(newer, older) is True or _names(newer, older.bundle_key)
    if not any(_names(newer, key) for key in older.keys):
        return False
    # Two that each say they replace the other: the later one does, or none.
    mutual = any(_names(older, key) for key in newer.keys)
    return not mutual or _is_later(newer, older) is True


def may_replace(newer: DischargeReport, older: DischargeReport) -> bool:
    """Tell whether a person may say that ``newer`` is the newer version: a draft takes no final report out."""
    return newer.is_summary is older.is_summary and not _is_draft_of(newer, older)


def _is_draft_of(newer: DischargeReport, older: DischargeReport) -> bool:
    return _is_draft(newer) and not _is_draft(older)


def _is_draft(report: DischargeReport) -> bool:
    return report.status is DocumentStatus.PRELIMINARY


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


def _lists(stay_id: StayId, column: Column, holding: Sequence[FiledReport]) -> Iterator[MedicationList]:
    """What the documents that hold state of a column: one list of those that tell, and one of words alone."""
    stating = [(each, said) for each in holding for said in each.report.stated if said.column is column]
    telling = [(each, said) for each, said in stating if not _is_in_words(said)]
    if len(telling) < len(stating):
        # That nothing is taken counts only where no other says more; what is written beside it is read all the same.
        telling = [(each, said) for each, said in telling if said.saying is not Saying.NONE_KNOWN]
    worded = [(each, said) for each, said in stating if said.text and (each, said) not in telling]
    for part in (telling, worded):
        if part:
            yield _list(stay_id, column, part)


def _list(stay_id: StayId, column: Column, stating: Sequence[tuple[FiledReport, ReportedMedicine]]) -> MedicationList:
    chief = min((said for _, said in stating), key=lambda said: _TELLING.index(said.saying))
    # Who is silent on it makes it no newer.
    speaking = [each for each, said in stating if said.saying is chief.saying or _is_in_words(said)]
    latest = speaking[-1]
    sources = "+".join(each.id for each, _ in stating)
    return MedicationList(
        id=str(uuid5(NAMESPACE_URL, f"urn:stafet:stay:{stay_id}:{column}:{sources}")),
        column=column,
        origin=ListOrigin.DOCUMENT,
        source=SorCode(latest.sender),
        received_at=max(each.received_at for each in speaking),
        as_of=latest.report.stated_at,
        by=latest.by,
        saying=chief.saying,
        why_empty=chief.why_empty,
        lines=tuple(_once(said.lines for _, said in stating)),
        text=_joined(said for _, said in stating),
        says_more=any(said.says_more for _, said in stating),
        documents=tuple(each.id for each, _ in stating),
    )


def _is_in_words(said: ReportedMedicine) -> bool:
    return bool(said.text) and not said.lines and not said.saying.is_told


def _once(documents: Iterable[Sequence[MedicationLine]]) -> Iterator[MedicationLine]:
    """The lines of all: what another document says alike is the same line, what one document says twice stays two."""
    known: Counter[MedicationLine] = Counter()
    for lines in documents:
        mine: Counter[MedicationLine] = Counter()
        for line in lines:
            alike = line if line.is_nameless else replace(line, id="", section=None)
            mine[alike] += 1
            if mine[alike] > known[alike]:
                known[alike] += 1
                yield line


def _joined(said: Iterable[ReportedMedicine]) -> str | None:
    return "\n\n".join(each.text for each in said if each.text is not None) or None
