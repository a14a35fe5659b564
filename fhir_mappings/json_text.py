"""JSON as we take it: one strict pass, one parser, so that no two readers can disagree on a body.

Refused: what is not UTF-8, a byte order mark, more than 64 levels (found by a linear scan before
parsing, so that no depth costs stack or time), duplicate keys, ``NaN``, ``Infinity`` and numbers that
become infinite, integers beyond 64 bits, lone surrogates, and control characters other than tab, line
feed and carriage return. See ``docs/adr/0011-strict-json.md``.
"""

from __future__ import annotations

import json
import math
import re
from itertools import accumulate
from typing import Final, NoReturn

from discharge.commands import Issue
from fhir_mappings.elements import Json, JsonObject
from fhir_mappings.errors import JsonTextError, finding

__all__ = ["MAX_DEPTH", "another_type", "parse", "parse_object"]

MAX_DEPTH: Final = 64

_NOT_STRUCTURE: Final = bytes(set(range(256)) - set(b'"{[}]'))
_NEITHER_STRUCTURE_NOR_ESCAPE: Final = bytes(set(_NOT_STRUCTURE) - set(rb"\/bfnrtu"))
_STEPS: Final = bytes.maketrans(b"{[}]", bytes((1, 1, 255, 255)))  # As signed bytes: one level down, one up.
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_LINE_CHARACTERS: Final = frozenset({0x09, 0x0A, 0x0D})
_FIRST_PRINTABLE: Final = 0x20
_HIGH_SURROGATES: Final = range(0xD800, 0xDC00)
_LOW_SURROGATES: Final = range(0xDC00, 0xE000)
_LARGEST: Final = 2**63


def parse(body: bytes) -> Json:
    """The value that ``body`` holds.

    Raises:
        JsonTextError: it is not JSON as we take it.
    """
    text = _decoded(body)
    _check_depth(body)
    if "\\u" in text:
        _check_escapes(text)
    try:
        value: Json = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        if error.msg.startswith("Invalid control character"):
            _refuse_value("json-control-character", "Unescaped control characters are not allowed in JSON.")
        _refuse_structure("json-syntax", "The body is not JSON. Check that it was sent whole.", "MSG_BAD_SYNTAX")
    return value


def parse_object(body: bytes, *, expected: str) -> JsonObject:
    """The resource of type ``expected`` that ``body`` holds.

    Raises:
        JsonTextError: it is not JSON as we take it, or another kind of thing.
    """
    value = parse(body)
    if isinstance(value, dict) and value.get("resourceType") == expected:
        return value
    raise JsonTextError(another_type(expected))


def another_type(expected: str) -> Issue:
    """The finding about a resource that is not the ``expected`` one."""
    return finding(
        "stafet-resource-type",
        "invalid",
        f"This door takes a {expected} and nothing else.",
        expression=f"{expected}.resourceType",
        detail="MSG_RESOURCE_TYPE_MISMATCH",
    )


def _decoded(body: bytes) -> str:
    if body.startswith(b"\xef\xbb\xbf"):
        _refuse_structure("json-encoding", "Send UTF-8 without a byte order mark.", "MSG_BAD_FORMAT")
    if 0 in body[:4]:
        # UTF-16 and UTF-32 without a mark are valid UTF-8 full of NUL.
        _refuse_structure("json-encoding", "Send UTF-8.", "MSG_BAD_FORMAT")
    try:
        return body.decode()
    except UnicodeDecodeError:
        _refuse_structure("json-encoding", "Send UTF-8.", "MSG_BAD_FORMAT")


def _check_depth(body: bytes) -> None:
    # At a backslash that escapes nothing the parser stops: what stands behind it need not be told apart.
    short = body.translate(None, _NEITHER_STRUCTURE_NOR_ESCAPE)
    structure = short.replace(rb"\\", b"").replace(rb"\"", b"").translate(None, _NOT_STRUCTURE)
    # Two quotes in a row enclose nothing, or part two strings that may as well be one.
    outside_of_strings = structure.replace(b'""', b"").split(b'"')[::2]
    steps = memoryview(b"".join(outside_of_strings).translate(_STEPS)).cast("b")
    if any(depth > MAX_DEPTH for depth in accumulate(steps)):
        _refuse_structure("json-depth", f"More than {MAX_DEPTH} levels of nesting.", "MSG_BAD_FORMAT")


def _check_escapes(text: str) -> None:
    """Refuse escaped control characters and halves of a surrogate pair.

    Outside of strings a backslash is a syntax error anyhow, so strings need not be told apart.
    """
    high_ends_at = -1
    for escape in _ESCAPE.finditer(text):
        if escape[1] is None:
            continue
        code = int(escape[1], 16)
        if high_ends_at >= 0 and (code not in _LOW_SURROGATES or escape.start() != high_ends_at):
            _refuse_surrogate()
        if high_ends_at < 0 and code in _LOW_SURROGATES:
            _refuse_surrogate()
        high_ends_at = escape.end() if code in _HIGH_SURROGATES else -1
        if code < _FIRST_PRINTABLE and code not in _LINE_CHARACTERS:
            _refuse_value("json-control-character", "Control characters are not allowed in text.")
    if high_ends_at >= 0:
        _refuse_surrogate()


def _refuse_surrogate() -> NoReturn:
    _refuse_value("json-surrogate", "Half of a surrogate pair is not a character.")


def _members(pairs: list[tuple[str, Json]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        _refuse_structure("json-duplicate-key", "An object names the same element twice.", "MSG_JSON_OBJECT")
    return members


def _constant(_name: str) -> NoReturn:
    _refuse_value("json-number", "NaN and Infinity are no numbers in JSON.")


def _decimal(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        _refuse_value("json-number", "A number is too large.")
    return number


def _integer(text: str) -> int:
    # The length first: turning a million digits into a number costs more than a body is worth.
    if len(text) > len(str(-_LARGEST)) or not -_LARGEST <= int(text) < _LARGEST:
        _refuse_value("json-number", "A number is too large.")
    return int(text)


def _refuse_structure(rule: str, text: str, detail: str) -> NoReturn:
    raise JsonTextError(finding(rule, "structure", text, detail=detail))


def _refuse_value(rule: str, text: str) -> NoReturn:
    raise JsonTextError(finding(rule, "value", text, detail="MSG_BAD_FORMAT"))


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_members, parse_constant=_constant, parse_float=_decimal, parse_int=_integer
)
