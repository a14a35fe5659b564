"""Sentences that come in the languages of the pages."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Title"]


@dataclass(frozen=True, slots=True)
class Title:
    """What is to be done or what is missing, as a sentence that names nobody."""

    da: str
    en: str
