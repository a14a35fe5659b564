"""Fixtures of these tests."""

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.services.web.app.doors import (
    raised,
    router,
    seen,
)
from tests.services.web.doubles import Stage, client_of, settings_for


@pytest.fixture
def stage() -> Stage:
    seen.clear()
    raised.clear()
    return Stage()


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[httpx.AsyncClient]:
    stage.settings = settings_for(message_body_bytes=1000, body_bytes=100)
    async with client_of(stage.app(router)) as made:
        yield made
