"""The whole `stafet demo`, over the real processes."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from services.demo.processes import EngineError, free_port
from services.demo.supervisor import DemoOptions, run_demo
from services.settings import load_settings
from tests.waiting import PATIENCE, wait_until

pytestmark = pytest.mark.fault
CHILDREN = ("serve", "worker", "redis", "postgres")


def pid(home: Path, name: str) -> int:
    return int((home / f"{name}.pid").read_text(encoding="ascii"))


def is_replaced(home: Path, name: str, killed: int) -> bool:
    """Another stands in its file, which is empty while it is written."""
    return (home / f"{name}.pid").read_text(encoding="ascii").strip() not in {"", str(killed)}


def is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def await_ready(port: int, process: subprocess.Popen[bytes] | None = None) -> None:
    def is_up() -> bool:
        assert process is None or process.poll() is None, "the demo ended"
        return is_ready(port)

    wait_until(is_up)


def has_said_so(home: Path, process: subprocess.Popen[bytes]) -> bool:
    words = (home / "out").read_text(encoding="utf-8")
    assert process.poll() is None, words
    return "Stafet is ready" in words


@contextmanager
def running_demo(home: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    # Empty: who is killed and healed is the same with citizens, whose seeding has tests of its own.
    command = [sys.executable, "-P", "-m", "services.cli", "demo", "--empty", "--home", str(home), "--port", str(port)]
    with (home / "out").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=home)
    try:
        wait_until(lambda: has_said_so(home, process))
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(PATIENCE)


def test_it_heals_every_child_refuses_a_second_start_and_ends_when_asked(home: Path) -> None:
    port = free_port()
    with running_demo(home, port) as demo:
        for name in CHILDREN:
            killed = pid(home, name)
            os.kill(killed, signal.SIGKILL)
            wait_until(partial(is_replaced, home, name, killed))
            await_ready(port, demo)
        second = subprocess.run(
            [sys.executable, "-P", "-m", "services.cli", "demo", "--home", str(home), "--port", str(port)],
            check=False, capture_output=True, text=True, timeout=PATIENCE,
        )  # fmt: skip
        demo.terminate()
        code = demo.wait(PATIENCE)

    assert second.returncode == 1
    assert "a demo already runs" in second.stderr
    assert code == 0
    assert not [name for name in CHILDREN if (home / f"{name}.pid").exists()]


def test_a_start_after_kill_9_of_the_supervisor_ends_the_orphans_and_keeps_the_data(home: Path) -> None:
    port = free_port()
    with running_demo(home, port) as first:
        orphans = {name: pid(home, name) for name in CHILDREN}
        first.kill()
        first.wait()

    with running_demo(home, port):
        await_ready(port)
        fresh = {name: pid(home, name) for name in CHILDREN}
        alive = [name for name, orphan in orphans.items() if Path(f"/proc/{orphan}").exists()]

    assert not alive
    assert all(fresh[name] != orphans[name] for name in CHILDREN)


def test_it_runs_inside_one_process_until_told_to_stop(home: Path) -> None:
    port = free_port()
    said: list[str] = []
    options = DemoOptions(home=home, host="127.0.0.1", port=port, empty=True, now=None)

    run_demo(
        options, load_settings(), say=said.append, ready=lambda _home: os.kill(os.getpid(), signal.SIGTERM)
    )  # fmt: skip

    assert said == []
    assert (home / "logins.json").exists()
    assert not is_ready(port)


def test_a_taken_port_is_told_before_anything_is_started(home: Path) -> None:

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        options = DemoOptions(home=home, host="127.0.0.1", port=taken.getsockname()[1], empty=True, now=None)

        with pytest.raises(EngineError, match="is taken"):
            run_demo(options, load_settings(), say=lambda _line: None, ready=lambda _home: None)

    assert not (home / "postgres").exists()
