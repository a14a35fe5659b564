"""A database that comes back is as new, or it does not come back."""

import psycopg
import pytest

from tests.databases import Databases
from tests.engines import TestEngines

FEED = "INSERT INTO feed (id, head) VALUES ('1', 0)"


def rows_in(url: str, table: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    assert row is not None
    return int(row[0])


def test_what_a_test_wrote_is_gone_and_what_the_migrations_wrote_is_there(databases: Databases) -> None:
    with databases.lent() as first, psycopg.connect(first.admin_url, autocommit=True) as connection:
        connection.execute(FEED)
        connection.execute("SELECT nextval(pg_get_serial_sequence('procrastinate_jobs', 'id'))")

    with databases.lent() as again:
        assert again.name == first.name
        assert rows_in(again.admin_url, "feed") == 0
        assert rows_in(again.admin_url, "alembic_version") == 1
        with psycopg.connect(again.admin_url) as connection:
            row = connection.execute("SELECT nextval(pg_get_serial_sequence('procrastinate_jobs', 'id'))").fetchone()
    assert row == (1,)


def test_rows_lie_in_the_order_in_which_they_came(databases: Databases) -> None:
    for _ in range(3):
        with databases.lent() as lent, psycopg.connect(lent.admin_url, autocommit=True) as connection:
            connection.execute("INSERT INTO feed (id, head) SELECT g::text, 0 FROM generate_series(1, 1000) g")
            found = connection.execute("SELECT ctid FROM feed WHERE id IN ('1', '1000') ORDER BY ctid").fetchall()
            assert found[0] == ("(0,1)",)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE feed ADD COLUMN more int",
        "ALTER TABLE task DISABLE TRIGGER ALL",
        "ALTER TABLE stay NO FORCE ROW LEVEL SECURITY",
        "GRANT SELECT ON audit TO stafet_reader",
        "DROP TABLE alembic_version",
        "UPDATE alembic_version SET version_num = '0001'",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC",
    ],
)
def test_a_database_whose_schema_was_changed_is_not_lent_again(databases: Databases, change: str) -> None:
    with databases.lent() as changed, psycopg.connect(changed.admin_url, autocommit=True) as connection:
        connection.execute(change)

    with databases.lent() as other:
        assert other.name != changed.name


def test_who_is_still_connected_is_cut_off(databases: Databases) -> None:
    with databases.lent() as first:
        left = psycopg.connect(first.app_url)
        left.execute("SELECT 1")

    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    left.close()
    with databases.lent() as again:
        assert again.name == first.name


def test_nothing_is_left_when_the_lender_closes(engines: TestEngines) -> None:
    lender = Databases(engines, name="stafet_closing")
    with lender.lent():
        assert names(engines) >= {"stafet_closing", "stafet_closing_1"}

    lender.close()

    assert not [name for name in names(engines) if name.startswith("stafet_closing")]


def names(engines: TestEngines) -> set[str]:
    with psycopg.connect(engines.admin_url) as connection:
        return {name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()}
