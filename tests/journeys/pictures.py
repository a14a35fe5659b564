"""README's pictures of a seeded demo on a Friday before noon: ``python -m tests.journeys.pictures`` makes them anew."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, expect

from discharge.policy import Role
from services.demo.courses import WARD
from tests.journeys.office import await_live, chromium
from tests.running import RunningDemo, running_demo

__all__ = ["main"]

NOW: Final = "2026-11-20T11:40:00+01:00"
FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "pictures"
LARGEST: Final = 200_000
SITTERS: Final = {
    "municipality": (Role.HOME_NURSE, "999000000002001", "/"),
    "ward": (Role.WARD, WARD, "/"),
    "gp": (Role.GP, "999000000003001", "/"),
    "agreement": (Role.LEADER, "999000000002000", "/agreements"),
}
"""Whose page each picture shows."""


def take(demo: RunningDemo, browser: Browser, name: str) -> Path:
    """One picture, 1280 by 800, light."""
    role, place, path = SITTERS[name]
    context = browser.new_context(
        base_url=demo.url,
        viewport={"width": 1280, "height": 800},
        color_scheme="light",
        timezone_id="Europe/Copenhagen",
        reduced_motion="reduce",
    )
    context.request.post("/demo/sign-in", form={"person": f"{role.value}|{place}"})
    page = context.new_page()
    page.goto(path)
    if path == "/":
        await_live(page)
        expect(page.locator(".card, tr.row").first).to_be_visible()
    else:
        expect(page.locator("h1")).to_be_visible()
    page.evaluate("() => document.fonts.ready")
    file = FOLDER / f"{name}.png"
    page.screenshot(path=file)
    context.close()
    return file


def main() -> int:
    """Make all of them; 1 when one is too large for a README."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with running_demo("--now", NOW) as demo, chromium() as browser:
        files = [take(demo, browser, name) for name in SITTERS]
    for file in files:
        sys.stdout.write(f"{file.relative_to(Path.cwd())}: {file.stat().st_size // 1000} kB\n")
    return int(any(file.stat().st_size > LARGEST for file in files))


if __name__ == "__main__":
    raise SystemExit(main())
