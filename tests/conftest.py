"""Fixtures that every test may ask for; see tests/README.md."""

import gc
import os
import sys
from collections.abc import Iterator

import pytest
import redis
from hypothesis import settings
from xdist.remote import Producer

from tests.databases import Databases
from tests.engines import Database, TestEngines, engines_for_tests
from tests.order import ByFile, leave_uncounted, place_of

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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile | None:
    """With ``--dist loadfile``, ours."""
    if config.getoption("dist") != "loadfile":
        return None
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what is slow first, and leave to coverage what it is for."""
    items.sort(key=place_of)
    for item in items:
        leave_uncounted(item)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: the collector need not go through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


@pytest.fixture(scope="session")
def engines() -> Iterator[TestEngines]:
    """Real PostgreSQL and Redis, one pair per test process."""
    with engines_for_tests() as running:
        yield running


@pytest.fixture(scope="session")
def databases(engines: TestEngines) -> Iterator[Databases]:
    """Migrated databases, to be lent."""
    lender = Databases(engines, name=f"stafet_{os.getpid()}")
    yield lender
    lender.close()


@pytest.fixture
def database(databases: Databases) -> Iterator[Database]:
    """A migrated, empty database for this test alone."""
    with databases.lent() as lent:
        yield lent


@pytest.fixture(scope="module")
def module_database(databases: Databases) -> Iterator[Database]:
    """A migrated database that the tests of one module share."""
    with databases.lent() as lent:
        yield lent


@pytest.fixture
def redis_url(engines: TestEngines) -> str:
    """A real Redis, emptied before the test."""
    with redis.Redis.from_url(engines.redis_url) as client:
        client.flushall()
    return engines.redis_url
