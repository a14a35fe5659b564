"""Messages of ours and a system outside that does its worst: real HTTP, real PostgreSQL, real jobs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from cryptography.exceptions import InvalidTag
from pydantic import SecretStr

from discharge.handlers import write_message
from discharge.identifiers import MessageId, PatientId, StayId
from fhir_mappings.medcom.intake import LetterRead, read_message
from notifications.outbound import DeliveryState, Outcome, OutcomeKind, ResendRules
from notifications.ports import Answer
from services.gateway import HttpGateway
from services.observability import Metrics
from services.persistence.clock import wall_now
from services.persistence.deliveries import SqlBook
from services.persistence.master import put_organizations
from services.persistence.outbox import Outgoing
from services.settings import GatewaySettings
from services.worker import Worker, heard_in, posting
from tests import factories
from tests.engines import Database
from tests.factories import HOSPITAL, MUNICIPALITY, PAPER_WARD, REGION, WARD
from tests.letters import write
from tests.services.faulty_system import FaultySystem, faulty_system, receipt_for
from tests.services.installation import notification
from tests.services.outgoing import STAYS, put_out
from tests.services.persistence.store import Store, store_on
from tests.services.test_worker import settings
from tests.waiting import until

SOON = ResendRules(wait=timedelta(seconds=0.6), most=3)
LATE = ResendRules(wait=timedelta(minutes=30), most=3)


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    async with store_on(database, patients=[factories.patient()]) as made:
        await made.admit()
        yield made


async def post(store: Store, **changes: Any) -> str:
    """The ward sends something about the first citizen; our id of it."""
    return await put_out(store.database, store.rows(STAYS)[0], **changes)


def kept(store: Store) -> dict[str, Any]:
    (row,) = store.rows("SELECT *, due_at - began_at AS wait FROM outbound_message")
    return row


def receipts(store: Store) -> list[tuple[str | None, str]]:
    return [(r["code"], r["effect"]) for r in store.rows("SELECT * FROM outbound_receipt ORDER BY received_at, id")]


def alarms(store: Store) -> list[tuple[str, bool]]:
    """Who was told, and whether it is more than the operators."""
    rows = store.rows("SELECT feed_id, audience FROM feed_entry WHERE title LIKE 'En besked kom ikke frem%%'")
    return sorted((row["feed_id"], row["audience"] != ["operator"]) for row in rows)


@asynccontextmanager
async def sending(
    store: Store, to: FaultySystem | None, rules: ResendRules, *, patience: float = 5.0, **changes: Any
) -> AsyncIterator[Metrics]:
    """A worker that sends, for the length of a block."""
    metrics = Metrics.create()
    where = GatewaySettings(url=None if to is None else to.url, timeout_seconds=patience, **changes)
    made = settings()
    made = made.model_copy(
        update={
            "poll": made.poll.model_copy(update={"jobs_seconds": 0.1}),
            "database": made.database.model_copy(update={"url": SecretStr(store.urls.app_url)}),
        }
    )
    async with HttpGateway(where) as gateway:
        book = SqlBook(store.database, rules, lambda: 1.0)
        worker = Worker(store.database, made, metrics, posting(book, gateway, metrics))
        running = asyncio.create_task(worker.run())
        try:
            yield metrics
        finally:
            worker.stop()
            await asyncio.wait_for(running, 30)


async def test_receipt_in_the_answer_closes_the_message(store: Store) -> None:
    await post(store)

    async with faulty_system(["ok"]) as outside, sending(store, outside, LATE):
        await until(lambda: kept(store)["state"] == "acknowledged")

    assert len(outside.got) == 1
    assert receipts(store) == [("ok", "closes")]
    assert kept(store)["bundle_id"] == outside.got[0]["id"]
    assert store.rows("SELECT * FROM procrastinate_jobs") == []
    assert alarms(store) == []
    (told,) = store.rows("SELECT action, role, cardinality(stays) AS stays FROM audit WHERE action LIKE 'hand%%'")
    assert told == {"action": "hand-over-message", "role": "system", "stays": 1}


async def test_nothing_leaves_of_a_transaction_that_was_rolled_back(store: Store) -> None:
    (stay,) = store.rows("SELECT patient_id::text FROM stay")
    async with store.database.unit_of_work(None) as uow:
        message = notification()
        await uow.outbox.put(
            Outgoing(
                message_id=MessageId(message.message_id),
                sender=WARD,
                receiver=MUNICIPALITY,
                event_code="x",
                body=message.body(),
                patient_id=PatientId(stay["patient_id"]),
            )
        )

    assert store.rows("SELECT * FROM outbound_message") == store.rows("SELECT * FROM procrastinate_jobs") == []


async def test_without_receipt_it_is_sent_again_and_then_people_must_look(store: Store) -> None:
    await post(store)

    async with faulty_system(["taken"]) as outside, sending(store, outside, SOON):
        await until(lambda: kept(store)["state"] == "in-error")

    assert len(outside.got) == 1 + SOON.most
    assert len(set(outside.header_ids)) == 1
    assert len({each["id"] for each in outside.got}) == len(outside.got)
    assert len({each["timestamp"] for each in outside.got}) > 1
    assert kept(store)["reason"] == "no-receipt"
    assert alarms(store) == sorted([(WARD, True), (HOSPITAL, False), (REGION, False)])


@pytest.mark.parametrize("fault", ["500", "503", "429", "reset", "transient", "hang", "garbage", "other", "stranger"])
async def test_what_may_pass_is_sent_again_by_the_rule_with_the_same_header(store: Store, fault: str) -> None:
    await post(store)

    async with faulty_system([fault, "ok"]) as outside, sending(store, outside, SOON, patience=0.5):
        await until(lambda: kept(store)["state"] == "acknowledged")

    assert len(outside.got) == 2
    assert len(set(outside.header_ids)) == 1
    assert alarms(store) == []


@pytest.mark.parametrize("fault", ["500", "reset", "transient", "garbage", "stranger"])
async def test_next_sending_waits_half_an_hour(store: Store, fault: str) -> None:
    await post(store)

    async with faulty_system([fault]) as outside, sending(store, outside, LATE):
        await until(lambda: kept(store)["turn"] == 2)

    assert len(outside.got) == 1
    assert timedelta(minutes=30) <= kept(store)["wait"] < timedelta(minutes=31)
    expected = "awaiting-ack" if fault in {"garbage", "stranger"} else "waiting-for-retry"
    assert kept(store)["state"] == expected


@pytest.mark.parametrize(("fault", "reason"), [("fatal", "fatal-error"), ("400", "http-400"), ("redirect", "http-307")])
async def test_final_no_is_told_at_once_and_never_sent_again(store: Store, fault: str, reason: str) -> None:
    await post(store)

    async with faulty_system([fault]) as outside, sending(store, outside, SOON):
        await until(lambda: kept(store)["state"] == "in-error")
        await until(lambda: store.rows("SELECT 1 FROM procrastinate_jobs") == [])

    assert len(outside.got) == 1
    assert kept(store)["reason"] == reason
    assert (WARD, True) in alarms(store)


async def test_words_of_a_receipt_are_kept_sealed(store: Store) -> None:
    await post(store)

    async with faulty_system(["fatal"]) as outside, sending(store, outside, LATE):
        await until(lambda: kept(store)["state"] == "in-error")

    assert outside.got
    (row,) = store.rows("SELECT details, words FROM outbound_receipt")
    assert row["details"] == ["MSG_BAD_FORMAT"]
    assert b"Rubinord" not in row["words"]


async def test_system_that_cannot_be_reached_costs_no_sending_and_is_tried_soon_again(store: Store) -> None:
    await post(store)
    async with faulty_system() as gone:
        assert gone.got == []

    async with sending(store, gone, LATE):
        await until(lambda: kept(store)["misses"] >= 2)

    row = kept(store)
    assert (row["sendings"], row["state"], row["reason"]) == (0, "waiting-for-retry", "ConnectError")


async def test_installation_without_a_gateway_says_so_to_its_operators_in_the_end(store: Store) -> None:
    await post(store)

    async with sending(store, None, ResendRules(wait=timedelta(seconds=0.2), most=1)):
        await until(lambda: kept(store)["state"] == "in-error")

    assert kept(store)["reason"] == "no-gateway"
    assert (HOSPITAL, False) in alarms(store)


async def test_one_that_hangs_keeps_no_other_message_waiting(store: Store) -> None:
    for _ in range(3):
        await post(store)

    async with faulty_system(["hang", "ok"]) as outside, sending(store, outside, LATE, patience=20):
        await until(lambda: len(store.rows("SELECT 1 FROM outbound_message WHERE state = 'acknowledged'")) == 2)
        outside.let_go()


async def test_message_that_cannot_be_opened_is_given_to_people_after_five_tries(store: Store) -> None:
    made = await post(store)
    store.rows("UPDATE outbound_message SET body = repeat('damaged', 9)::bytea")
    book = SqlBook(store.database, LATE)
    async with faulty_system() as outside, HttpGateway(GatewaySettings(url=outside.url)) as gateway:
        attempt = posting(book, gateway, Metrics.create())
        for failures in range(4):
            with pytest.raises(InvalidTag):
                await attempt(made, 1, failures)

        await attempt(made, 1, 4)

    assert outside.got == []
    assert (kept(store)["state"], kept(store)["reason"]) == ("in-error", "fault-InvalidTag")
    assert (HOSPITAL, False) in alarms(store)


async def test_token_is_shown_and_no_redirect_is_followed(store: Store) -> None:
    await post(store)

    async with faulty_system(["redirect"]) as outside, sending(store, outside, LATE, token=SecretStr("s3cret")):
        await until(lambda: kept(store)["state"] == "in-error")

    assert [each["authorization"] for each in outside.headers] == ["Bearer s3cret"]


async def test_attempt_that_was_set_for_an_earlier_turn_does_nothing(store: Store) -> None:
    made = await post(store)
    book = SqlBook(store.database, LATE)
    async with faulty_system(["transient"]) as outside, HttpGateway(GatewaySettings(url=outside.url)) as gateway:
        attempt = posting(book, gateway, Metrics.create())
        await attempt(made, 1, 0)

        await attempt(made, 1, 0)
        await attempt(made, 7, 0)
        await attempt("00000000-0000-4000-8000-00000000ffff", 1, 0)

    assert len(outside.got) == 1


async def test_attempt_that_was_cut_off_is_made_again_with_the_same_header(store: Store) -> None:
    made = await post(store)
    book = SqlBook(store.database, LATE)
    cut = await book.begin(made, 1)

    again = await book.begin(made, 1)

    assert cut is not None
    assert again is not None
    first, second = orjson.loads(cut.body), orjson.loads(again.body)
    assert first["entry"][0] == second["entry"][0]
    assert first["id"] != second["id"]
    assert kept(store)["sendings"] == 2


async def test_body_stands_nowhere_in_clear(store: Store) -> None:
    await post(store)

    assert factories.FAMILY.encode() not in kept(store)["body"]
    assert factories.CPR.digits.encode() not in kept(store)["body"]


async def test_letter_of_a_ward_leaves_reads_back_and_its_failure_is_told_where_it_was_written(store: Store) -> None:
    places = [
        replace(factories.directory()[PAPER_WARD], gln="5790000000001"),
        replace(factories.directory()[HOSPITAL], gln="5790000000018"),
    ]
    async with store.database.writing() as connection:
        await put_organizations(connection, places)
    (stay,) = store.rows("SELECT id::text FROM stay")
    await store.run(write_message, write(stay_id=StayId(stay["id"]), recipient=PAPER_WARD))

    async with faulty_system(["fatal"]) as outside, sending(store, outside, LATE):
        await until(lambda: kept(store)["state"] == "in-error")

    (message,) = outside.got
    read = read_message(orjson.dumps(message), now=wall_now())
    assert isinstance(read, LetterRead), read
    assert [issue for issue in read.warnings if issue.severity == "error"] == []
    assert (read.letter.sender, read.letter.recipient) == (HOSPITAL, PAPER_WARD)
    assert read.citizen.number == factories.CPR
    assert (WARD, True) in alarms(store)
    assert (HOSPITAL, False) in alarms(store)


async def test_answer_that_comes_after_a_replay_counts_all_the_same(store: Store) -> None:
    made = await post(store)
    book = SqlBook(store.database, LATE)
    lent = await book.begin(made, 1)
    assert lent is not None
    store.rows("UPDATE outbound_message SET turn = 2")
    read = heard_in(receipt_for(lent.body, "ok"))

    await book.settle(lent, Outcome(kind=OutcomeKind.LATER, reason="ReadTimeout"))
    assert kept(store)["state"] == "sent"
    moved = await book.settle(lent, Outcome(kind=OutcomeKind.ACKNOWLEDGED, heard=read))

    assert moved.state is DeliveryState.ACKNOWLEDGED


async def test_message_whose_body_was_dropped_is_given_to_people(store: Store) -> None:
    made = await post(store)
    store.rows("UPDATE outbound_message SET body = NULL")

    assert await SqlBook(store.database, LATE).begin(made, 1) is None

    assert kept(store)["reason"] == "body-dropped"
    assert (WARD, True) in alarms(store)


async def test_large_message_is_stamped_beside_the_loop(store: Store) -> None:
    message = orjson.loads(notification().body())
    message["entry"].append({"resource": {"resourceType": "Binary", "data": "x" * 300_000}})
    made = await post(store, body=orjson.dumps(message))

    lent = await SqlBook(store.database, LATE).begin(made, 1)

    assert lent is not None
    assert orjson.loads(lent.body)["id"] == lent.bundle_id


async def test_answer_of_more_than_a_receipt_is_none(store: Store) -> None:
    del store

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n" + b"x" * 3_000_000)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    where = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, HttpGateway(GatewaySettings(url=where)) as gateway:
        assert await gateway.post(b"{}") == Answer(200, b"")


def test_what_is_no_receipt_is_heard_as_none() -> None:
    assert heard_in(b"no json") is None
    assert heard_in(notification().body()) is None
