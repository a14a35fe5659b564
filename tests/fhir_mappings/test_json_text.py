from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_mappings.errors import JsonTextError
from fhir_mappings.json_text import MAX_DEPTH, parse, parse_object
from tests.cost import passes


def refused(body: bytes) -> tuple[str, str]:
    with pytest.raises(JsonTextError) as caught:
        parse(body)
    return caught.value.issue.code, caught.value.issue.rule


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a":1',
        b'{"a":"',
        b'{"a":"\\',
        b"{]",
        b"}",
        b"<Bundle/>",
        b'{"a":1} x',
        b"'a'",
        b'"\\x"',
        b"[1,]",
        b'{"a":"\\u00zz"}',
    ],
)
def test_what_is_no_json_is_refused_as_structure(body: bytes) -> None:
    assert refused(body) == ("structure", "json-syntax")


@pytest.mark.parametrize(
    "body",
    [
        b'\xef\xbb\xbf{"a":1}',
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-16-le"),
        '{"a":1}'.encode("utf-32-be"),
        b'{"a":"\xff"}',
        '{"a":"æ"}'.encode("latin-1"),
    ],
)
def test_other_encodings_than_plain_utf8_are_refused(body: bytes) -> None:
    assert refused(body) == ("structure", "json-encoding")


@pytest.mark.parametrize("body", [b'{"a":1,"a":1}', b'{"a":1,"\\u0061":2}', b'[{"b":{"c":1,"c":2}}]'])
def test_duplicate_keys_are_refused_at_every_level(body: bytes) -> None:
    assert refused(body) == ("structure", "json-duplicate-key")


@pytest.mark.parametrize(
    "body",
    [
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b"[1e999]",
        b"[-1e999]",
        b"[9223372036854775808]",
        b"[" + b"9" * 5000 + b"]",
    ],
)
def test_numbers_that_are_none_are_refused_as_value(body: bytes) -> None:
    assert refused(body) == ("value", "json-number")


@pytest.mark.parametrize(
    "body",
    [
        rb'["\ud800"]',
        rb'["\udc00"]',
        rb'["\ud800\ud800"]',
        rb'["\ud800x\udc00"]',
        rb'["\udc00\ud800"]',
        rb'["\ud800\n\udc00"]',
        rb'["\ud83d A"]',
    ],
)
def test_half_a_surrogate_pair_is_refused_as_value(body: bytes) -> None:
    assert refused(body) == ("value", "json-surrogate")


@pytest.mark.parametrize("body", [rb'["\u0000"]', rb'["\u001f"]', b'["long \x00"]', b'["    \x01"]', b'["\n"]'])
def test_control_characters_are_refused_as_value(body: bytes) -> None:
    assert refused(body) == ("value", "json-control-character")


def test_line_characters_pairs_and_escaped_backslashes_are_text() -> None:
    assert parse(rb'["\u0009\u000a\u000D", "\ud83d\ude00", "\\ud800", "\u00e6", "\\\u00e6"]') == [
        "\t\n\r",
        "😀",
        "\\ud800",
        "æ",
        "\\æ",
    ]


def test_numbers_keep_their_kind() -> None:
    assert parse(b"[1, -9223372036854775808, 9223372036854775807, 1.5, 1e2, true, null]") == [
        1,
        -(2**63),
        2**63 - 1,
        1.5,
        100.0,
        True,
        None,
    ]


def test_the_deepest_allowed_nesting_is_taken() -> None:
    parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_brackets_in_text_are_no_nesting() -> None:
    assert parse(b'{"a":"' + b"[{" * 500 + rb"\"[[" + b'"}')


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 1025, 1_000_000])
@pytest.mark.parametrize("piece", [b"[", b'{"a":', b'{"a\\"[":[{"b":'])
def test_deeper_nesting_is_refused_before_parsing(depth: int, piece: bytes) -> None:
    body = piece * depth

    assert refused(body) == ("structure", "json-depth")
    # Generous: the scan ends at level 65, what remains is decoding the body.
    assert passes(lambda: refused(body), len(body)) < 30


@pytest.mark.parametrize("body", [b'"\\"' * 200_000, b"x" * 1_000_000, b'"' * 1_000_001, b'{"a":"' + b'\\"' * 500_000])
def test_hostile_text_is_scanned_in_linear_time(body: bytes) -> None:
    assert passes(lambda: refused(body), len(body)) < 30


@pytest.mark.parametrize(
    "body", [b"[]", b'"x"', b"null", b"{}", b'{"resourceType":"Patient"}', b'{"resourceType":["Bundle"]}']
)
def test_another_kind_of_thing_is_refused_as_invalid(body: bytes) -> None:
    with pytest.raises(JsonTextError) as caught:
        parse_object(body, expected="Bundle")

    assert caught.value.issue.code == "invalid"
    assert caught.value.issue.detail == "MSG_RESOURCE_TYPE_MISMATCH"


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with contextlib.suppress(JsonTextError):
        parse(body)


_SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)
_TEXT = st.text(st.characters(blacklist_categories=("Cs", "Cc")))


@pytest.mark.no_cover
@given(st.recursive(_SCALARS | _TEXT, lambda inner: st.lists(inner) | st.dictionaries(_TEXT, inner)))
def test_sound_json_comes_back_as_it_was(value: object) -> None:

    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@pytest.mark.no_cover
@given(st.lists(st.sampled_from("[{"), min_size=MAX_DEPTH - 2, max_size=MAX_DEPTH + 2), st.text('[]{}"\\,: a'))
def test_the_depth_is_that_of_the_value_whatever_its_texts_hold(levels: list[str], text: str) -> None:
    value: object = text
    for level in levels:
        value = [text, value, text] if level == "[" else {text: text, f"{text}.": value}
    body = json.dumps(value).encode()

    if len(levels) > MAX_DEPTH:
        assert refused(body) == ("structure", "json-depth")
    else:
        assert parse(body) == value
