"""The narrative of a section as plain lines: nothing of its form is kept, so nothing in it can act.

A row of a table is one line. Whatever comes is read in one pass, well-formed or not: a narrative is never a fault,
and never costs more than its length. Source: FHIR R4, Narrative (XHTML without scripts, forms and remote content).
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Final

__all__ = ["narrative_lines"]

_BREAKS: Final = frozenset(
    {"p", "div", "br", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "dd", "hr", "pre",
     "caption", "blockquote", "thead", "tbody"}
)  # fmt: skip
_CELLS: Final = frozenset({"td", "th"})
_SILENT: Final = frozenset({"script", "style", "template"})
_ACTIVE: Final = _SILENT | {"iframe", "object", "embed", "form", "svg", "input", "link", "meta", "base"}
_NAME: Final = re.compile(r"/?([a-z][a-z0-9]*)", re.IGNORECASE)
_ACTS: Final = re.compile(
    r"[\s\"'/]on[a-z]+\s*=|=\s*[\"']?\s*(?:javascript|vbscript):"
    r"|[\s\"'/](?:src|background)\s*=(?!\s*[\"']?\s*(?:data:image/|#))",
    re.IGNORECASE,
)
"""An attribute that would run something or reach out."""


class _Told:
    """Goes through a narrative and keeps its words."""

    def __init__(self) -> None:
        self._lines: list[list[str]] = [[]]
        self._silent_until = ""
        self.is_active = False

    @property
    def lines(self) -> tuple[str, ...]:
        said = (" ".join(html.unescape("".join(parts)).split()) for parts in self._lines)
        return tuple(line.removeprefix("| ") for line in said if line.strip("| "))

    def words(self, text: str) -> None:
        if not self._silent_until:
            self._lines[-1].append(text)

    def tag(self, name: str, markup: str) -> None:
        begins = not markup.startswith("/")
        if begins and (name in _ACTIVE or _ACTS.search(markup) is not None):
            self.is_active = True
        if self._silent_until:
            if not begins and name == self._silent_until:
                self._silent_until = ""
        elif begins and name in _SILENT and not markup.endswith("/"):
            self._silent_until = name
        elif name in _BREAKS:
            self._lines.append([])
        elif begins and name in _CELLS:
            self._lines[-1].append(" | ")


def narrative_lines(div: str | None) -> tuple[Sequence[str], bool]:
    """The lines of a ``div``, and whether something in it was left out because it would act."""
    told = _Told()
    first, *rest = (div or "").split("<")
    told.words(first)
    for part in rest:
        markup, closed, words = part.partition(">")
        name = _NAME.match(markup)
        if closed and name is not None:
            told.tag(name[1].lower(), markup)
            told.words(words)
        elif closed and markup.startswith(("!", "?")):
            told.words(words)
        else:
            told.words(f"<{part}")
    return told.lines, told.is_active
