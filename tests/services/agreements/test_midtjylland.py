"""The agreement of Midtjylland followed rule by rule, for a citizen with home nursing."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

import pytest

from discharge.agreement import Act, Anchor, Trigger
from discharge.clock import local
from discharge.context import MessageFacts, PlanningContext
from discharge.identifiers import SorCode
from discharge.plan import Need
from discharge.planning import closed_gates
from discharge.policy import Role
from discharge.stay import Stay
from tests.factories import MUNICIPALITY, NORTH, PRACTICE, WARD, directory, patient
from tests.services.agreements.courses import (
    FRIDAY,
    MONDAY,
    NURSING,
    SATURDAY,
    SUNDAY,
    WEDNESDAY,
    agreement,
    at,
    context,
    due,
    home,
    in_hospital,
    planned,
)


def test_an_admission_asks_the_municipality_to_check_and_the_ward_to_assess() -> None:
    tasks = planned(Trigger.ADMITTED, context(in_hospital(), at(MONDAY, 10)))

    assert {code: (task.owner, due(task)) for code, task in tasks.items()} == {
        "check-record": (NORTH, "Tue 10:00"),
        "assess-needs": (WARD, "Tue 10:00"),
    }


def test_a_citizen_nobody_serves_gives_the_municipality_no_work_and_the_ward_no_telephone() -> None:
    alone = {"municipality_is_party": False, "patient": patient(services=frozenset())}
    arriving = context(in_hospital(), at(MONDAY, 10), **alone)
    going = context(in_hospital(at(FRIDAY, 13)), at(FRIDAY, 11, 40), **alone)
    gone = context(home(at(FRIDAY, 15)), at(FRIDAY, 15), **alone)

    assert set(planned(Trigger.STAY_BEGAN, arriving)) == set()
    assert set(planned(Trigger.PLAN_REVISED, going)) == {"reconcile-at-discharge"}
    assert set(planned(Trigger.DISCHARGED, gone)) == {
        "reconcile-at-discharge",
        "send-discharge-letter",
        "read-discharge-letter",
        "reconcile-medication",
    }


def test_without_needs_the_ward_owes_a_plan_by_noon_on_the_working_day_before() -> None:
    tasks = planned(Trigger.PLAN_REVISED, context(in_hospital(at(FRIDAY, 13)), at(WEDNESDAY, 9)))

    assert (tasks["send-care-plan"].owner, due(tasks["send-care-plan"])) == (WARD, "Thu 12:00")
    assert "read-care-plan" not in tasks


def test_a_plan_for_the_day_after_maundy_thursday_is_due_on_wednesday() -> None:
    easter = date(2027, 3, 30)
    going = in_hospital(at(easter, 13), since=at(date(2027, 3, 22), 10))

    tasks = planned(Trigger.PLAN_REVISED, context(going, at(date(2027, 3, 23), 9)))

    assert local(tasks["send-care-plan"].due_at) == local(at(date(2027, 3, 24), 12))


def test_a_plan_with_needs_is_read_by_three_if_sent_by_half_past_two() -> None:
    going = in_hospital(at(FRIDAY, 13), needs=NURSING)
    in_time, too_late = (
        planned(Trigger.PLAN_REVISED, context(going, at(WEDNESDAY, 14, minute)))["read-care-plan"]
        for minute in (30, 31)
    )

    assert (due(in_time), due(too_late)) == ("Wed 15:00", "Thu 15:00")
    assert in_time.owner == NORTH


def test_friday_at_eleven_forty_the_ward_telephones_before_noon() -> None:
    going = in_hospital(at(FRIDAY, 15), needs=NURSING)

    now = context(going, at(FRIDAY, 11, 40), changed=("expected-discharge",))
    call = planned(Trigger.PLAN_REVISED, now)["telephone-same-day"]

    assert (call.owner, due(call)) == (WARD, "Fri 12:00")


def test_after_noon_the_telephone_comes_at_once() -> None:
    going = in_hospital(at(FRIDAY, 15), needs=NURSING)

    now = context(going, at(FRIDAY, 14), changed=("need",))
    assert due(planned(Trigger.PLAN_REVISED, now)["telephone-same-day"]) == "Fri 14:15"


def test_who_has_agreed_by_telephone_is_asked_for_nothing_more() -> None:
    agreed = in_hospital(at(SATURDAY, 11), needs=NURSING, agreed_by_phone="Bente, kl. 9.10")

    assert not {"agree-closed-day-by-phone", "telephone-same-day", "agree-short-stay-by-phone"} & set(
        planned(Trigger.PLAN_REVISED, context(agreed, at(SATURDAY, 9)))
    )


def test_a_closed_day_needs_an_agreement_and_holds_the_discharge_back() -> None:
    going = in_hospital(at(SATURDAY, 11), needs=NURSING)
    friday, saturday = context(going, at(FRIDAY, 9)), context(going, at(SATURDAY, 11))

    assert due(planned(Trigger.PLAN_REVISED, friday)["agree-closed-day-by-phone"]) == "Sat 11:00"
    assert closed_gates(agreement(), Act.DISCHARGE, friday) == ()
    assert [gate.id for gate in closed_gates(agreement(), Act.DISCHARGE, saturday)] == ["R11"]


def test_a_short_stay_is_agreed_by_telephone_and_an_override_leaves_the_duty() -> None:
    going = in_hospital(at(FRIDAY, 20), since=at(FRIDAY, 8))
    gone = home(at(FRIDAY, 20), since=at(FRIDAY, 8))

    assert due(planned(Trigger.PLAN_REVISED, context(going, at(FRIDAY, 9)))["agree-short-stay-by-phone"]) == "Fri 20:00"
    assert "send-care-plan" not in planned(Trigger.PLAN_REVISED, context(going, at(FRIDAY, 9)))
    assert due(planned(Trigger.DISCHARGED, context(gone, at(FRIDAY, 20)))["agree-short-stay-by-phone"]) == "Fri 20:15"


@pytest.mark.parametrize(
    ("began", "leaves", "follows"),
    [
        (at(FRIDAY, 14), at(SUNDAY, 11), True),
        (at(FRIDAY, 14), at(date(2026, 11, 23), 11), True),
        (at(FRIDAY, 14), at(date(2026, 11, 23), 13), False),
        (at(FRIDAY, 10), at(SUNDAY, 11), False),
    ],
)
def test_a_weekend_stay_follows_the_clusters_procedure(began: datetime, leaves: datetime, *, follows: bool) -> None:
    tasks = planned(Trigger.PLAN_REVISED, context(in_hospital(leaves, since=began), at(FRIDAY, 18)))

    assert ("follow-weekend-procedure" in tasks) is follows


def test_a_finished_treatment_falls_due_before_the_price_rises_and_both_leaders_hear_of_it() -> None:
    thursday = date(2026, 11, 19)
    waiting = in_hospital(treatment_finished_at=at(thursday, 9))

    task = planned(Trigger.TREATMENT_FINISHED, context(waiting, at(thursday, 9)))["take-home"]

    assert due(task) == "Sun 00:00"
    assert {
        (local(step.at).strftime("%a %H:%M"), step.organization)
        for step in task.steps
        if step.at is not None and Role.LEADER in step.roles
    } == {(day, place) for day in ("Fri 12:00", "Sat 12:00") for place in (MUNICIPALITY, directory().hospital_of(WARD))}


def test_a_discharge_opens_72_hours_at_the_ward_and_then_the_practice_takes_over() -> None:
    tasks = planned(Trigger.DISCHARGED, context(home(at(FRIDAY, 15)), at(FRIDAY, 15)))

    assert [(tasks[code].owner, due(tasks[code])) for code in ("answer-for-72-hours", "take-over-responsibility")] == [
        (WARD, "Mon 15:00"),
        (PRACTICE, "Mon 15:00"),
    ]


def test_72_hours_span_the_night_on_which_the_clocks_change() -> None:
    friday = date(2026, 10, 23)
    gone = home(at(friday, 15), since=at(date(2026, 10, 19), 10))

    assert due(planned(Trigger.DISCHARGED, context(gone, at(friday, 15)))["answer-for-72-hours"]) == "Mon 14:00"


@pytest.mark.parametrize(
    "gone",
    [home(at(FRIDAY, 15), since=at(FRIDAY, 1)), home(at(FRIDAY, 15), destination="hospice")],
    ids=["less-than-a-day", "hospice"],
)
def test_the_exclusions_open_no_72_hours(gone: Stay) -> None:
    tasks = planned(Trigger.DISCHARGED, context(gone, at(FRIDAY, 15)))

    assert not {"answer-for-72-hours", "take-over-responsibility"} & set(tasks)


def _message(**changes: Any) -> MessageFacts:
    made = MessageFacts(
        category="extended-care-responsibility",
        is_urgent=False,
        is_reply=False,
        asker=NORTH,
        asked=WARD,
        from_kind="unit",
        to_kind="ward",
    )
    return replace(made, **changes)


def test_a_question_within_the_72_hours_is_answered_at_once_and_an_ordinary_one_by_three() -> None:
    gone = home(at(FRIDAY, 15))
    urgent = context(gone, at(SATURDAY, 2), message=_message())
    ordinary = context(gone, at(SATURDAY, 10), message=_message(category="discharge"))

    assert {code: (task.owner, due(task)) for code, task in planned(Trigger.MESSAGE_WRITTEN, urgent).items()} == {
        "answer-72-hour-question": (WARD, "Sat 02:15")
    }
    assert {code: (task.owner, due(task)) for code, task in planned(Trigger.MESSAGE_WRITTEN, ordinary).items()} == {
        "answer-question": (WARD, "Sat 15:00")
    }


def test_what_is_urgent_is_telephoned_by_who_wrote_it() -> None:
    message = _message(category="regarding-referral", is_urgent=True, asker=WARD, asked=NORTH)
    message = replace(message, from_kind="ward", to_kind="unit")

    tasks = planned(Trigger.MESSAGE_WRITTEN, context(in_hospital(), at(MONDAY, 12), message=message))

    assert {code: task.owner for code, task in tasks.items()} == {"telephone-municipality-urgent": WARD}


def test_a_frail_citizen_gets_a_visit_within_a_week_and_rehabilitation_a_time() -> None:
    gone = home(at(FRIDAY, 15), needs=frozenset({Need.REHABILITATION}), frail=True)
    tasks = planned(Trigger.DISCHARGED, context(gone, at(FRIDAY, 15)))

    codes = ("book-follow-up-visit", "follow-up-visit", "offer-rehabilitation", "know-rehabilitation")
    assert [(tasks[code].owner, due(tasks[code])) for code in codes] == [
        (PRACTICE, "Tue 00:00"),
        (NORTH, "Sat 00:00"),
        (NORTH, "Sat 00:00"),
        (PRACTICE, "Sat 00:00"),
    ]


def test_the_acute_team_is_telephoned_first_and_that_holds_the_discharge_back() -> None:
    going = in_hospital(at(FRIDAY, 15), destination="acute-team", needs=NURSING)
    before = context(going, at(FRIDAY, 9))
    after = replace(before, done_codes=frozenset({"telephone-acute-team"}))

    assert planned(Trigger.PLAN_REVISED, before)["telephone-acute-team"].owner == WARD
    assert [gate.id for gate in closed_gates(agreement(), Act.DISCHARGE, before)] == ["R26"]
    assert closed_gates(agreement(), Act.DISCHARGE, after) == ()
    gone = context(home(at(FRIDAY, 15), destination="acute-team"), at(FRIDAY, 15))
    assert planned(Trigger.DISCHARGED, gone)["take-over-acute-care"].owner == NORTH


def test_aids_are_the_municipalitys_and_treatment_devices_the_regions() -> None:
    going = in_hospital(at(FRIDAY, 13), needs=frozenset({Need.AIDS}))
    tasks = planned(Trigger.PLAN_REVISED, context(going, at(WEDNESDAY, 9)))

    assert [
        (tasks[code].owner, tasks[code].rule.payer, due(tasks[code]))
        for code in ("order-aids", "order-treatment-devices")
    ] == [
        (NORTH, "municipality", "Thu 15:00"),
        (WARD, "region", "Thu 15:00"),
    ]


def test_training_is_agreed_a_day_ahead_and_then_the_nurse_takes_part() -> None:
    going = in_hospital(at(FRIDAY, 13), needs=frozenset({Need.TRAINING}))
    before = context(going, at(WEDNESDAY, 9))
    agreed = replace(before, completed="agree-training")

    assert due(planned(Trigger.PLAN_REVISED, before)["agree-training"]) == "Thu 13:00"
    assert planned(Trigger.TASK_COMPLETED, agreed)["take-part-in-training"].owner == NORTH


DOSES: Final = {"patient": patient(services=frozenset({"home-nursing", "dose-dispensing"}))}
PAUSED: Final = DOSES | {"done_codes": frozenset({"pause-dose-dispensing"})}


def test_dose_dispensing_is_paused_restarted_and_taken_up_again() -> None:
    admitted = context(in_hospital(), at(MONDAY, 10), **DOSES)
    going = context(in_hospital(at(FRIDAY, 13)), at(WEDNESDAY, 9), **PAUSED)
    gone = context(home(at(FRIDAY, 15)), at(FRIDAY, 15), **PAUSED)

    assert planned(Trigger.ADMITTED, admitted)["pause-dose-dispensing"].owner == WARD
    assert due(planned(Trigger.PLAN_REVISED, going)["restart-dose-dispensing"]) == "Fri 13:00"
    tasks = planned(Trigger.DISCHARGED, gone)
    assert due(tasks["resume-dose-dispensing"]) == "Tue 00:00"
    assert (tasks["settle-paused-dose-dispensing"].owner, due(tasks["settle-paused-dose-dispensing"])) == (
        PRACTICE,
        "Mon 15:00",
    )


def test_a_pack_that_was_restarted_in_time_is_nobodys_question() -> None:
    done = frozenset({"pause-dose-dispensing", "restart-dose-dispensing"})
    gone = context(home(at(FRIDAY, 15)), at(FRIDAY, 15), **(DOSES | {"done_codes": done}))

    assert "settle-paused-dose-dispensing" not in planned(Trigger.DISCHARGED, gone)


def test_a_course_on_which_everybody_acts_in_time_rings_a_nurse_seldom() -> None:
    """The budget is twelve interrupting alerts per nurse and shift: a discharge may cost one at once, not more."""
    gone = home(at(FRIDAY, 11), needs=frozenset(Need), frail=True)
    tasks = planned(Trigger.DISCHARGED, context(gone, at(FRIDAY, 11), **DOSES))

    at_once = [
        (code, step.kind)
        for code, task in tasks.items()
        for step in task.steps
        if step.at is not None and step.at <= at(FRIDAY, 11, 15) and step.organization in {NORTH, MUNICIPALITY}
    ]
    assert at_once == []
    assert all(step.anchor is not Anchor.RECEIPT or step.span for task in tasks.values() for step in task.rule.steps)


def test_practices_that_a_citizen_lacks_leave_the_duty_with_the_ward() -> None:
    gone = context(home(at(FRIDAY, 15), frail=True), at(FRIDAY, 15), gp=None)

    assert planned(Trigger.DISCHARGED, gone)["book-follow-up-visit"].owner == WARD
    assert SorCode(PRACTICE) not in {task.owner for task in planned(Trigger.DISCHARGED, gone).values()}


def test_the_leader_hears_of_an_unchecked_record_after_the_nurse_has_had_the_day() -> None:
    friday = context(in_hospital(since=at(FRIDAY, 11, 40)), at(FRIDAY, 11, 40))
    monday = context(in_hospital(), at(MONDAY, 20))

    def rungs(where: PlanningContext) -> list[str]:
        return [
            local(step.at).strftime("%a %H:%M")
            for step in planned(Trigger.ADMITTED, where)["check-record"].steps
            if step.at
        ]

    assert rungs(friday) == ["Mon 08:00", "Mon 08:00", "Mon 15:00"]
    assert rungs(monday) == ["Wed 08:00", "Wed 08:00", "Wed 08:00"]


def test_a_question_of_the_extended_kind_while_the_patient_is_there_is_an_ordinary_one() -> None:
    asked = context(in_hospital(), at(WEDNESDAY, 10), message=_message())

    assert set(planned(Trigger.MESSAGE_WRITTEN, asked)) == {"answer-question"}
