"""Sizes and habits of what the browser gets."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[3] / "services" / "web" / "static"
SCRIPTS = ("live.js", "vendor/htmx.min.js")
STYLES = ("tokens.css", "parts.css", "pages.css")


def _gzipped(name: str) -> int:
    return len(gzip.compress((STATIC / name).read_bytes(), 9))


def test_scripts_are_under_60_kb_on_the_wire() -> None:
    assert sum(_gzipped(name) for name in SCRIPTS) < 60_000


def test_styles_are_under_20_kb_on_the_wire() -> None:
    assert sum(_gzipped(name) for name in STYLES) < 20_000


@pytest.mark.parametrize("name", [*STYLES, "live.js", "icons.svg", "icon.svg"])
def test_nothing_comes_from_outside(name: str) -> None:
    text = (STATIC / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")

    assert not re.search(r"https?://|@import", text)


def test_live_keeps_no_data_in_the_browser() -> None:
    text = (STATIC / "live.js").read_text(encoding="utf-8")

    assert "localStorage" not in text
    assert "sessionStorage" not in text
    assert "eval(" not in text


def test_colours_are_defined_once_as_tokens() -> None:
    allowed = {"#fff", "#000", "#7fe0bd", "#0c3740"}
    for name in ("parts.css", "pages.css"):
        used = set(re.findall(r"(?<![\w-])#[0-9a-f]{3,8}\b", (STATIC / name).read_text(encoding="utf-8")))
        assert used <= allowed, name


def test_every_icon_that_a_page_names_is_in_the_sprite() -> None:
    sprite = set(re.findall(r'<symbol id="i-([a-z]+)"', (STATIC / "icons.svg").read_text(encoding="utf-8")))
    services = STATIC.parents[1]
    used = set()
    for path in services.rglob("*.html"):
        used |= set(re.findall(r'icon\("([a-z]+)"\)|icons\.svg#i-([a-z]+)"', path.read_text(encoding="utf-8")))
    for path in services.rglob("*.py"):
        used |= {(name, "") for name in re.findall(r'icon="([a-z]+)"', path.read_text(encoding="utf-8"))}
    names = {name for pair in used for name in pair if name}

    assert names <= sprite
