"""Fixtures of these tests."""

import pytest

from tests.services.fhir_api.medication.course import Course
from tests.services.installation import Installation


@pytest.fixture
async def course(house: Installation) -> Course:
    """A citizen has gone home; nobody has stated any medicine."""
    await house.home()
    return Course(house)


@pytest.fixture
async def listed(course: Course) -> Course:
    """The hospital has stated what was taken before, and what it sends the citizen home with."""
    await course.two_lists()
    return course
