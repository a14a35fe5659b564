"""A client above its rate: it is asked to wait, and nobody else notices."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from discharge.policy import Role
from services.settings import RateSettings
from tests.catalogue.answers import found_in, no_number_in
from tests.catalogue.ledger import ledger_of
from tests.engines import Database
from tests.factories import MUNICIPALITY, NORTH
from tests.services.installation import Installation, code_of, installed, notification

REQUESTS = 4
WINDOW = 1_000_000_000


@pytest.fixture
async def narrow(database: Database) -> AsyncIterator[Installation]:
    """An installation where each client may ask four times, in a window that does not end while the tests run."""
    rate = RateSettings(requests=REQUESTS, window_seconds=WINDOW)
    async with installed(database, rate=rate) as running:
        yield running


async def test_row_38_client_over_its_rate_is_asked_to_wait(narrow: Installation, database: Database) -> None:
    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        msg = "the body was read"
        raise AssertionError(msg)

    taken = [await narrow.send(notification()) for _ in range(REQUESTS)]
    before = await ledger_of(database.admin_url)
    answers = [
        await narrow.client.post("/fhir/$process-message", content=never(), headers=narrow.hospital) for _ in range(3)
    ]

    assert [code_of(answer) for answer in taken] == ["ok"] * REQUESTS
    for answer in answers:
        assert (answer.status_code, found_in(answer)) == (429, {("throttled", None)})
        assert 0 < int(answer.headers["retry-after"]) <= WINDOW
        assert answer.headers["content-type"] == "application/fhir+json; charset=utf-8"
        no_number_in(answer)
    assert (await ledger_of(database.admin_url)).changed_since(before) <= {"audit"}
    noted = [row for row in await narrow.audited(database.admin_url) if row[2] == 429]
    assert noted == [("send-message", "POST /fhir/$process-message", 429, 0)]
    assert "stafet_throttled_requests_total 3.0" in (await narrow.client.get("/metrics")).text


async def test_row_38_rest_of_fhir_counts_too_and_others_are_not_disturbed(
    narrow: Installation, database: Database
) -> None:
    colleague = narrow.token(Role.HOME_NURSE, MUNICIPALITY)
    answers = [await narrow.client.get("/fhir/Task", headers=narrow.nurse) for _ in range(REQUESTS + 1)]
    no_role = [await narrow.client.get("/fhir/Task", headers=narrow.token(Role.OPERATOR, NORTH)) for _ in range(9)]

    assert [answer.status_code for answer in answers] == [200] * REQUESTS + [429]
    assert (await narrow.client.get("/fhir/Task", headers=colleague)).status_code == 200
    assert code_of(await narrow.send(notification())) == "ok"
    # Refusals are audited one by one, so those of a wrong role are counted before they are given.
    assert [answer.status_code for answer in no_role] == [403] * REQUESTS + [429] * 5
    assert (await narrow.client.get("/fhir/metadata")).status_code == 200
