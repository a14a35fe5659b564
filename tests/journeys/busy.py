"""A practice with more to do than one page can show, and how fast a browser paints its inbox."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import BrowserContext

from tests.journeys.country import Citizen, Corner, Course
from tests.running import RunningDemo

__all__ = ["TASKS", "Painted", "fill_inbox", "paint", "watch_painting"]

TASKS: Final = 200
"""Open tasks of the practice: two of each of its citizens."""
_IN_FLIGHT: Final = 4
# Two frames after the document is there, a frame with all of it has been painted.
_WATCH: Final = """
    window.painted = {};
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.painted.largest = entry.startTime;
    }).observe({ type: "largest-contentful-paint", buffered: true });
    document.addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => requestAnimationFrame(() => {
      window.painted.whole = performance.now();
    })));
    """
_ARE_THERE: Final = """() => {
      const [first] = performance.getEntriesByName("first-contentful-paint");
      if (first) window.painted.first = first.startTime;
      return "first" in window.painted && "largest" in window.painted && "whole" in window.painted;
    }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    """When one load of a page was painted, in milliseconds from its start."""

    first: float
    """The first text or picture."""
    largest: float
    """The largest one in sight."""
    whole: float
    """A frame with the whole document in it, the last card too."""


def fill_inbox(demo: RunningDemo, corner: Corner) -> None:
    """Every citizen of the corner comes to hospital and goes home: the practice gets ``TASKS`` tasks."""

    def goes_home(citizen: Citizen) -> None:
        course = Course(demo, corner, citizen)
        course.admit()
        course.discharge()

    with ThreadPoolExecutor(_IN_FLIGHT) as courses:
        list(courses.map(goes_home, corner.citizens()))


def watch_painting(context: BrowserContext) -> None:
    """Have every page of this browser note when it was painted."""
    context.add_init_script(_WATCH)


def paint(context: BrowserContext, path: str) -> Painted:
    """Load ``path`` in a new page of a browser that is watched."""
    page = context.new_page()
    try:
        page.goto(path)
        page.wait_for_function(_ARE_THERE)
        return Painted(**page.evaluate("window.painted"))
    finally:
        page.close()
