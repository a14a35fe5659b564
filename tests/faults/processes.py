"""Further processes of a running installation: a second `serve`, more workers."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from services.settings import environment_of_child
from tests.running import free_port

__all__ = ["second_serve", "spawn"]

START_SECONDS = 90.0


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
        deadline = time.monotonic() + START_SECONDS
        while not _is_ready(url):
            if process.poll() is not None or time.monotonic() > deadline:
                raise TimeoutError(log.read_text(errors="replace")[-2000:])
            time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        try:
            process.wait(30)
        finally:
            process.kill()
            process.wait()


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
