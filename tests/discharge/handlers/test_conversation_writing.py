"""People write care messages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from discharge.commands import NewFile
from discharge.conversation import MessageState
from discharge.errors import LetterError, NotAllowedError, NotFoundError, TransitionError
from discharge.events import CareMessageWritten
from discharge.handlers import receive_letter, receive_notice, write_message
from discharge.identifiers import ConversationId, MessageId, StayId
from discharge.letter import Attachment, Category, Contact, LetterKind, LetterPriority, TextSegment
from discharge.policy import Role
from tests import factories, letters
from tests.discharge.handlers.steps import admitted, thread, told
from tests.factories import (
    HOSPITAL,
    MUNICIPALITY,
    NEIGHBOUR,
    NORTH,
    OTHER_WARD,
    PAPER_HOSPITAL,
    PAPER_WARD,
    PRACTICE,
    REGION,
    WARD,
)
from tests.letters import MINUTE, PDF, PNG, letter, receive, text, write


async def test_nurse_begins_a_thread_that_the_municipality_has_at_once() -> None:
    store = await admitted()

    written = await store.run(write_message, write(stay_id=store.stay().id))

    (message,) = written.messages
    assert (message.letter.sender, message.letter.recipient, message.place) == (WARD, MUNICIPALITY, NORTH)
    assert message.letter.episodes == store.stay().episodes
    assert message.by is not None
    assert written.stay_id == store.stay().id
    assert told(store, NORTH)[0].title == "Ny besked om en borger"
    assert told(store, WARD)[0].title == "En besked er sendt"
    assert not store.state.posted


async def test_pressing_twice_sends_once() -> None:
    store = await admitted()
    command = write(stay_id=store.stay().id)
    await store.run(write_message, command)

    again = await store.run(write_message, command)

    assert len(again.messages) == len(thread(store).messages) == 1
    assert len(store.happened(CareMessageWritten)) == 1


async def test_letter_to_a_place_without_stafet_is_handed_to_the_outbox() -> None:
    store = await admitted()
    places = dict(store.directory.organizations)
    places[PAPER_WARD] = replace(places[PAPER_WARD], gln="5790000000001")
    places[HOSPITAL] = replace(places[HOSPITAL], gln="5790000000018")
    store.directory = type(store.directory)(places)

    written = await store.run(
        write_message,
        write(
            stay_id=store.stay().id,
            recipient=PAPER_WARD,
            files=(NewFile(title="Plan", media_type="application/pdf", content=PDF),),
        ),
    )

    (posted,) = store.state.posted
    assert (posted.sender, posted.recipient) == (HOSPITAL, PAPER_WARD)
    assert [file.content for file in posted.segments if isinstance(file, Attachment)] == [PDF]
    assert (posted.patient_id, posted.stay_id) == (written.patient_id, None)
    assert written.participants == {HOSPITAL, WARD, PAPER_WARD}
    assert written.latest.place is None
    assert not told(store, PAPER_WARD)
    assert told(store, WARD)


async def test_place_without_location_number_cannot_be_written_to_from_here() -> None:
    store = await admitted()

    with pytest.raises(LetterError) as refused:
        await store.run(write_message, write(stay_id=store.stay().id, recipient=PAPER_HOSPITAL))

    assert refused.value.element == "recipient"


async def test_answer_goes_back_to_who_wrote_with_the_thread_in_it() -> None:
    store = await admitted()
    first = letter(letters.text(), letters.file(), sender_contact=Contact(name="Team 1"))
    await store.run(receive_letter, receive(first))

    answered = await store.run(
        write_message,
        write(caller=factories.home_nurse(), kind=LetterKind.REPLY, conversation_id=thread(store).id, category=None),
    )

    sent = answered.latest.letter
    assert (sent.sender, sent.recipient) == (MUNICIPALITY, WARD)
    assert sent.recipient_contact == Contact(name="Team 1")
    assert sent.thread == first.thread
    assert sent.category is Category.DISCHARGE
    assert sent.step.follows == first.id
    assert [step.message_id for step in sent.history] == [first.id, sent.id]
    assert [segment.id for segment in sent.segments[:2]] == [segment.id for segment in first.segments]
    assert [file.content for file in sent.segments if isinstance(file, Attachment)] == [None]
    assert told(store, WARD)[0].title == "Svar på en besked"


async def test_own_message_is_followed_up_to_the_same_receiver() -> None:
    store = await admitted()
    written = await store.run(write_message, write(stay_id=store.stay().id))

    more = await store.run(
        write_message, write(kind=LetterKind.REPLY, conversation_id=written.id, recipient=None, category=None)
    )

    assert (more.latest.letter.sender, more.latest.letter.recipient) == (WARD, MUNICIPALITY)


async def test_two_answers_that_crossed_both_stay() -> None:
    store = await admitted()
    first = letter()
    await store.run(receive_letter, receive(first))
    answers = [
        write(
            caller=factories.home_nurse(name=name),
            kind=LetterKind.REPLY,
            conversation_id=thread(store).id,
            about=first.id,
            text=name,
        )
        for name in ("Hanne", "Lis")
    ]

    for answer in answers:
        await store.run(write_message, answer)

    assert [turn.texts[0].text for turn in thread(store).turns[1:]] == ["Hanne", "Lis"]
    assert {turn.answers for turn in thread(store).turns[1:]} == {first.id}


async def test_forwarding_begins_a_thread_with_everything_in_it() -> None:
    store = await admitted()
    first = letter(letters.text("Se planen"), letters.file())
    await store.run(receive_letter, receive(first))
    source = thread(store)

    forwarded = await store.run(
        write_message,
        write(
            caller=factories.home_nurse(),
            kind=LetterKind.FORWARD,
            conversation_id=source.id,
            recipient=PRACTICE,
            category=None,
            text="Til orientering",
        ),
    )

    assert forwarded.thread != source.thread
    assert forwarded.participants == {NORTH, PRACTICE}
    assert forwarded.stay_id is None
    assert forwarded.latest.letter.step.follows == first.id
    assert [turn.texts[0].text for turn in forwarded.turns] == ["Se planen", "Til orientering"]
    assert set(await store.unit_of_work().conversations.contents(forwarded)) == {first.segments[1].id}
    assert len(store.state.conversations[source.id].messages) == 1


async def test_what_was_taken_back_is_not_answered() -> None:
    store = await admitted()
    first = letter(thread=None)
    await store.run(receive_letter, receive(first))
    await store.run(receive_letter, receive(letter(text("Forkert borger"), kind=LetterKind.RETRACTED, after=first)))

    with pytest.raises(TransitionError):
        await store.run(
            write_message,
            write(
                caller=factories.home_nurse(),
                kind=LetterKind.REPLY,
                conversation_id=thread(store).id,
                about=first.id,
            ),
        )
    assert thread(store).state_of(thread(store).messages[0]) is MessageState.RETRACTED


async def test_answer_to_version_3_is_version_5_and_finds_its_thread_again() -> None:
    store = await admitted()
    first = letter(thread=None)
    await store.run(receive_letter, receive(first))
    answered = await store.run(
        write_message, write(caller=factories.home_nurse(), kind=LetterKind.REPLY, conversation_id=thread(store).id)
    )

    again = letter(text("Tak"), kind=LetterKind.REPLY, after=answered.latest.letter, at=store.now + MINUTE)
    await store.run(receive_letter, receive(again))

    assert len(thread(store).messages) == 3


async def test_who_is_no_party_learns_of_nothing() -> None:
    store = await admitted()
    await store.run(receive_letter, receive(letter()))
    conversation_id, stay_id = thread(store).id, store.stay().id
    stranger = factories.caller(Role.HOME_NURSE, NEIGHBOUR)

    for command in (
        write(caller=stranger, stay_id=stay_id),
        write(caller=stranger, kind=LetterKind.REPLY, conversation_id=conversation_id),
        write(stay_id=StayId(factories.new_id())),
        write(kind=LetterKind.REPLY, conversation_id=ConversationId(factories.new_id())),
        write(kind=LetterKind.REPLY, conversation_id=conversation_id, about=MessageId("never")),
    ):
        with pytest.raises(NotFoundError):
            await store.run(write_message, command)


async def test_thread_beside_the_stay_is_answered_by_its_ends_alone() -> None:
    store = await admitted()
    await store.run(receive_letter, receive(letter(recipient=PRACTICE)))
    answer = write(kind=LetterKind.REPLY, conversation_id=thread(store).id, category=None)

    answered = await store.run(write_message, replace(answer, caller=factories.gp()))

    assert (answered.latest.letter.sender, answered.latest.letter.recipient) == (PRACTICE, WARD)
    with pytest.raises(NotFoundError):
        await store.run(write_message, replace(answer, caller=factories.home_nurse()))


async def test_who_only_reads_a_thread_does_not_answer_in_it() -> None:
    store = await admitted()
    gp_letter = letter(sender=NORTH, recipient=MUNICIPALITY)
    await store.run(receive_letter, receive(gp_letter, client=factories.record_system(MUNICIPALITY)))
    assert thread(store).stay_id == store.stay().id

    with pytest.raises(NotAllowedError):
        await store.run(write_message, write(kind=LetterKind.REPLY, conversation_id=thread(store).id))


@pytest.mark.parametrize("role", [Role.LEADER, Role.OPERATOR, Role.SYSTEM, Role.AGREEMENT_EDITOR])
async def test_only_people_at_the_patient_write(role: Role) -> None:
    store = await admitted()

    with pytest.raises(NotAllowedError):
        await store.run(write_message, write(caller=factories.caller(role, MUNICIPALITY), stay_id=store.stay().id))


async def test_role_at_a_place_of_another_kind_does_not_write() -> None:
    store = await admitted()

    with pytest.raises(NotAllowedError):
        await store.run(write_message, write(caller=factories.caller(Role.WARD, MUNICIPALITY), stay_id=store.stay().id))


@pytest.mark.parametrize(
    ("changes", "element"),
    [
        ({"text": "   "}, "text"),
        ({"text": "x" * 20_001}, "text"),
        ({"phone": "ring"}, "phone"),
        ({"category": None}, "category"),
        ({"category": Category.OTHER}, "topic"),
        ({"priority": LetterPriority.ASAP}, "priority"),
        ({"recipient": None}, "recipient"),
        ({"recipient": REGION}, "recipient"),
        ({"recipient": WARD}, "recipient"),
        ({"kind": LetterKind.RETRACTED}, "kind"),
        ({"kind": LetterKind.REPLY}, "conversation"),
        ({"stay_id": None}, "stay"),
        ({"files": (NewFile(title="", media_type="image/png", content=PNG),)}, "files"),
        ({"files": (NewFile(title="x", media_type="image/png", content=PDF),)}, "files"),
        ({"files": (NewFile(title="x", media_type="text/html", content=b"<html>"),)}, "files"),
        ({"files": (NewFile(title="x", media_type="image/png", content=PNG + bytes(5 * 1024 * 1024)),)}, "files"),
        ({"files": tuple(NewFile(title="x", media_type="image/png", content=PNG) for _ in range(11))}, "files"),
    ],
)
async def test_letter_that_is_not_sound_is_refused_by_its_field(changes: dict[str, object], element: str) -> None:
    store = await admitted()

    with pytest.raises(LetterError) as refused:
        await store.run(write_message, write(**{"stay_id": store.stay().id, **changes}))

    assert refused.value.element == element
    assert not store.state.conversations


async def test_writers_words_stay_as_they_were_written() -> None:
    store = await admitted()

    written = await store.run(
        write_message, write(stay_id=store.stay().id, text="  Linje 1\r\nLinje 2 <b>æøå</b> ", topic=" Seng ")
    )

    (segment,) = written.latest.letter.segments
    assert isinstance(segment, TextSegment)
    assert segment.text == "Linje 1\nLinje 2 <b>æøå</b>"
    assert segment.phone == "70000101"
    assert segment.author is not None
    assert segment.author.title == "Sygeplejerske"
    assert written.topic == "Seng"


async def test_new_ward_does_not_answer_the_old_wards_letters() -> None:
    store = await admitted()
    await store.run(receive_letter, receive(letter()))
    moved = factories.notice(service_provider=OTHER_WARD, started_at=store.now, episodes=store.stay().episodes)
    await store.run(receive_notice, factories.receive(moved))

    with pytest.raises(NotAllowedError):
        await store.run(
            write_message,
            write(caller=factories.ward_nurse(OTHER_WARD), kind=LetterKind.REPLY, conversation_id=thread(store).id),
        )
