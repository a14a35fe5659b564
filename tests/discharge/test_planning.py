from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from discharge.agreement import (
    Deadline,
    DeadlineKind,
    PartyName,
    StepKind,
    Trigger,
)
from discharge.context import PlanningContext
from discharge.identifiers import SorCode
from discharge.plan import DischargePlan
from discharge.planning import PlannedStep, PlannedTask, instant_after, plan, resolve
from discharge.policy import Role
from tests.discharge.planning import DAY, HOUR, MIDNIGHT, MINUTE, context_of
from tests.factories import (
    CARE_HOME,
    MUNICIPALITY,
    NORTH,
    NOW,
    PRACTICE,
    SOUTH,
    WARD,
    ended_stay,
    small_agreement,
    stay,
)


def _planned(trigger: Trigger, context: PlanningContext) -> dict[str, PlannedTask]:
    return {task.rule.code: task for task in plan(small_agreement(), trigger, context)}


def _rungs(task: PlannedTask) -> list[tuple[StepKind, SorCode, set[Role], timedelta | None]]:
    return [(s.kind, s.organization, set(s.roles), None if s.at is None else s.at - NOW) for s in task.steps]


def test_an_admission_asks_for_the_report_and_the_pause_at_the_unit_of_the_district() -> None:
    planned = _planned(Trigger.STAY_BEGAN, context_of(stay()))

    assert {code: (task.owner, task.due_at - NOW) for code, task in planned.items()} == {
        "send-admission-report": (NORTH, 15 * MINUTE),
        "pause-services": (NORTH, 30 * MINUTE),
    }


def test_the_report_of_admission_is_asked_for_only_by_the_flag() -> None:
    planned = _planned(Trigger.STAY_BEGAN, context_of(stay(), report_requested=False))

    assert set(planned) == {"pause-services"}


def test_a_municipality_that_is_no_party_owes_nothing() -> None:
    context = context_of(municipality_is_party=False)

    assert not _planned(Trigger.STAY_BEGAN, context)
    assert set(_planned(Trigger.DISCHARGED, context)) == {
        "send-discharge-report",
        "send-discharge-letter",
        "read-discharge-letter",
        "reconcile-medication",
    }


def test_a_municipality_that_is_no_party_is_not_called_for_help() -> None:
    medicine = _planned(Trigger.DISCHARGED, context_of(municipality_is_party=False))["reconcile-medication"]

    assert {step.organization for step in medicine.steps} == {PRACTICE}


def test_a_discharge_makes_five_duties_with_their_deadlines() -> None:
    planned = _planned(Trigger.DISCHARGED, context_of())

    assert {code: (task.owner, task.due_at) for code, task in planned.items()} == {
        "resume-services": (NORTH, MIDNIGHT),
        "send-discharge-report": (WARD, NOW),
        "send-discharge-letter": (WARD, MIDNIGHT + 3 * DAY),
        "read-discharge-letter": (PRACTICE, MIDNIGHT + 3 * DAY),
        "reconcile-medication": (PRACTICE, NOW + 72 * HOUR),
    }


def test_the_first_visit_of_the_plan_is_the_deadline() -> None:
    visit = NOW + 20 * HOUR
    ended = replace(ended_stay(NOW, received_at=NOW), plan=DischargePlan(first_visit_at=visit))

    assert _planned(Trigger.DISCHARGED, context_of(ended))["resume-services"].due_at == visit


def test_the_discharge_report_is_due_at_departure_and_overdue_an_hour_later() -> None:
    report = _planned(Trigger.DISCHARGED, context_of())["send-discharge-report"]

    assert _rungs(report) == [(StepKind.OVERDUE, WARD, {Role.WARD, Role.DOCTOR}, HOUR)]


def test_a_rung_that_an_old_message_has_passed_is_counted_from_the_receipt() -> None:
    left_long_ago = ended_stay(NOW - 30 * DAY, received_at=NOW)

    planned = _planned(Trigger.DISCHARGED, context_of(left_long_ago))

    assert _rungs(planned["send-discharge-report"]) == [(StepKind.OVERDUE, WARD, {Role.WARD, Role.DOCTOR}, HOUR)]
    assert {each[3] for each in _rungs(planned["reconcile-medication"])} == {timedelta()}


def test_a_rung_that_lies_ahead_stays_where_it_is_when_the_message_is_late() -> None:
    left_a_while_ago = ended_stay(NOW - 20 * MINUTE, received_at=NOW)

    report = _planned(Trigger.DISCHARGED, context_of(left_a_while_ago))["send-discharge-report"]

    assert [step.at for step in report.steps] == [NOW + 40 * MINUTE]


def test_the_ladder_of_the_first_visit_climbs_to_the_leader() -> None:
    resume = _planned(Trigger.DISCHARGED, context_of())["resume-services"]

    assert _rungs(resume) == [
        (StepKind.ESCALATE, MUNICIPALITY, {Role.HOME_NURSE}, 30 * MINUTE),
        (StepKind.ESCALATE, MUNICIPALITY, {Role.LEADER}, 60 * MINUTE),
        (StepKind.OVERDUE, NORTH, {Role.HOME_NURSE, Role.VISITATOR}, MIDNIGHT - NOW),
    ]


