"""R33: a message of ours that nobody receipts is sent again, and then people telephone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from notifications.outbound import DeliveryState, Outcome, OutcomeKind, ResendRules
from services.persistence.deliveries import SqlBook
from tests.factories import HOSPITAL, MUNICIPALITY, PAPER_WARD, WARD
from tests.scenarios.people import Given, Ward
from tests.scenarios.story import Story, Then

RULES = ResendRules()
"""As MedCom's Reliable Messaging has them; half hours of the real clock, which no demo moves."""
LOST = "En besked kom ikke frem. Ring til modtageren"


async def _sent(story: Story, ward: Ward) -> str:
    await ward.writes(PAPER_WARD)
    (row,) = story.rows("SELECT id::text FROM outbound_message")
    return str(row["id"])


@pytest.fixture
def book(story: Story) -> SqlBook:
    return SqlBook(story.store.database, RULES, lambda: 1.0)


async def test_r33_message_without_a_receipt_is_sent_again_after_half_an_hour_in_a_new_envelope(
    story: Story, given: Given, ward: Ward, book: SqlBook, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 11.40")
    message = await _sent(story, ward)

    first = await book.begin(message, 1)
    assert first is not None
    waiting = await book.settle(first, Outcome(kind=OutcomeKind.TAKEN, reason="no-receipt"))
    again = await book.begin(message, 2)

    assert again is not None
    assert then.counts("SELECT due_at - began_at >= %(wait)s FROM outbound_message", wait=timedelta(minutes=30))
    assert waiting.state is DeliveryState.AWAITING_ACK
    assert first.bundle_id != again.bundle_id
    assert then.counts("SELECT message_id FROM outbound_message") == again.delivery.message_id
    assert LOST not in then.news_of(WARD)


async def test_r33_after_the_last_sending_the_ward_telephones_and_operators_look(
    story: Story, given: Given, ward: Ward, book: SqlBook, then: Then
) -> None:
    await given.admitted("fredag 20.11.2026 11.40")
    message = await _sent(story, ward)
    sendings = 0
    for turn in range(1, RULES.most + 3):
        lent = await book.begin(message, turn)
        if lent is None:
            break
        sendings += 1
        await book.settle(lent, Outcome(kind=OutcomeKind.TAKEN, reason="no-receipt"))

    assert sendings == RULES.most + 1
    assert then.counts("SELECT state FROM outbound_message") == "in-error"
    assert then.news_of(WARD)[-1] == LOST
    assert then.counts(
        "SELECT audience FROM feed_entry WHERE feed_id = %(p)s AND title = %(t)s", p=HOSPITAL, t=LOST
    ) == ["operator"]


async def test_r33_receipt_ends_it(story: Story, given: Given, ward: Ward, book: SqlBook, then: Then) -> None:
    await given.admitted("fredag 20.11.2026 11.40")
    message = await _sent(story, ward)
    lent = await book.begin(message, 1)
    assert lent is not None

    await book.settle(lent, Outcome(kind=OutcomeKind.ACKNOWLEDGED))

    assert then.counts("SELECT state FROM outbound_message") == "acknowledged"
    assert await book.begin(message, 2) is None


async def test_r33_who_reads_here_needs_no_envelope(story: Story, given: Given, ward: Ward, then: Then) -> None:
    await given.admitted("fredag 20.11.2026 11.40")

    await ward.writes(MUNICIPALITY)

    assert story.rows("SELECT 1 FROM outbound_message") == []
    assert "Ny besked om en borger" in then.news_of(MUNICIPALITY)
