import typing
from dataclasses import FrozenInstanceError, fields, is_dataclass

import pytest

from discharge import events
from discharge.events import Event, TaskRequested
from tests.factories import NOW, new_id, task

EVENTS = typing.get_args(Event)


def test_every_event_is_part_of_the_union_and_offered_by_name() -> None:
    assert {kind.__name__ for kind in EVENTS} | {"Event"} == set(events.__all__)


@pytest.mark.parametrize("kind", EVENTS)
def test_every_event_is_a_frozen_fact_with_an_instant(kind: type[object]) -> None:
    assert is_dataclass(kind)
    assert "at" in {f.name for f in fields(kind)}
    assert kind.__doc__


def test_an_event_cannot_be_changed_afterwards() -> None:
    event = TaskRequested(at=NOW, stay_id=task().stay_id, task=task())

    with pytest.raises(FrozenInstanceError):
        event.stay_id = new_id()  # type: ignore[misc, assignment] # what must fail
