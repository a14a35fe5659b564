"""The way through ASGI; tests/services/web/live walks the direct one."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message
from starlette.websockets import WebSocket

from services.web.sockets import AsgiSocket, DirectSocket, socket_of
from tests.waiting import until


class Server:
    """An ASGI server with one accepted socket. ``open``: it takes frames; ``fails``: the peer is gone."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.open.set()
        self.fails = False
        self.tried = 0
        self.taken: list[Message] = []

    async def receive(self) -> Message:
        await asyncio.sleep(0)
        return {"type": "websocket.connect"}

    async def send(self, message: Message) -> None:
        await self.open.wait()
        self.tried += 1
        if self.fails:
            raise OSError
        self.taken.append(message)

    async def accepted(self) -> WebSocket:
        websocket = WebSocket({"type": "websocket", "extensions": {}}, self.receive, self.send)
        await websocket.accept()
        self.taken.clear()
        return websocket


@pytest.fixture
def server() -> Server:
    return Server()


async def asgi(server: Server) -> AsgiSocket:
    socket = socket_of(await server.accepted())
    assert isinstance(socket, AsgiSocket)
    return socket


async def test_frames_are_handed_over_in_order_and_then_the_close(server: Server) -> None:
    socket = await asgi(server)

    socket.send(b"1")
    socket.send("æ".encode())
    socket.close(1008, "token-expired")
    await until(lambda: len(server.taken) == 3)

    assert [message.get("text") for message in server.taken[:2]] == ["1", "æ"]
    assert server.taken[2] == {"type": "websocket.close", "code": 1008, "reason": "token-expired"}
    await socket.ended()


async def test_frames_that_wait_are_pending(server: Server) -> None:
    socket = await asgi(server)
    server.open.clear()

    socket.send(b"12345")
    socket.send(b"67")
    assert socket.pending_bytes == 7

    server.open.set()
    await until(lambda: socket.pending_bytes == 0)
    await socket.ended()


async def test_cut_drops_what_waits(server: Server) -> None:
    socket = await asgi(server)
    server.open.clear()
    socket.send(b"12345")
    await asyncio.sleep(0)

    socket.abort()
    socket.abort()
    server.open.set()
    await until(lambda: bool(server.taken))

    assert [message["type"] for message in server.taken] == ["websocket.close"]
    await socket.ended()


async def test_peer_that_is_gone_harms_nobody(server: Server) -> None:
    socket = await asgi(server)
    server.fails = True

    before = server.tried
    socket.send(b"1")
    await until(lambda: server.tried > before)
    socket.close(1000, "")
    socket.abort()
    await socket.ended()

    assert server.taken == []


async def test_direct_way_is_taken_where_the_server_offers_it(server: Server) -> None:
    websocket = await server.accepted()
    websocket.scope["extensions"]["stafet.wire"] = {"protocol": object()}

    assert isinstance(socket_of(websocket), DirectSocket)
