"""What is wrong with a message is said, and where."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fhir_mappings.errors import JsonTextError, NotAMessageError, TooCostlyError
from fhir_mappings.medcom.intake import NoticeRead, Refused
from tests.fhir_mappings.medcom.reading import read
from tests.fhir_mappings.messages import (
    Message,
    edited,
    of_type,
)


# Structure, found by the R4 models where no rule of ours speaks.
@pytest.mark.parametrize(
    ("edit", "expression", "code", "detail"),
    [
        (lambda m: m["entry"].append(7), "Bundle.entry[7].resource.resourceType", "structure", "MSG_UNKNOWN_TYPE"),
        (lambda m: m["entry"].append({}), "Bundle.entry[7].resource.resourceType", "structure", "MSG_UNKNOWN_TYPE"),
        (lambda m: m.update(foo=1), "Bundle.foo", "structure", "MSG_BAD_FORMAT"),
        (lambda m: m.update({"0404509995": 1}), "Bundle", "structure", "MSG_BAD_FORMAT"),
        (
            lambda m: of_type(m, "Patient").update(birthDate="2026-13-45"),
            "Bundle.entry[1].resource.birthDate",
            "structure",
            "MSG_Datatype_Wrong",
        ),
        (
            lambda m: of_type(m, "Patient").update(text=5),
            "Bundle.entry[1].resource.text",
            "structure",
            "MSG_Datatype_Wrong",
        ),
        (
            lambda m: of_type(m, "Patient").update(contained=[{"resourceType": "Nonsense"}]),
            "Bundle.entry[1].resource.resourceType",
            "structure",
            "MSG_UNKNOWN_TYPE",
        ),
        (
            lambda m: m["entry"].append({"resource": {"resourceType": "Nonsense", "id": "x"}}),
            "Bundle.entry[7].resource.resourceType",
            "structure",
            "MSG_UNKNOWN_TYPE",
        ),
        (
            lambda m: of_type(m, "Provenance")["agent"][0].pop("who"),
            "Bundle.entry[6].resource.agent[0].who",
            "required",
            None,
        ),
        (
            lambda m: of_type(m, "Patient")["name"][0].update(period={"start": "2026-11-18T09:30:00"}),
            "Bundle.entry[1].resource.name[0].period.start",
            "value",
            "MSG_DATE_FORMAT",
        ),
    ],
)
def test_broken_structure_is_refused_and_named(
    edit: Callable[[Message], object], expression: str, code: str, detail: str | None
) -> None:
    found = read(edited(edit))

    assert isinstance(found, Refused)
    assert (expression, code, detail) in {(i.expression, i.code, i.detail) for i in found.issues}


# Before the acknowledgement point.
@pytest.mark.parametrize(
    ("edit", "code", "detail"),
    [
        (lambda m: m.update(type="batch"), "invalid", "MSG_PARAM_INVALID"),
        (lambda m: m.pop("type"), "invalid", "MSG_PARAM_INVALID"),
        (lambda m: m.pop("id"), "required", "MSG_RESOURCE_ID_MISSING"),
        (lambda m: m.update(id=""), "required", "MSG_RESOURCE_ID_MISSING"),
        (lambda m: m.update(id="x" * 65), "value", "MSG_ID_TOO_LONG"),
        (lambda m: m.update(id="bad id"), "value", "MSG_ID_INVALID"),
        (lambda m: m.update(id="ærø"), "value", "MSG_ID_INVALID"),
        (lambda m: m.update(id="x\n"), "value", "MSG_ID_INVALID"),
        (lambda m: m.update(id=7), "value", "MSG_ID_INVALID"),
        (lambda m: m.pop("entry"), "invalid", "MSG_RESOURCE_REQUIRED"),
        (lambda m: m.update(entry=[]), "invalid", "MSG_RESOURCE_REQUIRED"),
        (lambda m: m.update(entry=[7]), "invalid", "MSG_RESOURCE_REQUIRED"),
        (lambda m: m["entry"].append(m["entry"].pop(0)), "invalid", "MSG_RESOURCE_REQUIRED"),
        (lambda m: m["entry"].append(m["entry"][0]), "invalid", "MSG_RESOURCE_REQUIRED"),
        (lambda m: of_type(m, "MessageHeader").pop("id"), "required", "MSG_RESOURCE_ID_MISSING"),
        (lambda m: of_type(m, "MessageHeader").update(id="x" * 65), "value", "MSG_ID_TOO_LONG"),
        (lambda m: of_type(m, "MessageHeader").pop("sender"), "required", "MSG_RESOURCE_REQUIRED"),
        (
            lambda m: (of_type(m, "MessageHeader").pop("sender"), of_type(m, "MessageHeader").pop("source")),
            "required",
            "MSG_RESOURCE_REQUIRED",
        ),
        (
            lambda m: (
                of_type(m, "MessageHeader").pop("sender"),
                of_type(m, "MessageHeader")["source"].update(endpoint="https://sor2.sum.dsdn.dk/#id=1"),
            ),
            "required",
            "MSG_RESOURCE_REQUIRED",
        ),
    ],
)
def test_what_cannot_be_acknowledged_is_no_message(edit: Callable[[Message], object], code: str, detail: str) -> None:
    with pytest.raises(NotAMessageError) as caught:
        read(edited(edit))

    assert (caught.value.issue.code, caught.value.issue.detail) == (code, detail)
    assert caught.value.issue.expression is not None


def test_another_resource_is_no_message() -> None:
    with pytest.raises(JsonTextError) as caught:
        read({"resourceType": "Patient"})

    assert caught.value.issue.detail == "MSG_RESOURCE_TYPE_MISMATCH"


def test_a_thousand_entries_are_taken_and_one_more_is_too_costly() -> None:
    def fill(message: Message, size: int) -> None:
        extra = size - len(message["entry"])
        more = ({"resourceType": "Organization", "id": f"o{number}", "name": "x"} for number in range(extra))
        message["entry"] += [{"resource": each} for each in more]

    assert isinstance(read(edited(lambda m: fill(m, 1000))), NoticeRead)
    with pytest.raises(TooCostlyError) as caught:
        read(edited(lambda m: fill(m, 1001)))
    assert caught.value.issue.code == "too-costly"
