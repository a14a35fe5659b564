"""A thread outlives where the patient lies: who left the stay is not let in again by a letter."""

from __future__ import annotations

import pytest

from discharge.agreement import Trigger
from discharge.handlers import receive_letter, receive_notice
from discharge.identifiers import SorCode
from discharge.letter import Letter
from discharge.stay import NoticeKind
from tests.discharge.handlers.steps import DAY, thread, told
from tests.discharge.handlers.test_agreed import agreement, rule
from tests.factories import MUNICIPALITY, NOW, OTHER_WARD, WARD, notice, patient
from tests.factories import receive as received
from tests.fakes import FakeStore
from tests.letters import MINUTE, letter, receive


async def moved_on(*, owner: str) -> tuple[FakeStore, Letter]:
    """Ward and municipality have written to each other; then the patient moved to another ward."""
    asks = rule("R10", Trigger.MESSAGE_WRITTEN, owner=owner, code="answer-question")
    store = FakeStore(patients=[patient()], agreements=[agreement(asks)])
    await store.run(receive_notice, received(notice(NoticeKind.STIN)))
    first = letter(sender=MUNICIPALITY, recipient=WARD)
    await store.run(receive_letter, receive(first))
    store.now += DAY
    elsewhere = notice(NoticeKind.STIN, service_provider=OTHER_WARD, started_at=store.now, occurred_at=store.now)
    await store.run(receive_notice, received(elsewhere))
    store.now += MINUTE
    return store, first


def read_by(store: FakeStore, ward: SorCode) -> bool:
    return store.stay().is_read_by(ward, store.now)


async def test_question_to_the_ward_that_the_patient_left_is_asked_of_the_ward_of_now() -> None:
    store, first = await moved_on(owner="asked")
    before = len(told(store, WARD))

    again = letter(sender=MUNICIPALITY, recipient=WARD, thread=first.thread, at=store.now)
    await store.run(receive_letter, receive(again))

    assert store.tasks(code="answer-question")[-1].owner == OTHER_WARD
    assert thread(store).latest.place == OTHER_WARD
    assert told(store, OTHER_WARD)
    assert len(told(store, WARD)) == before
    assert (read_by(store, WARD), read_by(store, OTHER_WARD)) == (False, True)


async def test_what_the_ward_that_the_patient_left_writes_gives_it_no_duty_and_no_sight_of_the_stay() -> None:
    store, first = await moved_on(owner="asker")

    urgent = letter(sender=WARD, recipient=MUNICIPALITY, thread=first.thread, at=store.now)
    await store.run(receive_letter, receive(urgent))

    assert store.tasks(code="answer-question")[-1].owner == OTHER_WARD
    assert not read_by(store, WARD)


@pytest.mark.parametrize("owner", ["asked", "ward"])
async def test_ward_that_still_treats_the_patient_is_asked_as_it_is_named(owner: str) -> None:
    asks = rule("R10", Trigger.MESSAGE_WRITTEN, owner=owner, code="answer-question")
    store = FakeStore(patients=[patient()], agreements=[agreement(asks)])
    await store.run(receive_notice, received(notice(NoticeKind.STIN)))

    await store.run(receive_letter, receive(letter(sender=MUNICIPALITY, recipient=WARD, at=NOW)))

    assert store.task(code="answer-question").owner == WARD
