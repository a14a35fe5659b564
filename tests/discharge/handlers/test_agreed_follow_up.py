"""What a rule carried out is done like anything that a person did: others wait for it, and rules answer it."""

from __future__ import annotations

from discharge.agreement import Anchor, Consequence, Rule, Step, StepKind, Trigger
from discharge.conditions import Condition
from discharge.handlers import begin_stay, revise_plan
from discharge.plan import PlanRevision
from discharge.policy import Role
from discharge.task import TaskStatus
from tests.discharge.handlers.test_agreed import DAY, agreement, condition, rule
from tests.factories import NORTH, NOW, begin_by_hand, patient, revise
from tests.fakes import FakeStore

AGREED = Consequence(on=frozenset({Trigger.PLAN_REVISED}), when=condition("field", "plan.agreed_by_phone"))


def done(code: str) -> Condition:
    return condition("==", ["field", "task.code"], ["text", code])


async def agreed_by_phone(*rules: Rule) -> FakeStore:
    """The ward has telephoned: with that what waited for the call is carried out."""
    store = FakeStore(patients=[patient()], agreements=[agreement(*rules)])
    await store.run(begin_stay, begin_by_hand())
    await store.run(revise_plan, revise(store.stay().id, revision=PlanRevision(agreed_by_phone="Karen, 11.50")))
    return store


async def test_what_a_rule_carried_out_can_ask_for_the_next_thing() -> None:
    store = await agreed_by_phone(
        rule("R08", Trigger.STAY_BEGAN, code="telephone", completed_by=AGREED),
        rule("R13", Trigger.TASK_COMPLETED, owner="municipality", code="take-part", when=done("telephone")),
    )

    assert store.task(code="telephone").status is TaskStatus.COMPLETED
    assert store.task(code="take-part").owner == NORTH


async def test_what_a_rule_carried_out_carries_out_what_ends_with_it() -> None:
    store = await agreed_by_phone(
        rule("R08", Trigger.STAY_BEGAN, code="telephone", completed_by=AGREED),
        rule(
            "R13",
            Trigger.STAY_BEGAN,
            code="remember-to-telephone",
            voided_by=Consequence(on=frozenset({Trigger.TASK_COMPLETED}), when=done("telephone")),
        ),
    )

    assert store.task(code="remember-to-telephone").status is TaskStatus.CANCELLED


async def test_rungs_that_wait_for_it_have_their_instant_when_a_rule_carries_it_out() -> None:
    waiting = Step(
        kind=StepKind.ESCALATE,
        anchor=Anchor.COMPLETED,
        after_code="telephone",
        span=DAY,
        party="ward",
        roles=frozenset({Role.WARD}),
    )
    store = await agreed_by_phone(
        rule("R08", Trigger.STAY_BEGAN, code="telephone", completed_by=AGREED),
        rule("R20", Trigger.STAY_BEGAN, owner="municipality", code="read", steps=(waiting,)),
    )

    (rung,) = [timer.step for timer in store.state.timers.values() if timer.step.task_id == store.task(code="read").id]
    assert rung.due_at == NOW + DAY


async def test_rules_that_carry_each_other_out_go_round_once() -> None:
    anew = Consequence(on=frozenset({Trigger.TASK_COMPLETED}))
    both = frozenset({Trigger.STAY_BEGAN, Trigger.TASK_COMPLETED})
    of_there = Consequence(on=frozenset({Trigger.TASK_COMPLETED}), when=done("here"))
    of_here = Consequence(
        on=frozenset({Trigger.PLAN_REVISED, Trigger.TASK_COMPLETED}),
        when=condition("or", done("there").tree, ["field", "plan.agreed_by_phone"]),
    )

    store = await agreed_by_phone(
        rule("R08", Trigger.STAY_BEGAN, code="here", triggers=both, completed_by=of_here, renewed_by=anew),
        rule("R13", Trigger.STAY_BEGAN, code="there", triggers=both, completed_by=of_there, renewed_by=anew),
    )

    assert [task.status for task in store.tasks(code="there")][:1] == [TaskStatus.COMPLETED]
    assert len(store.tasks()) <= 2 * len({"here", "there"}) + 1


async def test_many_rules_that_all_carry_each_other_out_come_to_an_end() -> None:
    anything = frozenset({Trigger.STAY_BEGAN, Trigger.TASK_COMPLETED, Trigger.PLAN_REVISED})
    always = Consequence(on=anything - {Trigger.STAY_BEGAN})
    number = 12

    store = await agreed_by_phone(
        *(
            rule(f"R{n}", Trigger.STAY_BEGAN, code=f"c{n}", triggers=anything, completed_by=always, renewed_by=always)
            for n in range(number)
        )
    )

    assert len(store.tasks()) <= number * (number + 2)
