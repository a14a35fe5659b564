"""Care messages come in and are written: threads, stays, who is told, and what leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from discharge.commands import Citizen, NewFile, ReceiptCode
from discharge.conversation import Conversation, MessageState
from discharge.errors import LetterError, NotAllowedError, NotFoundError, TransitionError
from discharge.events import CareMessageWritten
from discharge.handlers import receive_letter, receive_notice, write_message
from discharge.identifiers import ConversationId, CprNumber, FeedId, MessageId, SorCode, StayId
from discharge.letter import Attachment, Category, Contact, LetterKind, LetterPriority, TextSegment
from discharge.policy import Role
from discharge.stay import NoticeKind
from notifications.entry import Addressed, EntryEvent
from tests import factories, letters
from tests.factories import (
    CARE_HOME,
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
from tests.fakes import FakeStore
from tests.letters import MINUTE, PDF, PNG, letter, receive, reply, text, write


def house(**changes: object) -> FakeStore:
    return FakeStore(patients=[factories.patient(**changes)])


async def admitted(**changes: object) -> FakeStore:
    """The citizen is at the ward, and the municipality knows."""
    store = house(**changes)
    await store.run(receive_notice, factories.receive())
    return store


def thread(store: FakeStore) -> Conversation:
    (found,) = store.state.conversations.values()
    return found


def told(store: FakeStore, place: SorCode) -> list[Addressed]:
    return [entry for entry in store.feeds[FeedId(place)] if entry.event is EntryEvent.MESSAGE]


# ── what comes in ───────────────────────────────────────────────────────────────────────────────────────────────────
async def test_letter_is_kept_in_the_stay_of_both_ends_and_the_citizens_unit_is_told() -> None:
    store = await admitted()

    receipt = await store.run(receive_letter, receive(letter()))

    assert receipt.code is ReceiptCode.OK
    assert thread(store).stay_id == store.stay().id
    assert thread(store).latest.place == NORTH
    (entry,) = told(store, NORTH)
    assert (entry.title, entry.stay_id) == ("Ny besked om en borger", store.stay().id)
    assert entry.audience == {Role.HOME_NURSE, Role.VISITATOR}
    assert told(store, MUNICIPALITY)
    assert not told(store, WARD)


async def test_letter_is_bound_by_its_episode_id_though_another_stay_is_open() -> None:
    store = house()
    first = factories.episode()
    await store.run(receive_notice, factories.receive(factories.notice(episodes=(first,))))
    home = factories.notice(NoticeKind.SLHJ, episodes=(first,))
    await store.run(receive_notice, factories.receive(home))
    earlier = store.stay().id
    store.now += timedelta(days=1)
    later = factories.notice(started_at=store.now, occurred_at=store.now)
    await store.run(receive_notice, factories.receive(later))

    await store.run(receive_letter, receive(letter(episodes=(first,))))
    await store.run(receive_letter, receive(letter(at=store.now)))

    bound = [conversation.stay_id for conversation in store.state.conversations.values()]
    assert bound[0] == earlier
    assert bound[1] not in {None, earlier}


async def test_letter_with_an_episode_that_nobody_knows_stays_with_the_citizen() -> None:
    store = await admitted()

    await store.run(receive_letter, receive(letter(episodes=(factories.episode(),))))

    assert thread(store).stay_id is None
    assert told(store, NORTH)[0].stay_id is None


async def test_letter_to_a_place_that_does_not_read_the_stay_is_kept_for_the_two_ends() -> None:
    store = await admitted()

    await store.run(receive_letter, receive(letter(recipient=CARE_HOME)))

    assert thread(store).stay_id is None
    assert thread(store).participants == {WARD, CARE_HOME}


async def test_letter_to_the_hospital_reaches_the_ward_where_the_patient_lies() -> None:
    store = await admitted()
    sent = letter(sender=MUNICIPALITY, recipient=HOSPITAL)

    await store.run(receive_letter, receive(sent))

    assert thread(store).latest.place == WARD
    assert told(store, WARD)


async def test_question_after_discharge_belongs_to_the_stay_that_ended() -> None:
    store = await admitted()
    home = factories.notice(NoticeKind.SLHJ, episodes=store.stay().episodes)
    await store.run(receive_notice, factories.receive(home))

    await store.run(receive_letter, receive(letter(sender=MUNICIPALITY, recipient=WARD)))

    assert thread(store).stay_id == store.stay().id


async def test_reply_joins_its_thread_and_leaves_both_letters_as_they_were() -> None:
    store = await admitted()
    first = letter()
    await store.run(receive_letter, receive(first))

    await store.run(receive_letter, receive(reply(first)))

    assert [message.letter.kind for message in thread(store).ordered] == [LetterKind.NEW, LetterKind.REPLY]
    assert told(store, WARD)[0].title == "Svar på en besked"


async def test_letter_that_comes_twice_is_kept_once_and_told_once() -> None:
    store = await admitted()
    command = receive(letter())
    first = await store.run(receive_letter, command)

    again = await store.run(receive_letter, command)

    assert (again.code, again.issues, again.duplicate) == (first.code, first.issues, True)
    assert len(thread(store).messages) == 1
    assert len(told(store, NORTH)) == 1


async def test_thread_of_version_3_is_held_together_by_its_history() -> None:
    store = await admitted()
    first = letter(thread=None)
    changed = letter(text("Rettet"), kind=LetterKind.MODIFIED, after=first, at=first.sent_at + MINUTE)
    await store.run(receive_letter, receive(changed))

    await store.run(receive_letter, receive(first))

    assert thread(store).thread.startswith("urn:uuid:")
    (shown,) = thread(store).turns
    assert [older.texts[0].text for older in shown.older] == ["Hun har brug for en seng."]


async def test_letter_of_version_3_about_somebody_unknown_begins_a_thread() -> None:
    store = FakeStore()

    await store.run(receive_letter, receive(letter(thread=None, sender=MUNICIPALITY, recipient=WARD)))

    assert len(thread(store).messages) == 1


async def test_same_thread_id_about_another_citizen_is_another_conversation() -> None:
    other = factories.patient(cpr=CprNumber.parse("0101501234"))
    store = FakeStore(patients=[factories.patient(), other])
    first = letter()
    await store.run(receive_letter, receive(first))

    stranger = replace(letter(), thread=first.thread)
    await store.run(receive_letter, receive(stranger, citizen=Citizen(number=other.cpr)))

    assert {each.patient_id for each in store.state.conversations.values()} == {
        patient.id for patient in store.state.patients.values()
    }


async def test_thread_goes_on_under_the_cpr_number_that_takes_the_place_of_another() -> None:
    store = FakeStore()
    first = letter(sender=MUNICIPALITY, recipient=WARD)
    stand_in = Citizen(number=CprNumber.parse_replacement("1206550VK9"))
    await store.run(receive_letter, receive(first, citizen=stand_in))

    await store.run(receive_letter, receive(reply(first)))

    assert len(thread(store).messages) == 2


async def test_letter_about_a_citizen_the_municipality_does_not_know_leaves_no_body() -> None:
    store = FakeStore()

    receipt = await store.run(receive_letter, receive(letter()))

    assert receipt.code is ReceiptCode.OK
    assert not store.state.conversations
    assert not store.state.patients
    assert [message.body for message in store.state.messages.values()] == [None]
    assert not told(store, MUNICIPALITY)


async def test_municipality_that_serves_nobody_but_is_party_to_a_stay_gets_its_letter() -> None:
    store = await admitted()
    citizen = next(iter(store.state.patients.values()))
    store.state.patients[citizen.id] = replace(citizen, services=frozenset())

    await store.run(receive_letter, receive(letter()))

    assert thread(store).stay_id == store.stay().id


async def test_municipality_gets_a_letter_about_a_citizen_of_another_one() -> None:
    store = house()

    await store.run(receive_letter, receive(letter(recipient=NEIGHBOUR)))

    assert thread(store).participants == {WARD, NEIGHBOUR}
    assert told(store, NEIGHBOUR)


async def test_municipality_gets_the_answer_to_what_it_wrote_itself() -> None:
    store = FakeStore()
    question = letter(sender=NEIGHBOUR, recipient=WARD)
    await store.run(receive_letter, receive(question))

    await store.run(receive_letter, receive(reply(question)))

    assert len(thread(store).messages) == 2


async def test_practice_gets_letters_about_whomever() -> None:
    store = FakeStore()

    await store.run(receive_letter, receive(letter(recipient=PRACTICE)))

    assert thread(store).participants == {WARD, PRACTICE}
    assert told(store, PRACTICE)


async def test_client_that_is_not_the_sender_is_refused() -> None:
    store = await admitted()

    with pytest.raises(NotAllowedError):
        await store.run(receive_letter, receive(letter(), client=factories.record_system(NEIGHBOUR)))


async def test_urgent_letter_rings_urgently() -> None:
    store = await admitted()

    await store.run(
        receive_letter,
        receive(letter(category=Category.REGARDING_REFERRAL, priority=LetterPriority.ASAP)),
    )

    assert told(store, NORTH)[0].priority == "urgent"


# ── what is written ─────────────────────────────────────────────────────────────────────────────────────────────────
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
