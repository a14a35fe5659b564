"""What rules are told of discharge reports: which kinds of them hold now, and which do not any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from discharge.agreement import Rule, Trigger
from discharge.context import DocumentFacts
from discharge.directory import Directory
from discharge.documents.kinds import ReportKind, kinds_of
from discharge.documents.report import FiledReport
from discharge.documents.standing import in_force
from discharge.handlers.planner import News
from discharge.identifiers import PersonId
from discharge.notices import NoticeKind
from discharge.ports import UnitOfWork
from discharge.stay import Stay
from discharge.task import Person

__all__ = ["is_of_report", "news_of_reports", "reports_before"]

_AT_THE_DEPARTURE: Final = timedelta(days=1)
"""[prop]: how long before the departure nurses may write what they hand over at it."""


def news_of_reports(
    stay: Stay, held: Sequence[FiledReport], holding: Sequence[FiledReport], by: Person, directory: Directory
) -> News:
    """What it means that the reports ``holding`` count now, where ``held`` did before; ``by`` made it so."""
    before, now = _sent(stay, held, directory), _sent(stay, holding, directory)
    return News(by=by, document=DocumentFacts(in_force=tuple(sorted(now)), taken_back=tuple(sorted(before - now))))


async def reports_before(uow: UnitOfWork, stay: Stay) -> tuple[News, ...]:
    """What came in before the duty to send it was made, each as if it came now."""
    filed = await uow.documents.of_stay(stay)
    if not filed:
        return ()
    rulings = await uow.documents.rulings(stay)
    return tuple(
        news_of_reports(stay, (), [each], _who_sent(each, uow), uow.directory)
        for each in in_force(filed, rulings)
        if _sent(stay, [each], uow.directory)
    )


def is_of_report(rule: Rule) -> bool:
    """Tell whether a report that comes in carries out what ``rule`` makes."""
    return rule.completed_by is not None and Trigger.DOCUMENT_FILED in rule.completed_by.on


def _sent(stay: Stay, filed: Iterable[FiledReport], directory: Directory) -> frozenset[ReportKind]:
    """What has been sent about this departure: not by another hospital, nor before an end that was none."""
    undone = (each.occurred_at for each in stay.notices if each.kind is NoticeKind.AN_SLHJ and each.holds)
    since = max((stay.encounter.started_at, *undone))
    of_here = [each for each in filed if directory.hospital_of(each.sender) == stay.hospital]
    found = kinds_of(each for each in of_here if _told_at(each) >= since)
    if stay.ended_at is None:
        return found
    late = kinds_of(each for each in of_here if _told_at(each) >= max(since, stay.ended_at - _AT_THE_DEPARTURE))
    return found - {ReportKind.NURSING_REPORT} | late


def _told_at(filed: FiledReport) -> datetime:
    return max(filed.report.stated_at, filed.received_at)


def _who_sent(filed: FiledReport, uow: UnitOfWork) -> Person:
    """The person who put it to the stay, else the record system of the place that sent it."""
    place = uow.directory.get(filed.sender)
    return filed.by or Person(PersonId(filed.sender), filed.sender if place is None else place.name)
