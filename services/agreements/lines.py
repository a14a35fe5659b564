"""YAML read as plain values, with the line on which each of them stands.

Only what a person writes by hand is taken: no tags, no anchors and aliases (a few lines of them can name
more values than any memory holds), no key twice. A plain scalar is what it looks like: ``true`` and
``false``, whole numbers, nothing; all else is text as it stands, such as ``1.10``, ``12:00``, ``NO`` and
``2026-01-01``, which YAML 1.1 takes for other things.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import yaml

__all__ = ["LARGEST_FILE", "TOO_LARGE", "LineError", "Lined", "read_lines"]

LARGEST_FILE: Final = 1 << 20
"""Bytes."""
TOO_LARGE: Final = f"the file is larger than {LARGEST_FILE // 1024} KiB"
_DEEPEST: Final = 20
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_COUNT: Final = re.compile(r"-?(0|[1-9]\d{0,8})", re.ASCII)
"""What is longer is a code, such as that of an organisation."""
_LAST_STEP: Final = re.compile(r"(\.[^.\[\]]*|\[\d+\])\Z")


class LineError(Exception):
    """A file is not in the part of YAML that is taken.

    Attributes:
        line: where, counted from 1.
        problem: what is wrong, in words.
    """

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(line, problem)
        self.line = line
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Lined:
    """Values, and where they stand."""

    content: object
    lines: Mapping[str, int]
    """Path, such as ``$.rules[2].when``, -> line."""

    def line_of(self, path: str) -> int:
        """The line of ``path``, or of the nearest thing around it that is there."""
        while path not in self.lines and path != "$":
            path = _LAST_STEP.sub("", path) if _LAST_STEP.search(path) else "$"
        return self.lines[path]


def read_lines(body: bytes) -> Lined:
    """The values in ``body``.

    Raises:
        LineError: it is larger than ``LARGEST_FILE``, or not in the part of YAML that is taken.
    """
    if len(body) > LARGEST_FILE:
        raise LineError(1, TOO_LARGE)
    try:
        _require_shallow(body)
        root = yaml.compose(body, _LOADER)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise LineError(
            1 if mark is None else mark.line + 1, "not YAML; check indentation, colons and quotes"
        ) from None
    lines: dict[str, int] = {"$": 1}
    return Lined(None if root is None else _value(root, "$", lines), lines)


def _require_shallow(body: bytes) -> None:
    """Let a text pass that cannot exhaust the stack or the memory of the composer."""
    depth = 0
    for event in yaml.parse(body, _LOADER):
        line = 1 if event.start_mark is None else event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise LineError(line, "anchors and aliases are not taken; write the value out")
        if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None) not in {None, "!"}:
            raise LineError(line, "tags are not taken; write the value alone")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            raise LineError(line, f"more than {_DEEPEST} levels")


def _value(node: yaml.Node, path: str, lines: dict[str, int]) -> object:
    lines.setdefault(path, node.start_mark.line + 1)
    match node:
        case yaml.MappingNode():
            return _mapping(node, path, lines)
        case yaml.SequenceNode():
            return [_value(item, f"{path}[{number}]", lines) for number, item in enumerate(node.value)]
        case _:
            assert isinstance(node, yaml.ScalarNode), "there are no other nodes"
            return _scalar(node)


def _mapping(node: yaml.MappingNode, path: str, lines: dict[str, int]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise LineError(line, "a key is a text")
        if key.value in found:
            raise LineError(line, f"{key.value}: stands twice in one mapping")
        lines[f"{path}.{key.value}"] = line
        found[key.value] = _value(value, f"{path}.{key.value}", lines)
    return found


def _scalar(node: yaml.ScalarNode) -> object:
    text = str(node.value)
    if node.style:
        return text
    if text in {"", "~", "null"}:
        return None
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if _COUNT.fullmatch(text) else text
