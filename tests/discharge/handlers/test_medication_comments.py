"""Who reads the medicine may remark on it: everybody is told, and nobody's duty changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from discharge.agreement_checks import problems_of
from discharge.agreement_format import parse_agreement
from discharge.commands import CommentLine, DecideLines
from discharge.errors import (
    ConcurrentUpdateError,
    MedicationError,
    NotAllowedError,
    NotFoundError,
    ReasonRequiredError,
)
from discharge.events import MedicationRevised
from discharge.handlers import comment_line, decide_lines
from discharge.identifiers import FeedId, SorCode
from discharge.medication.record import LONGEST_COMMENT, LineId, MedicationReconciliation, MedicationWork, Verdict
from discharge.policy import COMMENTING_ROLES, Caller, Role
from discharge.task import Priority
from notifications.entry import EntryEvent
from services.agreements.cel import read_condition
from tests import factories
from tests.discharge.handlers.medicine import decide, kept, reconciliation, two_lists, works
from tests.factories import (
    HOSPITAL,
    MUNICIPALITY,
    NEIGHBOUR,
    NORTH,
    PRACTICE,
    REGION,
    WARD,
    caller,
    gp,
    home_nurse,
    ward_nurse,
)
from tests.fakes import FakeStore

TEXT = "Frarådes sammen med warfarin"


async def remark(store: FakeStore, line: LineId, who: Caller, text: str = TEXT) -> MedicationReconciliation:
    command = CommentLine(caller=who, stay_id=store.stay().id, line_id=line, text=text)
    return await store.run(comment_line, command)


@pytest.mark.parametrize("place", [HOSPITAL, WARD, MUNICIPALITY, NORTH, PRACTICE])
async def test_a_pharmacist_of_every_place_that_reads_the_stay_comments(store: FakeStore, place: SorCode) -> None:
    line = next(iter((await two_lists(store)).lines))
    store.now += timedelta(minutes=5)

    record = await remark(store, line, caller(Role.PHARMACIST, place, name="Rikke Ravn"))

    (said,) = record.comments_on(line)
    assert (said.text, said.by.name, said.role, said.organization) == (TEXT, "Rikke Ravn", Role.PHARMACIST, place)
    assert (said.at, said.version, kept(store).version) == (store.now, 3, 3)


@pytest.mark.parametrize("who", [ward_nurse(), caller(Role.DOCTOR, HOSPITAL, unit=WARD), home_nurse(), gp()])
async def test_who_works_with_the_medicine_comments_too(store: FakeStore, who: Caller) -> None:
    line = next(iter((await two_lists(store)).lines))

    record = await remark(store, line, who)

    assert [each.role for each in record.comments] == [who.role]


@pytest.mark.parametrize("role", sorted(set(Role) - COMMENTING_ROLES))
async def test_nobody_else_comments(store: FakeStore, role: Role) -> None:
    line = next(iter((await two_lists(store)).lines))

    with pytest.raises(NotAllowedError):
        await remark(store, line, caller(role, MUNICIPALITY))

    assert kept(store).comments == ()


@pytest.mark.parametrize("place", [NEIGHBOUR, REGION])
async def test_a_pharmacist_of_another_place_learns_nothing(store: FakeStore, place: SorCode) -> None:
    line = next(iter((await two_lists(store)).lines))

    with pytest.raises(NotFoundError):
        await remark(store, line, caller(Role.PHARMACIST, place))

    assert kept(store).comments == ()


async def test_a_comment_has_words_not_too_many_and_a_line(store: FakeStore) -> None:
    line = next(iter((await two_lists(store)).lines))
    pharmacist = caller(Role.PHARMACIST, PRACTICE)

    with pytest.raises(ReasonRequiredError):
        await remark(store, line, pharmacist, " \n")
    for wrong, text in ((LineId("nobody's"), TEXT), (line, "x" * (LONGEST_COMMENT + 1))):
        with pytest.raises(MedicationError):
            await remark(store, wrong, pharmacist, text)

    assert kept(store).version == 2


async def test_a_comment_is_told_to_all_who_read_the_medicine_and_rings_at_no_pharmacist(store: FakeStore) -> None:
    line = next(iter((await two_lists(store)).lines))
    before = {feed: len(entries) for feed, entries in store.feeds.items()}

    await remark(store, line, caller(Role.PHARMACIST, PRACTICE))

    new = [(feed, each) for feed, entries in store.feeds.items() for each in entries[before[feed] :]]
    assert {feed for feed, _ in new} == {FeedId(WARD), FeedId(NORTH), FeedId(MUNICIPALITY), FeedId(PRACTICE)}
    assert {(each.event, each.priority) for _, each in new} == {(EntryEvent.MEDICATION_CHANGED, Priority.ROUTINE)}
    assert {each.title for _, each in new} == {"En bemærkning er skrevet om medicinen"}
    assert all(Role.PHARMACIST not in each.audience for _, each in new)
    assert works(store)[-1] is MedicationWork.COMMENTED


async def test_a_comment_begins_no_round_and_changes_no_duty(store: FakeStore) -> None:
    goes_on, new = (await two_lists(store)).lines
    await decide(store, (goes_on, Verdict.AGREE, None), (new, Verdict.AGREE, None))
    tasks, told = dict(store.state.tasks), len(store.events)

    await remark(store, goes_on, caller(Role.PHARMACIST, MUNICIPALITY))

    assert dict(store.state.tasks) == tasks
    assert [type(each) for each in store.events[told:]] == [MedicationRevised]
    assert kept(store).unresolved == ()


async def test_nobody_accepts_the_rest_without_having_seen_a_comment_on_it(store: FakeStore) -> None:
    goes_on, new = (seen := await two_lists(store)).lines
    await remark(store, goes_on, caller(Role.PHARMACIST, WARD))
    task = reconciliation(store).id
    unseen = DecideLines(caller=gp(), task_id=task, decisions=(), accept_rest=True, expected_version=seen.version)

    with pytest.raises(ConcurrentUpdateError):
        await store.run(decide_lines, unseen)
    await decide(store, (new, Verdict.AGREE, None), accept_rest=True)

    assert kept(store).unresolved == (goes_on,)


def test_no_rule_can_wait_for_a_comment() -> None:
    text = 'medicine.work == "commented"'
    document: dict[str, Any] = factories.small_document()
    changed = {"trigger": "medication-revised", "when": {"text": text, "tree": read_condition(text)}}
    document["rules"] = [{**document["rules"][0], **changed}]

    problems = problems_of(parse_agreement(document))

    assert "medicine.work is never commented" in "; ".join(each.text for each in problems)


async def test_a_remark_that_is_pressed_twice_is_told_once(store: FakeStore) -> None:
    line = next(iter((await two_lists(store)).lines))
    first = await remark(store, line, gp())
    told = works(store)

    assert await remark(store, line, gp()) == first
    assert works(store) == told
