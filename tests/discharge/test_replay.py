"""Replaying what happened, by the very handlers that took it in."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from discharge.agreement import HealthAgreement
from discharge.agreement_format import parse_agreement
from discharge.replay import really, replay
from services.agreements.shipped import profile
from tests import factories
from tests.discharge.pasts import Course, past_of
from tests.fakes import FakeStore


async def _lived(agreement: HealthAgreement, seed: int, steps: int) -> tuple[FakeStore, Course]:
    store = FakeStore(patients=[factories.patient()], agreements=[agreement])
    course = Course(store, seed)
    await course.run(steps)
    return store, course


def midtjylland() -> HealthAgreement:
    document = profile("dk-midtjylland")
    return parse_agreement({**document, "regions": ["DK-83"]})


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), steps=st.integers(1, 25))
async def test_agreement_that_was_in_force_makes_exactly_what_was_made(seed: int, steps: int) -> None:
    store, course = await _lived(midtjylland(), seed, steps)
    past = past_of(store, course)

    replayed = await replay(past, store.agreements, directory=store.directory, until=store.now)

    assert replayed == really(past, store.now)
