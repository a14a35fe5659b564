"""A web process with live feeds."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.engines import Database
from tests.services.web.live_house import House, live_house


@pytest.fixture
async def house(database: Database, redis_url: str) -> AsyncIterator[House]:
    async with live_house(database, redis_url) as running:
        yield running
