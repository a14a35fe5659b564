"""Replaying under another agreement than the one it was lived under, and what lies before a stay has begun."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from discharge.agreement import HealthAgreement
from discharge.errors import NotFoundError
from discharge.identifiers import CprNumber, FeedId, PatientId, RuleId, SorCode, TaskId
from discharge.plan import DischargePlan
from discharge.rehearsal import Rehearsal
from discharge.replay import (
    Acted,
    Joined,
    Noticed,
    PastStay,
    Planned,
    Verdict,
    really,
    replay,
)
from discharge.replay_tally import party_of
from discharge.task import Move, TaskStatus
from tests import factories
from tests.discharge.pasts import Course, past_of
from tests.discharge.test_replay import midtjylland
from tests.factories import MUNICIPALITY, NORTH
from tests.fakes import FakeStore
from tests.fakes_ports import FakeAgreements

SEEDS = range(40)
HOUR = timedelta(hours=1)
PUT_RIGHT = {("R32", "act-already-taken")}
"""What no row makes: the core does."""


async def lived(agreement: HealthAgreement, seed: int, steps: int = 25) -> tuple[FakeStore, PastStay]:
    store = FakeStore(patients=[factories.patient()], agreements=[agreement])
    course = Course(store, seed)
    await course.run(steps)
    return store, past_of(store, course)


@pytest.mark.parametrize("seed", SEEDS)
async def test_another_agreement_makes_its_own_duties_and_every_one_has_an_end(seed: int) -> None:
    for before, after in ((midtjylland(), factories.small_agreement()), (factories.small_agreement(), midtjylland())):
        store, past = await lived(before, seed)

        made = await replay(past, FakeAgreements([after]), directory=store.directory, until=store.now + 90 * HOUR)

        assert {(duty.rule, duty.code) for duty in made} <= {rule.key for rule in after.rules} | PUT_RIGHT
        assert all(isinstance(duty.verdict, Verdict) for duty in made)
        assert all(duty.made_at <= store.now for duty in made)


async def test_a_stay_of_which_nothing_is_known_makes_nothing() -> None:
    store, past = await lived(midtjylland(), 1)

    nothing = replace(past, happenings=())

    assert await replay(nothing, store.agreements, directory=store.directory, until=store.now) == ()


async def test_what_lies_before_the_stay_is_no_duty_and_no_fault() -> None:
    store, past = await lived(midtjylland(), 2, steps=0)
    (noticed,) = (each for each in past.happenings if isinstance(each, Noticed))
    before = noticed.at - HOUR
    by = factories.person("Ida")
    task = past.tasks[0]
    early = (
        Joined(at=before, organization=NORTH),
        Planned(at=before, plan=replace(DischargePlan(), bed="7"), by=by),
        Acted(at=before, task=task.key, number=0, move=Move.COMPLETE, by=by),
    )
    late = (Joined(at=noticed.at + HOUR, organization=SorCode(MUNICIPALITY)),)

    made = await replay(
        replace(past, happenings=(*early, *past.happenings, *late)),
        store.agreements,
        directory=store.directory,
        until=store.now,
    )

    assert [duty.code for duty in made] == [duty.code for duty in really(past, store.now)]


async def test_a_time_that_was_agreed_moves_the_deadline_and_a_duty_given_up_is_missed() -> None:
    store, past = await lived(midtjylland(), 3, steps=0)
    task = next(each for each in past.tasks if each.owner != past.receiver)
    agreed = store.now + 50 * HOUR
    by = factories.person("Ida")
    acts = (
        Acted(at=store.now, task=task.key, number=0, move=Move.AGREE_TIME, by=by, due_at=agreed),
        Acted(at=store.now + HOUR, task=task.key, number=0, move=Move.AGREE_TIME, by=by),
        Acted(at=store.now + 2 * HOUR, task=task.key, number=0, move=Move.GIVE_UP, by=by),
        Acted(at=store.now + 3 * HOUR, task=task.key, number=0, move=Move.COMPLETE, by=by),
        Acted(at=store.now + 3 * HOUR, task=task.key, number=7, move=Move.RELEASE, by=by),
    )

    made = await replay(
        replace(past, happenings=(*past.happenings, *acts)),
        store.agreements,
        directory=store.directory,
        until=store.now + 90 * HOUR,
    )

    (duty,) = (each for each in made if each.code == task.key[1])
    assert (duty.due_at, duty.verdict) == (agreed, Verdict.MISSED)
    failed = replace(past, tasks=(replace(task, status=TaskStatus.FAILED),))
    assert [each.verdict for each in really(failed, store.now)] == [Verdict.MISSED]


async def test_an_act_is_done_to_the_duty_that_is_there_or_kept_for_the_one_to_come() -> None:
    store, past = await lived(midtjylland(), 5, steps=0)
    task, by = past.tasks[0], factories.person("Ida")
    reconcile = (RuleId("R19"), "reconcile-at-discharge", None)
    leaves = replace(DischargePlan(), version=1, expected_discharge_at=store.now + 9 * HOUR)
    acts = (
        Acted(at=store.now, task=task.key, number=0, move=Move.RELEASE, by=by),
        Acted(at=store.now + HOUR, task=task.key, number=0, move=Move.COMPLETE, by=by),
        Acted(at=store.now + HOUR, task=reconcile, number=0, move=Move.COMPLETE, by=by),
        Planned(at=store.now + 2 * HOUR, plan=leaves, by=by),
    )

    made = await replay(
        replace(past, happenings=(*past.happenings, *acts)),
        store.agreements,
        directory=store.directory,
        until=store.now + 90 * HOUR,
    )

    verdicts = {duty.code: duty.verdict for duty in made}
    assert verdicts[task.key[1]] in {Verdict.KEPT, Verdict.MISSED}
    assert verdicts["reconcile-at-discharge"] is Verdict.KEPT


def test_a_place_that_no_register_has_answers_for_itself() -> None:
    nobody = SorCode("999999")

    assert party_of(factories.directory(), nobody) == nobody
    assert party_of(factories.directory(), NORTH) == MUNICIPALITY


async def test_a_rehearsal_knows_its_citizen_and_its_own_duties_alone() -> None:
    store, _ = await lived(midtjylland(), 4, steps=3)
    (patient,) = store.state.patients.values()
    uow = Rehearsal(now=store.now, directory=store.directory, agreements=store.agreements, patient=patient)
    task = store.tasks()[0]
    await uow.tasks.save(task)
    other = replace(patient, district="syd")

    assert await uow.patients.by_cpr(patient.cpr) == patient
    assert await uow.patients.by_cpr(CprNumber.parse("0101804321")) is None
    assert await uow.patients.add(other) == other
    await uow.patients.save(patient)
    assert await uow.patients.get(patient.id) == patient
    assert await uow.tasks.stay_of(task.id) == task.stay_id
    assert await uow.tasks.undelivered(FeedId(task.owner), 1) == [task]
    with pytest.raises(NotFoundError):
        await uow.patients.get(PatientId("nobody"))
    with pytest.raises(NotFoundError):
        await uow.tasks.get(TaskId("nobody's"))
    await uow.commit()
