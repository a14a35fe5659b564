"""``POST /fhir/Bundle/$validate``: a message held to every rule, and nothing kept of it."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.commands import Issue
from discharge.policy import Role
from fhir_mappings.medcom.validation import validate
from services.web.access import Body, Surface, access
from services.web.limits import EITHER_FORMAT, answer_format, body_format
from services.web.outcome import outcome_response
from services.web.runtime import runtime_of
from services.web.security import audit_of

__all__ = ["router"]

router = APIRouter()

_SOUND: Final = Issue(
    severity="information",
    code="informational",
    rule="stafet-no-findings",
    text="The message holds every rule that is known here.",
)


@router.post("/fhir/Bundle/$validate")
@access(roles=[Role.SYSTEM], surface=Surface.FHIR, body=Body.MESSAGE, takes=EITHER_FORMAT, action="validate-message")
async def validate_message(request: Request) -> Response:
    """Every finding, errors and warnings alike, as an OperationOutcome. Whose message it is does not matter.

    Source: FHIR R4, operation $validate: findings are its result, hence 200.
    """
    media, wanted = body_format(request.headers), answer_format(request.headers, takes=EITHER_FORMAT)
    body = await request.body()
    async with runtime_of(request).database.reading(audit_of(request)) as session:
        now = session.now
    # Beside the loop: a client that tries things out sends anything, and a large body takes a while.
    found = await asyncio.to_thread(validate, body, now=now, media=media)
    return outcome_response(200, *(found or (_SOUND,)), media=wanted)
