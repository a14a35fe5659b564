import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from discharge.policy import Role
from services.web.server import DrainingServer, server_for
from tests.services.web.doubles import ODENSE, Stage, settings_for
from tests.waiting import until


@asynccontextmanager
async def serving(stage: Stage) -> AsyncIterator[tuple[DrainingServer, httpx.AsyncClient]]:
    """The app on a real socket of this machine."""
    server = server_for(stage.app(), stage.runtime())
    running = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        yield server, client
    server.should_exit = True
    await asyncio.wait_for(running, 10)


def staged() -> Stage:
    return Stage(settings=settings_for(host="127.0.0.1", port=0, drain_seconds=2))


async def test_ending_lets_go_of_live_sockets_before_it_waits() -> None:
    stage = staged()
    async with serving(stage) as (_, client):
        answer = await client.get("/livez")

    assert answer.status_code == 200
    assert "server" not in answer.headers
    assert stage.hub.calls == ["start", "stop", "stop"]


async def test_body_over_the_limit_is_answered_over_a_real_socket() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(48):
            yield b"x" * 65_536

    stage = staged()
    headers = stage.bearer(Role.OPERATOR, ODENSE)
    async with serving(stage) as (_, client):
        honest = await client.post("/demo/clock", content=b"x" * 3_000_000, headers=headers)
        chunked = await client.post("/demo/clock", content=chunks(), headers=headers)
        after = await client.get("/demo/clock", headers=headers)

    assert (honest.status_code, chunked.status_code, after.status_code) == (413, 413, 200)
    assert honest.json()["issue"][0]["code"] == "too-long"
