"""The one commit: everything or nothing, numbers without holes, versions that rise one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from discharge.commands import ConfirmDelivered, Receipt, ReceiptCode, ReceiveNotice
from discharge.errors import NotFoundError
from discharge.events import StayBegan
from discharge.handlers import begin_stay, confirm_delivered, move_task, receive_notice, revise_plan
from discharge.identifiers import FeedId, MessageId, PatientId, StayId, TaskId
from discharge.plan import PlanRevision
from discharge.ports import UnitOfWork
from discharge.stay import NoticeKind, StayState
from discharge.task import Move, TaskStatus
from services.persistence.database import new_id
from services.persistence.people import put_patient
from services.persistence.unit_of_work import kind_of
from tests import factories
from tests.factories import MUNICIPALITY, NORTH, NOW, WARD
from tests.services.persistence.store import Store, audit, cpr

SEAMS: Final = ("patients", "stays", "tasks", "timers", "messages", "record", "commit", "after commit failed")


class _BrokenError(Exception):
    """The process stops here."""


def _failing_at(seam: str) -> Callable[[ReceiveNotice, UnitOfWork], Awaitable[Receipt]]:
    """The real handler, which dies just after it has used one part of the unit of work."""

    async def handler(command: ReceiveNotice, uow: UnitOfWork) -> Receipt:
        broken = _BrokenUnitOfWork(uow, seam)
        return await receive_notice(command, broken)

    return handler


class _BrokenPart:
    def __init__(self, part: Any) -> None:
        self._part = part

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._part, name)

        async def used(*arguments: Any, **named: Any) -> Any:
            await method(*arguments, **named)
            raise _BrokenError

        return used


class _BrokenUnitOfWork:
    def __init__(self, uow: UnitOfWork, seam: str) -> None:
        self._uow = uow
        self._seam = seam

    def __getattr__(self, name: str) -> Any:
        part = getattr(self._uow, name)
        return _BrokenPart(part) if name == self._seam else part

    def record(self, fact: Any) -> None:
        self._uow.record(fact)
        if self._seam == "record":
            raise _BrokenError

    async def commit(self) -> None:
        if self._seam == "commit":
            raise _BrokenError
        if self._seam == "after commit failed":
            # The very last statement is refused by PostgreSQL: the deferred keys are checked at COMMIT.
            self._uow.record(StayBegan(at=NOW, stay_id=StayId(factories.new_id()), ward=WARD, kind=NoticeKind.STIN))
        await self._uow.commit()


@pytest.mark.parametrize("seam", SEAMS)
async def test_exception_at_any_seam_leaves_nothing_in_any_table(store: Store, seam: str) -> None:
    before = store.counts()
    newcomer = factories.notice(cpr=cpr(1), report_requested=True)
    handler = _failing_at(seam)
    wanted = factories.notice(report_requested=True) if seam in {"tasks", "timers"} else newcomer

    with pytest.raises((_BrokenError, IntegrityError)):
        await store.run(handler, factories.receive(wanted))

    assert store.counts() == before
    assert store.woken == []


async def test_leaving_without_commit_rolls_back(store: Store) -> None:
    before = store.counts()

    async with store.database.unit_of_work(audit(factories.record_system())) as uow:
        assert await uow.messages.claim(factories.envelope()) is None
        await uow.patients.add(factories.patient(cpr=cpr(1)))

    assert store.counts() == before


async def test_commit_writes_the_fact_and_everything_that_follows_from_it(store: Store) -> None:
    before = store.counts()

    await store.admit(history=(MessageId("an-earlier-one"),))

    after = store.counts()
    written = {table: after[table] - before[table] for table in after if after[table] != before[table]}
    assert written == {
        "message": 1,
        "stay": 1,
        "encounter": 1,
        "episode": 1,
        "notice": 1,
        "party": 4,
        "task": 2,
        "task_version": 2,
        "timer": 5,
        "event": 3,
        "audit": 1,
        "feed": 3,
        "feed_entry": 7,
    }
    assert store.woken == [{FeedId(WARD): 3, FeedId(MUNICIPALITY): 2, FeedId(NORTH): 2}]


async def test_discharge_that_nobody_foretold_may_name_its_history(store: Store) -> None:
    await store.send_home(history=(MessageId("a-stin-that-got-lost"),))

    assert [row["follows"] for row in store.rows("SELECT follows FROM notice")] == [["a-stin-that-got-lost"]]


async def test_audit_row_of_a_command_lists_the_stay_it_touched(store: Store) -> None:
    await store.admit()
    (stay,) = store.rows("SELECT id::text FROM stay")
    nurse = factories.home_nurse()
    task = await store.task(nurse, "pause-services")

    seen = await store.move(nurse, task, Move.SEE)
    await store.move(nurse, seen, Move.SEE)

    rows = store.rows("SELECT stays, person_id, role, organization, unit, outcome FROM audit ORDER BY at, id")
    assert [row["stays"] for row in rows] == [[stay["id"]]] * 4
    assert rows[-1] == {
        "stays": [stay["id"]],
        "person_id": nurse.person_id,
        "role": "home-nurse",
        "organization": MUNICIPALITY,
        "unit": NORTH,
        "outcome": 200,
    }


async def test_task_keeps_one_snapshot_for_each_version_and_none_for_what_raises_none(store: Store) -> None:
    await store.admit()
    nurse = factories.home_nurse()
    task = await store.task(nurse, "pause-services")
    versions = [task.version]
    for move in (Move.SEE, Move.ACCEPT, Move.ACCEPT, Move.START, Move.PAUSE, Move.RESUME, Move.COMPLETE):
        task = await store.move(nurse, task, move)
        versions.append(task.version)

    kept = store.rows(
        "SELECT version, snapshot->>'status' AS status FROM task_version WHERE task_id = %(id)s ORDER BY version",
        id=task.id,
    )
    assert [row["version"] for row in kept] == sorted(set(versions)) == list(range(1, task.version + 1))
    assert [row["status"] for row in kept] == [
        *("requested", "received", "accepted", "in-progress", "on-hold", "in-progress", "completed")
    ]


async def test_plan_keeps_every_version_and_who_wrote_it(store: Store) -> None:
    stay = await store.begin(bed="12")
    await store.revise(stay.id, revision=PlanRevision(contact_phone="35453545"))
    await store.revise(stay.id, revision=PlanRevision(contact_phone="35453545"))
    await store.revise(stay.id, revision=PlanRevision(destination="home"))

    rows = store.rows("SELECT version, by_id FROM plan_version ORDER BY version")
    assert [(row["version"], row["by_id"]) for row in rows] == [
        (version, factories.ward_nurse().person_id) for version in (1, 2, 3)
    ]


async def test_stay_that_did_not_change_is_not_written_again(store: Store) -> None:
    await store.admit(episodes=(episode := factories.episode(),))
    parts = ("stay", "encounter", "episode", "party")
    versions = {part: store.rows(f"SELECT xmin::text FROM {part} ORDER BY 1") for part in parts}

    await store.admit(episodes=(episode,))

    assert {part: store.rows(f"SELECT xmin::text FROM {part} ORDER BY 1") for part in parts} == versions


async def test_what_is_not_there_is_not_found(store: Store) -> None:
    async with store.database.unit_of_work(None) as uow:
        for missing in ("no-uuid", factories.new_id()):
            with pytest.raises(NotFoundError):
                await uow.stays.get(StayId(missing))
            with pytest.raises(NotFoundError):
                await uow.tasks.get(TaskId(missing))
            with pytest.raises(NotFoundError):
                await uow.tasks.stay_of(TaskId(missing))
        with pytest.raises(NotFoundError):
            await uow.patients.get(PatientId(factories.new_id()))
        with pytest.raises(NotFoundError):
            await uow.patients.key_of(PatientId(factories.new_id()))


async def test_unit_of_work_hands_back_what_was_saved_in_it(store: Store) -> None:
    await store.admit()
    nurse = factories.home_nurse()
    read = await store.task(nurse, "pause-services")

    async with store.database.unit_of_work(None) as uow:
        task = await uow.tasks.get(read.id)
        stay = await uow.stays.get(task.stay_id)
        assert await uow.stays.get(stay.id) is stay
        escalated = task.escalated("9|leader")
        await uow.tasks.save(escalated)
        ended = replace(stay, state=StayState.ENDED, ended_at=NOW, end_received_at=NOW)
        await uow.stays.save(ended)

        assert await uow.tasks.get(task.id) is escalated
        assert await uow.tasks.stay_of(task.id) == stay.id
        assert escalated in await uow.tasks.of_stay(stay.id)
        assert (await uow.stays.get(stay.id)).state is StayState.ENDED


async def test_two_beginnings_of_one_citizen_make_one_patient_and_one_stay(store: Store) -> None:
    unknown = cpr(7)

    await asyncio.gather(
        *(store.run(begin_stay, factories.begin_by_hand(cpr=unknown)) for _ in range(6)),
    )

    assert store.counts()["patient"] == 2
    assert store.counts()["stay"] == 1


async def test_citizen_whose_index_another_row_took_under_another_name_is_not_found(store: Store) -> None:
    async with store.database.unit_of_work(None) as uow:
        taken = factories.patient(cpr=cpr(1))
        await uow.patients.add(taken)
        await uow.commit()
    store.rows("CREATE POLICY nobody ON patient AS RESTRICTIVE FOR SELECT TO stafet_writer USING (false)")

    async with store.database.unit_of_work(None) as uow:
        with pytest.raises((NotFoundError, DBAPIError)):
            await uow.patients.add(factories.patient(cpr=cpr(1)))


async def test_offsets_have_no_holes_under_fifty_commits_with_rollbacks_between(store: Store) -> None:
    async with store.database.writing() as connection:
        for number in range(50):
            await put_patient(connection, store.database.vault, factories.patient(cpr=cpr(number)))

    async def come(number: int) -> None:
        command = factories.receive(factories.notice(cpr=cpr(number), report_requested=True))
        await store.run(receive_notice, command)

    async def break_off(number: int) -> None:
        seam = "commit" if number % 2 else "after commit failed"
        with pytest.raises((_BrokenError, IntegrityError)):
            await store.run(_failing_at(seam), factories.receive(factories.notice(cpr=cpr(100 + number))))

    await asyncio.gather(*(work(number) for number in range(50) for work in (come, break_off)))

    assert store.counts()["task"] == 100
    for feed in store.rows("SELECT id, head FROM feed"):
        numbers = [
            row["number"]
            for row in store.rows("SELECT number FROM feed_entry WHERE feed_id = %(id)s ORDER BY number", id=feed["id"])
        ]
        assert numbers == list(range(1, feed["head"] + 1)), feed["id"]
    assert {row["id"]: row["head"] for row in store.rows("SELECT id, head FROM feed")} == {
        MUNICIPALITY: 100,
        NORTH: 100,
        WARD: 150,
    }


async def test_nurses_who_accept_at_once_leave_one_holder(store: Store) -> None:
    await store.admit()
    task = await store.task(factories.home_nurse(), "pause-services")
    nurses = [factories.home_nurse(name=f"nurse {number}") for number in range(8)]

    answers = await asyncio.gather(
        *(store.run(move_task, factories.move(nurse, task, Move.ACCEPT)) for nurse in nurses), return_exceptions=True
    )

    taken = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(taken) == 1
    assert {type(answer).__name__ for answer in answers if isinstance(answer, BaseException)} == {"TaskTakenError"}
    assert (await store.task(nurses[0], "pause-services")).status is TaskStatus.ACCEPTED


async def test_confirmations_and_plans_of_one_stay_do_not_block_each_other_for_ever(store: Store) -> None:
    await store.admit()
    (row,) = store.rows("SELECT id::text FROM stay")
    nurse = factories.home_nurse()
    confirm = ConfirmDelivered(caller=nurse, feed=FeedId(NORTH), offset=10_000)
    deadlocks_before = _deadlocks(store)

    async def plans(number: int) -> None:
        command = factories.revise(StayId(row["id"]), revision=PlanRevision(destination=f"home {number}"))
        await store.run(revise_plan, command)

    await asyncio.gather(*(plans(n) for n in range(10)), *(store.run(confirm_delivered, confirm) for _ in range(10)))

    assert _deadlocks(store) == deadlocks_before
    assert {r["delivered_at"] is not None for r in store.rows("SELECT delivered_at FROM task")} == {True}


def _deadlocks(store: Store) -> int:
    (row,) = store.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    return int(row["deadlocks"])


async def test_intake_takes_few_round_trips(store: Store) -> None:
    statements: list[str] = []
    engine = store.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))

    await store.admit()

    assert statements == [], "the hot path goes to the driver in batches, not statement by statement"


async def test_commit_that_tells_nobody_moves_no_feed(store: Store) -> None:
    async with store.database.unit_of_work(None) as uow:
        await uow.messages.claim(sent := factories.envelope())
        await uow.messages.conclude(sent, Receipt(code=ReceiptCode.OK), stay_id=None, patient=None, keep=False)
        await uow.commit()

    assert uow.committed
    assert uow.heads == {}
    assert store.counts()["message"] == 1


async def test_broken_key_is_told_as_the_store_tells_it(store: Store) -> None:
    async with store.database.unit_of_work(None) as uow:
        await uow.tasks.save(factories.task())
        with pytest.raises(NotFoundError):
            await uow.commit()

    async with store.database.unit_of_work(None) as uow:
        citizen = (await uow.patients.by_cpr(factories.CPR)) or factories.patient()
        await uow.tasks.save(factories.task(patient_id=citizen.id))
        with pytest.raises(IntegrityError) as told:
            await uow.commit()

    assert isinstance(told.value, DBAPIError)
    assert "fk_task_stay_id" in str(told.value)
    assert store.counts()["task"] == 0


def test_event_is_stored_under_its_name() -> None:
    began = StayBegan(at=NOW, stay_id=StayId(new_id()), ward=WARD, kind=NoticeKind.STIN)

    assert kind_of(began) == "stay-began"


async def test_deadline_of_a_task_is_kept_to_the_microsecond(store: Store) -> None:
    await store.database.move_clock(NOW + timedelta(microseconds=123_457))
    await store.admit()

    task = await store.task(factories.home_nurse(), "pause-services")

    assert task.created_at.microsecond != 0
    async with store.database.engine.connect() as connection:
        await connection.execute(text("SET LOCAL ROLE stafet_writer"))
        kept = await connection.execute(text("SELECT created_at FROM task WHERE code = 'pause-services'"))
        assert kept.scalar_one() == task.created_at
