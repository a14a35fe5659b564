"""Example pages of counts: the score, and the trial of a draft."""

from __future__ import annotations

from datetime import timedelta

from services.agreements import score_pages, try_pages
from services.agreements.scoring import score_view
from services.agreements.try_pages import Asked
from services.agreements.trying import trial_view
from services.web.language import language
from tests import factories_counts as counts
from tests.factories import NOW

__all__ = ["score_context", "try_context"]


def score_context(code: str, *, empty: bool = False) -> dict[str, object]:
    """What ``agreements/score.html`` shows."""
    today = NOW.date()
    view = score_view(counts.score(empty=empty), language(code))
    return {
        "view": view,
        "days": 90,
        "spans": score_pages.DAYS,
        "since": today - timedelta(days=90),
        "until": today,
    }


def try_context(*, errors: tuple[str, ...] = (), tried: bool = False) -> dict[str, object]:
    """What ``agreements/try.html`` shows."""
    asked = Asked(text="id: udkast" if errors or tried else "", errors=errors)
    return {"asked": asked, "spans": try_pages.DAYS, "view": trial_view(counts.trial()) if tried else None}
