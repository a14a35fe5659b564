"""The schema that the migrations build is the one that the code knows."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.resources import as_file, files
from typing import Any

import psycopg
import pytest
import sqlalchemy
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection

from services.persistence.migrate import MigrationError, upgrade
from services.persistence.schema import head_revision
from services.persistence.tables import Base
from tests.engines import Database, TestEngines, create_database, drop_database
from tests.waiting import PATIENCE, wait_until


def owner_of(database: Database) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(database.owner_url.replace("postgresql://", "postgresql+psycopg://"))


def downgrade(connection: Connection) -> None:
    with as_file(files("services.persistence") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder))
        config.attributes["connection"] = connection
        command.downgrade(config, "base")


def catalogue(database: Database) -> dict[str, list[Any]]:
    """Columns, constraints, indexes, policies and grants as PostgreSQL lists them."""
    questions = {
        "columns": "SELECT table_name::text, column_name::text, data_type::text, is_nullable::text"
        " FROM information_schema.columns WHERE table_schema = 'public'",
        "constraints": "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE connamespace = 'public'::regnamespace",
        "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "policies": "SELECT tablename::text, policyname::text, roles::text, cmd, qual, with_check FROM pg_policies",
        "grants": "SELECT relname::text, relacl::text FROM pg_class WHERE relnamespace = 'public'::regnamespace",
        "functions": "SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    }
    with psycopg.connect(database.admin_url) as connection:
        return {name: sorted(map(repr, connection.execute(sql.encode()))) for name, sql in questions.items()}


def of_our_own(_object: object, name: str | None, kind: str, *_more: object) -> bool:
    """The tables of the job queue are the library's own."""
    return not (kind == "table" and name is not None and name.startswith("procrastinate_"))


def test_model_and_migrations_agree(module_database: Database) -> None:
    engine = owner_of(module_database)
    with engine.connect() as connection:
        opts = {"compare_type": True, "compare_server_default": True, "include_object": of_our_own}
        context = MigrationContext.configure(connection, opts=opts)
        differences = compare_metadata(context, Base.metadata)
    engine.dispose()

    assert differences == []


def test_every_check_of_the_model_is_in_the_database(module_database: Database) -> None:
    known = {
        str(constraint.name)
        for table in Base.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sqlalchemy.CheckConstraint)
    }
    with psycopg.connect(module_database.admin_url) as connection:
        there = {
            row[0]: row[1]
            for row in connection.execute(
                "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'c'"
                " AND connamespace = 'public'::regnamespace AND conrelid::regclass::text NOT LIKE 'procrastinate%'"
            )
        }

    assert set(there) == known
    for table in Base.metadata.tables.values():
        for constraint in table.constraints:
            if isinstance(constraint, sqlalchemy.CheckConstraint):
                states = str(constraint.sqltext).split("(", 1)[1].rstrip(")").split(", ")
                assert all(state in there[str(constraint.name)] for state in states), constraint.name


def test_database_stands_at_the_newest_revision(module_database: Database) -> None:
    engine = owner_of(module_database)
    with engine.connect() as connection:
        stands = MigrationContext.configure(connection)
        assert stands.get_current_revision() == head_revision()
    engine.dispose()


def test_upgrade_may_be_repeated(database: Database) -> None:
    before = catalogue(database)

    upgrade(database.owner_url)

    assert catalogue(database) == before


def test_down_and_up_again_ends_where_it_began(database: Database) -> None:
    before = catalogue(database)
    engine = owner_of(database)
    with engine.connect() as connection:
        downgrade(connection)
        connection.commit()
        left = sqlalchemy.inspect(connection).get_table_names()
        connection.rollback()
    engine.dispose()
    assert left == ["alembic_version"]

    upgrade(database.owner_url)

    assert catalogue(database) == before


def test_every_foreign_key_has_an_index_to_find_its_rows_by(module_database: Database) -> None:
    unindexed = """
        SELECT c.conrelid::regclass::text, c.conname::text FROM pg_constraint c
        WHERE c.contype = 'f' AND NOT EXISTS (
          SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])
    """
    with psycopg.connect(module_database.admin_url) as connection:
        assert connection.execute(unindexed.encode()).fetchall() == []


def test_superuser_builds_an_empty_database_for_the_owner(engines: TestEngines) -> None:
    name = "built_by_superuser"
    drop_database(engines, name)
    made = create_database(engines, name)
    try:
        upgrade(made.admin_url)
        with psycopg.connect(made.admin_url) as connection:
            owners = connection.execute(
                "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
        assert owners == [("stafet_owner",)]
    finally:
        drop_database(engines, name)


def test_role_that_cannot_make_the_roles_is_told_so(engines: TestEngines) -> None:
    with psycopg.connect(engines.admin_url, autocommit=True) as admin:
        admin.execute("ALTER ROLE stafet_auditor RENAME TO elsewhere")
        try:
            with pytest.raises(MigrationError, match=r"roles\.sql"):
                upgrade(engines.owner_url)
        finally:
            admin.execute("ALTER ROLE elsewhere RENAME TO stafet_auditor")


def test_index_on_letters_is_built_while_letters_are_written_and_over_what_a_broken_attempt_left(
    engines: TestEngines,
) -> None:
    name = "built_while_used"
    drop_database(engines, name)
    made = create_database(engines, name)
    writing = "LOCK TABLE care_message IN ROW EXCLUSIVE MODE"
    waits = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    try:
        upgrade(made.admin_url, "0008")
        with (
            ThreadPoolExecutor(1) as pool,
            psycopg.connect(made.admin_url) as one,
            psycopg.connect(made.admin_url) as other,
            psycopg.connect(made.admin_url, autocommit=True) as watching,
        ):
            watching.execute("CREATE INDEX ix_care_message_message_id ON care_message (sender)")
            one.execute(writing)
            migrating = pool.submit(upgrade, made.admin_url)
            wait_until(lambda: watching.execute(waits).fetchone() is not None)
            other.execute("SET lock_timeout = '2s'")
            other.execute(writing)
            other.commit()
            one.commit()
            migrating.result(PATIENCE)
            index = watching.execute(
                "SELECT indisvalid, pg_get_indexdef(indexrelid) FROM pg_index"
                " WHERE indexrelid = 'ix_care_message_message_id'::regclass"
            ).fetchone()
        assert index == (
            True,
            "CREATE INDEX ix_care_message_message_id ON public.care_message USING btree (message_id)",
        )
    finally:
        drop_database(engines, name)
