"""The quick yes against the oracle: what ``stands`` admits, the models of fhir.resources admit."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec import inspect
from pydantic import ValidationError

from fhir_mappings import shapes
from fhir_mappings.shapes import stands
from tests.fhir_mappings.messages import Message, acknowledgement, notification

_NOTIFICATION = ("Bundle", "MessageHeader", "Patient", "Encounter", "Organization", "Provenance")
_KINDS = (*_NOTIFICATION, "Communication", "Practitioner", "PractitionerRole", "CareTeam")
_FIXTURES = sorted((Path(__file__).parents[1] / "fixtures" / "fhir").glob("*.json"))
_PUBLISHED = sorted((Path(__file__).parents[3] / "shared" / "medcom" / "examples").glob("*.json"))
_USE_CASES = ("STAA", "STIN", "STOR", "SLOR", "SLHJ", "RE_STIN", "AN_STIN", "MORS")
_OURS = [
    *(notification(kind, report=True) for kind in _USE_CASES),
    *(orjson.loads(path.read_bytes()) for path in _FIXTURES),
]


def parts_of(message: Message) -> Iterator[Message]:
    """The pieces that the shape of a message is judged by: its shell, then each resource."""
    placed = [{name: value for name, value in entry.items() if name != "resource"} for entry in message["entry"]]
    yield message | {"entry": placed}
    for entry in message["entry"]:
        yield entry["resource"]


def is_admitted(resource: Message) -> bool:
    """What the oracle says."""
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    return True


def hold_against_the_oracle(resource: Message) -> None:
    kind = resource.get("resourceType")
    if isinstance(kind, str) and stands(resource, kind=kind):
        assert is_admitted(resource)


RESOURCES = [part for message in (*_OURS, acknowledgement()) for part in parts_of(message)]


@pytest.mark.parametrize("message", _OURS, ids=lambda message: message["id"])
def test_all_of_our_notifications_take_the_quick_way(message: Message) -> None:
    for part in parts_of(message):
        assert stands(part, kind=part["resourceType"]), part["resourceType"]
        assert is_admitted(part)


def test_published_notifications_take_the_quick_way() -> None:
    """Those that lie beside the checkout, if any do."""
    for path in _PUBLISHED:
        message = orjson.loads(path.read_bytes())
        for part in parts_of(message) if message["resourceType"] == "Bundle" else ():
            hold_against_the_oracle(part)
            quick = stands(part, kind=part["resourceType"])
            assert quick or not path.name.startswith("hn-"), path.name


def made_of(shape: inspect.Type, levels: int) -> st.SearchStrategy[Any]:
    """Values of a shape, with the odd ones that its types let through; at most ``levels`` deep."""
    if isinstance(shape, inspect.StructType):
        fields = {each.encode_name: each for each in shape.fields if each.required or levels > 0}
        required = {name: made_of(each.type, levels - 1) for name, each in fields.items() if each.required}
        optional = {name: made_of(each.type, levels - 1) for name, each in fields.items() if not each.required}
        if shape.tag_field is not None:
            required[shape.tag_field] = st.just(shape.tag)
        return st.fixed_dictionaries(required, optional=optional)
    if isinstance(shape, inspect.ListType):
        return st.lists(made_of(shape.item_type, levels), max_size=2)
    if isinstance(shape, inspect.BoolType):
        return st.booleans()
    assert isinstance(shape, inspect.StrType)
    return st.text() if shape.pattern is None else st.from_regex(shape.pattern)


@pytest.mark.no_cover
@settings(max_examples=100)
@given(st.sampled_from(_KINDS).flatmap(lambda kind: made_of(inspect.type_info(getattr(shapes, kind)), 3)))
def test_whatever_the_types_admit_the_models_admit(resource: Message) -> None:
    assume(stands(resource, kind=resource["resourceType"]))  # all but an extension of two values

    assert is_admitted(resource)


_ODD: list[Any] = [
    None, "", " ", "\t", "\u00a0", "\u2028", "\x1c", "\x85", "a b", "a\n", " a", "x" * 65, "æ", "2026", "2026-11",
    "2026-11-20", "2026-02-29", "2024-02-29", "2026-11-31", "0000-01-01", "2026-11-20T11:40:05", "2026-11-20T11:40Z",
    "2026-11-20T24:00:00Z", "2016-12-31T23:59:60Z", "2026-11-20T11:40:05z", "2026-11-20 11:40:05Z",
    "2026-11-20T11:40:05+14:00", "2026-02-29T11:40:05Z", "2026-11-31T11:40:05Z", "2026-11-20T11:40:05.1234567890123Z",
    "2026-11-20T11:40:05.1234567Z", "2026-11-20T11:40:05Z\n", "-", "http://", "//",
    "https://1.2.3.999/", "https://a b.dk/", "https://xn--a.dk/", "https://a.dk:99999/", "x:y", "a/b",
    0, 1, -1, 1.5, 2**62, True, False, [], {}, [None], [{}], [[]], [""], {"url": "x"}, {"id": " "}, {"extension": []},
    {"extension": [{"url": "x", "valueBoolean": True, "valueCode": "a"}]}, {"resourceType": "Patient"}, "Patient",
]  # fmt: skip
_NAMES = [
    "id", "extension", "modifierExtension", "_family", "_status", "_given", "resourceType", "contained", "foo", "class",
    "class_fhir", "fhir_comments", "resource_type", "resource", "valueString", "valueBoolean", "valueCode",
    "eventUri", "deceasedDateTime", "occurredPeriod", "text", "meta", "period", "value", "system", "text__ext",
]  # fmt: skip


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container at or below ``value``, with each of its keys."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield value, key
        yield from places_in(below)


@pytest.mark.no_cover
@settings(max_examples=400)
@given(st.sampled_from(RESOURCES), st.data())
def test_what_is_admitted_of_a_changed_resource_the_models_admit(resource: Message, data: st.DataObject) -> None:
    changed = copy.deepcopy(resource)
    for _ in range(data.draw(st.integers(1, 2))):
        container, key = data.draw(st.sampled_from(list(places_in(changed))))
        match data.draw(st.sampled_from(("replace", "remove", "add", "wrap"))):
            case "replace":
                container[key] = copy.deepcopy(data.draw(st.sampled_from(_ODD)))
            case "remove":
                del container[key]
            case "add" if isinstance(container, dict):
                container[data.draw(st.sampled_from(_NAMES))] = copy.deepcopy(data.draw(st.sampled_from(_ODD)))
            case _:
                container[key] = [container[key]]
        assume(list(places_in(changed)))

    hold_against_the_oracle(changed)


@pytest.mark.parametrize("odd", _ODD, ids=repr)
def test_an_odd_value_in_any_place_is_admitted_only_where_the_models_admit_it(odd: Any) -> None:
    for resource in (*parts_of(notification("STOR", report=True)), *parts_of(notification("MORS"))):
        for container, key in list(places_in(resource)):
            kept, container[key] = container[key], copy.deepcopy(odd)
            hold_against_the_oracle(resource)
            container[key] = kept


@pytest.mark.parametrize("start", ["2026-11-20T11:40:00Z", "2026-11-20T11:40:00.123456-13:59", "1900-01-31T00:00:00Z"])
def test_an_ordinary_time_takes_the_quick_way(start: str) -> None:
    resource = notification()["entry"][2]["resource"] | {"period": {"start": start}}

    assert stands(resource, kind="Encounter")
    assert is_admitted(resource)


def test_an_extension_of_two_values_is_left_to_the_model() -> None:
    extension: Message = {"url": "x", "valueBoolean": True, "valueCode": "y"}

    assert not stands({"resourceType": "Patient", "extension": [extension]}, kind="Patient")


def test_an_unknown_kind_is_left_to_the_model() -> None:
    assert not stands({"resourceType": "Task"}, kind="Task")


def test_a_withheld_family_name_takes_the_quick_way() -> None:
    masked = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]
    }
    resource: Message = {"resourceType": "Patient", "name": [{"use": "official", "_family": masked}]}

    assert stands(resource, kind="Patient")
    assert is_admitted(resource)


def test_the_oracle_still_refuses() -> None:
    with pytest.raises(ValidationError):
        get_fhir_model_class("Encounter").model_validate({"resourceType": "Encounter"})
