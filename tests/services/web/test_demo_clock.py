from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from discharge.policy import Role
from tests.services.web.doubles import ODENSE, Stage, client_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def stage() -> Stage:
    made = Stage()
    made.clock.instant = NOON
    return made


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(stage.app()) as made:
        made.headers.update(stage.bearer(Role.OPERATOR, ODENSE))
        yield made


async def test_operator_reads_the_clock(client: httpx.AsyncClient) -> None:
    assert (await client.get("/demo/clock")).json() == {"now": "2026-11-20T12:00:00Z"}


async def test_clock_advances_by_a_span(stage: Stage, client: httpx.AsyncClient) -> None:
    answer = await client.post("/demo/clock", json={"advance": "PT30M"})

    assert answer.json() == {"now": "2026-11-20T12:30:00Z"}
    assert stage.advanced == [NOON + timedelta(minutes=30)]


async def test_clock_is_set_to_an_instant_of_any_zone(stage: Stage, client: httpx.AsyncClient) -> None:
    answer = await client.post("/demo/clock", json={"set": "2026-11-20T14:00:00+01:00"})

    assert answer.json() == {"now": "2026-11-20T13:00:00Z"}


@pytest.mark.parametrize("body", [{"advance": "-PT1M"}, {"set": "2026-11-20T11:59:59Z"}])
async def test_clock_does_not_run_backwards(stage: Stage, client: httpx.AsyncClient, body: dict[str, str]) -> None:
    answer = await client.post("/demo/clock", json=body)

    assert answer.status_code == 422
    assert stage.advanced == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"nonsense",
        b'{"advance":"soon"}',
        b'{"set":"2026-11-20T14:00:00"}',
        b'{"set":"today"}',
        b'{"advance":30}',
        b'{"advance":"PT1H","set":"2026-11-21T00:00:00Z"}',
        b'{"advance":"P999999999999D"}',
        b'{"advance":"P9999999D"}',
        b'{"advance":"P365000D"}',
        b'{"set":"9999-12-31T23:59:59Z"}',
    ],
)
async def test_nonsense_is_refused(stage: Stage, client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/demo/clock", content=body)

    assert answer.status_code == 400
    assert stage.advanced == []


async def test_clock_is_the_operators_alone(stage: Stage, client: httpx.AsyncClient) -> None:
    answer = await client.post("/demo/clock", json={"advance": "PT1M"}, headers=stage.bearer(Role.HOME_NURSE, ODENSE))

    assert answer.status_code == 403
