"""Two agreements beside each other: what differs, rule by rule and field by field, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from discharge.agreement_values import Document

__all__ = ["differences"]

_ROWS: Final = ("rules", "gates", "changes")
_TOP: Final = ("id", "version", "title", "regions", "valid-from", "valid-to")


def differences(before: Document, after: Document) -> tuple[str, ...]:
    """What a reader of ``before`` must know to have read ``after``; nothing when the two say the same.

    The order of rules is no difference: each acts for itself.
    """
    told: list[str] = []
    keys = [*_TOP, *sorted({*before, *after} - {*_TOP, *_ROWS})]
    for key in keys:
        told += _changes(key, before.get(key), after.get(key))
    for kind in _ROWS:
        told += _rows(kind, _named(before, kind), _named(after, kind))
    return tuple(told)


def _named(document: Document, kind: str) -> dict[str, object]:
    """The rows of a kind by what people call them."""
    found: dict[str, object] = {}
    rows = document.get(kind, ())
    for number, row in enumerate(rows if isinstance(rows, Sequence) else ()):
        names = [row.get(key) for key in ("id", "rule", "gate", "code")] if isinstance(row, Mapping) else []
        name = " ".join(str(name) for name in names if name is not None) or f"{kind}[{number}]"
        found[f"gate {name}" if kind == "gates" else name] = row
    return found


def _rows(kind: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        if name not in after:
            yield f"{name}: is no longer there"
        elif name not in before:
            yield f"{name}: is new"
        elif kind == "changes":
            yield from _changes(name, before[name], after[name])
        else:
            yield from _fields(f"{name}, ", before[name], after[name])


def _fields(prefix: str, before: object, after: object) -> Iterator[str]:
    assert isinstance(before, Mapping), "a row is a mapping: the document has been checked"
    assert isinstance(after, Mapping), "as above"
    for field in dict.fromkeys((*before, *after)):
        yield from _changes(f"{prefix}{field}", before.get(field), after.get(field))


def _changes(path: str, before: object, after: object) -> Iterable[str]:
    """What differs at one place, as deep as both have the same parts."""
    if before == after or _said(before) == _said(after):
        return
    if before is None:
        yield f"{path}: says {_said(after)}, and said nothing before"
    elif after is None:
        yield f"{path}: said {_said(before)}, and says nothing any more"
    elif isinstance(before, Mapping) and isinstance(after, Mapping) and "tree" not in after:
        for key in dict.fromkeys((*before, *after)):
            yield from _changes(f"{path}.{key}", before.get(key), after.get(key))
    elif _is_list_of_parts(before) and _is_list_of_parts(after):
        yield from _parts(path, before, after)
    else:
        yield f"{path}: was {_said(before)}, is {_said(after)}"


def _is_list_of_parts(item: object) -> bool:
    return isinstance(item, list | tuple) and any(isinstance(each, Mapping) for each in item)


def _parts(path: str, before: object, after: object) -> Iterator[str]:
    """Rungs of ladders and the like, each beside the one in its place."""
    assert isinstance(before, Sequence), "asked before"
    assert isinstance(after, Sequence), "asked before"
    for number in range(max(len(before), len(after))):
        one = before[number] if number < len(before) else None
        other = after[number] if number < len(after) else None
        yield from _changes(f"{path}[{number}]", one, other)


def _said(item: object) -> str:
    match item:
        case bool():
            return "true" if item else "false"
        case {"text": str(text), "tree": _}:
            return text
        case {**parts}:
            return "{" + ", ".join(f"{key}: {_said(part)}" for key, part in parts.items()) + "}"
        case [*items]:
            return ", ".join(_said(each) for each in items) or "nothing"
        case _:
            return str(item)
