"""What operators' machines ask: alive, ready, and how much."""

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from services.web.access import Surface, access
from services.web.runtime import runtime_of

__all__ = ["router"]

router = APIRouter()

_READY = 200
_NOT_READY = 503


def _word(*, works: bool | None) -> str:
    return {True: "ok", False: "away", None: "not-used"}[works]


@router.get("/livez")
@access(public=True, surface=Surface.API)
async def livez() -> Response:
    """The process answers."""
    return Response(b'{"status":"ok"}', media_type="application/json")


@router.get("/readyz")
@access(public=True, surface=Surface.API)
async def readyz(request: Request) -> Response:
    """PostgreSQL can be reached and its schema is this version's. Redis only degrades."""
    health = await runtime_of(request).health()
    state = "ok" if health.ready and health.redis is not False else "degraded" if health.ready else "not-ready"
    body = {
        "status": state,
        "postgres": _word(works=health.postgres),
        "migrations": "at-head" if health.migrated else "behind",
        "redis": _word(works=health.redis),
    }
    headers = {} if health.ready else {"retry-after": "5"}
    return Response(orjson.dumps(body), _READY if health.ready else _NOT_READY, headers, media_type="application/json")


@router.get("/metrics")
@access(public=True, surface=Surface.API)
async def metrics(request: Request) -> Response:
    """Counters in the text form of Prometheus; none has a label that tells a person."""
    return Response(runtime_of(request).metrics.render(), media_type="text/plain; version=0.0.4")
