"""Lists are stated, signed for and decided; whoever asked hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from discharge.commands import (
    AnswerLine,
    DecideLines,
    LineDecision,
    OpenLine,
    PairLines,
    SignOffMedication,
    StateMedication,
)
from discharge.errors import (
    ConcurrentUpdateError,
    LineChangedError,
    MedicationError,
    NotAllowedError,
    NotFoundError,
    PersonRequiredError,
    ReasonRequiredError,
    RoundClosedError,
    TaskTakenError,
)
from discharge.events import MedicationRevised
from discharge.handlers import (
    answer_line,
    decide_lines,
    open_line,
    pair_lines,
    sign_off_medication,
    state_medication,
)
from discharge.identifiers import FeedId, StayId, TaskId
from discharge.medication.lists import Column, ListOrigin
from discharge.medication.record import LineId, LineState, MedicationWork, Verdict
from discharge.policy import Caller, Role
from discharge.task import Move, TaskStatus
from notifications.entry import EntryEvent
from tests.discharge.handlers.medicine import (
    AFTER,
    BEFORE,
    DOCTOR,
    NOW_TAKEN,
    decide,
    kept,
    reconciliation,
    state,
    two_lists,
    works,
)
from tests.discharge.handlers.steps import do
from tests.discharge.medication.lines import dose, medicine, stated
from tests.factories import (
    MUNICIPALITY,
    NEIGHBOUR,
    NORTH,
    PRACTICE,
    WARD,
    caller,
    gp,
    home_nurse,
    person,
    ward_nurse,
)
from tests.fakes import FakeStore


async def test_a_list_is_told_to_everybody_who_treats_the_citizen(store: FakeStore) -> None:
    record = await state(store, AFTER, medicine())

    told = {
        feed: entry.audience
        for feed, entries in store.feeds.items()
        for entry in entries
        if entry.event is EntryEvent.MEDICATION_CHANGED
    }
    assert record.version == 1
    assert told == {
        FeedId(WARD): frozenset({Role.WARD, Role.DOCTOR}),
        FeedId(NORTH): frozenset({Role.HOME_NURSE}),
        FeedId(MUNICIPALITY): frozenset({Role.HOME_NURSE}),
        FeedId(PRACTICE): frozenset({Role.GP}),
    }


@pytest.mark.parametrize(
    ("who", "column"),
    [
        (ward_nurse(), NOW_TAKEN),
        (gp(), AFTER),
        (home_nurse(), BEFORE),
        (caller(Role.VISITATOR, MUNICIPALITY), NOW_TAKEN),
    ],
)
async def test_everybody_states_the_lists_of_their_own_place(store: FakeStore, who: Caller, column: Column) -> None:
    with pytest.raises(NotAllowedError):
        await state(store, column, medicine(), who=who)


async def test_strangers_are_told_nothing(store: FakeStore) -> None:
    with pytest.raises(NotFoundError):
        await state(store, NOW_TAKEN, medicine(), who=caller(Role.HOME_NURSE, NEIGHBOUR))
    with pytest.raises(NotFoundError):
        await state(store, AFTER, medicine(), who=caller(Role.SYSTEM, PRACTICE))


async def test_a_list_comes_once(store: FakeStore) -> None:
    one = stated(AFTER, medicine())
    command = StateMedication(caller=DOCTOR, stay_id=store.stay().id, stated=one)
    await store.run(state_medication, command)

    with pytest.raises(MedicationError):
        await store.run(state_medication, command)


async def test_the_doctor_signs_what_is_shown(store: FakeStore) -> None:
    record = await two_lists(store)
    command = SignOffMedication(caller=DOCTOR, stay_id=store.stay().id, expected_version=record.version)

    signed = await store.run(sign_off_medication, command)

    assert signed.changed_since_signed == ()
    assert signed.signed_off is not None
    assert signed.signed_off.by.name == DOCTOR.name
    with pytest.raises(ConcurrentUpdateError):
        await store.run(sign_off_medication, command)


async def test_only_the_wards_doctor_signs(store: FakeStore) -> None:
    await two_lists(store)
    for who, refused in ((ward_nurse(), NotAllowedError), (caller(Role.DOCTOR, NEIGHBOUR), NotFoundError)):
        with pytest.raises(refused):
            await store.run(sign_off_medication, SignOffMedication(caller=who, stay_id=store.stay().id))


async def test_nothing_is_signed_unseen_but_with_a_reason(store: FakeStore) -> None:
    with pytest.raises(MedicationError):
        await store.run(sign_off_medication, SignOffMedication(caller=DOCTOR, stay_id=store.stay().id))

    await store.run(
        sign_off_medication,
        SignOffMedication(caller=DOCTOR, stay_id=store.stay().id, override_reason="Listen ligger i FMK"),
    )

    assert works(store) == [MedicationWork.SIGNED]


async def test_the_practice_decides_line_by_line(store: FakeStore) -> None:
    goes_on, new = (await two_lists(store)).lines

    task = await decide(store, (new, Verdict.CHANGE, "For høj dosis"), accept_rest=True)

    assert (task.status, task.assignee and task.assignee.name) == (TaskStatus.ACCEPTED, gp().name)
    assert kept(store).unresolved == ()
    assert [kept(store).decision_on(line) is not None for line in (goes_on, new)] == [True, True]
    assert works(store)[-1] is MedicationWork.DECIDED


async def test_open_lines_hold_the_task_open(store: FakeStore) -> None:
    goes_on, new = (await two_lists(store)).lines
    task = await decide(store, (goes_on, Verdict.AGREE, None))

    with pytest.raises(MedicationError):
        await do(store, gp(), task, Move.COMPLETE)
    await decide(store, (new, Verdict.AGREE, None))
    done = await do(store, gp(), task, Move.COMPLETE)

    assert done.status is TaskStatus.COMPLETED
    with pytest.raises(RoundClosedError):
        await decide(store, (new, Verdict.AGREE, None))


async def test_without_any_list_the_task_can_be_done(store: FakeStore) -> None:
    done = await do(store, gp(), reconciliation(store), Move.ACCEPT, Move.COMPLETE)

    assert done.status is TaskStatus.COMPLETED


async def test_a_question_goes_to_the_ward_and_its_answer_comes_back(store: FakeStore) -> None:
    _, new = (await two_lists(store)).lines
    await decide(store, (new, Verdict.ASK, "Hvor længe?"))
    answer = AnswerLine(caller=ward_nurse(), stay_id=store.stay().id, line_id=new, text="Syv dage")

    with pytest.raises(ReasonRequiredError):
        await store.run(answer_line, AnswerLine(caller=DOCTOR, stay_id=store.stay().id, line_id=new, text=" "))
    await store.run(answer_line, answer)

    assert kept(store).state_of(new) is LineState.ANSWERED
    assert works(store)[-2:] == [MedicationWork.ASKED, MedicationWork.ANSWERED]
    with pytest.raises(MedicationError):
        await store.run(answer_line, answer)


async def test_decisions_are_all_or_none(store: FakeStore) -> None:
    goes_on, _ = (await two_lists(store)).lines

    with pytest.raises(MedicationError):
        await decide(store, (goes_on, Verdict.AGREE, None), (LineId("nobody's"), Verdict.AGREE, None))

    assert kept(store).decisions == ()
    assert reconciliation(store).status is TaskStatus.REQUESTED


async def test_only_the_owner_of_the_reconciliation_decides(store: FakeStore) -> None:
    line = next(iter((await two_lists(store)).lines))
    other = DecideLines(caller=gp(), task_id=store.task("R20", code="read-discharge-letter").id, decisions=())

    with pytest.raises(NotAllowedError):
        await decide(store, (line, Verdict.AGREE, None), who=home_nurse())
    with pytest.raises(NotAllowedError):
        await decide(store, (line, Verdict.AGREE, None), who=caller(Role.SYSTEM, MUNICIPALITY))
    with pytest.raises(NotAllowedError):
        await store.run(decide_lines, other)
    with pytest.raises(NotFoundError):
        await decide(store, (line, Verdict.AGREE, None), who=caller(Role.GP, NEIGHBOUR))


async def test_the_same_decision_again_changes_nothing(store: FakeStore) -> None:
    goes_on, new = (await two_lists(store)).lines
    decisions = ((goes_on, Verdict.AGREE, None), (new, Verdict.ASK, "Hvorfor?"))
    await decide(store, *decisions)
    before, told = kept(store), len(store.events)

    again = await decide(store, *decisions)

    assert again.assignee is not None
    assert kept(store) == before
    assert len(store.events) == told


async def test_nobody_decides_on_a_colleagues_task(store: FakeStore) -> None:
    line = next(iter((await two_lists(store)).lines))
    await do(store, caller(Role.GP, PRACTICE, name="Bo"), reconciliation(store), Move.ACCEPT)

    with pytest.raises(TaskTakenError):
        await decide(store, (line, Verdict.AGREE, None))


async def test_a_system_names_the_practitioner(store: FakeStore) -> None:
    line = next(iter((await two_lists(store)).lines))
    system = caller(Role.SYSTEM, PRACTICE)

    with pytest.raises(PersonRequiredError):
        await decide(store, (line, Verdict.AGREE, None), who=system)
    task = await decide(store, (line, Verdict.AGREE, None), who=system, by=person("Læge Ny"))

    assert task.assignee == person("Læge Ny")


async def test_the_nurse_says_what_is_really_taken_and_opens_a_line(store: FakeStore) -> None:
    goes_on, _ = (await two_lists(store)).lines
    await decide(store, (goes_on, Verdict.AGREE, None))
    store.now += timedelta(minutes=5)

    await state(store, NOW_TAKEN, medicine(dosage=(dose("2"),)), who=home_nurse(), origin=ListOrigin.HOME)
    await store.run(
        open_line,
        OpenLine(caller=home_nurse(), stay_id=store.stay().id, line_id=goes_on, note="Tager to om dagen"),
    )

    assert kept(store).state_of(goes_on) is LineState.OPEN
    assert works(store)[-2:] == [MedicationWork.SEEN_AT_HOME, MedicationWork.OPENED]
    with pytest.raises(ReasonRequiredError):
        await store.run(open_line, OpenLine(caller=home_nurse(), stay_id=store.stay().id, line_id=goes_on, note=""))


async def test_a_doctor_confirms_or_takes_apart_a_guess(store: FakeStore) -> None:
    one, other = medicine(strength=None), medicine()
    await state(store, BEFORE, one)
    await state(store, AFTER, other)
    pair = frozenset({one.mark, other.mark})

    await store.run(pair_lines, PairLines(caller=DOCTOR, stay_id=store.stay().id, pair=pair, same=False))
    assert len(kept(store).lines) == 2
    await store.run(pair_lines, PairLines(caller=gp(), stay_id=store.stay().id, pair=pair, same=True))
    assert len(kept(store).lines) == 1
    revised = [event for event in store.events if isinstance(event, MedicationRevised)]
    assert [event.place for event in revised][-3:] == [None, DOCTOR.acting, gp().acting]
    with pytest.raises(NotAllowedError):
        await store.run(pair_lines, PairLines(caller=home_nurse(), stay_id=store.stay().id, pair=pair, same=True))


async def test_a_task_that_is_not_there_is_nobodys(store: FakeStore) -> None:
    with pytest.raises(NotFoundError):
        await store.run(decide_lines, DecideLines(caller=gp(), task_id=TaskId("nobody's"), decisions=()))
    with pytest.raises(NotFoundError):
        await store.run(
            state_medication,
            StateMedication(caller=DOCTOR, stay_id=StayId("nobody's"), stated=stated(AFTER)),
        )


async def test_nobody_agrees_to_what_they_have_not_seen(store: FakeStore) -> None:
    goes_on, new = (seen := await two_lists(store)).lines
    shown = seen.lines[new].fingerprint
    store.now += timedelta(minutes=5)
    await state(store, AFTER, medicine(), medicine("Pinex", "N02BE01", dosage=(dose("8"),)))

    with pytest.raises(ConcurrentUpdateError):
        await decide(store, (new, Verdict.AGREE, None), accept_rest=True, expected_version=seen.version)
    stale = LineDecision(line_id=new, verdict=Verdict.AGREE, shown=shown)
    with pytest.raises(LineChangedError) as caught:
        await store.run(decide_lines, DecideLines(caller=gp(), task_id=reconciliation(store).id, decisions=(stale,)))
    assert caught.value.lines == (new,)
    with pytest.raises(ConcurrentUpdateError):
        await decide(store, (goes_on, Verdict.AGREE, None), task_version=reconciliation(store).version + 1)
    assert kept(store).state_of(goes_on) is LineState.OPEN


async def test_two_who_write_on_the_same_list_do_not_take_each_others_lines_away(store: FakeStore) -> None:
    first = (await state(store, AFTER, medicine())).lists[-1]
    await state(store, AFTER, medicine(), medicine("Pinex", "N02BE01"), replaces=first.id)

    with pytest.raises(ConcurrentUpdateError):
        await state(store, AFTER, medicine(), medicine("Ramipril", "C09AA05"), replaces=first.id)


async def test_the_wards_doctor_decides_where_the_ward_keeps_the_duty(store: FakeStore) -> None:
    line = next(iter((await two_lists(store)).lines))
    await do(store, gp(), reconciliation(store), Move.REJECT, reason="Ikke min patient")
    task = store.tasks("R21")[-1]
    command = DecideLines(
        caller=DOCTOR, task_id=task.id, decisions=(LineDecision(line_id=line, verdict=Verdict.AGREE),)
    )

    decided = await store.run(decide_lines, command)

    assert (decided.owner, decided.assignee and decided.assignee.name) == (WARD, DOCTOR.name)


async def test_a_list_of_a_system_keeps_the_time_that_it_came(store: FakeStore) -> None:
    earlier = store.now - timedelta(hours=2)
    command = StateMedication(
        caller=DOCTOR,
        stay_id=store.stay().id,
        stated=stated(AFTER, medicine(), origin=ListOrigin.SYSTEM, received_at=earlier),
    )

    record = await store.run(state_medication, command)

    assert record.lists[-1].received_at == earlier
