"""Care messages come in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from discharge.commands import Citizen, ReceiptCode
from discharge.errors import NotAllowedError
from discharge.handlers import receive_letter, receive_notice
from discharge.identifiers import CprNumber
from discharge.letter import Category, LetterKind, LetterPriority
from discharge.policy import Role
from discharge.stay import NoticeKind
from tests import factories
from tests.discharge.handlers.steps import admitted, house, thread, told
from tests.factories import CARE_HOME, HOSPITAL, MUNICIPALITY, NEIGHBOUR, NORTH, PRACTICE, WARD
from tests.fakes import FakeStore
from tests.letters import MINUTE, letter, receive, reply, text


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
