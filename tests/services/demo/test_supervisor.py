import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from services.demo.processes import Child, EngineError
from services.demo.supervisor import Supervisor
from services.settings import environment_of_child
from tests.waiting import wait_until


def sleeper(home: Path, name: str, code: str = "import time; time.sleep(60)") -> tuple[Child, Callable[[], None]]:
    child = Child(name=name, home=home, folder=home)
    return child, lambda: child.spawn([sys.executable, "-c", code], environment_of_child({}))


def kill(child: Child) -> None:
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    wait_until(lambda: not child.alive())


def come_back(supervisor: Supervisor, child: Child) -> None:
    """Look until its pause is over and it has been started again."""

    def is_back() -> bool:
        supervisor.look()
        return child.alive()

    wait_until(is_back)


def test_a_dead_child_is_started_again_at_once(home: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    child, start = sleeper(home, "worker")
    supervisor.add(child, start)
    first = child.pid

    kill(child)
    supervisor.look()

    assert child.alive()
    assert child.pid != first
    assert (home / "worker.pid").read_text(encoding="ascii") == f"{child.pid}\n"
    assert said == ["worker ended unasked; it is started again"]
    supervisor.stop()


def test_a_child_that_keeps_dying_is_started_with_growing_pauses(home: Path) -> None:
    supervisor = Supervisor(lambda _line: None)
    child, start = sleeper(home, "serve")
    supervisor.add(child, start)
    kill(child)
    supervisor.look()

    kill(child)
    supervisor.look()
    soon = child.alive()
    come_back(supervisor, child)

    assert not soon
    assert child.alive()
    assert [part.child.name for part in supervisor.failing(2)] == ["serve"]
    assert not supervisor.failing(3)
    supervisor.stop()


def test_a_restart_that_fails_is_told_and_tried_again(home: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    child, start = sleeper(home, "redis")
    answers = iter([start, _fail, start])

    def start_in_turn() -> None:
        next(answers)()

    supervisor.add(child, start_in_turn)

    kill(child)
    come_back(supervisor, child)

    assert said.count("no memory") == 1
    supervisor.stop()


def _fail() -> None:
    raise EngineError("no memory")


def test_stopping_ends_every_child_and_forgets_its_pid(home: Path) -> None:
    supervisor = Supervisor(lambda _line: None)
    children = []
    for name in ("redis", "worker", "serve"):
        child, start = sleeper(home, name)
        supervisor.add(child, start)
        children.append(child)

    supervisor.stop()

    assert not any(child.alive() for child in children)
    assert not list(home.glob("*.pid"))


def test_a_child_that_ignores_sigterm_is_killed_after_its_grace(home: Path) -> None:
    child, start = sleeper(
        home, "worker", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True);"
        "time.sleep(60)"
    )  # fmt: skip
    start()
    wait_until(lambda: bool(child.last_words()))

    child.stop(signal.SIGTERM, 0.2)

    assert child.exit_code() == -signal.SIGKILL


def test_watching_ends_when_told_to_stop(home: Path) -> None:
    supervisor = Supervisor(lambda _line: None)
    child, start = sleeper(home, "worker")
    supervisor.add(child, start)
    threading.Timer(0.2, supervisor.stopping.set).start()

    supervisor.watch()

    assert child.alive()
    supervisor.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signals_ask_it_to_stop_and_are_given_back(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    supervisor = Supervisor(lambda _line: None)

    with supervisor.signals():
        os.kill(os.getpid(), number)

    assert supervisor.stopping.wait(1)
    assert signal.getsignal(number) == before
