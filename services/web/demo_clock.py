"""``/demo/clock``: reads and advances the demo's clock. Mounted in demo mode only."""

from datetime import datetime
from typing import Final

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.clock import parse_duration, require_aware
from discharge.errors import ClockError
from discharge.policy import Role
from fhir_mappings.instants import is_plausible
from services.web.access import Surface, access
from services.web.refusals import BadRequestError
from services.web.runtime import runtime_of

__all__ = ["router"]

router = APIRouter()
_JSON: Final = "application/json"
_FORM: Final = 'send {"advance":"PT30M"} or {"set":"2026-11-20T11:40:00+01:00"}'


@router.get("/demo/clock")
@access(roles=[Role.OPERATOR], surface=Surface.API, demo_only=True)
async def read_clock(request: Request) -> Response:
    """What time it is in the demo."""
    return _answer(await runtime_of(request).clock.now())


@router.post("/demo/clock")
@access(roles=[Role.OPERATOR], surface=Surface.API, demo_only=True)
async def move_clock(request: Request) -> Response:
    """Move the demo's clock forward; the answer comes when all that fell due has been committed.

    Raises:
        BadRequestError: the body names no instant and no span, or one beyond all reason.
        ClockError: it would run backwards.
    """
    runtime = runtime_of(request)
    assert runtime.advance_clock is not None, "mounted in demo mode only"
    now = await runtime.clock.now()
    target = _target(await request.body(), now)
    if target < now:
        raise ClockError(now=now, asked=target)
    if not is_plausible(target):
        # It never runs back: beyond the calendar nothing would work again.
        raise BadRequestError(element="body", problem="no patient of today lives to see that")
    return _answer(await runtime.advance_clock(target))


def _target(body: bytes, now: datetime) -> datetime:
    try:
        asked = orjson.loads(body)
        match asked:
            case {"advance": str(span), **rest} if not rest:
                return now + parse_duration(span)
            case {"set": str(instant), **rest} if not rest:
                return require_aware(datetime.fromisoformat(instant))
    except (ValueError, OverflowError):
        pass
    raise BadRequestError(element="body", problem=_FORM)


def _answer(now: datetime) -> Response:
    text = now.isoformat(timespec="microseconds" if now.microsecond else "seconds").replace("+00:00", "Z")
    return Response(orjson.dumps({"now": text}), media_type=_JSON)
