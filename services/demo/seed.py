"""What a fresh demo knows: organisations, the agreements, citizens, and stays in every state. Once per home."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from importlib.resources import files
from typing import Final

from sqlalchemy import text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.event import listen
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.pool import ConnectionPoolEntry

from discharge.patient import Patient
from services.agreements.shipped import PROFILES, profile
from services.bootstrap import database_for
from services.demo.courses import courses
from services.demo.logins import Login
from services.demo.people import first_logins
from services.demo.routine import with_routine
from services.demo.story import play, set_clock
from services.persistence.clock import wall_now
from services.persistence.database import Database
from services.persistence.facts import put_fact, read_fact
from services.persistence.loading import put_on_call_file, put_organization_file, put_patient_file
from services.persistence.master import put_agreement
from services.persistence.master_files import read_patients
from services.settings import Settings

__all__ = ["master_file", "seed_demo"]

_SEED: Final = "demo_seed"
_DONE: Final = "done"


def master_file(name: str) -> bytes:
    """A file of the demo's master data: organizations.json, patients.json or on_call.json."""
    return (files("services.demo") / "data" / name).read_bytes()


async def seed_demo(settings: Settings, *, empty: bool, now: datetime | None) -> list[Login]:
    """See that the demo's data are there, and that its clock stands where it was asked to.

    A second start adds nothing, and the clock never runs backwards.

    Args:
        settings: of an installation in demo mode, migrated; nobody else works on its database now.
        empty: organisations and agreement alone.
        now: where the clock starts; None: where it stands, at first the real time.
    """
    database = database_for(settings)
    listen(database.engine.sync_engine, "connect", _do_not_wait)
    try:
        async with database.writing() as connection:
            begun = await read_fact(connection, _SEED)
        if begun != _DONE:
            await _seed(database, empty=empty, now=now, begun=begun)
        elif now is not None and now > await database.now():
            await set_clock(database, now)
        return first_logins((await database.master()).directory)
    finally:
        await database.engine.dispose()


async def _seed(database: Database, *, empty: bool, now: datetime | None, begun: str | None) -> None:
    # A first start that was killed goes on with its own now, at the fact it was left at.
    started, _, number = (begun or "").partition(" ")
    at = datetime.fromisoformat(started) if started else now or wall_now()

    async def note(connection: AsyncConnection, fact: int) -> None:
        await put_fact(connection, _SEED, f"{at.isoformat()} {fact}")

    if not number:
        async with database.writing() as connection:
            await put_fact(connection, _SEED, at.isoformat())
        await put_organization_file(database, master_file("organizations.json"))
        async with database.writing() as connection:
            for agreement in PROFILES:
                await put_agreement(connection, profile(agreement))
    if not empty:
        if not number:
            await put_patient_file(database, master_file("patients.json"))
        await play(
            database,
            await _citizens(database),
            [with_routine(course, at) for course in courses(at)],
            at,
            begin=int(number or 0),
            note=note,
        )
        # Nobody is mailed about what was long over when the demo began.
        await put_on_call_file(database, master_file("on_call.json"))
    # Playing took a moment of real time.
    await set_clock(database, now or wall_now())
    async with database.writing() as connection:
        # This commit waits for the disk, and so for all before it.
        await connection.execute(text("SET LOCAL synchronous_commit = on"))
        await put_fact(connection, _SEED, _DONE)


def _do_not_wait(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """A seed that is lost is played again: only its last commit has to be on disk."""
    with closing(connection.cursor()) as cursor:
        cursor.execute("SET synchronous_commit = off")
    connection.commit()


async def _citizens(database: Database) -> dict[str, Patient]:
    """The demo's citizens by family name, with the ids that the store gave them."""
    listed = read_patients(master_file("patients.json"), str)
    found: dict[str, Patient] = {}
    async with database.unit_of_work(None) as uow:
        for patient in listed:
            stored = await uow.patients.by_cpr(patient.cpr)
            assert stored is not None, "they were put there just now"
            found[stored.family or ""] = stored
    return found
