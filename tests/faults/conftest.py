"""Seeds, and demos that a test may break."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import factories
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
        load_small_agreement(running)
        yield running


def load_small_agreement(demo: RunningDemo) -> None:
    """Let the six rules hold that the checker knows, from a version that takes over from the shipped one."""
    document: dict[str, Any] = factories.small_document()
    document |= {"id": "dk-midtjylland", "version": "9.0.0", "valid-from": "2020-01-02", "regions": ["DK-82"]}
    for rule in document["rules"]:
        if "when" in rule:
            rule["when"] = rule["when"]["text"]
    file = Path(demo.home) / "agreement.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")
    done = demo.run("load", "agreement", file, "--home", str(demo.home))
    assert done.returncode == 0, done.stdout + done.stderr
