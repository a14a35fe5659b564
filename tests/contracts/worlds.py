"""A store of either kind for the contracts, and a stay in it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count

from discharge.identifiers import CprNumber
from discharge.ports import UnitOfWork
from discharge.stay import Stay
from discharge.task import HandoverTask
from services.persistence.database import Database, engine_for
from services.persistence.master import put_agreement, put_organizations
from services.persistence.vault import Vault
from tests import factories
from tests.fakes import FakeStore

__all__ = ["World", "in_memory", "in_postgresql", "keep_stay", "new_cpr"]

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class World:
    """A store of either kind."""

    unit_of_work: Callable[[], AbstractAsyncContextManager[UnitOfWork]]


@asynccontextmanager
async def in_memory() -> AsyncIterator[World]:
    store = FakeStore()

    @asynccontextmanager
    async def unit_of_work() -> AsyncIterator[UnitOfWork]:
        yield store.unit_of_work()

    yield World(unit_of_work)


@asynccontextmanager
async def in_postgresql(url: str) -> AsyncIterator[World]:
    engine = engine_for(url)
    database = Database(engine, Vault(b"m" * 32, b"i" * 32), access_days=30, demo=True)
    async with database.writing() as connection:
        await put_organizations(connection, factories.directory().organizations.values())
        await put_agreement(connection, factories.small_document())
    try:
        yield World(lambda: database.unit_of_work(None))
    finally:
        await engine.dispose()


def new_cpr() -> CprNumber:
    """A number nobody has had yet."""
    number = next(_numbers)
    return CprNumber.parse(f"{1 + number // 10000 % 28:02}0148{number % 10000:04}")


async def keep_stay(world: World, *, stay: Stay | None = None, tasks: tuple[HandoverTask, ...] = ()) -> Stay:
    """A stay with its patient, and tasks, committed."""
    async with world.unit_of_work() as uow:
        patient = await uow.patients.add(factories.patient(cpr=new_cpr()))
        made = replace(stay or factories.stay(), patient_id=patient.id)
        await uow.stays.save(made)
        for task in tasks:
            await uow.tasks.save(replace(task, stay_id=made.id, patient_id=patient.id))
        await uow.commit()
    return made
