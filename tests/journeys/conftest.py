"""One demo and one browser for all journeys of a test process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.journeys.country import CORNERS, Corner, populate
from tests.journeys.office import Office, chromium
from tests.running import RunningDemo, running_demo

NOW = "2026-11-20T11:40:00+01:00"


# Not "session": while Playwright's loop runs in this thread, no async test of another folder can.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A Chromium."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="package")
def demo() -> Iterator[RunningDemo]:
    """A seeded demo on a Friday before noon, with every corner of the country."""
    with running_demo("--now", NOW) as running:
        populate(running)
        yield running


@pytest.fixture
def office(demo: RunningDemo, browser: Browser) -> Iterator[Office]:
    """Browsers for a journey; it fails when a page complained."""
    opened = Office(demo, browser)
    yield opened
    opened.close()


@pytest.fixture
def corner(request: pytest.FixtureRequest) -> Corner:
    """Where this test file plays."""
    names = (
        "test_friday",
        "test_live",
        "test_without_script",
        "test_keyboard",
        "test_marked",
        "test_language",
        "test_week",
        "test_waiting",
        "test_alerts",
        "test_medication",
        "test_full_inbox",
        "test_documents",
    )
    module = request.module.__name__
    return next(place for name, place in zip(names, CORNERS, strict=True) if name in module)
