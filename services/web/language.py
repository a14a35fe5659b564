"""Two languages: Danish, in which everything is written, and English, from a catalogue.

The catalogue is compiled when the process starts, so a .po file in the wheel is all there is to ship.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib import resources

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from discharge.task import Title

__all__ = ["CODES", "Language", "language"]

CODES = ("da", "en")


@dataclass(frozen=True, slots=True)
class Language:
    """One language of the pages. ``text`` turns a Danish sentence into this language."""

    code: str
    translations: NullTranslations = field(compare=False, repr=False)

    @property
    def is_danish(self) -> bool:
        """True for the language the pages are written in."""
        return self.code == "da"

    @property
    def text(self) -> Callable[[str], str]:
        """The gettext function."""
        return self.translations.gettext

    def of(self, title: Title) -> str:
        """A sentence that comes in both languages, in this one."""
        return title.da if self.is_danish else title.en

    def choose(self, number: int, one: str, many: str) -> str:
        """``one`` for exactly one, else ``many``, with the number at ``{n}``."""
        return self.text(one if number == 1 else many).format(n=number)


@cache
def language(code: str) -> Language:
    """The language of ``code``; Danish for a code that is none of ours."""
    return Language("en", _compiled("en")) if code == "en" else Language("da", NullTranslations())


def _compiled(code: str) -> GNUTranslations:
    source = resources.files("services.web") / "locale" / code / "LC_MESSAGES" / "stafet.po"
    with source.open("rb") as file:
        catalogue = read_po(file, locale=code, abort_invalid=True)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
