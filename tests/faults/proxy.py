"""A TCP proxy that a test can cut or freeze: what stands behind it is then away, or there and silent."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum, auto

__all__ = ["Passage", "Proxy", "proxied"]

CHUNK = 65536


class Passage(Enum):
    """What the proxy does with connections."""

    OPEN = auto()
    CUT = auto()
    """Open ones are reset, new ones closed at once."""
    FROZEN = auto()
    """Taken in, and nothing passes."""


class Proxy:
    """Stands before ``port`` on a port of its own, in a thread of its own."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._passage = Passage.OPEN
        self._pumps: set[asyncio.Task[None]] = set()
        self._thawed = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._server: asyncio.Server | None = None
        self.connections = 0
        """How many were taken in while it was open."""

    @property
    def port(self) -> int:
        """Where it listens."""
        assert self._server is not None, "started"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)

    def stop(self) -> None:
        """Let everything go."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def set(self, passage: Passage) -> None:
        """From now on do this with connections."""
        asyncio.run_coroutine_threadsafe(self._set(passage), self._loop).result(10)

    async def _listen(self) -> None:
        self._thawed.set()
        self._server = await asyncio.start_server(self._taken_in, "127.0.0.1", 0)

    async def _set(self, passage: Passage) -> None:
        self._passage = passage
        if passage is Passage.FROZEN:
            self._thawed.clear()
        else:
            self._thawed.set()
        if passage is Passage.CUT:
            await self._drop()

    async def _drop(self) -> None:
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    async def _end(self) -> None:
        assert self._server is not None, "started"
        self._server.close()
        await self._drop()
        await self._server.wait_closed()
        # What was aborted is closed in the loop's next round.
        await asyncio.sleep(0.05)

    async def _taken_in(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._pumps.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._pumps.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._passage is Passage.CUT:
            return
        await self._thawed.wait()
        self.connections += 1
        onward, back = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            async with asyncio.TaskGroup() as group:
                there = group.create_task(self._pump(reader, back))
                here = group.create_task(self._pump(onward, writer))
                await asyncio.wait({there, here}, return_when=asyncio.FIRST_COMPLETED)
                there.cancel()
                here.cancel()
        finally:
            back.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(CHUNK):
                await self._thawed.wait()
                target.write(data)
                await target.drain()


@contextmanager
def proxied(port: int) -> Iterator[Proxy]:
    """A proxy before ``port`` for the length of a block."""
    proxy = Proxy(port)
    proxy.start()
    try:
        yield proxy
    finally:
        proxy.stop()
