"""`stafet demo`: one process that starts the engines and our own processes, keeps them alive, and ends them."""

import http.client
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event
from types import FrameType

from services.demo.home import PREPARED, environment_of, locked
from services.demo.postgres import Postgres
from services.demo.processes import Child, EngineError, free_port, stop_orphan
from services.demo.redis_server import RedisServer, redis_program
from services.settings import Settings, environment_of_child

__all__ = ["DemoOptions", "Part", "StoppedError", "Supervisor", "run_demo"]

READY_SECONDS = 60.0
LOOK_SECONDS = 0.1
# All children together get a little less than the half minute that is promised.
STOP_SECONDS = 28.0
DEATHS_BEFORE_READY = 3
SHORTEST_WAIT_SECONDS = 0.2
LONGEST_WAIT_SECONDS = 5.0
# A part that lived this long had started well; its next death is met without delay.
SETTLED_SECONDS = 20.0
# Ended in this order: first who takes work in, last what holds the data.
STOP_ORDER: tuple[tuple[str, signal.Signals, float], ...] = (
    ("prepare", signal.SIGTERM, 3),
    ("serve", signal.SIGTERM, 12),
    ("worker", signal.SIGTERM, 12),
    ("redis", signal.SIGTERM, 3),
    ("postgres", signal.SIGINT, 10),
)


class StoppedError(Exception):
    """The demo was asked to end before it was ready."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What `stafet demo` was asked for."""

    home: Path
    host: str
    port: int
    empty: bool
    now: datetime | None


@dataclass(slots=True, kw_only=True)
class Part:
    """One supervised child: how it is started, and how often it failed lately."""

    child: Child
    start: Callable[[], None]
    failures: int = 0
    started_at: float = field(default=0.0)
    next_try_at: float = field(default=0.0)


