"""Fixtures of these tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.notifications.fanout.hub import House


@pytest.fixture
async def house() -> AsyncIterator[House]:
    made = House()
    await made.hub.start()
    await asyncio.sleep(0.02)
    yield made
    await made.hub.stop()
