"""The pages of a long list: which one is asked for, and the way to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urlencode

from services.persistence.views import Part

__all__ = ["Pages", "address", "page_number"]

_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """What stands under a list of several pages."""

    page: int
    first: int
    """The place of its first row, from 1."""
    last: int
    total: int
    before: str
    """The address of the page before; empty: there is none."""
    after: str

    @classmethod
    def of(cls, part: Part, path: str, **kept: str) -> Self | None:
        """The foot of a list at ``path`` with ``kept`` in its address; None: one page holds it."""
        pages = cls(
            page=part.page,
            first=part.rows.start + 1,
            last=min(part.rows.stop, part.total),
            total=part.total,
            before=address(path, part.page - 1, **kept) if part.page > 1 else "",
            after=address(path, part.page + 1, **kept) if part.has_more else "",
        )
        return pages if pages.before or pages.after else None


def address(path: str, page: int, **kept: str) -> str:
    """Where a page of a list is; the first one has no number."""
    asked = {name: text for name, text in kept.items() if text} | ({"page": str(page)} if page > 1 else {})
    return f"{path}?{urlencode(asked)}" if asked else path


def page_number(text: object) -> int:
    """The page that ``text`` asks for; what is no number asks for the first."""
    return int(text) if isinstance(text, str) and text.isascii() and text.isdigit() and len(text) <= _DIGITS else 1
