"""What the agreement makes of the ward's plan, of messages and of what is done; and what it holds back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from discharge.agreement import Act, Consequence, Deadline, DeadlineKind, Gate, HealthAgreement, Rule, Since, Trigger
from discharge.conditions import Condition, Tree, condition_of
from discharge.errors import GateClosedError
from discharge.events import AgreementMissing, TaskMoved
from discharge.facts import FIELDS
from discharge.handlers import begin_stay, move_task, revise_plan, write_message
from discharge.identifiers import PersonId, RuleId
from discharge.plan import Need, PlanRevision
from discharge.policy import ContentClass, Role
from discharge.stay import StayState
from discharge.task import Move, TaskStatus
from discharge.words import Title
from tests.factories import (
    MUNICIPALITY,
    NORTH,
    NOW,
    PRACTICE,
    WARD,
    begin_by_hand,
    home_nurse,
    move,
    patient,
    revise,
    small_agreement,
    ward_nurse,
)
from tests.fakes import FakeStore
from tests.fakes_ports import FakeAgreements
from tests.letters import write

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def condition(*tree: object) -> Condition:
    return condition_of("told by its tree", tree, fields=FIELDS, path="$")


def rule(number: str, trigger: Trigger, *, owner: str = "ward", **changes: Any) -> Rule:
    """A rule of the ward's, or of another party's, that is due at once."""
    plain = Rule(
        id=RuleId(number),
        source="here",
        triggers=frozenset({trigger}),
        addressee=owner,
        roles=frozenset({Role.WARD} if owner == "ward" else {Role.HOME_NURSE}),
        code=f"do-{number.lower()}",
        title=Title("Gør det", "Do it"),
        content_class=ContentClass.PLAN,
        deadline=Deadline(kind=DeadlineKind.IMMEDIATE),
    )
    return replace(plain, **changes)


def agreement(*rules: Rule, gates: tuple[Gate, ...] = ()) -> HealthAgreement:
    return replace(small_agreement(), rules=rules, gates=gates)


async def _admitted(*rules: Rule, gates: tuple[Gate, ...] = ()) -> FakeStore:
    store = FakeStore(patients=[patient()], agreements=[agreement(*rules, gates=gates)])
    await store.run(begin_stay, begin_by_hand())
    return store


async def _plans(store: FakeStore, **plan: object) -> None:
    revision = PlanRevision(**plan)  # type: ignore[arg-type] # fields carry their own types
    await store.run(revise_plan, revise(store.stay().id, revision=revision))


async def test_an_inpatient_makes_the_duties_of_an_admission_once_though_two_events_name_them() -> None:
    both = rule("R04", Trigger.ADMITTED, triggers=frozenset({Trigger.ADMITTED, Trigger.STAY_BEGAN}))

    store = await _admitted(both)

    assert store.task("R04").owner == WARD


async def test_a_plan_makes_duties_and_a_new_plan_moves_what_counts_from_it() -> None:
    before = Deadline(kind=DeadlineKind.ELAPSED, since=Since.EXPECTED_DISCHARGE, span=-HOUR)
    store = await _admitted(rule("R27", Trigger.PLAN_REVISED, deadline=before))
    await _plans(store, bed="7", destination="home")
    assert not store.tasks()

    await _plans(store, expected_discharge_at=NOW + DAY)
    assert store.task("R27").due_at == NOW + DAY - HOUR
    await _plans(store, expected_discharge_at=NOW + 2 * DAY)

    assert store.task("R27").due_at == NOW + 2 * DAY - HOUR


async def test_a_plan_that_only_says_more_moves_no_agreed_time() -> None:
    visit = Deadline(kind=DeadlineKind.ELAPSED, since=Since.EXPECTED_DISCHARGE)
    store = await _admitted(rule("R27", Trigger.PLAN_REVISED, owner="municipality", deadline=visit))
    await _plans(store, expected_discharge_at=NOW + DAY)
    task, nurse = store.task("R27"), home_nurse()
    await store.run(move_task, move(nurse, task, Move.PROPOSE_TIME, proposed_time=NOW + 3 * DAY))
    await store.run(move_task, move(ward_nurse(), store.task("R27"), Move.AGREE_TIME))

    await _plans(store, destination="home")

    assert store.task("R27").due_at == NOW + 3 * DAY


async def test_a_changed_plan_voids_the_yes_that_was_given_to_the_old_one() -> None:
    renewed = Consequence(on=frozenset({Trigger.PLAN_REVISED}), when=condition("in", ["text", "need"], _CHANGED))
    store = await _admitted(rule("R06", Trigger.PLAN_REVISED, owner="municipality", renewed_by=renewed))
    await _plans(store, destination="home")
    await store.run(move_task, move(home_nurse(), store.task("R06"), Move.ACCEPT))
    await _plans(store, destination="care-home")
    assert store.task("R06").status is TaskStatus.ACCEPTED

    await _plans(store, needs=frozenset())

    asked_again = store.task("R06")
    assert (asked_again.status, len(asked_again.rounds)) == (TaskStatus.REQUESTED, 1)


async def test_a_duty_that_was_done_on_the_old_plan_is_owed_again_on_the_new_one() -> None:
    renewed = Consequence(on=frozenset({Trigger.PLAN_REVISED}))
    store = await _admitted(rule("R06", Trigger.PLAN_REVISED, owner="municipality", renewed_by=renewed))
    await _plans(store, destination="home")
    await store.run(move_task, move(home_nurse(), store.task("R06"), Move.ACCEPT))
    await store.run(move_task, move(home_nurse(), store.task("R06"), Move.COMPLETE))

    await _plans(store, destination="care-home")

    assert [task.status for task in store.tasks("R06")] == [TaskStatus.COMPLETED, TaskStatus.REQUESTED]


async def test_treatment_finished_makes_a_duty_and_taking_it_back_withdraws_it() -> None:
    voided = Consequence(on=frozenset({Trigger.TREATMENT_RESUMED}))
    store = await _admitted(rule("R15", Trigger.TREATMENT_FINISHED, owner="municipality", voided_by=voided))
    await _plans(store, treatment_finished_at=NOW)
    assert store.task("R15").owner == NORTH

    await _plans(store, treatment_finished_at=None)
    withdrawn = store.task("R15")
    assert (withdrawn.status, withdrawn.status_reason) == (TaskStatus.CANCELLED, "Færdigmeldingen er taget tilbage")
    await _plans(store, treatment_finished_at=NOW + HOUR)

    assert [task.is_open for task in store.tasks("R15")] == [False, True]


async def test_what_a_person_writes_in_the_plan_can_carry_a_duty_out() -> None:
    done = Consequence(on=frozenset({Trigger.PLAN_REVISED}), when=condition("field", "plan.agreed_by_phone"))
    store = await _admitted(rule("R08", Trigger.STAY_BEGAN, completed_by=done))

    await _plans(store, agreed_by_phone="Aftalt med Karen, 11.50")

    task = store.task("R08")
    assert task.status is TaskStatus.COMPLETED
    assert task.proofs.done_by is not None
    assert task.proofs.done_by.name == ward_nurse().name
    assert store.happened(TaskMoved)[-1].move is Move.COMPLETE


async def test_a_duty_that_somebody_else_has_is_done_by_who_did_it() -> None:
    done = Consequence(on=frozenset({Trigger.PLAN_REVISED}))
    store = await _admitted(rule("R08", Trigger.STAY_BEGAN, completed_by=done))
    colleague = replace(ward_nurse(), person_id=PersonId("colleague"), name="Colleague")
    await store.run(move_task, move(colleague, store.task("R08"), Move.ACCEPT))

    await _plans(store, destination="home")

    task = store.task("R08")
    assert task.proofs.done_by is not None
    assert task.proofs.done_by.name == ward_nurse().name


async def test_what_is_done_can_ask_for_the_next_thing() -> None:
    first = rule("R13", Trigger.STAY_BEGAN, code="agree-training")
    next_ = rule(
        "R13",
        Trigger.TASK_COMPLETED,
        owner="municipality",
        code="take-part",
        when=condition("==", ["field", "task.code"], ["text", "agree-training"]),
    )
    store = await _admitted(first, next_)
    await store.run(move_task, move(ward_nurse(), store.task(code="agree-training"), Move.ACCEPT))
    assert not store.tasks(code="take-part")

    await store.run(move_task, move(ward_nurse(), store.task(code="agree-training"), Move.COMPLETE))

    assert store.task(code="take-part").owner == NORTH


_CHANGED: Tree = ["field", "plan.changed"]
_NOT_AGREED = condition("not", ["field", "plan.agreed_by_phone"])
_GATE = Gate(
    id=RuleId("R11"),
    source="here",
    act=Act.DISCHARGE,
    when=_NOT_AGREED,
    text=Title("Aftal det på telefon først", "Agree it by telephone first"),
    element="agreed-by-phone",
)


async def test_a_gate_holds_a_discharge_back_and_says_what_opens_it() -> None:
    store = await _admitted(gates=(_GATE,))

    with pytest.raises(GateClosedError) as refused:
        await store.run(revise_plan, revise(store.stay().id, discharged_at=NOW))

    assert (refused.value.rule, refused.value.element) == ("R11", "agreed-by-phone")
    assert store.stay().is_open


@pytest.mark.parametrize("plan", [{"agreed_by_phone": "Karen"}, {"override_reason": "Pårørende henter"}])
async def test_what_is_asked_for_or_a_reason_opens_it(plan: dict[str, str]) -> None:
    store = await _admitted(gates=(_GATE,))
    revision = PlanRevision(**plan)  # type: ignore[arg-type] # fields carry their own types

    await store.run(revise_plan, revise(store.stay().id, revision=revision, discharged_at=NOW))

    assert store.stay().state is StayState.ENDED


async def test_a_reason_of_blanks_opens_no_gate() -> None:
    store = await _admitted(gates=(_GATE,))

    with pytest.raises(GateClosedError):
        await store.run(
            revise_plan, revise(store.stay().id, revision=PlanRevision(override_reason="  "), discharged_at=NOW)
        )


async def test_the_same_departure_again_meets_no_gate_and_another_one_does() -> None:
    store = await _admitted(gates=(_GATE,))
    reason = PlanRevision(override_reason="Pårørende henter")
    await store.run(revise_plan, revise(store.stay().id, revision=reason, discharged_at=NOW))

    await store.run(revise_plan, revise(store.stay().id, discharged_at=NOW))
    with pytest.raises(GateClosedError):
        await store.run(revise_plan, revise(store.stay().id, discharged_at=NOW - MINUTE))

    assert store.stay().ended_at == NOW


async def test_a_gate_before_treatment_finished_closes_no_withdrawal() -> None:
    store = await _admitted(gates=(replace(_GATE, act=Act.TREATMENT_FINISHED),))

    with pytest.raises(GateClosedError):
        await _plans(store, treatment_finished_at=NOW)
    await _plans(store, treatment_finished_at=None)

    assert store.stay().plan.treatment_finished_at is None


@pytest.mark.parametrize(
    ("changes", "da", "en"),
    [
        ({"payer": "region"}, "Regionen betaler.", "The region pays."),
        (
            {"payer": "municipality", "note": Title("Ring først.", "Call first.")},
            "Ring først. Kommunen betaler.",
            "Call first. The municipality pays.",
        ),
        ({"payer": "acute-team/authority"}, "acute-team/authority betaler.", "acute-team/authority pays."),
        ({}, None, None),
    ],
)
async def test_who_does_it_reads_what_to_know_and_who_pays_in_both_languages(
    changes: dict[str, Any], da: str | None, en: str | None
) -> None:
    store = await _admitted(rule("R27", Trigger.STAY_BEGAN, **changes))

    assert (store.task("R27").note, store.task("R27").note_en) == (da, en)


async def test_a_discharge_that_carried_a_duty_out_and_is_undone_leaves_it_owed() -> None:
    done = Consequence(on=frozenset({Trigger.DISCHARGED}))
    gone = Consequence(on=frozenset({Trigger.DISCHARGED}))
    store = await _admitted(
        rule("R15", Trigger.TREATMENT_FINISHED, owner="municipality", completed_by=done),
        rule("R06", Trigger.PLAN_REVISED, owner="municipality", voided_by=gone),
    )
    await _plans(store, treatment_finished_at=NOW)
    await store.run(move_task, move(home_nurse(), store.task("R15"), Move.ACCEPT))
    await store.run(revise_plan, revise(store.stay().id, discharged_at=NOW))
    assert [store.task("R15").status, store.task("R06").status] == [TaskStatus.COMPLETED, TaskStatus.CANCELLED]

    await store.run(revise_plan, revise(store.stay().id, undo_discharged=True))

    assert [task.is_open for task in store.tasks("R15")] == [False, True]
    assert [task.is_open for task in store.tasks("R06")] == [False, True]


async def test_a_need_named_with_the_discharge_counts_at_the_gate() -> None:
    known = condition("and", ["field", "stay.municipality_is_party"], ["not", ["field", "plan.agreed_by_phone"]])
    store = FakeStore(
        patients=[patient(services=frozenset())], agreements=[agreement(gates=(replace(_GATE, when=known),))]
    )
    await store.run(begin_stay, begin_by_hand())
    both = PlanRevision(needs=frozenset({Need.HOME_NURSING}))

    with pytest.raises(GateClosedError):
        await store.run(revise_plan, revise(store.stay().id, revision=both, discharged_at=NOW))


async def test_a_departure_as_planned_asks_nobody_to_put_anything_right() -> None:
    gone = Consequence(on=frozenset({Trigger.DISCHARGED}))
    store = await _admitted(rule("R06", Trigger.PLAN_REVISED, owner="municipality", voided_by=gone))
    await _plans(store, destination="home")
    await store.run(move_task, move(home_nurse(), store.task("R06"), Move.ACCEPT))

    await store.run(revise_plan, revise(store.stay().id, discharged_at=NOW))

    assert store.task("R06").status is TaskStatus.CANCELLED
    assert not store.tasks("R32")


async def test_an_undone_discharge_gives_a_duty_of_the_plan_its_own_time_back() -> None:
    at_departure = Deadline(
        kind=DeadlineKind.ELAPSED,
        since=Since.DISCHARGE,
        otherwise=Deadline(kind=DeadlineKind.ELAPSED, since=Since.EXPECTED_DISCHARGE),
    )
    both = frozenset({Trigger.PLAN_REVISED, Trigger.DISCHARGED})
    store = await _admitted(rule("R19", Trigger.PLAN_REVISED, triggers=both, deadline=at_departure))
    await _plans(store, expected_discharge_at=NOW + 3 * DAY)
    await store.run(revise_plan, revise(store.stay().id, discharged_at=NOW))
    assert store.task("R19").due_at == NOW

    await store.run(revise_plan, revise(store.stay().id, undo_discharged=True))

    assert store.task("R19").due_at == NOW + 3 * DAY


async def test_what_the_municipality_owed_is_never_done_in_its_name_by_the_ward() -> None:
    done = Consequence(on=frozenset({Trigger.DISCHARGED}))
    store = await _admitted(rule("R15", Trigger.TREATMENT_FINISHED, owner="municipality", completed_by=done))
    await _plans(store, treatment_finished_at=NOW)

    await store.run(revise_plan, revise(store.stay().id, discharged_at=NOW))

    assert (store.task("R15").status, store.task("R15").proofs.done_at) == (TaskStatus.CANCELLED, None)


async def test_a_plan_where_no_agreement_holds_makes_nothing_and_is_said_once() -> None:
    store = FakeStore(patients=[patient()], agreements=[])
    stay = await store.run(begin_stay, begin_by_hand())

    await store.run(revise_plan, revise(stay.id, revision=PlanRevision(expected_discharge_at=NOW + DAY)))

    assert store.tasks() == []
    assert len(store.happened(AgreementMissing)) == 1


async def test_a_duty_whose_version_was_loaded_without_its_rule_is_dated_by_the_one_in_force() -> None:
    due = Deadline(kind=DeadlineKind.ELAPSED, since=Since.DISCHARGE, span=HOUR)
    made = agreement(rule("R90", Trigger.DISCHARGED, deadline=due))
    store = FakeStore(patients=[patient()], agreements=[made])
    stay = await store.run(begin_stay, begin_by_hand())
    await store.run(revise_plan, revise(stay.id, discharged_at=NOW))
    later = replace(made, version="2", rules=(rule("R90", Trigger.DISCHARGED, deadline=replace(due, span=2 * HOUR)),))
    store.agreements = FakeAgreements([replace(made, rules=()), later])

    await store.run(revise_plan, revise(stay.id, discharged_at=NOW + MINUTE))

    (task,) = store.tasks()
    assert task.due_at == NOW + MINUTE + 2 * HOUR


async def test_whoever_a_message_makes_owe_something_becomes_party() -> None:
    asked = agreement(rule("R90", Trigger.MESSAGE_WRITTEN, owner="gp"))
    store = FakeStore(patients=[patient()], agreements=[asked])
    stay = await store.run(begin_stay, begin_by_hand())
    assert not stay.is_party(PRACTICE)

    await store.run(write_message, write(stay_id=stay.id, recipient=MUNICIPALITY))

    assert store.stay().is_party(PRACTICE)
