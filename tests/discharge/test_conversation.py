"""How a thread is put in order, what stands in it, and what has become of a message."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from discharge.conversation import CareMessage, Conversation, MessageState, Turn, binds_to, place_for
from discharge.identifiers import CareMessageId, ConversationId, MessageId, PatientId, SegmentId, SorCode, ThreadId
from discharge.letter import Letter, LetterKind, media_type_of
from tests import factories
from tests.factories import CARE_HOME, HOSPITAL, MUNICIPALITY, NORTH, NOW, UNREGISTERED, WARD, new_id
from tests.letters import MINUTE, PDF, PNG, file, letter, reply, text


def conversation(*of: Letter) -> Conversation:
    """A thread in which the letters came in this order."""
    messages = tuple(
        CareMessage(id=CareMessageId(new_id()), letter=each, received_at=NOW + number * MINUTE)
        for number, each in enumerate(of)
    )
    thread = of[0].thread or ThreadId("urn:uuid:0")
    return Conversation(id=ConversationId(new_id()), patient_id=PatientId(new_id()), thread=thread, messages=messages)


def words(turns: tuple[Turn, ...]) -> list[str]:
    return [turn.texts[0].text for turn in turns]


def test_late_original_takes_its_place_before_the_answer() -> None:
    first = letter(text("Spørgsmål"))
    answer = reply(first, text("Svar", at=NOW + MINUTE, of=MUNICIPALITY))

    early, late = conversation(first, answer), conversation(answer, first)

    assert words(early.turns) == words(late.turns) == ["Spørgsmål", "Svar"]
    assert [turn.message is not None for turn in late.turns] == [True, True]


def test_original_that_never_came_is_shown_from_the_answer_that_carries_it() -> None:
    first = letter(text("Spørgsmål"), file())
    answer = reply(first, text("Svar", at=NOW + MINUTE, of=MUNICIPALITY))

    carried, said = conversation(answer).turns

    assert (carried.message, carried.organization) == (None, WARD)
    assert carried.texts[0].text == "Spørgsmål"
    assert [each.title for each in carried.files] == ["Plan"]
    assert said.texts[0].text == "Svar"


def test_history_beats_clocks() -> None:
    first = letter(text("Spørgsmål"), at=NOW)
    answer = reply(first, text("Svar", at=NOW - timedelta(hours=2), of=MUNICIPALITY), at=NOW - timedelta(hours=2))

    assert words(conversation(answer, first).turns) == ["Spørgsmål", "Svar"]


def test_of_two_at_one_time_the_initiators_comes_first() -> None:
    first = letter(text("Spørgsmål"))
    theirs = reply(first, text("Svar", at=NOW + MINUTE, of=MUNICIPALITY))
    ours = letter(text("Tilføjelse", at=NOW + MINUTE), kind=LetterKind.REPLY, after=first, at=NOW + MINUTE)

    assert words(conversation(first, theirs, ours).turns) == ["Spørgsmål", "Tilføjelse", "Svar"]


def test_histories_that_contradict_each_other_still_give_every_message_once() -> None:
    first, second = letter(text("A")), letter(text("B"), at=NOW + MINUTE)
    first = replace(first, history=(second.step, first.step))
    second = replace(second, history=(first.step, second.step))

    assert sorted(words(conversation(first, second).turns)) == ["A", "B"]


def test_text_that_comes_again_is_shown_once() -> None:
    first = letter(text("Spørgsmål"))
    answer = reply(first)
    more = reply(answer, text("Mere", at=NOW + 2 * MINUTE))

    assert words(conversation(first, answer, more).turns) == ["Spørgsmål", "Den kommer i dag.", "Mere"]


def test_unknown_texts_of_a_known_thread_are_shown_too() -> None:
    first = letter(text("Spørgsmål"))
    unseen = reply(first, text("Aldrig modtaget", at=NOW + MINUTE))
    last = reply(unseen, text("Sidst", at=NOW + 2 * MINUTE))

    turns = conversation(first, last).turns

    assert words(turns) == ["Spørgsmål", "Aldrig modtaget", "Sidst"]
    assert turns[1].message is None


def test_changed_message_shows_the_newer_with_the_older_below() -> None:
    first = letter(text("Forkert"), thread=None)
    changed = letter(text("Rigtig", at=NOW + MINUTE), kind=LetterKind.MODIFIED, after=first, at=NOW + MINUTE)
    again = letter(
        text("Helt rigtig", at=NOW + 2 * MINUTE), kind=LetterKind.MODIFIED, after=changed, at=NOW + 2 * MINUTE
    )

    (turn,) = conversation(first, changed, again).turns

    assert turn.texts[0].text == "Helt rigtig"
    assert words(turn.older) == ["Rigtig", "Forkert"]
    assert {older.state for older in turn.older} == {MessageState.REPLACED}


def test_message_that_was_taken_back_stays_and_is_marked() -> None:
    first = letter(text("Om en anden"), thread=None)
    back = letter(text("Forkert CPR-nummer", at=NOW + MINUTE), kind=LetterKind.RETRACTED, after=first, at=NOW + MINUTE)

    thread = conversation(first, back)

    assert [turn.state for turn in thread.turns] == [MessageState.RETRACTED, MessageState.VALID]
    assert thread.standing_segments == ()
    assert thread.latest.letter is back


def test_withdrawal_that_comes_before_its_message_still_holds() -> None:
    first = letter(text("Om en anden"), thread=None)
    back = letter(text("Fejl", at=NOW + MINUTE), kind=LetterKind.RETRACTED, after=first, at=NOW + MINUTE)

    alone, whole = conversation(back), conversation(back, first)

    assert [(each.texts[0].text, each.state) for each in alone.turns[0].older] == [
        ("Om en anden", MessageState.RETRACTED)
    ]
    assert [turn.state for turn in whole.turns] == [MessageState.RETRACTED, MessageState.VALID]


def test_unknown_texts_that_a_change_carries_stand_beside_it() -> None:
    """The changed message is known; what rides along is somebody else's."""
    other = text("En tredjes ord", at=NOW - MINUTE, of=MUNICIPALITY)
    first = letter(text("Forkert"), thread=None)
    changed = letter(text("Rigtig", at=NOW + MINUTE), kind=LetterKind.MODIFIED, after=first, at=NOW + MINUTE)
    changed = replace(changed, segments=(other, *changed.segments))

    assert words(conversation(first, changed).turns) == ["En tredjes ord", "Rigtig"]


