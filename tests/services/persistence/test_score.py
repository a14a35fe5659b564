"""How duties went, counted in the store."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest

from discharge.errors import NotAllowedError
from discharge.plan import Need, PlanRevision
from discharge.policy import Caller
from discharge.proofs import Proof
from discharge.replay import Verdict, really
from discharge.task import Move
from services.persistence.audit import own_audit
from services.persistence.score import Score, ScoreQuery, read_score
from tests import factories
from tests.factories import MUNICIPALITY, NEIGHBOUR, NORTH, NOW
from tests.services.persistence.store import Store
from tests.services.persistence.test_past import read


async def lived(store: Store) -> None:
    """A stay with one duty done after twenty minutes, and the others left alone."""
    stay = await store.begin()
    needs = PlanRevision(needs=frozenset({Need.HOME_NURSING}))
    await store.revise(stay.id, revision=needs, discharged_at=NOW)
    task = await store.task(factories.home_nurse(), "resume-services")
    await store.database.move_clock(NOW + timedelta(minutes=20))
    for move in (Move.ACCEPT, Move.COMPLETE):
        task = await store.move(factories.home_nurse(), task, move)
    await store.database.move_clock(NOW + timedelta(days=9))


async def asked(store: Store, caller: Caller, *, everybody: bool = False) -> Score:
    return await store.run(read_score, ScoreQuery(caller=caller, days=90, everybody=everybody), caller=caller)


async def test_leader_counts_the_duties_of_the_own_organisation_and_below(store: Store) -> None:
    await lived(store)

    score = await asked(store, factories.leader(MUNICIPALITY))

    done = next(each for each in score.rules if each.rule == "R17" and each.party == NORTH)
    assert done.ended[Verdict.KEPT] == 1
    assert {each.party for each in score.rules} <= {None, *score.directory.within(MUNICIPALITY)}
    took = done.times[Proof.DONE].half
    assert took is not None
    assert timedelta(minutes=19) < took < timedelta(minutes=21)


async def test_leader_of_another_organisation_counts_nothing(store: Store) -> None:
    await lived(store)

    assert (await asked(store, factories.leader(NEIGHBOUR))).rules == ()


async def test_who_leads_nobody_is_refused(store: Store) -> None:
    with pytest.raises(NotAllowedError):
        await asked(store, factories.home_nurse())
    with pytest.raises(NotAllowedError):
        await asked(store, factories.leader(), everybody=True)


async def test_store_and_replay_judge_alike(store: Store) -> None:
    await lived(store)
    past, _ = await read(store)
    until = NOW + timedelta(days=9)
    judged = Counter((duty.rule, duty.code, duty.verdict) for duty in really(past.stays[0], until))

    score = await asked(store, own_audit("test", "test").caller, everybody=True)

    counted = Counter(
        {
            (each.rule, each.code, verdict): number
            for each in score.rules
            if each.party is None
            for verdict, number in each.ended.items()
            if number
        }
    )
    assert counted == judged


async def test_weekdays_add_up_to_the_rules(store: Store) -> None:
    await lived(store)

    score = await asked(store, factories.leader(MUNICIPALITY))

    rules = sum(sum(each.ended.values()) for each in score.rules if each.party is None)
    assert sum(sum(each.ended.values()) for each in score.weekdays) == rules
    assert {each.weekday for each in score.weekdays if each.at_discharge} == {5}


async def test_reading_counts_leaves_one_audit_row_that_names_no_stay(store: Store) -> None:
    await lived(store)

    await asked(store, factories.leader(MUNICIPALITY))

    (row,) = store.rows("SELECT role, stays FROM audit WHERE role = 'leader'")
    assert row == {"role": "leader", "stays": []}
