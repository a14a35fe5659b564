"""Stores of the tests: one of their own, or one that a module fills once and reads."""

from collections.abc import AsyncIterator

import pytest

from tests import factories
from tests.engines import Database
from tests.services.persistence.store import Store, store_on


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """A fresh store with one citizen of district north."""
    async with store_on(database, patients=[factories.patient()]) as made:
        yield made


@pytest.fixture
async def shared(module_database: Database) -> AsyncIterator[Store]:
    """The module's store; each test has a process of its own on it."""
    async with store_on(module_database, patients=[factories.patient()]) as made:
        yield made
