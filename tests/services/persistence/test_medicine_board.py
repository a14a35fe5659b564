"""Whose medicine a pharmacist's place is party to: what was worked on last first, and nobody else's."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from discharge.commands import CommentLine, StateMedication
from discharge.handlers import comment_line, state_medication
from discharge.identifiers import FeedId, SorCode, StayId
from discharge.medication.lists import Column
from discharge.notices import NoticeKind
from discharge.plan import PlanRevision
from discharge.policy import Role
from services.persistence import boards
from services.persistence.views import MedicineBoard
from tests import factories
from tests.discharge.medication.lines import medicine, stated
from tests.factories import HOSPITAL, MUNICIPALITY, NEIGHBOUR, NORTH, OTHER_WARD, PRACTICE, REGION, WARD, caller
from tests.services.persistence.store import Store, cpr, store_on

EPISODES = tuple(factories.episode() for _ in range(3))
DOCTOR = caller(Role.DOCTOR, HOSPITAL, unit=WARD)


@pytest.fixture
async def store(database: Any) -> AsyncIterator[Store]:
    """Three citizens are in bed."""
    citizens = [factories.patient(), factories.patient(cpr=cpr(1)), factories.patient(cpr=cpr(2))]
    async with store_on(database, patients=citizens) as made:
        for citizen, episode in zip(citizens, EPISODES, strict=True):
            await made.admit(cpr=citizen.cpr, episodes=(episode,))
        yield made


def stays(store: Store) -> list[StayId]:
    return [StayId(row["id"]) for row in store.rows("SELECT id::text FROM stay ORDER BY id")]


async def list_for(store: Store, stay_id: StayId) -> None:
    made = stated(Column.AT_DISCHARGE, medicine(), id=str(uuid.uuid4()), received_at=factories.NOW)
    await store.run(state_medication, StateMedication(caller=DOCTOR, stay_id=stay_id, stated=made))


async def board(store: Store, place: SorCode = WARD, role: Role = Role.PHARMACIST, *, page: int = 1) -> MedicineBoard:
    async with store.reading(caller(role, place)) as session:
        return await boards.medicine_board(session, page=page)


def shown(view: MedicineBoard) -> list[StayId]:
    return [row.context.stay.id for row in view.rows]


async def test_what_was_worked_on_last_stands_first_and_no_list_is_no_row(store: Store) -> None:
    first, second, _ = stays(store)
    await list_for(store, first)
    await list_for(store, second)
    (line,) = store.rows("SELECT id::text FROM medication_line WHERE stay_id = %(stay)s", stay=first)
    await store.run(
        comment_line,
        CommentLine(caller=caller(Role.PHARMACIST, WARD), stay_id=first, line_id=line["id"], text="Se på nyrerne"),
    )

    view = await board(store)

    assert shown(view) == [first, second]
    assert [(row.unresolved, row.asked, row.signed_at) for row in view.rows] == [(1, 0, None), (1, 0, None)]
    assert (view.part.total, view.feed_head.feed) == (2, FeedId(WARD))
    audited = store.rows("SELECT stays FROM audit ORDER BY at DESC, id DESC LIMIT 1")[0]
    assert [str(each) for each in audited["stays"]] == sorted([first, second])


@pytest.mark.parametrize("place", [HOSPITAL, WARD, MUNICIPALITY, NORTH, PRACTICE])
async def test_every_place_that_reads_a_stay_has_it(store: Store, place: SorCode) -> None:
    stay = stays(store)[0]
    await list_for(store, stay)
    await store.send_home(cpr=factories.CPR, episodes=EPISODES[:1])

    assert shown(await board(store, place)) == [stay]


@pytest.mark.parametrize(
    ("role", "place"),
    [
        (Role.PHARMACIST, NEIGHBOUR),
        (Role.PHARMACIST, OTHER_WARD),
        (Role.PHARMACIST, REGION),
        (Role.VISITATOR, MUNICIPALITY),
        (Role.LEADER, MUNICIPALITY),
        (Role.OPERATOR, HOSPITAL),
    ],
)
async def test_nobody_else_has_it(store: Store, role: Role, place: SorCode) -> None:
    await list_for(store, stays(store)[0])

    view = await board(store, place, role)

    assert (view.rows, view.part.total) == ((), 0)


async def test_the_plan_stays_with_those_who_read_plans(store: Store) -> None:
    stay = stays(store)[0]
    await list_for(store, stay)
    await store.revise(stay, revision=PlanRevision(contact_phone="35453545"))

    (row,) = (await board(store)).rows

    assert row.context.plans == ()
    assert row.context.stay.plan.contact_phone is None
    assert row.context.patient.name


async def test_nobody_goes_through_the_medicine_of_the_dead(store: Store) -> None:
    alive, dead, _ = stays(store)
    await list_for(store, alive)
    await list_for(store, dead)

    await store.receive(factories.receive(factories.notice(NoticeKind.MORS, cpr=cpr(1), episodes=EPISODES[1:2])))

    assert [row["state"] for row in store.rows("SELECT state FROM stay ORDER BY id")][1] == "dead"
    assert shown(await board(store)) == [alive]


async def test_a_page_that_is_not_there_is_the_nearest_one(store: Store) -> None:
    stay = stays(store)[0]
    await list_for(store, stay)

    assert shown(await board(store, page=7)) == [stay]
