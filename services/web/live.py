"""The live feed's door: ``/live`` and the tickets that browsers open it with.

Systems show a bearer token on the upgrade. A browser cannot, so it shows its session cookie, comes from our own origin
and brings a ticket that it fetched a moment ago and that works once: a cookie alone would let any page of the world
open a socket in its user's name. Whoever is refused is refused before the upgrade, with 403.

The socket only delivers. What it tells is written elsewhere, by ordinary requests; what comes in here is which feeds
to follow and what a device has received.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request, WebSocket
from psycopg import Error as PsycopgError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.responses import JSONResponse, Response

from discharge.commands import ConfirmDelivered
from discharge.directory import Directory
from discharge.handlers import confirm_delivered
from discharge.identifiers import FeedId
from notifications.entry import SUBPROTOCOL
from notifications.fanout import Hub, Visitor
from notifications.interruptions import AlertBudgets
from notifications.protocol import POLICY, RESTART, Limits
from notifications.rights import FollowRights
from services.persistence.tickets import Tickets
from services.settings import LiveSettings
from services.web.access import EVERY_ROLE, Csrf, Party, Surface, access
from services.web.refusals import ForbiddenError, LoginRequiredError, RefusedRequestError
from services.web.runtime import Runtime, runtime_of
from services.web.security import Identity, audit_of, authenticate, current_identity, is_own_origin
from services.web.sockets import socket_of

__all__ = ["LiveDesk", "limits_from", "live_router"]

_TICKET: Final = "ticket"
_SESSION: Final = "session"
_STORE_AWAY: Final = (DBAPIError, PoolTimeoutError, PsycopgError)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDesk:
    """What the live feed's door works with."""

    hub: Hub
    tickets: Tickets
    directory: Callable[[], Awaitable[Directory]]
    """The register as it stands now."""
    budgets: AlertBudgets
    """How much may still ring at whom."""


def limits_from(settings: LiveSettings) -> Limits:
    """The sockets' limits of this installation."""
    return Limits(
        heartbeat_seconds=settings.heartbeat_seconds,
        resume_limit=settings.resume_limit,
        frames_per_second=settings.frames_per_second,
        follows_per_window=settings.follows_per_window,
        follow_window_seconds=settings.follow_window_seconds,
        pending_bytes=settings.send_queue_bytes,
        slow_seconds=settings.slow_client_seconds,
        recheck_seconds=settings.recheck_seconds,
    )


def live_router(desk: LiveDesk) -> APIRouter:
    """The two routes of the live feed."""
    router = APIRouter()

    @router.post("/live/ticket")
    @access(roles=EVERY_ROLE, party=Party.OWN, surface=Surface.API, csrf=Csrf.ORIGIN, action="live-ticket")
    async def ticket(request: Request) -> Response:
        """A one-use ticket for this browser session's next socket."""
        session = (await current_identity(request)).session
        if session is None:
            raise ForbiddenError(rule="a-ticket-needs-a-session")
        made = await desk.tickets.issue({_SESSION: session.id_hash.hex()})
        answer = {"ticket": made, "expires_in": int(desk.tickets.life.total_seconds())}
        return JSONResponse(answer, headers={"cache-control": "no-store"})

    @router.websocket("/live")
    @access(roles=EVERY_ROLE, party=Party.OWN, surface=Surface.SOCKET, action="live")
    async def live(websocket: WebSocket) -> None:
        """Entries of the feeds that are followed, as they are committed."""
        try:
            identity = await _admitted(websocket, desk)
            rights = FollowRights.of(identity.caller, await desk.directory())
        except RefusedRequestError:
            await _audit_refusal(websocket)
            await websocket.close(POLICY)
            return
        except _STORE_AWAY:
            await websocket.send_denial_response(Response(status_code=503, headers={"retry-after": "5"}))
            return
        offered = websocket.scope.get("subprotocols", [])
        await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)
        if desk.hub.draining:
            await websocket.close(RESTART, "retry-after-ms=1000")
            return
        await _serve(websocket, desk, _visitor(websocket, desk, identity, rights))

    return router


async def _serve(websocket: WebSocket, desk: LiveDesk, visitor: Visitor) -> None:
    socket = socket_of(websocket)
    follower = desk.hub.attach(socket, visitor)
    try:
        while True:
            message = await websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            await desk.hub.receive(follower, message["bytes"] if text is None else text)
    finally:
        await desk.hub.detach(follower)
        await socket.ended()


async def _admitted(websocket: WebSocket, desk: LiveDesk) -> Identity:
    """Who opens the socket.

    Raises:
        RefusedRequestError: nobody we know, another page than ours, or without a ticket that is still good.
    """
    identity = await authenticate(websocket)
    if identity.session is None:
        return identity
    if not is_own_origin(websocket, required=True):
        raise ForbiddenError(rule="origin")
    claims = await desk.tickets.redeem(websocket.query_params.get(_TICKET, ""))
    if claims is None or claims.get(_SESSION) != identity.session.id_hash.hex():
        raise ForbiddenError(rule="ticket")
    return identity


async def _audit_refusal(websocket: WebSocket) -> None:
    # Nobody known: there is nobody to name in an audit row.
    with contextlib.suppress(LoginRequiredError):
        await runtime_of(websocket).database.audit_refusal(audit_of(websocket, "live"), 403)


def _visitor(websocket: WebSocket, desk: LiveDesk, identity: Identity, rights: FollowRights) -> Visitor:
    runtime = runtime_of(websocket)
    caller = identity.caller

    async def note(_feed: FeedId) -> None:
        async with runtime.database.reading(audit_of(websocket, "live-follow")):
            pass

    async def confirm(feed: FeedId, offset: int) -> None:
        if feed == rights.default:
            command = ConfirmDelivered(caller=caller, feed=feed, offset=offset)
            await runtime.database.run(audit_of(websocket, "confirm-delivered"), confirm_delivered, command)

    async def recheck() -> FollowRights | None:
        if not await _is_valid(runtime, identity):
            return None
        return FollowRights.of(caller, await desk.directory())

    left = (identity.expires_at - runtime.wall()).total_seconds()
    return Visitor(
        rights=rights,
        expires_at=desk.hub.now() + left,
        note=note,
        confirm=confirm,
        recheck=recheck,
        budget=desk.budgets.of(caller),
    )


async def _is_valid(runtime: Runtime, identity: Identity) -> bool:
    if identity.session is None:
        return runtime.wall() < identity.expires_at
    return await runtime.sessions.check(identity.session.id_hash) is not None
