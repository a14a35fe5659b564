"""An agreement in which the first visit waits until the practice has gone through the medicine."""

from __future__ import annotations

from discharge.agreement_values import Document
from services.persistence.master import put_agreement
from tests import factories
from tests.services.installation import Installation

__all__ = ["visits_wait"]


def _document() -> Document:
    small = factories.small_document()
    rules = small["rules"]
    assert isinstance(rules, list)
    waiting = [row | {"waits-for": "reconcile-medication"} if row["id"] == "R17" else row for row in rules]
    return {**small, "rules": waiting}


async def visits_wait(house: Installation) -> None:
    """Load it in the place of the one that is there."""
    async with house.database.writing() as connection:
        await put_agreement(connection, _document())
