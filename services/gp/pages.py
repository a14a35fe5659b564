"""``/gp``: the inbox of a practice, and single cards of it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.identifiers import TaskId
from discharge.policy import Role
from services.web.access import Party, access
from services.web.task_pages import list_response, one_card

__all__ = ["router"]

router = APIRouter()
_PATH = "/gp"


@router.get(_PATH)
@access(roles=[Role.GP], party=Party.STAY, action="read-task-list")
async def inbox(request: Request) -> Response:
    """What the practice owes, what nobody has taken first."""
    return await list_response(request, path=_PATH, template="gp/feed.html")


@router.get("/gp/cards/{task_id}")
@access(roles=[Role.GP], party=Party.STAY, action="read-task-card")
async def card(request: Request, task_id: str) -> Response:
    """One card of the inbox."""
    return await one_card(request, TaskId(task_id), path=_PATH)
