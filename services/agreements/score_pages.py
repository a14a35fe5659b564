"""``/score``: how the duties of a leader's own organisation went, as counts and plots. No citizen's data."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.clock import local
from discharge.policy import Role
from services.agreements.scoring import ScoreView, score_csv, score_view
from services.persistence.score import Score, ScoreQuery, read_score
from services.web.access import Party, access
from services.web.runtime import runtime_of
from services.web.security import audit_of
from services.web.shell import language_of, shell_of
from services.web.templating import page

__all__ = ["DAYS", "router"]

router = APIRouter()

DAYS: Final = (7, 30, 90, 365)
"""What may be asked for: a span that anybody could move by a day would tell of single people."""
_USUAL: Final = 90


@router.get("/score")
@access(roles=[Role.LEADER], party=Party.OWN, action="read-score")
async def score_page(request: Request) -> Response:
    """Plots, and the same as tables."""
    days = _days(request)
    score, view = await _asked(request, days)
    shell = await shell_of(request, score.directory, score.until)
    since, until = local(score.since).date(), local(score.until).date()
    return page(shell, "agreements/score.html", view=view, days=days, spans=DAYS, since=since, until=until)


@router.get("/score.csv")
@access(roles=[Role.LEADER], party=Party.OWN, action="export-score")
async def score_file(request: Request) -> Response:
    """The numbers of the page."""
    days = _days(request)
    _, view = await _asked(request, days)
    headers = {"content-disposition": f'attachment; filename="stafet-score-{days}.csv"'}
    return Response(score_csv(view), media_type="text/csv; charset=utf-8", headers=headers)


async def _asked(request: Request, days: int) -> tuple[Score, ScoreView]:
    audit = audit_of(request)
    score = await runtime_of(request).database.run(audit, read_score, ScoreQuery(caller=audit.caller, days=days))
    return score, score_view(score, language_of(request))


def _days(request: Request) -> int:
    asked = request.query_params.get("days", "")
    return next((days for days in DAYS if str(days) == asked), _USUAL)
