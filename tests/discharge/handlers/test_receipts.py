"""Receipts for letters of ours, and messages that we could not handle."""

from __future__ import annotations

from dataclasses import replace

import pytest

from discharge.commands import HearReceipt, ParkMessage, ReceiptCode
from discharge.errors import NotAllowedError
from discharge.events import MessageRefused, MessageUndelivered
from discharge.handlers import hear_receipt, park_message, receive_notice, write_message
from discharge.identifiers import FeedId, MessageId, SorCode
from discharge.policy import Role
from tests.factories import (
    CPR,
    HOSPITAL,
    MUNICIPALITY,
    PAPER_HOSPITAL,
    PAPER_WARD,
    REGION,
    WARD,
    caller,
    envelope,
    notice,
    patient,
    receive,
    record_system,
)
from tests.fakes import FakeStore
from tests.letters import write


async def _posted() -> FakeStore:
    store = FakeStore(patients=[patient()])
    places = dict(store.directory.organizations)
    places[PAPER_WARD] = replace(places[PAPER_WARD], gln="5790000000001")
    places[HOSPITAL] = replace(places[HOSPITAL], gln="5790000000018")
    store.directory = type(store.directory)(places)
    await store.run(receive_notice, receive(notice()))
    await store.run(write_message, write(stay_id=store.stay().id, recipient=PAPER_WARD))
    assert store.state.posted
    return store


def _receipt(code: ReceiptCode | None, answers: MessageId | None, by: SorCode = PAPER_WARD) -> HearReceipt:
    system = caller(Role.SYSTEM, PAPER_HOSPITAL)
    return HearReceipt(caller=system, envelope=envelope(sender=by), answers=answers, code=code)


async def test_a_yes_closes_the_letter_and_tells_nobody() -> None:
    store = await _posted()

    meaning = await store.run(hear_receipt, _receipt(ReceiptCode.OK, store.state.posted[0].id))

    assert meaning == "closes"
    assert not store.happened(MessageUndelivered)


async def test_a_final_no_is_told_where_the_letter_was_written_and_to_the_operators_above() -> None:
    store = await _posted()
    letter = store.state.posted[0]

    meaning = await store.run(hear_receipt, _receipt(ReceiptCode.FATAL_ERROR, letter.id))

    assert meaning == "fails"
    (told,) = store.happened(MessageUndelivered)
    assert (told.message_id, told.sender) == (letter.id, letter.sender)
    titles = {feed: entries[-1].title for feed, entries in store.feeds.items()}
    assert "kom ikke frem" in titles[FeedId(letter.sender)]
    assert "kom ikke frem" in titles[FeedId(REGION)]


async def test_a_receipt_for_nothing_of_ours_changes_nothing() -> None:
    store = await _posted()

    assert await store.run(hear_receipt, _receipt(ReceiptCode.OK, None)) == "unknown"


@pytest.mark.parametrize("sender", [WARD, MUNICIPALITY])
async def test_nobody_receipts_in_anothers_name(sender: SorCode) -> None:
    store = await _posted()

    with pytest.raises(NotAllowedError):
        await store.run(hear_receipt, _receipt(ReceiptCode.OK, store.state.posted[0].id, sender))


async def test_what_we_failed_at_is_put_by_and_judged_when_it_comes_again() -> None:
    store = FakeStore(patients=[patient()])
    sent = envelope(body=b"body")

    parked = await store.run(park_message, ParkMessage(caller=record_system(), envelope=sent, cpr=CPR))
    again = await store.run(receive_notice, receive(notice(), sent=sent))

    assert (parked.code, [issue.detail for issue in parked.issues]) == (
        ReceiptCode.TRANSIENT_ERROR,
        ["MSG_LOCAL_FAIL"],
    )
    assert (again.code, again.duplicate) == (ReceiptCode.OK, False)
    assert len(store.happened(MessageRefused)) == 1
    assert store.stay().is_open


async def test_where_not_even_the_citizen_can_be_looked_up_no_body_is_kept() -> None:
    store = FakeStore(patients=[patient()])
    command = ParkMessage(caller=record_system(), envelope=envelope(body=b"body"), cpr=CPR, is_blind=True)

    await store.run(park_message, command)

    assert [kept.body for kept in store.state.messages.values()] == [None]


async def test_what_has_its_answer_is_not_put_by() -> None:
    store = FakeStore(patients=[patient()])
    sent = envelope()
    first = await store.run(receive_notice, receive(notice(), sent=sent))

    parked = await store.run(park_message, ParkMessage(caller=record_system(), envelope=sent, cpr=CPR))

    assert parked == replace(first, duplicate=True)


async def test_only_the_senders_own_system_may_have_something_put_by() -> None:
    with pytest.raises(NotAllowedError):
        await FakeStore().run(
            park_message, ParkMessage(caller=record_system(HOSPITAL), envelope=envelope(sender=PAPER_WARD))
        )


async def test_a_message_in_a_used_envelope_is_kept_as_any_other_refused_one() -> None:
    store = FakeStore(patients=[patient()])
    first = envelope(body=b"first")
    await store.run(receive_notice, receive(notice(), sent=first))
    reusing = envelope(body=b"second", bundle_id=first.bundle_id)

    refused = await store.run(receive_notice, receive(notice(), sent=reusing))
    again = await store.run(receive_notice, receive(notice(), sent=reusing))

    assert (refused.code, refused.duplicate) == (ReceiptCode.FATAL_ERROR, False)
    assert again == replace(refused, duplicate=True)
    assert store.state.messages[reusing.sender, reusing.message_id].body == b"second"
