"""What a report filled in the plan goes with the report, unless a person has changed it or stands by it."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from discharge.documents.commands import TakeSuggestion
from discharge.documents.report import DocumentStatus, RelationCode
from discharge.errors import DocumentError
from discharge.events import PlanRevised
from discharge.handlers import revise_plan, take_suggestion
from discharge.identifiers import FeedId
from discharge.plan import PlanCause, PlanRevision
from discharge.stay import StayState
from notifications.entry import EntryEvent
from tests.discharge.documents.made import naming, report, version
from tests.discharge.handlers.filing import HOME, MEALS, file, gone_home
from tests.factories import WARD, revise, ward_nurse
from tests.fakes import FakeStore

HOSPICE = replace(HOME, value="hospice", words="Hospice")


@pytest.fixture
async def store() -> FakeStore:
    """A citizen has gone home."""
    return await gone_home()


def taking(store: FakeStore, document_id: str, number: int = 0) -> TakeSuggestion:
    return TakeSuggestion(
        caller=ward_nurse(),
        stay_id=store.stay().id,
        document_id=document_id,  # type: ignore[arg-type] # an id of the store
        number=number,
    )


async def test_withdrawn_report_takes_its_word_out_of_the_plan_and_everybody_is_told(store: FakeStore) -> None:
    await file(store, version(0, suggestions=(HOME,)))

    await file(store, version(1, status=DocumentStatus.ENTERED_IN_ERROR))

    plan = store.stay().plan
    assert (plan.destination, plan.version, plan.cause) == (None, 2, PlanCause.REPORT_GONE)
    assert [event.version for event in store.happened(PlanRevised)] == [1, 2]
    told = [each for each in store.feeds[FeedId(WARD)] if each.event is EntryEvent.PLAN_CHANGED]
    assert len(told) == 2


async def test_newer_report_says_it_instead(store: FakeStore) -> None:
    await file(store, version(0, suggestions=(HOME,)))

    newer = await file(store, version(1, suggestions=(HOSPICE,)))

    plan = store.stay().plan
    assert (plan.destination, plan.filled_from, plan.cause) == ("hospice", newer.filed.id, PlanCause.REPORT_NEWER)
    assert newer.filed.filled == ("destination",)


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_plan_says_the_same_whatever_came_first(store: FakeStore, order: tuple[int, ...]) -> None:
    first = report(suggestions=(HOME,))
    second = naming(RelationCode.REPLACES, first, suggestions=(HOSPICE,))
    error = naming(RelationCode.REPLACES, second, status=DocumentStatus.ENTERED_IN_ERROR)
    reports = (first, second, error)

    for number in order:
        await file(store, reports[number])

    assert (store.stay().plan.destination, store.stay().plan.filled_from) == ("home", first.id)


async def test_newer_report_that_came_first_is_not_overwritten_by_the_one_it_replaces(store: FakeStore) -> None:
    await file(store, version(1, suggestions=(HOSPICE,)))

    late = await file(store, version(0, suggestions=(HOME,)))

    assert late.filed.filled == ()
    assert store.stay().plan.destination == "hospice"
    assert store.stay().plan.version == 1


@pytest.mark.parametrize("said", ["hospice", None])
async def test_what_the_ward_changed_since_stays(store: FakeStore, said: str | None) -> None:
    await file(store, version(0, suggestions=(HOME,)))
    await store.run(revise_plan, revise(store.stay().id, revision=PlanRevision(destination=said)))

    await file(store, version(1, suggestions=()))

    assert (store.stay().plan.destination, store.stay().plan.version) == (said, 2)


async def test_what_the_ward_changed_and_changed_back_is_its_own_word(store: FakeStore) -> None:
    await file(store, version(0, suggestions=(HOME,)))
    for said in ("hospice", "home"):
        await store.run(revise_plan, revise(store.stay().id, revision=PlanRevision(destination=said)))

    await file(store, version(1, status=DocumentStatus.ENTERED_IN_ERROR))

    assert store.stay().plan.destination == "home"


async def test_what_the_ward_stands_by_stays(store: FakeStore) -> None:
    first = await file(store, version(0, suggestions=(HOME,)))

    confirmed = await store.run(take_suggestion, taking(store, first.filed.id))

    assert (confirmed.plan.cause, confirmed.plan.version) == (PlanCause.REPORT_CONFIRMED, 2)
    await file(store, version(1, status=DocumentStatus.ENTERED_IN_ERROR))
    assert store.stay().plan == confirmed.plan


async def test_confirming_tells_nobody_what_they_know(store: FakeStore) -> None:
    first = await file(store, version(0, suggestions=(HOME,)))
    told = len(store.happened(PlanRevised))

    for _ in range(2):
        await store.run(take_suggestion, taking(store, first.filed.id))

    assert len(store.happened(PlanRevised)) == told
    assert store.stay().plan.version == 2


async def test_same_report_again_leaves_what_the_ward_emptied_empty(store: FakeStore) -> None:
    made = version(0, suggestions=(HOME,))
    await file(store, made)
    await store.run(revise_plan, revise(store.stay().id, revision=PlanRevision(destination=None)))

    await file(store, replace(made, id=report().id))
    await file(store, report())

    assert store.stay().plan.destination is None


@pytest.mark.parametrize("status", [DocumentStatus.PRELIMINARY, DocumentStatus.FINAL, DocumentStatus.ENTERED_IN_ERROR])
async def test_nothing_is_taken_over_from_a_report_that_does_not_hold(store: FakeStore, status: DocumentStatus) -> None:
    first = await file(store, version(0, status=status, suggestions=(MEALS,)))
    await file(store, version(1))

    with pytest.raises(DocumentError):
        await store.run(take_suggestion, taking(store, first.filed.id))


async def test_nothing_is_taken_over_from_a_preliminary_report(store: FakeStore) -> None:
    draft = await file(store, report(status=DocumentStatus.PRELIMINARY, suggestions=(MEALS,)))

    with pytest.raises(DocumentError):
        await store.run(take_suggestion, taking(store, draft.filed.id))


async def test_nothing_is_taken_over_for_the_dead(store: FakeStore) -> None:
    filed = await file(store, report(suggestions=(MEALS,)))
    stay = store.stay()
    store.state.stays[stay.id] = replace(stay, state=StayState.DEAD)

    with pytest.raises(DocumentError):
        await store.run(take_suggestion, taking(store, filed.filed.id))
