"""Fixtures of these tests."""

from typing import Any

import pytest

from tests.factories import NORTH
from tests.services.installation import Installation


@pytest.fixture
async def task(house: Installation) -> dict[str, Any]:
    """A duty of the northern unit after a discharge."""
    await house.home()
    return next(found for found in await house.tasks(house.nurse) if found["owner"]["identifier"]["value"] == NORTH)
