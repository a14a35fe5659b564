"""Who may move a duty, and in whose name."""

from dataclasses import replace

import pytest

from discharge.commands import ConfirmDelivered
from discharge.errors import NotAllowedError, NotFoundError, PersonRequiredError, TaskTakenError
from discharge.events import TaskDelivered, TaskMoved
from discharge.handlers import FireTimers, confirm_delivered, fire_timers, receive_notice
from discharge.identifiers import FeedId, TaskId
from discharge.policy import Caller, Role
from discharge.task import Move, Proof, TaskStatus
from tests.discharge.handlers.steps import HOUR, do
from tests.factories import (
    MUNICIPALITY,
    NEIGHBOUR,
    NORTH,
    NOW,
    OTHER_WARD,
    SOUTH,
    WARD,
    caller,
    home_nurse,
    leader,
    new_id,
    notice,
    patient,
    person,
    receive,
    record_system,
    ward_nurse,
)
from tests.fakes import FakeStore


@pytest.mark.parametrize("what", [Move.AGREE_TIME, Move.WITHDRAW])
async def test_only_who_asked_agrees_or_withdraws(store: FakeStore, what: Move) -> None:
    with pytest.raises(NotAllowedError) as refused:
        await do(store, home_nurse(), store.task("R17"), what, reason="because")

    assert refused.value.rule == "requester"


async def test_nobody_withdraws_what_they_owe_themselves(store: FakeStore) -> None:
    with pytest.raises(NotAllowedError):
        await do(store, ward_nurse(), store.task("R18"), Move.WITHDRAW, reason="no time")


async def test_a_visitator_withdraws_nothing(store: FakeStore) -> None:
    asked = replace(store.task("R17"), requester=NORTH, owner=WARD)
    store.state.tasks[asked.id] = asked

    with pytest.raises(NotAllowedError) as refused:
        await do(store, caller(Role.VISITATOR, MUNICIPALITY), asked, Move.WITHDRAW, reason="because")

    assert refused.value.rule == "role"


async def test_a_duty_is_not_handed_to_strangers(store: FakeStore) -> None:
    with pytest.raises(NotAllowedError) as refused:
        await do(store, home_nurse(), store.task("R17"), Move.ASSIGN, owner=NEIGHBOUR)

    assert refused.value.rule == "same-organization"


async def test_a_record_system_that_withdraws_does_not_speak_for_who_has_it(store: FakeStore) -> None:
    resume = await do(store, home_nurse(), store.task("R17"), Move.ACCEPT)

    await do(store, record_system(), resume, Move.WITHDRAW, reason="moved in with her son")

    by = store.happened(TaskMoved)[-1].by
    assert by is not None
    assert by.id == record_system().person_id


async def test_a_record_system_names_the_person_who_accepts(store: FakeStore) -> None:
    system = record_system(MUNICIPALITY)

    accepted = await do(store, system, store.task("R17"), Move.ACCEPT, assignee=person("Bente"))

    assert (accepted.assignee, accepted.proofs.accepted_by) == (person("Bente"), person("Bente"))


async def test_a_record_system_carries_out_what_its_practitioner_took_on(store: FakeStore) -> None:
    system = record_system(MUNICIPALITY)
    accepted = await do(store, system, store.task("R17"), Move.ACCEPT, assignee=person("Bente"))

    done = await do(store, system, accepted, Move.ACCEPT, Move.START, Move.COMPLETE)

    assert done.proofs.done_by == person("Bente")


async def test_a_record_system_that_names_another_practitioner_hears_who_has_it(store: FakeStore) -> None:
    system = record_system(MUNICIPALITY)
    await do(store, system, store.task("R17"), Move.ACCEPT, assignee=person("Bente"))

    with pytest.raises(TaskTakenError):
        await do(store, system, store.task("R17"), Move.ACCEPT, assignee=person("Ane"))


async def test_a_record_system_takes_no_duty_of_people_on_in_its_own_name(store: FakeStore) -> None:
    with pytest.raises(PersonRequiredError):
        await do(store, record_system(MUNICIPALITY), store.task("R17"), Move.ACCEPT)