class Supervisor:
    """Keeps parts alive until it is told to stop; times are those of the monotonic clock."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.stopping = Event()
        self._say = say
        self._parts: list[Part] = []

    def add(self, child: Child, start: Callable[[], None]) -> None:
        """Starts a part and watches it from now on."""
        start()
        self._parts.append(Part(child=child, start=start, started_at=time.monotonic()))

    def look(self) -> None:
        """Starts again whatever has died, at once the first time, then with growing pauses."""
        for part in self._parts:
            if part.child.alive():
                continue
            now = time.monotonic()
            if part.next_try_at == 0.0:
                part.failures = 0 if now - part.started_at > SETTLED_SECONDS else part.failures + 1
                pause = min(SHORTEST_WAIT_SECONDS * 2 ** (part.failures - 1), LONGEST_WAIT_SECONDS)
                part.next_try_at = now + (pause if part.failures > 1 else 0.0)
                self._say(f"{part.child.name} ended unasked; it is started again")
            if now >= part.next_try_at:
                self._restart(part)

    def _restart(self, part: Part) -> None:
        part.next_try_at = 0.0
        part.started_at = time.monotonic()
        try:
            part.start()
        except EngineError as error:
            self._say(str(error))

    def failing(self, deaths: int) -> list[Part]:
        """Parts that ended at least this often in a row, each time soon after their start."""
        return [part for part in self._parts if part.failures >= deaths]

    def watch(self) -> None:
        """Looks after the parts until it is told to stop."""
        while not self.stopping.wait(LOOK_SECONDS):
            self.look()

    def stop(self) -> None:
        """Ends every part, in order, within half a minute."""
        self.stopping.set()
        deadline = time.monotonic() + STOP_SECONDS
        children = {part.child.name: part.child for part in self._parts}
        # Both of our own processes drain at the same time; the engines outlive them.
        for name in ("serve", "worker"):
            if name in children:
                children[name].ask_to_stop()
        for name, first, grace in STOP_ORDER:
            if name in children:
                children[name].stop(first, min(grace, max(1.0, deadline - time.monotonic())))

    @contextmanager
    def signals(self) -> Iterator[None]:
        """SIGTERM, SIGHUP and Ctrl-C ask it to stop, for the length of the block."""

        def stop(_signal: int, _frame: FrameType | None) -> None:
            self.stopping.set()

        watched = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
        before = [signal.signal(number, stop) for number in watched]
        try:
            yield
        finally:
            for number, handler in zip(watched, before, strict=True):
                signal.signal(number, handler)


def run_demo(
    options: DemoOptions, settings: Settings, *, say: Callable[[str], None], ready: Callable[[Path], None]
) -> None:
    """Runs a demo until it is told to stop; the data stay in its folder.

    Args:
        options: what was asked for.
        settings: of the environment; a database or a Redis named there is used instead of an embedded one.
        say: prints one line.
        ready: called once, when `GET /readyz` answers 200.

    Raises:
        HomeInUseError: when another demo runs in the folder.
        EngineError: when a part cannot start.
    """
    home = options.home.absolute()
    supervisor = Supervisor(say)
    with locked(home), supervisor.signals():
        for name, first, grace in STOP_ORDER:
            if stop_orphan(home, name, first, grace):
                say(f"{name} was left over from a demo that was killed; it was ended")
        if free_port(options.port) != options.port:
            raise EngineError(f"port {options.port} is taken by another program; give --port")
        try:
            environment = _start_engines(supervisor, home, options, settings)
            prepared = home / PREPARED
            prepared.unlink(missing_ok=True)
            prepare = _spawn_prepare(home, options, environment)
            # They load while the data are being prepared, and begin when that is done.
            for name in ("serve", "worker"):
                child = Child(name=name, home=home, folder=home)
                command = (sys.executable, "-P", "-m", "services.cli", name, "--after", str(prepared))
                supervisor.add(child, _spawner(child, command, environment))
            _await_prepared(supervisor, prepare, prepared)
            _await_ready(supervisor, options)
            ready(home)
            supervisor.watch()
        except StoppedError:
            pass
        finally:
            supervisor.stop()


def _start_engines(supervisor: Supervisor, home: Path, options: DemoOptions, settings: Settings) -> dict[str, str]:
    if settings.database.url is None:
        postgres = Postgres(home)
        supervisor.add(postgres.child, postgres.start)
        database = (postgres.url("stafet_app"), postgres.url("stafet_owner"))
    else:
        database = (settings.database.app_url(), settings.database.migration_url())
    redis_url = settings.redis.address()
    program = redis_program() if redis_url is None else None
    if program is not None:
        redis = RedisServer(home, program)
        supervisor.add(redis.child, redis.start)
        redis_url = redis.url
    return environment_of(home, database=database, redis_url=redis_url, host=options.host, port=options.port)


def _spawn_prepare(home: Path, options: DemoOptions, environment: dict[str, str]) -> Child:
    child = Child(name="prepare", home=home, folder=home)
    wishes = [*(["--empty"] if options.empty else []), *(["--now", options.now.isoformat()] if options.now else [])]
    child.log_path.unlink(missing_ok=True)
    child.spawn([sys.executable, "-P", "-m", "services.demo.prepare", *wishes], environment_of_child(environment))
    return child


def _await_prepared(supervisor: Supervisor, child: Child, prepared: Path) -> None:
    try:
        while not prepared.exists():
            if supervisor.stopping.wait(LOOK_SECONDS / 4):
                raise StoppedError
            if not child.alive() and not prepared.exists():
                raise EngineError(f"the demo's data could not be prepared\n{child.last_words()}")
    finally:
        child.stop(signal.SIGTERM, 3)


def _spawner(child: Child, command: Sequence[str], environment: dict[str, str]) -> Callable[[], None]:
    return lambda: child.spawn(command, environment_of_child(environment))


def _await_ready(supervisor: Supervisor, options: DemoOptions) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if supervisor.stopping.wait(LOOK_SECONDS / 4):
            raise StoppedError
        supervisor.look()
        for part in supervisor.failing(DEATHS_BEFORE_READY):
            raise EngineError(f"{part.child.name} does not start\n{part.child.last_words()}")
        if _is_ready(options.port):
            return
    raise EngineError(f"serve was not ready within {READY_SECONDS:.0f} s; see {options.home}/logs/serve.log")


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
