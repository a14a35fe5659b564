"""Whatever is done to a message, nothing but our own errors come of it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_mappings.errors import MappingError
from fhir_mappings.medcom.intake import Read, Refused, read_message
from tests.fhir_mappings.messages import (
    NOW,
    acknowledgement,
    body,
    notification,
)

_SEEDS = [body(notification(kind)) for kind in ("STIN", "STAA", "SLHJ", "STOR", "MORS")] + [body(acknowledgement())]


@pytest.mark.no_cover
@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(_SEEDS),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 3), st.binary(min_size=1, max_size=6)), max_size=6),
)
def test_changed_bytes_never_raise_anything_but_our_errors(seed: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    mutated = seed
    for place, length, piece in changes:
        at = place % len(mutated)
        mutated = mutated[:at] + piece + mutated[at + length :]
    found = _outcome(mutated)
    assert "0404509995" not in repr(found.issues if isinstance(found, Refused | MappingError) else ())
    if isinstance(found, Refused):
        assert any(issue.severity == "error" for issue in found.issues)


_NAMES = ("id", "reference", "resourceType", "extension", "url", "contained", "system", "value", "x")
_TEXTS = ("", "x", "Patient", "2026-11-20", "Organization/ward")
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(_TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.no_cover
@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_SEEDS), st.lists(st.tuples(st.integers(0, 500), _JSON), min_size=1, max_size=4))
def test_changed_values_never_raise_anything_but_our_errors(seed: bytes, changes: list[tuple[int, object]]) -> None:
    message = orjson.loads(seed)
    for number, value in changes:
        places = list(_places(message))
        if not places:
            break
        container, key = places[number % len(places)]
        container[key] = value
    _outcome(orjson.dumps(message))


def _outcome(message: bytes) -> Read | MappingError:
    try:
        return read_message(message, now=NOW)
    except MappingError as error:
        return error


def _places(value: object) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found.append((value, key))
        found += _places(inner)
    return found
