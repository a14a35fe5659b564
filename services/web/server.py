"""Runs the app under uvicorn with our own drain: stop intake, close sockets, finish, end in time."""

import socket

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from services.web.runtime import Runtime
from services.web.sockets import LiveWebSocketProtocol

__all__ = ["DrainingServer", "server_for"]

_LARGEST_FRAME = 65_536
_PING_SECONDS = 20.0
_PONG_SECONDS = 10.0


class DrainingServer(uvicorn.Server):
    """A server that on SIGTERM closes its live sockets with 1012 before it waits for its requests.

    uvicorn alone would wait for open sockets as long as their clients like.
    """

    def __init__(self, config: uvicorn.Config, runtime: Runtime) -> None:
        super().__init__(config)
        self._runtime = runtime

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop taking connections, let go of the sockets, and wait for running requests, in that order."""
        for server in self.servers:
            server.close()
        await self._runtime.hub.stop()
        await super().shutdown(sockets)


def server_for(app: FastAPI, runtime: Runtime) -> DrainingServer:
    """The server of one web process; ``await server.serve()`` runs it until a signal."""
    http = runtime.settings.http
    config = uvicorn.Config(
        app,
        host=http.host,
        port=http.port,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        # Lets frames that are framed once for all sockets through; compressed ones could not be shared.
        ws=LiveWebSocketProtocol,
        ws_per_message_deflate=False,
        ws_max_size=_LARGEST_FRAME,
        ws_ping_interval=_PING_SECONDS,
        ws_ping_timeout=_PONG_SECONDS,
        timeout_graceful_shutdown=int(http.drain_seconds),
        lifespan="on",
    )
    return DrainingServer(config, runtime)
