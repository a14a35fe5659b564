from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.identifiers import EncounterId, PersonId
from discharge.task import TASK_TRANSITIONS, HandoverTask, Move, Person, TaskStatus
from fhir_mappings.errors import JsonTextError, MappingError, ResourceShapeError, TaskChangeError
from fhir_mappings.task import task_resource
from fhir_mappings.task_change import TaskChange, read_put
from tests.factories import CPR
from tests.fhir_mappings.tasks import AT, ENCOUNTER, OTHER_UNIT, moved, standing, task

Resource = dict[str, Any]
S = TaskStatus
TOMORROW = {"url": "urn:stafet:proposed-time", "valueDateTime": "2026-11-21T13:00:00+01:00"}
COLLEAGUE = {
    "url": "urn:stafet:assignee",
    "valueReference": {"identifier": {"system": "urn:stafet:person", "value": "nurse-2"}, "display": "Mads Lund"},
}


def put(current: HandoverTask, edit: Callable[[Resource], object], *, stale: bool = False) -> TaskChange:
    wanted: Resource = task_resource(current, encounter_id=ENCOUNTER)
    edit(wanted)
    return read_put(orjson.dumps(wanted), current, encounter_id=ENCOUNTER, stale=stale)


def refusal(current: HandoverTask, edit: Callable[[Resource], object]) -> str | None:
    with pytest.raises(TaskChangeError) as caught:
        put(current, edit)
    return caught.value.issue.expression


def _nothing(_wanted: Resource) -> None:
    pass


@pytest.mark.parametrize(
    ("before", "after", "move"),
    [
        (S.REQUESTED, S.RECEIVED, Move.SEE),
        (S.RECEIVED, S.RECEIVED, Move.SEE),
        (S.REQUESTED, S.ACCEPTED, Move.ACCEPT),
        (S.RECEIVED, S.ACCEPTED, Move.ACCEPT),
        (S.ACCEPTED, S.ACCEPTED, Move.ACCEPT),
        (S.ACCEPTED, S.RECEIVED, Move.RELEASE),
        (S.ACCEPTED, S.IN_PROGRESS, Move.START),
        (S.IN_PROGRESS, S.IN_PROGRESS, Move.START),
        (S.IN_PROGRESS, S.ON_HOLD, Move.PAUSE),
        (S.ON_HOLD, S.ON_HOLD, Move.PAUSE),
        (S.ON_HOLD, S.IN_PROGRESS, Move.RESUME),
        (S.ACCEPTED, S.COMPLETED, Move.COMPLETE),
        (S.IN_PROGRESS, S.COMPLETED, Move.COMPLETE),
        (S.COMPLETED, S.COMPLETED, Move.COMPLETE),
        (S.REQUESTED, S.REJECTED, Move.REJECT),
        (S.RECEIVED, S.CANCELLED, Move.WITHDRAW),
        (S.RECEIVED, S.FAILED, Move.GIVE_UP),
    ],
)
def test_a_status_asks_for_its_move(before: TaskStatus, after: TaskStatus, move: Move) -> None:
    change = put(standing(before), lambda t: t.update(status=after.value, statusReason={"text": "Because"}))

    assert change.move is move


@pytest.mark.parametrize(
    ("before", "move", "after"),
    [
        (before, move, after)
        for (before, move), after in TASK_TRANSITIONS.items()
        if move not in {Move.PROPOSE_TIME, Move.AGREE_TIME, Move.DECLINE_TIME, Move.ASSIGN}
    ],
)
def test_every_move_that_a_status_tells_is_understood(before: TaskStatus, move: Move, after: TaskStatus) -> None:
    change = put(standing(before), lambda t: t.update(status=after.value, statusReason={"text": "Because"}))

    assert change.move is move


def test_nothing_but_the_move_comes_out_of_a_plain_acceptance() -> None:
    assert put(task(), lambda t: t.update(status="accepted")) == TaskChange(move=Move.ACCEPT)


def test_an_unknown_state_is_refused_by_name() -> None:
    assert refusal(task(), lambda t: t.update(status="draft")) == "Task.status"


