"""How soon a full inbox stands in a browser, beside the same bytes from a server that only hands out files."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import median
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, Response
from typing_extensions import override

from discharge.policy import Role
from tests.bench.figures import Figure
from tests.journeys.busy import TASKS, fill_inbox, paint, watch_painting
from tests.journeys.country import BUSY, populate
from tests.journeys.office import Office, chromium
from tests.running import RunningDemo

__all__ = ["measure_painting"]

_INBOX = "/gp"
_LOADS = 9
_Files = Mapping[str, tuple[str, bytes]]


def measure_painting(demo: RunningDemo) -> list[Figure]:
    """The inbox of a practice with 200 open tasks in Chromium, from the press to the paint."""
    populate(demo, [BUSY])
    fill_inbox(demo, BUSY)
    with chromium() as browser:
        office = Office(demo, browser)
        ours = office.context()
        watch_painting(ours)
        office.sits(Role.GP, BUSY.practice, context=ours).close()
        with _served(_recorded(ours)) as url:
            bare = browser.new_context(base_url=url, viewport={"width": 1280, "height": 900})
            watch_painting(bare)
            loads = [(paint(ours, _INBOX), paint(bare, _INBOX)) for _ in range(_LOADS)]
    return [
        _figure("first paint", [(mine.first, static.first) for mine, static in loads]),
        _figure("largest paint", [(mine.largest, static.largest) for mine, static in loads], goal="< 1 s"),
        _figure("last card painted", [(mine.whole, static.whole) for mine, static in loads]),
    ]


def _figure(what: str, loads: list[tuple[float, float]], goal: str = "") -> Figure:
    return Figure(
        name=f"GP inbox with {TASKS} open tasks: {what}",
        value=median(mine for mine, _ in loads) / 1000,
        unit="s",
        limit_name="the same page out of files, no code of ours at the server",
        limit=median(static for _, static in loads) / 1000,
        goal=goal,
    )


def _recorded(context: BrowserContext) -> _Files:
    """What a browser is given when it opens the inbox."""
    page = context.new_page()
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        answers.append(answer)

    page.on("response", keep)
    page.goto(_INBOX, wait_until="networkidle")
    files = {
        urlsplit(answer.url).path: (answer.headers["content-type"], answer.body())
        for answer in answers
        if answer.status == HTTPStatus.OK and answer.request.method == "GET"
    }
    page.close()
    return files


@contextmanager
def _served(files: _Files) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        """Hands out the files."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """One file."""
            kind, body = files.get(urlsplit(self.path).path, ("text/plain", b""))
            self.send_response(HTTPStatus.OK)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            if self.path.startswith("/static/"):
                self.send_header("cache-control", "max-age=3600")
            self.end_headers()
            self.wfile.write(body)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running = threading.Thread(target=server.serve_forever)
    running.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        running.join()
        server.server_close()
