"""What rules are told of discharge reports: which kinds of them hold now, and which do not any more."""

from __future__ import annotations

from collections.abc import Sequence

from discharge.context import DocumentFacts
from discharge.documents.kinds import kinds_of
from discharge.documents.report import FiledReport
from discharge.documents.standing import in_force
from discharge.handlers.planner import News
from discharge.identifiers import PersonId
from discharge.ports import UnitOfWork
from discharge.stay import Stay
from discharge.task import Person

__all__ = ["news_of_reports", "reports_before"]


def news_of_reports(held: Sequence[FiledReport], holding: Sequence[FiledReport], by: Person) -> News:
    """What it means that the reports ``holding`` count now, where ``held`` did before; ``by`` made it so."""
    before, now = kinds_of(held), kinds_of(holding)
    return News(by=by, document=DocumentFacts(in_force=tuple(sorted(now)), taken_back=tuple(sorted(before - now))))


async def reports_before(uow: UnitOfWork, stay: Stay) -> tuple[News, ...]:
    """What came in before the duty to send it was made, each as if it came now."""
    filed = await uow.documents.of_stay(stay)
    if not filed:
        return ()
    rulings = await uow.documents.rulings(stay)
    return tuple(news_of_reports((), [each], _who_sent(each, uow)) for each in in_force(filed, rulings))


def _who_sent(filed: FiledReport, uow: UnitOfWork) -> Person:
    """The person who put it to the stay, else the record system of the place that sent it."""
    place = uow.directory.get(filed.sender)
    return filed.by or Person(PersonId(filed.sender), filed.sender if place is None else place.name)
