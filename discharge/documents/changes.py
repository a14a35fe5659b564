"""What a newer version of a report says otherwise, section by section and line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from discharge.documents.report import DischargeReport, Section

__all__ = ["LineChange", "SectionChange", "SectionWork", "difference"]

_Key = tuple[tuple[str, ...], int]


class SectionWork(StrEnum):
    """What became of a section."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line that came or went."""

    is_added: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionChange:
    """A section that differs."""

    work: SectionWork
    section: Section
    """As the newer version has it; as the older one where it was removed."""
    lines: tuple[LineChange, ...]


def difference(before: DischargeReport, after: DischargeReport) -> tuple[SectionChange, ...]:
    """The sections in which ``after`` differs, in its order, then those that are gone."""
    old, new = dict(_placed(before)), dict(_placed(after))
    return (*_of_newer(old, new), *_removed(old, new))


def _of_newer(old: dict[_Key, Section], new: dict[_Key, Section]) -> Iterator[SectionChange]:
    for key, section in new.items():
        known = old.get(key)
        said = _said(section)
        if known is None:
            lines = tuple(LineChange(is_added=True, text=line) for line in said)
            yield SectionChange(work=SectionWork.ADDED, section=section, lines=lines)
        elif _said(known) != said:
            changed = tuple(_lines(_said(known), said))
            yield SectionChange(work=SectionWork.CHANGED, section=section, lines=changed)


def _removed(old: dict[_Key, Section], new: dict[_Key, Section]) -> Iterator[SectionChange]:
    for key, section in old.items():
        if key not in new:
            lines = tuple(LineChange(is_added=False, text=line) for line in _said(section))
            yield SectionChange(work=SectionWork.REMOVED, section=section, lines=lines)


def _placed(report: DischargeReport) -> Iterator[tuple[_Key, Section]]:
    """Each section under what it is known by in every version: the codes that lead to it, and which of its like it is.

    A section without a code is known by its title.
    """
    counted: Counter[tuple[str, ...]] = Counter()
    waiting: list[tuple[tuple[str, ...], Section]] = [((), section) for section in reversed(report.sections)]
    while waiting:
        above, section = waiting.pop()
        steps = (*above, section.code or section.title.casefold())
        counted[steps] += 1
        yield (steps, counted[steps]), section
        waiting += [(steps, below) for below in reversed(section.sections)]


def _said(section: Section) -> tuple[str, ...]:
    reason = () if section.empty_reason is None else (section.empty_reason,)
    return (*section.lines, *(each.words for each in section.statements if each.says_something), *reason)


def _lines(before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[LineChange]:
    for _, start, end, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if before[start:end] == after[first:last]:
            continue
        yield from (LineChange(is_added=False, text=line) for line in before[start:end])
        yield from (LineChange(is_added=True, text=line) for line in after[first:last])
