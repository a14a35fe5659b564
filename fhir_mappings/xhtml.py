"""The narrative of a resource: XHTML between XML and the text that JSON holds.

It is untrusted and shown to nobody. It is kept so that a message is whole.
"""

from __future__ import annotations

import html
import re
from typing import Final
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

__all__ = ["XHTML", "Narrative", "words_of", "written"]

XHTML: Final = "http://www.w3.org/1999/xhtml"
_XML: Final = "http://www.w3.org/XML/1998/namespace "
_TAG: Final = re.compile(r"<[^>]*>")


class Narrative:
    """Writes one ``div`` as text while a parser goes through it."""

    def __init__(self, attributes: dict[str, str]) -> None:
        self._parts: list[str] = []
        self._names: list[str] = []
        self._is_bare = False
        """True while the last tag was opened and nothing has followed."""
        self._begin("div", {"xmlns": XHTML} | attributes)

    @property
    def depth(self) -> int:
        """How many elements are open."""
        return len(self._names)

    @property
    def text(self) -> str:
        """What was written."""
        return "".join(self._parts)

    def start(self, namespace: str, name: str, attributes: dict[str, str]) -> None:
        """An element begins. Elements of other namespaces are kept as if they were XHTML's."""
        self._fill()
        self._begin(name, attributes if namespace == XHTML else {"xmlns": namespace} | attributes)

    def characters(self, text: str) -> None:
        """Text stands here."""
        self._fill()
        self._parts.append(escape(text))

    def end(self) -> bool:
        """An element ends; True when it was the ``div``."""
        name = self._names.pop()
        self._parts.append("/>" if self._is_bare else f"</{name}>")
        self._is_bare = False
        return not self._names

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        known = ((key.replace(_XML, "xml:"), value) for key, value in attributes.items())
        said = "".join(f" {key}={quoteattr(value)}" for key, value in known if " " not in key)
        self._parts.append(f"<{name}{said}")
        self._names.append(name)
        self._is_bare = True

    def _fill(self) -> None:
        if self._is_bare:
            self._parts.append(">")
            self._is_bare = False


def words_of(div: str) -> str:
    """What a narrative says, without its form: the same whichever format it travelled in."""
    return " ".join(html.unescape(_TAG.sub(" ", div)).split())


def written(div: str) -> str:
    """The narrative as XML, in one form; its words alone when it is not well-formed."""
    narrative: Narrative | None = None

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal narrative
        namespace, _, local = name.rpartition(" ")
        if narrative is None:
            if name != f"{XHTML} div":
                raise ValueError(name)
            narrative = Narrative(attributes)
        else:
            narrative.start(namespace, local, attributes)

    def end(_name: str) -> None:
        assert narrative is not None
        narrative.end()

    def characters(text: str) -> None:
        assert narrative is not None
        narrative.characters(text)

    def doctype(*_declared: object) -> None:
        raise ValueError("doctype")

    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = characters
    try:
        parser.Parse(div.encode(), True)
    except (expat.ExpatError, ValueError):
        return f'<div xmlns="{XHTML}">{escape(words_of(div))}</div>'
    assert narrative is not None
    return narrative.text
