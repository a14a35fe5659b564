"""``/municipality``: the feed of a municipal unit, and single cards of it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.identifiers import TaskId
from discharge.policy import Role
from services.web.access import Party, access
from services.web.task_pages import list_response, one_card

__all__ = ["router"]

router = APIRouter()
_ROLES = (Role.HOME_NURSE, Role.VISITATOR, Role.LEADER)
_PATH = "/municipality"


@router.get(_PATH)
@access(roles=_ROLES, party=Party.STAY, action="read-task-list")
async def feed(request: Request) -> Response:
    """What the unit owes, what nobody has taken first."""
    return await list_response(request, path=_PATH, template="municipality/feed.html")


@router.get("/municipality/cards/{task_id}")
@access(roles=_ROLES, party=Party.STAY, action="read-task-card")
async def card(request: Request, task_id: str) -> Response:
    """One card of the feed."""
    return await one_card(request, TaskId(task_id), path=_PATH)
