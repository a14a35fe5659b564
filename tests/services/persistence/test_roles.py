"""What each role may do, read from PostgreSQL's own catalogue: a new table without a wall fails here."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from tests.engines import Database

CITIZENS = ("stay_id", "patient_id", "feed_id", "task_id", "message", "audit_id", "stays", "cpr_index")
"""A table with one of these columns is about citizens."""
GUARDED_BY_NATURE = {"patient", "stay", "feed", "message"}


def ask(url: str, question: str, *parameters: object) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(question.encode(), parameters).fetchall()


def tables_about_citizens(database: Database) -> set[str]:
    found = ask(
        database.admin_url,
        "SELECT DISTINCT table_name::text FROM information_schema.columns"
        " WHERE table_schema = 'public' AND column_name = ANY(%s)",
        list(CITIZENS),
    )
    return {str(row[0]) for row in found} | GUARDED_BY_NATURE


def test_no_role_of_ours_is_a_superuser_or_walks_round_the_wall(module_database: Database) -> None:
    roles = ask(
        module_database.admin_url,
        "SELECT rolname::text, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles"
        " WHERE rolname LIKE 'stafet\\_%%'",
    )

    assert {role[0] for role in roles} >= {
        *("stafet_owner", "stafet_reader", "stafet_writer", "stafet_auditor", "stafet_app"),
    }
    assert all(not any(role[1:]) for role in roles)


def test_application_inherits_nothing_and_cannot_become_the_owner(module_database: Database) -> None:
    inherits = ask(module_database.admin_url, "SELECT rolinherit FROM pg_roles WHERE rolname = 'stafet_app'")
    granted = ask(
        module_database.admin_url,
        "SELECT roleid::regrole::text FROM pg_auth_members WHERE member = 'stafet_app'::regrole",
    )

    assert inherits == [(False,)]
    assert {row[0] for row in granted} == {"stafet_reader", "stafet_writer", "stafet_auditor"}


def test_every_table_about_citizens_has_a_forced_wall(module_database: Database) -> None:
    guarded = ask(
        module_database.admin_url,
        "SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
        " AND relrowsecurity AND relforcerowsecurity",
    )

    missing = tables_about_citizens(module_database) - {str(row[0]) for row in guarded}
    assert not missing, f"without FORCE ROW LEVEL SECURITY: {sorted(missing)}"


def test_no_policy_lets_everybody_read(module_database: Database) -> None:
    policies = ask(
        module_database.admin_url,
        "SELECT tablename::text, policyname::text, roles::text[], qual FROM pg_policies WHERE cmd IN ('SELECT', 'ALL')",
    )

    for table, policy, roles, condition in policies:
        if isinstance(roles, list) and {"stafet_reader", "public"} & set(roles):
            assert condition not in {"true", None}, f"{policy} on {table}"


def test_owner_of_the_tables_sees_no_rows(module_database: Database) -> None:
    guarded = tables_about_citizens(module_database)
    fill(module_database)

    with psycopg.connect(module_database.owner_url) as connection:
        for table in sorted(guarded):
            seen = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))).fetchall()
            assert seen == [], table


@pytest.mark.parametrize("role", ["stafet_reader", "stafet_writer"])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM audit",
        "UPDATE audit SET outcome = 0",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "SELECT * FROM audit_seal",
        "UPDATE audit_seal SET number = 0",
        "DELETE FROM audit_seal",
    ],
)
def test_audit_is_insert_only(module_database: Database, role: str, statement: str) -> None:
    with psycopg.connect(module_database.app_url) as connection:
        connection.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_auditor_reads_and_seals_but_changes_nothing(module_database: Database) -> None:
    for statement in ("UPDATE audit SET outcome = 0", "DELETE FROM audit", "DELETE FROM audit_seal", "TRUNCATE audit"):
        with psycopg.connect(module_database.app_url) as connection:
            connection.execute("SET ROLE stafet_auditor")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_reader_writes_nothing_but_audit(module_database: Database) -> None:
    written = ask(
        module_database.admin_url,
        "SELECT table_name::text, privilege_type::text FROM information_schema.role_table_grants"
        " WHERE grantee = 'stafet_reader' AND privilege_type <> 'SELECT'",
    )

    assert written == [("audit", "INSERT")]


def test_writer_deletes_only_what_is_no_record(module_database: Database) -> None:
    deleted = ask(
        module_database.admin_url,
        "SELECT table_name::text FROM information_schema.role_table_grants"
        " WHERE grantee = 'stafet_writer' AND privilege_type IN ('DELETE', 'TRUNCATE') ORDER BY 1",
    )

    jobs = [("procrastinate_jobs",), ("procrastinate_workers",)]
    kept_for_a_while = [("interruption",), ("live_ticket",)]
    assert deleted == [("client_assertion",), *kept_for_a_while, *jobs, ("timer",), ("web_session",)]


@pytest.mark.parametrize("table", ["system_client", "client_assertion", "web_session", "live_ticket"])
def test_reader_has_no_business_with_what_lets_people_and_systems_in(module_database: Database, table: str) -> None:
    with psycopg.connect(module_database.app_url) as connection:
        connection.execute("SET ROLE stafet_reader")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))


@pytest.mark.parametrize("table", ["patient", "stay", "task", "message", "feed_entry", "audit", "web_session"])
def test_application_sees_nothing_before_it_takes_on_a_role(module_database: Database, table: str) -> None:
    with psycopg.connect(module_database.app_url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(table)))


def fill(database: Database) -> None:
    """A row in two tables, so that an empty answer says something."""
    with psycopg.connect(database.admin_url) as connection:
        connection.execute("INSERT INTO feed (id, head) VALUES ('f', 1) ON CONFLICT DO NOTHING")
        connection.execute(
            "INSERT INTO patient (id, cpr_index, wrapped_key, identity, services, protected, blocks)"
            " VALUES (gen_random_uuid(), 'i', 'w', 'x', '{}', false, '{}') ON CONFLICT DO NOTHING"
        )
