"""What a process costs before it does anything: import, start, memory."""

from __future__ import annotations

import subprocess
import sys
import time

import httpx
import psutil

from services.settings import environment_of_child
from tests.bench.figures import Figure, percentile
from tests.running import STAFET, RunningDemo, free_port

__all__ = ["measure_startup"]

_MIB = 1024 * 1024
_RUNS = 5
# As `stafet serve` does it; what the process takes to end afterwards is no import.
_IMPORT = "import services.memory as m; m.collect_seldom(); import services.bootstrap; print(flush=True)"


def measure_startup(demo: RunningDemo) -> list[Figure]:
    """Import, start to ready, idle memory; and the whole demo as a newcomer starts it."""
    port = free_port()
    began = time.perf_counter()
    process = subprocess.Popen([STAFET, "serve"], env=_environment(demo, port))
    try:
        while not _ready(port):
            time.sleep(0.01)
        ready = time.perf_counter() - began
        time.sleep(2)
        idle = psutil.Process(process.pid).memory_info().rss / _MIB
    finally:
        process.terminate()
        process.wait(30)
    return [
        Figure(name="start of serve to ready", value=ready, unit="s", goal="< 3 s"),
        Figure(name="import of a web process", value=_import_seconds(), unit="s", goal="< 2 s"),
        Figure(name="memory of serve, idle", value=idle, unit="MiB", goal="< 150 MiB"),
        Figure(name="start of `stafet demo` to ready, first time", value=demo.started_in, unit="s", goal="< 10 s"),
    ]


def _environment(demo: RunningDemo, port: int) -> dict[str, str]:
    variables = demo.environment()
    return environment_of_child({**variables, "STAFET_HTTP_PORT": str(port)})


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", timeout=1).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def _import_seconds() -> float:
    seconds = []
    for _ in range(_RUNS):
        began = time.perf_counter()
        with subprocess.Popen([sys.executable, "-c", _IMPORT], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline()
            seconds.append(time.perf_counter() - began)
    return percentile(seconds, 0.5)
