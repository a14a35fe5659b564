import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.demo.engines import running_engines


@pytest.fixture
def home() -> Iterator[Path]:
    """A demo's folder that PostgreSQL's unprivileged user can reach, unlike pytest's own when run as root."""
    folder = Path(tempfile.mkdtemp(prefix="stafet-home-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """A demo's folder whose cluster is already made; to be copied, never used."""
    folder = Path(tempfile.mkdtemp(prefix="stafet-cluster-"))
    with running_engines(folder, durable=False):
        pass
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def stopped(home: Path, cluster: Path) -> Path:
    """The folder of a demo that ran before: its cluster is there, nothing runs."""
    # Copying keeps owners, which a second initdb under load would take seconds to set anew.
    subprocess.run(["/bin/cp", "-a", f"{cluster}/.", str(home)], check=True)
    for port in home.glob("*/port"):
        port.unlink()
    return home
