"""Fixtures of the contracts."""

from collections.abc import AsyncIterator

import pytest

from tests.contracts.worlds import World, in_memory, in_postgresql


@pytest.fixture(params=["memory", "postgresql"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A store of either kind with the little Denmark of the factories."""
    kind = in_memory() if request.param == "memory" else in_postgresql(request.getfixturevalue("database").app_url)
    async with kind as made:
        yield made
