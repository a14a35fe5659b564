"""A message that we could not handle when it came: judged once more when an operator says so."""

from __future__ import annotations

from typing import Protocol

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.identifiers import PersonId, SorCode
from discharge.policy import Caller, Role
from services.persistence.audit import AuditContext
from services.persistence.desk_acts import Replay, lend
from services.web.access import Party, access
from services.web.headers import request_id_of
from services.web.reading import see_other
from services.web.runtime import Runtime, runtime_of
from services.web.security import audit_of, current_caller

__all__ = ["Judge", "judging_router"]


class Judge(Protocol):
    """Takes a message in, as the inbox does."""

    async def __call__(self, runtime: Runtime, audit: AuditContext, sender: Caller, body: bytes, /) -> None:
        """Judge ``body`` for ``sender``, and write the answer."""


def judging_router(judge: Judge) -> APIRouter:
    """The route that has a message judged by ``judge``, which lives with the inbox."""
    router = APIRouter()

    @router.post("/operator/messages/{message_key}/replay")
    @access(roles=[Role.OPERATOR], party=Party.OWN, action="replay-message")
    async def judge_again(request: Request, message_key: str) -> Response:
        """Judge it now, and write the final answer; its sender gets that on the next resend."""
        runtime = runtime_of(request)
        command = Replay(caller=await current_caller(request), request_id=request_id_of(request.scope), id=message_key)
        lent = await runtime.database.run(audit_of(request), lend, command)
        await judge(runtime, audit_of(request), _system_of(lent.sender), lent.body)
        return see_other(f"/operator/messages/{message_key}")

    return router


def _system_of(sender: SorCode) -> Caller:
    """The record system that sent the message."""
    return Caller(person_id=PersonId(f"system-{sender}"), name=str(sender), role=Role.SYSTEM, organization=sender)
