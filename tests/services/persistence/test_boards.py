"""Every page's query, for everybody who opens it, and what the audit says of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from discharge.errors import NotFoundError
from discharge.handlers import FireTimers, fire_timers
from discharge.identifiers import StayId, TaskId
from discharge.plan import Need, PlanRevision
from discharge.policy import Caller, Role
from discharge.stay import StayState
from discharge.task import Move, TaskStatus
from services.persistence import boards, desk
from services.persistence.message_views import MessageSearch, MessageShow
from services.persistence.reading import ReadSession
from services.persistence.views import Show
from tests import factories
from tests.engines import Database
from tests.factories import HOSPITAL, MUNICIPALITY, NEIGHBOUR, NOW, OTHER_WARD, REGION, SOUTH, WARD
from tests.services.persistence.store import OPERATOR, Store, cpr, store_on

HOUR = timedelta(hours=1)
VISITATOR = factories.caller(Role.VISITATOR, MUNICIPALITY)
Query = Callable[..., Awaitable[Any]]


@pytest.fixture
async def house(module_database: Database) -> AsyncIterator[Store]:
    """One patient in bed with a plan, one sent home; a task accepted, one rejected, one escalated to a leader."""
    citizens = [factories.patient(), factories.patient(cpr=cpr(1), family="Anden", protected=True)]
    async with store_on(module_database, patients=citizens) as store:
        if not store.rows("SELECT 1 FROM stay"):
            await store.admit()
            (in_bed,) = store.rows("SELECT id::text FROM stay")
            needs = PlanRevision(needs=frozenset({Need.HOME_NURSING}), contact_phone="35453545")
            await store.revise(in_bed["id"], revision=needs)
            await store.revise(in_bed["id"], revision=PlanRevision(contact_phone="35453546"))
            nurse = factories.home_nurse()
            await store.move(nurse, await store.task(nurse, "pause-services"), Move.ACCEPT, note="Kommer")
            await store.move(nurse, await store.task(nurse, "send-admission-report"), Move.REJECT, reason="Ukendt")
            episode = factories.episode()
            await store.admit(cpr=cpr(1), episodes=(episode,))
            await store.send_home(cpr=cpr(1), episodes=(episode,))
            await store.run(fire_timers, FireTimers(until=NOW + 2 * HOUR))
            await store.refuse(None, factories.envelope(receiver=MUNICIPALITY))
        yield store


def ids(store: Store) -> tuple[StayId, StayId]:
    """The stay of who is in bed, and of who went home."""
    rows = store.rows("SELECT id::text FROM stay ORDER BY state")
    return StayId(rows[0]["id"]), StayId(rows[1]["id"])


async def asked(store: Store, caller: Caller, query: Query, *arguments: object, **named: object) -> Any:
    async with store.reading(caller) as session:
        return await query(session, *arguments, **named)


def last_audit(store: Store) -> dict[str, Any]:
    return store.rows("SELECT * FROM audit ORDER BY at DESC, id DESC LIMIT 1")[0]


@pytest.mark.parametrize(
    "caller", [factories.ward_nurse(), factories.caller(Role.DOCTOR, HOSPITAL), factories.caller(Role.WARD, HOSPITAL)]
)
async def test_ward_sees_its_patients_with_plan_and_tasks(house: Store, caller: Caller) -> None:
    board = await asked(house, caller, boards.ward_board)

    in_bed, home = ids(house)
    assert [row.context.stay.id for row in board.rows] == [in_bed, home]
    first, second = board.rows
    assert [version.plan.contact_phone for version in first.context.plans] == ["35453545", "35453546"]
    assert [version.by and version.by.id for version in first.context.plans] == ["ward-91100000000"] * 2
    assert first.context.patient.name
    assert (first.context.patient.protected, second.context.patient.protected) == (False, True)
    assert {record.task.stay_id for record in first.tasks} == {in_bed}
    assert second.context.stay.state is StayState.ENDED
    assert second.context.gp == factories.PRACTICE
    assert last_audit(house)["stays"] == sorted([in_bed, home])


@pytest.mark.parametrize("caller", [factories.ward_nurse(OTHER_WARD), VISITATOR, factories.caller(Role.WARD, REGION)])
async def test_other_places_have_an_empty_ward_board(house: Store, caller: Caller) -> None:
    board = await asked(house, caller, boards.ward_board)

    assert board.rows == ()
    assert last_audit(house)["stays"] == []


async def test_ward_board_forgets_who_went_home_on_an_earlier_day_once_nothing_is_owed(store: Store) -> None:
    episode = factories.episode()
    await store.admit(episodes=(episode,))
    await store.send_home(episodes=(episode,))
    assert len((await asked(store, factories.ward_nurse(), boards.ward_board)).rows) == 1

    await store.database.move_clock(NOW + timedelta(days=1))
    still_owing = await asked(store, factories.ward_nurse(), boards.ward_board)
    for code in ("send-discharge-report", "send-discharge-letter"):
        task = await store.task(factories.ward_nurse(), code)
        taken = await store.move(factories.ward_nurse(), task, Move.ACCEPT)
        await store.move(factories.ward_nurse(), taken, Move.COMPLETE)

    assert len(still_owing.rows) == 1
    assert (await asked(store, factories.ward_nurse(), boards.ward_board)).rows == ()


async def test_one_row_of_the_board_is_the_wards_own(house: Store) -> None:
    in_bed, _ = ids(house)

    row = await asked(house, factories.ward_nurse(), boards.ward_row, in_bed)

    assert row.context.stay.id == in_bed
    for stranger in (factories.ward_nurse(OTHER_WARD), factories.home_nurse()):
        with pytest.raises(NotFoundError):
            await asked(house, stranger, boards.ward_row, in_bed)


@pytest.mark.parametrize("query", [boards.plan_page, boards.timeline])
@pytest.mark.parametrize(
    ("caller", "codes"),
    [
        (factories.ward_nurse(), {"pause-services", "send-admission-report"}),
        (factories.home_nurse(), {"pause-services", "send-admission-report"}),
        (VISITATOR, {"pause-services", "send-admission-report"}),
    ],
)
async def test_party_reads_the_course_of_a_stay(house: Store, query: Query, caller: Caller, codes: set[str]) -> None:
    in_bed, _ = ids(house)

    page = await asked(house, caller, query, in_bed)

    assert page.context.stay.id == in_bed
    assert {record.task.code for record in page.tasks} == codes
    (accepted,) = [record for record in page.tasks if record.task.status is TaskStatus.ACCEPTED]
    assert accepted.task.note == "Kommer"
    assert {r.task.status_reason for r in page.tasks if r.task.status is TaskStatus.REJECTED} == {"Ukendt"}
    assert last_audit(house)["stays"] == [in_bed]


async def test_visitator_reads_no_document_and_no_medicine_of_a_stay(house: Store) -> None:
    _, home = ids(house)

    page = await asked(house, VISITATOR, boards.timeline, home)

    assert {str(record.task.content_class) for record in page.tasks} == {"notice", "plan"}


@pytest.mark.parametrize("query", [boards.plan_page, boards.timeline])
@pytest.mark.parametrize(
    "caller",
    [
        factories.home_nurse(SOUTH),
        factories.caller(Role.HOME_NURSE, NEIGHBOUR),
        factories.gp(),
        factories.leader(),
        OPERATOR,
        factories.caller(Role.AGREEMENT_EDITOR, MUNICIPALITY),
    ],
)
async def test_who_is_no_party_finds_no_stay(house: Store, query: Query, caller: Caller) -> None:
    in_bed, _ = ids(house)

    for asked_for in (in_bed, factories.new_id(), "no-uuid"):
        with pytest.raises(NotFoundError):
            await asked(house, caller, query, asked_for)


async def test_nurse_has_the_tasks_of_her_place_and_all_counters(house: Store) -> None:
    nurse = factories.home_nurse()

    lists = {show: await asked(house, nurse, boards.task_list, show=show) for show in Show}

    unowned = {card.record.task.code for card in lists[Show.UNOWNED].cards}
    assert "resume-services" in unowned
    assert "pause-services" in unowned
    assert {card.record.task.code for card in lists[Show.GROUP].cards} >= unowned
    assert all(lists[show].counts == lists[Show.UNOWNED].counts for show in Show)
    assert lists[Show.UNOWNED].counts.unowned == len(lists[Show.UNOWNED].cards)
    assert lists[Show.UNOWNED].feed_head.feed == factories.NORTH
    assert all(card.context is not None for card in lists[Show.UNOWNED].cards)
    mine = {card.record.task.code for card in lists[Show.MINE].cards}
    assert mine == {"pause-services"}
    ids_of = {card.record.task.stay_id for card in lists[Show.DONE].cards}
    assert last_audit(house)["stays"] == sorted(ids_of)


async def test_counters_are_each_persons_own(house: Store) -> None:
    other = factories.home_nurse(name="another nurse")

    shown = await asked(house, other, boards.task_list, show=Show.MINE)

    assert shown.cards == ()
    assert shown.counts.mine == 0


async def test_visitator_has_only_tasks_meant_for_visitators(house: Store) -> None:
    shown = await asked(house, VISITATOR, boards.task_list, show=Show.GROUP)

    assert shown.cards
    assert all(Role.VISITATOR in card.record.task.audience for card in shown.cards)


async def test_practice_has_its_own_tasks(house: Store) -> None:
    shown = await asked(house, factories.gp(), boards.task_list)

    assert {card.record.task.code for card in shown.cards} == {"read-discharge-letter", "reconcile-medication"}


async def test_leader_has_what_was_escalated_and_sees_no_person(house: Store) -> None:
    (row,) = house.rows("SELECT DISTINCT unnest(escalated_to) AS key FROM task")
    leader = factories.leader(row["key"].split("|")[0])

    shown = await asked(house, leader, boards.task_list)

    (card,) = shown.cards
    assert card.record.task.code == "resume-services"
    assert card.context is None
    assert Role.LEADER in {role for told in card.record.told for role in told.roles}
    assert card.record.take_by is not None
    assert last_audit(house)["stays"] == [card.record.task.stay_id]


@pytest.mark.parametrize("caller", [OPERATOR, factories.caller(Role.HOME_NURSE, NEIGHBOUR)])
async def test_others_have_no_tasks(house: Store, caller: Caller) -> None:
    shown = await asked(house, caller, boards.task_list, show=Show.GROUP)

    assert (shown.cards, shown.counts.group) == ((), 0)


async def test_card_and_page_of_one_task(house: Store) -> None:
    nurse = factories.home_nurse()
    task = next(
        card.record.task
        for card in (await asked(house, nurse, boards.task_list, show=Show.GROUP)).cards
        if card.record.task.code == "resume-services"
    )

    card = await asked(house, nurse, boards.task_card, task.id)
    page = await asked(house, nurse, boards.task_page, task.id)

    assert card.record.task == page.card.record.task == task
    assert card.context is not None
    assert {record.task.stay_id for record in page.others} == {task.stay_id}
    assert task.id not in {record.task.id for record in page.others}
    assert last_audit(house)["stays"] == [task.stay_id]


@pytest.mark.parametrize("query", [boards.task_card, boards.task_page])
async def test_task_of_others_is_not_found(house: Store, query: Query) -> None:
    (row,) = house.rows("SELECT id::text FROM task WHERE code = 'reconcile-medication'")

    for caller, asked_for in (
        (VISITATOR, row["id"]),
        (factories.caller(Role.HOME_NURSE, NEIGHBOUR), row["id"]),
        (factories.home_nurse(), factories.new_id()),
        (factories.home_nurse(), "no-uuid"),
    ):
        with pytest.raises(NotFoundError):
            await asked(house, caller, query, TaskId(asked_for))


async def test_operator_sees_what_came_and_what_was_answered(house: Store) -> None:
    everything = await asked(house, OPERATOR, desk.message_list)
    refused = await asked(house, OPERATOR, desk.message_list, MessageSearch(show=MessageShow.REFUSED))

    assert (everything.accepted, everything.refused, everything.repeated) == (3, 1, 0)
    assert len(everything.messages) == 4
    times = [message.received_at for message in everything.messages]
    assert times == sorted(times, reverse=True)
    (one,) = refused.messages
    assert [issue.rule for issue in one.issues] == ["rule"]
    assert (one.sender, one.receiver) == (WARD, MUNICIPALITY)


@pytest.mark.parametrize("caller", [factories.home_nurse(), factories.leader(), factories.ward_nurse()])
async def test_only_operators_see_messages(house: Store, caller: Caller) -> None:
    listed = await asked(house, caller, desk.message_list)

    assert (listed.messages, listed.accepted) == ((), 0)


async def test_page_and_feed_head_are_of_one_snapshot(store: Store) -> None:
    async def with_news(session: ReadSession) -> tuple[int, int]:
        head = (await session.feed_head()).offset
        await store.admit()
        return head, len((await boards.task_list(session, show=Show.GROUP)).cards)

    assert await asked(store, factories.home_nurse(), with_news) == (0, 0)
