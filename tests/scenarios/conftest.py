"""A country under the agreement of Midtjylland, and those who act in it; every story begins with an empty store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final, LiteralString

import psycopg
import pytest
from psycopg.rows import dict_row

from discharge.policy import Role
from tests.databases import empty
from tests.engines import Database
from tests.factories import NORTH, PRACTICE, WARD
from tests.scenarios.country import agree
from tests.scenarios.people import Given, Hospital, Person, Ward
from tests.scenarios.story import Clock, Story, Then, worker
from tests.services.persistence.store import store_on

_OF_STORIES: Final[LiteralString] = """
    WITH RECURSIVE of_stories (id) AS (
        SELECT unnest('{patient,message,outbound_message,feed,feed_entry,audit}'::regclass[])::oid
        UNION SELECT conrelid FROM pg_constraint JOIN of_stories ON confrelid = of_stories.id
    )
    SELECT relname FROM pg_class JOIN of_stories ON oid = of_stories.id
"""
"""What stories leave behind: the tables of citizens and messages, and every table that points to one."""


@pytest.fixture(scope="module")
def midtjylland(module_database: Database) -> Database:
    """A database with the little Denmark in it, in the region of the shipped agreement."""
    asyncio.run(agree(module_database))
    return module_database


@pytest.fixture
async def story(midtjylland: Database) -> AsyncIterator[Story]:
    """A store in which nothing has happened yet, and a citizen of district north whom nobody has told of."""
    with psycopg.connect(midtjylland.admin_url, row_factory=dict_row, autocommit=True) as connection:
        empty(connection, [row["relname"] for row in connection.execute(_OF_STORIES).fetchall()])
        async with store_on(midtjylland) as store:
            yield Story(store, connection)


@pytest.fixture
def clock(story: Story) -> Clock:
    return Clock(story)


@pytest.fixture
def then(story: Story, clock: Clock) -> Then:
    return Then(story, clock)


@pytest.fixture
def hospital(story: Story) -> Hospital:
    return Hospital(story)


@pytest.fixture
def given(story: Story, clock: Clock, hospital: Hospital) -> Given:
    return Given(story, clock, hospital)


@pytest.fixture
def ward(story: Story) -> Ward:
    """A nurse of the ward."""
    return Ward(story, worker(Role.WARD, WARD))


@pytest.fixture
def doctor(story: Story) -> Ward:
    """The ward's doctor."""
    return Ward(story, worker(Role.DOCTOR, WARD))


@pytest.fixture
def nurse(story: Story) -> Person:
    """A nurse of the district."""
    return Person(story, worker(Role.HOME_NURSE, NORTH))


@pytest.fixture
def visitator(story: Story) -> Person:
    """Who grants the help in the district."""
    return Person(story, worker(Role.VISITATOR, NORTH))


@pytest.fixture
def gp(story: Story) -> Person:
    """The citizen's own doctor."""
    return Person(story, worker(Role.GP, PRACTICE))