@pytest.mark.parametrize("status", ["rejected", "cancelled", "failed"])
def test_these_moves_need_a_reason(status: str) -> None:
    assert refusal(task(), lambda t: t.update(status=status)) == "Task.statusReason"


@pytest.mark.parametrize(
    ("concept", "reason"),
    [
        ({"text": "No evening team"}, "No evening team"),
        ({"coding": [{"code": "x"}, {"code": "y"}]}, "x"),
        ({"coding": [{"code": "x", "display": "No capacity"}]}, "No capacity"),
    ],
)
def test_the_reason_is_words_or_else_a_code(concept: Resource, reason: str) -> None:
    assert put(task(), lambda t: t.update(status="rejected", statusReason=concept)).reason == reason


def test_texts_have_a_limit() -> None:
    long = "x" * 4001

    assert refusal(task(), lambda t: t.update(status="rejected", statusReason={"text": long})) == "Task.statusReason"
    assert refusal(task(), lambda t: t.update(status="accepted", note=[{"text": long}])) == "Task.note"


@pytest.mark.parametrize("status", ["requested", "received"])
def test_another_time_is_proposed_with_status_received_or_the_same(status: str) -> None:
    change = put(task(), lambda t: (t.update(status=status), t["extension"].append(TOMORROW)))

    assert change == TaskChange(move=Move.PROPOSE_TIME, proposed_time=datetime(2026, 11, 21, 12, tzinfo=UTC))


def test_a_time_cannot_be_proposed_and_the_task_accepted_at_once() -> None:
    def both(wanted: Resource) -> None:
        wanted["status"] = "accepted"
        wanted["extension"].append(TOMORROW)

    assert refusal(task(), both) == "Task.extension[1]"


def test_a_proposed_time_that_stays_is_no_new_proposal() -> None:
    proposed = moved(task(), Move.PROPOSE_TIME)

    assert put(proposed, lambda t: t.update(status="accepted")).move is Move.ACCEPT
    assert put(proposed, _nothing).move is Move.SEE


def test_a_proposal_that_is_taken_out_is_declined() -> None:
    proposed = moved(task(), Move.PROPOSE_TIME)

    assert put(proposed, lambda t: t["extension"].pop()).move is Move.DECLINE_TIME


@pytest.mark.parametrize("time", ["2026-11-21T13:00:00", "2026-11-21", "9999-12-31T23:59:59Z"])
def test_a_proposed_time_must_be_one(time: str) -> None:
    def propose(wanted: Resource) -> None:
        wanted["extension"].append({"url": "urn:stafet:proposed-time", "valueDateTime": time})

    with pytest.raises((TaskChangeError, ResourceShapeError)):
        put(task(), propose)


def test_a_proposed_time_without_value_is_refused() -> None:
    def propose(wanted: Resource) -> None:
        wanted["extension"].append({"url": "urn:stafet:proposed-time", "valueString": "tomorrow"})

    assert refusal(task(), propose) == "Task.extension[1].valueDateTime"


def test_a_colleague_is_assigned() -> None:
    change = put(standing(S.ACCEPTED), lambda t: t["extension"].__setitem__(1, COLLEAGUE))

    assert change == TaskChange(move=Move.ASSIGN, assignee=Person(PersonId("nurse-2"), "Mads Lund"))


def test_a_system_accepts_in_a_named_persons_name() -> None:
    change = put(task(), lambda t: (t.update(status="accepted"), t["extension"].append(COLLEAGUE)))

    assert change == TaskChange(move=Move.ACCEPT, assignee=Person(PersonId("nurse-2"), "Mads Lund"))


@pytest.mark.parametrize(
    ("extension", "person"),
    [
        ({"valueReference": {"reference": "Practitioner/p1"}}, Person(PersonId("p1"), "p1")),
        ({"valueReference": {"reference": "Practitioner/p1", "display": "Mads"}}, Person(PersonId("p1"), "Mads")),
        ({"valueReference": {"display": "Mads"}}, Person(PersonId("Mads"), "Mads")),
        ({"valueString": "Mads"}, Person(PersonId("Mads"), "Mads")),
    ],
)
def test_a_person_is_named_in_several_ways(extension: Resource, person: Person) -> None:
    named = {"url": "urn:stafet:assignee", **extension}

    change = put(task(), lambda t: (t.update(status="accepted"), t["extension"].append(named)))

    assert change.assignee == person


