"""Fixtures of the tests of handlers."""

import pytest

from discharge.handlers import receive_notice
from discharge.stay import NoticeKind
from tests.discharge.handlers.steps import house
from tests.factories import notice, receive
from tests.fakes import FakeStore


@pytest.fixture
async def store() -> FakeStore:
    """A citizen of district north has just gone home."""
    made = house()
    await made.run(receive_notice, receive(notice(NoticeKind.SLHJ)))
    return made
