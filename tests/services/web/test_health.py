import asyncio

from services.persistence.database import engine_for
from services.web.health import Checkup
from services.web.runtime import Health
from tests.engines import Database, TestEngines


async def works() -> bool:
    return True


async def fails() -> None:
    raise ConnectionRefusedError


async def test_migrated_store_is_ready(database: Database) -> None:
    engine = engine_for(database.app_url, pool_size=1)

    health = await Checkup(engine, works)()

    await engine.dispose()
    assert health == Health(postgres=True, migrated=True, redis=True)
    assert health.ready


async def test_lost_redis_only_degrades(database: Database) -> None:
    engine = engine_for(database.app_url, pool_size=1)

    health = await Checkup(engine, fails)()

    await engine.dispose()
    assert (health.ready, health.redis) == (True, False)


async def test_lost_postgres_is_not_ready() -> None:
    engine = engine_for("postgresql://stafet_app@127.0.0.1:9/stafet", pool_size=1)

    health = await Checkup(engine, None)()

    await engine.dispose()
    assert health == Health(postgres=False, migrated=False, redis=None)


async def test_older_schema_is_not_ready(engines: TestEngines, database: Database) -> None:
    import psycopg  # noqa: PLC0415 - only who asks needs it

    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    engine = engine_for(database.app_url, pool_size=1)
    checkup = Checkup(engine, None)

    health, again = await asyncio.gather(checkup(), checkup())

    await engine.dispose()
    assert health == again == Health(postgres=True, migrated=False, redis=None)
