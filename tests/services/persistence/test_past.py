"""Past stays, read for a replay."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from discharge.directory import Directory
from discharge.identifiers import SorCode
from discharge.plan import Need, PlanRevision
from discharge.replay import Acted, Noticed, PastStay, Planned, Verdict, really, replay
from discharge.task import Move
from services.persistence.past import Past, past_stays, read_past
from tests import factories
from tests.factories import NOW
from tests.services.persistence.store import VAULT, Store


async def read(store: Store) -> tuple[Past, Directory]:
    master = await store.database.master()
    async with store.database.writing() as connection:
        ids = await past_stays(connection, since=NOW - timedelta(days=90), until=NOW + timedelta(days=1), concerns=bool)
        return await read_past(connection, VAULT, master.directory, ids), master.directory


async def lived(store: Store) -> PastStay:
    """Admitted, planned, gone home, and one duty done."""
    stay = await store.begin()
    await store.revise(stay.id, revision=PlanRevision(needs=frozenset({Need.HOME_NURSING})))
    await store.revise(stay.id, revision=PlanRevision(contact_phone="70000101"), discharged_at=NOW)
    task = await store.task(factories.home_nurse(), "resume-services")
    for move in (Move.ACCEPT, Move.COMPLETE):
        task = await store.move(factories.home_nurse(), task, move)
    past, _ = await read(store)
    return past.stays[0]


async def test_replay_of_a_real_stay_under_its_own_agreement_makes_what_was_made(store: Store) -> None:
    past = await lived(store)
    master = await store.database.master()
    until = NOW + timedelta(days=9)

    replayed = await replay(past, master, directory=master.directory, until=until)

    assert replayed == really(past, until)
    assert {duty.verdict for duty in replayed if duty.code == "resume-services"} == {Verdict.KEPT}


async def test_a_stay_is_read_as_what_happened_in_its_order(store: Store) -> None:
    past = await lived(store)

    kinds = [type(happening) for happening in past.happenings if not isinstance(happening, Acted)]
    assert [kind for kind in kinds if kind in {Noticed, Planned}] == [Noticed, Planned, Planned, Noticed]
    assert [act.move for act in past.happenings if isinstance(act, Acted)] == [Move.ACCEPT, Move.COMPLETE]


async def test_nothing_that_names_the_citizen_is_opened(store: Store) -> None:
    past = await lived(store)

    assert past.patient.family is None
    assert past.patient.cpr.digits == "0000000000"
    assert past.patient.district == "nord"


async def test_a_stay_whose_key_is_destroyed_is_counted_and_left_out(store: Store) -> None:
    await lived(store)
    store.rows("UPDATE patient SET wrapped_key = ''")

    past, _ = await read(store)

    assert (past.stays, past.unreadable) == ((), 1)


async def test_stays_of_others_are_not_asked_for(store: Store) -> None:
    await lived(store)

    async with store.database.writing() as connection:
        ids = await past_stays(
            connection, since=NOW - timedelta(days=90), until=NOW, concerns=lambda sor: sor == SorCode("1")
        )

    assert ids == ()


async def test_a_transaction_that_reads_the_past_cannot_write(store: Store) -> None:
    async with store.database.past() as connection:
        with pytest.raises(DBAPIError, match="read-only"):
            await connection.execute(text("UPDATE meta SET value = value"))
