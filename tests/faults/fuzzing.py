"""Breaks messages: bytes of them, and elements of them, in JSON and in XML."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import orjson

from fhir_mappings.elements import JsonObject
from fhir_mappings.wire import Format, format_of, parse_resource, rendered

__all__ = ["PUBLISHED", "broken_bytes", "broken_elements", "published"]

PUBLISHED: Final = Path(__file__).resolve().parents[3] / "shared" / "medcom" / "examples"
_JUNK: Final[tuple[Any, ...]] = (
    *(None, 0, -1, 1e308, 2**63 - 1, True, "", " ", [], {}, [[]], {"x": {}}, "x" * 300, "æ\u202eø\u0301"),
    *("2026-13-45", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-11-20T10:00:00", "urn:uuid:", "#", "/"),
    *(
        "MessageHeader/x",
        "Patient/patient",
        "#id=",
        "3102489999",
        "<script>alert(1)</script>",
        "\ud7ff\ue000",
        "\ufdd0",
    ),
)
_PIECES: Final = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b":",
        b"\\",
        b"\\u0000",
        b"\\ud800",
        b"null",
        b"true",
        b"1e999",
        b"-0",
        b"\x00",
    ),
    *(b"<", b">", b"/>", b"</", b"&", b"&amp;", b"&#0;", b"&x;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x?>"),
    *(
        b'<!DOCTYPE x [<!ENTITY x "y">]>',
        b'xmlns="urn:x"',
        b'value=""',
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xc3",
        b"\n",
        b"\t",
    ),
)


def published() -> list[bytes]:
    """The published examples in both formats, where they lie beside the checkout."""
    return [file.read_bytes() for file in sorted(PUBLISHED.rglob("*")) if file.suffix in {".json", ".xml"}]


def broken_bytes(body: bytes, chance: random.Random) -> bytes:
    """The body with one to four of its stretches changed, lost, doubled, moved or filled with something else."""
    changed = bytearray(body)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed) + 1)
        end = min(len(changed), at + chance.choice((1, 1, 2, 8, 64, 512)))
        match chance.randrange(7):
            case 0:
                changed[at:end] = bytes(chance.randrange(256) for _ in range(end - at))
            case 1:
                del changed[at:end]
            case 2:
                changed[at:at] = changed[at:end]
            case 3:
                changed[at:at] = chance.choice(_PIECES)
            case 4:
                changed[at:end] = chance.choice(_PIECES)
            case 5:
                changed[at:end] = bytes(reversed(changed[at:end]))
            case _:
                changed[at:end] = bytes(byte ^ (1 << chance.randrange(8)) for byte in changed[at:end])
    return bytes(changed)


def broken_elements(body: bytes, chance: random.Random) -> bytes:
    """The message with one to four of its elements changed, lost, doubled, wrapped or exchanged, in either format."""
    content = parse_resource(body, expected="Bundle")
    for _ in range(chance.randint(1, 4)):
        places = list(_places(content))
        if not places:
            break
        _change(*chance.choice(places), places, chance)
    return _written(content, chance.choice((format_of(body), *Format)))


def _places(content: Any) -> Iterator[tuple[Any, Any]]:
    waiting = [content]
    while waiting:
        here = waiting.pop()
        for key in list(here.keys() if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ()):
            yield here, key
            waiting.append(here[key])


def _change(here: Any, key: Any, places: list[tuple[Any, Any]], chance: random.Random) -> None:
    match chance.randrange(6):
        case 0:
            del here[key]
        case 1:
            here[key] = chance.choice(_JUNK)
        case 2:
            here[key] = [here[key]] if chance.random() < 0.5 else {"x": here[key]}
        case 3:
            here[key] = [here[key], here[key]]
        case 4 if isinstance(here, dict):
            here[chance.choice((f"_{key}", "value", "extension", "contained", f"{key}X"))] = here.pop(key)
        case _:
            other, name = chance.choice(places)
            here[key] = orjson.loads(orjson.dumps(other[name])) if _is_there(other, name) else "x"


def _is_there(place: Any, key: Any) -> bool:
    return key in place if isinstance(place, dict) else key < len(place)


def _written(content: JsonObject, media: Format) -> bytes:
    try:
        return rendered(content, media)
    except ValueError:
        # It has a name that no element of XML can have.
        return orjson.dumps(content)