@pytest.mark.parametrize(
    "named",
    [
        {"valueBoolean": True},
        {"valueString": "x" * 201},
        {"valueReference": {"identifier": {"value": CPR.digits}, "display": "Mads Lund"}},
    ],
)
def test_an_assignee_that_is_no_person_is_refused(named: Resource) -> None:
    def assign(wanted: Resource) -> None:
        wanted["extension"].append({"url": "urn:stafet:assignee", **named})

    assert refusal(task(), assign) == "Task.extension[1]"


def test_an_assignee_that_is_left_out_stays() -> None:
    assert put(standing(S.ACCEPTED), lambda t: t["extension"].pop()) == TaskChange(move=Move.ACCEPT)


@pytest.mark.parametrize(
    "owner",
    [
        {"reference": f"Organization/{OTHER_UNIT}"},
        {"identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": OTHER_UNIT}},
        {
            "reference": "Organization/200000000000022",
            "identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": OTHER_UNIT},
        },
        {
            "reference": f"Organization/{OTHER_UNIT}",
            "identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": OTHER_UNIT},
        },
    ],
)
@pytest.mark.parametrize("status", ["received", "requested"])
def test_another_owner_is_an_assignment(owner: Resource, status: str) -> None:
    change = put(standing(S.RECEIVED), lambda t: t.update(owner=owner, status=status))

    assert change == TaskChange(move=Move.ASSIGN, owner=OTHER_UNIT)


def test_the_same_owner_or_none_is_no_assignment() -> None:
    same = {"identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": "200000000000022"}}

    assert put(task(), lambda t: t.update(owner=same, status="accepted")).move is Move.ACCEPT
    assert put(task(), lambda t: (t.pop("owner"), t.update(status="accepted"))).move is Move.ACCEPT


@pytest.mark.parametrize(
    "owner",
    [
        {"display": "Somebody"},
        {"reference": "Practitioner/x"},
        {"reference": "Organization/x y"},
        {"identifier": {"system": "urn:other", "value": OTHER_UNIT}},
        {
            "reference": "Organization/200000000000024",
            "identifier": {"system": "urn:oid:1.2.208.176.1.1", "value": OTHER_UNIT},
        },
    ],
)
def test_an_owner_without_clear_sor_code_is_refused(owner: Resource) -> None:
    assert refusal(task(), lambda t: t.update(owner=owner)) == "Task.owner"


def test_a_task_is_not_given_away_and_moved_at_once() -> None:
    owner = {"reference": f"Organization/{OTHER_UNIT}"}

    assert refusal(task(), lambda t: t.update(owner=owner, status="accepted")) == "Task.owner"


def test_a_new_note_rides_along_and_an_old_one_does_not() -> None:
    noted = replace(task(), note="Key at the neighbour")

    added = put(noted, lambda t: (t.update(status="accepted"), t["note"].append({"text": "Ring twice"})))
    kept = put(noted, lambda t: t.update(status="accepted"))

    assert added.note == "Ring twice"
    assert kept.note is None


def test_asking_for_nothing_is_refused() -> None:
    assert refusal(task(), _nothing) == "Task.status"


def test_going_back_to_requested_is_refused() -> None:
    assert refusal(standing(S.ACCEPTED), lambda t: t.update(status="requested")) == "Task.status"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("priority", "stat"),
        ("restriction", {"period": {"end": "2026-12-24T00:00:00Z"}}),
        ("for", {"reference": "Patient/another"}),
        ("intent", "plan"),
        ("authoredOn", "2026-11-20T10:41:00Z"),
        ("description", "Something else"),
        ("description", "2026-11-20T is the day"),
        ("input", [{"type": {"text": "x"}, "valueString": "y"}]),
    ],
)
def test_any_other_difference_is_refused_by_name(name: str, value: object) -> None:
    def edit(wanted: Resource) -> None:
        wanted[name] = value
        wanted["status"] = "accepted"

    assert refusal(task(), edit) == f"Task.{name}"


