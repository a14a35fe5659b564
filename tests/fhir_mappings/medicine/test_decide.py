"""What a practice decides of lines, as ``$decide`` says it."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from discharge.commands import LineDecision
from discharge.identifiers import PersonId
from discharge.medication.record import LineId, Verdict
from discharge.task import Person
from fhir_mappings.errors import DecisionValueError, JsonTextError, MappingError, ParametersError, ResourceShapeError
from fhir_mappings.medicine.decide import read_decisions
from tests.factories import CPR

LINE = {"name": "line", "valueString": "line-1"}
AGREE = {"name": "code", "valueCode": "agree"}
DOCTOR = {
    "name": "practitioner",
    "valueReference": {"identifier": {"system": "urn:stafet:person", "value": "gp-1"}, "display": "Gerda Prøve"},
}

NUMBERED = {"name": "practitioner", "valueReference": {"identifier": {"value": CPR.digits}, "display": "Gerda Prøve"}}


def decision(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"name": "decision", "part": list(parts)}


def body(*parameters: dict[str, Any]) -> bytes:
    return orjson.dumps({"resourceType": "Parameters", "parameter": list(parameters)})


def refused(*parameters: dict[str, Any]) -> tuple[type[MappingError], str | None]:
    with pytest.raises(MappingError) as caught:
        read_decisions(body(*parameters))
    return type(caught.value), caught.value.issue.expression


def test_decisions_keep_their_order_and_their_words() -> None:
    found = read_decisions(
        body(
            decision(LINE, AGREE),
            decision(
                {"name": "line", "valueReference": {"reference": "MedicationStatement/line-2"}},
                {"name": "code", "valueString": "ask"},
                {"name": "reason", "valueString": " Hvor længe? "},
            ),
            DOCTOR,
        )
    )

    assert found == (
        (
            LineDecision(line_id=LineId("line-1"), verdict=Verdict.AGREE),
            LineDecision(line_id=LineId("line-2"), verdict=Verdict.ASK, reason="Hvor længe?"),
        ),
        Person(PersonId("gp-1"), "Gerda Prøve"),
    )


@pytest.mark.parametrize(
    "line",
    [
        {"valueString": "line-1"},
        {"valueString": "MedicationStatement/line-1"},
        {"valueReference": {"reference": "https://stafet.example/fhir/MedicationStatement/line-1"}},
        {"valueReference": {"reference": "MedicationStatement/line-1/_history/3"}},
    ],
)
def test_a_line_is_named_by_id_or_by_any_reference_to_it(line: dict[str, Any]) -> None:
    (found,), person = read_decisions(body(decision({"name": "line", **line}, AGREE)))

    assert (found.line_id, person) == ("line-1", None)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ({"valueString": "line-1"}, None),
        ({"valueReference": {"reference": "MedicationStatement/line-1"}}, None),
        ({"valueReference": {"reference": "MedicationStatement/line-1/_history/12-abcd"}}, "abcd"),
        ({"valueString": "https://stafet.example/fhir/MedicationStatement/line-1/_history/12-abcd"}, "abcd"),
        ({"valueReference": {"reference": "MedicationStatement/line-1/_history/7"}}, "7"),
    ],
)
def test_a_reference_to_a_version_says_what_was_seen(line: dict[str, Any], shown: str | None) -> None:
    (found,), _ = read_decisions(body(decision({"name": "line", **line}, AGREE)))

    assert (found.line_id, found.shown) == ("line-1", shown)


@pytest.mark.parametrize(
    ("parameters", "place"),
    [
        ([], "Parameters"),
        ([DOCTOR], "Parameters"),
        ([{"name": "accept", "valueBoolean": True}], "Parameters.parameter[0].name"),
        ([decision(LINE)], "Parameters.parameter[0]"),
        ([decision(AGREE)], "Parameters.parameter[0]"),
        ([decision(LINE, LINE, AGREE)], "Parameters.parameter[0]"),
        ([decision(LINE, AGREE, {"name": "why", "valueString": "x"})], "Parameters.parameter[0].part[2]"),
        ([decision({"name": "line", "valueInteger": 1}, AGREE)], "Parameters.parameter[0].part[0]"),
        ([decision(LINE, AGREE, {"name": "reason", "valueBoolean": True})], "Parameters.parameter[0].part[2]"),
        ([decision(LINE, AGREE), DOCTOR, DOCTOR], "Parameters.parameter[2]"),
        ([decision(LINE | {"part": [AGREE]}, AGREE)], "Parameters.parameter[0].part[0]"),
        ([decision(LINE, AGREE) | {"valueString": "x"}], "Parameters.parameter[0]"),
        ([decision(LINE, AGREE), DOCTOR | {"part": [LINE]}], "Parameters.parameter[1]"),
        ([decision(LINE, AGREE), NUMBERED], "Parameters.parameter[1]"),
        (
            [decision(LINE, AGREE), {"name": "practitioner", "valueReference": {"display": "x"}}],
            "Parameters.parameter[1]",
        ),
    ],
)
def test_other_parameters_are_refused_by_place(parameters: list[dict[str, Any]], place: str) -> None:
    assert refused(*parameters) == (ParametersError, place)


@pytest.mark.parametrize("code", [{"valueCode": "maybe"}, {"valueInteger": 1}])
def test_a_code_that_is_none_is_refused(code: dict[str, Any]) -> None:
    assert refused(decision(LINE, {"name": "code", **code})) == (
        DecisionValueError,
        "Parameters.parameter[0].part[1]",
    )


def test_reasons_have_a_limit() -> None:
    long = {"name": "reason", "valueString": "x" * 4001}

    assert refused(decision(LINE, AGREE, long)) == (DecisionValueError, "Parameters.parameter[0].part[2]")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"", JsonTextError),
        (b'{"resourceType":"Bundle"}', JsonTextError),
        (b'{"resourceType":"Parameters","decision":[]}', ResourceShapeError),
    ],
)
def test_what_is_no_parameters_is_refused(text: bytes, error: type[MappingError]) -> None:
    with pytest.raises(error):
        read_decisions(text)
