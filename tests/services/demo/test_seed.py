import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from discharge.identifiers import SorCode
from discharge.medication.lines import Change
from discharge.medication.reconciling import Doubt
from discharge.medication.record import LineState
from discharge.policy import Role
from discharge.stay import StayState
from discharge.task import Proof, TaskStatus
from services.agreements.shipped import PROFILES
from services.bootstrap import database_for
from services.demo.courses import WARD
from services.demo.people import person_at
from services.demo.seed import seed_demo
from services.persistence import boards
from services.persistence.clock import wall_now
from services.persistence.database import Database
from services.persistence.facts import read_fact
from services.persistence.medication_reads import medication_of
from services.persistence.views import TaskRecord, WardRow
from services.settings import Settings
from tests.databases import Databases
from tests.engines import Database as Empty
from tests.services.demo.installation import settings_over
from tests.services.persistence.store import audit

NOW = datetime(2026, 11, 20, 10, 40, tzinfo=UTC)
GP = SorCode("999000000003001")
TABLES = ("organization", "agreement", "patient", "stay", "task", "message", "event", "plan_version", "feed_entry")


@pytest.fixture(scope="module")
def settings(module_database: Empty, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A demo that was seeded for twenty to twelve on a Friday."""
    made = settings_over(tmp_path_factory.mktemp("home"), module_database)
    asyncio.run(seed_demo(made, empty=False, now=NOW))
    return made


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    made = database_for(settings)
    yield made
    await made.engine.dispose()


async def counts(url: str) -> dict[str, int]:
    import psycopg  # noqa: PLC0415 - only who asks needs it

    async with await psycopg.AsyncConnection.connect(url) as connection:
        found = {}
        for table in TABLES:
            row = await (await connection.execute(f"SELECT count(*) FROM {table}".encode())).fetchone()
            assert row is not None
            found[table] = int(row[0])
        return found


async def board(database: Database) -> dict[str, WardRow]:
    """The ward's rows by bed."""
    nurse = person_at(WARD, Role.WARD, (await database.master()).directory)
    async with database.reading(audit(nurse)) as session:
        return {row.context.stay.plan.bed or "": row for row in (await boards.ward_board(session)).rows}


def task(row: WardRow, code: str) -> TaskRecord:
    return next(record for record in row.tasks if record.task.code == code and record.task.is_open)


async def test_the_clock_starts_where_it_was_asked_to(database: Database) -> None:
    assert timedelta() <= await database.now() - NOW < timedelta(minutes=5)


async def test_the_wards_board_shows_every_state(database: Database) -> None:
    rows = await board(database)
    stays = {bed: row.context.stay for bed, row in rows.items()}
    open_beds = {bed for bed, stay in stays.items() if stay.is_open}
    homes = {bed: stays[bed].plan.expected_discharge_at for bed in open_beds}

    assert open_beds == {"01", "04", "06", "07", "09", "11", "12", "15"}
    assert {bed for bed, at in homes.items() if at is not None and at.date() == NOW.date()} == {"07", "12", "15"}
    assert {bed for bed, at in homes.items() if at is not None and at.isoweekday() > 5} == {"04", "09"}
    assert homes["06"] is None
    assert {bed for bed, stay in stays.items() if stay.state is StayState.ENDED} == {"02", "03", "14"}


async def test_duties_stand_at_every_proof(database: Database) -> None:
    rows = await board(database)

    assert task(rows["03"], "resume-services").task.status is TaskStatus.ACCEPTED
    assert task(rows["03"], "reconcile-medication").task.proofs.highest is Proof.SEEN
    assert task(rows["03"], "read-discharge-letter").task.proofs.highest is Proof.DELIVERED
    assert task(rows["15"], "pause-services").task.status is TaskStatus.IN_PROGRESS
    assert {record.task.code for record in rows["07"].tasks if record.task.is_open} == {"take-home"}
    assert task(rows["12"], "reconcile-at-discharge").task.is_open
    assert all(record.task.owner in {WARD, GP} for record in rows["11"].tasks)


async def test_a_duty_is_overdue_and_somebody_was_told(database: Database) -> None:
    late = task((await board(database))["06"], "pause-services")

    assert late.task.due_at is not None
    assert late.task.due_at < NOW
    assert late.told


async def test_a_rejected_duty_lies_with_the_municipality_as_a_whole(database: Database) -> None:
    passed_on = task((await board(database))["14"], "resume-services").task

    assert passed_on.owner == "999000000002000"
    assert passed_on.replaces is not None


async def test_a_citizen_without_services_is_the_hospitals_own(database: Database) -> None:
    own = (await board(database))["11"].context.stay

    assert own.receiver == "999000000002100"
    assert {party.organization for party in own.parties} == {WARD}


async def test_medicine_is_signed_guessed_missing_and_asked_about(database: Database) -> None:
    nurse = person_at(WARD, Role.WARD, (await database.master()).directory)
    async with database.reading(audit(nurse)) as session:
        rows = {row.context.stay.plan.bed: row.context.stay.id for row in (await boards.ward_board(session)).rows}
        gerda, ellen, agnete = [await medication_of(session, rows[bed]) for bed in ("03", "02", "12")]

    assert gerda.signed_off is not None
    assert gerda.signed_off.override_reason
    assert any(line.is_guess for line in gerda.lines.values())
    assert {line.change for line in gerda.lines.values()} == set(Change)
    assert LineState.ASKED in {ellen.state_of(each) for each in ellen.lines}
    assert agnete.signed_off is None
    assert Doubt.DOSE_UNCLEAR in {line.doubt for line in agnete.lines.values()}
    assert [each.role for each in agnete.comments] == [Role.PHARMACIST]


async def test_the_practice_has_tasks_in_its_inbox(database: Database) -> None:
    doctor = person_at(GP, Role.GP, (await database.master()).directory)

    async with database.reading(audit(doctor)) as session:
        cards = (await boards.task_list(session)).cards

    codes = {"read-discharge-letter", "reconcile-medication", "take-over-responsibility"}
    assert {card.record.task.code for card in cards} == codes
    assert len(cards) >= 3


async def test_places_have_people_on_call_whose_addresses_reach_nobody(database: Database) -> None:
    async with database.writing() as connection:
        found = (await connection.execute(text("SELECT address FROM on_call"))).scalars().all()
        mails = (await connection.execute(text("SELECT count(*) FROM alert_mail"))).scalar_one()

    assert len(found) == 6
    assert all(address.endswith("@demo.example") for address in found)
    assert mails == 0


async def test_a_second_start_adds_nothing_and_moves_the_clock_forward_only(
    settings: Settings, module_database: Empty, database: Database
) -> None:
    before = await counts(module_database.admin_url)

    logins = await seed_demo(settings, empty=False, now=NOW - timedelta(days=1))
    kept = await database.now()
    await seed_demo(settings, empty=True, now=NOW + timedelta(minutes=10))
    moved = await database.now()
    await seed_demo(settings, empty=False, now=None)

    assert await counts(module_database.admin_url) == before
    assert kept >= NOW
    assert moved >= NOW + timedelta(minutes=10)
    assert await database.now() >= moved
    assert logins[0].page == "/ward"


async def test_a_first_start_that_was_killed_goes_on_where_it_was_left(
    settings: Settings, module_database: Empty, databases: Databases, tmp_path: Path
) -> None:
    whole = await counts(module_database.admin_url)
    with databases.lent() as copy:
        cut = settings_over(tmp_path, copy)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.8):
                await seed_demo(cut, empty=False, now=NOW)
        halfway = await counts(copy.admin_url)

        await seed_demo(cut, empty=False, now=None)

        again = await counts(copy.admin_url)
        database = database_for(cut)
        async with database.writing() as connection:
            marker = await read_fact(connection, "demo_seed")
            differing = await connection.execute(text("SELECT sum(differing_repeats) FROM message"))
        await database.engine.dispose()
    assert halfway["task"] < whole["task"]
    assert {table: again[table] for table in ("patient", "stay", "task", "message", "plan_version")} == {
        table: whole[table] for table in ("patient", "stay", "task", "message", "plan_version")
    }
    assert marker == "done"
    assert differing.scalar_one() == 0


async def test_an_empty_demo_has_organisations_and_agreement_and_the_real_clock(
    databases: Databases, tmp_path: Path
) -> None:
    with databases.lent() as copy:
        settings = settings_over(tmp_path, copy)

        await seed_demo(settings, empty=True, now=None)

        found = await counts(copy.admin_url)
        database = database_for(settings)
        now = await database.now()
        await database.engine.dispose()
    assert found["organization"] > 50
    assert found["agreement"] == len(PROFILES)
    assert {found[table] for table in ("patient", "stay", "task", "message")} == {0}
    assert abs(now - wall_now()) < timedelta(seconds=30)
