"""Seeds, and demos that a test may break."""

from collections.abc import Iterator

import pytest

from tests.bench.place import populate
from tests.running import RunningDemo, running_demo

CITIZENS = 1500


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that takes ``seed`` runs once per seed."""
    if "seed" in metafunc.fixturenames:
        first, count = metafunc.config.getoption("--fault-seed"), metafunc.config.getoption("--fault-seeds")
        metafunc.parametrize("seed", range(first, first + count))


@pytest.fixture
def rounds(request: pytest.FixtureRequest) -> int:
    """How often each fault strikes."""
    asked: int = request.config.getoption("--fault-rounds")
    return asked


@pytest.fixture
def demo() -> Iterator[RunningDemo]:
    """A demo with a small country, for this test alone."""
    with running_demo("--empty") as running:
        populate(running, CITIZENS)
        yield running
