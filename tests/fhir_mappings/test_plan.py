from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from discharge.plan import UNCHANGED, Need, PlanRevision
from fhir_mappings.errors import JsonTextError, ParametersError, PlanValueError, ResourceShapeError
from fhir_mappings.plan import PlanChange, read_plan


def parameters(*given: tuple[str, str, object]) -> bytes:
    listed: list[dict[str, Any]] = [{"name": name, kind: value} for name, kind, value in given]
    return orjson.dumps({"resourceType": "Parameters", "parameter": listed})


def test_nothing_given_is_nothing_changed() -> None:
    assert read_plan(b'{"resourceType":"Parameters"}') == PlanChange(revision=PlanRevision())


def test_every_parameter_has_its_place() -> None:
    found = read_plan(
        parameters(
            ("expected-discharge", "valueDateTime", "2026-11-24T13:00:00+01:00"),
            ("treatment-finished", "valueDateTime", "2026-11-23T08:00:00Z"),
            ("need", "valueCode", "home-nursing"),
            ("need", "valueCode", "meals"),
            ("first-visit", "valueDateTime", "2026-11-24T18:00:00+01:00"),
            ("destination", "valueCode", "home"),
            ("functional-level", "valueCode", "reduced"),
            ("frail", "valueBoolean", True),
            ("without-72-hours", "valueCode", "terminal"),
            ("medicine-until", "valueDate", "2026-11-26"),
            ("contact-phone", "valueString", " +45 12 34 56 78 "),
            ("agreed-by-phone", "valueString", "Visitator, 10:15"),
            ("discharged", "valueDateTime", "2026-11-24T13:05:00+01:00"),
            ("override-reason", "valueString", "Agreed with the team"),
        )
    )

    assert found == PlanChange(
        revision=PlanRevision(
            expected_discharge_at=datetime(2026, 11, 24, 12, tzinfo=UTC),
            treatment_finished_at=datetime(2026, 11, 23, 8, tzinfo=UTC),
            needs=frozenset({Need.HOME_NURSING, Need.MEALS}),
            first_visit_at=datetime(2026, 11, 24, 17, tzinfo=UTC),
            destination="home",
            functional_level="reduced",
            frail=True,
            without_72_hours="terminal",
            medicine_until=date(2026, 11, 26),
            contact_phone="+45 12 34 56 78",
            agreed_by_phone="Visitator, 10:15",
        ),
        discharged_at=datetime(2026, 11, 24, 12, 5, tzinfo=UTC),
        override_reason="Agreed with the team",
    )


def test_a_reason_against_72_hours_is_taken_back_and_an_unknown_one_refused() -> None:
    assert read_plan(parameters(("without-72-hours", "valueCode", "none"))).revision.without_72_hours is None
    with pytest.raises(PlanValueError) as refused:
        read_plan(parameters(("without-72-hours", "valueCode", "tired")))
    assert "psychiatric, terminal, none" in refused.value.issue.text


def test_treatment_finished_can_be_withdrawn() -> None:
    withdrawn = read_plan(parameters(("withdraw-treatment-finished", "valueBoolean", True)))
    left = read_plan(parameters(("withdraw-treatment-finished", "valueBoolean", False)))

    assert withdrawn.revision.treatment_finished_at is None
    assert left.revision.treatment_finished_at is UNCHANGED


def test_a_discharge_can_be_undone() -> None:
    assert read_plan(parameters(("undo-discharged", "valueBoolean", True))).undo_discharged


def test_the_need_none_is_the_empty_set() -> None:
    assert read_plan(parameters(("need", "valueCode", "none"))).revision.needs == frozenset()


@pytest.mark.parametrize(
    "given",
    [
        [("need", "valueCode", "none"), ("need", "valueCode", "meals")],
        [("need", "valueCode", "gardening")],
        [
            ("treatment-finished", "valueDateTime", "2026-11-23T08:00:00Z"),
            ("withdraw-treatment-finished", "valueBoolean", True),
        ],
        [("discharged", "valueDateTime", "2026-11-23T08:00:00Z"), ("undo-discharged", "valueBoolean", True)],
        [("discharged", "valueDateTime", "2026-11-23")],
        [("discharged", "valueDateTime", "9999-12-31T23:59:59-12:00")],
        [("medicine-until", "valueDate", "2026-11")],
        [("medicine-until", "valueDate", "9999-12-31")],
        [("contact-phone", "valueString", "x" * 4001)],
        [("contact-phone", "valueString", "   ")],
    ],
)
def test_values_outside_their_meaning_are_refused_by_place(given: list[tuple[str, str, object]]) -> None:
    with pytest.raises(PlanValueError) as caught:
        read_plan(parameters(*given))

    assert (caught.value.issue.expression or "").startswith("Parameters.parameter[0].value")


@pytest.mark.parametrize(
    ("given", "expression", "detail"),
    [
        ([("colour", "valueCode", "red")], "Parameters.parameter[0].name", "MSG_PARAM_UNKNOWN"),
        ([("frail", "valueString", "yes")], "Parameters.parameter[0]", "MSG_PARAM_INVALID"),
        ([("need", "valueString", "meals")], "Parameters.parameter[0]", "MSG_PARAM_INVALID"),
        (
            [("frail", "valueBoolean", True), ("frail", "valueBoolean", True)],
            "Parameters.parameter[1].name",
            "MSG_PARAM_NO_REPEAT",
        ),
    ],
)
def test_unknown_repeated_or_mistyped_parameters_are_refused(
    given: list[tuple[str, str, object]], expression: str, detail: str
) -> None:
    with pytest.raises(ParametersError) as caught:
        read_plan(parameters(*given))

    assert (caught.value.issue.expression, caught.value.issue.detail) == (expression, detail)


@pytest.mark.parametrize("parameter", [{"name": "frail"}, {"name": "frail", "part": [{"name": "x"}]}])
def test_a_parameter_without_value_is_refused(parameter: dict[str, Any]) -> None:
    with pytest.raises(ParametersError):
        read_plan(orjson.dumps({"resourceType": "Parameters", "parameter": [parameter]}))


def test_a_broken_body_is_refused() -> None:
    with pytest.raises(ResourceShapeError):
        read_plan(parameters(("frail", "valueBoolean", "perhaps")))
    with pytest.raises(JsonTextError):
        read_plan(b"{}")
