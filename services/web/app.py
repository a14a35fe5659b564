"""Builds the app of one web process: routes with their guards, headers, refusals, health, static files.

Routers are handed in by bootstrap, because this layer knows none of the doors above it. A route that
declares no access rule keeps the app from being built.
"""

import asyncio
import copy
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import date
from http import HTTPStatus
from importlib import resources
from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import Scope
from typing_extensions import override

from fhir_mappings import r4
from services.memory import collect_seldom
from services.persistence.calendars import closed_days_around
from services.web import demo_clock, operations
from services.web.access import AccessRule, Surface, access, rule_of
from services.web.answers import Refusals, raise_on
from services.web.assets import is_current
from services.web.guard import Guard
from services.web.headers import ResponseHeaders
from services.web.runtime import Runtime

__all__ = ["UnguardedRouteError", "create_app", "rules_of"]

_VENDOR = "vendor/"
_FOREVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


class UnguardedRouteError(Exception):
    """A route without an access rule: it must not be served."""


def create_app(runtime: Runtime, routers: Iterable[APIRouter]) -> FastAPI:
    """The app that serves ``routers``.

    Args:
        runtime: what requests work with.
        routers: every door, none included in another.

    Raises:
        UnguardedRouteError: a route declares no access rule.
    """
    settings = runtime.settings
    app = FastAPI(
        title="Stafet",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_lifespan,
        middleware=[Middleware(ResponseHeaders, settings=settings.http), Middleware(Refusals)],
        exception_handlers={HTTPException: raise_on, RequestValidationError: raise_on},
    )
    app.state.runtime = runtime
    offered = [operations.router, *routers]
    if settings.is_demo:
        offered += [demo_clock.router, _description(app)]
    for router in offered:
        for route in router.routes:
            rule = _rule(route)
            if rule.demo_only and not settings.is_demo:
                continue
            # The router is shared by every app of this process; the guard, with its limits, is this app's alone.
            served = copy.copy(route)
            if isinstance(served, Route):
                served.app = Guard(served.app, rule, settings.http)
            app.router.routes.append(served)
    app.router.routes.append(Mount("/static", _Static(), name="static"))
    return app


def rules_of(app: FastAPI) -> list[tuple[BaseRoute, AccessRule]]:
    """Every route of the app with its rule, static files left out: what the access matrix is made from."""
    return [(route, _rule(route)) for route in app.router.routes if not isinstance(route, Mount)]


def _rule(route: BaseRoute) -> AccessRule:
    rule = rule_of(route.endpoint) if isinstance(route, Route | WebSocketRoute) else None
    if rule is None:
        raise UnguardedRouteError(getattr(route, "path", type(route).__name__))
    return rule


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    runtime: Runtime = app.state.runtime
    await runtime.hub.start()
    # These take a second to import; the first message should not pay for it.
    warming = asyncio.create_task(asyncio.to_thread(_warm, runtime.wall().date()))
    try:
        yield
    finally:
        await runtime.hub.stop()
        await runtime.close()
        await warming


def _warm(today: date) -> None:
    r4.warm()
    closed_days_around(today)
    collect_seldom()


def _description(app: FastAPI) -> APIRouter:
    router = APIRouter()

    @router.get("/openapi.json", include_in_schema=False)
    @access(public=True, surface=Surface.API, demo_only=True)
    async def description(_request: Request) -> Response:
        """The routes, as OpenAPI."""
        return JSONResponse(app.openapi())

    return router


class _Static(StaticFiles):
    """Style, scripts and fonts. Vendor files are named by the lock file of the release, so they never change.

    Nor does a file of ours at the address that names its content.
    """

    def __init__(self) -> None:
        super().__init__(directory=Path(str(resources.files("services.web") / "static")))

    @override
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        never_changes = path.startswith(_VENDOR) or (
            response.status_code in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED} and is_current(path, scope["query_string"])
        )
        response.headers["cache-control"] = _FOREVER if never_changes else _ASK_AGAIN
        return response
