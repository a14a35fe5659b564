"""Fixtures of these tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.notifications.fanout.hub import House


@pytest.fixture
async def house() -> AsyncIterator[House]:
    made = House()
    await made.hub.start()
    await made.settled()
    yield made
    await made.hub.stop()
