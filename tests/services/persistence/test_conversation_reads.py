"""Who reads a thread of care messages: the parties of its stay, or its two ends, and only those."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from discharge.conversation import Conversation
from discharge.errors import NotFoundError
from discharge.handlers import receive_letter, write_message
from discharge.identifiers import AttachmentId, ConversationId, StayId
from discharge.letter import LetterKind
from discharge.policy import Caller, Role
from services.persistence.conversation_reads import (
    conversation_list,
    conversation_page,
    conversations_of_stay,
    download,
)
from tests import factories, letters
from tests.engines import Database
from tests.factories import CARE_HOME, MUNICIPALITY, NEIGHBOUR, NOW, PRACTICE
from tests.services.persistence.store import Store, store_on

WARD_NURSE = factories.ward_nurse()
NURSE = factories.home_nurse()
GP = factories.gp()


@pytest.fixture
async def store(database: Database) -> AsyncIterator[Store]:
    """The citizen is at the ward, known to the municipality."""
    async with store_on(database, patients=[factories.patient()]) as made:
        await made.admit()
        yield made


def stay_of(store: Store) -> StayId:
    (row,) = store.rows("SELECT id FROM stay")
    return StayId(str(row["id"]))


async def came(store: Store, **changes: object) -> ConversationId:
    """A letter came in; its thread."""
    await store.run(receive_letter, letters.receive(letters.letter(letters.text(), letters.file(), **changes)))  # type: ignore[arg-type] # the test says which
    (row,) = store.rows("SELECT id FROM conversation ORDER BY latest_at DESC, id DESC LIMIT 1")
    return ConversationId(str(row["id"]))


async def listed(store: Store, caller: Caller) -> list[ConversationId]:
    async with store.reading(caller) as session:
        return [each.conversation.id for each in (await conversation_list(session)).listed]


async def reads(store: Store, caller: Caller, thread: ConversationId) -> Conversation | None:
    async with store.reading(caller) as session:
        try:
            return (await conversation_page(session, thread)).conversation
        except NotFoundError:
            return None


async def test_thread_of_a_stay_is_read_by_its_parties_in_roles_that_read_letters(store: Store) -> None:
    thread = await came(store)

    for caller in (WARD_NURSE, NURSE, factories.caller(Role.VISITATOR, MUNICIPALITY)):
        found = await reads(store, caller, thread)
        assert found is not None, caller
        assert found.stay_id == stay_of(store)
    for caller in (
        factories.leader(),
        factories.caller(Role.OPERATOR, MUNICIPALITY),
        factories.caller(Role.HOME_NURSE, NEIGHBOUR),
        factories.caller(Role.HOME_NURSE, CARE_HOME),
        GP,
    ):
        assert await reads(store, caller, thread) is None, caller


async def test_thread_beside_the_stay_is_read_by_its_two_ends_and_with_it_the_citizens_name(store: Store) -> None:
    thread = await came(store, recipient=PRACTICE)

    async with store.reading(GP) as session:
        page = await conversation_page(session, thread)
        stays = (await session.connection.execute(text("SELECT count(*) FROM stay"))).scalar_one()
    assert page.patient.name.endswith(factories.FAMILY)
    assert stays == 0, "the letter opens no stay"
    assert await reads(store, WARD_NURSE, thread) is not None
    assert await reads(store, NURSE, thread) is None


async def test_stays_page_lists_its_threads_and_those_about_its_citizen(store: Store) -> None:
    bound, beside = await came(store), await came(store, recipient=PRACTICE)

    async with store.reading(WARD_NURSE) as session:
        of_ward = {each.id for each in await conversations_of_stay(session, stay_of(store))}
    async with store.reading(NURSE) as session:
        of_nurse = {each.id for each in await conversations_of_stay(session, stay_of(store))}

    assert of_ward == {bound, beside}
    assert of_nurse == {bound}


async def test_thread_is_looked_for_in_the_stay_that_it_was_asked_in(store: Store) -> None:
    thread = await came(store)

    async with store.reading(NURSE) as session:
        assert (await conversation_page(session, thread, stay_of(store))).conversation.id == thread
        with pytest.raises(NotFoundError):
            await conversation_page(session, thread, StayId(factories.new_id()))


async def test_list_holds_what_the_place_takes_part_in(store: Store) -> None:
    bound, beside = await came(store), await came(store, recipient=PRACTICE)

    assert await listed(store, NURSE) == [bound]
    assert await listed(store, GP) == [beside]
    assert set(await listed(store, WARD_NURSE)) == {bound, beside}
    assert await listed(store, factories.caller(Role.HOME_NURSE, NEIGHBOUR)) == []


async def test_access_to_a_thread_ends_with_that_to_its_stay(store: Store) -> None:
    thread = await came(store)
    await store.send_home()
    store.rows("UPDATE task SET status = 'completed'")
    store.rows("UPDATE party SET until = %(until)s", until=NOW + timedelta(days=30))
    assert await reads(store, NURSE, thread) is not None

    await store.database.move_clock(NOW + timedelta(days=31))

    assert await reads(store, NURSE, thread) is None
    assert await listed(store, NURSE) == []


async def test_file_is_handed_out_with_its_thread_only(store: Store) -> None:
    thread = await came(store)
    (row,) = store.rows("SELECT id, size, content FROM attachment")
    file_id = AttachmentId(str(row["id"]))

    async with store.reading(NURSE) as session:
        found = await download(session, thread, file_id)
        with pytest.raises(NotFoundError):
            await download(session, ConversationId(factories.new_id()), file_id)
    assert (found.content, found.title, found.media_type) == (letters.PDF, "Plan", "application/pdf")
    assert row["size"] == len(letters.PDF)
    assert letters.PDF not in bytes(row["content"])
    async with store.reading(GP) as session:
        with pytest.raises(NotFoundError):
            await download(session, thread, file_id)


async def test_reading_a_thread_is_audited_with_its_stay(store: Store) -> None:
    thread = await came(store)

    await reads(store, NURSE, thread)

    (row,) = store.rows("SELECT stays FROM audit ORDER BY at DESC, id DESC LIMIT 1")
    assert row["stays"] == [stay_of(store)]


async def test_writing_tells_the_feeds_and_the_timeline_in_the_same_commit(store: Store) -> None:
    await store.run(write_message, letters.write(stay_id=stay_of(store)))

    told = store.rows("SELECT feed_id, title FROM feed_entry WHERE event = 'message' ORDER BY feed_id")
    (event,) = store.rows("SELECT content_class, by_name, detail FROM event WHERE kind = 'care-message-written'")
    assert [row["title"] for row in told] == [
        "En besked er sendt",
        "Ny besked om en borger",
        "Ny besked om en borger",
    ]
    assert event["content_class"] == "conversation"
    assert event["detail"]["kind"] == "new-message"
    assert "text" not in event["detail"]


async def test_letter_to_a_place_without_stafet_is_rendered_into_the_outbox(store: Store) -> None:
    store.rows("UPDATE organization SET gln = '5790009900016' WHERE sor = %(sor)s", sor=factories.HOSPITAL)
    store.rows("UPDATE organization SET gln = '5790009900023' WHERE sor = %(sor)s", sor=factories.PAPER_WARD)
    store.rows("UPDATE meta SET value = value || 'x' WHERE key LIKE 'master%%'")
    command = letters.write(stay_id=stay_of(store), recipient=factories.PAPER_WARD)

    await store.run(write_message, command)

    (row,) = store.rows("SELECT message_id, sender, receiver FROM outbound_message")
    assert row == {"message_id": command.draft, "sender": factories.HOSPITAL, "receiver": factories.PAPER_WARD}
    assert (
        store.rows("SELECT 1 FROM feed_entry WHERE event = 'message' AND feed_id = %(f)s", f=factories.PAPER_WARD) == []
    )


async def test_thirty_copies_of_one_letter_at_once_are_one_message(store: Store) -> None:
    command = letters.receive(letters.letter())

    receipts = await asyncio.gather(*(store.run(receive_letter, command) for _ in range(30)))

    assert {receipt.code.value for receipt in receipts} == {"ok"}
    assert store.rows("SELECT count(*) AS n FROM care_message") == [{"n": 1}]


async def test_answers_that_cross_in_two_transactions_are_both_kept(store: Store) -> None:
    thread = await came(store)
    answers = [
        letters.write(caller=factories.home_nurse(name=name), kind=LetterKind.REPLY, conversation_id=thread, text=name)
        for name in ("Hanne", "Lis", "Bo")
    ]

    await asyncio.gather(*(store.run(write_message, replace(each, category=None)) for each in answers))

    found = await reads(store, NURSE, thread)
    assert found is not None
    assert {turn.texts[0].text for turn in found.turns} >= {"Hanne", "Lis", "Bo"}
    assert len(found.messages) == 4
