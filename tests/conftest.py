"""Fixtures that every test may ask for; see tests/README.md."""

import sys
from collections.abc import Iterator

import pytest
import redis
from hypothesis import settings

from tests.engines import TEMPLATE, Database, TestEngines, create_database, drop_database, engines_for_tests
from tests.engines import fresh_database as fresh

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def _refuse_outside(event: str, arguments: tuple[object, ...]) -> None:
    if event != "socket.connect":
        return
    address = arguments[1]
    if isinstance(address, tuple) and address[0] not in LOOPBACK:
        msg = f"a test tried to reach {address[0]}"
        raise RuntimeError(msg)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long and from which seed tests/faults breaks things."""
    parser.addoption("--fault-seed", type=int, default=20261122, help="the first seed of tests/faults")
    parser.addoption("--fault-seeds", type=int, default=1, help="how many seeds, each in a demo of its own")
    parser.addoption("--fault-rounds", type=int, default=1, help="how often each fault strikes in one run")


def pytest_configure(config: pytest.Config) -> None:
    """No test reaches beyond this machine, and none is judged by how busy this machine is."""
    settings.register_profile("stafet", deadline=None)
    settings.register_profile("fuzz", deadline=None, max_examples=10 * settings().max_examples)
    settings.load_profile(config.getoption("hypothesis_profile", None) or "stafet")
    sys.addaudithook(_refuse_outside)


@pytest.fixture(scope="session")
def engines() -> Iterator[TestEngines]:
    """Real PostgreSQL and Redis, one pair per test process."""
    with engines_for_tests() as running:
        yield running


@pytest.fixture(scope="session")
def migrated_template(engines: TestEngines) -> str:
    """The name of a database that the migrations have built."""
    from services.persistence.migrate import upgrade  # noqa: PLC0415 - engine tests run without the schema

    drop_database(engines, TEMPLATE)
    upgrade(create_database(engines, TEMPLATE).owner_url)
    return TEMPLATE


@pytest.fixture
def database(engines: TestEngines, migrated_template: str) -> Iterator[Database]:
    """A migrated, empty database for this test alone."""
    with fresh(engines, migrated_template) as copy:
        yield copy


@pytest.fixture(scope="module")
def module_database(engines: TestEngines, migrated_template: str) -> Iterator[Database]:
    """A migrated database that the tests of one module share."""
    with fresh(engines, migrated_template) as copy:
        yield copy


@pytest.fixture
def redis_url(engines: TestEngines) -> str:
    """A real Redis, emptied before the test."""
    with redis.Redis.from_url(engines.redis_url) as client:
        client.flushall()
    return engines.redis_url