async def test_a_duty_for_systems_is_taken_on_by_the_system_itself() -> None:
    store = FakeStore(patients=[patient()])
    await store.run(receive_notice, receive(notice(report_requested=True)))
    system = record_system(MUNICIPALITY)

    done = await do(store, system, store.task("R01"), Move.ACCEPT, Move.COMPLETE)

    assert done.proofs.done_by is not None
    assert done.proofs.done_by.id == system.person_id


async def test_a_record_system_that_names_nobody_speaks_for_itself(store: FakeStore) -> None:
    system = record_system(MUNICIPALITY)

    seen = await do(store, system, store.task("R17"), Move.SEE)

    assert seen.proofs.seen_by is not None
    assert seen.proofs.seen_by.id == system.person_id


@pytest.mark.parametrize(
    "who",
    [
        home_nurse(SOUTH),
        caller(Role.HOME_NURSE, NEIGHBOUR),
        ward_nurse(OTHER_WARD),
        leader(),
        caller(Role.OPERATOR, MUNICIPALITY),
    ],
)
async def test_who_is_no_party_finds_no_task(store: FakeStore, who: Caller) -> None:
    with pytest.raises(NotFoundError):
        await do(store, who, store.task("R17"), Move.ACCEPT)


async def test_an_unknown_task_is_not_found(store: FakeStore) -> None:
    unknown = replace(store.task("R17"), id=TaskId(new_id()))

    with pytest.raises(NotFoundError):
        await do(store, home_nurse(), unknown, Move.ACCEPT)


async def test_a_visitator_finds_no_medicine(store: FakeStore) -> None:
    medicine = replace(store.task("R21"), owner=NORTH, audience=frozenset(Role))
    store.state.tasks[medicine.id] = medicine

    with pytest.raises(NotFoundError):
        await do(store, caller(Role.VISITATOR, MUNICIPALITY), medicine, Move.ACCEPT)


async def test_a_party_does_not_move_another_partys_duty(store: FakeStore) -> None:
    with pytest.raises(NotAllowedError) as refused:
        await do(store, ward_nurse(), store.task("R17"), Move.ACCEPT)

    assert refused.value.rule == "addressee"


async def test_a_role_the_duty_is_not_for_does_not_take_it(store: FakeStore) -> None:
    resume = replace(store.task("R17"), audience=frozenset({Role.HOME_NURSE}))
    store.state.tasks[resume.id] = resume

    with pytest.raises(NotAllowedError):
        await do(store, caller(Role.VISITATOR, MUNICIPALITY), resume, Move.ACCEPT)


async def test_a_leader_gives_up_only_what_was_escalated_to_that_leader(store: FakeStore) -> None:
    resume = store.task("R17")
    store.now = NOW + HOUR
    await store.run(fire_timers, FireTimers(until=store.now))

    with pytest.raises(NotFoundError):
        await do(store, leader(NEIGHBOUR), resume, Move.GIVE_UP, reason="because")
    with pytest.raises(NotAllowedError):
        await do(store, leader(), resume, Move.ACCEPT)
    given_up = await do(store, leader(), resume, Move.GIVE_UP, reason="she has moved")

    assert (given_up.status, given_up.status_reason) == (TaskStatus.FAILED, "she has moved")


async def test_nobody_else_gives_a_duty_up(store: FakeStore) -> None:
    with pytest.raises(NotAllowedError) as refused:
        await do(store, home_nurse(), store.task("R17"), Move.GIVE_UP, reason="because")

    assert refused.value.rule == "escalated-to-this-leader"


async def test_a_device_proves_delivery_once_and_only_who_asked_hears(store: FakeStore) -> None:
    feed, heard = FeedId(NORTH), len(store.feeds[FeedId(NORTH)])
    confirm = ConfirmDelivered(caller=home_nurse(), feed=feed, offset=heard)

    await store.run(confirm_delivered, confirm)
    await store.run(confirm_delivered, confirm)

    (told,) = store.happened(TaskDelivered)
    assert told.task.proofs.highest is Proof.DELIVERED
    assert told.task.version == 1
    assert store.feeds[FeedId(WARD)][-1].task_id == told.task.id
    assert len(store.feeds[feed]) == heard
