from collections.abc import AsyncIterator

import pytest

from tests.engines import Database
from tests.services.persistence.store import Store, store_on


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """A fresh store that knows organisations and one agreement."""
    async with store_on(database) as made:
        yield made