def test_what_only_a_replaced_message_carried_takes_its_place_by_time() -> None:
    other = text("Før det hele", at=NOW - MINUTE, of=MUNICIPALITY)
    first = letter(text("Forkert"), thread=None)
    first = replace(first, segments=(other, *first.segments), history=(replace(first.step, kind=LetterKind.REPLY),))
    changed = letter(text("Rigtig", at=NOW + MINUTE), kind=LetterKind.MODIFIED, at=NOW + MINUTE, thread=None)
    changed = replace(changed, history=(replace(changed.step, follows=first.id),))

    turns = conversation(first, changed).turns

    assert words(turns) == ["Før det hele", "Rigtig"]
    assert words(turns[1].older) == ["Forkert"]


def test_nobody_takes_back_what_somebody_else_wrote() -> None:
    first = letter(text("Gælder"), thread=None)
    back = letter(text("Nej"), kind=LetterKind.RETRACTED, after=first, sender=MUNICIPALITY)

    assert conversation(first, back).turns[0].state is MessageState.VALID


def test_own_texts_are_told_though_the_letter_names_others() -> None:
    """As published: the listed segments are not those that are there."""
    first = letter(text("Spørgsmål"))
    step = replace(first.step, segments=(SegmentId("urn:uuid:elsewhere"),))

    assert replace(first, history=(step,)).own == first.segments


def test_reply_of_version_3_names_no_segments_and_the_last_written_is_its_own() -> None:
    first = letter(text("Spørgsmål"), thread=None)
    answer = reply(first, text("Svar", at=NOW + MINUTE))
    bare = replace(answer, history=tuple(replace(step, segments=()) for step in answer.history))

    assert [segment.id for segment in bare.own] == [answer.segments[-1].id]
    assert [segment.id for segment in bare.carried] == [first.segments[0].id]


def test_letter_all_of_whose_texts_are_claimed_by_others_still_says_something() -> None:
    first = letter(text("Spørgsmål"))
    step = replace(first.step, message_id=MessageId("earlier"))

    assert replace(first, history=(step, replace(first.step, segments=()))).own == first.segments


def test_thread_has_the_latest_category_and_topic() -> None:
    first = letter(topic="Seng")
    answer = reply(first, category="medicine")

    thread = conversation(first, answer)

    assert (thread.category, thread.topic) == ("medicine", "Seng")


def test_every_step_is_told_once_and_by_its_own_message() -> None:
    first = letter()
    answer = reply(first)
    wrong = replace(answer, history=(replace(first.step, organization=None), answer.step))

    steps = conversation(first, wrong).steps

    assert steps == (first.step, answer.step)


@given(order=st.permutations(range(5)))
def test_thread_reads_the_same_in_whatever_order_its_messages_came(order: list[int]) -> None:
    first = letter(text("1"))
    answer = reply(first, text("2", at=NOW + MINUTE))
    crossed = reply(first, text("3", at=NOW + 2 * MINUTE), at=NOW + 2 * MINUTE)
    more = reply(answer, text("4", at=NOW + 3 * MINUTE), at=NOW + 3 * MINUTE)
    last = reply(crossed, text("5", at=NOW + 4 * MINUTE), at=NOW + 4 * MINUTE)
    messages = [first, answer, crossed, more, last]

    assert words(conversation(*(messages[number] for number in order)).turns) == ["1", "2", "3", "4", "5"]


def test_place_is_the_unit_of_the_district_or_the_ward_of_the_patient() -> None:
    places, stay = factories.directory(), factories.stay()

    assert place_for(MUNICIPALITY, stay, "nord", places) == NORTH
    assert place_for(MUNICIPALITY, stay, None, places) == MUNICIPALITY
    assert place_for(HOSPITAL, stay, None, places) == WARD
    assert place_for(HOSPITAL, None, None, places) == HOSPITAL
    assert place_for(UNREGISTERED, stay, "nord", places) == UNREGISTERED


def test_thread_binds_where_people_at_both_ends_read_the_stay() -> None:
    places, stay = factories.directory(), factories.stay()

    def binds(*ends: SorCode) -> bool:
        return binds_to(stay, ends, places, NOW)

    assert binds(WARD, MUNICIPALITY)
    assert binds(HOSPITAL, MUNICIPALITY)
    assert not binds(WARD, CARE_HOME)


def test_media_type_is_what_the_first_bytes_show() -> None:
    assert media_type_of(PDF) == "application/pdf"
    assert media_type_of(PNG) == "image/png"
    assert media_type_of(b"<html>%PDF-") is None
    assert media_type_of(b"PK\x03\x04") is None
