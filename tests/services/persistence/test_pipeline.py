"""Statements sent together: their rows in order, their failures as SQLAlchemy tells them."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError

from services.persistence.pipeline import Batch, Conversation, as_json, ask, ask_all
from services.persistence.tables import AuditRow, MetaRow
from tests.services.persistence.store import Store

AUDIT = {
    "id": UUID(int=1),
    "at": datetime(2026, 11, 20, tzinfo=UTC),
    "request_id": "r",
    "action": "a",
    "route": "/",
    "outcome": 200,
    "stays": [],
}


async def test_rows_come_back_in_the_order_of_the_statements(store: Store) -> None:
    async with store.database.engine.connect() as connection:
        answers = await ask_all(
            connection,
            [
                ("SELECT generate_series(1, 3) AS n", {}),
                ("CREATE TEMPORARY TABLE t (n int)", {}),
                ("SELECT %(word)s AS word", {"word": "æøå 'quoted' %% \\"}),
            ],
        )
        assert await ask(connection, "SELECT count(*) AS n FROM t", {}) == [{"n": 0}]

    assert answers == [[{"n": 1}, {"n": 2}, {"n": 3}], [], [{"word": "æøå 'quoted' %% \\"}]]


async def test_nothing_to_send_is_a_commit_all_the_same(store: Store) -> None:
    async with store.database.writing() as connection:
        await ask(connection, "INSERT INTO meta VALUES ('a', '1')", {})
        assert await Batch().commit(connection) == []

    assert store.rows("SELECT value FROM meta WHERE key = 'a'") == [{"value": "1"}]


async def test_row_with_the_same_key_is_replaced(store: Store) -> None:
    for value in ("1", "2"):
        async with store.database.writing() as connection:
            batch = Batch()
            batch.upsert(MetaRow, [])
            batch.upsert(MetaRow, [{"key": "a", "value": value}, {"key": "b", "value": value}])
            await batch.commit(connection)

    assert store.rows("SELECT key, value FROM meta WHERE key IN ('a', 'b') ORDER BY key") == [
        {"key": "a", "value": "2"},
        {"key": "b", "value": "2"},
    ]


async def test_failure_takes_everything_with_it_and_hides_what_was_sent(store: Store) -> None:
    async with store.database.writing() as connection:
        batch = Batch()
        batch.insert(MetaRow, [{"key": "a", "value": "a secret"}])
        batch.insert(MetaRow, [{"key": "a", "value": "a secret"}])
        batch.insert(MetaRow, [{"key": "c", "value": "never sent"}])
        with pytest.raises(IntegrityError) as told:
            await batch.commit(connection)
        await connection.rollback()

    assert "a secret" not in str(told.value)
    assert store.rows("SELECT key FROM meta WHERE key IN ('a', 'c')") == []


async def test_connection_works_on_after_a_failure_was_rolled_back(store: Store) -> None:
    async with store.database.engine.connect() as connection:
        with pytest.raises(DBAPIError):
            await ask(connection, "SELECT 1 / 0", {})
        await connection.rollback()

        assert await ask(connection, "SELECT 1 AS n", {}) == [{"n": 1}]


def test_rows_are_written_as_postgresql_reads_them() -> None:
    row = {
        "bytes": b"\x00\xff",
        "id": UUID(int=1),
        "at": datetime(2026, 11, 20, 10, 40, 0, 123, tzinfo=UTC),
        "list": ["a"],
        "none": None,
    }

    assert as_json([row]) == (
        '[{"bytes":"\\\\x00ff","id":"00000000-0000-0000-0000-000000000001",'
        '"at":"2026-11-20T10:40:00.000123+00:00","list":["a"],"none":null}]'
    )
    with pytest.raises(TypeError):
        as_json([{"what": object()}])


async def test_foreseen_question_is_sent_with_the_next_one_and_answered_once(store: Store) -> None:
    count = "SELECT count(*) AS n FROM meta WHERE key = %(key)s"
    async with store.database.writing() as connection:
        talk = Conversation(connection)
        talk.foresee(count, {"key": "a"})
        assert await talk.ask("SELECT 1 AS one", {}) == [{"one": 1}]
        await ask(connection, "INSERT INTO meta VALUES ('a', '1')", {})

        assert await talk.ask(count, {"key": "b"}) == [{"n": 0}], "another question is asked"
        assert await talk.ask(count, {"key": "a"}) == [{"n": 0}], "as it stood when it was foreseen"
        assert await talk.ask(count, {"key": "a"}) == [{"n": 1}]


async def test_forgotten_answer_is_asked_for_again(store: Store) -> None:
    count = "SELECT count(*) AS n FROM meta WHERE key = %(key)s"
    async with store.database.writing() as connection:
        talk = Conversation(connection)
        talk.foresee(count, {"key": "a"})
        await talk.ask("INSERT INTO meta VALUES ('b', '1')", {})
        await ask(connection, "INSERT INTO meta VALUES ('a', '1')", {})
        talk.forget()

        assert await talk.ask(count, {"key": "a"}) == [{"n": 1}]


async def test_failure_of_a_foreseen_question_is_a_failure(store: Store) -> None:
    async with store.database.engine.connect() as connection:
        talk = Conversation(connection)
        talk.foresee("SELECT nothing", {})
        with pytest.raises(DBAPIError):
            await talk.ask("SELECT 1 AS one", {})


async def test_neighbouring_writes_are_one_statement_and_the_order_of_the_others_stands(store: Store) -> None:
    async with store.database.writing() as connection:
        batch = Batch()
        batch.insert(MetaRow, [{"key": "a", "value": "1"}])
        batch.insert(AuditRow, [AUDIT])
        batch.add("UPDATE meta SET value = '2' WHERE key = 'a'", {})
        batch.upsert(MetaRow, [{"key": "a", "value": "3"}, {"key": "b", "value": "3"}])
        batch.upsert(MetaRow, [{"key": "b", "value": "4"}])
        await batch.commit(connection)

    assert store.rows("SELECT key, value FROM meta WHERE key IN ('a', 'b') ORDER BY key") == [
        {"key": "a", "value": "3"},
        {"key": "b", "value": "4"},
    ]
    assert store.rows("SELECT count(*) AS n FROM audit") == [{"n": 1}]


async def test_question_outside_of_a_transaction_is_one_of_its_own(store: Store) -> None:
    async with store.database.watching() as connection:
        assert await ask(connection, "SELECT current_user AS me", {}) == [{"me": "stafet_writer"}]
