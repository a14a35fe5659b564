"""Browsers for everybody in a journey: who sits where, what their pages asked for, heard and complained of."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    WebSocket,
    expect,
    sync_playwright,
)

from discharge.policy import Role
from tests.browser import ARGUMENTS, executable
from tests.running import RunningDemo

__all__ = [
    "PATIENCE",
    "Heard",
    "Office",
    "await_live",
    "card_of",
    "chromium",
    "is_same_page",
    "mark_page",
    "proof_on",
    "row_of",
    "show_new",
    "stay_in",
    "task_in",
]

PATIENCE: Final = 30_000
"""Milliseconds that a condition may take on a busy machine. Nothing waits so long on an idle one."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass(slots=True)
class Heard:
    """What all browsers of a journey asked for, were told over sockets, and complained of."""

    urls: list[str] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)


class Office:
    """Opens a browser context for each person; ``close`` ends them all."""

    def __init__(self, demo: RunningDemo, browser: Browser) -> None:
        self.demo = demo
        self.heard = Heard()
        self.expected: set[str] = set()
        """Parts of complaints that the journey brings about by intent."""
        self._browser = browser
        self._contexts: list[BrowserContext] = []

    def context(
        self,
        *,
        script: bool = True,
        lang: str | None = None,
        width: int = 1280,
        height: int = 900,
    ) -> BrowserContext:
        """A browser of its own, nobody signed in."""
        context = self._browser.new_context(
            base_url=self.demo.url,
            java_script_enabled=script,
            viewport={"width": width, "height": height},
            timezone_id="Europe/Copenhagen",
            locale="da-DK",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        if lang is not None:
            context.add_cookies([{"name": "stafet-lang", "value": lang, "url": self.demo.url}])
        context.on("request", lambda request: self.heard.urls.append(request.url))
        context.on("console", self._console)
        context.on("weberror", lambda error: self.heard.complaints.append(str(error.error)))
        context.on("page", lambda page: page.on("websocket", self._socket))
        self._contexts.append(context)
        return context

    def sits(self, role: Role, place: str, *, context: BrowserContext | None = None, path: str = "/") -> Page:
        """A page of the demo's person of ``role`` at ``place``, on their own list or at ``path``."""
        mine = context or self.context()
        answer = mine.request.post("/demo/sign-in", form={"person": f"{role.value}|{place}"}, max_redirects=0)
        assert answer.status == 303, answer.text()
        page = mine.new_page()
        page.goto(path)
        return page

    def pages(self) -> list[Page]:
        """Every page that is open."""
        return [page for context in self._contexts for page in context.pages]

    def close(self) -> None:
        """End every browser, then tell what they should not have met with.

        Raises:
            AssertionError: a page wrote an error to its console, broke the content policy or asked another site.
        """
        for context in self._contexts:
            context.close()
        outside = [url for url in self.heard.urls if not url.startswith((self.demo.url, "data:", "blob:"))]
        unexpected = [text for text in self.heard.complaints if not any(expected in text for expected in self.expected)]
        assert not outside, outside
        assert not unexpected, unexpected

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.heard.complaints.append(f"{message.text} ({message.location['url']})")

    def _socket(self, socket: WebSocket) -> None:
        self.heard.urls.append(socket.url.replace("ws://", "http://"))
        socket.on("framereceived", lambda frame: self.heard.frames.append(str(frame)))


def await_live(*pages: Page) -> None:
    """Wait until each page follows its feed."""
    for page in pages:
        expect(page.locator("#live-word strong")).to_have_text("Live")


def show_new(page: Page, *wanted: Locator) -> None:
    """Let in what waits behind the pill, until all that is wanted stands on the page.

    A page that nobody touches lets it in by itself, so on a slow machine there may be nothing to press.
    """
    pill = page.locator("#newpill")
    deadline = time.monotonic() + PATIENCE / 1000
    while not all(item.is_visible() for item in wanted):
        if pill.is_visible():
            with suppress(Error):
                pill.click(timeout=1_000)
        assert time.monotonic() < deadline, f"did not come: {[item for item in wanted if not item.is_visible()]}"
        page.wait_for_timeout(50)


def card_of(page: Page, stay: str, title: str) -> Locator:
    """The card of a stay's task, by how its title begins."""
    return page.locator(f'.card[data-stay="{stay}"]').filter(has=page.locator("h3", has_text=title))


def row_of(page: Page, name: str) -> Locator:
    """A patient's row on the ward's board."""
    return page.locator("tr.row").filter(has=page.locator(".who", has_text=name))


def proof_on(board: Page, task: str) -> Locator:
    """What a board says of how far a task has come."""
    return board.locator(f'xpath=//a[@href="/tasks/{task}"]/ancestor::span[1]/preceding-sibling::span[1]')


def stay_in(item: Locator) -> str:
    """The stay that a row or card is about."""
    found = item.get_attribute("data-stay")
    assert found is not None
    return found


def task_in(card: Locator) -> str:
    """The task that a card shows."""
    found = card.get_attribute("data-task")
    assert found is not None
    return found


def mark_page(*pages: Page) -> None:
    """Leave a mark that a reload would wipe out."""
    for page in pages:
        page.evaluate("window.neverReloaded = true")


def is_same_page(page: Page) -> bool:
    """Tell whether the page was never loaded again since ``mark_page``."""
    return page.evaluate("window.neverReloaded === true") is True
