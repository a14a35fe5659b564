"""Fixtures for the services over a real store."""

from collections.abc import AsyncIterator

import pytest

from tests.engines import Database
from tests.services.installation import Installation, installed
from tests.services.pages_house import Pages, pages_over


@pytest.fixture
async def house(database: Database) -> AsyncIterator[Installation]:
    """The machines' doors over an empty store with one known citizen."""
    async with installed(database) as running:
        yield running


@pytest.fixture
async def pages(database: Database) -> AsyncIterator[Pages]:
    """Every page, over a store with one known citizen."""
    async with pages_over(database) as running:
        yield running
