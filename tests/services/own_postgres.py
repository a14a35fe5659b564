"""A PostgreSQL of a test's own, to be stopped and started again."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.demo.engines import Engines, running_engines
from services.persistence.migrate import upgrade
from tests.engines import Database

__all__ = ["own_postgres"]


@contextmanager
def own_postgres() -> Iterator[tuple[Engines, Database]]:
    """The engines and a migrated database on them."""
    home = Path(tempfile.mkdtemp(prefix="stafet-tests-"))
    try:
        with running_engines(home, durable=False) as engines:
            upgrade(engines.owner_url)
            admin = engines.admin_url.replace("/postgres?", "/stafet?")
            yield (
                engines,
                Database(name="stafet", app_url=engines.app_url, owner_url=engines.owner_url, admin_url=admin),
            )
    finally:
        shutil.rmtree(home, ignore_errors=True)
