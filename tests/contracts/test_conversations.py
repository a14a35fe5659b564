"""What keeps threads of care messages promises, asked of the one in memory and of the one in PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from discharge.conversation import CareMessage, Conversation, StoredFile
from discharge.errors import NotFoundError
from discharge.identifiers import AttachmentId, CareMessageId, ConversationId, CprNumber, MessageId, PatientId, ThreadId
from discharge.letter import Attachment, Letter, files_of
from discharge.ports import UnitOfWork
from discharge.task import Person
from services.persistence.database import Database, engine_for
from services.persistence.vault import Vault
from tests import factories, letters
from tests.factories import NORTH, NOW, WARD, new_id
from tests.fakes import FakeStore
from tests.strategies import letters as any_letters

_numbers = count(1)
round_trip = settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@dataclass(frozen=True, slots=True)
class World:
    """A store of either kind."""

    unit_of_work: Callable[[], AbstractAsyncContextManager[UnitOfWork]]


@pytest.fixture(params=["memory", "postgresql"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """A store of either kind."""
    if request.param == "memory":
        store = FakeStore()

        @asynccontextmanager
        async def unit_of_work() -> AsyncIterator[UnitOfWork]:
            yield store.unit_of_work()

        yield World(unit_of_work)
        return
    engine = engine_for(request.getfixturevalue("database").app_url)
    database = Database(engine, Vault(b"m" * 32, b"i" * 32), access_days=30, demo=True)
    try:
        yield World(lambda: database.unit_of_work(None))
    finally:
        await engine.dispose()


def kept(letter: Letter, patient_id: PatientId, **changes: Any) -> CareMessage:
    """The letter as a care message with its files to store."""
    files = {
        file.id: StoredFile(AttachmentId(new_id()), len(file.content))
        for file in files_of(letter.segments)
        if file.content is not None
    }
    letter = replace(letter, patient_id=patient_id)
    made = CareMessage(id=CareMessageId(new_id()), letter=letter, received_at=NOW, files=files)
    return replace(made, **changes)


def as_loaded(conversation: Conversation) -> Conversation:
    """The thread without the contents, as it is read."""
    return replace(
        conversation,
        messages=tuple(
            replace(
                message,
                letter=replace(
                    message.letter,
                    segments=tuple(
                        replace(segment, content=None) if isinstance(segment, Attachment) else segment
                        for segment in message.letter.segments
                    ),
                ),
            )
            for message in conversation.messages
        ),
    )


async def saved(world: World, *of: Letter, thread: str | None = None) -> Conversation:
    """A committed thread of a new citizen."""
    number = next(_numbers)
    cpr = CprNumber.parse(f"{1 + number // 10000 % 28:02}0348{number % 10000:04}")
    async with world.unit_of_work() as uow:
        patient = await uow.patients.add(factories.patient(cpr=cpr))
        conversation = Conversation(
            id=ConversationId(new_id()),
            patient_id=patient.id,
            thread=ThreadId(thread or letters.urn()),
            messages=tuple(kept(each, patient.id) for each in of),
        )
        await uow.conversations.save(conversation)
        await uow.commit()
    return conversation


@round_trip
@given(letter=any_letters)
async def test_a_letter_comes_back_as_it_was_kept(world: World, letter: Letter) -> None:
    conversation = await saved(world, letter)

    async with world.unit_of_work() as uow:
        assert await uow.conversations.get(conversation.id) == as_loaded(conversation)
        found = await uow.conversations.contents(conversation)
    expected = {file.id: file.content for file in files_of(letter.segments) if file.content is not None}
    assert found == expected


async def test_a_message_is_added_and_the_first_stays_as_it_was(world: World) -> None:
    first = letters.letter(letters.text(), letters.file())
    conversation = await saved(world, first)
    async with world.unit_of_work() as uow:
        loaded = await uow.conversations.get(conversation.id)
        answer = kept(letters.reply(first), loaded.patient_id, by=Person(factories.person().id, "Bente"), desk=NORTH)
        await uow.conversations.save(loaded.with_message(answer))
        await uow.commit()

    async with world.unit_of_work() as uow:
        found = await uow.conversations.get(conversation.id)
        contents = await uow.conversations.contents(found)
    assert found.messages[0] == as_loaded(conversation).messages[0]
    assert found.messages[1].by == Person(factories.person().id, "Bente")
    assert NORTH in found.participants
    assert set(contents) == {first.segments[1].id}


async def test_a_thread_is_found_by_its_identifier(world: World) -> None:
    thread = letters.urn()
    mine = await saved(world, letters.letter(thread=thread), thread=thread)
    other = await saved(world, letters.letter(thread=thread), thread=thread)
    await saved(world, letters.letter())

    async with world.unit_of_work() as uow:
        found = await uow.conversations.of_thread(ThreadId(thread))

    assert {each.id for each in found} == {mine.id, other.id}


async def test_a_thread_is_found_by_the_messages_that_its_history_names(world: World) -> None:
    first = letters.letter(thread=None)
    answer = letters.reply(first)
    conversation = await saved(world, answer)

    async with world.unit_of_work() as uow:
        by_history = await uow.conversations.of_messages(conversation.patient_id, [first.id])
        by_itself = await uow.conversations.of_messages(conversation.patient_id, [answer.id])
        unknown = await uow.conversations.of_messages(conversation.patient_id, [MessageId("never")])
        of_another = await uow.conversations.of_messages(PatientId(new_id()), [first.id])

    assert [each.id for each in by_history] == [each.id for each in by_itself] == [conversation.id]
    assert not unknown
    assert not of_another


async def test_what_a_thread_is_about_is_known_before_it_is_held(world: World) -> None:
    conversation = await saved(world, letters.letter())

    async with world.unit_of_work() as uow:
        assert await uow.conversations.about(conversation.id) == (conversation.patient_id, None)


@pytest.mark.parametrize("unknown", [new_id(), "not-an-id"])
async def test_what_never_was_is_not_found(world: World, unknown: str) -> None:
    async with world.unit_of_work() as uow:
        for missing in (
            uow.conversations.get(ConversationId(unknown)),
            uow.conversations.about(ConversationId(unknown)),
        ):
            with pytest.raises(NotFoundError):
                await missing


async def test_what_is_saved_is_found_in_the_same_unit_of_work(world: World) -> None:
    conversation = await saved(world, letters.letter())

    async with world.unit_of_work() as uow:
        loaded = await uow.conversations.get(conversation.id)
        await uow.conversations.save(loaded.with_message(kept(letters.letter(sender=WARD), loaded.patient_id)))

        assert len((await uow.conversations.get(conversation.id)).messages) == 2
        assert len((await uow.conversations.of_thread(conversation.thread))[0].messages) == 2
