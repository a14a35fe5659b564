"""What people wrote down out of documents, and what has become of those documents since."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final

from discharge.medication.lists import Column, ListOrigin, MedicationList

__all__ = ["BY_HAND", "ended", "passes_over", "retold", "unfounded"]

BY_HAND: Final = frozenset({ListOrigin.HAND, ListOrigin.HOME})
"""How lists come here that people write on our pages."""


def passes_over(stated: MedicationList, lists: Sequence[MedicationList], own: MedicationList | None) -> bool:
    """Tell whether a list replaces what is not its source's to replace, or passes over what it wrote itself before.

    Args:
        stated: the list.
        lists: all that were stated.
        own: its source's own list of the column.
    """
    if stated.replaces is None:
        return False
    old = next((each for each in lists if each.id == stated.replaces), None)
    if old is None or old.column is not stated.column:
        return True
    if own is not None and own.is_told and own.origin in BY_HAND:
        return own is not old
    return old.column is Column.NOW and old.source != stated.source


def ended(
    lists: Sequence[MedicationList], holding: Collection[str], taken_back: Collection[str]
) -> tuple[frozenset[str], frozenset[str]]:
    """Ids of the documents' lists that do not hold, and of those of them with a document that was ``taken_back``."""
    gone = [each for each in _of_documents(lists) if each.id not in holding]
    withdrawn = (each.id for each in gone if not set(each.documents).isdisjoint(taken_back))
    return frozenset(each.id for each in gone), frozenset(withdrawn)


def retold(lists: Sequence[MedicationList]) -> frozenset[str]:
    """Ids of the documents' lists that say what somebody has read in an earlier one and then written anew by hand.

    A new version of a letter that says the same of the medicine brings nothing back that the ward has altered. Where
    what was written in its place says nothing any more, it does.
    """
    written: dict[str, MedicationList] = {}
    for each in reversed(lists):
        if each.replaces is not None:
            written[each.replaces] = written.get(each.id, each)
    read = {_said(each) for each in _of_documents(lists) if each.id in written and written[each.id].is_told}
    return frozenset(each.id for each in _of_documents(lists) if read and _said(each) in read)


def unfounded(lists: Sequence[MedicationList], gone: Collection[str], withdrawn: Collection[str]) -> frozenset[str]:
    """Ids of the lines that no document says any more since one that said them was withdrawn, or is not ours.

    Of words that were carried over from such a document it is the id of the line that they are now.

    Args:
        lists: all that were stated.
        gone: ids of those whose documents do not hold any more.
        withdrawn: ids of those whose documents were withdrawn.
    """
    if not withdrawn:
        return frozenset()
    holding = [each for each in _of_documents(lists) if each.id not in gone]
    said = {line.said for each in holding for line in each.lines}
    taken_back = [each for each in lists if each.id in withdrawn]
    lines = {line.id for each in taken_back for line in each.lines if line.said not in said}
    words = {each.text for each in taken_back} - {each.text for each in holding}
    carried = {each.all_lines[-1].id for each in lists if each.has_words and each.text in words}
    return frozenset(lines | carried)


def _of_documents(lists: Sequence[MedicationList]) -> Iterator[MedicationList]:
    return (each for each in lists if each.origin is ListOrigin.DOCUMENT)


def _said(stated: MedicationList) -> tuple[object, ...]:
    return stated.column, stated.saying, tuple(sorted(repr(line.said) for line in stated.all_lines))
