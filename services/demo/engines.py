"""PostgreSQL and Redis together, started and stopped as one; what the demo and the tests stand on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.demo.postgres import SUPERUSER, Postgres
from services.demo.processes import EngineError
from services.demo.redis_server import RedisServer, redis_program

__all__ = ["EngineError", "Engines", "running_engines", "start_engines"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """Running engines and their addresses; `redis_url` is None on a machine without Redis."""

    app_url: str
    owner_url: str
    admin_url: str
    redis_url: str | None
    postgres: Postgres
    redis: RedisServer | None

    def stop(self) -> None:
        """Ends both; the data stay."""
        if self.redis is not None:
            self.redis.stop()
        self.postgres.stop()


def start_engines(home: Path, *, durable: bool = True) -> Engines:
    """Starts PostgreSQL and Redis under `home`, making them at the first start.

    Args:
        home: the folder that holds their data; made when absent.
        durable: False skips waiting for the disk, for tests.

    Raises:
        EngineError: when one of them cannot start; the other is then ended.
    """
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True)
    postgres = Postgres(home, durable=durable)
    program = redis_program()
    redis = RedisServer(home, program) if program is not None else None
    postgres.start()
    try:
        if redis is not None:
            redis.start()
    except EngineError:
        postgres.stop()
        raise
    return Engines(
        app_url=postgres.url("stafet_app"),
        owner_url=postgres.url("stafet_owner"),
        admin_url=postgres.url(SUPERUSER, SUPERUSER),
        redis_url=redis.url if redis is not None else None,
        postgres=postgres,
        redis=redis,
    )


@contextmanager
def running_engines(home: Path, *, durable: bool = True) -> Iterator[Engines]:
    """Engines for the length of a block.

    Raises:
        EngineError: as `start_engines`.
    """
    engines = start_engines(home, durable=durable)
    try:
        yield engines
    finally:
        engines.stop()
