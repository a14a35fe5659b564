"""A device proves that it has a duty."""

import pytest

from discharge.commands import ConfirmDelivered
from discharge.events import TaskDelivered
from discharge.handlers import confirm_delivered
from discharge.identifiers import FeedId
from discharge.policy import Caller, Role
from tests.discharge.handlers.steps import MUNICIPAL
from tests.factories import HOSPITAL, NORTH, PRACTICE, caller, gp, home_nurse
from tests.fakes import FakeStore


async def test_a_device_proves_nothing_beyond_its_offset(store: FakeStore) -> None:
    await store.run(confirm_delivered, ConfirmDelivered(caller=home_nurse(), feed=FeedId(NORTH), offset=0))

    assert not store.happened(TaskDelivered)


@pytest.mark.parametrize("who", [MUNICIPAL, caller(Role.LEADER, HOSPITAL), gp()])
async def test_a_feed_of_somebody_else_proves_nothing(store: FakeStore, who: Caller) -> None:
    await store.run(confirm_delivered, ConfirmDelivered(caller=who, feed=FeedId(NORTH), offset=99))

    assert not store.happened(TaskDelivered)


async def test_a_pharmacists_page_shows_no_duty_and_so_delivers_none(store: FakeStore) -> None:
    pharmacist = caller(Role.PHARMACIST, PRACTICE)

    await store.run(confirm_delivered, ConfirmDelivered(caller=pharmacist, feed=FeedId(PRACTICE), offset=99))

    assert not store.happened(TaskDelivered)


async def test_the_practice_has_its_own_duties_in_its_own_feed(store: FakeStore) -> None:
    assert {entry.task_id for entry in store.feeds[FeedId(PRACTICE)]} == {
        store.task("R21").id,
        store.task(code="read-discharge-letter").id,
    }