def test_an_element_that_is_left_out_is_a_difference() -> None:
    assert refusal(task(), lambda t: (t.pop("restriction"), t.update(status="accepted"))) == "Task.restriction"


def test_what_is_read_off_the_proofs_may_be_held_from_before() -> None:
    change = put(standing(S.ACCEPTED), lambda t: (t.pop("executionPeriod"), t.update(status="in-progress")))

    assert change.move is Move.START


def test_an_unknown_extension_is_refused() -> None:
    def edit(wanted: Resource) -> None:
        wanted["extension"].append({"url": "urn:x", "valueString": "y"})

    assert refusal(task(), edit) == "Task.extension[1]"


def test_what_is_ours_is_ignored() -> None:
    def edit(wanted: Resource) -> None:
        for name in ("meta", "text", "businessStatus", "lastModified", "extension", "_description"):
            del wanted[name]
        wanted["status"] = "accepted"

    assert put(task(), edit).move is Move.ACCEPT


def test_another_way_of_writing_a_time_is_no_difference() -> None:
    def edit(wanted: Resource) -> None:
        wanted["authoredOn"] = "2026-11-20T11:40:00.000+01:00"
        wanted["restriction"] = {"period": {"end": "2026-11-20T23:40:00+01:00"}}
        wanted["status"] = "accepted"

    assert put(task(), edit).move is Move.ACCEPT


def test_an_earlier_contact_of_the_stay_is_no_difference_and_any_other_is() -> None:
    wanted = orjson.dumps(task_resource(task(), encounter_id=EncounterId("encounter-0")) | {"status": "accepted"})
    earlier = (EncounterId("encounter-0"),)

    change = read_put(wanted, task(), encounter_id=ENCOUNTER, earlier_encounters=earlier)

    assert change.move is Move.ACCEPT
    with pytest.raises(TaskChangeError) as caught:
        read_put(wanted, task(), encounter_id=ENCOUNTER)
    assert caught.value.issue.expression == "Task.encounter"


def test_another_id_than_the_addressed_is_refused() -> None:
    assert refusal(task(), lambda t: t.update(id="task-2")) == "Task.id"


def test_a_stale_client_learns_that_first_and_not_what_else_differs() -> None:
    now = replace(standing(S.ACCEPTED), due_at=AT + timedelta(days=3))
    old = task_resource(task(), encounter_id=ENCOUNTER)

    accept = read_put(orjson.dumps(old | {"status": "accepted"}), now, encounter_id=ENCOUNTER, stale=True)
    nothing = read_put(orjson.dumps(old), now, encounter_id=ENCOUNTER, stale=True)

    assert (accept.move, nothing.move) == (Move.ACCEPT, Move.SEE)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"resourceType":"Patient"}'])
def test_what_is_no_task_is_refused(body: bytes) -> None:
    with pytest.raises(JsonTextError):
        read_put(body, task(), encounter_id=ENCOUNTER)


def test_a_broken_task_is_refused_by_element() -> None:
    with pytest.raises(ResourceShapeError) as caught:
        put(task(), lambda t: t.update(status=7, foo=1))

    assert {issue.expression for issue in caught.value.issues} == {"Task.status", "Task.foo"}


_NAMES = ("status", "owner", "note", "extension", "statusReason", "restriction", "id", "meta", "for")
_INNER = ("url", "text", "reference", "identifier", "value", "valueReference")
_TEXTS = ("", "accepted", "received", "Organization/1234567", "2026-11-20T1")
_JSON = st.recursive(
    st.none() | st.booleans() | st.sampled_from(_TEXTS),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(_INNER), inner),
    max_leaves=5,
)


@pytest.mark.no_cover
@given(st.sampled_from(list(TaskStatus)), st.dictionaries(st.sampled_from(_NAMES), _JSON))
def test_no_body_raises_anything_but_our_errors(status: TaskStatus, changes: Resource) -> None:
    with contextlib.suppress(MappingError):
        put(standing(status), lambda t: t.update(changes))
