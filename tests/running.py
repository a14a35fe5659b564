"""A whole installation as a newcomer starts it: ``stafet demo`` as a child process, in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from discharge.identifiers import SorCode
from discharge.policy import Role
from services.demo.home import settings_of
from services.settings import Settings
from services.web.tokens import issue_demo_token
from tests.waiting import wait_until

__all__ = ["RunningDemo", "free_port", "is_ready", "running_demo"]

STAFET = Path(sys.executable).with_name("stafet")
READY_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class RunningDemo:
    """A demo that answers at ``url``; its data are in ``home``."""

    url: str
    home: Path
    port: int
    process: subprocess.Popen[bytes]
    started_in: float
    """Seconds from the command to the first 200 of ``/readyz``."""

    @property
    def settings(self) -> Settings:
        """The settings that its processes run with."""
        return settings_of(self.home)

    @property
    def live_url(self) -> str:
        """Where its socket is."""
        return self.url.replace("http://", "ws://") + "/live"

    def environment(self) -> dict[str, str]:
        """The STAFET_* variables that its processes run with."""
        variables: dict[str, str] = json.loads((self.home / "environment.json").read_text(encoding="utf-8"))
        return variables

    def token(self, role: Role, organization: str, unit: str | None = None, ttl: int = 3600) -> str:
        """A bearer token, as ``stafet token`` makes it."""
        return issue_demo_token(
            self.settings.token,
            role=role,
            organization=SorCode(organization),
            unit=None if unit is None else SorCode(unit),
            ttl=timedelta(seconds=ttl),
            now=datetime.now(UTC),  # noqa: TID251 - tokens follow the real clock
        )

    def bearer(self, role: Role, organization: str, unit: str | None = None) -> dict[str, str]:
        """The header that shows such a token."""
        return {"Authorization": f"Bearer {self.token(role, organization, unit)}"}

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a ``stafet`` command as a person would."""
        return subprocess.run([STAFET, *command], capture_output=True, text=True, timeout=300, check=False)

    def pid(self, name: str) -> int:
        """The process id of one of its children."""
        return int((self.home / f"{name}.pid").read_text(encoding="ascii"))

    def kill(self, name: str) -> None:
        """End one of its children without a warning."""
        os.kill(self.pid(name), signal.SIGKILL)

    def await_ready(self, seconds: float = READY_SECONDS) -> None:
        """Wait until ``/readyz`` answers 200.

        Raises:
            TimeoutError: it does not, in that time.
        """
        wait_until(lambda: self.process.poll() is not None or is_ready(self.url), within=seconds)
        if self.process.poll() is not None:
            logs = "\n".join(log.read_text(errors="replace")[-2000:] for log in sorted(self.home.glob("logs/*")))
            msg = f"the demo ended; its logs end:\n{logs}"
            raise TimeoutError(msg)


def is_ready(url: str) -> bool:
    """True when a web process says that it is."""
    try:
        return httpx.get(f"{url}/readyz", timeout=10).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def running_demo(*arguments: str) -> Iterator[RunningDemo]:
    """Start ``stafet demo`` with ``arguments``, and end it and its children afterwards."""
    # Not pytest's tmp_path: the database's own account must be able to reach it.
    folder = Path(tempfile.mkdtemp(prefix="stafet-demo-"))
    folder.chmod(0o755)
    home = folder / "home"
    port = free_port()
    started = time.monotonic()
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [STAFET, "demo", "--port", str(port), "--home", str(home), *arguments],
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    demo = RunningDemo(f"http://localhost:{port}", home, port, process, 0.0)
    try:
        try:
            demo.await_ready()
        except TimeoutError as error:
            error.add_note((folder / "out").read_text(errors="replace")[-2000:])
            raise
        yield RunningDemo(demo.url, home, port, process, time.monotonic() - started)
    finally:
        process.terminate()
        try:
            process.wait(40)
        finally:
            if process.poll() is None:
                process.kill()
            shutil.rmtree(folder, ignore_errors=True)
