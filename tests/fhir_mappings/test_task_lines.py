"""Lines of medicine in a Task that a client sends back: lists come and go without a new version of the task."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from discharge.medication.record import LineId
from discharge.task import Move
from fhir_mappings.errors import TaskChangeError
from fhir_mappings.task import task_resource
from fhir_mappings.task_change import TaskChange, read_put
from tests.fhir_mappings.tasks import ENCOUNTER, task

ONE, GONE, NEW = LineId("line-1"), LineId("line-0"), LineId("line-2")


def put(*held: LineId, known: tuple[LineId, ...] = (ONE, GONE, NEW), **changes: Any) -> TaskChange:
    wanted = task_resource(task(), encounter_id=ENCOUNTER, lines=held) | {"status": "accepted"} | changes
    return read_put(orjson.dumps(wanted), task(), encounter_id=ENCOUNTER, lines=known)


@pytest.mark.parametrize("held", [(), (ONE,), (ONE, NEW), (GONE, ONE)])
def test_lines_that_the_client_holds_are_no_change(held: tuple[LineId, ...]) -> None:
    assert put(*held).move is Move.ACCEPT


def test_a_line_may_be_named_by_its_whole_address() -> None:
    whole = {
        "type": {"text": "x"},
        "valueReference": {"reference": f"https://x.example/fhir/MedicationStatement/{ONE}"},
    }

    assert put(input=[whole]).move is Move.ACCEPT


@pytest.mark.parametrize(
    "given",
    [
        {"valueReference": {"reference": "MedicationStatement/line-9"}},
        {"valueReference": {"reference": f"MedicationRequest/{ONE}"}},
        {"valueReference": {"display": "x"}},
        {"valueString": ONE},
    ],
)
def test_any_other_input_is_refused_by_name(given: dict[str, Any]) -> None:
    with pytest.raises(TaskChangeError) as caught:
        put(input=[{"type": {"text": "x"}, **given}])

    assert caught.value.issue.expression == "Task.input"


def test_a_duty_without_lines_takes_none() -> None:
    with pytest.raises(TaskChangeError):
        put(ONE, known=())