def test_outside_office_hours_the_ladder_climbs_faster() -> None:
    evening = datetime(2026, 11, 20, 19, tzinfo=UTC)

    resume = _planned(Trigger.DISCHARGED, context_of(received_at=evening))["resume-services"]

    spans = [step.at - evening for step in resume.steps if step.at is not None and step.kind is StepKind.ESCALATE]
    assert spans == [15 * MINUTE, 30 * MINUTE]


def test_the_practice_is_reminded_twelve_hours_before_and_the_nurse_told_when_it_is_late() -> None:
    medicine = _planned(Trigger.DISCHARGED, context_of())["reconcile-medication"]

    assert _rungs(medicine) == [
        (StepKind.REMIND, PRACTICE, {Role.GP}, 60 * HOUR),
        (StepKind.OVERDUE, PRACTICE, {Role.GP}, 72 * HOUR),
        (StepKind.ESCALATE, PRACTICE, {Role.GP}, 72 * HOUR),
        (StepKind.ESCALATE, NORTH, {Role.HOME_NURSE}, 72 * HOUR),
    ]


def test_the_unread_letter_waits_for_the_letter() -> None:
    letter = _planned(Trigger.DISCHARGED, context_of())["read-discharge-letter"]

    (waiting,) = letter.steps
    assert (waiting.at, waiting.after_code, waiting.working_days) == (None, "send-discharge-letter", 1)
    assert waiting.organization == WARD


def test_a_message_of_2022_starts_its_ladder_when_it_is_received() -> None:
    long_ago = datetime(2022, 1, 13, 12, tzinfo=UTC)
    ended = replace(ended_stay(long_ago, received_at=NOW), began_at=long_ago)

    planned = _planned(Trigger.DISCHARGED, context_of(ended))

    assert planned["send-discharge-report"].due_at == long_ago
    rungs = [step.at for task in planned.values() for step in task.steps if step.at is not None]
    assert rungs
    assert min(rungs) >= NOW


def test_without_a_practice_the_ward_keeps_the_duty_and_is_the_one_called() -> None:
    medicine = _planned(Trigger.DISCHARGED, context_of(gp=None))["reconcile-medication"]

    assert medicine.owner == WARD
    assert _rungs(medicine)[2] == (StepKind.ESCALATE, WARD, {Role.WARD, Role.DOCTOR}, 72 * HOUR)


def test_a_receiver_is_asked_for_the_whole_when_its_unit_says_no() -> None:
    assert _planned(Trigger.DISCHARGED, context_of())["resume-services"].chain == (MUNICIPALITY,)
    assert _planned(Trigger.DISCHARGED, context_of(district=None))["resume-services"].chain == ()


def test_a_care_home_that_receives_owns_the_duty_itself() -> None:
    at_home = replace(ended_stay(NOW, received_at=NOW), receiver=CARE_HOME)

    assert _planned(Trigger.DISCHARGED, context_of(at_home))["resume-services"].owner == CARE_HOME


@pytest.mark.parametrize(
    ("party", "context", "found"),
    [
        (PartyName.MUNICIPALITY, context_of(district="syd"), SOUTH),
        (PartyName.MUNICIPALITY, context_of(stay(receiver=None)), WARD),
        (PartyName.MUNICIPALITY, context_of(municipality_is_party=False), WARD),
        (PartyName.MUNICIPALITY_ON_DUTY, context_of(), MUNICIPALITY),
        (PartyName.MUNICIPALITY_ON_DUTY, context_of(municipality_is_party=False), WARD),
        (PartyName.WARD, context_of(), WARD),
        (PartyName.GP, context_of(), PRACTICE),
        (PartyName.GP, context_of(gp=None), WARD),
    ],
)
def test_a_party_is_somebody(party: PartyName, context: PlanningContext, found: SorCode) -> None:
    assert resolve(small_agreement(), party, context) == found


def test_a_duty_without_a_ladder_that_is_immediate_is_due_at_once() -> None:
    rule = replace(small_agreement().rules[0], steps=(), deadline=Deadline(kind=DeadlineKind.IMMEDIATE))
    agreement = replace(small_agreement(), rules=(rule,))

    (planned,) = plan(agreement, Trigger.STAY_BEGAN, context_of(stay()))

    assert planned.due_at == NOW


def test_a_duty_keeps_the_version_it_was_made_under() -> None:
    planned = _planned(Trigger.DISCHARGED, context_of())["resume-services"]

    assert (planned.agreement.id, planned.agreement.version) == ("dk-first", "1.0.0")


def test_a_rung_after_a_task_counts_working_days_from_its_completion() -> None:
    rung = PlannedStep(kind=StepKind.ESCALATE, at=None, organization=WARD, roles=frozenset(), working_days=1)

    assert instant_after(rung, NOW, frozenset()) == NOW + 3 * DAY
    assert instant_after(replace(rung, span=HOUR, working_days=0), NOW, frozenset()) == NOW + HOUR


def test_what_waits_for_an_answer_is_silent_once_somebody_answered() -> None:
    planned = _planned(Trigger.DISCHARGED, context_of())

    assert [step.while_unanswered for step in planned["resume-services"].steps] == [True, True, False]
    assert [step.while_unanswered for step in planned["read-discharge-letter"].steps] == [True]


def test_a_ladder_has_the_same_rungs_each_time_somebody_goes_through_it() -> None:
    ladder = _planned(Trigger.STAY_BEGAN, context_of(stay()))["pause-services"].steps

    assert list(ladder) == list(ladder) != []
    assert not ladder.waits
    assert _planned(Trigger.DISCHARGED, context_of())["read-discharge-letter"].steps.waits
