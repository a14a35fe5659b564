"""Further processes of a running installation: a second `serve`, more workers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from services.settings import environment_of_child
from tests.running import READY_SECONDS, free_port, is_ready
from tests.waiting import wait_until

__all__ = ["second_serve", "spawn"]


def spawn(name: str, variables: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start ``stafet serve`` or ``stafet worker`` with these settings."""
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "services.cli", name],
            env=environment_of_child(dict(variables)),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )


@contextmanager
def second_serve(variables: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Another web process of the installation that ``variables`` describe; yields its address when it is ready."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = folder / "second-serve.log"
    process = spawn("serve", {**variables, "STAFET_HTTP_PORT": str(port), "STAFET_HTTP_HOST": "127.0.0.1"}, log)
    try:
        wait_until(lambda: process.poll() is not None or is_ready(url), within=READY_SECONDS)
        if process.poll() is not None:
            raise TimeoutError(log.read_text(errors="replace")[-2000:])
        yield url
    finally:
        process.terminate()
        try:
            process.wait(30)
        finally:
            process.kill()
            process.wait()
